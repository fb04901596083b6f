// SPDX-License-Identifier: Apache-2.0

package import ExecutionIR

/// An exact quotient of two integers of up to 256 bits; rounding happens only where it is shown.
package struct Ratio: Equatable, Sendable {
  let isNegative: Bool
  let magnitude: Wide
  /// Above 0.
  let divisor: Wide

  package init(_ numerator: Int128, _ denominator: Int128) {
    precondition(denominator > 0, "a denominator is above 0")
    isNegative = numerator < 0
    magnitude = Wide(numerator.magnitude)
    divisor = Wide(denominator.magnitude)
  }

  /// Below 2^252, so that a remainder times ten still fits.
  init(isNegative: Bool, _ magnitude: Wide, over divisor: Wide) throws(MetricOverflow) {
    precondition(!divisor.isZero, "a denominator is above 0")
    guard divisor.high >> 124 == 0 else { throw MetricOverflow() }
    self.isNegative = isNegative && !magnitude.isZero
    self.magnitude = magnitude
    self.divisor = divisor
  }

  /// a · b / (c · d); c and d above 0.
  package init(product a: Int128, _ b: Int128, over c: Int128, _ d: Int128) throws(MetricOverflow) {
    precondition(c > 0 && d > 0, "a denominator is above 0")
    try self.init(
      isNegative: (a < 0) != (b < 0), Wide(product: a.magnitude, b.magnitude),
      over: Wide(product: c.magnitude, d.magnitude))
  }

  /// a/b − c/d; b and d above 0.
  package init(difference a: Int128, _ b: Int128, less c: Int128, _ d: Int128) throws(MetricOverflow) {
    precondition(b > 0 && d > 0, "a denominator is above 0")
    let left = Wide(product: a.magnitude, d.magnitude)
    let right = Wide(product: c.magnitude, b.magnitude)
    let divisor = Wide(product: b.magnitude, d.magnitude)
    if (a < 0) != (c < 0) {
      try self.init(isNegative: a < 0, left.plus(right), over: divisor)
    } else {
      let isLess = left < right
      try self.init(
        isNegative: isLess != (a < 0), isLess ? right.minus(left) : left.minus(right), over: divisor)
    }
  }

  /// This less one.
  func minusOne() throws(MetricOverflow) -> Ratio {
    if isNegative { return try Ratio(isNegative: true, magnitude.plus(divisor), over: divisor) }
    let isLess = magnitude < divisor
    return try Ratio(
      isNegative: isLess, isLess ? divisor.minus(magnitude) : magnitude.minus(divisor), over: divisor)
  }

  package func times(_ factor: Int128) throws(MetricOverflow) -> Ratio {
    try Ratio(isNegative: isNegative != (factor < 0), magnitude.times(factor.magnitude), over: divisor)
  }

  /// Divided by `number`, which is above 0.
  package func divided(by number: Int128) throws(MetricOverflow) -> Ratio {
    precondition(number > 0, "a denominator is above 0")
    return try Ratio(isNegative: isNegative, magnitude, over: divisor.times(number.magnitude))
  }

  /// With `places` digits behind the point, halves rounded to even.
  package func text(places: Int) -> String {
    var (whole, rest) = magnitude.divided(by: divisor)
    var digits: [UInt8] = []
    for _ in 0..<places {
      // The remainder is below the divisor, which is below 2^252.
      guard let tens = try? rest.times(10) else { preconditionFailure("a remainder beyond its divisor") }
      let (digit, next) = tens.divided(by: divisor)
      digits.append(UInt8(digit.low))
      rest = next
    }
    let above = divisor.minus(rest)
    let isOdd = digits.last.map { $0 % 2 == 1 } ?? whole.isOdd
    if rest > above || (rest == above && isOdd) {
      var place = digits.count - 1
      while place >= 0, digits[place] == 9 {
        digits[place] = 0
        place -= 1
      }
      if place >= 0 {
        digits[place] += 1
      } else {
        guard let next = try? whole.plus(Wide(1)) else { preconditionFailure("a quotient beyond its numerator") }
        whole = next
      }
    }
    var text = whole.description
    if places > 0 { text += "." + digits.map(String.init).joined() }
    let isZero = whole.isZero && digits.allSatisfy { $0 == 0 }
    return isNegative && !isZero ? "-" + text : text
  }

  /// Rounded half to even to an integer at 10^-`scale`; nil beyond 128 bits.
  func rounded(scale: Int) -> Int128? { Int128(text(places: scale).filter { $0 != "." }) }

  /// With 10 digits behind the point, less the zeros at the end: exact for half of a price.
  var shortest: String {
    var text = Array(text(places: 10).utf8)
    while text.last == UInt8(ascii: "0") { text.removeLast() }
    if text.last == UInt8(ascii: ".") { text.removeLast() }
    return String(decoding: text, as: UTF8.self)
  }

  package var json: JSON {
    .object([
      "numerator": .string((isNegative ? "-" : "") + magnitude.description),
      "denominator": .string(divisor.description),
    ])
  }
}
