// SPDX-License-Identifier: Apache-2.0

internal import DurableFiles
internal import ExecutionEngine
internal import ExecutionIR
internal import Governance
internal import RunJournal
internal import TransparencyLog

/// A fill that the venue took back.
struct BrokenFill {
  let fill: FillRecord
  let leaf: UInt64
  /// The leaf that says so.
  let brokenBy: UInt64
}

/// The run's statements as the report needs them, each with the index of its leaf.
struct LedgerRecords {
  struct Numbered<Value> {
    let leaf: UInt64
    let value: Value
  }
  /// How far the ledger commits to the journal: records, and events in them.
  struct Position {
    let records: UInt64
    let events: UInt64
  }

  var plans: [Numbered<PlanDelta>] = []
  /// Those that stand.
  var fills: [Numbered<FillRecord>] = []
  var brokenFills: [BrokenFill] = []
  var denials: [Numbered<DenialRecord>] = []
  /// What vendors' functions said, as their leaves have it.
  var answers: [Numbered<JSON>] = []
  /// Shared contexts that the run was given, with their statements.
  var sharedContexts: [Numbered<Statement>] = []
  /// What each decision did with them, in the order of `plans`; empty where none was given.
  var sharedUses: [SharedUse] = []
  /// What the policy says of decisions' use of them.
  var controls: [Numbered<JSON>] = []
  /// Orders sent, in the order of the leaves; in a shadow run those that would have been.
  var orders: [Numbered<ChildOrder>] = []
  var cancels: [UInt64] = []
  var journal: [Numbered<Position>] = []
  var summary: Numbered<JSON>?
  var filed: [FiledReport] = []
  /// The leaves before any report, and the root over them: what a report is computed from, whatever was filed since.
  private(set) var leaves: UInt64 = 0
  private(set) var root = MerkleHash.empty
  /// Fills that the venue took back, as (order, execution).
  private var breaks: [Numbered<(order: UInt64, match: String)>] = []

  init(_ directory: RunDirectory, _ description: RunDescription) throws(RunError) {
    let key: VerifierKey
    do { key = try VerifierKey(parsing: description.verifier) } catch {
      throw .badInput("\(directory.description): its verifier key is not one: \(error)")
    }
    var statements: [RecordedStatement] = []
    let report = AuditLedgerReader(directory: directory.ledger, keys: [key]).verifyAll { statements.append($0) }
    if let finding = report.leaves.first {
      throw .badInput("\(directory.ledger): \(finding); see exprove verify \(directory.path)")
    }
    var tree = CompactRange()
    for recorded in statements {
      tree.append(recorded.leafHash)
      do {
        if try take(recorded.index, recorded.statement, directory) { continue }
        if !description.shared.isEmpty { try takeShared(recorded.index, recorded.statement, directory) }
      } catch let error as RunError { throw error } catch {
        throw .badInput("\(directory.ledger): leaf \(recorded.index): \(error)")
      }
      leaves = tree.size
      root = tree.root
    }
    settleBreaks()
  }

  /// True for the leaf of a report that was filed here.
  private mutating func take(_ leaf: UInt64, _ statement: Statement, _ directory: RunDirectory) throws -> Bool {
    let type = statement.predicateType
    func of(_ kind: String) -> Bool { type == Statement.predicateType(kind) }
    if of("report"), let subject = statement.subjects.first, subject.name.hasPrefix("reports/") {
      filed.append(FiledReport(name: subject.name, digest: subject.digest, leaf: leaf))
      return true
    }
    guard ["plan", "fill", "denial", "hook", "order", "cancel", "report", "journal", "summary"].contains(where: of)
    else {
      return false
    }
    let body = try LedgerRecords.body(statement, directory)
    if of("plan") {
      plans.append(Numbered(leaf: leaf, value: try PlanDelta(json: body)))
    } else if of("fill") {
      fills.append(Numbered(leaf: leaf, value: try FillRecord(json: body["fill"] ?? .null)))
    } else if of("denial") {
      denials.append(Numbered(leaf: leaf, value: try DenialRecord(json: body["denial"] ?? .null)))
    } else if of("hook") {
      answers.append(Numbered(leaf: leaf, value: body))
    } else if of("order") {
      orders.append(Numbered(leaf: leaf, value: try ChildOrder(json: body["order"] ?? .null)))
    } else if of("cancel") {
      cancels.append(leaf)
    } else if of("journal") {
      guard let records: UInt64 = body["records"]?.integer(), let events: UInt64 = body["events"]?.integer() else {
        throw RunError.badInput("\(directory.ledger): leaf \(leaf): a journal position without records and events")
      }
      journal.append(Numbered(leaf: leaf, value: Position(records: records, events: events)))
    } else if of("summary") {
      summary = Numbered(leaf: leaf, value: body)
    } else if body["report"]?.text == "broken", let order = body["order"]?.text.flatMap({ UInt64($0) }),
      let match = body["match"]?.text
    {
      breaks.append(Numbered(leaf: leaf, value: (order, match)))
    }
    return false
  }

  private mutating func takeShared(_ leaf: UInt64, _ statement: Statement, _ directory: RunDirectory) throws {
    switch statement.predicateType {
    case Statement.predicateType("shared-context"): sharedContexts.append(Numbered(leaf: leaf, value: statement))
    case Statement.predicateType("context"):
      guard let use = try DecisionContext(json: LedgerRecords.body(statement, directory)).shared else { return }
      sharedUses.append(use)
    case Statement.predicateType("control"):
      controls.append(Numbered(leaf: leaf, value: try LedgerRecords.body(statement, directory)))
    default: break
    }
  }

  private mutating func settleBreaks() {
    for broken in breaks {
      guard
        let index = fills.firstIndex(where: {
          $0.value.order == broken.value.order && $0.value.execution == broken.value.match
        })
      else { continue }
      let fill = fills.remove(at: index)
      brokenFills.append(BrokenFill(fill: fill.value, leaf: fill.leaf, brokenBy: broken.leaf))
    }
  }

  /// The statement's body, from `objects/` where it was too large for its envelope.
  private static func body(_ statement: Statement, _ directory: RunDirectory) throws -> JSON {
    guard statement.predicate["object"] != nil else { return statement.predicate }
    return try JSON.parse(directory.body(of: statement, limit: 256 << 20).bytes)
  }

  /// How many of the journal's records the ledger commits to.
  var committedRecords: UInt64 { journal.last?.value.records ?? 0 }

  /// The leaf that commits to the event with this number; nil where none does yet.
  func journalLeaf(ofEvent sequence: UInt64) -> UInt64? { journal.first { $0.value.events > sequence }?.leaf }
}
