// SPDX-License-Identifier: Apache-2.0

package import ExecutionIR

/// An adapter as the catalog lists it: one line of `catalog/adapters.jsonl`. It helps to search and vouches for nothing; an
/// install goes by the vendor's own metadata.
package struct CatalogEntry: Equatable, Sendable {
  package let name: AdapterName
  package let summary: String
  package let licence: String
  package let protocols: [String]
  /// The latest version that is not withdrawn; a pre-release only where there is no other.
  package let latest: SemanticVersion
  /// For which `latest` was built, sorted.
  package let platforms: [String]
  /// How many versions are not withdrawn.
  package let versions: Int
  /// When this line last changed, in seconds since 1970.
  package let updated: Int64

  package init(
    name: AdapterName, summary: String, licence: String, protocols: [String], latest: SemanticVersion,
    platforms: [String], versions: Int, updated: Int64
  ) {
    self.name = name
    self.summary = summary
    self.licence = licence
    self.protocols = protocols
    self.latest = latest
    self.platforms = platforms
    self.versions = versions
    self.updated = updated
  }

  private static let keys = [
    "name", "summary", "licence", "protocols", "latest", "platforms", "versions", "updated",
  ]

  package var json: JSON {
    .object([
      "name": .string(name.description), "summary": .string(summary), "licence": .string(licence),
      "protocols": .array(protocols.map { .string($0) }), "latest": .string(latest.description),
      "platforms": .array(platforms.map { .string($0) }), "versions": .integer(Int64(versions)),
      "updated": .integer(updated),
    ])
  }

  /// RFC 8785, and the line's end.
  package var line: [UInt8] { json.canonical + [UInt8(ascii: "\n")] }

  /// Reads a line strictly, without its end; `path` names it in errors.
  package init(line bytes: [UInt8], path: String) throws(RecordError) {
    let json: JSON
    do throws(JSONError) { json = try JSON.parse(bytes) } catch {
      throw RecordError(path: path, reason: error.description)
    }
    let reader = try RecordReader(json, path: path, keys: CatalogEntry.keys)
    func texts(_ key: String) throws(RecordError) -> [String] {
      try reader.list(key, atMost: 64) { (json, path) throws(RecordError) in
        guard let text = json.text else { throw RecordError(path: path, reason: "a string is expected here") }
        return text
      }
    }
    guard let name = AdapterName(try reader.string("name")) else {
      throw reader.error("name", "a name like acme/itch is expected here")
    }
    guard let latest = SemanticVersion(try reader.string("latest")) else {
      throw reader.error("latest", "a version like 1.2.0 is expected here")
    }
    self.init(
      name: name, summary: try reader.string("summary"), licence: try reader.string("licence"),
      protocols: try texts("protocols"), latest: latest, platforms: try texts("platforms"),
      versions: try reader.integer("versions", in: 1...1_000_000),
      updated: try reader.integer("updated", in: 0...JSON.largestInteger))
  }
}

/// All adapters of a repository: the target `catalog/adapters.jsonl`.
package struct Catalog: Equatable, Sendable {
  /// Sorted by name; no two of one name.
  package private(set) var entries: [CatalogEntry] = []

  package static let target = "catalog/adapters.jsonl"
  /// The most bytes of the file.
  package static let largestFile = 64 << 20

  package init() {}

  package init(decoding bytes: [UInt8], path: String) throws(MarketError) {
    guard bytes.count <= Catalog.largestFile else {
      throw .malformed(path: path, reason: "\(bytes.count) bytes; a catalog has at most \(Catalog.largestFile)")
    }
    var number = 0
    for line in bytes.split(separator: UInt8(ascii: "\n")) {
      number += 1
      let entry: CatalogEntry
      do throws(RecordError) { entry = try CatalogEntry(line: Array(line), path: "line \(number)") } catch {
        throw .malformed(path: path, reason: error.description)
      }
      guard entries.last.map({ $0.name < entry.name }) ?? true else {
        throw .malformed(path: path, reason: "line \(number): \(entry.name) is out of its order, or there twice")
      }
      entries.append(entry)
    }
  }

  package var bytes: [UInt8] { entries.flatMap(\.line) }

  /// Puts a vendor's adapters in the place of those that it had. An entry that says what it said keeps its time.
  mutating func replace(vendor: String, by new: [CatalogEntry]) {
    var old: [AdapterName: CatalogEntry] = [:]
    for entry in entries where entry.name.vendor == vendor { old[entry.name] = entry }
    entries.removeAll { $0.name.vendor == vendor }
    let kept = new.map { entry in
      guard let before = old[entry.name], before.updated(entry.updated) == entry else { return entry }
      return before
    }
    entries = (entries + kept).sorted { $0.name < $1.name }
  }
}

extension CatalogEntry {
  /// The same with another time.
  fileprivate func updated(_ time: Int64) -> CatalogEntry {
    CatalogEntry(
      name: name, summary: summary, licence: licence, protocols: protocols, latest: latest, platforms: platforms,
      versions: versions, updated: time)
  }
}
