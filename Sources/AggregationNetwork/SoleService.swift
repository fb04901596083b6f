// SPDX-License-Identifier: Apache-2.0

package import AggregationService
internal import ExecutionIR
internal import Governance
private import Synchronization
private import TransparencyLog

/// The only aggregator on the network: answers contributors, each known by its signature.
package final class SoleService: Sendable {
  private let party: Mutex<SoleAggregator>
  private let contract: AggregationContract
  private let publicAnswers: PublicAnswers
  private let clock: @Sendable () -> Int64
  private let tell: @Sendable (ServiceEvent) -> Void
  private let trouble = Mutex<String?>(nil)
  private let server = Mutex<ExchangeServer?>(nil)

  /// - Parameter clock: nanoseconds UTC
  package init(
    _ aggregator: sending SoleAggregator, clock: @escaping @Sendable () -> Int64,
    tell: @escaping @Sendable (ServiceEvent) -> Void
  ) {
    contract = aggregator.contract
    publicAnswers = PublicAnswers(contract: aggregator.contract, keyList: aggregator.keyList)
    party = Mutex(aggregator)
    self.clock = clock
    self.tell = tell
  }

  /// Answers at this address from now on.
  package func listen(
    host: String, port: Int, tls: TLSIdentity, limits: ExchangeLimits = ExchangeLimits()
  ) throws(ExchangeError) -> Int {
    let largest = contract.largestMaskedRequest
    let server = try ExchangeServer(
      host: host, port: port, identity: tls, limits: limits, threads: 2,
      largestBody: { path, _ in path == AggregatorPath.masked ? largest : 0 },
      handler: { [weak self] in self?.answer($0) ?? ExchangeResponse(status: 503) })
    self.server.withLock { $0 = server }
    return server.port
  }

  /// Ends as `ExchangeServer.stop` does.
  package func stop(within grace: Duration) {
    let server = self.server.withLock { $0 }
    server?.stop(within: grace)
  }

  /// Ends the rounds whose time is over. False where something stands in the way; called again, it goes on.
  package func work() -> Bool {
    let now = clock()
    let (error, progress) = party.withLock { aggregator -> (ServiceError?, [MaskedProgress]) in
      var progress: [MaskedProgress] = []
      do throws(ServiceError) {
        try aggregator.advance(now: now) { progress.append($0) }
        return (nil, progress)
      } catch { return (error, progress) }
    }
    for progress in progress { tell(.masked(progress)) }
    note(error)
    return error == nil
  }

  /// Whether a window is being worked on.
  package var hasOpenWindow: Bool { party.withLock { $0.openRound != nil } }

  private func note(_ error: ServiceError?) {
    let (known, text) = trouble.withLock { known in
      defer { known = error?.description }
      return (known, error?.description)
    }
    guard known != text else { return }
    tell(text.map { .trouble($0) } ?? .recovered)
  }

  private func answer(_ request: ExchangeRequest) -> ExchangeResponse {
    let known = publicAnswers.answer(
      request, contexts: { party.withLock { $0.contexts } }, status: { status() })
    if let known { return known }
    guard request.path == AggregatorPath.masked else {
      return ExchangeResponse(status: 404, text: "there is no \(request.path)")
    }
    guard request.method == "POST" else { return ExchangeResponse(status: 405, text: "contributors ask with POST") }
    let now = clock()
    let (answered, progress) = party.withLock { aggregator -> (Result<[UInt8], ServiceError>, [MaskedProgress]) in
      var progress: [MaskedProgress] = []
      do throws(ServiceError) {
        return (.success(try aggregator.answer(request.body, now: now) { progress.append($0) }), progress)
      } catch { return (.failure(error), progress) }
    }
    for progress in progress { tell(.masked(progress)) }
    switch answered {
    case .success(let bytes):
      note(nil)
      return ExchangeResponse(body: bytes)
    case .failure(.file(let reason)):
      note(.file(reason))
      return ExchangeResponse(status: 500, text: "the aggregator cannot keep what it does; try again later")
    case .failure(let error): return ExchangeResponse(status: 400, text: error.description)
    }
  }

  private func status() -> JSON {
    let (closed, contexts, open) = party.withLock { ($0.closedBatches, $0.contexts.count, $0.openRound) }
    var members = publicAnswers.status(
      role: "sole", aggregator: contract.leader.verifier.name, closed: closed, contexts: contexts,
      trouble: trouble.withLock { $0 }, counts: server.withLock { $0?.counts } ?? ExchangeCounts())
    members["open_round"] =
      open.map {
        .object([
          "window": .integer(Int64($0.window)), "round": .string($0.round), "answered": .integer(Int64($0.answered)),
        ])
      } ?? .null
    return .object(members)
  }
}
