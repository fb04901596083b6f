// SPDX-License-Identifier: Apache-2.0

internal import AdapterConformance
internal import AdapterHost
internal import BrokenAdapters
internal import Foundation
internal import Testing

/// Which checks run, and what counts.
@Suite struct StrictnessTests {
  @Test func eachLevelRunsWhatTheOneBelowDoes() throws {
    var before: [ConformanceCheck] = []
    for level in Strictness.range {
      let run = try ConformanceRun(path: "x.so", executable: "x", strictness: Strictness(level: level)!)
      #expect(before.allSatisfy(run.checks.contains) && !run.checks.contains { $0.isOnDemand })
      before = run.checks
      if level == 5 { #expect(before == ConformanceCheck.allCases.filter { !$0.isOnDemand }) }
      if level == 1 { #expect(before.contains(.lifecycleLoad) && before.contains(.staticStack) && before.count < 20) }
    }
    #expect(Strictness(level: 0) == nil && Strictness(level: 11) == nil)
  }

  @Test func warningsCountAtTheEndAndNotesNever() throws {
    func result(_ check: ConformanceCheck, _ status: ConformanceStatus) -> ConformanceResult {
      ConformanceResult(check: check, status: status, detail: "", milliseconds: 0, reproduce: "")
    }
    let usual = Strictness.usual
    let strict = Strictness(level: 9)!
    #expect(!usual.counts(result(.staticImports, .warn)) && strict.counts(result(.staticImports, .warn)))
    #expect(!strict.counts(result(.performanceDecode, .warn)) && strict.counts(result(.performanceDecode, .crash)))
    #expect(usual.counts(result(.eventsContract, .fail)) && usual.counts(result(.memoryAllocations, .timeout)))
    #expect(!strict.counts(result(.eventsContract, .skip)) && !strict.counts(result(.eventsContract, .pass)))
    let clock = try Workshop.adapter("imports")
    for (level, passes) in [(8, true), (9, false)] {
      let report = try Harness.run(clock, only: "^static", level: level)
      #expect(report.passes == passes && report.exitCode == (passes ? 0 : 1), "level \(level): \(report.text)")
    }
  }

  @Test func moreEffortDrawsMore() throws {
    let path = try Workshop.adapter("correct")
    func detail(_ level: Int) throws -> String {
      try Harness.run(path, captures: [Harness.capture], only: "^malformed\\.random$", level: level).results[0].detail
    }
    #expect(try detail(5) == "9000 frames of random bytes")
    #expect(try detail(7) == "18000 frames of random bytes")
  }

  @Test func whereTheTypeStandsIsFound() throws {
    // The type behind a header of two bytes.
    let shifted = try Workshop.text(
      "shifted",
      """
      #include <exprove/adapter.h>
      static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out);
      #define FRAME frame
      #include "base.h"
      static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out) {
        if (size >= 3) {
          uint32_t filled = base_frame(s, p + 2, size - 2, index, out);
          if (out[filled - 1].kind == EXPROVE_KIND_MALFORMED) out[filled - 1].aux += 2;
          return filled;
        }
        uint32_t count = base_malformed(out, index, EXPROVE_MALFORMED_SHORT, size);
        out[0].flags |= EXPROVE_FLAG_LAST;
        return count;
      }
      #include "entry.h"
      """)
    let found = try Harness.run(shifted, only: "^malformed\\.search$").results[0]
    #expect(found.status == .pass && !found.detail.contains("0 of length16"), "\(found.detail)")
    // And where none is, the check says so instead of passing.
    let mute = try Workshop.text(
      "mute",
      """
      #include <exprove/adapter.h>
      static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out);
      #define FRAME frame
      #include "base.h"
      static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out) {
        if (size > 20 && memcmp(p, "\\x93\\xA7magic header\\x01", 15) == 0) return base_frame(s, p + 15, size - 15, index, out);
        exprove_event *e = base_event(out, EXPROVE_KIND_UNKNOWN, index, EXPROVE_NO_INSTRUMENT);
        e->flags = EXPROVE_FLAG_NO_EVENT_TIME | EXPROVE_FLAG_LAST;
        return 1;
      }
      static const void *none(const char *id) { (void)id; return 0; }
      #define SLOT_EXTENSION none
      #include "entry.h"
      """)
    let nothing = try Harness.run(mute, only: "^malformed\\.search$").results[0]
    #expect(nothing.status == .fail || nothing.status == .skip && nothing.detail.contains("--capture"), "\(nothing)")
  }
}
