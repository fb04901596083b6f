// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR
internal import Governance
internal import SecureAggregation

/// What both aggregators work out from the same two shares, each for itself: the context, to the byte.
extension AggregationContract {
  /// What one batch costs a contributor, per signal; nil without noise.
  func costs() throws(ServiceError) -> [PrivacyCost?] {
    var costs: [PrivacyCost?] = []
    for signal in signals {
      do {
        let reach = try Sensitivity.numbers(buckets, maximum: UInt64(signal.maximum))
        switch signal.noise {
        case .none: costs.append(nil)
        case .discreteGaussian(let variance):
          costs.append(try DiscreteGaussian(variance: PositiveRatio(UInt128(variance))).cost(reach))
        case .discreteLaplace(let scale):
          costs.append(try DiscreteLaplace(scale: PositiveRatio(UInt128(scale))).cost(reach))
        }
      } catch {
        throw .refused("the noise of \(signal.kind.rawValue) of \(signal.listing.symbol): \(error)")
      }
    }
    return costs
  }

  /// Whether a contributor who has taken part in so many batches can take part in one more.
  func canSpend(_ costs: [PrivacyCost?], participations: Int) -> Bool {
    zip(signals, costs).allSatisfy { signal, cost in
      guard let cost else { return true }
      return UInt128(participations + 1) * UInt128(cost.units) <= UInt128(signal.budget)
    }
  }

  /// A share of the sums with this party's noise on it, drawn from fresh entropy.
  func noisy(_ sums: ShareSums) throws(ServiceError) -> ShareSums {
    let seed = NoiseSource.freshSeed()
    do {
      var source = try NoiseSource(seed: seed, context: Array("exprove noise 1 ".utf8) + digest.bytes)
      var result = sums
      for (index, signal) in signals.enumerated() {
        switch signal.noise {
        case .none: break
        case .discreteGaussian(let variance):
          let noise = try DiscreteGaussian(variance: PositiveRatio(UInt128(variance)))
          result.shares[index] = sums.shares[index].adding(noise: noise, from: &source)
        case .discreteLaplace(let scale):
          let noise = try DiscreteLaplace(scale: PositiveRatio(UInt128(scale)))
          result.shares[index] = sums.shares[index].adding(noise: noise, from: &source)
        }
      }
      return result
    } catch {
      throw .cryptography("no noise can be drawn: \(error)")
    }
  }

  /// The sums that two shares give; refused where so many contributions and honest noise can't give them.
  func totals(_ shares: [ShareSums], sums: SignalSums, contributors: Int) throws(ServiceError) -> [[Int64]] {
    var totals: [[Int64]] = []
    for (index, signal) in signals.enumerated() {
      do {
        let sum = try sums.prios[index].sum(shares.map { $0.shares[index] })
        let maximum = UInt128(signal.maximum)
        let values: [Int128]
        switch signal.noise {
        case .none:
          values = try sums.prios[index].circuit.decode(sum, measurements: contributors).map { Int128($0) }
        case .discreteGaussian(let variance):
          values = try NoisyTotals(
            measurements: contributors, maximum: maximum, aggregators: shares.count,
            noise: DiscreteGaussian(variance: PositiveRatio(UInt128(variance)))
          ).integers(sum)
        case .discreteLaplace(let scale):
          values = try NoisyTotals(
            measurements: contributors, maximum: maximum, aggregators: shares.count,
            noise: DiscreteLaplace(scale: PositiveRatio(UInt128(scale)))
          ).integers(sum)
        }
        totals.append(values.map { Int64(clamping: $0) })
      } catch {
        throw .refused(
          "the sum of \(signal.kind.rawValue) of \(signal.listing.symbol) is none that \(contributors) contributions can "
            + "give: one of the two aggregators has not shown its true share, and which one can't be told (\(error))")
      }
    }
    return totals
  }

  /// - Parameters:
  ///   - participations: the most batches that one contributor has taken part in, this one included.
  ///   - before: the context before, nil for the first.
  func context(
    of batch: ClosedBatch, shares: [(name: String, encoded: [UInt8])], totals: [[Int64]], refused: Int, late: Int,
    issuedAt: Int64, participations: Int, before: SharedMarketContext?, method: SharedMarketContext.Method
  ) throws(ServiceError) -> SharedMarketContext {
    let costs = try costs()
    var shared: [SharedSignal] = []
    for (index, signal) in signals.enumerated() {
      var privacy: SignalPrivacy?
      if let cost = costs[index] {
        let spent = UInt128(cost.units) * UInt128(participations)
        guard spent <= UInt128(signal.budget) else {
          throw .refused("the privacy budget of \(signal.kind.rawValue) of \(signal.listing.symbol) is spent")
        }
        let epsilon: UInt128
        do throws(PrivacyError) {
          epsilon = try PrivacyCost(units: UInt64(spent)).epsilon(deltaExponent: signal.deltaExponent)
        } catch {
          throw .refused("\(error)")
        }
        privacy = SignalPrivacy(
          cost: Int64(clamping: cost.units), spent: Int64(spent), budget: signal.budget,
          epsilon: Int64(clamping: (epsilon + 999_999) / 1_000_000), deltaExponent: signal.deltaExponent)
      }
      shared.append(
        SharedSignal(
          kind: signal.kind, listing: signal.listing, quantum: signal.quantum, maximum: signal.maximum,
          noise: signal.noise, privacy: privacy, sums: totals[index]))
    }
    let start = windowStart(batch.window)
    do throws(RecordError) {
      return try SharedMarketContext(
        name: name, contract: digest, revision: (before?.revision ?? 0) + 1, previous: before?.digest, method: method,
        batch: batch.batch, contributors: Int64(batch.participants.count), refused: Int64(refused), late: Int64(late),
        shares: shares.map { SharedMarketContext.Share(aggregator: $0.name, digest: Digest(of: $0.encoded)) },
        windowStart: start, bucket: bucket, buckets: buckets, issuedAt: issuedAt, appliesFrom: start + appliesAfter,
        expiresAt: issuedAt + holdsFor, signals: shared)
    } catch {
      throw .refused("no context can be made: \(error)")
    }
  }
}
