// SPDX-License-Identifier: Apache-2.0

import ExecutionIR
import Foundation
import Governance
import Testing

private func example() throws -> String {
  let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  return String(
    decoding: try Data(contentsOf: tests.appendingPathComponent("Examples/policy.json")), as: UTF8.self)
}

@Suite("Policy files")
struct PolicyFileTests {
  @Test("A file is taken up whole, and gives its content back")
  func reading() throws {
    let policy = try Policy.parse(Array(example().utf8), file: "p.json")
    #expect(policy.name == "example" && policy.version == "3")
    #expect(policy.priceCollar == Policy.Collar(basisPoints: 50, reference: .last))
    #expect(policy.maximumOrderValue?.map(\.name) == ["EUR", "USDT"])
    #expect(policy.maximumOrderValue?.first?.value.description == "250000.5")
    #expect(policy.participation == 100_000)
    #expect(policy.restricted == ["GONE", "XPRB XPRV"])
    #expect(policy.messageRate == Policy.MessageRate(messages: 5, window: 1_000_000_000))
    #expect(policy.preventsOwnCrossing && policy.maximumBookAge == nil)
    #expect(try Policy.parse(policy.json.canonical, file: "again") == policy)
    #expect(try policy.json == JSON.parse(Array(example().utf8)))
    #expect(try Policy.parse(Policy.builtIn.json.canonical, file: "again") == Policy.builtIn)
    #expect(Policy.builtIn.digest != policy.digest)
  }

  @Test("What is forgotten, unknown or out of range is refused at its place")
  func faults() throws {
    let text = try example()
    for (old, new, place) in [
      ("\"own_crossing\": true,", "", "own_crossing: missing; write null"),
      ("\"own_crossing\": true", "\"own_crossing\": 1", "own_crossing"),
      ("\"own_crossing\"", "\"own_crossings\"", "own_crossings: unknown key"),
      ("\"basis_points\": 50", "\"basis_points\": -1", "price_collar.basis_points"),
      ("\"last\"", "\"close\"", "price_collar.reference"),
      ("\"participation\": 100000", "\"participation\": 1000001", "participation"),
      ("\"messages\": 5", "\"messages\": 0", "message_rate.messages"),
      ("\"window\": 1000000000", "\"window\": 0", "message_rate.window"),
      ("\"250000.5\"", "\"-1\"", "maximum_order_value.EUR"), ("\"250000.5\"", "250000", "maximum_order_value.EUR"),
      ("[\"GONE\", \"XPRB XPRV\"]", "[\"GONE\", \"GONE\"]", "restricted_list: GONE stands twice"),
      ("exprove-policy/1", "exprove-policy/9", "format"), ("100000,", "0.5,", "byte "),
    ] {
      let range = try #require(text.range(of: old), "\(old)")
      do {
        _ = try Policy.parse(Array(text.replacingCharacters(in: range, with: new).utf8), file: "p.json")
        Issue.record("\(new) was taken")
      } catch {
        #expect("\(error)".hasPrefix("p.json: \(place)"), "\(new): \(error)")
      }
    }
    let bytes = Array(text.utf8)
    for index in bytes.indices {
      if index < bytes.count - 2 {
        #expect(throws: ReferenceError.self) { try Policy.parse(Array(bytes[..<index]), file: "p") }
      }
      var altered = bytes
      altered[index] ^= 0x11
      _ = try? Policy.parse(altered, file: "p")
    }
  }
}
