// SPDX-License-Identifier: Apache-2.0

/// Takes polynomials between their values at the roots of unity and their coefficients, many at a time: a matrix has a
/// row for each value and a column for each polynomial, so that one root serves a whole row.
///
/// Coefficients stand in bit-reversed order. Both directions then work in place, and nothing is ever permuted.
package struct NumberTheoreticTransform<F: PrimeField>: Sendable {
  /// How many values, a power of two.
  package let size: Int
  /// The powers of the root of unity, of its inverse, and those of the roots of each shift.
  private let roots: [F]
  private let inverseRoots: [F]
  /// How many cosets of the roots there are values at, the roots themselves included.
  private let shifts: Int
  /// For each coset, what the coefficient in that row is multiplied with, its share of the inverse transform included.
  private let twists: [F]

  /// With a density of four there are three further points after each root, of shift one, two and three.
  package init(size: Int, density: Int = 1) {
    precondition(size > 0 && size & (size - 1) == 0 && density > 0 && density & (density - 1) == 0)
    self.size = size
    shifts = density
    let logarithm = size.trailingZeroBitCount
    roots = powers(of: F.root(logarithm: logarithm), count: size)
    inverseRoots = powers(of: F.root(logarithm: logarithm).inverse, count: size)
    let denser = F.root(logarithm: logarithm + density.trailingZeroBitCount)
    let fraction = F(reduced: F.Integer(size)).inverse
    var twists: [F] = []
    var start = F.one
    for _ in 0..<density {
      let ordered = powers(of: start, count: size)
      for row in 0..<size { twists.append(ordered[bitReversed(row, bits: logarithm)] * fraction) }
      start = start * denser
    }
    self.twists = twists
  }

  /// From values at the roots to coefficients times `size`, in bit-reversed order.
  package func interpolate(_ matrix: inout SecretBuffer<F>, width: Int) {
    precondition(matrix.count == size * width)
    var half = size / 2
    while half > 0 {
      let step = size / (2 * half)
      for place in 0..<half {
        let root = inverseRoots[place * step]
        for block in stride(from: 0, to: size, by: 2 * half) {
          let upper = (block + place) * width, lower = (block + place + half) * width
          for column in 0..<width {
            let first = matrix[upper + column], second = matrix[lower + column]
            matrix[upper + column] = first + second
            matrix[lower + column] = place == 0 ? first - second : (first - second) * root
          }
        }
      }
      half /= 2
    }
  }

  /// From what `interpolate` gives to the values at the roots times the `shift`-th power of the denser root.
  package func evaluate(
    _ coefficients: borrowing SecretBuffer<F>, shift: Int, width: Int, into matrix: inout SecretBuffer<F>
  ) {
    precondition(coefficients.count == size * width && matrix.count == size * width && (0..<shifts).contains(shift))
    for row in 0..<size {
      let twist = twists[shift * size + row]
      for index in row * width..<(row + 1) * width { matrix[index] = coefficients[index] * twist }
    }
    var half = 1
    while half < size {
      let step = size / (2 * half)
      for place in 0..<half {
        let root = roots[place * step]
        for block in stride(from: 0, to: size, by: 2 * half) {
          let upper = (block + place) * width, lower = (block + place + half) * width
          for column in 0..<width {
            let first = matrix[upper + column]
            let second = place == 0 ? matrix[lower + column] : matrix[lower + column] * root
            matrix[upper + column] = first + second
            matrix[lower + column] = first - second
          }
        }
      }
      half *= 2
    }
  }
}

func powers<F: PrimeField>(of element: F, count: Int) -> [F] {
  var powers: [F] = []
  powers.reserveCapacity(count)
  var power = F.one
  for _ in 0..<count {
    powers.append(power)
    power = power * element
  }
  return powers
}

func bitReversed(_ index: Int, bits: Int) -> Int {
  var reversed = 0
  for bit in 0..<bits where index >> bit & 1 == 1 { reversed |= 1 << (bits - 1 - bit) }
  return reversed
}
