// SPDX-License-Identifier: Apache-2.0

internal import DurableFiles
package import ExecutionIR
package import Governance
package import TransparencyLog

/// A report as the run's ledger names it.
package struct FiledReport: Equatable, Sendable {
  /// Within the run directory.
  package let name: String
  package let digest: Digest
  package let leaf: UInt64

  package init(name: String, digest: Digest, leaf: UInt64) {
    self.name = name
    self.digest = digest
    self.leaf = leaf
  }
}

/// Files reports in a run that has ended, by who holds its key: first the file, whole and synced, then the leaf that names
/// its digest, then the checkpoint. Stopped at any moment, it leaves a directory whose verification names what was left
/// and nothing else, and `settle` of the next one clears that away.
///
/// A run that has not ended takes no report: it goes on by comparing its leaves from the first one on, and a report's leaf
/// would stand in its way.
package struct ReportFiling: ~Copyable {
  private let directory: RunDirectory
  private let description: RunDescription
  private let identity: Identity
  private let lock: RunLock

  /// - Parameter identity: whose key signed the run.
  package init(_ directory: RunDirectory, _ description: RunDescription, identity: Identity) throws(RunError) {
    precondition(identity.publicVerifierKey == description.verifier, "only the run's own identity files reports")
    lock = try RunLock.take(directory)
    self.directory = directory
    self.description = description
    self.identity = identity
  }

  /// Verifies the run. Where nothing is wrong but what an interrupted command left, clears that away, as the command itself
  /// would do when given again, and verifies once more.
  ///
  /// - Returns: what holds now, and the paths that were cleared.
  package func settle(key: VerifierKey?) throws(RunError) -> (report: VerificationReport, cleared: [String]) {
    var report = try RunVerifier.verify(directory, key: key)
    var cleared: [String] = []
    // Tiles that a fuller one repeats are no fault; they go as they would have gone then.
    if report.isFinished, report.findings.isEmpty, report.tail.contains(where: { $0.hasPrefix("ledger/") }) {
      _ = try openLedger().published
      report = try RunVerifier.verify(directory, key: key)
    }
    // The ledger first: a checkpoint that was signed but not yet in its place may name what lies in `reports/`.
    let ledger = report.leavings.filter { $0.hasPrefix("ledger/") }
    if report.hasOnlyLeavings, !ledger.isEmpty {
      _ = try openLedger().published
      cleared += ledger
      report = try RunVerifier.verify(directory, key: key)
    }
    if report.hasOnlyLeavings, report.leavings.allSatisfy(ReportFormat.isReport) {
      for path in report.leavings {
        do throws(FileError) { try Files.remove("\(directory.path)/\(path)") } catch { throw .io(error.description) }
      }
      cleared += report.leavings
      report = try RunVerifier.verify(directory, key: key)
    }
    return (report, cleared)
  }

  /// Puts a report into the directory and its digest into the ledger, unless one of `filed` is the same.
  ///
  /// - Parameters:
  ///   - leaves: of the ledger's beginning that the report is computed from; `root` is the root over them.
  ///   - filed: the reports that the ledger names already.
  /// - Returns: the report, and whether it is new.
  package func file(
    _ bytes: [UInt8], _ format: ReportFormat, leaves: UInt64, root: MerkleHash, filed: [FiledReport]
  ) throws(RunError) -> (report: FiledReport, isNew: Bool) {
    let digest = Digest(of: bytes)
    if let same = filed.first(where: { $0.digest == digest && $0.name.hasSuffix("." + format.rawValue) }) {
      return (same, false)
    }
    var number = 1
    while filed.contains(where: { $0.name == format.name(number) }) { number += 1 }
    let name = format.name(number)
    do throws(FileError) {
      try Files.makeDirectory(directory.reports)
      try Files.syncDirectory(of: directory.reports)
      try Files.writeDurably(bytes, to: "\(directory.path)/\(name)")
    } catch {
      throw .io(error.description)
    }
    let statement = RunStatements.report(name, digest, format: format, leaves: leaves, root: root, description)
    var ledger = try openLedger()
    do throws(LedgerError) {
      let leaf = try ledger.append(statement)
      try ledger.publish()
      return (FiledReport(name: name, digest: digest, leaf: leaf), true)
    } catch {
      throw ReportFiling.failure(error)
    }
  }

  private func openLedger() throws(RunError) -> AuditLedger {
    do throws(LedgerError) {
      return try AuditLedger(directory: directory.ledger, origin: description.origin, identity: identity)
    } catch {
      throw ReportFiling.failure(error)
    }
  }

  private static func failure(_ error: LedgerError) -> RunError {
    switch error {
    case .log(.file(let error)): .io(error.description)
    case .log(.inUse): .io("the ledger: \(error)")
    default: .badInput("the ledger: \(error)")
    }
  }
}
