// SPDX-License-Identifier: Apache-2.0

import ComplianceReports
import ExecutionIR
import Testing

struct RatioTests {
  @Test(arguments: [
    (Int128(5), Int128(2), 0, "2"), (7, 2, 0, "4"), (1, 2, 0, "0"), (3, 2, 0, "2"), (-5, 2, 0, "-2"),
    (1, 8, 2, "0.12"), (3, 8, 2, "0.38"), (999, 1000, 2, "1.00"), (-1, 1000, 2, "0.00"), (.max, .max, 3, "1.000"),
    (2, 3, 4, "0.6667"), (1, 200, 2, "0.00"), (3, 200, 2, "0.02"),
    (.min, 1, 0, "-170141183460469231731687303715884105728"),
    (9999, 10, 0, "1000"), (.max, 1, 18, "170141183460469231731687303715884105727.000000000000000000"),
  ])
  func roundingIsHalfToEven(_ numerator: Int128, _ denominator: Int128, _ places: Int, _ text: String) {
    #expect(Ratio(numerator, denominator).text(places: places) == text)
  }

  /// Three thousand quotients of up to 254 bits, as Python's decimal rounds them.
  @Test func asPythonRounds() throws {
    guard let told = try python("rounding_vectors.py", ["3000", "20240808"]) else { return }
    #expect(told.status == 0)
    let lines = told.output.split(separator: "\n")
    #expect(lines.count == 3000)
    for line in lines {
      let words = line.split(separator: " ")
      let numbers = try words[..<4].map { try #require(Int128($0)) }
      let ratio = try Ratio(product: numbers[0], numbers[1], over: numbers[2], numbers[3])
      let text = ratio.text(places: try #require(Int(words[4])))
      #expect(text == words[5], "\(line)")
    }
  }

  @Test func differences() throws {
    func text(_ a: Int128, _ b: Int128, _ c: Int128, _ d: Int128) throws -> String {
      try Ratio(difference: a, b, less: c, d).text(places: 3)
    }
    #expect(try text(1, 2, 1, 3) == "0.167")
    #expect(try text(1, 3, 1, 2) == "-0.167")
    #expect(try text(-1, 2, 1, 3) == "-0.833")
    #expect(try text(1, 2, -1, 3) == "0.833")
    #expect(try text(-1, 2, -1, 3) == "-0.167")
    #expect(try text(-1, 3, -1, 2) == "0.167")
    #expect(try text(5, 7, 5, 7) == "0.000")
    let most = Int128.max
    #expect(try text(most, 1, -most, 1) == "340282366920938463463374607431768211454.000")
  }

  @Test func beyond252BitsIsAnError() {
    #expect(throws: MetricOverflow.self) { try Ratio(product: 1, 1, over: .max, .max) }
    #expect(throws: MetricOverflow.self) { try Ratio(product: .max, .max, over: 1, 1).times(10) }
  }

  @Test func theJSONIsExact() throws {
    let ratio = try Ratio(product: -.max, .max, over: 3, 1)
    #expect(
      String(decoding: ratio.json.canonical, as: UTF8.self)
        == #"{"denominator":"3","numerator":"-28948022309329048855892746252171976962977213799489202546401021394546514198529"}"#
    )
  }
}
