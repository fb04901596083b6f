// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR
internal import SecureAggregation

/// The runs of one window's masked sum at the only aggregator: one at a time, each message on the disk before it is answered.
/// Read again, the same messages give the same state, so that an aggregator that was killed goes on in the round where it
/// was.
final class MaskedWindow {
  private enum Kind: UInt8 {
    case began = 1
    case message = 2
    case closed = 3
    case late = 4
    case refused = 5
  }

  let number: Int
  private let contract: AggregationContract
  private var log: RecordLog
  private(set) var runs = 0
  private(set) var nonce: [UInt8] = []
  private(set) var state: MaskedSumAggregator?
  /// When the round ends for those who have not answered; nanoseconds UTC.
  private(set) var deadline: Int64 = 0
  /// Whether it was read from the disk and no time was told since: then the round begins anew, for the contributors may have
  /// found nobody to answer to.
  private var isResumed = false
  /// What those get who answered the round before.
  private var deliveries: [Int: [UInt8]] = [:]
  /// Of each contributor's last message in this run.
  private var digests: [Int: Digest] = [:]
  /// Whose keys are there, in this run.
  private var participants: Set<Int> = []
  private(set) var survivors: [Int] = []
  /// What was sent out after the rounds of input and of consistency: who is in the sum, and that they have signed it.
  private(set) var survivorsMessage: [UInt8] = []
  private(set) var signaturesMessage: [UInt8] = []
  /// Who came when the run had begun without them; of whom a message of this run was refused.
  private(set) var late: Set<Int> = []
  private(set) var refused: Set<Int> = []

  init(_ number: Int, path: String, _ contract: AggregationContract) throws(ServiceError) {
    self.number = number
    self.contract = contract
    log = try RecordLog(path, contract: contract.digest)
    var found: [(UInt8, [UInt8])] = []
    try log.records { place, bytes throws(ServiceError) in found.append((place.kind, bytes)) }
    for (kind, bytes) in found {
      do throws(MaskedSumError) { try apply(kind, bytes) } catch {
        throw .file("\(path): a record can't be read: \(error)")
      }
    }
    isResumed = state != nil
  }

  // MARK: What is there

  var round: MaskedSumRound { state?.round ?? .keys }
  var answered: [Int] { state?.answered ?? [] }
  /// Who may still answer in this round.
  var isComplete: Bool { state?.isComplete ?? false }

  /// What follows a contributor's message of a round.
  func answer(to contributor: Int, round asked: UInt8) -> MaskedAnswer {
    if asked == round.rawValue, answered.contains(contributor) { return .wait }
    if asked + 1 == round.rawValue, let message = deliveries[contributor] { return .message(message) }
    return .left("it has not answered the rounds before the one of \(round) in time")
  }

  /// Whether the contributor has sent these bytes before, as its last message.
  func has(_ message: [UInt8], of contributor: Int) -> Bool { digests[contributor] == Digest(of: message) }

  // MARK: Changes

  /// A run under a fresh name, in place of the one before.
  func begin(deadline: Int64) throws(ServiceError) {
    var writer = MessageWriter()
    writer.write(fixed: SecretBytes.random(count: MaskedSums.nonceSize).copiedBytes)
    writer.write(deadline)
    try log.append([(Kind.began.rawValue, writer.bytes)])
    do throws(MaskedSumError) { try apply(Kind.began.rawValue, writer.bytes) } catch { throw .refused("\(error)") }
  }

  /// Takes a message; throws where the protocol refuses it, with nothing changed.
  func receive(_ message: [UInt8]) throws(ServiceError) -> MaskedSumError? {
    do throws(MaskedSumError) { try apply(Kind.message.rawValue, message) } catch { return error }
    try log.append([(Kind.message.rawValue, message)])
    return nil
  }

  /// Ends the round; `MaskedSumError.tooFew` changes nothing.
  func close(deadline: Int64) throws(ServiceError) -> MaskedSumError? {
    var writer = MessageWriter()
    writer.write(deadline)
    do throws(MaskedSumError) { try apply(Kind.closed.rawValue, writer.bytes) } catch { return error }
    try log.append([(Kind.closed.rawValue, writer.bytes)])
    return nil
  }

  func note(late contributor: Int) throws(ServiceError) {
    guard !participants.contains(contributor), !late.contains(contributor) else { return }
    try note(.late, contributor)
  }

  func note(refused contributor: Int) throws(ServiceError) {
    guard !refused.contains(contributor) else { return }
    try note(.refused, contributor)
  }

  private func note(_ kind: Kind, _ contributor: Int) throws(ServiceError) {
    var writer = MessageWriter()
    writer.write(UInt32(contributor))
    try log.append([(kind.rawValue, writer.bytes)])
    do throws(MaskedSumError) { try apply(kind.rawValue, writer.bytes) } catch { throw .refused("\(error)") }
  }

  /// The time, told before anything is asked.
  func tell(now: Int64, lasts: Int64) {
    guard isResumed else { return }
    isResumed = false
    deadline = max(deadline, now + lasts)
  }

  private func apply(_ kind: UInt8, _ bytes: [UInt8]) throws(MaskedSumError) {
    var reader = MessageReader(bytes)
    do {
      switch Kind(rawValue: kind) {
      case .began:
        nonce = try reader.fixed(MaskedSums.nonceSize)
        deadline = try reader.integer()
        try reader.end()
        state = MaskedSumAggregator(try MaskedSums.task(contract, window: number, nonce: nonce))
        runs += 1
        (deliveries, digests, participants, late, refused) = ([:], [:], [], [], [])
        (survivors, survivorsMessage, signaturesMessage) = ([], [], [])
      case .message:
        guard let from = try state?.receive(bytes) else { throw reader.failure("no run has begun") }
        digests[from] = Digest(of: bytes)
        if round == .keys { participants.insert(from) }
      case .closed:
        let deadline: Int64 = try reader.integer()
        try reader.end()
        let (round, answered) = (round, answered)
        guard let deliveries = try state?.closeRound() else { throw reader.failure("no run has begun") }
        self.deadline = deadline
        self.deliveries = Dictionary(uniqueKeysWithValues: deliveries.map { ($0.contributor, $0.message) })
        if round == .input { (survivors, survivorsMessage) = (answered, deliveries[0].message) }
        if round == .consistency { signaturesMessage = deliveries[0].message }
      case .late: late.insert(Int(try reader.integer(UInt32.self)))
      case .refused: refused.insert(Int(try reader.integer(UInt32.self)))
      case nil: throw reader.failure("a record of kind \(kind), which this version does not know")
      }
    } catch let error as MaskedSumError {
      throw error
    } catch {
      throw .malformed("\(error)")
    }
  }
}
