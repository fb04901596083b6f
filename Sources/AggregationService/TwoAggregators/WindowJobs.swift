// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR

/// What the helper has done of a window: the jobs it has answered, and its share of the sum over all that was proven in
/// them.
struct WindowJobs: ~Copyable {
  struct Job {
    let digest: Digest
    let answer: [UInt8]
  }

  private var log: RecordLog
  private(set) var jobs: [Job] = []
  /// Contributors who have a report in a job, whatever became of it.
  private(set) var seen: Set<UInt32> = []
  private(set) var accepted: [Accepted] = []
  private(set) var sums: ShareSums

  static func open(
    _ path: String, contract: AggregationContract, sums: SignalSums
  ) throws(ServiceError) -> WindowJobs {
    var log = try RecordLog(path, contract: contract.digest)
    var found: [[UInt8]] = []
    try log.records { _, bytes throws(ServiceError) in found.append(bytes) }
    var jobs = WindowJobs(log, zero: sums.zero)
    for bytes in found {
      do throws(MessageError) { try jobs.apply(bytes, sums) } catch { throw .file("\(path): \(error)") }
    }
    return jobs
  }

  private init(_ log: consuming RecordLog, zero: ShareSums) {
    self.log = log
    sums = zero
  }

  /// Files an answered job: after this it is in the sums, once.
  mutating func add(
    digest: Digest, answer: [UInt8], seen: [UInt32], accepted: [Accepted], sums: ShareSums, _ signals: SignalSums
  ) throws(ServiceError) {
    var writer = MessageWriter()
    writer.write(fixed: digest.bytes)
    writer.write(answer)
    writer.write(UInt32(seen.count))
    for contributor in seen { writer.write(contributor) }
    Accepted.write(accepted, to: &writer)
    writer.write(sums.encoded)
    try log.append([(1, writer.bytes)])
    do throws(MessageError) { try apply(writer.bytes, signals) } catch { throw .file("\(log.path): \(error)") }
  }

  private mutating func apply(_ bytes: [UInt8], _ signals: SignalSums) throws(MessageError) {
    var reader = MessageReader(bytes)
    let digest = Digest(bytes: try reader.fixed(32))!
    jobs.append(Job(digest: digest, answer: try reader.bytes(atMost: RecordLog.largestRecord)))
    let count = try reader.integer(UInt32.self)
    for _ in 0..<count { seen.insert(try reader.integer()) }
    accepted += try Accepted.read(from: &reader)
    let encoded = try reader.bytes(atMost: signals.aggregateSize)
    guard let sums = try? signals.decode(encoded) else { throw reader.failure("no share of the sums") }
    self.sums = sums
    try reader.end()
  }
}

/// A report that is in the sums.
struct Accepted: Equatable, Sendable {
  let contributor: UInt32
  let id: [UInt8]

  static func write(_ list: [Accepted], to writer: inout MessageWriter) {
    writer.write(UInt32(list.count))
    for accepted in list {
      writer.write(accepted.contributor)
      writer.write(fixed: accepted.id)
    }
  }

  static func read(from reader: inout MessageReader) throws(MessageError) -> [Accepted] {
    var list: [Accepted] = []
    for _ in 0..<(try reader.integer(UInt32.self)) {
      list.append(Accepted(contributor: try reader.integer(), id: try reader.fixed(16)))
    }
    return list
  }
}
