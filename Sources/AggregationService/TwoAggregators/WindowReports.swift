// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR

/// The reports that the leader has of a window, as they came, and how far the work on them is.
struct WindowReports: ~Copyable {
  struct Stored {
    let place: RecordLog.Place
    let id: [UInt8]
    let contributor: UInt32
    let digest: Digest
  }

  /// A job that the helper has answered.
  struct Done {
    let refusals: [ReportRefusal?]
  }

  private enum Kind: UInt8 {
    case report = 1
    case frozen = 2
    case late = 3
    case job = 4
    case restart = 5
  }

  private var log: RecordLog
  private let zero: ShareSums
  private(set) var reports: [Stored] = []
  /// By contributor, the place in `reports`.
  private var places: [UInt32: Int] = [:]
  private(set) var late: Set<UInt32> = []
  /// Nothing more comes in.
  private(set) var isFrozen = false
  private(set) var jobs: [Done] = []
  /// How often the jobs were begun anew.
  private(set) var restarts = 0
  /// Of all proven reports so far.
  private(set) var sums: ShareSums

  static func open(
    _ path: String, contract: AggregationContract, sums: SignalSums
  ) throws(ServiceError) -> WindowReports {
    var log = try RecordLog(path, contract: contract.digest)
    var found: [(RecordLog.Place, [UInt8])] = []
    // Of a report only what stands in the open is kept in memory.
    try log.records { place, bytes throws(ServiceError) in found.append((place, summary(place, bytes))) }
    var window = WindowReports(log, zero: sums.zero)
    for (place, bytes) in found {
      do throws(MessageError) { try window.apply(place, bytes, sums) } catch { throw .file("\(path): \(error)") }
    }
    return window
  }

  private init(_ log: consuming RecordLog, zero: ShareSums) {
    self.log = log
    self.zero = zero
    sums = zero
  }

  private static func summary(_ place: RecordLog.Place, _ bytes: [UInt8]) -> [UInt8] {
    guard place.kind == Kind.report.rawValue else { return bytes }
    var reader = MessageReader(bytes)
    guard let header = try? ReportHeader(from: &reader) else { return [] }
    return header.encoded + Digest(of: bytes).bytes
  }

  /// What became of a report from this contributor: nil when there is none, true when it is this one.
  func has(_ contributor: UInt32, _ digest: Digest) -> Bool? {
    places[contributor].map { reports[$0].digest == digest }
  }

  /// Takes up reports, which the caller has checked, with one sync for all.
  mutating func add(_ new: [[UInt8]], _ signals: SignalSums) throws(ServiceError) {
    guard !new.isEmpty else { return }
    let written = try log.append(new.map { (Kind.report.rawValue, $0) })
    for (place, bytes) in zip(written, new) { try take(place, WindowReports.summary(place, bytes), signals) }
  }

  mutating func add(late contributor: UInt32, _ signals: SignalSums) throws(ServiceError) {
    guard !late.contains(contributor) else { return }
    var writer = MessageWriter()
    writer.write(contributor)
    try append(.late, writer.bytes, signals)
  }

  /// From now on whatever comes is late.
  mutating func freeze(_ signals: SignalSums) throws(ServiceError) { try append(.frozen, [], signals) }

  mutating func add(
    job refusals: [ReportRefusal?], sums: ShareSums, _ signals: SignalSums
  ) throws(ServiceError) {
    var writer = MessageWriter()
    writer.write(UInt32(refusals.count))
    for refusal in refusals { writer.write(refusal?.rawValue ?? 0) }
    writer.write(sums.encoded)
    try append(.job, writer.bytes, signals)
  }

  /// Forgets what the jobs have given; the reports stay.
  mutating func restart(_ signals: SignalSums) throws(ServiceError) { try append(.restart, [], signals) }

  /// The reports of a job, read anew.
  func job(_ number: Int) throws(ServiceError) -> [(stored: Stored, bytes: [UInt8])] {
    var list: [(stored: Stored, bytes: [UInt8])] = []
    for stored in reports[range(number)] { list.append((stored, try log.bytes(at: stored.place))) }
    return list
  }

  private func range(_ number: Int) -> Range<Int> {
    let start = min(number * PeerJob.most, reports.count)
    return start..<min(start + PeerJob.most, reports.count)
  }

  var isWorkedOff: Bool { isFrozen && jobs.count * PeerJob.most >= reports.count }

  var accepted: [Accepted] {
    var list: [Accepted] = []
    for (number, job) in jobs.enumerated() {
      for (offset, refusal) in job.refusals.enumerated() where refusal == nil {
        let stored = reports[range(number).lowerBound + offset]
        list.append(Accepted(contributor: stored.contributor, id: stored.id))
      }
    }
    return list
  }

  /// Who was refused, and why.
  var refused: [(contributor: UInt32, refusal: ReportRefusal)] {
    var list: [(contributor: UInt32, refusal: ReportRefusal)] = []
    for (number, job) in jobs.enumerated() {
      for (offset, refusal) in job.refusals.enumerated() {
        if let refusal { list.append((reports[range(number).lowerBound + offset].contributor, refusal)) }
      }
    }
    return list
  }

  private mutating func append(_ kind: Kind, _ bytes: [UInt8], _ signals: SignalSums) throws(ServiceError) {
    let places = try log.append([(kind.rawValue, bytes)])
    try take(places[0], bytes, signals)
  }

  private mutating func take(_ place: RecordLog.Place, _ bytes: [UInt8], _ signals: SignalSums) throws(ServiceError) {
    do throws(MessageError) { try apply(place, bytes, signals) } catch { throw .file("\(log.path): \(error)") }
  }

  private mutating func apply(_ place: RecordLog.Place, _ bytes: [UInt8], _ signals: SignalSums) throws(MessageError) {
    var reader = MessageReader(bytes)
    switch Kind(rawValue: place.kind) {
    case .report:
      let header = try ReportHeader(from: &reader)
      let digest = Digest(bytes: try reader.fixed(32))!
      places[header.contributor] = reports.count
      reports.append(Stored(place: place, id: header.id, contributor: header.contributor, digest: digest))
    case .frozen: isFrozen = true
    case .late: late.insert(try reader.integer())
    case .job:
      let count = Int(try reader.integer(UInt32.self))
      guard count == range(jobs.count).count else { throw reader.failure("a job of \(count) reports") }
      var refusals: [ReportRefusal?] = []
      for _ in 0..<count { refusals.append(ReportRefusal(rawValue: try reader.integer())) }
      let encoded = try reader.bytes(atMost: signals.aggregateSize)
      guard let sums = try? signals.decode(encoded) else { throw reader.failure("no share of the sums") }
      jobs.append(Done(refusals: refusals))
      self.sums = sums
    case .restart:
      jobs = []
      sums = zero
      restarts += 1
    case nil: throw reader.failure("a record of kind \(place.kind), which this version does not know")
    }
    try reader.end()
  }
}
