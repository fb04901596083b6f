// SPDX-License-Identifier: Apache-2.0

internal import DurableFiles
internal import ExecutionIR
internal import Governance
internal import TransparencyLog

/// All closed batches of a contract in the order in which they were closed, and the contexts that came of them: what an
/// aggregator must never forget. A contributor's privacy budget is what these say, and so it is spent for both
/// aggregators when it is for one.
struct BatchBook: ~Copyable {
  /// The noisy share that this party will show, drawn once.
  struct Drawn: Equatable {
    let window: Int
    /// 32 random bytes, so that the commitment tells nothing of the share.
    let salt: [UInt8]
    let share: [UInt8]

    /// What the other party is told first.
    var commitment: Digest { BatchBook.commitment(salt: salt, share: share) }
  }

  struct Entry {
    var batch: ClosedBatch
    /// The other party's, as it was told first; nil in an entry that came from a peer after a restored backup.
    var commitment: Digest?
    /// The leader's request to reveal, word for word, so that it is the same when it is sent again.
    var request: [UInt8]?
    /// What the helper has signed of it and the leader has not yet, as far as the helper knows.
    var pending: SignedContext?
    /// With both signatures.
    var context: SignedContext?
    /// With one aggregator alone: who is in the sum, and their signatures under it, as it was sent out.
    var evidence: (survivors: [UInt8], signatures: [UInt8])?
    /// This party has no share to show any more, or the other has none.
    var isLost = false
  }

  private enum Kind: UInt8 {
    case drawn = 1
    case closed = 2
    case revealing = 3
    case context = 4
    case lost = 5
    case dropped = 6
    case pending = 7
    case evidence = 8
  }

  let contract: AggregationContract
  private var log: RecordLog
  private(set) var entries: [Entry] = []
  private(set) var drawn: [Drawn] = []
  /// After each entry, and before the first.
  private var links: [Digest]
  private var participations: [Int]

  static func open(_ contract: AggregationContract, path: String) throws(ServiceError) -> BatchBook {
    var log = try RecordLog(path, contract: contract.digest)
    var found: [(UInt8, [UInt8])] = []
    try log.records { place, bytes throws(ServiceError) in found.append((place.kind, bytes)) }
    var book = BatchBook(contract, log: log)
    for (kind, bytes) in found { try book.apply(kind, bytes) }
    return book
  }

  private init(_ contract: AggregationContract, log: consuming RecordLog) {
    self.contract = contract
    self.log = log
    links = [contract.digest]
    participations = Array(repeating: 0, count: contract.contributors.count)
  }

  static func commitment(salt: [UInt8], share: [UInt8]) -> Digest {
    Digest(of: Array("exprove share commitment 1 ".utf8) + salt + share)
  }

  // MARK: What stands in it

  var lastWindow: Int? { entries.last?.batch.window }
  var contexts: [SignedContext] { entries.compactMap(\.context) }

  func entry(_ window: Int) -> Int? { entries.firstIndex { $0.batch.window == window } }
  func drawn(_ window: Int) -> Drawn? { drawn.last { $0.window == window } }

  /// Whether sums of this batch may be shown: it has as many contributors as the contract demands.
  func isLargeEnough(_ batch: ClosedBatch) -> Bool { batch.participants.count >= contract.minimum }

  /// What is still to be done for an entry.
  func isOpen(_ entry: Entry) -> Bool { isLargeEnough(entry.batch) && entry.context == nil && !entry.isLost }

  /// In how many batches whose sums could be shown a contributor took part.
  func participations(_ contributor: Int) -> Int { participations[contributor] }

  /// How far this party is, for the other to compare.
  var standing: Standing {
    Standing(
      closed: UInt32(entries.count), chain: links[entries.count],
      contexts: UInt32(entries.count { $0.context != nil }))
  }

  /// The chain after so many entries; nil where there are fewer.
  func chain(after count: Int) -> Digest? { count < links.count ? links[count] : nil }

  /// The first entry of which the other party lacks something.
  func firstUnknown(to other: Standing) -> Int {
    let shared = min(Int(other.closed), entries.count)
    var contexts = 0
    for index in 0..<shared where entries[index].context != nil {
      contexts += 1
      if contexts > Int(other.contexts) { return index }
    }
    return shared
  }

  // MARK: Changes, each on the disk before it is in force

  mutating func add(drawn: Drawn) throws(ServiceError) {
    var writer = MessageWriter()
    writer.write(UInt32(drawn.window))
    writer.write(fixed: drawn.salt)
    writer.write(drawn.share)
    try append(.drawn, writer.bytes)
  }

  mutating func close(_ batch: ClosedBatch, commitment: Digest?) throws(ServiceError) {
    var writer = MessageWriter()
    writer.write(commitment == nil ? UInt8(0) : UInt8(1))
    if let commitment { writer.write(fixed: commitment.bytes) }
    writer.write(batch.encoded)
    try append(.closed, writer.bytes)
  }

  mutating func add(request: [UInt8], window: Int) throws(ServiceError) {
    var writer = MessageWriter()
    writer.write(UInt32(window))
    writer.write(request)
    try append(.revealing, writer.bytes)
  }

  mutating func add(_ context: SignedContext, window: Int) throws(ServiceError) {
    var writer = MessageWriter()
    writer.write(UInt32(window))
    writer.write(context.encoded)
    try append(.context, writer.bytes)
  }

  mutating func add(pending context: SignedContext, window: Int) throws(ServiceError) {
    var writer = MessageWriter()
    writer.write(UInt32(window))
    writer.write(context.encoded)
    try append(.pending, writer.bytes)
  }

  mutating func add(evidence survivors: [UInt8], _ signatures: [UInt8], window: Int) throws(ServiceError) {
    var writer = MessageWriter()
    writer.write(UInt32(window))
    writer.write(survivors)
    writer.write(signatures)
    try append(.evidence, writer.bytes)
  }

  /// Of a window that is not closed.
  mutating func drop(drawn window: Int) throws(ServiceError) {
    var writer = MessageWriter()
    writer.write(UInt32(window))
    try append(.dropped, writer.bytes)
  }

  mutating func lose(window: Int) throws(ServiceError) {
    var writer = MessageWriter()
    writer.write(UInt32(window))
    try append(.lost, writer.bytes)
  }

  private mutating func append(_ kind: Kind, _ bytes: [UInt8]) throws(ServiceError) {
    try log.append([(kind.rawValue, bytes)])
    try apply(kind.rawValue, bytes)
  }

  private mutating func apply(_ kind: UInt8, _ bytes: [UInt8]) throws(ServiceError) {
    var reader = MessageReader(bytes)
    do {
      switch Kind(rawValue: kind) {
      case .drawn:
        let window = Int(try reader.integer(UInt32.self))
        drawn.append(
          Drawn(window: window, salt: try reader.fixed(32), share: try reader.bytes(atMost: RecordLog.largestRecord)))
      case .closed:
        let commitment = try reader.integer(UInt8.self) == 1 ? Digest(bytes: try reader.fixed(32)) : nil
        let batch = try ClosedBatch(
          decoding: reader.bytes(atMost: Statement.largestSigned), of: contract,
          signers: contract.aggregators.map(\.verifier))
        guard batch.window > lastWindow ?? -1 else {
          throw ServiceError.file("\(log.path): window \(batch.window) is closed after a later one")
        }
        entries.append(Entry(batch: batch, commitment: commitment))
        // What both have shown is asked for again until the next batch is closed.
        drawn.removeAll { $0.window < batch.window }
        links.append(Digest(of: links[links.count - 1].bytes + batch.payloadDigest.bytes))
        if isLargeEnough(batch) { for participant in batch.participants { participations[participant] += 1 } }
      case .revealing:
        let index = try index(&reader)
        entries[index].request = try reader.bytes(atMost: RecordLog.largestRecord)
      case .context:
        let index = try index(&reader)
        entries[index].context = try SignedContext(decoding: reader.bytes(atMost: SignedContext.largestFile))
      case .pending:
        let index = try index(&reader)
        entries[index].pending = try SignedContext(decoding: reader.bytes(atMost: SignedContext.largestFile))
      case .evidence:
        let index = try index(&reader)
        entries[index].evidence = (
          try reader.bytes(atMost: RecordLog.largestRecord), try reader.bytes(atMost: RecordLog.largestRecord)
        )
      case .dropped:
        let window = Int(try reader.integer(UInt32.self))
        drawn.removeAll { $0.window == window }
      case .lost: entries[try index(&reader)].isLost = true
      case nil: throw ServiceError.file("\(log.path): a record of kind \(kind), which this version does not know")
      }
      try reader.end()
    } catch let error as ServiceError {
      throw error
    } catch {
      throw .file("\(log.path): a record can't be read: \(error)")
    }
  }

  private func index(_ reader: inout MessageReader) throws -> Int {
    let window = Int(try reader.integer(UInt32.self))
    guard let index = entry(window) else {
      throw ServiceError.file("\(log.path): tells of window \(window) before it was closed")
    }
    return index
  }
}

/// How many batches a party knows to be closed, what they are, and how many contexts came of them.
struct Standing: Equatable, Sendable {
  let closed: UInt32
  let chain: Digest
  let contexts: UInt32

  func write(to writer: inout MessageWriter) {
    writer.write(closed)
    writer.write(fixed: chain.bytes)
    writer.write(contexts)
  }

  init(closed: UInt32, chain: Digest, contexts: UInt32) {
    self.closed = closed
    self.chain = chain
    self.contexts = contexts
  }

  init(from reader: inout MessageReader) throws(MessageError) {
    closed = try reader.integer()
    chain = Digest(bytes: try reader.fixed(32))!
    contexts = try reader.integer()
  }
}
