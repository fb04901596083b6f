// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR

/// What a contributor to a masked sum must never forget: which runs it has begun, and which batch of a window it has helped
/// to unmask. Each is on the disk before a message says so. A copy restored from a backup forgets what came after it.
package struct ContributorMemory: ~Copyable {
  private enum Kind: UInt8 {
    case joined = 1
    case unmasked = 2
  }

  private let files: PartyFiles
  private var log: RecordLog
  /// By their names, which are bound to contract and window.
  private var joined: Set<[UInt8]> = []
  private var unmasked: [Int: Digest] = [:]

  /// - Parameter directory: for one contributor and contract, held by one process at a time.
  package static func open(
    directory: String, contract: AggregationContract
  ) throws(ServiceError) -> ContributorMemory {
    let files = try PartyFiles.open(directory: directory, anchor: nil)
    var log = try RecordLog(directory + "/runs.log", contract: contract.digest)
    var found: [(UInt8, [UInt8])] = []
    try log.records { place, bytes throws(ServiceError) in found.append((place.kind, bytes)) }
    var memory = ContributorMemory(files: files, log: log)
    for (kind, bytes) in found {
      do throws(MessageError) { try memory.apply(kind, bytes) } catch {
        throw .file("\(directory)/runs.log: a record can't be read: \(error)")
      }
    }
    return memory
  }

  private init(files: consuming PartyFiles, log: consuming RecordLog) {
    self.files = files
    self.log = log
  }

  func hasJoined(_ run: [UInt8]) -> Bool { joined.contains(run) }
  /// The batch that was unmasked.
  func unmasked(_ window: Int) -> Digest? { unmasked[window] }

  mutating func join(_ run: [UInt8]) throws(ServiceError) { try append(.joined, run) }

  mutating func unmask(_ batch: Digest, window: Int) throws(ServiceError) {
    var writer = MessageWriter()
    writer.write(UInt32(window))
    writer.write(fixed: batch.bytes)
    try append(.unmasked, writer.bytes)
  }

  private mutating func append(_ kind: Kind, _ bytes: [UInt8]) throws(ServiceError) {
    try log.append([(kind.rawValue, bytes)])
    do throws(MessageError) { try apply(kind.rawValue, bytes) } catch { throw .malformed("\(error)") }
  }

  private mutating func apply(_ kind: UInt8, _ bytes: [UInt8]) throws(MessageError) {
    var reader = MessageReader(bytes)
    switch Kind(rawValue: kind) {
    case .joined: joined.insert(try reader.fixed(32))
    case .unmasked:
      let window = Int(try reader.integer(UInt32.self))
      unmasked[window] = Digest(bytes: try reader.fixed(32))
    case nil: throw reader.failure("a record of kind \(kind), which this version does not know")
    }
    try reader.end()
  }
}
