// SPDX-License-Identifier: Apache-2.0

internal import AdapterConformance
internal import AdapterHost
internal import BrokenAdapters
internal import Foundation
internal import Testing

/// What runs only when it is asked for: expected events, fuzzing, another build, a sanitizer build.
@Suite struct OnDemandTests {
  private func events(_ adapter: String, _ expected: [UInt8]?) throws -> ConformanceReport {
    try Harness.run(try Workshop.adapter(adapter), captures: [Harness.capture], only: "^events\\.expected$") {
      $0.demandsExpectations = true
      if let expected { $0.expectations = [Harness.capture: expected] }
    }
  }

  @Test func expectedEventsAreHeldAgainst() throws {
    let blessed = try events("correct", nil)
    let text = try #require(blessed.events[Harness.capture])
    #expect(blessed.results.map(\.status) == [.skip])
    let lines = String(decoding: text, as: UTF8.self).split(separator: "\n")
    #expect(lines[0] == "exprove-expected/1" && lines.count > 250)
    #expect(lines[1] == "0 text number=0 bytes=414243 flags=0x40")
    #expect(lines[2] == "0 instrument sequence=1 instrument=0 flags=0x41")
    #expect(try events("correct", nil).events == blessed.events)
    #expect(try events("correct", text).results[0].status == .pass)
    let other = try events("executes_twice", text).results[0]
    #expect(other.status == .fail)
    // With the line, both texts and the frame's bytes.
    let place = try #require(lines.firstIndex { $0.contains("order_execute") })
    #expect(
      other.detail.contains("line \(place + 1) of its expected events is “\(lines[place])”, the adapter gives “")
        && other.detail.contains("bytes: 45"), "\(other.detail)")
    let short = try events("correct", Array(text.dropLast(40)) + [0x0A]).results[0]
    #expect(short.status == .fail && short.detail.contains("--bless writes them"))
  }

  private func fuzzed(_ adapter: String, _ draws: Int) throws -> ConformanceReport {
    try Harness.run(try Workshop.adapter(adapter), captures: [Harness.capture], seed: 4, only: "^fuzz") {
      $0.fuzz = FuzzPlan(iterations: draws)
    }
  }

  @Test func fuzzingLeavesTheCorrectAdapterAlone() throws {
    let report = try fuzzed("correct", 600)
    #expect(report.results.map(\.status) == [.pass] && report.findings.isEmpty, "\(report.text)")
    #expect(report.results[0].detail.hasPrefix("600 draws of 96 frames; learned: 6 kinds of frames"), "\(report.text)")
  }

  @Test func fuzzingFindsAndMinimises() throws {
    // Falls over a quote whose prices are crossed at the extreme: the capture has none.
    let path = try Workshop.text(
      "crossed",
      """
      #include <exprove/adapter.h>
      static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out);
      #define FRAME frame
      #include "base.h"
      static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out) {
        uint32_t count = base_frame(s, p, size, index, out);
        exprove_event *last = &out[count - 1];
        volatile uint32_t *nowhere = (volatile uint32_t *)16;
        if (last->kind == EXPROVE_KIND_ORDER_EXECUTE && last->quantity == 0xFFFFFFFF) *nowhere = 1;
        return count;
      }
      #include "entry.h"
      """)
    func run() throws -> ConformanceReport {
      try Harness.run(path, captures: [Harness.capture], seed: 4, only: "^fuzz") {
        $0.fuzz = FuzzPlan(iterations: 1500)
      }
    }
    let report = try run()
    let finding = try #require(report.findings.first, "\(report.text)")
    #expect(finding.status == .crash && report.results[0].status == .crash && !report.passes)
    // The definitions up to its symbol's, and the execution itself, with its quantity of all ones.
    #expect(finding.frames == 4, "\(finding)")
    #expect(finding.detail.contains("ffffffff") && finding.detail.contains("SIGSEGV in decode"))
    #expect(report.results[0].reproduce.contains("--fuzz-iterations \(finding.draw + 1) --only '^fuzz"))
    // The same seed draws the same, and what was written breaks it as a capture of its own.
    #expect(try run().findings == report.findings)
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("finding-\(getpid()).bin").path
    try Data(finding.capture).write(to: URL(fileURLWithPath: file))
    defer { try? FileManager.default.removeItem(atPath: file) }
    let again = try Harness.run(path, captures: [file], only: "^events\\.contract$").results[0]
    #expect(again.status == .crash, "\(again)")
  }

  @Test func buildsAreHeldAgainstEachOther() throws {
    let correct = try Workshop.adapter("correct")
    func against(_ other: String) throws -> ConformanceResult {
      try Harness.run(correct, captures: [Harness.capture], only: "^differential") { $0.against = other }.results[0]
    }
    let same = try against(try Workshop.adapter("leaks"))
    #expect(same.status == .pass && same.detail.hasSuffix("the same by base 1.0.0"), "\(same)")
    let other = try against(try Workshop.adapter("executes_twice"))
    #expect(
      other.status == .fail && other.detail.contains("quantity 100,") && other.detail.contains("quantity 200,")
        && other.detail.contains("16 bytes: 45"), "\(other)")
    #expect(throws: AdapterError.self) { try against("/nowhere/other.so") }
  }

  @Test func sanitizerBuildsAreWatched() throws {
    let correct = try Workshop.adapter("correct")
    func sanitized(_ build: String) throws -> ConformanceResult {
      try Harness.run(correct, captures: [Harness.capture], only: "^sanitizer") { $0.sanitized = build }.results[0]
    }
    let flags = ["-fsanitize=address,undefined", "-g"]
    let clean = try sanitized(try Workshop.adapter("correct", flags: flags))
    #expect(clean.status == .pass, "\(clean)")
    // The byte behind a saved state: nothing but a sanitizer, or a guard page, sees it.
    let overread = try sanitized(try Workshop.adapter("state_overread", flags: flags))
    #expect(
      overread.status == .fail && overread.detail.contains("AddressSanitizer: heap-buffer-overflow"), "\(overread)")
    let plain = try sanitized(correct)
    #expect(plain.status == .skip && plain.detail.contains("-fsanitize=address"), "\(plain)")
    let stranger = try sanitized(try Workshop.adapter("setting_promised", flags: flags))
    #expect(stranger.status == .fail && stranger.detail.contains("its manifest is another"), "\(stranger)")
  }
}
