// SPDX-License-Identifier: Apache-2.0

import ExecutionIR
import Foundation
import Governance
import Testing
import TransparencyLog

@Suite struct AuditLedgerTests {
  private static func write(
    _ directory: String, origin: String, identity: Identity, statements: Range<Int>, position: UInt64? = nil
  ) throws -> Checkpoint {
    var ledger = try AuditLedger(directory: directory, origin: origin, identity: identity, position: position)
    for index in statements {
      let leaf = try ledger.append(testStatement(index))
      #expect(leaf == UInt64(index))
      if index % 100 == 99 { try ledger.publish() }
    }
    return try ledger.publish()
  }

  /// Written, verified, taken up, compared; and verified by programs that are not ours.
  @Test(arguments: ["example.com/desk", "example.com/desk/run/1", "another.example/log"])
  func wholeWay(_ origin: String) throws {
    let scratch = try LedgerScratch()
    let directory = scratch.path + "/ledger"
    let desk = try Identity.ephemeral(name: "example.com/desk")
    _ = try AuditLedgerTests.write(directory, origin: origin, identity: desk, statements: 0..<270)
    let checkpoint = try AuditLedgerTests.write(directory, origin: origin, identity: desk, statements: 270..<300)
    #expect(checkpoint.size == 300)
    #expect(checkpoint.origin == origin)
    // Re-appended from the beginning, nothing changes.
    let again = try AuditLedgerTests.write(
      directory, origin: origin, identity: desk, statements: 0..<300, position: 0)
    #expect(again == checkpoint)

    let reader = AuditLedgerReader(directory: directory, keys: [desk.verifier])
    var seen = 0
    let report = reader.verifyAll { recorded in
      #expect(recorded.statement == testStatement(seen))
      #expect(recorded.signers == [desk.verifier])
      seen += 1
    }
    #expect(report.isSound, "\(report.log.findings) \(report.leaves)")
    #expect(report.statements == 300 && seen == 300)
    #expect(report.log.checkpoint == checkpoint)
    #expect(try reader.statement(at: 123).statement == testStatement(123))
    let stranger = try Identity.ephemeral(name: "example.com/desk")
    let foreign = AuditLedgerReader(directory: directory, keys: [stranger.verifier]).verifyAll()
    #expect(!foreign.isSound && foreign.statements == 0 && foreign.leaves.count == 300)

    let logKey = desk.verifier(ofLog: origin)
    #expect(logKey.name == (origin.hasPrefix("example.com/desk") ? origin : "example.com/desk"))
    let verdicts = try independentVerdicts(
      "verify_ledger.py", ["log", logKey.description, directory], needs: "cryptography")
    if let verdicts { #expect(verdicts.first?["ok"] as? Bool == true, "\(verdicts)") }
  }

  @Test func envelopesByAnotherProgram() throws {
    let scratch = try LedgerScratch()
    let desk = try Identity.ephemeral(name: "example.com/desk")
    _ = try AuditLedgerTests.write(scratch.path + "/ledger", origin: desk.name, identity: desk, statements: 0..<20)
    let log = AuditLedgerReader(directory: scratch.path + "/ledger", keys: [desk.verifier]).log
    var good: [String] = []
    var bad: [String] = []
    for index in 0..<20 {
      let leaf = try log.leaf(at: UInt64(index))
      good.append(scratch.path + "/\(index).json")
      try Data(leaf).write(to: URL(fileURLWithPath: good[index]))
      // Another payload under the same signature.
      let other = Base64.encode(testStatement(index + 1).encoded)
      let text = String(decoding: leaf, as: UTF8.self)
        .replacingOccurrences(of: Base64.encode(testStatement(index).encoded), with: other)
      bad.append(scratch.path + "/\(index).bad.json")
      try Data(text.utf8).write(to: URL(fileURLWithPath: bad[index]))
    }
    guard
      let verdicts = try independentVerdicts(
        "verify_envelopes.py", [desk.publicVerifierKey] + good + bad, needs: "securesystemslib")
    else { return }
    #expect(
      verdicts.map { $0["ok"] as? Bool } == Array(repeating: true, count: 20) + Array(repeating: false, count: 20))
    #expect(verdicts.first?["predicateType"] as? String == "https://exprove.dev/plan-delta/v1")
  }

  /// Prints what this machine does, signing each statement.
  @Test func throughput() throws {
    let scratch = try LedgerScratch()
    let desk = try Identity.ephemeral(name: "desk")
    let statements = (0..<4000).map(testStatement)
    let clock = ContinuousClock()
    let written = try clock.measure {
      var ledger = try AuditLedger(directory: scratch.path + "/ledger", origin: "desk", identity: desk)
      for (index, statement) in statements.enumerated() {
        try ledger.append(statement)
        if index % 1000 == 999 { try ledger.publish() }
      }
    }
    let read = clock.measure {
      let report = AuditLedgerReader(directory: scratch.path + "/ledger", keys: [desk.verifier]).verifyAll()
      #expect(report.isSound && report.statements == 4000)
    }
    print("statements: \(Int(4000 / (written / .seconds(1)))) signed/s, \(Int(4000 / (read / .seconds(1)))) verified/s")
  }

  @Test func anotherStatementIsRefused() throws {
    let scratch = try LedgerScratch()
    let directory = scratch.path + "/ledger"
    let desk = try Identity.ephemeral(name: "desk")
    _ = try AuditLedgerTests.write(directory, origin: "desk", identity: desk, statements: 0..<10)
    var ledger = try AuditLedger(directory: directory, origin: "desk", identity: desk, position: 0)
    try ledger.append(testStatement(0))
    #expect(throws: LedgerError.log(.differentLeaf(index: 1))) { try ledger.append(testStatement(2)) }
    #expect(throws: LedgerError.log(.inUse(path: directory))) {
      _ = try AuditLedger(directory: directory, origin: "desk", identity: desk).position
    }
  }

  @Test func anotherKeyIsRefused() throws {
    let scratch = try LedgerScratch()
    let directory = scratch.path + "/ledger"
    let desk = try Identity.ephemeral(name: "desk")
    _ = try AuditLedgerTests.write(directory, origin: "desk", identity: desk, statements: 0..<10)
    let stranger = try Identity.ephemeral(name: "desk")
    #expect(throws: LedgerError.self) {
      _ = try AuditLedger(directory: directory, origin: "desk", identity: stranger).position
    }
  }

  /// Leaves that are in the log, but are no statements signed by a known key, are each named.
  @Test func badLeaves() throws {
    let scratch = try LedgerScratch()
    let directory = scratch.path + "/ledger"
    let desk = try Identity.ephemeral(name: "desk")
    let risk = try Identity.ephemeral(name: "risk")
    let sign: CheckpointSigner = { body throws(LogError) in
      do throws(IdentityError) { return [try desk.noteSignature(over: body, origin: "desk")] } catch {
        throw .signing("\(error)")
      }
    }
    var both = try testStatement(3).signed(by: desk)
    try both.addSignature(by: risk)
    let forged = String(decoding: try testStatement(5).signed(by: desk).encoded, as: UTF8.self)
      .replacingOccurrences(of: Base64.encode(testStatement(5).encoded), with: Base64.encode(testStatement(6).encoded))
    var leaves = try (0..<3).map { try testStatement($0).signed(by: desk).encoded }
    leaves.append(both.encoded)
    leaves.append(try testStatement(4).signed(by: risk).encoded)
    leaves.append(Array(forged.utf8))
    leaves.append(Array("no envelope".utf8))
    leaves.append(try Envelope(signing: testStatement(7).encoded, type: "text/plain", by: desk).encoded)
    leaves.append(try Envelope(signing: Array("{}".utf8), by: desk).encoded)
    leaves.append(try testStatement(9).signed(by: desk).encoded)
    do {
      var log = try LogWriter.create(directory: directory, origin: "desk", verifier: desk.verifier, sign: sign)
      for leaf in leaves { try log.append(leaf) }
      try log.publish(sign: sign)
    }
    let report = AuditLedgerReader(directory: directory, keys: [desk.verifier]).verifyAll()
    #expect(report.log.isSound)
    #expect(report.leaves.map(\.index) == [3, 4, 5, 6, 7, 8])
    #expect(report.statements == 4)
    #expect(!report.isSound)
    let known = AuditLedgerReader(directory: directory, keys: [risk.verifier, desk.verifier]).verifyAll()
    #expect(known.leaves.map(\.index) == [5, 6, 7, 8])
    #expect(throws: LedgerError.self) {
      try AuditLedgerReader(directory: directory, keys: [desk.verifier]).statement(at: 5)
    }
  }

  /// An approver's envelope goes in as it is; what is no statement, or too large, does not.
  @Test func envelopesOfOthers() throws {
    let scratch = try LedgerScratch()
    let desk = try Identity.ephemeral(name: "desk")
    let risk = try Identity.ephemeral(name: "risk")
    var ledger = try AuditLedger(directory: scratch.path + "/ledger", origin: "desk", identity: desk)
    try ledger.append(try testStatement(0).signed(by: risk))
    let odd = try Envelope(signing: [1, 2, 3], by: risk)
    #expect(throws: LedgerError.self) { try ledger.append(odd) }
    let large = try Envelope(signing: [UInt8](repeating: 0x20, count: 30_000), by: risk)
    #expect(throws: LedgerError.self) { try ledger.append(large) }
    try ledger.publish()
    let reader = AuditLedgerReader(directory: scratch.path + "/ledger", keys: [desk.verifier, risk.verifier])
    #expect(reader.verifyAll().isSound)
    #expect(try reader.statement(at: 0).signers == [risk.verifier])
  }
}
