// SPDX-License-Identifier: Apache-2.0

internal import DurableFiles
internal import ExecutionIR
internal import Governance
internal import RunJournal
internal import TransparencyLog

/// The run's statements as the report needs them, each with the index of its leaf.
struct LedgerRecords {
  struct Numbered<Value> {
    let leaf: UInt64
    let value: Value
  }
  var plans: [Numbered<PlanDelta>] = []
  var fills: [Numbered<FillRecord>] = []
  var denials: [Numbered<DenialRecord>] = []
  /// Orders sent, by venue's name in the order of the leaves.
  var orders: [Numbered<ChildOrder>] = []
  var cancels = 0
  /// Journal positions: how many events each commits to.
  var journal: [Numbered<UInt64>] = []
  var summary: Numbered<JSON>?
  /// Fills that the venue took back, as (order, execution).
  private var broken: [(UInt64, String)] = []

  init(_ directory: RunDirectory, _ description: RunDescription) throws(RunError) {
    let key: VerifierKey
    do { key = try VerifierKey(parsing: description.verifier) } catch {
      throw .badInput("\(directory.description): its verifier key is not one: \(error)")
    }
    var statements: [(UInt64, Statement)] = []
    let report = AuditLedgerReader(directory: directory.ledger, keys: [key]).verifyAll { recorded in
      statements.append((recorded.index, recorded.statement))
    }
    if let finding = report.leaves.first {
      throw .badInput("\(directory.ledger): \(finding); see exprove verify \(directory.path)")
    }
    for (leaf, statement) in statements {
      do { try take(leaf, statement, directory) } catch let error as RunError { throw error } catch {
        throw .badInput("\(directory.ledger): leaf \(leaf): \(error)")
      }
    }
    let void = broken
    fills.removeAll { fill in void.contains { $0.0 == fill.value.order && $0.1 == fill.value.execution } }
  }

  private mutating func take(_ leaf: UInt64, _ statement: Statement, _ directory: RunDirectory) throws {
    let type = statement.predicateType
    func of(_ kind: String) -> Bool { type == Statement.predicateType(kind) }
    guard ["plan", "fill", "denial", "order", "cancel", "report", "journal", "summary"].contains(where: of) else {
      return
    }
    let body = try LedgerRecords.body(statement, directory)
    if of("plan") {
      plans.append(Numbered(leaf: leaf, value: try PlanDelta(json: body)))
    } else if of("fill") {
      fills.append(Numbered(leaf: leaf, value: try FillRecord(json: body["fill"] ?? .null)))
    } else if of("denial") {
      denials.append(Numbered(leaf: leaf, value: try DenialRecord(json: body["denial"] ?? .null)))
    } else if of("order") {
      orders.append(Numbered(leaf: leaf, value: try ChildOrder(json: body["order"] ?? .null)))
    } else if of("cancel") {
      cancels += 1
    } else if of("journal") {
      guard let events: UInt64 = body["events"]?.integer() else {
        throw RunError.badInput("\(directory.ledger): leaf \(leaf): a journal position without events")
      }
      journal.append(Numbered(leaf: leaf, value: events))
    } else if of("summary") {
      summary = Numbered(leaf: leaf, value: body)
    } else if body["report"]?.text == "broken", let order = body["order"]?.text.flatMap({ UInt64($0) }),
      let match = body["match"]?.text
    {
      broken.append((order, match))
    }
  }

  /// The statement's body, from `objects/` where it was too large for its envelope.
  private static func body(_ statement: Statement, _ directory: RunDirectory) throws -> JSON {
    guard let name = statement.predicate["object"]?.text else { return statement.predicate }
    guard let digest = Digest(hexadecimal: name) else {
      throw RunError.badInput("\(directory.ledger): names the object '\(name)', which is no digest")
    }
    let bytes = try Files.read(directory.object(digest), limit: 256 << 20)
    guard Digest(of: bytes) == digest else {
      throw RunError.badInput("\(directory.object(digest)): does not have the digest of its name")
    }
    return try JSON.parse(bytes)
  }

  /// The leaf that commits to the event with this number; nil where none does yet.
  func journalLeaf(ofEvent sequence: UInt64) -> UInt64? { journal.first { $0.value > sequence }?.leaf }
}
