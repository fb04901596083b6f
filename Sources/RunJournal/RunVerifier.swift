// SPDX-License-Identifier: Apache-2.0

internal import DurableFiles
internal import EventFlow
internal import ExecutionEngine
package import ExecutionIR
internal import Governance
package import TransparencyLog

/// What a verification says.
package struct VerificationReport: Sendable {
  package enum Verdict: String, Sendable {
    /// Everything holds, and the signer is the one whose key the reader brought.
    case verified
    /// Everything holds; who signed is not known.
    case consistent = "consistent, signer not authenticated"
    /// Something does not hold.
    case failed
  }

  package var verdict: Verdict
  /// Each with the file and the reason.
  package var findings: [String]
  /// Of the findings, the paths of those that only say that a command was interrupted after the run had ended: the same
  /// command, given again, clears them away.
  package var leavings: [String]
  /// What an interrupted run left beside what its last checkpoint covers; nothing vouches for it.
  package var tail: [String]
  package var isFinished: Bool
  package var leaves: UInt64
  package var records: UInt64
  package var events: UInt64
  package var eventDigest: Digest?
  package var checkpoint: String
  package var fills: String
  /// What befell adapters' workers, as the ledger has it.
  package var incidents: [JSON] = []
  /// Second versions of adapters that ran along, each with what became of it.
  package var shadows: [JSON] = []
  /// What no verification of this directory can show.
  package var notProven: [String]

  /// What the verdict is about, for those who read on in the directory and must find the same there: run.json's
  /// digest, the place in the journal that the ledger commits to, and the ledger's head.
  package var description: Digest? = nil
  package var journal: JournalPosition? = nil
  package var ledger: Checkpoint? = nil

  /// What the same verification says to who brings no key.
  package var unauthenticated: VerificationReport {
    guard verdict == .verified else { return self }
    var report = self
    report.verdict = .consistent
    report.notProven = RunVerifier.notProven(nil)
    return report
  }

  /// Nothing is wrong but what an interrupted command left.
  package var hasOnlyLeavings: Bool { !findings.isEmpty && findings.count == leavings.count }

  package var json: JSON {
    .object([
      "verdict": .string(verdict.rawValue), "findings": .array(findings.map { .string($0) }),
      "tail": .array(tail.map { .string($0) }), "finished": .bool(isFinished), "leaves": .wide(leaves),
      "records": .wide(records), "events": .wide(events),
      "event_digest": eventDigest.map { .string($0.description) } ?? .null, "checkpoint": .string(checkpoint),
      "fills": .string(fills), "incidents": .array(incidents), "shadows": .array(shadows),
      "not_proven": .array(notProven.map { .string($0) }),
    ])
  }
}

/// Checks a run directory that may be anybody's: signatures, log, journal, digests, and that nothing is missing or
/// extra. It runs no adapter.
package struct RunVerifier {
  private let directory: RunDirectory
  private var findings: [String] = []
  private var leavings: [String] = []
  private var tail: [String] = []
  private var named: Set<String> = []
  private var positions: [JSON] = []
  /// What the ledger says of incidents, in its order.
  private var incidents: [JSON] = []
  /// What the journal must say of inputs that have a leaf of their own, by kind, in the ledger's order.
  private var filed: [FiledInput: [JSON]] = [:]
  private var sharedContexts: [(index: UInt64, statement: Statement)] = []
  private var isFinished = false
  private var runStatement: Statement? = nil

  private init(_ directory: RunDirectory) {
    self.directory = directory
  }

  /// - Parameter key: the verifier key that the reader brings; nil to check consistency with the run's own key only.
  package static func verify(_ directory: RunDirectory, key: VerifierKey?) throws(RunError) -> VerificationReport {
    guard Files.isDirectory(directory.path) else { throw .missing("\(directory.path): there is no such directory") }
    guard Files.exists(directory.description) else {
      throw .missing("\(directory.path): there is no run.json, so this is no run directory")
    }
    var verifier = RunVerifier(directory)
    return verifier.verify(key: key)
  }

  private mutating func verify(key: VerifierKey?) -> VerificationReport {
    var report = VerificationReport(
      verdict: .failed, findings: [], leavings: [], tail: [], isFinished: false, leaves: 0, records: 0, events: 0,
      eventDigest: nil,
      checkpoint: "", fills: "", notProven: RunVerifier.notProven(key))
    if let description = readDescription() {
      report.fills = description.fills.rawValue
      report.description = description.json.digest
      if let signer = signer(description, brought: key) { verifyLedger(description, signer, &report) }
      verifyFiles(description)
      verifyJournal(description, &report)
      verifyTree()
    }
    report.incidents = incidents
    report.findings = findings
    report.leavings = leavings
    report.tail = tail
    report.isFinished = isFinished
    if findings.isEmpty { report.verdict = key == nil ? .consistent : .verified }
    return report
  }

  static func notProven(_ key: VerifierKey?) -> [String] {
    var list = [
      "that the captures are complete, and that the venues sent them",
      "when it happened: no witness has countersigned the times",
      "that a venue confirms the orders and fills",
      "that the decisions follow from the inputs: exprove replay derives them again",
      "that no longer log was shown to somebody else: that takes a witness",
    ]
    if key == nil { list.insert("who signed: bring the signer's key with --vkey", at: 0) }
    return list
  }

  private mutating func fail(_ path: String, _ reason: String) { findings.append("\(path): \(reason)") }

  private mutating func fail(leaving path: String, _ reason: String) {
    fail(path, "\(reason); the command that was interrupted clears it away when it is given again")
    leavings.append(path)
  }

  private mutating func readDescription() -> RunDescription? {
    do {
      let (description, bytes) = try directory.require()
      guard description.json.canonical == bytes else {
        fail("run.json", "is not what its own content encodes to")
        return nil
      }
      return description
    } catch {
      findings.append(error.description)
      return nil
    }
  }

  /// The run's own key must be the one in `keys/`, and the reader's the same.
  private mutating func signer(_ description: RunDescription, brought: VerifierKey?) -> VerifierKey? {
    guard let own = try? VerifierKey(parsing: description.verifier), own.description == description.verifier else {
      fail("run.json", "its verifier key is not one")
      return nil
    }
    if let bytes = try? Files.readRegular(directory.key, limit: 4096) {
      if bytes != Array((description.verifier + "\n").utf8) {
        fail("keys/ledger.vkey", "is not the key that run.json names")
      }
    } else {
      fail("keys/ledger.vkey", "cannot be read")
    }
    if let brought, brought != own {
      fail("ledger", "is signed by \(own), not by the key that was brought")
      return nil
    }
    return own
  }

  private mutating func verifyLedger(
    _ description: RunDescription, _ signer: VerifierKey, _ report: inout VerificationReport
  ) {
    var statements: [(UInt64, Statement)] = []
    let reader = AuditLedgerReader(directory: directory.ledger, keys: [signer])
    let ledger = reader.verifyAll { recorded in
      let type = recorded.statement.predicateType
      let kept = ["run", "shared-context", "journal", "summary", "report"] + FiledInput.allCases.map(\.rawValue)
      let keeps = kept.contains { type == Statement.predicateType($0) }
      let object = recorded.statement.predicate["object"]?.text
      if keeps || object != nil { statements.append((recorded.index, recorded.statement)) }
    }
    for finding in ledger.leaves { fail("ledger, leaf \(finding.index)", finding.reason) }
    if ledger.omittedLeaves > 0 { fail("ledger", "\(ledger.omittedLeaves) further leaves do not hold") }
    report.leaves = ledger.statements
    report.ledger = ledger.log.checkpoint
    report.checkpoint = ledger.log.checkpoint.map { "\($0.size) leaves, root \($0.root)" } ?? ""
    if ledger.log.checkpoint == nil, isLedgerEmpty { return failUncovered() }
    if LogReader.statedOrigin(directory: directory.ledger) != description.origin {
      fail("ledger/checkpoint", "is of another log than run.json names")
    }
    for (index, statement) in statements { take(index, statement, description) }
    for finding in ledger.log.findings {
      // An interrupted writer's leavings are no damage. Once the run has ended, only what repeats the tree can be such.
      switch finding.kind {
      case .superseded: tail.append("ledger/\(finding.path): \(finding.reason)")
      case .unfinished where isFinished: fail(leaving: "ledger/\(finding.path)", finding.reason)
      case .unfinished: tail.append("ledger/\(finding.path): \(finding.reason)")
      default: fail("ledger/\(finding.path)", finding.reason)
      }
    }
    if ledger.log.checkpoint?.size == 0 { return failUncovered() }
    guard let runStatement else { return fail("ledger", "its first leaf is not the run's own statement") }
    let adapters = runStatement.subjects.filter { $0.name.hasPrefix("adapters/") }.map(\.digest)
    for (path, reason) in SharedContextRecord.findings(description, directory, leaves: sharedContexts) {
      fail(path, reason)
    }
    if description.libraries.contains(where: { !adapters.contains($0) }) {
      fail("ledger, leaf 0", "does not name every adapter and every library of run.json")
    }
  }

  /// Whether the run was stopped before its log had a checkpoint.
  private var isLedgerEmpty: Bool {
    guard let names = try? Files.names(in: directory.ledger) else { return false }
    return names.allSatisfy { $0 == "checkpoint.new" }
  }

  private mutating func failUncovered() {
    fail(
      "ledger",
      "covers no leaf yet: the run was stopped before its first decision, and nothing of it is vouched for; the command "
        + "that began it goes on with it")
  }

  private mutating func take(_ index: UInt64, _ statement: Statement, _ description: RunDescription) {
    if let object = statement.predicate["object"]?.text {
      named.insert("objects/\(object)")
      if statement.subjects.first?.digest.description != object {
        fail("ledger, leaf \(index)", "names another body than its subject")
      }
    }
    switch statement.predicateType {
    case Statement.predicateType("run"):
      guard index == 0 else { return fail("ledger, leaf \(index)", "describes the run a second time") }
      runStatement = statement
      let adapters = statement.subjects.filter { $0.name.hasPrefix("adapters/") }.map(\.digest)
      if RunStatements.run(description, adapters: adapters) != statement {
        fail("run.json", "is not the one that the ledger's first leaf commits to")
      }
      for digest in adapters { named.insert("adapters/\(digest).so") }
    case Statement.predicateType("shared-context"): sharedContexts.append((index, statement))
    case Statement.predicateType("journal"): positions.append(statement.predicate)
    case Statement.predicateType("summary"): isFinished = true
    case Statement.predicateType("incident"):
      incidents.append(statement.predicate)
      file(.incident, statement.predicate)
    case Statement.predicateType("hook"): file(.hook, statement.predicate)
    case Statement.predicateType("shadow"): file(.shadow, statement.predicate)
    case Statement.predicateType("report"):
      for subject in statement.subjects where subject.name.hasPrefix("reports/") {
        // A name that leads elsewhere is nobody's report.
        guard ReportFormat.isReport(subject.name), !subject.name.hasSuffix(".tmp") else {
          fail("ledger, leaf \(index)", "names a report '\(subject.name)', which is no report's name")
          continue
        }
        named.insert(subject.name)
        check(subject.name, subject.digest)
      }
    default: break
    }
  }

  private mutating func file(_ kind: FiledInput, _ predicate: JSON) {
    filed[kind, default: []].append(kind.body(ofLeaf: predicate))
  }

  private mutating func verifyFiles(_ description: RunDescription) {
    named.insert("objects/\(description.reference)")
    for (path, reason) in CertificateRecord.findings(description, directory) { fail(path, reason) }
    for given in description.shared { named.insert("objects/\(given.file)") }
    for certificate in description.feeds.flatMap(\.adapters).compactMap(\.certificate) {
      named.insert("objects/\(certificate)")
    }
    for path in named.sorted() where !path.hasPrefix("reports/") {
      // What the ledger calls an object may be any text; one that is no digest has been reported.
      guard let name = path.split(separator: "/").last?.split(separator: ".").first,
        let digest = Digest(hexadecimal: name)
      else { continue }
      check(path, digest)
    }
  }

  private mutating func check(_ path: String, _ digest: Digest) {
    guard let found = try? FileDigest.of("\(directory.path)/\(path)") else {
      return fail(path, "is missing or cannot be read")
    }
    if found != digest { fail(path, "does not have the digest that the ledger names") }
  }

  /// Walks the journal and holds it against each position that the ledger commits to.
  private mutating func verifyJournal(_ description: RunDescription, _ report: inout VerificationReport) {
    var stream = StreamSummary()
    var course = ShadowCourse(description)
    var next = 0
    var happened: [FiledInput: Int] = [:]
    defer { report.shadows = course.outcomes }
    do throws(JournalError) {
      var reader = try JournalReader(directory: directory.journal)
      var batch = EventBatch(frames: 1 << 16, events: 1 << 17, bytes: 16 << 20)
      while true {
        let expected = next < positions.count ? positions[next] : nil
        if let expected, expected["records"]?.integer(as: UInt64.self) == reader.position.records {
          if RunStatements.journal(reader.position, stream) != expected {
            fail("journal", "differs from what the ledger commits to at record \(reader.position.records)")
          }
          if course.pending != nil { fail("journal", "ends between what is told of a shadow and its frame") }
          report.journal = reader.position
          report.records = reader.position.records
          report.events = stream.events
          report.eventDigest = stream.eventDigest
          next += 1
          continue
        }
        switch try reader.next(into: &batch) {
        case .batch:
          stream.add(batch)
          if next < positions.count, let reason = course.take(batch) {
            fail("journal", "record \(reader.position.records - 1) \(reason)")
          }
        case .input(let input):
          if next < positions.count, let reason = course.take(input) {
            fail("journal", "record \(reader.position.records - 1) \(reason)")
          }
          // Behind the last checkpoint the ledger may not have come so far.
          guard next < positions.count else { continue }
          for kind in FiledInput.allCases {
            guard let body = kind.body(of: input) else { continue }
            let index = happened[kind, default: 0]
            let leaves = filed[kind] ?? []
            if index >= leaves.count || leaves[index] != body {
              fail("journal", "record \(reader.position.records - 1) is \(kind.words) that the ledger does not name")
            }
            happened[kind] = index + 1
          }
        case .end(let torn):
          if next < positions.count { fail("journal", "ends before the place that the ledger commits to") }
          for kind in FiledInput.allCases where happened[kind] ?? 0 < filed[kind]?.count ?? 0 {
            fail("ledger", "names \(kind.words) that the journal does not have")
          }
          return behind(reader.position.records - report.records, torn, reader.endsInEmptySegment)
        }
      }
    } catch {
      // Behind the last checkpoint a power cut may leave anything.
      if isFinished || next < positions.count {
        fail("journal", error.description)
      } else {
        tail.append("journal: behind the last checkpoint: \(error.description)")
      }
    }
  }

  private mutating func behind(_ records: UInt64, _ bytes: Int, _ endsInEmptySegment: Bool) {
    guard records > 0 || bytes > 0 || endsInEmptySegment else { return }
    let text =
      "\(records) records and \(bytes) bytes behind the last checkpoint"
      + (endsInEmptySegment ? ", and a segment without a record" : "")
    if isFinished { fail("journal", text) } else { tail.append("journal: \(text)") }
  }

  /// Every file is one that something commits to, and nothing else lies there but the directories that hold them.
  private mutating func verifyTree() {
    let entries: [Files.Entry]
    do throws(FileError) { entries = try Files.tree(directory.path) } catch {
      return fail(directory.path, "cannot be listed: \(error)")
    }
    // What lies in the ledger was held against its checkpoint, file by file.
    for entry in entries where !entry.path.hasPrefix("ledger/") {
      switch entry.kind {
      case .regular: verifyName(entry.path)
      case .directory:
        if !RunDirectory.folders.contains(entry.path) { fail(entry.path, "is a directory that no run has") }
      case .other: fail(entry.path, "is a link or no regular file; a run holds files and directories only")
      }
    }
  }

  private mutating func verifyName(_ path: String) {
    // The reader of the journal has seen that there are its segments and nothing else.
    if path.hasPrefix("journal/") || path == "run.json" || path == "keys/ledger.vkey" || named.contains(path) { return }
    let isEarly =
      path.hasPrefix("objects/") || path.hasSuffix(".tmp") || runStatement == nil && path.hasPrefix("adapters/")
    if !isFinished, isEarly {
      tail.append("\(path): no leaf names it yet")
    } else if isFinished, ReportFormat.isReport(path) {
      fail(leaving: path, "no leaf of the ledger names it")
    } else {
      fail(path, "no leaf of the ledger names it")
    }
  }
}
