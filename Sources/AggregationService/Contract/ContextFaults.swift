// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR
package import Governance
internal import TransparencyLog

extension AggregationContract {
  /// What of a context is not as this contract has it: a sentence each, none where it holds. That the sums are those of the
  /// contributions is what the aggregators' signatures are for; nobody else can see it.
  ///
  /// - Parameter previous: the context before it, where there is one to compare with
  package func faults(of signed: SignedContext, previous: SignedContext? = nil) throws(ServiceError) -> [String] {
    let context = signed.context
    var faults: [String] = []
    func demand(_ holds: Bool, _ fault: @autoclosure () -> String) { if !holds { faults.append(fault()) } }
    do throws(ContextRefusal) { try signed.verify(by: aggregators.map(\.verifier)) } catch {
      faults.append("it \(error)")
    }
    demand(context.contract == digest, "it is of the contract \(context.contract), not \(digest)")
    demand(context.name == name, "it is named \"\(context.name)\", the contract \"\(name)\"")
    demand(
      context.method == method, "it was not added up by \(helper == nil ? "one aggregator" : "two aggregators")")
    demand(
      context.shares.map(\.aggregator) == aggregators.map(\.verifier.name),
      "its shares are not of \(aggregators.map(\.verifier.name).joined(separator: " and "))")
    demand(
      context.bucket == bucket && context.buckets == buckets, "its buckets are others than the contract's")
    let (distance, overflow) = context.windowStart.subtractingReportingOverflow(first)
    let isWindow = !overflow && distance >= 0 && distance % period == 0 && distance / period < Int64(windows)
    demand(isWindow, "it observed from \(context.windowStart), where no window of the contract begins")
    demand(
      context.appliesFrom.subtractingReportingOverflow(context.windowStart).partialValue == appliesAfter
        && context.expiresAt.subtractingReportingOverflow(context.issuedAt).partialValue == holdsFor,
      "it speaks for another time than the contract lets it")
    demand(
      context.contributors >= Int64(minimum) && context.contributors <= Int64(contributors.count),
      "it has \(context.contributors) contributors; the contract demands \(minimum) and has \(contributors.count)")
    faults += try signalFaults(context)
    if helper == nil { faults += maskedFaults(context) }
    if let previous { faults += AggregationContract.chainFaults(context, after: previous.context) }
    return faults
  }

  /// With one aggregator alone, sums that so many contributions in range can give, and the digest that goes with them.
  private func maskedFaults(_ context: SharedMarketContext) -> [String] {
    var faults: [String] = []
    for signal in context.signals {
      let most = Int128(context.contributors) * Int128(signal.maximum)
      if !signal.sums.allSatisfy({ $0 >= 0 && Int128($0) <= most }) {
        faults.append("the sums of \(signal.kind.rawValue) of \(signal.listing.symbol) are none of its contributions")
      }
    }
    if context.shares.map(\.digest) != [Digest(of: MaskedSums.encoded(context.signals.map(\.sums)))] {
      faults.append("the digest of its share is not that of its sums")
    }
    return faults
  }

  private func signalFaults(_ context: SharedMarketContext) throws(ServiceError) -> [String] {
    guard context.signals.count == signals.count else {
      return ["it has \(context.signals.count) signals, the contract \(signals.count)"]
    }
    var faults: [String] = []
    for ((signal, terms), price) in zip(zip(context.signals, signals), try prices()) {
      let isSame =
        signal.kind == terms.kind && signal.listing == terms.listing && signal.quantum == terms.quantum
        && signal.maximum == terms.maximum && signal.noise == terms.noise
        && signal.privacy?.cost == price?.cost && signal.privacy?.deltaExponent ?? 0 == terms.deltaExponent
        && signal.privacy?.budget ?? 0 == terms.budget
      if !isSame { faults.append("\(terms.kind.rawValue) of \(terms.listing.symbol) is not as the contract has it") }
    }
    return faults
  }

  private static func chainFaults(_ context: SharedMarketContext, after previous: SharedMarketContext) -> [String] {
    var faults: [String] = []
    if context.previous != previous.digest || context.revision != previous.revision + 1 {
      faults.append("it is revision \(context.revision) and does not follow revision \(previous.revision)")
    }
    if context.batch == previous.batch { faults.append("it tells of the same batch as the one before") }
    if context.windowStart <= previous.windowStart { faults.append("its window is not after that of the one before") }
    return faults
  }
}
