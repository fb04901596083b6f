// SPDX-License-Identifier: Apache-2.0

package import AggregationService
internal import ExecutionIR
internal import Governance
private import Synchronization
private import TransparencyLog

/// What a party has to tell those who run it.
package enum ServiceEvent: Sendable {
  case progress(AggregationProgress)
  case masked(MaskedProgress)
  /// Something that stands in the way, told once; what is due is tried again.
  case trouble(String)
  /// The trouble is over.
  case recovered
}

/// The leader on the network: takes reports, and works batches off with the helper at its address.
package final class LeaderService: Sendable {
  private let party: Mutex<Leader>
  private let contract: AggregationContract
  private let helper: AggregatorClient
  private let publicAnswers: PublicAnswers
  private let clock: @Sendable () -> Int64
  private let tell: @Sendable (ServiceEvent) -> Void
  /// What stands in the way; until the helper has answered for the first time, nobody knows whether it is there.
  private let trouble = Mutex<String?>(nil)
  private let hasMetHelper = Mutex(false)
  private let server = Mutex<ExchangeServer?>(nil)

  /// - Parameters:
  ///   - tls: shown to contributors, and to the helper, which knows it by the contract
  ///   - clock: nanoseconds UTC
  package init(
    _ leader: sending Leader, tls: TLSIdentity, clock: @escaping @Sendable () -> Int64,
    tell: @escaping @Sendable (ServiceEvent) -> Void
  ) throws(ExchangeError) {
    contract = leader.contract
    publicAnswers = PublicAnswers(contract: leader.contract, keyList: leader.keyList)
    helper = try AggregatorClient(leader.peer, identity: tls)
    party = Mutex(leader)
    self.clock = clock
    self.tell = tell
  }

  /// Answers at this address from now on. Throws where the contract's signals can't be added up.
  package func listen(
    host: String, port: Int, tls: TLSIdentity, limits: ExchangeLimits = ExchangeLimits()
  ) throws -> Int {
    let largest = max(try contract.reportSize().whole + 4, AggregatorPath.largestUpload)
    let server = try ExchangeServer(
      host: host, port: port, identity: tls, limits: limits, threads: 2,
      largestBody: { path, _ in path == AggregatorPath.reports ? largest : 0 },
      handler: { [weak self] in self?.answer($0) ?? ExchangeResponse(status: 503) })
    self.server.withLock { $0 = server }
    return server.port
  }

  /// Ends as `ExchangeServer.stop` does.
  package func stop(within grace: Duration) {
    let server = self.server.withLock { $0 }
    server?.stop(within: grace)
    helper.close()
  }

  /// Works off what is due as long as `goes`, one job at a time, so that reports are taken in between. False where
  /// something stands in the way; called again, it goes on where it stopped.
  package func work(while goes: () -> Bool) -> Bool {
    do throws(ServiceError) {
      // A helper that takes connections and says nothing must not keep reports from being taken.
      if !hasMetHelper.withLock({ $0 }) || trouble.withLock({ $0 }) != nil { try helper.check(contract) }
      hasMetHelper.withLock { $0 = true }
      while goes(), try step() {}
    } catch {
      let text = error.description
      let isNew = trouble.withLock { known in
        defer { known = text }
        return known != text
      }
      if isNew { tell(.trouble(text)) }
      return false
    }
    let was = trouble.withLock { known in
      defer { known = nil }
      return known != nil
    }
    if was { tell(.recovered) }
    return true
  }

  /// Whether reports are there that are not worked off.
  package var hasOpenWindows: Bool { party.withLock { !$0.openWindows.isEmpty } }

  private func step() throws(ServiceError) -> Bool {
    var ended: [AggregationProgress] = []
    defer { for progress in ended { tell(.progress(progress)) } }
    let now = clock()
    let result = party.withLock { leader -> (Result<Bool, ServiceError>, [AggregationProgress]) in
      var progress: [AggregationProgress] = []
      do throws(ServiceError) {
        let isMore = try leader.step(
          now: now, helper: { request throws(ServiceError) in try helper.ask(request) },
          progress: { progress.append($0) })
        return (.success(isMore), progress)
      } catch {
        return (.failure(error), progress)
      }
    }
    ended = result.1
    return try result.0.get()
  }

  private func answer(_ request: ExchangeRequest) -> ExchangeResponse {
    let known = publicAnswers.answer(
      request, contexts: { party.withLock { $0.contexts } }, status: { status() })
    if let known { return known }
    guard request.path == AggregatorPath.reports else {
      return ExchangeResponse(status: 404, text: "there is no \(request.path)")
    }
    guard request.method == "POST" else { return ExchangeResponse(status: 405, text: "reports come with POST") }
    guard let reports = AggregatorPath.decode(request.body), !reports.isEmpty else {
      return ExchangeResponse(status: 400, text: "reports are expected, each behind its length in four bytes")
    }
    let now = clock()
    let taken = party.withLock { leader -> Result<[ReportRefusal?], ServiceError> in
      do throws(ServiceError) { return .success(try leader.upload(reports, now: now)) } catch { return .failure(error) }
    }
    switch taken {
    case .success(let refusals): return ExchangeResponse(body: refusals.map { $0?.rawValue ?? 0 })
    case .failure(let error):
      tell(.trouble(error.description))
      return ExchangeResponse(status: 500, text: "the leader cannot keep reports; try again later")
    }
  }

  private func status() -> JSON {
    let (closed, contexts, open) = party.withLock { ($0.closedBatches, $0.contexts.count, $0.openWindows) }
    var members = publicAnswers.status(
      role: "leader", aggregator: contract.leader.verifier.name, closed: closed, contexts: contexts,
      trouble: trouble.withLock { $0 }, counts: server.withLock { $0?.counts } ?? ExchangeCounts())
    members["open_windows"] = .array(
      open.map { .object(["window": .integer(Int64($0.window)), "reports": .integer(Int64($0.reports))]) })
    return .object(members)
  }
}
