// SPDX-License-Identifier: Apache-2.0

internal import AdapterConformance
internal import BrokenAdapters
internal import Foundation
internal import Testing

/// The harness tests itself: each broken adapter differs from the correct one by one defect, which its own check
/// must find and no other.
@Suite(.serialized) struct BrokenAdapterTests {
  @Test(arguments: Workshop.broken) func itsOwnCheckFindsIt(name: String) throws {
    let defect = try Workshop.defect(name)
    let check = try #require(ConformanceCheck(rawValue: defect.check), "\(name) names no check")
    let path =
      check == .staticVersions ? try newerLibrary() : try Workshop.adapter(name, flags: defect.flags)
    // A library that needs newer ones cannot be loaded here, so only its file is examined.
    let report = try Harness.run(
      path, captures: [Harness.capture], seed: 11, only: check == .staticVersions ? "^static" : nil)
    let result = try #require(report.results.first { $0.check == check })
    #expect(result.status.isFailure || result.status == .warn, "\(name): \(ConformanceReport.line(result))")
    print("\(name): \(ConformanceReport.line(result))")
    let allowed = [defect.check] + defect.others
    for other in report.results where !allowed.contains(other.check.id) {
      let isNoticed = other.status.isFailure && !(check == .lifecycleLoad && other.status == .skip)
      #expect(!isNoticed, "\(name): \(ConformanceReport.line(other))")
    }
    for other in defect.others {
      let noticed = report.results.first { $0.check.id == other }
      #expect(noticed?.status.isFailure == true, "\(name): \(other) is named in its file and does not notice it")
    }
  }

  @Test func everyCheckHasABrokenAdapter() throws {
    let caught = try Workshop.broken.map { try Workshop.defect($0).check }
    for check in ConformanceCheck.allCases where check != .staticFile && !check.isOnDemand {
      #expect(caught.contains(check.id), "no broken adapter for \(check.id)")
    }
    #expect(ConformanceCheck.allCases.count >= 80)
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
