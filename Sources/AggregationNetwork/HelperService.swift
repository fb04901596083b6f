// SPDX-License-Identifier: Apache-2.0

package import AggregationService
internal import ExecutionIR
internal import Governance
private import Synchronization
private import TransparencyLog

/// The helper on the network: answers the leader that the contract names, and nobody else but with what is public.
package final class HelperService: Sendable {
  private let party: Mutex<Helper>
  private let contract: AggregationContract
  private let name: String
  private let publicAnswers: PublicAnswers
  private let clock: @Sendable () -> Int64
  private let tell: @Sendable (ServiceEvent) -> Void
  private let trouble = Mutex<String?>(nil)
  private let lastAsked = Mutex<Int64?>(nil)
  private let server = Mutex<ExchangeServer?>(nil)

  /// - Parameter clock: nanoseconds UTC
  package init(
    _ helper: sending Helper, clock: @escaping @Sendable () -> Int64, tell: @escaping @Sendable (ServiceEvent) -> Void
  ) {
    contract = helper.contract
    name = helper.own.verifier.name
    publicAnswers = PublicAnswers(contract: helper.contract, keyList: helper.keyList)
    party = Mutex(helper)
    self.clock = clock
    self.tell = tell
  }

  /// Answers at this address from now on.
  package func listen(
    host: String, port: Int, tls: TLSIdentity, limits: ExchangeLimits = ExchangeLimits()
  ) throws(ExchangeError) -> Int {
    let leader = contract.leader.certificate
    let server = try ExchangeServer(
      host: host, port: port, identity: tls, limits: limits, threads: 2,
      largestBody: { path, peer in
        guard path == AggregatorPath.peer else { return 0 }
        return peer == leader ? AggregationContract.largestPeerRequest : nil
      }, handler: { [weak self] in self?.answer($0) ?? ExchangeResponse(status: 503) })
    self.server.withLock { $0 = server }
    return server.port
  }

  /// Ends as `ExchangeServer.stop` does.
  package func stop(within grace: Duration) {
    let server = self.server.withLock { $0 }
    server?.stop(within: grace)
  }

  /// When the leader has asked last; nil where it has not.
  package var lastAskedAt: Int64? { lastAsked.withLock { $0 } }

  private func answer(_ request: ExchangeRequest) -> ExchangeResponse {
    let known = publicAnswers.answer(
      request, contexts: { party.withLock { $0.contexts } }, status: { status() })
    if let known { return known }
    guard request.path == AggregatorPath.peer else {
      return ExchangeResponse(status: 404, text: "there is no \(request.path)")
    }
    guard request.peerCertificate == contract.leader.certificate else {
      return ExchangeResponse(status: 403, text: "this is for the leader alone")
    }
    guard request.method == "POST" else { return ExchangeResponse(status: 405, text: "the leader asks with POST") }
    let now = clock()
    lastAsked.withLock { $0 = now }
    let answered = party.withLock { helper -> Result<[UInt8], ServiceError> in
      do throws(ServiceError) { return .success(try helper.answer(request.body, now: now)) } catch {
        return .failure(error)
      }
    }
    switch answered {
    case .success(let bytes):
      trouble.withLock { $0 = nil }
      return ExchangeResponse(body: bytes)
    case .failure(let error):
      trouble.withLock { $0 = error.description }
      tell(.trouble(error.description))
      return ExchangeResponse(status: 500, text: "the helper cannot keep what it does; try again later")
    }
  }

  private func status() -> JSON {
    let (closed, contexts) = party.withLock { ($0.closedBatches, $0.contexts.count) }
    return .object(
      publicAnswers.status(
        role: "helper", aggregator: name, closed: closed, contexts: contexts,
        trouble: trouble.withLock { $0 }, counts: server.withLock { $0?.counts } ?? ExchangeCounts()))
  }
}
