// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR
package import Governance
package import RunJournal

extension ContextStudy {
  /// One day of the study as a run in `directory`, begun or taken up: the order that goes by the shared context, which two
  /// aggregators have signed and the run's policy requires.
  package static func prepare(
    seed: UInt64, aggregators: [Identity], identity: Identity, directory: String, now: Int64,
    _ opening: inout FeedOpening
  ) throws(RunError) -> PreparedRun {
    let flow = StudyFlow(desks: desks, buckets: slices, seed: seed)
    let context = try context(flow)
    var scenario = scenario(flow, seed: seed)
    let demand = SharedContextDemand(
      mode: .require,
      trusted: [
        SharedContextDemand.Signers(contract: context.name, keys: aggregators.map(\.publicVerifierKey))
      ], maximumAge: 86_400 * second, minimumContributors: Int64(desks), methods: [.twoAggregators])
    scenario.policy = String(decoding: policy(demand).json.canonical, as: UTF8.self)
    let opened = try SimulatedRun.open(scenario, seed: seed, &opening)
    return try SimulatedRun.prepare(
      opened, source: opened.input, shared: [try sign(context, aggregators)], identity: identity, directory: directory,
      now: now)
  }

  private static func sign(
    _ context: SharedMarketContext, _ aggregators: [Identity]
  ) throws(RunError) -> SignedContext {
    do {
      var signed = try SignedContext(context, signedBy: aggregators[0])
      for aggregator in aggregators.dropFirst() { try signed.addSignature(by: aggregator) }
      return signed
    } catch {
      throw .internalFault("the study's context cannot be signed: \(error)")
    }
  }
}
