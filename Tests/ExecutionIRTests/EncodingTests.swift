// SPDX-License-Identifier: Apache-2.0

import ExecutionIR
import Testing

@Suite struct EncodingTests {
  private func parse(_ text: String) throws -> JSON { try JSON.parse(Array(text.utf8)) }

  /// RFC 8785 section 3.2.3: keys sort by UTF-16 code units, so that U+1F600 comes before U+FB33.
  @Test func keysSortAsTheStandardSays() throws {
    let json = try parse(
      #"{"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7}"#)
    let text = String(decoding: json.canonical, as: UTF8.self)
    #expect(text == "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"ö\":7,\"€\":1,\"😀\":5,\"\u{fb33}\":3}")
  }

  @Test func stringsEscapeWhatTheStandardSaysAndNoMore() throws {
    let json = JSON.string("\u{0}\u{8}\t\n\u{b}\u{c}\r\u{1f} \"\\/\u{7f}é€😀")
    #expect(
      String(decoding: json.canonical, as: UTF8.self)
        == #""\u0000\b\t\n\u000b\f\r\u001f \"\\/"# + "\u{7f}é€😀\"")
    #expect(try JSON.parse(json.canonical) == json)
  }

  @Test(arguments: [
    ("", 0), ("  ", 2), ("{", 1), ("[1,]", 3), ("[1 2]", 3), ("01", 2), ("-", 1), ("1.0", 1), ("1e3", 1),
    ("9007199254740992", 0), ("-9007199254740992", 0), ("\"a", 0), ("\"\u{1}\"", 1), (#""\x""#, 3),
    (#""\ud800""#, 7), (#""\udc00""#, 7), ("tru", 3), ("nul", 3), (#"{"a":1,"a":2}"#, 7), ("{1:2}", 1), ("1 1", 2),
    ("-0", 2), ("+1", 0), ("[1}", 2),
  ])
  func refusesWithThePlace(text: String, offset: Int) {
    do {
      _ = try parse(text)
      Issue.record("accepted \(text)")
    } catch let error as JSONError {
      #expect(error.offset == offset, "\(text): \(error)")
    } catch {
      Issue.record("\(error)")
    }
  }

  @Test func depthAndEncodingAreBounded() throws {
    #expect(throws: JSONError.self) { try parse(String(repeating: "[", count: 100_000)) }
    #expect(throws: JSONError.self) { try parse(String(repeating: "{\"a\":", count: 100_000)) }
    #expect(try parse(String(repeating: "[", count: 60) + String(repeating: "]", count: 60)).elements?.count == 1)
    #expect(throws: JSONError.self) { try JSON.parse([0x22, 0xFF, 0x22]) }
    #expect(throws: JSONError.self) { try JSON.parse([0x22, 0xC0, 0x80, 0x22]) }
  }

  @Test func wideIntegersBecomeText() {
    #expect(JSON.wide(9_007_199_254_740_991 as Int64) == .integer(9_007_199_254_740_991))
    #expect(JSON.wide(9_007_199_254_740_992 as Int64) == .string("9007199254740992"))
    #expect(JSON.wide(Int128.min) == .string("-170141183460469231731687303715884105728"))
    #expect(JSON.wide(Int128.min).integer(as: Int128.self) == Int128.min)
    #expect(JSON.string("007").integer(as: Int.self) == nil)
    #expect(JSON.string("+7").integer(as: Int.self) == nil)
    #expect(JSON.integer(-1).integer(as: UInt64.self) == nil)
  }

  /// FIPS 180-4's example "abc", and the empty message.
  @Test func digestsAreSHA256() {
    #expect(
      Digest(of: Array("abc".utf8)).description
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    #expect(Digest(of: [UInt8]()).description == empty)
    #expect(Digest(hexadecimal: empty) == Digest(of: [UInt8]()))
    #expect(Digest(hexadecimal: empty.uppercased()) == nil)
    #expect(Digest(hexadecimal: empty.dropLast()) == nil)
    #expect(Digest(bytes: [UInt8](repeating: 0, count: 31)) == nil)
  }

  @Test func decimalsAreExactOrRefused() throws {
    #expect(try FixedPoint.parse("-9223372036854775808", scale: 0) == Int64.min)
    #expect(try FixedPoint.parse("9223372036854775807", scale: 0) == Int64.max)
    #expect(try FixedPoint.parse("-9.223372036854775808", scale: 18) == Int64.min)
    #expect(try FixedPoint.parse("0.10000000000000000000000", scale: 1) == 1)
    #expect(throws: FixedPointError.outOfRange("9223372036854775808", scale: 0)) {
      try FixedPoint.parse("9223372036854775808", scale: 0)
    }
    #expect(throws: FixedPointError.inexact("0.11", scale: 1)) { try FixedPoint.parse("0.11", scale: 1) }
    for text in ["", ".", "1.", ".5", "-", "1e5", "1,5", " 1", "1 ", "+1", "--1", "1.2.3", "٣", "0x1"] {
      #expect(throws: FixedPointError.self) { try FixedPoint.parse(text, scale: 4) }
    }
    #expect(FixedPoint.text(-5, scale: 3) == "-0.005")
    #expect(FixedPoint.text(Int128.min, scale: 38) == "-1.70141183460469231731687303715884105728")
  }

  @Test func exactDecimalsHaveOneForm() throws {
    #expect(try ExactDecimal("12.50") == ExactDecimal(units: 125, scale: 1))
    #expect(try ExactDecimal("0.000") == ExactDecimal(units: 0, scale: 0))
    #expect(ExactDecimal(units: 1_000, scale: 3) == ExactDecimal(units: 1, scale: 0))
    #expect(try ExactDecimal("-0.000000000000000001").description == "-0.000000000000000001")
    #expect(try ExactDecimal("12.5").units(atScale: 8) == 1_250_000_000)
    #expect(throws: FixedPointError.self) { try ExactDecimal("12.5").units(atScale: 0) }
    #expect(throws: FixedPointError.self) { try ExactDecimal("0.0000000000000000001") }
    #expect(throws: FixedPointError.self) { try ExactDecimal("10").units(atScale: 18) }
    var units: Int64 = 1
    for _ in 0..<2_000 {
      units = units &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let scale = Int(units.magnitude % 19)
      let value = ExactDecimal(units: units, scale: scale)
      #expect(try ExactDecimal(value.description) == value)
      #expect(try value.units(atScale: scale) == units)
    }
  }
}
