// SPDX-License-Identifier: Apache-2.0

import Foundation
import SecureAggregation

/// A distribution over the integers as floating-point numbers, worked out from its formula and not by drawing.
struct Law {
  /// The probability of a number below that one.
  let below: (Int64) -> Double
  let variance: Double
  let fourthMoment: Double

  static func gaussian(_ variance: Double) -> Law {
    guard variance < 1e7 else {
      // So wide that its steps can't be told from the continuous distribution, whose middle of each step is taken.
      let width = variance.squareRoot()
      return Law(
        below: { 0.5 * erfc(-(Double($0) - 0.5) / (width * 2.0.squareRoot())) }, variance: variance,
        fourthMoment: 3 * variance * variance)
    }
    return Law(weights: { exp(-$0 * $0 / (2 * variance)) }, reach: Int64(40 * variance.squareRoot()) + 40)
  }

  static func laplace(_ scale: Double) -> Law {
    guard scale < 1e5 else {
      // The probability of -k and below is q^k / (1 + q), for q = exp(-1 / scale).
      let q = exp(-1 / scale)
      return Law(
        below: { $0 <= 0 ? exp((Double($0) - 1) / scale) / (1 + q) : 1 - exp(-Double($0) / scale) / (1 + q) },
        variance: 2 * scale * scale, fourthMoment: 24 * pow(scale, 4))
    }
    return Law(weights: { exp(-abs($0) / scale) }, reach: Int64(45 * scale) + 45)
  }

  private init(below: @escaping (Int64) -> Double, variance: Double, fourthMoment: Double) {
    self.below = below
    self.variance = variance
    self.fourthMoment = fourthMoment
  }

  /// From numbers in proportion to the probabilities.
  private init(weights: (Double) -> Double, reach: Int64) {
    let masses = (-reach...reach).map { weights(Double($0)) }
    let total = masses.reduce(0, +)
    var sums = [0.0], second = 0.0, fourth = 0.0
    for (index, mass) in masses.enumerated() {
      let number = Double(Int64(index) - reach), share = mass / total
      sums.append(sums[index] + share)
      second += share * number * number
      fourth += share * pow(number, 4)
    }
    self.init(
      below: { $0 <= -reach ? 0 : $0 > reach ? 1 : sums[Int($0 + reach)] }, variance: second, fourthMoment: fourth)
  }
}

/// How far draws are from a law, each figure in its own standard deviations.
struct Fit {
  let chiSquare: Double
  let mean: Double
  let variance: Double
  let balance: Double

  var worst: Double { max(abs(chiSquare), abs(mean), abs(variance), abs(balance)) }

  init(_ draws: [Int64], _ law: Law) {
    let count = Double(draws.count), width = law.variance.squareRoot()
    // Up to a hundred bins between four standard deviations on each side, and those beyond them.
    var edges: [Int64] = []
    for step in -50...50 {
      let edge = Int64((Double(step) * 0.08 * width).rounded(.up))
      if edges.last.map({ edge > $0 }) ?? true { edges.append(edge) }
    }
    edges.append(edges[edges.count - 1] + 1)
    var observed = Array(repeating: 0.0, count: edges.count + 1)
    var sum = 0.0, squares = 0.0, positive = 0.0, negative = 0.0
    for draw in draws {
      var low = 0, high = edges.count
      while low < high {
        let middle = (low + high) / 2
        if edges[middle] <= draw { low = middle + 1 } else { high = middle }
      }
      observed[low] += 1
      sum += Double(draw)
      squares += Double(draw) * Double(draw)
      if draw > 0 { positive += 1 } else if draw < 0 { negative += 1 }
    }
    var total = 0.0, freedom = -1.0, kept = 0.0, due = 0.0
    for (index, number) in observed.enumerated() {
      let lower = index == 0 ? 0 : law.below(edges[index - 1])
      let upper = index == edges.count ? 1 : law.below(edges[index])
      kept += number
      due += count * (upper - lower)
      // Bins in which too few are due are put together with the next; the last may leave some out.
      guard due >= 10 else { continue }
      total += (kept - due) * (kept - due) / due
      freedom += 1
      (kept, due) = (0, 0)
    }
    chiSquare = (total - freedom) / (2 * freedom).squareRoot()
    mean = sum / (law.variance * count).squareRoot()
    variance =
      (squares / count - law.variance)
      / ((law.fourthMoment - law.variance * law.variance) / count).squareRoot()
    balance = positive + negative > 0 ? (positive - negative) / (positive + negative).squareRoot() : 0
  }
}
