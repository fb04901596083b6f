// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
package import ExecutionIR

/// How one check ended.
package enum ConformanceStatus: String, Sendable, CaseIterable {
  case pass, fail, crash, timeout, skip, warn

  /// Whether the adapter does not conform because of it.
  package var isFailure: Bool { self == .fail || self == .crash || self == .timeout }
}

package struct ConformanceResult: Equatable, Sendable {
  package var check: ConformanceCheck
  package var status: ConformanceStatus
  /// What was found, in a sentence; where, and the way out when it failed.
  package var detail: String
  package var milliseconds: Int
  /// A command line that runs this check alone.
  package var reproduce: String

  package init(
    check: ConformanceCheck, status: ConformanceStatus, detail: String, milliseconds: Int, reproduce: String
  ) {
    self.check = check
    self.status = status
    self.detail = detail
    self.milliseconds = milliseconds
    self.reproduce = reproduce
  }
}

/// What a run of the harness found out about one adapter.
package struct ConformanceReport: Equatable, Sendable {
  /// Of the harness: grows when checks are added or sharpened.
  package static let harness = "exprove-conformance/2"

  /// The event format that adapters are held to: the 64 bytes of event.h.
  package static let events = "exprove-event/1"

  package struct Adapter: Equatable, Sendable {
    package var name: String
    package var version: String
    /// SHA-256 of the file, hexadecimal; empty when it could not be read.
    package var digest: String
    package var path: String

    package init(name: String, version: String, digest: String, path: String) {
      self.name = name
      self.version = version
      self.digest = digest
      self.path = path
    }
  }

  package var adapter: Adapter
  package var seed: UInt64
  package var strictness: Strictness
  package var results: [ConformanceResult]
  /// What the manifest says.
  package var abi = ""
  package var captures: [Capture] = []
  /// The text of each capture's events, where they were asked for: what a blessing writes.
  package var events: [String: [UInt8]] = [:]
  package var findings: [FuzzFinding] = []

  package init(adapter: Adapter, seed: UInt64, strictness: Strictness, results: [ConformanceResult]) {
    self.adapter = adapter
    self.seed = seed
    self.strictness = strictness
    self.results = results
  }

  /// Nothing counts against it, and something was checked.
  package var passes: Bool { !results.isEmpty && !results.contains { strictness.counts($0) } }
  /// 0 it holds, 1 it does not.
  package var exitCode: Int32 { passes ? 0 : 1 }

  /// What `conform --json` prints.
  package var json: JSON {
    .object([
      "adapter": .object([
        "name": .string(adapter.name), "version": .string(adapter.version), "digest": .string(adapter.digest),
        "path": .string(adapter.path),
      ]),
      "harness": .string(ConformanceReport.harness),
      "seed": .wide(seed),
      "strictness": .integer(Int64(strictness.level)),
      "captures": .array(
        captures.map {
          .object([
            "path": .string($0.path), "channel": .string($0.channel.name),
            "digest": .string($0.digest.description), "size": .integer(Int64($0.size)),
          ])
        }),
      "verdict": .string(passes ? "pass" : "fail"),
      "checks": .array(
        results.map { result in
          .object([
            "id": .string(result.check.id), "group": .string(result.check.group),
            "status": .string(result.status.rawValue), "detail": .string(result.detail),
            "severity": .string(result.check.severity.rawValue), "level": .integer(Int64(result.check.level)),
            "counts": .bool(strictness.counts(result)), "reason": .string(result.check.reason),
            "milliseconds": .integer(Int64(result.milliseconds)), "reproduce": .string(result.reproduce),
          ])
        }),
    ])
  }

  /// One line a check, then the sum.
  package var text: String {
    var lines = [
      "\(adapter.name) \(adapter.version)  sha256:\(adapter.digest)  seed \(seed)  strictness \(strictness.level)"
    ]
    for result in results {
      lines.append(ConformanceReport.line(result))
      if strictness.counts(result) { lines.append("          reproduce: \(result.reproduce)") }
    }
    lines.append("\(passes ? "conforms" : "does not conform"): \(counts)")
    return lines.joined(separator: "\n") + "\n"
  }

  /// The line of one check.
  package static func line(_ result: ConformanceResult) -> String {
    let status = result.status.rawValue
    let id = result.check.id
    let padding = String(repeating: " ", count: max(1, 24 - id.utf8.count))
    return "\(status)\(String(repeating: " ", count: 9 - status.utf8.count)) \(id)\(padding)\(result.detail)"
  }
}
