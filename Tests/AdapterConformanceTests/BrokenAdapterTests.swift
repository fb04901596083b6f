// SPDX-License-Identifier: Apache-2.0

internal import AdapterConformance
internal import BrokenAdapters
internal import ExecutionIR
internal import Foundation
internal import Testing

/// The harness tests itself: each broken adapter differs from the correct one by one defect, which its own check
/// must find and no other.
@Suite(.serialized) struct BrokenAdapterTests {
  @Test(arguments: Workshop.broken + Workshop.brokenLibraries) func itsOwnCheckFindsIt(name: String) throws {
    let defect = try Workshop.defect(name)
    let check = try #require(ConformanceCheck(rawValue: defect.check), "\(name) names no check")
    let isBound = Workshop.brokenLibraries.contains(name)
    let path =
      if isBound {
        try Workshop.bound(name)
      } else if check == .staticVersions {
        try newerLibrary()
      } else {
        try Workshop.adapter(name, flags: defect.flags)
      }
    // A library that needs newer ones cannot be loaded here, so only its file is examined.
    let report = try Harness.run(
      path, captures: isBound ? [] : [Harness.capture], orders: isBound ? [] : [Harness.orders], seed: 11,
      only: check == .staticVersions ? "^static" : nil)
    let object = try #require(try JSONSerialization.jsonObject(with: Data(report.json.canonical)) as? [String: Any])
    let checks = try #require(object["checks"] as? [[String: Any]])
    func found(_ statuses: [String]) -> [String] {
      checks.filter { statuses.contains($0["status"] as? String ?? "") }.compactMap { $0["id"] as? String }
    }
    let failed = found(["fail", "crash", "timeout"])
    let isWarning = failed.isEmpty && found(["warn"]).contains(defect.check)
    #expect(failed == [defect.check] || isWarning, "\(name): \(report.text)")
    if let result = report.results.first(where: { $0.check == check }) {
      print("\(name): \(ConformanceReport.line(result))")
    }
  }

  @Test func everyCheckHasABrokenAdapter() throws {
    let caught = try (Workshop.broken + Workshop.brokenLibraries).map { try Workshop.defect($0).check }
    for check in ConformanceCheck.allCases where check != .staticFile && !check.isOnDemand {
      #expect(caught.contains(check.id), "no broken adapter for \(check.id)")
    }
    #expect(ConformanceCheck.allCases.count >= 80)
  }

  /// A crash of a bound library is told with the function that the binder was calling, and its places in the library.
  @Test func crashesOfLibrariesNameTheFunction() throws {
    let capture = FileManager.default.temporaryDirectory.appendingPathComponent("crash-\(getpid()).txt").path
    try Data("1600000000000000000 c!\n".utf8).write(to: URL(fileURLWithPath: capture))
    defer { try? FileManager.default.removeItem(atPath: capture) }
    let report = try Harness.run(
      try Workshop.bound("ticker"), captures: [capture], only: "^events\\.contract$")
    let result = try #require(report.results.first)
    #expect(result.status == .crash, "\(report.text)")
    #expect(result.detail.contains("SIGSEGV in decode (ticker_put) of frame 0 (2 bytes)"), "\(result.detail)")
    #expect(result.detail.contains(/, at 0x[0-9a-f]+ of the file/), "\(result.detail)")
  }

  /// The correct adapter, with a version of the C library written into it that does not exist.
  private func newerLibrary() throws -> String {
    let path = try Workshop.adapter("versions")
    var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    let old = Array("GLIBC_2.2.5".utf8)
    let new = Array("GLIBC_9.2.5".utf8)
    for index in bytes.indices.dropLast(old.count) where bytes[index..<index + old.count].elementsEqual(old) {
      bytes.replaceSubrange(index..<index + old.count, with: new)
    }
    let newer = path + ".newer.so"
    try Data(bytes).write(to: URL(fileURLWithPath: newer))
    return newer
  }
}
