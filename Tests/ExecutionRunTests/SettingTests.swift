// SPDX-License-Identifier: Apache-2.0

import AdapterHost
import BrokenAdapters
import ExecutionRun
import Feeds
import Foundation
import RunJournal
import Testing

/// A setting that its adapter's manifest forbids ends a run before any code of the adapter has run.
@Suite struct SettingTests {
  /// Its constructor and its init leave a file; there is one only when they ran.
  private func adapter(_ mark: String) throws -> String {
    try Workshop.text(
      "settings_first",
      """
      #include "base.h"
      #include <stdio.h>
      __attribute__((constructor)) static void leave_a_mark(void) {
        FILE *file = fopen("\(mark)", "w");
        if (file) fclose(file);
      }
      #define MANIFEST_ABI "1.1"
      #define MANIFEST_MORE "schema: depth range 1..50\\n"
      #include "entry.h"
      """)
  }

  @Test func aWrongSettingIsToldBeforeTheAdapterRuns() throws {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("exprove-settings-\(getpid())").path
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let mark = "\(directory)/mark"
    let path = try adapter(mark)
    try Data([0, 1, 0x53]).write(to: URL(fileURLWithPath: "\(directory)/day.bin"))
    var opening = FeedOpening(isolation: .inProcess, admission: AdapterAdmission(nil))
    func open(_ depth: Int) throws -> RunError? {
      let feed = "XTST=\(path):\(directory)/day.bin,date=2024-03-15,zone=America/New_York,time=venue+0ns,depth=\(depth)"
      do {
        _ = try opening.open(FeedOptions(feed), index: 0, seed: 1)
        return nil
      } catch {
        return error as? RunError
      }
    }
    let error = try #require(try open(51), "it opens")
    #expect(error.exitCode == 64, "\(error)")
    #expect("\(error)".contains("“51”") && "\(error)".contains("“depth”"), "\(error)")
    #expect("\(error)".contains("from 1 to 50"), "\(error)")
    #expect(!FileManager.default.fileExists(atPath: mark), "its constructor ran")
    #expect(try open(50) == nil)
    #expect(FileManager.default.fileExists(atPath: mark), "the mark is made where it runs")
  }
}
