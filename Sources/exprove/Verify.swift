// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ExecutionRun
import RunJournal
import TransparencyLog

/// `exprove verify`: trusts nobody, runs no adapter.
struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check a run directory: signatures, log, digests, and that nothing is missing or extra.",
    discussion: """
      Without --vkey the verdict is at best "consistent, signer not authenticated": a run's own keys vouch for nobody.
      Exit code 0 when everything holds, 1 when something does not.

      EXAMPLE
        exprove verify run-1 --vkey 'desk+5f1c…+AW…'
      """)

  @Argument(help: ArgumentHelp("The run directory.", valueName: "directory"))
  var directory: String

  @Option(help: ArgumentHelp("The signer's key, as C2SP writes it: name+id+base64.", valueName: "key"))
  var vkey: String?

  @Flag(help: "One JSON object on standard output.")
  var json = false

  func run() throws {
    try Failure.exit {
      let key = try Verify.key(vkey)
      let report = try RunVerifier.verify(RunDirectory(directory), key: key)
      if json { try Console.printJSON(report.json) } else { print(report) }
      if report.verdict == .failed { throw ExitCode(1) }
    }
  }

  /// The key that the reader brings with `--vkey`.
  static func key(_ vkey: String?) throws -> VerifierKey? {
    guard let vkey else { return nil }
    do { return try VerifierKey(parsing: vkey) } catch {
      throw ValidationError("--vkey is no verifier key: \(error)")
    }
  }

  private func print(_ report: VerificationReport) {
    Console.print("verdict: \(report.verdict.rawValue)")
    for finding in report.findings { Console.print("  does not hold: \(printable(finding))") }
    for tail in report.tail { Console.print("  left by an interruption: \(printable(tail))") }
    if !report.isFinished { Console.print("  the run did not end; what is before its last checkpoint is covered") }
    Console.print("checkpoint: \(report.checkpoint)")
    Console.print("journal: \(report.records) records, \(report.events) events")
    if let digest = report.eventDigest { Console.print("event digest: \(digest)") }
    Console.print("fills: \(report.fills)")
    Console.print(incidents: report.incidents)
    for shadow in report.shadows { Console.print(shadow: shadow, directory: nil) }
    Console.print("not proven:")
    for item in report.notProven { Console.print("  \(item)") }
  }
}
