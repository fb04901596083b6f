// SPDX-License-Identifier: Apache-2.0

import ExecutionIR
import Foundation
import Governance
import Testing
import TransparencyLog

/// Ledgers that are read statement by statement.
@Suite struct LedgerCursorTests {
  /// A ledger of `count` statements; every tenth is a fill, the others plan deltas.
  private static func write(_ directory: String, count: Int, desk: Identity) throws {
    var ledger = try AuditLedger(directory: directory, origin: desk.name, identity: desk)
    for index in 0..<count { try ledger.append(statement(index)) }
    try ledger.publish()
  }

  private static func statement(_ index: Int) -> Statement {
    let plan = testStatement(index)
    guard index % 10 == 7 else { return plan }
    return Statement(
      subjects: plan.subjects, predicateType: Statement.predicateType("fill"), predicate: plan.predicate)
  }

  private static func read(
    _ reader: AuditLedgerReader, first: UInt64 = 0, type: String? = nil
  ) throws -> [RecordedStatement] {
    var cursor = try LedgerCursor(reader, first: first, predicateType: type)
    var all: [RecordedStatement] = []
    while let next = try cursor.next() { all.append(next) }
    return all
  }

  @Test(arguments: [1, 255, 256, 257, 600])
  func wholeWay(_ count: Int) throws {
    let scratch = try LedgerScratch()
    let desk = try Identity.ephemeral(name: "example.com/desk")
    try LedgerCursorTests.write(scratch.path + "/ledger", count: count, desk: desk)
    let reader = AuditLedgerReader(directory: scratch.path + "/ledger", keys: [desk.verifier])
    let all = try LedgerCursorTests.read(reader)
    #expect(all.map(\.index) == (0..<UInt64(count)).map { $0 })
    #expect(all.map(\.statement) == (0..<count).map(LedgerCursorTests.statement))
    #expect(all.allSatisfy { $0.signers == [desk.verifier] })
    let fills = try LedgerCursorTests.read(reader, type: Statement.predicateType("fill"))
    #expect(fills.map(\.index) == (0..<UInt64(count)).filter { $0 % 10 == 7 })
    for first in [0, 1, 255, 256, 257, 599, 600, 601, Int.max] {
      let rest = try LedgerCursorTests.read(reader, first: UInt64(first))
      #expect(rest.first?.index == (first < count ? UInt64(first) : nil))
      #expect(rest.count == max(0, count - first))
    }
    #expect(try LedgerCursorTests.read(reader, first: .max).isEmpty)
  }

  /// A signature that is false, and a key that was not given, stop the reading at their leaf and every time.
  @Test func falseSignature() throws {
    let scratch = try LedgerScratch()
    let desk = try Identity.ephemeral(name: "example.com/desk")
    let other = try Identity.ephemeral(name: "example.com/other")
    do {
      var ledger = try AuditLedger(directory: scratch.path + "/ledger", origin: desk.name, identity: desk)
      for index in 0..<5 { try ledger.append(LedgerCursorTests.statement(index)) }
      try ledger.append(try LedgerCursorTests.statement(5).signed(by: other))
      for index in 6..<10 { try ledger.append(LedgerCursorTests.statement(index)) }
      try ledger.publish()
    }
    var cursor = try LedgerCursor(AuditLedgerReader(directory: scratch.path + "/ledger", keys: [desk.verifier]))
    for index in 0..<5 { #expect(try cursor.next()?.index == UInt64(index)) }
    for _ in 0..<2 {
      #expect {
        _ = try cursor.next()
      } throws: { error in
        if case .leaf(5, _)? = error as? LedgerError { true } else { false }
      }
    }
    // Behind it all is well.
    let reader = AuditLedgerReader(directory: scratch.path + "/ledger", keys: [desk.verifier])
    #expect(try LedgerCursorTests.read(reader, first: 6).count == 4)
    // Of a type that is not wanted, its signature is nobody's concern.
    let fills = try LedgerCursorTests.read(reader, type: Statement.predicateType("fill"))
    #expect(fills.map(\.index) == [7])
  }

  @Test func wrongKey() throws {
    let scratch = try LedgerScratch()
    let desk = try Identity.ephemeral(name: "example.com/desk")
    try LedgerCursorTests.write(scratch.path + "/ledger", count: 3, desk: desk)
    let stranger = try Identity.ephemeral(name: "example.com/desk")
    #expect(throws: LedgerError.self) {
      try LedgerCursor(AuditLedgerReader(directory: scratch.path + "/ledger", keys: [stranger.verifier]))
    }
    #expect(throws: LedgerError.self) {
      try LedgerCursor(AuditLedgerReader(directory: scratch.path + "/nothing", keys: [desk.verifier]))
    }
  }
}
