// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR
internal import SecureAggregation

/// What a contract means in numbers, for those who have to agree to it.
extension AggregationContract {
  /// What a contributor pays for a signal with noise.
  package struct Price: Equatable, Sendable {
    /// ρ of one batch in 10⁻¹², and as ε at the signal's δ in millionths, both rounded up.
    package let cost: Int64
    package let epsilon: Int64
    /// ε of the whole budget at that δ, in millionths, rounded up.
    package let budgetEpsilon: Int64
    /// How many batches the budget allows.
    package let batches: Int64
  }

  /// Per signal; nil without noise.
  package func prices() throws(ServiceError) -> [Price?] {
    var prices: [Price?] = []
    for (signal, cost) in zip(signals, try costs()) {
      guard let cost else {
        prices.append(nil)
        continue
      }
      func epsilon(_ units: UInt64) throws(ServiceError) -> Int64 {
        do throws(PrivacyError) {
          let epsilon = try PrivacyCost(units: units).epsilon(deltaExponent: signal.deltaExponent)
          return Int64(clamping: (epsilon + 999_999) / 1_000_000)
        } catch {
          throw .refused("\(signal.kind.rawValue) of \(signal.listing.symbol): \(error)")
        }
      }
      prices.append(
        Price(
          cost: Int64(clamping: cost.units), epsilon: try epsilon(cost.units),
          budgetEpsilon: try epsilon(UInt64(signal.budget)),
          batches: Int64(clamping: UInt64(signal.budget) / max(1, cost.units))))
    }
    return prices
  }

  /// How many bytes a report has, and one signal's shares and proofs in it.
  package func reportSize() throws(ServiceError) -> (whole: Int, signals: [Int]) {
    let sums = try SignalSums(self)
    let nothing = [UInt8](repeating: 0, count: 32)
    func sealed(_ size: Int) -> SealedShare {
      SealedShare(
        key: 0, encapsulated: nothing, ciphertext: [UInt8](repeating: 0, count: size + SealedShare.overhead))
    }
    let report = ContributionReport(
      header: ReportHeader(contract: digest, window: 0, id: Array(nothing.prefix(16)), contributor: 0),
      publicShares: [UInt8](repeating: 0, count: sums.publicSize), leaderShare: sealed(sums.leaderSize),
      helperShare: sealed(sums.helperSize), signature: nothing + nothing)
    let signals = sums.prios.map { $0.publicShareSize + $0.inputShareSize(0) + $0.inputShareSize(1) }
    return (report.encoded.count, signals)
  }

  /// The most bytes of a request of the leader to the helper.
  package static let largestPeerRequest = RecordLog.largestRecord
}
