// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR

/// All that is installed: the adapters, and to which repository each vendor is bound. The one state of a store, replaced as
/// a whole.
package struct AdapterLock: Equatable, Sendable {
  /// Sorted by name; one version of each.
  package private(set) var adapters: [LockedAdapter]
  private var bindings: [String: Binding]

  /// From which repository a vendor's adapters come.
  package struct Binding: Equatable, Sendable {
    package let repository: String
    /// Whether it was said so; otherwise it is where the vendor was found first.
    package let isChosen: Bool

    package init(repository: String, isChosen: Bool) {
      self.repository = repository
      self.isChosen = isChosen
    }
  }

  static let format = "exprove-adapters/1"
  /// The most bytes of the file that are read: some ten thousand adapters.
  static let largest = 16 << 20

  package init() {
    adapters = []
    bindings = [:]
  }

  package func adapter(_ name: AdapterName) -> LockedAdapter? {
    // Sorted, so that a host with many adapters finds one fast.
    var low = 0
    var high = adapters.count
    while low < high {
      let middle = low + (high - low) / 2
      if adapters[middle].name < name { low = middle + 1 } else { high = middle }
    }
    return low < adapters.count && adapters[low].name == name ? adapters[low] : nil
  }

  /// To which repository a vendor is bound.
  package func binding(ofVendor vendor: String) -> Binding? { bindings[vendor] }

  /// The vendors that are bound, sorted.
  package var vendors: [(vendor: String, binding: Binding)] {
    bindings.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  package mutating func put(_ adapter: LockedAdapter) {
    remove(adapter.name)
    adapters.insert(adapter, at: adapters.firstIndex { adapter.name < $0.name } ?? adapters.count)
  }

  /// The vendor stays bound: who installs again later gets it from the same repository.
  package mutating func remove(_ name: AdapterName) { adapters.removeAll { $0.name == name } }

  /// Binds a vendor to a repository; nil lets it go.
  package mutating func bind(_ vendor: String, to binding: Binding?) { bindings[vendor] = binding }

  // MARK: The file

  package var encoded: [UInt8] {
    JSON.object([
      "format": .string(AdapterLock.format), "adapters": .array(adapters.map(\.json)),
      "vendors": .array(
        vendors.map {
          .object([
            "vendor": .string($0.vendor), "repository": .string($0.binding.repository),
            "chosen": .bool($0.binding.isChosen),
          ])
        }),
    ]).canonical + [UInt8(ascii: "\n")]
  }

  /// Reads the file strictly: it is what `encoded` writes, or it is refused.
  package init(decoding bytes: [UInt8], path: String) throws(StoreError) {
    let json = try StoreError.parse(bytes, path: path)
    self = try StoreError.reading(path) { () throws(RecordError) in try AdapterLock(json) }
    guard encoded == bytes else { throw .malformed(path: path, reason: "it is not in its one encoding (RFC 8785)") }
  }

  private init(_ json: JSON) throws(RecordError) {
    self.init()
    let reader = try RecordReader(json, path: "", keys: ["format", "adapters", "vendors"])
    guard try reader.string("format") == AdapterLock.format else {
      throw reader.error("format", "expected \"\(AdapterLock.format)\"; a newer exprove may have written it")
    }
    adapters = try reader.list("adapters") { (json, path) throws(RecordError) in try LockedAdapter(json, path: path) }
    for (first, second) in zip(adapters, adapters.dropFirst()) where first.name >= second.name {
      throw reader.error("adapters", "\(second.name) stands twice or out of order")
    }
    _ = try reader.list("vendors") { (json, path) throws(RecordError) -> Bool in
      let entry = try RecordReader(json, path: path, keys: ["vendor", "repository", "chosen"])
      let vendor = try entry.string("vendor")
      let repository = try entry.string("repository")
      guard AdapterName.isVendor(vendor) else { throw entry.error("vendor", "a vendor's name is expected here") }
      guard KnownRepository.isName(repository) else {
        throw entry.error("repository", "a repository's name is expected here")
      }
      guard
        bindings.updateValue(Binding(repository: repository, isChosen: try entry.boolean("chosen")), forKey: vendor)
          == nil
      else {
        throw entry.error("vendor", "\(vendor) stands twice")
      }
      return true
    }
  }
}
