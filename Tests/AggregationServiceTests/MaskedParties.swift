// SPDX-License-Identifier: Apache-2.0

import AggregationService
import ExecutionIR
import Governance
import SecureAggregation
import Testing
import TransparencyLog

/// A contract with one aggregator, which lives in a scratch directory and can be started anew at any time, and its desks.
final class MaskedParties {
  static let second: Int64 = 1_000_000_000

  let scratch: Scratch
  let contract: AggregationContract
  let desks: [Identity]
  let keys: AggregatorKeys
  private(set) var aggregator: SoleAggregator!
  var progress: [MaskedProgress] = []

  init(
    desks count: Int = 6, minimum: Int = 4, threshold: Int? = nil, closesAt: Int? = nil, windows: Int = 8,
    maximum: Int64 = 1000
  ) throws {
    scratch = try Scratch()
    desks = try (0..<count).map { try Identity.ephemeral(name: "example.com/desk-\($0)") }
    keys = try AggregatorKeys.ephemeral(Identity.ephemeral(name: "example.com/sole"))
    let kinds: [SignalKind] = [.volume, .spread]
    contract = try AggregationContract(
      name: "example.com/opening",
      leader: AggregationContract.Aggregator(
        verifier: keys.identity.verifier, agreement: keys.agreementKey, address: "https://sole.example.com:8800",
        certificate: Digest(of: [1])), helper: nil,
      rounds: AggregationContract.Rounds(
        threshold: threshold ?? AggregationContract.Rounds.threshold(contributors: count, minimum: minimum),
        lasts: 5 * MaskedParties.second),
      contributors: desks.map(\.verifier), first: Parties.first, period: 10 * MaskedParties.second, windows: windows,
      bucket: 2 * MaskedParties.second, buckets: 3, minimum: minimum, closesAfter: 12 * MaskedParties.second,
      closesAt: closesAt, clockTolerance: MaskedParties.second, appliesAfter: 20 * MaskedParties.second,
      holdsFor: 3600 * MaskedParties.second,
      signals: kinds.enumerated().map { index, kind in
        AggregationContract.Signal(
          kind: kind, listing: TaskVenue(venue: "XNAS", symbol: "AAPL"), quantum: try ExactDecimal("100"),
          // The second signal's is smaller, so that what is out of its range is in the vector's.
          maximum: index == 0 ? maximum : maximum / 10, noise: .none, budget: 0, deltaExponent: 0)
      })
    try restart()
  }

  /// As after a kill: only what is on the disk is left.
  func restart() throws {
    aggregator = nil
    aggregator = try SoleAggregator(
      contract, keys: keys,
      files: .open(directory: scratch.path + "/sole", anchor: scratch.path + "/keys/sole.anchor"))
  }

  func stop() { aggregator = nil }

  func reporting(_ window: Int = 0) -> Int64 { contract.windowEnd(window) + MaskedParties.second }

  func values(_ number: Int, window: Int = 0) -> [[Int64]] {
    var generator = Generator(state: UInt64(number) << 32 | UInt64(window))
    return contract.signals.map { signal in
      (0..<contract.buckets).map { _ in Int64.random(in: 0...signal.maximum, using: &generator) }
    }
  }

  func sum(_ numbers: some Sequence<Int>, window: Int = 0) -> [[Int64]] {
    var total = contract.signals.map { _ in [Int64](repeating: 0, count: contract.buckets) }
    for number in numbers {
      for (signal, list) in values(number, window: window).enumerated() {
        for (bucket, value) in list.enumerated() { total[signal][bucket] += value }
      }
    }
    return total
  }

  func desk(_ number: Int, window: Int = 0, memory: String? = nil) throws -> MaskedContribution {
    try MaskedContribution(
      contract, identity: desks[number], window: window, values: values(number, window: window),
      memory: .open(directory: scratch.path + "/" + (memory ?? "desk-\(number)"), contract: contract))
  }

  func ask(_ request: [UInt8], now: Int64) throws -> [UInt8] {
    try aggregator.answer(request, now: now) { progress.append($0) }
  }
}

/// Contributors who ask in turn until their window is done.
final class MaskedPlay {
  let parties: MaskedParties
  let window: Int
  var desks: [Int: MaskedContribution] = [:]
  /// How each has ended.
  var ends: [Int: MaskedContribution.Step] = [:]
  var errors: [Int: ServiceError] = [:]
  /// What each has sent, and what came back; the round is in the message's second byte.
  var now: Int64
  /// Alters a request before it goes; nil drops the desk out with the request unsent.
  var alter: (_ desk: Int, _ round: UInt8, _ request: [UInt8]) throws -> [UInt8]? = { $2 }
  /// Alters an answer.
  var answered: (_ desk: Int, _ answer: [UInt8]) throws -> [UInt8] = { $1 }

  init(_ parties: MaskedParties, window: Int = 0, desks numbers: some Sequence<Int>) throws {
    self.parties = parties
    self.window = window
    now = parties.reporting(window)
    for number in numbers { desks[number] = try parties.desk(number, window: window) }
  }

  /// One request of each, in order.
  func turn() throws {
    for number in desks.keys.sorted() {
      guard let desk = desks[number] else { continue }
      let request = try desk.request()
      guard let sent = try alter(number, MaskedPlay.round(request), request) else {
        desks[number] = nil
        continue
      }
      do throws(ServiceError) {
        let answer: [UInt8]
        do { answer = try answered(number, parties.ask(sent, now: now)) } catch let error as ServiceError {
          throw error
        } catch { throw .refused("\(error)") }
        switch try desk.take(answer) {
        case .send: break
        case let end:
          ends[number] = end
          desks[number] = nil
        }
      } catch {
        errors[number] = error
        desks[number] = nil
      }
    }
  }

  /// Turns until nobody is left, with the time going on between them.
  func run(turns: Int = 60, step: Int64 = MaskedParties.second) throws {
    for _ in 0..<turns where !desks.isEmpty {
      try turn()
      now += step
    }
  }

  /// The round of the message in a request; 0 in one without.
  static func round(_ request: [UInt8]) -> UInt8 {
    let message = MaskedPlay.message(request)
    return message.isEmpty ? 0 : request[message.lowerBound + 1]
  }

  /// Where the message lies, by the request's written encoding.
  static func message(_ request: [UInt8]) -> Range<Int> {
    let start = 25 + 32 + 8 + 32 + 1 + 4
    return start..<request.count - 64
  }

  var released: [Int: SharedMarketContext] {
    ends.compactMapValues { if case .released(let signed) = $0 { signed.context } else { nil } }
  }

  var over: [Int: String] {
    ends.compactMapValues { if case .over(let reason) = $0 { reason } else { nil } }
  }
}

extension MaskedParties {
  /// A request whose message has another payload, well signed within and without: what a liar sends.
  func forged(_ request: [UInt8], by number: Int, _ change: (inout [UInt8]) -> Void) throws -> [UInt8] {
    let range = MaskedPlay.message(request)
    let message = Array(request[range])
    var payload = Array(message[36..<message.count - 64])
    change(&payload)
    let body = Array(message[..<36]) + payload
    let altered = body + (try desks[number].sign(Array("exprove masked sum 1\n".utf8) + body))
    return try wrapped(altered, in: request, by: number)
  }

  /// The request with another message, signed by that desk.
  func wrapped(_ message: [UInt8], in request: [UInt8], by number: Int) throws -> [UInt8] {
    let start = MaskedPlay.message(request).lowerBound
    let length = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: message.count >> $0) }
    let body = Array(request[..<(start - 4)]) + length + message
    return body + (try desks[number].sign(body))
  }
}

extension [MaskedProgress] {
  var refused: [Int: String] {
    reduce(into: [:]) { if case .refused(_, let contributor, let reason) = $1 { $0[contributor] = reason } }
  }
  var runs: Int {
    reduce(0) { if case .began(_, let run) = $1 { Swift.max($0, run) } else { $0 } }
  }
}
