// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR

/// Up to where a repository's catalog and revocations were taken up: written last, so that a refresh which was interrupted is
/// done again.
struct RepositoryState: Equatable, Sendable {
  /// The version of the timestamp with which all was taken up; 0 before.
  var timestamp: Int64 = 0
  /// SHA-256 of the catalog that is stored; nil where the repository has none.
  var catalog: Digest?
  /// The vendors whose revocations were taken up, sorted.
  var vendors: [String] = []

  static let largest = 4 << 20

  init() {}

  var encoded: [UInt8] {
    JSON.object([
      "timestamp": .integer(timestamp), "catalog": catalog.map { .string($0.description) } ?? .null,
      "vendors": .array(vendors.map { .string($0) }),
    ]).canonical + [UInt8(ascii: "\n")]
  }

  init(decoding bytes: [UInt8], path: String) throws(StoreError) {
    let json = try StoreError.parse(bytes, path: path)
    self = try StoreError.reading(path) { () throws(RecordError) in
      let reader = try RecordReader(json, path: "", keys: ["timestamp", "catalog", "vendors"])
      var state = RepositoryState()
      state.timestamp = try reader.integer("timestamp", in: 0...JSON.largestInteger)
      state.catalog = try reader.value("catalog").isNull ? nil : try reader.digest("catalog")
      state.vendors = try reader.list("vendors") { (json, path) throws(RecordError) in
        guard let vendor = json.text else { throw RecordError(path: path, reason: "a vendor's name is expected here") }
        return vendor
      }
      return state
    }
  }
}
