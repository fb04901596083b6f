// SPDX-License-Identifier: Apache-2.0

/// Polynomials given by their values at the roots of unity of one order, a power of two: the form of the draft's proofs.
package struct LagrangeBasis<F: PrimeField>: Sendable {
  package let size: Int
  /// How many of the values are given; the degree is less than that.
  package let known: Int
  private let nodes: [F]
  /// Each root divided by the size.
  private let weights: [F]
  /// For each value that is not given, what the given ones are multiplied with.
  private let completion: [[F]]

  /// Where fewer values than `size` are known, the others follow from the degree.
  package init(size: Int, known: Int) {
    precondition(size > 0 && size & (size - 1) == 0 && (1...size).contains(known))
    self.size = size
    self.known = known
    let nodes = powers(of: F.root(logarithm: size.trailingZeroBitCount), count: size)
    let fraction = F(reduced: F.Integer(size)).inverse
    self.nodes = nodes
    weights = nodes.map { $0 * fraction }
    // The polynomial that is one at a known node i, zero at the other known ones, has at the missing node k the value
    // -(x_i / x_k) times the product of (x_i - x_m) / (x_k - x_m) over the other missing nodes m: what all the roots
    // together give is the derivative of x^size - 1.
    completion = (known..<size).map { missing in
      var denominator = nodes[missing]
      for other in known..<size where other != missing { denominator = denominator * (nodes[missing] - nodes[other]) }
      let factor = -denominator.inverse
      return (0..<known).map { index in
        var coefficient = factor * nodes[index]
        for other in known..<size where other != missing { coefficient = coefficient * (nodes[index] - nodes[other]) }
        return coefficient
      }
    }
  }

  /// Fills in what is not given.
  package func extend(_ values: inout SecretBuffer<F>) {
    precondition(values.count == size)
    for (index, coefficients) in completion.enumerated() {
      var sum = F.SumOfProducts()
      for place in 0..<known { sum.add(values[place], coefficients[place]) }
      values[known + index] = sum.value
    }
  }

  /// What the values are multiplied with to give, added up, the polynomial's value at the point: for each node the
  /// product of the point's distances from all the others, times the node's weight. No division, so the nodes
  /// themselves are points like any other.
  package func coefficients(at point: F) -> SecretBuffer<F> {
    var coefficients = SecretBuffer<F>(repeating: .one, count: size)
    var product = F.one
    for index in 0..<size {
      coefficients[index] = product * weights[index]
      product = product * (point - nodes[index])
    }
    product = .one
    for index in stride(from: size - 1, through: 0, by: -1) {
      coefficients[index] = coefficients[index] * product
      product = product * (point - nodes[index])
    }
    return coefficients
  }
}
