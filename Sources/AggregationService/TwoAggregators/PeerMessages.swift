// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR
internal import Governance
internal import SecureAggregation

/// What the leader asks of the helper. Every request can be sent again: the helper answers the same.
///
/// One byte of kind, the contract's digest, how far the leader is (`Standing`), the window in four bytes, the body.
struct PeerRequest: Equatable {
  enum Body: Equatable {
    case job(PeerJob)
    /// The batch signed by the leader, and the commitment to its share. An empty batch gives the window up.
    case close(batch: [UInt8], commitment: Digest, isGivenUp: Bool)
    case reveal(PeerReveal)
    /// The context with both signatures.
    case publish([UInt8])
    /// Entries of the leader's book from a place on, for a helper that lacks them.
    case catchUp(PeerEntries)
    /// Only how far each is.
    case greet
    /// The window's jobs are done anew, because the two have not found the same reports to be proven.
    case restart
  }

  let contract: Digest
  let standing: Standing
  let window: UInt32
  let body: Body

  var encoded: [UInt8] {
    var writer = MessageWriter()
    switch body {
    case .job: writer.write(UInt8(1))
    case .close: writer.write(UInt8(2))
    case .reveal: writer.write(UInt8(3))
    case .publish: writer.write(UInt8(4))
    case .catchUp: writer.write(UInt8(5))
    case .greet: writer.write(UInt8(6))
    case .restart: writer.write(UInt8(7))
    }
    writer.write(fixed: contract.bytes)
    standing.write(to: &writer)
    writer.write(window)
    switch body {
    case .job(let job): job.write(to: &writer)
    case .close(let batch, let commitment, let isGivenUp):
      writer.write(batch)
      writer.write(fixed: commitment.bytes)
      writer.write(isGivenUp ? UInt8(1) : UInt8(0))
    case .reveal(let reveal): reveal.write(to: &writer)
    case .publish(let context): writer.write(context)
    case .catchUp(let entries): entries.write(to: &writer)
    case .greet, .restart: break
    }
    return writer.bytes
  }

  init(contract: Digest, standing: Standing, window: UInt32, body: Body) {
    self.contract = contract
    self.standing = standing
    self.window = window
    self.body = body
  }

  init(decoding bytes: [UInt8], sums: SignalSums) throws(MessageError) {
    var reader = MessageReader(bytes)
    let kind = try reader.integer(UInt8.self)
    contract = Digest(bytes: try reader.fixed(32))!
    standing = try Standing(from: &reader)
    window = try reader.integer()
    switch kind {
    case 1: body = .job(try PeerJob(from: &reader, sums: sums))
    case 2:
      let batch = try reader.bytes(atMost: Statement.largestSigned)
      let commitment = Digest(bytes: try reader.fixed(32))!
      body = .close(batch: batch, commitment: commitment, isGivenUp: try reader.integer(UInt8.self) != 0)
    case 3: body = .reveal(try PeerReveal(from: &reader, sums: sums))
    case 4: body = .publish(try reader.bytes(atMost: SignedContext.largestFile))
    case 5: body = .catchUp(try PeerEntries(from: &reader))
    case 6: body = .greet
    case 7: body = .restart
    default: throw reader.failure("a request of kind \(kind), which this version does not know")
    }
    try reader.end()
  }
}

/// Some of a batch's reports, each with the leader's verifier shares of it.
struct PeerJob: Equatable {
  /// Jobs of a window are numbered from 0.
  let number: UInt32
  let reports: [(report: HelperReport, verifierShares: [UInt8])]

  /// The most reports in a job, so that an answer never takes long.
  static let most = 64

  static func == (left: PeerJob, right: PeerJob) -> Bool { left.encoded == right.encoded }

  var encoded: [UInt8] {
    var writer = MessageWriter()
    write(to: &writer)
    return writer.bytes
  }

  func write(to writer: inout MessageWriter) {
    writer.write(number)
    writer.write(UInt32(reports.count))
    for (report, verifierShares) in reports {
      report.write(to: &writer)
      writer.write(verifierShares)
    }
  }

  init(number: UInt32, reports: [(report: HelperReport, verifierShares: [UInt8])]) {
    self.number = number
    self.reports = reports
  }

  init(from reader: inout MessageReader, sums: SignalSums) throws(MessageError) {
    number = try reader.integer()
    let count = Int(try reader.integer(UInt32.self))
    guard (1...PeerJob.most).contains(count) else {
      throw reader.failure("\(count) reports in a job; 1 to \(PeerJob.most) are taken")
    }
    var reports: [(report: HelperReport, verifierShares: [UInt8])] = []
    for _ in 0..<count {
      let report = try HelperReport(from: &reader, sums: sums)
      reports.append((report, try reader.bytes(atMost: sums.verifierSize)))
    }
    self.reports = reports
  }
}

/// What became of each report of a job: the verifier messages of one that holds, or why it does not.
struct PeerJobAnswer: Equatable {
  enum Result: Equatable {
    case proven(messages: [UInt8])
    case refused(ReportRefusal)
  }
  let results: [Result]

  var encoded: [UInt8] {
    var writer = MessageWriter()
    writer.write(UInt32(results.count))
    for result in results {
      switch result {
      case .proven(let messages):
        writer.write(UInt8(0))
        writer.write(messages)
      case .refused(let refusal): writer.write(refusal.rawValue)
      }
    }
    return writer.bytes
  }

  init(results: [Result]) { self.results = results }

  init(decoding bytes: [UInt8], sums: SignalSums) throws(MessageError) {
    var reader = MessageReader(bytes)
    let count = Int(try reader.integer(UInt32.self))
    guard count <= PeerJob.most else { throw reader.failure("\(count) results") }
    var results: [Result] = []
    for _ in 0..<count {
      let code = try reader.integer(UInt8.self)
      if code == 0 {
        results.append(.proven(messages: try reader.bytes(atMost: sums.messageSize)))
      } else if let refusal = ReportRefusal(rawValue: code) {
        results.append(.refused(refusal))
      } else {
        throw reader.failure("a refusal of kind \(code), which this version does not know")
      }
    }
    try reader.end()
    self.results = results
  }
}

/// The leader's share, and what else goes into the context.
struct PeerReveal: Equatable {
  let salt: [UInt8]
  let share: [UInt8]
  let issuedAt: Int64
  let refused: UInt32
  let late: UInt32

  func write(to writer: inout MessageWriter) {
    writer.write(fixed: salt)
    writer.write(share)
    writer.write(issuedAt)
    writer.write(refused)
    writer.write(late)
  }

  init(salt: [UInt8], share: [UInt8], issuedAt: Int64, refused: UInt32, late: UInt32) {
    self.salt = salt
    self.share = share
    self.issuedAt = issuedAt
    self.refused = refused
    self.late = late
  }

  init(from reader: inout MessageReader, sums: SignalSums) throws(MessageError) {
    salt = try reader.fixed(32)
    share = try reader.bytes(atMost: sums.aggregateSize)
    issuedAt = try reader.integer()
    refused = try reader.integer()
    late = try reader.integer()
  }
}

/// Entries of a book as they go to the other party, which checks the signatures.
struct PeerEntries: Equatable {
  struct Entry: Equatable {
    let batch: [UInt8]
    /// To the sender's share, and, as the sender was told, to the receiver's; nil where the sender does not know it.
    let sender: Digest?
    let receiver: Digest?
    let context: [UInt8]?
  }

  /// The place of the first.
  let first: UInt32
  let entries: [Entry]

  static let most = 64
  /// In bytes; where they are larger together, the rest goes with the next request.
  static let largest = 16 << 20

  init(_ book: borrowing BatchBook, from first: Int) {
    self.first = UInt32(first)
    var entries: [Entry] = []
    var size = 0
    for entry in book.entries.dropFirst(first).prefix(PeerEntries.most) {
      guard size < PeerEntries.largest else { break }
      let next = Entry(
        batch: entry.batch.encoded, sender: book.drawn(entry.batch.window)?.commitment, receiver: entry.commitment,
        context: entry.context?.encoded)
      size += next.batch.count + (next.context?.count ?? 0)
      entries.append(next)
    }
    self.entries = entries
  }

  func write(to writer: inout MessageWriter) {
    writer.write(first)
    writer.write(UInt32(entries.count))
    for entry in entries {
      writer.write(entry.batch)
      writer.write(entry.sender?.bytes ?? [])
      writer.write(entry.receiver?.bytes ?? [])
      writer.write(entry.context ?? [])
    }
  }

  init(from reader: inout MessageReader) throws(MessageError) {
    first = try reader.integer()
    let count = Int(try reader.integer(UInt32.self))
    guard count <= PeerEntries.most else { throw reader.failure("\(count) entries") }
    var entries: [Entry] = []
    for _ in 0..<count {
      let batch = try reader.bytes(atMost: Statement.largestSigned)
      let sender = Digest(bytes: try reader.bytes(atMost: 32))
      let receiver = Digest(bytes: try reader.bytes(atMost: 32))
      let context = try reader.bytes(atMost: SignedContext.largestFile)
      entries.append(
        Entry(batch: batch, sender: sender, receiver: receiver, context: context.isEmpty ? nil : context))
    }
    self.entries = entries
  }
}

/// What the helper answers.
enum PeerAnswer: Equatable {
  case done([UInt8])
  case refused(String)
  /// The leader lacks these.
  case behind(PeerEntries)
  /// The helper lacks what the leader has from this place on.
  case needs(from: UInt32)
  /// This window's sums can't be shown any more; its batch stays closed.
  case lost
  /// The helper has found another set of reports to be proven, of so many.
  case differs(UInt32)

  var encoded: [UInt8] {
    var writer = MessageWriter()
    switch self {
    case .done(let body):
      writer.write(UInt8(0))
      writer.write(body)
    case .refused(let reason):
      writer.write(UInt8(1))
      writer.write(Array(reason.utf8.prefix(4096)))
    case .behind(let entries):
      writer.write(UInt8(2))
      entries.write(to: &writer)
    case .needs(let place):
      writer.write(UInt8(3))
      writer.write(place)
    case .lost: writer.write(UInt8(4))
    case .differs(let count):
      writer.write(UInt8(5))
      writer.write(count)
    }
    return writer.bytes
  }

  init(decoding bytes: [UInt8]) throws(MessageError) {
    var reader = MessageReader(bytes)
    switch try reader.integer(UInt8.self) {
    case 0: self = .done(try reader.bytes(atMost: RecordLog.largestRecord))
    case 1: self = .refused(String(decoding: try reader.bytes(atMost: 4096), as: UTF8.self))
    case 2: self = .behind(try PeerEntries(from: &reader))
    case 3: self = .needs(from: try reader.integer())
    case 4: self = .lost
    case 5: self = .differs(try reader.integer())
    case let kind: throw reader.failure("an answer of kind \(kind), which this version does not know")
    }
    try reader.end()
  }
}
