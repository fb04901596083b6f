// SPDX-License-Identifier: Apache-2.0

/// An exact decimal, `units` × 10^-`scale`, in its one shortest form: `scale` is 0 or `units` is no multiple of 10.
/// So equal numbers are equal values and have the same digest.
public struct ExactDecimal: Hashable, Sendable, CustomStringConvertible {
  public let units: Int64
  /// Places behind the point, 0...18.
  public let scale: Int

  /// `units` × 10^-`scale` with trailing zeros removed; `scale` is 0...18.
  public init(units: Int64, scale: Int) {
    precondition((0...18).contains(scale), "a scale is 0...18")
    var units = units
    var scale = units == 0 ? 0 : scale
    while scale > 0, units % 10 == 0 {
      units /= 10
      scale -= 1
    }
    self.units = units
    self.scale = scale
  }

  /// Reads `-12.5`, `100`, `0.000001`: at most 18 places behind the point, zeros at the end not counted.
  public init(_ text: some StringProtocol) throws(FixedPointError) {
    var places = 0
    var sincePoint = -1
    for byte in text.utf8 {
      if byte == UInt8(ascii: ".") {
        sincePoint = 0
      } else if sincePoint >= 0 {
        sincePoint += 1
        if byte != UInt8(ascii: "0") { places = sincePoint }
      }
    }
    let scale = min(places, 18)
    self.init(units: try FixedPoint.parse(text, scale: scale), scale: scale)
  }

  /// The integer that this number is at 10^-`scale` (0...18); an error when digits would be lost.
  public func units(atScale scale: Int) throws(FixedPointError) -> Int64 {
    try FixedPoint.parse(description, scale: scale)
  }

  public var description: String { FixedPoint.text(units, scale: scale) }

  /// The decimal as a string: the record writes no floating point.
  public var json: JSON { .string(description) }
}
