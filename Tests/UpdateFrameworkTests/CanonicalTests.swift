// SPDX-License-Identifier: Apache-2.0

import ExecutionIR
import Testing
import UpdateFramework

@Suite struct CanonicalTests {
  @Test(arguments: 0..<3) func bytesAreThoseOfSecuresystemslib(_ index: Int) throws {
    let fact = PythonFacts.canonical[index]
    let json = try JSON.parse(Array(fact.json.utf8))
    #expect(Hexadecimal.encode(json.canonicalForSigning) == fact.bytes)
  }

  /// What is signed may be no JSON; what is written always is.
  @Test func filesAreJSONWhateverTheirStringsHold() throws {
    let json = JSON.object(["a": .string("two\nlines\u{0}")])
    #expect(throws: JSONError.self) { try JSON.parse(json.canonicalForSigning) }
    #expect(try JSON.parse(json.canonical) == json)
  }
}

@Suite struct MetadataTimeTests {
  /// Python's `datetime` gave these.
  @Test(
    arguments: [
      (0, "1970-01-01T00:00:00Z"), (-1, "1969-12-31T23:59:59Z"), (951_782_400, "2000-02-29T00:00:00Z"),
      (951_868_799, "2000-02-29T23:59:59Z"), (4_102_444_800, "2100-01-01T00:00:00Z"),
      (253_402_300_799, "9999-12-31T23:59:59Z"), (-62_135_596_800, "0001-01-01T00:00:00Z"),
      (1_709_164_800, "2024-02-29T00:00:00Z"), (-86_400, "1969-12-31T00:00:00Z"), (68_169_600, "1972-02-29T00:00:00Z"),
      (-2_208_988_800, "1900-01-01T00:00:00Z"), (1_791_071_999, "2026-10-03T23:59:59Z"),
    ] as [(Int64, String)])
  func secondsAndTextsAreTheSame(_ seconds: Int64, _ text: String) throws {
    #expect(MetadataTime(seconds: seconds).description == text)
    #expect(try #require(MetadataTime(text)).seconds == seconds)
  }

  @Test func everyDayOfFourCenturiesComesBack() throws {
    for day in stride(from: Int64(-80_000), to: 80_000, by: 1) {
      let time = MetadataTime(seconds: day * 86_400 + 86_399)
      #expect(MetadataTime(time.description) == time)
    }
  }

  @Test(arguments: [
    "", "2030-01-01", "2030-01-01T00:00:00", "2030-01-01T00:00:00z", "2030-01-01 00:00:00Z", "2030-1-01T00:00:00Z",
    "2030-13-01T00:00:00Z", "2030-00-01T00:00:00Z", "2030-02-30T00:00:00Z", "2100-02-29T00:00:00Z",
    "2030-01-00T00:00:00Z", "2030-01-01T24:00:00Z", "2030-01-01T00:60:00Z", "2030-01-01T00:00:60Z",
    "0000-01-01T00:00:00Z", "2030-01-01T00:00:00.5Z", "2030-01-01T00:00:00+00:00", "+030-01-01T00:00:00Z",
    "２030-01-01T00:00:00Z",
  ])
  func otherFormsAreNoTimes(_ text: String) { #expect(MetadataTime(text) == nil) }

  @Test func yearsThatCannotBeWrittenAreCutOff() {
    #expect(MetadataTime(seconds: .max).description == "9999-12-31T23:59:59Z")
    #expect(MetadataTime(seconds: .min).description == "0001-01-01T00:00:00Z")
  }
}
