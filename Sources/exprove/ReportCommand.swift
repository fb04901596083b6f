// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ComplianceReports
import DurableFiles
import ExecutionIR
import Governance
import RunJournal
import TransparencyLog

/// `exprove report`: what the execution cost, and why.
struct Report: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Write the execution report of a run: cost, schedule, venues, fills, denials, each with its ledger leaves.",
    discussion: """
      The run is verified first. Where $EXPROVE_HOME holds the key that signed it and the run has ended, the report goes
      into the run's reports/ and its digest into the ledger; the same report is filed once. Otherwise, and with --out, it
      is written outside, to ./RUN-report.FORMAT, and the run stays as it is.

      What is filed is the same whoever asks: its verdict is the one without --vkey. A report written outside has the
      verdict of this verification. A run that does not hold has no figures, and is reported outside only.

      Exit code 0 when the run holds, 1 when it does not.

      EXAMPLES
        exprove report run-1
        exprove report run-1 --format csv --out fills.csv
        exprove report run-1 --vkey 'desk+5f1c…+AW…' --out report.html
      """)

  @Argument(help: ArgumentHelp("The run directory.", valueName: "directory"))
  var directory: String

  @Option(help: "html, json, or csv: the fills, a row each.")
  var format: ReportFormat = .html

  @Option(help: ArgumentHelp("The signer's key, as C2SP writes it: name+id+base64.", valueName: "key"))
  var vkey: String?

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("Write here, outside the run; - is standard output.", valueName: "file"))
  var out: String?

  @Flag(help: "One JSON object on standard output that says what was written where.")
  var json = false

  func validate() throws {
    guard !(json && out == "-") else { throw ValidationError("--json and --out - both want standard output") }
  }

  func run() throws {
    try Failure.exit {
      let key = try Verify.key(vkey)
      var path = directory
      while path.utf8.count > 1, path.hasSuffix("/") { path.removeLast() }
      let run = RunDirectory(path)
      let (verification, written) = try write(run, key)
      try tell(verification, written)
      if verification.verdict == .failed { throw ExitCode(1) }
    }
  }

  /// What was written where.
  private struct Written {
    var path: String?
    var digest: Digest?
    var leaf: UInt64?
    var isNew = false
    /// Why it is outside the run.
    var reason: String?
    /// What an interrupted command had left in the run.
    var cleared: [String] = []
  }

  private func write(_ run: RunDirectory, _ key: VerifierKey?) throws -> (VerificationReport, Written) {
    guard out == nil else {
      let path = try outside(run)
      let verification = try RunVerifier.verify(run, key: key)
      return (verification, try write(outside: path, run, verification, reason: "as --out asks"))
    }
    switch try signer(run) {
    case .none(let reason):
      let verification = try RunVerifier.verify(run, key: key)
      return (verification, try write(outside: try outside(run), run, verification, reason: reason))
    case .held(let description, let identity):
      let filing = try ReportFiling(run, description, identity: identity)
      let (verification, cleared) = try filing.settle(key: key)
      var written: Written
      if verification.verdict == .failed {
        written = try write(outside: try outside(run), run, verification, reason: "the run does not hold")
      } else if !verification.isFinished {
        written = try write(
          outside: try outside(run), run, verification,
          reason: "the run has not ended, and a report's leaf would stand in its way")
      } else {
        written = try Report.file(run, filing, verification, format)
      }
      written.cleared = cleared
      return (verification, written)
    }
  }

  private static func file(
    _ run: RunDirectory, _ filing: borrowing ReportFiling, _ verification: VerificationReport, _ format: ReportFormat
  ) throws -> Written {
    let report = try ReportBuilder.build(run, verification: verification.unauthenticated)
    let (filed, isNew) = try filing.file(
      bytes(report, format), format, leaves: report.basis.leaves, root: report.basis.root, filed: report.filed)
    return Written(path: "\(run.path)/\(filed.name)", digest: filed.digest, leaf: filed.leaf, isNew: isNew)
  }

  /// Files a report of a run that holds and has ended; returns its path.
  static func file(
    _ run: RunDirectory, _ identity: Identity, _ verification: VerificationReport, _ format: ReportFormat
  ) throws -> String {
    let filing = try ReportFiling(run, try run.require().0, identity: identity)
    return try file(run, filing, verification, format).path ?? run.reports
  }

  private func write(
    outside path: String, _ run: RunDirectory, _ verification: VerificationReport, reason: String
  ) throws -> Written {
    let bytes: [UInt8]
    if verification.verdict == .failed {
      let failed = FailedReport(run, verification: verification)
      switch format {
      case .html: bytes = Array(failed.html.utf8)
      case .json: bytes = failed.json.canonical
      // Rows of fills have no place for a verdict.
      case .csv: return Written(reason: "the run does not hold, so there are no rows and no file")
      }
    } else {
      bytes = Report.bytes(try ReportBuilder.build(run, verification: verification), format)
    }
    if path == "-" {
      Console.write(bytes)
    } else {
      do throws(FileError) { try Files.writeDurably(bytes, to: path) } catch { throw RunError.io(error.description) }
    }
    return Written(path: path, digest: Digest(of: bytes), isNew: true, reason: reason)
  }

  private static func bytes(_ report: ExecutionReport, _ format: ReportFormat) -> [UInt8] {
    switch format {
    case .html: Array(report.html.utf8)
    case .json: report.json.canonical
    case .csv: Array(report.csv.utf8)
    }
  }

  // MARK: - Where

  private enum Signer {
    case held(RunDescription, Identity)
    case none(reason: String)
  }

  /// The identity that signed the run, if its private key is here.
  private func signer(_ run: RunDirectory) throws -> Signer {
    guard Files.isDirectory(run.path) else { throw RunError.missing("\(run.path): there is no such directory") }
    let description: RunDescription
    do throws(RunError) {
      description = try run.require().0
    } catch {
      if case .missing = error { throw error }
      return .none(reason: "its run.json cannot be read")
    }
    let name = description.identity
    let identity: Identity
    do throws(IdentityError) {
      identity = try Identity.load(name: name, home: try Identity.defaultHome())
    } catch {
      switch error {
      case .unknown, .homeless, .name: return .none(reason: "this user has no key of \(name), which signed the run")
      default: throw RunError.identity(error)
      }
    }
    guard identity.publicVerifierKey == description.verifier else {
      return .none(reason: "the key of \(name) that is here is not the one that signed the run")
    }
    return .held(description, identity)
  }

  /// The file outside the run; a place within it is refused, as nothing in the ledger would name it.
  private func outside(_ run: RunDirectory) throws(RunError) -> String {
    let root = Files.resolved(run.path)
    let name = (root ?? run.path).split(separator: "/").last ?? "run"
    let path = out ?? "./\(name)-report.\(format.rawValue)"
    if path == "-" { return path }
    guard let root, let parent = Files.resolved(Files.directory(of: path)) else { return path }
    guard parent != root, !parent.hasPrefix(root + "/") else {
      throw .usage("\(path) lies within the run, where no leaf would name it; give a file elsewhere with --out FILE")
    }
    return path
  }

  // MARK: - What is said

  private func tell(_ verification: VerificationReport, _ written: Written) throws {
    if json { return try Console.printJSON(object(verification, written)) }
    let say = out == "-" ? Console.note : Console.print
    say("verdict: \(verification.verdict.rawValue)")
    for finding in verification.findings { say("  does not hold: \(finding)") }
    for tail in verification.tail { say("  behind the last checkpoint: \(tail)") }
    if !written.cleared.isEmpty {
      say("cleared away what an interrupted command had left: \(written.cleared.joined(separator: ", "))")
    }
    guard let path = written.path, let digest = written.digest else {
      return say(written.reason ?? "nothing was written")
    }
    say("report: \(path)")
    say("sha256: \(digest)")
    if let leaf = written.leaf {
      say(written.isNew ? "ledger: leaf \(leaf), a new checkpoint is signed" : "ledger: leaf \(leaf), filed before")
    } else {
      say("outside the run: \(written.reason ?? "")")
    }
  }

  private func object(_ verification: VerificationReport, _ written: Written) -> JSON {
    .object([
      "verdict": .string(verification.verdict.rawValue),
      "findings": .array(verification.findings.map { .string($0) }), "format": .string(format.rawValue),
      "path": written.path.map { .string($0) } ?? .null,
      "digest": written.digest.map { .string($0.description) } ?? .null,
      "leaf": written.leaf.map { .wide($0) } ?? .null, "new": .bool(written.isNew),
      "outside": written.reason.map { .string($0) } ?? .null,
      "cleared": .array(written.cleared.map { .string($0) }),
    ])
  }
}

extension ReportFormat: ExpressibleByArgument {}
