// SPDX-License-Identifier: Apache-2.0

import ExecutionIR
import Foundation
import Testing

/// Random fees, held against Python's integers of any size.
@Suite("Fees against Python")
struct ReferenceFeeTests {
  private struct Case {
    var price: Int64
    var quantity: Int64
    var scale: Int
    var multiplier: String
    var rate: String
    var perUnit: String
  }

  @Test func random() throws {
    var state: UInt64 = 42
    func next(_ bound: UInt64) -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (state >> 20) % bound
    }
    let cases = (0..<400).map { _ in
      Case(
        price: Int64(next(1 << 43)) - (1 << 41), quantity: Int64(next(1 << UInt64(1 + next(40)))) + 1,
        scale: Int(next(19)), multiplier: ["1", "0.001", "100", "0.0000000000001"][Int(next(4))],
        rate: FixedPoint.text(Int64(next(20_000_000)) - 5_000_000, scale: 9),
        perUnit: FixedPoint.text(Int64(next(20_000_000)) - 10_000_000, scale: 9))
    }
    let rows = cases.map { "\($0.price) \($0.quantity) \($0.scale) \($0.multiplier) \($0.rate) \($0.perUnit)" }
    let program = """
      import sys
      from decimal import Decimal, ROUND_HALF_EVEN, getcontext
      getcontext().prec = 200
      unit = Decimal(1).scaleb(-18)
      for row in sys.argv[1].split("\\n"):
          price, quantity, scale, multiplier, rate, per_unit = row.split()
          price = Decimal(price).scaleb(-9)
          quantity = Decimal(quantity).scaleb(-int(scale))
          first = (price * quantity * Decimal(multiplier) * Decimal(rate)).quantize(unit, ROUND_HALF_EVEN)
          second = (Decimal(per_unit) * quantity).quantize(unit, ROUND_HALF_EVEN)
          print(int((first + second).scaleb(18)))
      """
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", "-c", program, rows.joined(separator: "\n")]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    let expected = output.split(separator: "\n").map(String.init)
    try #require(expected.count == cases.count)
    for (one, amount) in zip(cases, expected) {
      let file = """
        {"format":"exprove-reference/1","instruments":[{"name":"I","kind":"future","base":"B","quote":"Q",
        "settlement":"Q","multiplier":"\(one.multiplier)"}],"listings":[{"venue":"V","symbol":"S","instrument":"I",
        "terms":[{"from":"2020-01-01","taker_fee":{"rate":"\(one.rate)","per_unit":"\(one.perUnit)"},
        "fee_currency":"Q"}]}]}
        """
      let terms = try ReferenceData.parse(Array(file.utf8), file: "f")
        .terms(venue: "V", symbol: "S", at: 1_700_000_000_000_000_000)
      let fee = try terms.fee(price: one.price, quantity: one.quantity, scale: one.scale, isMaker: false)
      #expect(String(fee.amount) == amount, "\(one)")
    }
  }
}
