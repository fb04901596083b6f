// SPDX-License-Identifier: Apache-2.0

import SecureAggregation
import Testing

struct PolynomialTests {
  private func value<F: PrimeField>(_ coefficients: [F], at point: F) -> F {
    coefficients.reversed().reduce(.zero) { $0 * point + $1 }
  }

  /// A matrix of polynomials, by their values, to the values between: against the sum of the terms.
  private func checkTransform<F: PrimeField>(_: F.Type) {
    var generator = SeededGenerator(state: 11)
    for logarithm in 0...6 {
      for (width, density) in [(1, 1), (1, 2), (3, 2), (5, 4), (2, 8)] {
        let size = 1 << logarithm
        let transform = NumberTheoreticTransform<F>(size: size, density: density)
        let polynomials: [[F]] = (0..<width).map { _ in (0..<size).map { _ in generator.element() } }
        let root = F.root(logarithm: logarithm)
        let denser = F.root(logarithm: logarithm + density.trailingZeroBitCount)
        var matrix = SecretBuffer<F>(repeating: .zero, count: size * width)
        for row in 0..<size {
          for column in 0..<width {
            matrix[row * width + column] = value(polynomials[column], at: root.power(F.Integer(row)))
          }
        }
        transform.interpolate(&matrix, width: width)
        var values = SecretBuffer<F>(repeating: .one, count: size * width)
        for shift in 0..<density {
          transform.evaluate(matrix, shift: shift, width: width, into: &values)
          for row in 0..<size {
            for column in 0..<width {
              let point = root.power(F.Integer(row)) * denser.power(F.Integer(shift))
              let found = values[row * width + column]
              #expect(found == value(polynomials[column], at: point), "\(size) \(shift) \(row) \(column)")
            }
          }
        }
      }
    }
  }

  @Test func transforms() {
    checkTransform(Field64.self)
    checkTransform(Field128.self)
  }

  /// Values at the roots, some of them missing, to a value at any point.
  private func checkLagrange<F: PrimeField>(_: F.Type) {
    var generator = SeededGenerator(state: 12)
    for logarithm in 0...5 {
      let size = 1 << logarithm
      for known in Set([1, size / 2 + 1, size - 1, size]).filter({ $0 > 0 && $0 <= size }).sorted() {
        let basis = LagrangeBasis<F>(size: size, known: known)
        let coefficients: [F] = (0..<known).map { _ in generator.element() }
        let root = F.root(logarithm: logarithm)
        var values = SecretBuffer<F>(repeating: .one, count: size)
        for index in 0..<known { values[index] = value(coefficients, at: root.power(F.Integer(index))) }
        basis.extend(&values)
        // A root of unity itself is a point too.
        for point in [generator.element(), generator.element(), F.zero, root] {
          let weights = basis.coefficients(at: point)
          var sum = F.zero
          for index in 0..<size { sum += weights[index] * values[index] }
          #expect(sum == value(coefficients, at: point), "\(size) \(known)")
        }
      }
    }
  }

  @Test func lagrange() {
    checkLagrange(Field64.self)
    checkLagrange(Field128.self)
  }
}
