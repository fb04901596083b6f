// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The samplers once more, over floating-point numbers, with a fault of choice: what the statistics must find.
struct FaultySampler {
  enum Fault: CaseIterable {
    case none
    /// A continuous normal number, rounded.
    case rounded
    /// Zero is drawn with both signs.
    case doubleZero
    /// The proposal is always taken.
    case noAcceptance
    /// The series of exp(-x) ends after its third term.
    case shortSeries
    /// A remainder of the geometric number is never refused.
    case everyRemainder
    /// The width of the proposal in place of one more in the exponent.
    case wrongCentre
  }

  let fault: Fault
  var generator: SeededGenerator

  private mutating func uniform() -> Double { Double(generator.next() >> 11) / 9_007_199_254_740_992 }

  private mutating func isKept(_ exponent: Double) -> Bool {
    var rest = exponent
    while rest > 1 {
      if !isKept(1) { return false }
      rest -= 1
    }
    var trial = 1.0
    while fault != .shortSeries || trial <= 3, uniform() < rest / trial { trial += 1 }
    return trial.truncatingRemainder(dividingBy: 2) == 1
  }

  mutating func laplace(_ numerator: UInt64, _ denominator: UInt64) -> Int64 {
    while true {
      let remainder = generator.next() % numerator
      if fault != .everyRemainder, !isKept(Double(remainder) / Double(numerator)) { continue }
      var count: UInt64 = 0
      while isKept(1) { count += 1 }
      let magnitude = Int64((remainder + numerator * count) / denominator)
      let isNegative = generator.next() & 1 == 1
      if isNegative && magnitude == 0 && fault != .doubleZero { continue }
      return isNegative ? -magnitude : magnitude
    }
  }

  mutating func gaussian(_ variance: Double) -> Int64 {
    if fault == .rounded {
      let radius = (-2 * log(1 - uniform())).squareRoot() * variance.squareRoot()
      return Int64((radius * cos(2 * .pi * uniform())).rounded())
    }
    let width = variance.squareRoot().rounded(.down) + 1
    while true {
      let number = laplace(UInt64(width), 1)
      let centre = fault == .wrongCentre ? 0 : variance / width
      let distance = abs(Double(number)) - centre
      if fault == .noAcceptance || isKept(distance * distance / (2 * variance)) { return number }
    }
  }
}
