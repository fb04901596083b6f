// SPDX-License-Identifier: Apache-2.0

/// The aggregator's side of a masked sum. In each round it takes the contributors' messages with `receive`, in any order, and
/// `closeRound` gives what each of those who answered is sent; after the last one `sum` opens the masks. Who has not
/// answered by then has dropped out. With fewer left than the threshold the round can't be closed, and nothing is learnt.
///
/// Its state is in memory alone: an aggregator that stops in the midst of a run begins another.
package struct MaskedSumAggregator: Sendable {
  package struct Delivery: Equatable, Sendable {
    /// The contributor's place in the task.
    package let contributor: Int
    package let message: [UInt8]
  }

  package let task: MaskedSumTask
  /// What is received now.
  package private(set) var round = MaskedSumRound.keys
  /// Who has answered in this round, in order.
  package private(set) var answered: [Int] = []
  /// Whether all who may answer in this round have.
  package var isComplete: Bool { answered.count == expected.count }
  /// Who may answer in this round.
  private var expected: [Int]
  private var keys: [AdvertisedKeys?]
  /// By receiver.
  private var boxes: [[MaskedSumRow]]
  private var total: [UInt64]
  private var dealers: [Int] = []
  private var survivors: [Int] = []
  private var signatures: [MaskedSumRow] = []
  /// By the contributor that they are about.
  private var shares: [[HeldShare]]

  private struct HeldShare {
    let holder: Int
    let bytes: [UInt8]
  }

  package init(_ task: MaskedSumTask) {
    self.task = task
    let count = task.contributors.count
    expected = Array(0..<count)
    keys = Array(repeating: nil, count: count)
    boxes = Array(repeating: [], count: count)
    shares = Array(repeating: [], count: count)
    total = Array(repeating: 0, count: task.length)
  }

  /// Takes a message of the round and says whose it is. What is refused changes nothing.
  @discardableResult
  package mutating func receive(_ bytes: [UInt8]) throws(MaskedSumError) -> Int {
    let message = try MaskedSumMessage(bytes, due: .from(round), task)
    guard let from = message.from else { throw .malformed("it names no contributor") }
    guard expected.contains(from) else { throw .notAmongThem(contributor: task.name(from), round: round) }
    guard !answered.contains(from) else { throw .twice(contributor: task.name(from)) }
    switch round {
    case .keys: try takeKeys(message, from)
    case .shares: try takeBoxes(message, from)
    case .input: try takeInput(message)
    case .consistency: try takeSignature(message, from)
    case .unmasking: try takeShares(message, from)
    }
    answered.append(from)
    answered.sort()
    return from
  }

  private mutating func takeKeys(_ message: MaskedSumMessage, _ from: Int) throws(MaskedSumError) {
    guard message.payload.count == AdvertisedKeys.size else { throw .malformed("there are three times 32 bytes") }
    let advertised = AdvertisedKeys(index: from, payload: message.payload, signature: message.signature)
    guard advertised.boxKey != advertised.maskKey, AgreementKey.isFit(advertised.boxKey),
      AgreementKey.isFit(advertised.maskKey)
    else { throw .badKey(contributor: task.name(from)) }
    for case let other? in keys {
      guard other.boxKey != advertised.boxKey, other.boxKey != advertised.maskKey,
        other.maskKey != advertised.boxKey, other.maskKey != advertised.maskKey
      else { throw .badKey(contributor: task.name(from)) }
    }
    keys[from] = advertised
  }

  private mutating func takeBoxes(_ message: MaskedSumMessage, _ from: Int) throws(MaskedSumError) {
    let rows = try message.rows(of: SharedSecrets.boxSize, task)
    guard rows.map(\.index) == expected.filter({ $0 != from }) else {
      throw .malformed("there is a box for each of the others who sent keys")
    }
    for row in rows { boxes[row.index].append(MaskedSumRow(index: from, bytes: row.bytes)) }
  }

  private mutating func takeInput(_ message: MaskedSumMessage) throws(MaskedSumError) {
    guard message.payload.count == 8 * task.length else {
      throw .malformed("the masked vector has \(task.length) numbers")
    }
    let bytes = Array(message.payload)
    for place in total.indices { total[place] &+= bytes.span.word(at: 8 * place) }
  }

  private mutating func takeSignature(_ message: MaskedSumMessage, _ from: Int) throws(MaskedSumError) {
    guard Array(message.payload) == survivorTable else { throw .otherSurvivors(contributor: task.name(from)) }
    signatures.append(MaskedSumRow(index: from, bytes: message.signature))
  }

  private mutating func takeShares(_ message: MaskedSumMessage, _ from: Int) throws(MaskedSumError) {
    let rows = try message.rows(of: UnmaskedSecret.rowSize, task)
    for row in rows {
      guard dealers.contains(row.index) else {
        throw .notAmongThem(contributor: task.name(row.index), round: .unmasking)
      }
      guard row.bytes[0] == secret(of: row.index).rawValue else {
        throw .wrongShare(from: task.name(from), of: task.name(row.index))
      }
      guard SecretSharing.isShare(row.bytes.span.extracting(1..<row.bytes.count)) else {
        throw .malformed("a share holds a number that is no element of the field")
      }
    }
    for row in rows { shares[row.index].append(HeldShare(holder: from, bytes: Array(row.bytes.dropFirst()))) }
  }

  private var survivorTable: [UInt8] {
    MaskedSumMessage.table(survivors.map { MaskedSumRow(index: $0, bytes: []) })
  }

  private func secret(of contributor: Int) -> UnmaskedSecret {
    survivors.contains(contributor) ? .selfSeed : .maskKey
  }

  /// Ends the round for those who have not answered. After the last one there is nothing to send.
  package mutating func closeRound() throws(MaskedSumError) -> [Delivery] {
    guard answered.count >= task.threshold else {
      throw .tooFew(round: round, has: answered.count, needs: task.threshold)
    }
    guard let next = MaskedSumRound(rawValue: round.rawValue + 1) else {
      throw .wrongRound(expected: "the sum", actual: "the end of a round")
    }
    func message(_ payload: [UInt8]) -> [UInt8] { MaskedSumMessage.body(.answer(round), task, from: nil, payload) }
    let messages: [[UInt8]]
    switch round {
    case .keys:
      // One copy for all.
      messages = Array(repeating: message(MaskedSumMessage.table(keys.compactMap { $0?.row })), count: answered.count)
    case .shares:
      dealers = answered
      for receiver in boxes.indices { boxes[receiver].sort { $0.index < $1.index } }
      messages = answered.map { message(MaskedSumMessage.table(boxes[$0])) }
      boxes = []
    case .input:
      survivors = answered
      messages = Array(repeating: message(survivorTable), count: answered.count)
    case .consistency, .unmasking:
      signatures.sort { $0.index < $1.index }
      messages = Array(repeating: message(MaskedSumMessage.table(signatures)), count: answered.count)
    }
    let deliveries = zip(answered, messages).map { Delivery(contributor: $0, message: $1) }
    expected = answered
    answered = []
    round = next
    return deliveries
  }

  // MARK: The sum

  /// The sum of the vectors of those whose masked input was there in time, and who they are. Needs the last round's messages
  /// of as many as the threshold.
  package func sum() throws(MaskedSumError) -> (sum: [UInt64], contributors: [Int]) {
    guard round == .unmasking else { throw .wrongRound(expected: "a message", actual: "the question for the sum") }
    guard answered.count >= task.threshold else {
      throw .tooFew(round: round, has: answered.count, needs: task.threshold)
    }
    var vector = SecretBuffer<UInt64>(copying: total.span)
    var rebuilding = SecretRebuilding(threshold: task.threshold)
    for dealer in dealers {
      let held = shares[dealer].sorted { $0.holder < $1.holder }
      guard held.count >= task.threshold else {
        throw .tooFewShares(of: task.name(dealer), has: held.count, needs: task.threshold)
      }
      let advertised = keys[dealer]
      let secret = secret(of: dealer)
      let rebuilt = rebuilding.secret(held.map(\.holder), held.map(\.bytes)) { candidate in
        secret == .selfSeed
          ? Masks.commitment(candidate, dealer, task) == advertised?.commitment
          : AgreementKey(candidate).publicKey == advertised?.maskKey
      }
      guard let rebuilt else { throw .sharesDisagree(of: task.name(dealer)) }
      if secret == .selfSeed {
        Masks.apply(rebuilt, to: &vector, isNegative: true)
        continue
      }
      // What the survivors have added for this one, who has not taken it away.
      let key = AgreementKey(rebuilt)
      for survivor in survivors {
        guard let other = keys[survivor], let pair = Masks.pair(key, dealer, with: other.maskKey, survivor, task) else {
          throw .badKey(contributor: task.name(survivor))
        }
        Masks.apply(pair, to: &vector, isNegative: survivor < dealer)
      }
    }
    let most = task.maximum * UInt64(survivors.count)
    for place in 0..<vector.count where vector[place] > most { throw .sumOutOfRange(place: place) }
    return ((0..<vector.count).map { vector[$0] }, survivors)
  }
}

/// Puts secrets together from shares, some of which may be wrong: as many as the threshold that follow one another are tried,
/// from each place on, until they give the secret that its owner has published something of.
struct SecretRebuilding {
  let threshold: Int
  /// Holders are mostly the same from one secret to the next, and so are those who lie.
  private var holders: [Int] = []
  private var weights: [[Field128]] = []
  private var lastStart = 0

  init(threshold: Int) { self.threshold = threshold }

  mutating func secret(
    _ holders: [Int], _ shares: [[UInt8]], isRight: (borrowing SecretBytes) -> Bool
  ) -> SecretBytes? {
    if holders != self.holders {
      self.holders = holders
      weights = Array(repeating: [], count: holders.count)
      lastStart = 0
    }
    for offset in holders.indices {
      let start = (lastStart + offset) % holders.count
      let places = (0..<threshold).map { (start + $0) % holders.count }
      if weights[start].isEmpty { weights[start] = SecretSharing.weights(places.map { holders[$0] }) }
      let bytes = SecretBytes(copying: places.flatMap { shares[$0] })
      if let secret = SecretSharing.secret(SecretSharing.combine(bytes.span, weights[start])), isRight(secret) {
        lastStart = start
        return secret
      }
    }
    return nil
  }
}
