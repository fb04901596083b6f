// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR
internal import Governance
internal import RunJournal
internal import TransparencyLog

/// A run directory that is open for reading, and what is known of it.
final class ClientRun {
  let directory: RunDirectory
  let description: RunDescription
  /// `run.json`, byte for byte.
  let descriptionBytes: [UInt8]
  /// What the last verification covered, unless it failed: all that is read afterwards is held to it.
  private var covered: Coverage?

  private struct Coverage {
    let journal: JournalPosition
    let ledger: Checkpoint
  }

  init(directory path: String) throws(ClientError) {
    directory = RunDirectory(path)
    do throws(RunError) { (description, descriptionBytes) = try directory.require() } catch {
      throw ClientError(error)
    }
  }

  /// - Parameter vkey: the signer's key, brought by the caller; nil to check consistency only.
  func verify(vkey: String?) throws(ClientError) -> VerificationReport {
    var key: VerifierKey?
    if let vkey {
      do throws(NoteError) { key = try VerifierKey(parsing: vkey) } catch {
        throw .argument("vkey is no verifier key: \(error)")
      }
    }
    covered = nil
    var report: VerificationReport
    do throws(RunError) { report = try RunVerifier.verify(directory, key: key) } catch { throw ClientError(error) }
    if report.verdict != .failed, report.description != Digest(of: descriptionBytes) {
      report.findings.append("run.json: has changed since the run was opened")
      report.verdict = .failed
    }
    if report.verdict != .failed, let ledger = report.ledger {
      covered = Coverage(journal: report.journal ?? .start, ledger: ledger)
    }
    return report
  }

  func events() throws(ClientError) -> ClientEvents {
    try ClientEvents(directory, description, end: covered?.journal)
  }

  func statements(ofType predicateType: String?, first: UInt64) throws(ClientError) -> ClientStatements {
    try ClientStatements(directory, description, ofType: predicateType, first: first, head: covered?.ledger)
  }
}
