// SPDX-License-Identifier: Apache-2.0

/// The mean of paired differences with its 95 % interval, by Student's t.
package struct PairedDifference: Sendable {
  package let count: Int
  package let mean: Double
  /// Half the interval's width; infinite for fewer than two pairs.
  package let margin: Double

  package init(_ differences: [Double]) {
    count = differences.count
    let number = Double(max(count, 1))
    let mean = differences.reduce(0, +) / number
    self.mean = mean
    guard count > 1 else {
      margin = .infinity
      return
    }
    let squares = differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let error = (squares / (number - 1) / number).squareRoot()
    margin = PairedDifference.quantile(freedom: number - 1) * error
  }

  package var low: Double { mean - margin }
  package var high: Double { mean + margin }

  /// The 97.5 % quantile of Student's t, by its expansion about the normal one (Abramowitz and Stegun 26.7.5): right to a
  /// thousandth from 5 degrees of freedom on.
  private static func quantile(freedom n: Double) -> Double {
    let x = 1.959963984540054
    let x3 = x * x * x
    let x5 = x3 * x * x
    let x7 = x5 * x * x
    let first = (x3 + x) / 4
    let second = (5 * x5 + 16 * x3 + 3 * x) / 96
    let third = (3 * x7 + 19 * x5 + 17 * x3 - 15 * x) / 384
    return x + first / n + second / (n * n) + third / (n * n * n)
  }
}
