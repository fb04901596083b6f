// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR

/// What a vendor says of an adapter to people: the target `description.json` of a version. Its texts may hold anything;
/// whoever shows them escapes them.
package struct AdapterDescription: Equatable, Sendable {
  /// What the adapter is called in a heading.
  package let title: String
  /// One sentence, for lists.
  package let summary: String
  /// Who made it and answers for it.
  package let who: String
  /// `http` or `https`.
  package let links: [String]
  package let protocols: [String]
  /// How it is used, as text.
  package let example: String
  package let produces: [ReleaseFacts.Contract]
  package let requires: [ReleaseFacts.Contract]

  /// The most bytes of the file.
  package static let largestFile = 65_536
  private static let keys = ["name", "summary", "who", "links", "protocols", "example", "contracts"]

  /// Reads the file strictly; `path` names it in errors.
  package init(decoding bytes: [UInt8], path: String) throws(MarketError) {
    guard bytes.count <= AdapterDescription.largestFile else {
      throw .malformed(
        path: path, reason: "\(bytes.count) bytes; a description has at most \(AdapterDescription.largestFile)")
    }
    let json: JSON
    do throws(JSONError) { json = try JSON.parse(bytes) } catch {
      throw .malformed(path: path, reason: error.description)
    }
    do throws(RecordError) { try self.init(json) } catch { throw .malformed(path: path, reason: error.description) }
  }

  private init(_ json: JSON) throws(RecordError) {
    let reader = try RecordReader(json, path: "", keys: AdapterDescription.keys)
    title = try AdapterDescription.text("name", 1...100, reader)
    summary = try AdapterDescription.text("summary", 1...300, reader)
    who = try AdapterDescription.text("who", 1...300, reader)
    links = try AdapterDescription.texts("links", 16, 500, reader)
    for (index, link) in links.enumerated() where !AdapterDescription.isLink(link) {
      throw RecordError(
        path: "links[\(index)]", reason: "a link begins with http:// or https:// and has visible ASCII only, no quotes")
    }
    protocols = try AdapterDescription.texts("protocols", 32, 64, reader)
    example = reader.has("example") ? try AdapterDescription.text("example", 0...8000, reader) : ""
    guard reader.has("contracts") else {
      produces = []
      requires = []
      return
    }
    let contracts = try RecordReader(
      try reader.value("contracts"), path: "contracts", keys: ["produces", "requires"])
    produces = try AdapterDescription.contracts("produces", contracts)
    requires = try AdapterDescription.contracts("requires", contracts)
  }

  private static func text(
    _ key: String, _ length: ClosedRange<Int>, _ reader: RecordReader
  ) throws(RecordError) -> String {
    let text = try reader.string(key)
    guard length.contains(text.utf8.count) else {
      throw reader.error(key, "\(length.lowerBound) to \(length.upperBound) bytes of text are expected here")
    }
    return text
  }

  private static func texts(
    _ key: String, _ count: Int, _ length: Int, _ reader: RecordReader
  ) throws(RecordError) -> [String] {
    guard reader.has(key) else { return [] }
    return try reader.list(key, atMost: count) { (json, path) throws(RecordError) in
      guard let text = json.text, (1...length).contains(text.utf8.count) else {
        throw RecordError(path: path, reason: "1 to \(length) bytes of text are expected here")
      }
      return text
    }
  }

  private static func contracts(
    _ key: String, _ reader: RecordReader
  ) throws(RecordError) -> [ReleaseFacts.Contract] {
    guard reader.has(key) else { return [] }
    return try reader.list(key, atMost: 64) { (json, path) throws(RecordError) in
      let contract = try RecordReader(json, path: path, keys: ["name", "sha256"])
      let name = try text("name", 1...256, contract)
      return ReleaseFacts.Contract(name: name, digest: try contract.digest("sha256"))
    }
  }

  /// Nothing but a link that a browser opens as one: no other scheme, nothing that ends an attribute.
  static func isLink(_ text: String) -> Bool {
    let scheme = ["https://", "http://"].first { text.utf8.starts(with: $0.utf8) }
    guard let scheme, text.utf8.count > scheme.utf8.count else { return false }
    return text.utf8.allSatisfy { (0x21...0x7E).contains($0) && !"\"'<>`\\".utf8.contains($0) }
  }
}
