// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR

/// A repository that this store asks: where it is and what it is asked for.
package struct KnownRepository: Equatable, Sendable {
  /// What it is called here: a part of a name, since a directory is called so.
  package let name: String
  /// A URL, or a directory's absolute path.
  package let address: String
  /// The one with the larger number is asked first; of equals the one whose name comes first.
  package let priority: Int64
  /// The vendors for which it was said that this repository has them; it is asked for no others. Empty: for any.
  package let vendors: [String]

  package init(name: String, address: String, priority: Int64, vendors: [String]) {
    self.name = name
    self.address = address
    self.priority = priority
    self.vendors = vendors.sorted()
  }

  package static func isName(_ text: String) -> Bool { AdapterName.isPart(text) }

  static let format = "exprove-repository/1"
  static let largest = 1 << 20

  /// Those that are asked first come first.
  package static func isAskedBefore(_ left: KnownRepository, _ right: KnownRepository) -> Bool {
    left.priority == right.priority ? left.name < right.name : left.priority > right.priority
  }

  var encoded: [UInt8] {
    JSON.object([
      "format": .string(KnownRepository.format), "address": .string(address), "priority": .integer(priority),
      "vendors": .array(vendors.map { .string($0) }),
    ]).canonical + [UInt8(ascii: "\n")]
  }

  init(decoding bytes: [UInt8], name: String, path: String) throws(StoreError) {
    let json = try StoreError.parse(bytes, path: path)
    self = try StoreError.reading(path) { () throws(RecordError) in
      let reader = try RecordReader(json, path: "", keys: ["format", "address", "priority", "vendors"])
      guard try reader.string("format") == KnownRepository.format else {
        throw reader.error("format", "expected \"\(KnownRepository.format)\"")
      }
      return KnownRepository(
        name: name, address: try reader.string("address"),
        priority: try reader.integer("priority", in: KnownRepository.priorities),
        vendors: try reader.list("vendors", atMost: 4096) { (json, path) throws(RecordError) in
          guard let text = json.text, AdapterName.isVendor(text) else {
            throw RecordError(path: path, reason: "a vendor's name is expected here")
          }
          return text
        })
    }
  }

  package static let priorities: ClosedRange<Int64> = -1_000_000...1_000_000
}
