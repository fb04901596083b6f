// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR
package import Governance
internal import SecureAggregation
internal import TransparencyLog

/// One contributor's part of one window's masked sum: it asks and answers until the window is done.
///
/// A run that fails before unmasking shows nothing of a vector, so the contributor takes part in the next one, under fresh
/// masks: what it sent before stays hidden behind a mask that nobody opens any more. Once it has given away its shares for one
/// set of survivors, it takes part in no other run of the window: two sums over sets that differ in one contributor would
/// show that one's numbers. Each contributor unmasks one set at most, and a set needs the threshold of them, which is more
/// than half: so no two are ever unmasked, unless as many work with the aggregator as `MaskedSumTask.toleratedColluders` says
/// are too many. This holds across restarts by what `ContributorMemory` has kept.
package final class MaskedContribution {
  /// What to do next.
  package enum Step: Equatable, Sendable {
    /// Send the next request, at once or after a while.
    case send(soon: Bool)
    /// The window's context, checked against the contract, and against the batch that this contributor has signed.
    case released(SignedContext)
    /// Nothing is shown of the window; why.
    case over(String)
  }

  package let contract: AggregationContract
  package let window: Int
  /// The place in the contract's list.
  package let number: Int
  private let identity: Identity
  private let values: [[Int64]]
  private var memory: ContributorMemory
  private var run: Run?
  /// Tells of each round for those who wait: where the contribution stands.
  package private(set) var standing = "waiting for a run to begin"

  private final class Run {
    let nonce: [UInt8]
    var contributor: MaskedSumContributor
    var outgoing: [UInt8]
    /// Whether the aggregator has the message, so that a question does.
    var isReceived = false
    var survivors: [UInt8] = []

    init(_ nonce: [UInt8], _ contributor: consuming MaskedSumContributor, _ outgoing: [UInt8]) {
      self.nonce = nonce
      self.contributor = contributor
      self.outgoing = outgoing
    }

    var round: UInt8 { outgoing[1] }
  }

  /// - Parameter values: one list of quanta per signal of the contract, in its order; what is outside 0 to a signal's maximum
  ///   is clipped.
  package init(
    _ contract: AggregationContract, identity: Identity, window: Int, values: [[Int64]],
    memory: consuming ContributorMemory
  ) throws(ServiceError) {
    guard let number = contract.contributors.firstIndex(of: identity.verifier) else {
      throw .refused("\(identity.verifier.shortName) is no contributor of \"\(contract.name)\"")
    }
    guard (0..<contract.windows).contains(window) else {
      throw .refused("\"\(contract.name)\" has no window \(window); its last is \(contract.windows - 1)")
    }
    // Both are refused here, before anything is sent.
    _ = try MaskedSums.task(contract, window: window, nonce: MaskedRequest.noRun)
    _ = try MaskedSums.vector(values, contract)
    self.contract = contract
    self.identity = identity
    self.window = window
    self.values = values
    self.number = number
    self.memory = memory
  }

  /// Whether shares for a set of survivors were given away, now or before a restart.
  package var hasUnmasked: Bool { memory.unmasked(window) != nil }

  /// What to send to the aggregator now; the same until its answer was taken.
  package func request() throws(ServiceError) -> [UInt8] {
    try MaskedRequest(
      contract: contract.digest, window: window, contributor: number, nonce: run?.nonce ?? MaskedRequest.noRun,
      round: run?.round ?? 0, message: run.map { $0.isReceived ? [] : $0.outgoing } ?? []
    ).signed(by: identity)
  }

  /// Takes the aggregator's answer. Throws where the aggregator does not keep to the protocol: the run is over for this
  /// contributor then, and nothing more is given away.
  package func take(_ answer: [UInt8]) throws(ServiceError) -> Step {
    switch try MaskedAnswer(decoding: answer) {
    case .wait:
      run?.isReceived = true
      return .send(soon: false)
    case .run(let nonce): return try join(nonce)
    case .message(let message): return try follow(message)
    case .left(let reason):
      run = nil
      standing = "out of the run: \(reason)"
      return .send(soon: false)
    case .released(let bytes): return .released(try check(bytes))
    case .over(let reason): return .over(reason)
    }
  }

  private func join(_ nonce: [UInt8]) throws(ServiceError) -> Step {
    run = nil
    guard !hasUnmasked else {
      throw lies("it begins another run of window \(window) after one that was unmasked")
    }
    let task = try MaskedSums.task(contract, window: window, nonce: nonce)
    // Begun before a restart: its secrets are gone.
    guard !memory.hasJoined(task.run) else { return .send(soon: false) }
    let vector = try MaskedSums.vector(values, contract)
    try memory.join(task.run)
    do throws(MaskedSumError) {
      let identity = identity
      var contributor = try MaskedSumContributor(
        task, index: number, vector: vector, randomness: MaskedSumContributor.freshRandomness(),
        sign: { try identity.sign($0) })
      let keys = try contributor.start()
      run = Run(nonce, contributor, keys)
    } catch {
      throw .cryptography("no masked contribution can be made: \(error)")
    }
    standing = "in a run"
    return .send(soon: true)
  }

  private func follow(_ message: [UInt8]) throws(ServiceError) -> Step {
    guard let run else { throw lies("it answers what it was not told") }
    let outgoing: [UInt8]
    do throws(MaskedSumError) { outgoing = try run.contributor.answer(message) } catch {
      self.run = nil
      throw lies("\(error)")
    }
    switch MaskedSumRound(rawValue: run.round) {
    case .input: run.survivors = message
    case .consistency:
      do throws(ServiceError) {
        try memory.unmask(MaskedSums.batch(survivors: run.survivors, signatures: message), window: window)
      } catch {
        self.run = nil
        throw error
      }
    default: break
    }
    run.outgoing = outgoing
    run.isReceived = false
    standing = "in the round of \(MaskedSumRound(rawValue: run.round)?.description ?? "keys")"
    return .send(soon: true)
  }

  private func check(_ bytes: [UInt8]) throws(ServiceError) -> SignedContext {
    let signed: SignedContext
    do throws(ContextRefusal) { signed = try SignedContext(decoding: bytes) } catch {
      throw lies("its context \(error)")
    }
    if let fault = try contract.faults(of: signed).first { throw lies("of its context, \(fault)") }
    guard signed.context.windowStart == contract.windowStart(window) else {
      throw lies("its context is of another window than \(window)")
    }
    if let batch = memory.unmasked(window), batch != signed.context.batch {
      throw lies("its context is of another set of contributors than the one that was unmasked")
    }
    return signed
  }

  private func lies(_ reason: String) -> ServiceError {
    .lies(aggregator: contract.leader.verifier.name, reason)
  }
}
