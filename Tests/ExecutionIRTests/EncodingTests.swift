// SPDX-License-Identifier: Apache-2.0

import ExecutionIR
import Testing

@Suite struct FixedPointTests {
  @Test(arguments: [
    ("0", 9, Int64(0)), ("61685.99", 9, 61_685_990_000_000), ("0.00000001", 8, 1), ("-12.5", 1, -125),
    ("1000000000", 0, 1_000_000_000), ("1.2300", 2, 123), ("9223372036.854775807", 9, Int64.max),
    ("-9223372036.854775808", 9, Int64.min),
  ])
  func readsExactly(_ text: String, _ scale: Int, _ value: Int64) throws {
    #expect(try FixedPoint.parse(text, scale: scale) == value)
  }

  @Test(arguments: ["", "-", ".", "1.", ".5", "1e3", "1,5", "0x1", " 1", "1 ", "--1", "1.2.3", "٣"])
  func refusesWhatIsNoDecimal(_ text: String) {
    #expect(throws: FixedPointError.notADecimal(text)) { try FixedPoint.parse(text, scale: 9) }
  }

  @Test func refusesLostDigitsAndOverflow() {
    #expect(throws: FixedPointError.inexact("0.001", scale: 2)) { try FixedPoint.parse("0.001", scale: 2) }
    #expect(throws: FixedPointError.outOfRange("9223372036.854775808", scale: 9)) {
      try FixedPoint.parse("9223372036.854775808", scale: 9)
    }
    #expect(throws: FixedPointError.outOfRange("99999999999", scale: 9)) {
      try FixedPoint.parse("99999999999", scale: 9)
    }
  }

  @Test func readsBackWhatItWrites() throws {
    var state: UInt64 = 7
    for _ in 0..<10_000 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let value = Int64(bitPattern: state) >> Int64(state % 50)
      let scale = Int(state >> 40 % 19)
      #expect(try FixedPoint.parse(FixedPoint.text(value, scale: scale), scale: scale) == value)
    }
  }
}

@Suite struct CanonicalJSONTests {
  /// RFC 8785 section 3.2.3: the order of keys, by UTF-16 code units.
  @Test func sortsKeysAsTheStandardDoes() {
    let keys = ["\u{20ac}", "\r", "\u{fb33}", "1", "\u{1f600}", "\u{80}", "\u{f6}"]
    let json = JSON.object(Dictionary(uniqueKeysWithValues: keys.map { ($0, JSON.integer(0)) }))
    let expected = ["\\r", "1", "\u{80}", "\u{f6}", "\u{20ac}", "\u{1f600}", "\u{fb33}"].map { "\"\($0)\":0" }
    #expect(String(decoding: json.canonical, as: UTF8.self) == "{" + expected.joined(separator: ",") + "}")
  }

  @Test func escapesAsTheStandardDoes() {
    let text = "\u{20ac}$\u{0f}\nA'B\"\\\"/"
    #expect(String(decoding: JSON.string(text).canonical, as: UTF8.self) == "\"€$\\u000f\\nA'B\\\"\\\\\\\"/\"")
  }

  @Test(arguments: [
    "{\"a\":1,\"a\":2}", "[1,]", "{", "01", "-0", "1.5", "1e2", "9007199254740992", "\"\\ud800\"", "tru", "[1] 2",
    "\"\u{1}\"", "{\"a\"}", "\"\\x\"", "",
  ])
  func refuses(_ text: String) {
    #expect(throws: JSONError.self) { try JSON.parse(Array(text.utf8)) }
  }

  @Test func refusesDepthAndBrokenText() {
    #expect(throws: JSONError.self) { try JSON.parse(Array(repeating: UInt8(ascii: "["), count: 100_000)) }
    #expect(throws: JSONError.self) { try JSON.parse([34, 0xff, 34]) }
  }

  @Test func readsBackWhatItWrites() throws {
    let value = JSON.object([
      "list": .array([.null, .bool(true), .integer(-5), .string("x\u{1f600}")]), "wide": .wide(Int64.min),
      "empty": .object([:]),
    ])
    #expect(try JSON.parse(value.canonical) == value)
    #expect(JSON.wide(Int64.min).integer(as: Int64.self) == .min)
  }
}
