// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR
internal import Governance
internal import SecureAggregation
internal import TransparencyLog

/// What a contract with one aggregator means as a masked sum: all signals one after the other in one vector, in the order
/// of the contract, each number below the largest of the signals' maxima.
enum MaskedSums {
  /// Fresh for each run, drawn by the aggregator.
  static let nonceSize = 32

  /// The run's name is SHA-256(title ‖ contract ‖ window ‖ nonce), so that no message of it holds for another window or
  /// contract. Throws for a contract with two aggregators.
  static func task(
    _ contract: AggregationContract, window: Int, nonce: [UInt8]
  ) throws(ServiceError) -> MaskedSumTask {
    guard let rounds = contract.rounds else {
      throw .refused("\"\(contract.name)\" has two aggregators, and no rounds of a masked sum")
    }
    var writer = MessageWriter()
    writer.write(fixed: Array("exprove masked run 1 ".utf8))
    writer.write(fixed: contract.digest.bytes)
    writer.write(UInt32(window))
    writer.write(fixed: nonce)
    do throws(MaskedSumError) {
      return try MaskedSumTask(
        run: Digest(of: writer.bytes).bytes,
        contributors: contract.contributors.map {
          MaskedSumTask.Contributor(name: $0.name, signingKey: $0.publicKey)
        }, threshold: rounds.threshold, length: contract.buckets * contract.signals.count,
        maximum: contract.signals.map { UInt64($0.maximum) }.max() ?? 1)
    } catch {
      throw .refused("the contract makes no masked sum: \(error)")
    }
  }

  /// The vector of one contribution: what is above a signal's maximum is clipped to it, and what is below 0 to 0.
  static func vector(
    _ values: [[Int64]], _ contract: AggregationContract
  ) throws(ServiceError) -> SecretBuffer<UInt64> {
    guard values.count == contract.signals.count else {
      throw .refused("\(values.count) lists of values; the contract has \(contract.signals.count) signals")
    }
    var vector = SecretBuffer<UInt64>(repeating: 0, count: contract.buckets * values.count)
    for (number, signal) in contract.signals.enumerated() {
      guard values[number].count == contract.buckets else {
        throw .refused(
          "\(values[number].count) values for \(signal.kind.rawValue); the contract has \(contract.buckets) buckets")
      }
      for (bucket, value) in values[number].enumerated() {
        vector[number * contract.buckets + bucket] = UInt64(min(max(value, 0), signal.maximum))
      }
    }
    return vector
  }

  /// The run's sum by signals. Throws where so many contributions in range can't give it, or the masks can't be opened.
  static func totals(
    _ run: MaskedSumAggregator, contributors: Int, _ contract: AggregationContract
  ) throws(ServiceError) -> [[Int64]] {
    let sum: [UInt64]
    do throws(MaskedSumError) { sum = try run.sum().sum } catch {
      guard case .sumOutOfRange(let place) = error else { throw .refused(error.description) }
      throw outOfRange(contract.signals[place / contract.buckets], contributors)
    }
    var totals: [[Int64]] = []
    for (number, signal) in contract.signals.enumerated() {
      let part = sum[number * contract.buckets..<(number + 1) * contract.buckets]
      let most = UInt64(signal.maximum) * UInt64(contributors)
      guard part.allSatisfy({ $0 <= most }) else { throw outOfRange(signal, contributors) }
      totals.append(part.map { Int64($0) })
    }
    return totals
  }

  private static func outOfRange(_ signal: AggregationContract.Signal, _ contributors: Int) -> ServiceError {
    .refused(
      "the sum of \(signal.kind.rawValue) of \(signal.listing.symbol) is none that \(contributors) contributions can give: "
        + "one of them is out of range, and whose can't be told")
  }

  /// The sums as they are digested: eight bytes a number, the most significant first.
  static func encoded(_ totals: [[Int64]]) -> [UInt8] {
    var writer = MessageWriter()
    for total in totals.joined() { writer.write(total) }
    return writer.bytes
  }

  /// A batch's name: SHA-256(title ‖ survivors ‖ signatures), both as the aggregator sent them to all who were left. They begin
  /// with the run's digest, so each contributor knows which batch it has helped to unmask.
  static func batch(survivors: [UInt8], signatures: [UInt8]) -> Digest {
    var writer = MessageWriter()
    writer.write(fixed: Array("exprove masked batch 1 ".utf8))
    writer.write(survivors)
    writer.write(signatures)
    return Digest(of: writer.bytes)
  }
}

extension AggregationContract {
  /// The helper; throws where there is none.
  func secondAggregator() throws(ServiceError) -> Aggregator {
    guard let helper else {
      throw .refused("\"\(name)\" names one aggregator alone: it is for a sole one, and its contributors mask")
    }
    return helper
  }
}
