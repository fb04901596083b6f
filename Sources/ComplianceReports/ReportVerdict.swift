// SPDX-License-Identifier: Apache-2.0

package import RunJournal

/// What a verification said, shown before anything else. The report itself verifies nothing.
package struct ReportVerdict: Equatable, Sendable {
  package let text: String
  package let holds: Bool
  /// Whether the run has ended; one that was interrupted holds up to its last checkpoint.
  package let isFinished: Bool
  package let findings: [String]
  /// What lies behind the last checkpoint of a run that was interrupted.
  package let tail: [String]
  package let notProven: [String]

  package init(_ report: VerificationReport) {
    text = report.verdict.rawValue
    holds = report.verdict != .failed
    isFinished = report.isFinished
    findings = report.findings
    tail = report.tail
    notProven = report.notProven
  }
}
