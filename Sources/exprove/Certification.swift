// SPDX-License-Identifier: Apache-2.0

import AdapterConformance
import ExecutionIR
import Governance
import RunJournal

/// The conformance harness as commands run it, and the certificate that it ends in.
enum Certification {
  /// Runs it; on a terminal one line tells how far it is, elsewhere each check has its line unless it runs quietly.
  static func follow(_ run: ConformanceRun, quietly: Bool) throws -> ConformanceReport {
    let total = run.checks.count
    var done = 0
    let report = try run.run { result in
      done += 1
      if Console.isTerminal {
        if run.strictness.counts(result) {
          Console.progress("")
          Console.note(ConformanceReport.line(result))
        }
        Console.progress("\(done) of \(total): \(result.check.id)")
      } else if !quietly {
        Console.note(ConformanceReport.line(result))
      }
    }
    Console.progress("")
    return report
  }

  /// The certificate of a report that passes, and its file.
  ///
  /// - Parameter started: when the run began, in nanoseconds since 1970.
  static func sign(
    _ report: ConformanceReport, started: Int64, seeds: [UInt64], _ validDays: Int64, by signer: Identity
  ) throws(RunError) -> (ConformanceCertificate, file: [UInt8]) {
    guard let digest = Digest(hexadecimal: report.adapter.digest) else {
      throw .internalFault("the adapter's digest is none")
    }
    let certificate = ConformanceCertificate(
      adapter: report.adapter.name, version: report.adapter.version, digest: digest,
      harness: ConformanceReport.harness, abi: report.abi, ir: ConformanceReport.events, level: report.strictness.level,
      seeds: seeds, corpora: report.captures.map { .init(digest: $0.digest, size: Int64($0.size)) },
      passes: report.passes, findings: report.results.map { .init(check: $0.check.id, status: $0.status.rawValue) },
      issued: started, expires: started + validDays * 86_400_000_000_000)
    do throws(LedgerError) { return (certificate, try certificate.signed(by: signer)) } catch {
      throw .internalFault("\(error)")
    }
  }
}
