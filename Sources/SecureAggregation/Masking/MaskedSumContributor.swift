// SPDX-License-Identifier: Apache-2.0

/// A contributor's side of a masked sum: `start` gives the first message, `answer` the one that follows each of the
/// aggregator's. It is good for one run: each step is taken once, so that one set of survivors is signed, the mask covers
/// one vector, and of each contributor shares of one secret are given away. What fails to hold ends it and wipes its secrets;
/// a message of another run or round is refused and changes nothing.
package struct MaskedSumContributor: ~Copyable, Sendable {
  package typealias Signer = @Sendable (_ message: [UInt8]) throws -> [UInt8]

  package static let randomnessSize = 32

  private enum Stage: Sendable {
    case fresh
    case waiting(MaskedSumRound)
    case ended
  }

  package let task: MaskedSumTask
  /// The contributor's place in the task.
  package let index: Int
  private let sign: Signer
  private var stage = Stage.fresh
  private var secrets: Secrets
  /// Those whose keys are there, in order: the first of the paper's sets of users.
  private var keys: [AdvertisedKeys] = []
  /// Those who have dealt shares, with this contributor.
  private var dealers: [Int] = []
  private var survivors: [Int] = []

  private struct Secrets: ~Copyable {
    var vector: SecretBuffer<UInt64>
    var xof: XofTurboShake128
    var box: AgreementKey
    var maskSecret: SecretBytes
    var mask: AgreementKey
    var selfSeed: SecretBytes
    /// For each place in the task the two shares that its contributor has dealt.
    var held: SecretBytes
    /// Whose shares these are.
    var dealt: [Bool]
  }

  /// The signer has the private half of the contributor's signing key. The randomness is secret, and for this run alone.
  package init(
    _ task: MaskedSumTask, index: Int, vector: borrowing SecretBuffer<UInt64>, randomness: borrowing SecretBytes,
    sign: @escaping Signer
  ) throws(MaskedSumError) {
    guard task.contributors.indices.contains(index) else { throw .noSuchContributor(index) }
    guard randomness.count == Self.randomnessSize else { throw .badRandomness(randomness.count) }
    var isAbove = vector.count != task.length
    for place in 0..<vector.count where vector[place] > task.maximum { isAbove = true }
    guard !isAbove else { throw .badVector }
    self.task = task
    self.index = index
    self.sign = sign
    var xof = XofTurboShake128(seed: randomness.span, tag: Array("exprove masked sum contributor 1".utf8))
    xof.bind(task.digest.span)
    xof.bind(encoded(index).span)
    var box = SecretBytes(repeating: 0, count: 32), mask = SecretBytes(repeating: 0, count: 32)
    var selfSeed = SecretBytes(repeating: 0, count: 32)
    xof.next(into: &box)
    xof.next(into: &mask)
    xof.next(into: &selfSeed)
    let count = task.contributors.count
    secrets = Secrets(
      vector: SecretBuffer(copying: vector.span), xof: xof, box: AgreementKey(box), maskSecret: mask,
      mask: AgreementKey(mask), selfSeed: selfSeed,
      held: SecretBytes(repeating: 0, count: count * 2 * SecretSharing.shareSize),
      dealt: Array(repeating: false, count: count))
  }

  /// Randomness of the system's generator.
  package static func freshRandomness() -> SecretBytes { .random(count: randomnessSize) }

  /// Whether the run is over for this contributor, well or not.
  package var hasEnded: Bool {
    if case .ended = stage { true } else { false }
  }

  /// The public keys for this run, and what is published of the seed.
  package mutating func start() throws(MaskedSumError) -> [UInt8] {
    guard case .fresh = stage else {
      throw .wrongRound(expected: "an answer of the aggregator", actual: "another start")
    }
    stage = .waiting(.keys)
    return try signed(.keys, published)
  }

  /// What follows the aggregator's message; nothing after the last one.
  package mutating func answer(_ bytes: [UInt8]) throws(MaskedSumError) -> [UInt8] {
    guard case .waiting(let round) = stage else {
      throw .wrongRound(expected: "nothing", actual: "a message of the aggregator")
    }
    let message = try MaskedSumMessage(bytes, due: .answer(round), task)
    do throws(MaskedSumError) {
      switch round {
      case .keys:
        let answer = try share(message)
        stage = .waiting(.shares)
        return answer
      case .shares:
        let answer = try maskedInput(message)
        stage = .waiting(.input)
        return answer
      case .input:
        let answer = try signature(message)
        stage = .waiting(.consistency)
        return answer
      case .consistency:
        let answer = try unmasking(message)
        end()
        return answer
      case .unmasking: throw .wrongRound(expected: "nothing", actual: "a message of the aggregator")
      }
    } catch {
      end()
      throw error
    }
  }

  /// Gives the run up.
  package mutating func end() {
    stage = .ended
    let none = SecretBytes(repeating: 0, count: 32)
    secrets = Secrets(
      vector: SecretBuffer(repeating: 0, count: 0), xof: XofTurboShake128(seed: none.span, tag: []),
      box: AgreementKey(none), maskSecret: SecretBytes(repeating: 0, count: 0), mask: AgreementKey(none),
      selfSeed: SecretBytes(repeating: 0, count: 0), held: SecretBytes(repeating: 0, count: 0), dealt: [])
  }

  private var published: [UInt8] {
    secrets.box.publicKey + secrets.mask.publicKey + Masks.commitment(secrets.selfSeed, index, task)
  }

  private func signed(_ round: MaskedSumRound, _ payload: [UInt8]) throws(MaskedSumError) -> [UInt8] {
    let body = MaskedSumMessage.body(.from(round), task, from: index, payload)
    do {
      let signature = try sign(ContributorSignature.signed(body))
      guard ContributorSignature.isValid(signature, of: body, by: task.contributors[index].signingKey) else {
        throw MaskedSumError.badSignature(contributor: task.name(index))
      }
      return body + signature
    } catch let error as MaskedSumError {
      throw error
    } catch {
      throw .cannotSign("\(error)")
    }
  }

  private func checkCount(_ count: Int, _ round: MaskedSumRound) throws(MaskedSumError) {
    guard count >= task.threshold else { throw .tooFew(round: round, has: count, needs: task.threshold) }
  }

  // MARK: Shares

  private mutating func share(_ message: MaskedSumMessage) throws(MaskedSumError) -> [UInt8] {
    let list = try message.rows(of: AdvertisedKeys.rowSize, task).map { AdvertisedKeys($0) }
    try checkCount(list.count, .keys)
    var seen: [(key: [UInt8], index: Int)] = []
    var isThere = false
    for keys in list {
      try keys.check(task)
      seen += [(keys.boxKey, keys.index), (keys.maskKey, keys.index)]
      guard keys.index == index else { continue }
      guard keys.payload == published else { throw .badKey(contributor: task.name(index)) }
      isThere = true
    }
    guard isThere else { throw .leftOut(contributor: task.name(index), round: .keys) }
    seen.sort { $0.key.lexicographicallyPrecedes($1.key) }
    for (one, next) in zip(seen, seen.dropFirst()) where one.key == next.key {
      throw .badKey(contributor: task.name(max(one.index, next.index)))
    }
    keys = list

    let size = SecretSharing.shareSize
    let maskShares = SecretSharing(secrets.maskSecret, threshold: task.threshold, from: &secrets.xof)
    let seedShares = SecretSharing(secrets.selfSeed, threshold: task.threshold, from: &secrets.xof)
    var boxes: [MaskedSumRow] = []
    for receiver in list {
      let maskShare = maskShares.share(receiver.index), seedShare = seedShares.share(receiver.index)
      if receiver.index == index {
        hold(maskShare.span, seedShare.span, of: index)
        continue
      }
      var plain = SecretBytes(repeating: 0, count: SharedSecrets.plainSize)
      let places = encoded(index) + encoded(receiver.index)
      for place in 0..<4 { plain[place] = places[place] }
      for place in 0..<size {
        plain[4 + place] = maskShare[place]
        plain[4 + size + place] = seedShare[place]
      }
      guard let key = boxKey(receiver, from: index, to: receiver.index) else {
        throw .badKey(contributor: task.name(receiver.index))
      }
      boxes.append(
        MaskedSumRow(index: receiver.index, bytes: SealedBox.seal(plain, key: key, header: task.digest)))
    }
    return try signed(.shares, MaskedSumMessage.table(boxes))
  }

  private func boxKey(_ other: AdvertisedKeys, from: Int, to: Int) -> SecretBytes? {
    secrets.box.secret(with: other.boxKey, salt: task.digest, use: "box", from, to)
  }

  private mutating func hold(_ maskShare: Span<UInt8>, _ seedShare: Span<UInt8>, of dealer: Int) {
    let size = SecretSharing.shareSize
    for place in 0..<size {
      secrets.held[dealer * 2 * size + place] = maskShare[place]
      secrets.held[(dealer * 2 + 1) * size + place] = seedShare[place]
    }
    secrets.dealt[dealer] = true
  }

  // MARK: Masked input

  private mutating func maskedInput(_ message: MaskedSumMessage) throws(MaskedSumError) -> [UInt8] {
    let boxes = try message.rows(of: SharedSecrets.boxSize, task)
    try checkCount(boxes.count + 1, .shares)
    var masked = SecretBuffer<UInt64>(copying: secrets.vector.span)
    dealers = [index]
    for box in boxes {
      guard box.index != index, let dealer = keys.first(where: { $0.index == box.index }) else {
        throw .notAmongThem(contributor: task.name(box.index), round: .shares)
      }
      open(box, of: dealer)
      guard let secret = Masks.pair(secrets.mask, index, with: dealer.maskKey, dealer.index, task) else {
        throw .badKey(contributor: task.name(dealer.index))
      }
      Masks.apply(secret, to: &masked, isNegative: index > dealer.index)
      dealers.append(dealer.index)
    }
    dealers.sort()
    Masks.apply(secrets.selfSeed, to: &masked, isNegative: false)
    secrets.vector = SecretBuffer(repeating: 0, count: 0)
    var payload: [UInt8] = []
    payload.reserveCapacity(8 * task.length)
    for place in 0..<masked.count { payload += encoded(word: masked[place]) }
    return try signed(.input, payload)
  }

  /// A box that can't be opened is one share less of its dealer, and nobody else's trouble.
  private mutating func open(_ box: MaskedSumRow, of dealer: AdvertisedKeys) {
    let size = SecretSharing.shareSize
    guard let key = boxKey(dealer, from: dealer.index, to: index),
      let plain = SealedBox.open(box.bytes, key: key, header: task.digest), plain.count == SharedSecrets.plainSize
    else { return }
    let places = encoded(dealer.index) + encoded(index)
    for place in 0..<4 where plain[place] != places[place] { return }
    let maskShare = plain.span.extracting(4..<4 + size), seedShare = plain.span.extracting(4 + size..<4 + 2 * size)
    guard SecretSharing.isShare(maskShare), SecretSharing.isShare(seedShare) else { return }
    hold(maskShare, seedShare, of: dealer.index)
  }

  // MARK: Consistency and unmasking

  private mutating func signature(_ message: MaskedSumMessage) throws(MaskedSumError) -> [UInt8] {
    let list = try message.rows(of: 0, task).map(\.index)
    try checkCount(list.count, .input)
    for survivor in list where !dealers.contains(survivor) {
      throw .notAmongThem(contributor: task.name(survivor), round: .input)
    }
    guard list.contains(index) else { throw .leftOut(contributor: task.name(index), round: .input) }
    survivors = list
    return try signed(.consistency, Array(message.payload))
  }

  private mutating func unmasking(_ message: MaskedSumMessage) throws(MaskedSumError) -> [UInt8] {
    let signatures = try message.rows(of: ContributorSignature.size, task)
    try checkCount(signatures.count, .consistency)
    let payload = MaskedSumMessage.table(survivors.map { MaskedSumRow(index: $0, bytes: []) })
    for row in signatures {
      guard survivors.contains(row.index) else {
        throw .notAmongThem(contributor: task.name(row.index), round: .consistency)
      }
      let body = MaskedSumMessage.body(.from(.consistency), task, from: row.index, payload)
      guard ContributorSignature.isValid(row.bytes, of: body, by: task.contributors[row.index].signingKey) else {
        throw .badSignature(contributor: task.name(row.index))
      }
    }
    let size = SecretSharing.shareSize
    var rows: [MaskedSumRow] = []
    for dealer in dealers where secrets.dealt[dealer] {
      let secret = survivors.contains(dealer) ? UnmaskedSecret.selfSeed : .maskKey
      let start = (dealer * 2 + (secret == .selfSeed ? 1 : 0)) * size
      rows.append(
        MaskedSumRow(index: dealer, bytes: [secret.rawValue] + (start..<start + size).map { secrets.held[$0] }))
    }
    return try signed(.unmasking, MaskedSumMessage.table(rows))
  }
}
