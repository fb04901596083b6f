// SPDX-License-Identifier: Apache-2.0

internal import AdapterConformance
internal import AdapterHost
internal import BrokenAdapters
internal import ExecutionIR
internal import Foundation
internal import Testing

@Suite struct ReportTests {
  @Test func theJSONIsAsDocumented() throws {
    let path = try Workshop.adapter("order_price")
    let report = try Harness.run(path, captures: [Harness.capture], seed: 5, only: "^(static|metadata)")
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(report.json.canonical)) as? [String: Any])
    #expect(Set(object.keys) == ["adapter", "harness", "seed", "strictness", "captures", "verdict", "checks"])
    #expect(object["verdict"] as? String == "fail" && object["seed"] as? Int == 5 && report.exitCode == 1)
    let adapter = try #require(object["adapter"] as? [String: Any])
    let digest = try AdapterImage.read(path: path).digestText
    #expect(adapter["name"] as? String == "base" && adapter["digest"] as? String == digest)
    let checks = try #require(object["checks"] as? [[String: Any]])
    #expect(checks.count == ConformanceCheck.allCases.count { ["static", "metadata"].contains($0.group) })
    for check in checks {
      #expect(
        Set(check.keys) == [
          "id", "group", "status", "detail", "milliseconds", "reproduce", "severity", "level", "counts", "reason",
        ])
      #expect(ConformanceStatus(rawValue: check["status"] as? String ?? "") != nil)
    }
    let failed = try #require(checks.first { $0["status"] as? String == "fail" })
    #expect(failed["id"] as? String == "metadata.orders" && failed["group"] as? String == "metadata")
    let command = try #require(failed["reproduce"] as? String)
    #expect(command.hasPrefix("exprove conform ") && command.hasSuffix("--seed 5 --only '^metadata\\.orders$'"))
    #expect(command.contains(" --capture \(Harness.capture) "))
  }

  @Test func theReproduceCommandFindsTheSame() throws {
    let path = try Workshop.adapter("high_order")
    let all = try Harness.run(path, captures: [Harness.capture], seed: 9)
    let one = try Harness.run(path, captures: [Harness.capture], seed: 9, only: "^malformed\\.mutated$")
    let first = all.results.first { $0.check == .malformedMutated }
    #expect(one.results.map(\.check) == [.malformedMutated])
    #expect(one.results.first?.detail == first?.detail && first?.status == .fail)
  }

  @Test func textNamesWhatFailed() throws {
    let report = try Harness.run(try Workshop.adapter("reads_beyond"), captures: [Harness.capture], only: "^memory")
    #expect(report.text.contains("crash     memory.bounds           SIGSEGV in decode of frame"))
    #expect(report.text.contains("reproduce: exprove conform "))
    // And where in the file, for addr2line.
    #expect(report.text.contains(/SIGSEGV in decode of frame 7 .*, at 0x[0-9a-f]+/))
    #expect(report.text.hasSuffix("does not conform: 6 pass, 1 crash\n"))
  }

  @Test func wrongRequestsAreErrors() throws {
    func code(_ body: () throws -> Void) -> (AdapterError.Code, Int32)? {
      do {
        try body()
        return nil
      } catch {
        return (error as? AdapterError).map { ($0.code, $0.exitCode) }
      }
    }
    let path = try Workshop.adapter("correct")
    #expect(code { _ = try Harness.run(path, only: "(") }! == (.badSetting, 64))
    #expect(code { _ = try Harness.run(path, only: "nothing.at.all") }! == (.badSetting, 64))
    #expect(code { _ = try Harness.run("/nowhere/libx.so") }! == (.missing, 66))
    #expect(code { _ = try Harness.run(path, captures: ["/nowhere/capture"]) }! == (.missing, 66))
  }

  @Test func aFileThatIsNoAdapterFailsItsFirstCheck() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("no-adapter-\(getpid()).so").path
    let good = try Data(contentsOf: URL(fileURLWithPath: try Workshop.adapter("correct")))
    try good.prefix(good.count / 2).write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    let report = try Harness.run(path)
    #expect(report.results.map(\.check) == [.staticFile] && report.results[0].status == .fail && !report.passes)
    #expect(report.results[0].detail.contains("it ends at byte \(good.count / 2)"))
  }

  @Test func everyCheckHasItsOwnIdentifierAndReason() {
    let ids = ConformanceCheck.allCases.map(\.id)
    #expect(Set(ids).count == ids.count)
    #expect(Set(ConformanceCheck.allCases.map(\.reason)).count == ids.count)
    #expect(
      Set(ConformanceCheck.allCases.map(\.group)) == [
        "static", "lifecycle", "abi", "metadata", "determinism", "malformed", "threads", "memory", "time", "events",
        "orders", "reload", "performance", "metamorphic", "fuzz", "differential", "sanitizer",
      ])
  }
}
