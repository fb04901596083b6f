// SPDX-License-Identifier: Apache-2.0

import ExecutionIR
import Governance
import Testing
import TransparencyLog

@Suite("What a policy demands of marketplaces")
struct MarketplaceDemandTests {
  private static let logs = [1, 2].map { (byte: UInt8) in
    VerifierKey(name: "example.com/\(byte)/log", publicKey: Array(repeating: byte, count: 32))!.description
  }
  private static let whole: [String: JSON] = [
    "mode": .string("require"), "logs": .array([.string(logs[1]), .string(logs[0])]),
    "maximum_age": .integer(3_600_000_000_000), "on_revocation": .string("quarantine"),
  ]

  private static func policy(_ clause: JSON) throws(RecordError) -> Policy {
    guard case .object(var members) = Policy.builtIn.json else {
      throw RecordError(path: "", reason: "the built-in policy is no object")
    }
    members["marketplace"] = clause
    return try Policy(json: .object(members))
  }

  @Test("A clause is taken up whole and given back, its logs sorted")
  func reading() throws {
    let policy = try Self.policy(.object(Self.whole))
    let demand = try #require(policy.marketplace)
    #expect(demand.mode == .require && demand.onRevocation == .quarantine)
    #expect(demand.logs == Self.logs)
    #expect(demand.maximumAge == 3_600_000_000_000)
    #expect(try Policy(json: policy.json) == policy)
    #expect(policy.digest != Policy.builtIn.digest)
  }

  @Test("Where a policy says nothing, adapters come from anywhere and a revocation stops the run")
  func silence() throws {
    #expect(Policy.builtIn.marketplace == nil)
    #expect(try Self.policy(.null).marketplace == nil)
    #expect(MarketplaceDemand.unsaid.mode == .off && MarketplaceDemand.unsaid.onRevocation == .stop)
  }

  @Test("No age is demanded where null says so, and no log has to be named where none is demanded")
  func exceptions() throws {
    var clause = Self.whole
    clause["maximum_age"] = .null
    clause["mode"] = .string("off")
    clause["logs"] = .array([])
    let demand = try #require(try Self.policy(.object(clause)).marketplace)
    #expect(demand.maximumAge == nil && demand.logs.isEmpty)
  }

  @Test(
    "What is wrong is refused at its place",
    arguments: [
      ("mode", JSON.string("ask"), "marketplace.mode"),
      ("logs", .array([]), "marketplace.logs: name at least one"),
      ("logs", .array([.string(logs[0]), .string(logs[0])]), "marketplace.logs: \(logs[0]) stands twice"),
      ("logs", .array([.string("example.com")]), "marketplace.logs[0]"),
      ("logs", .string(logs[0]), "marketplace.logs"),
      ("maximum_age", .integer(0), "marketplace.maximum_age"),
      ("on_revocation", .string("ignore"), "marketplace.on_revocation"),
      ("until", .integer(1), "marketplace.until: unknown key"),
    ])
  func faults(key: String, value: JSON, place: String) {
    var clause = Self.whole
    clause[key] = value
    do {
      _ = try Self.policy(.object(clause))
      Issue.record("\(key) was taken")
    } catch {
      #expect("\(error)".hasPrefix(place), "\(error)")
    }
  }

  @Test("Each key has to be there", arguments: ["mode", "logs", "maximum_age", "on_revocation"])
  func missing(key: String) {
    var clause = Self.whole
    clause[key] = nil
    #expect(throws: RecordError.self) { try Self.policy(.object(clause)) }
  }
}
