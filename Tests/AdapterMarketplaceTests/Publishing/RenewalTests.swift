// SPDX-License-Identifier: Apache-2.0

import AdapterMarketplace
import ExecutionIR
import Foundation
import Governance
import Testing
import TransparencyLog
import UpdateFramework

func remove(_ path: String) throws { try FileManager.default.removeItem(atPath: path) }

func makeIncoming(_ market: MarketFixture) throws {
  try FileManager.default.createDirectory(
    atPath: market.directory + "/incoming", withIntermediateDirectories: true)
}

@Suite struct RenewalTests {
  /// A year and a half of daily life, in which nothing ever expires that its keeper could have renewed.
  @Test func whatIsDueIsSignedAnew() throws {
    let market = try MarketFixture()
    _ = try market.publish(try market.draft(validDays: 3000))
    for days in stride(from: Int64(5), through: 550, by: 5) {
      try market.operate(["operator", "acme"], after: days) { repository throws(MarketError) in
        #expect(try repository.renew().isEmpty)
        let outcome = try repository.admit(renewing: true)
        #expect(outcome.refused.isEmpty && outcome.waiting.isEmpty && outcome.lacking == nil)
      }
      if days % 50 == 0 { _ = try market.client(after: days) }
    }
    let client = try market.client("new", after: 551)
    #expect(client.root.version > 1)
    #expect(try market.audit(after: 551).isSound)
    let expired = try market.audit(after: 560)
    #expect(expired.findings.contains { $0.contains("timestamp expired") })
    #expect(throws: UpdateError.self) { try market.client("late", after: 560) }
  }

  @Test func whatHasItsKeysElsewhereIsNamed() throws {
    let market = try MarketFixture()
    _ = try market.publish(try market.draft())
    let due = try market.operate(after: 300) { r throws(MarketError) in try r.renew() }
    #expect(due.contains { $0.hasPrefix("acme expires at") } && due.count == 1)
    let own = try market.operate(["acme"], after: 300) { repository throws(MarketError) in
      _ = try repository.renew()
      return try repository.admit(renewing: true)
    }
    #expect(own.lacking != nil && market.exists("incoming/acme.json"))
  }

  @Test func anExpiredCertificateIsTold() throws {
    let market = try MarketFixture()
    _ = try market.publish(try market.draft(validDays: 5))
    let audit = try market.audit(after: 6)
    #expect(audit.isSound && audit.notes.contains { $0.contains("its certificate expired") })
  }

  @Test func lifetimesAreChosenByRole() {
    var lifetimes = MetadataLifetimes()
    for (text, isGood) in [
      ("timestamp=1", true), ("vendor=3650", true), ("timestamp", false), ("timestamp=0", false),
      ("timestamp=3651", false),
      ("acme=5", false), ("root=x", false), ("root=1=2", false), ("=1", false),
    ] {
      let taken = lifetimes.choose(text)
      #expect(taken == isGood, "\(text)")
    }
  }

  @Test func aMissingProofIsFound() throws {
    let market = try MarketFixture()
    let draft = try market.draft()
    _ = try market.publish(draft)
    #expect(try market.audit().isSound)
    try remove(market.directory + "/targets/" + draft.path.proof(digest: draft.digest.description))
    let audit = try market.audit()
    #expect(audit.findings.count == 1 && audit.findings[0].contains(".proof"), "\(audit.findings)")
  }

  /// A command that was killed may leave a leaf of something that never came to be listed.
  @Test func leavesOfWhatIsGoneAreTold() throws {
    let market = try MarketFixture()
    let log = try Identity.load(name: "\(MarketFixture.name)/log", home: market.home("operator"))
    do {
      var writer = try LogWriter.resume(
        directory: market.directory + "/log", origin: log.name, verifier: log.verifier)
      try writer.append(Array("what was never listed".utf8))
      try writer.publish { body throws(LogError) in
        do throws(IdentityError) { return [try log.noteSignature(over: body, origin: log.name)] } catch {
          throw .signing("\(error)")
        }
      }
    }
    _ = try market.publish(try market.draft())
    let audit = try market.audit()
    #expect(audit.isSound && audit.leaves == 2 && audit.notes.contains { $0.contains("leaf 0 of the log") }, "\(audit)")
  }
}

@Suite struct MarketPagesTests {
  @Test func whatAVendorSaysIsText() throws {
    let market = try MarketFixture()
    let words = #"<script>alert(\"1\")</script>'&\u202e\u0007\u2028"#
    let description = """
      {"name": "\(words)", "summary": "\(words)", "who": "\(words)", "links": ["https://a.example/?a&b"],
       "protocols": ["\(words)"], "example": "</pre>\\n\(words)"}
      """
    _ = try market.publish(try market.draft(description: description))
    for path in ["index.html", "adapters/acme/itch.html"] {
      let page = String(decoding: try market.read(path), as: UTF8.self)
      #expect(
        !page.contains("<script") && !page.contains("\u{202E}") && !page.contains("\u{7}") && !page.contains("\u{2028}")
      )
      #expect(page.contains("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39;&amp;\\u{202e}\\u{7}\\u{2028}"))
    }
    let page = String(decoding: try market.read("adapters/acme/itch.html"), as: UTF8.self)
    #expect(page.contains(#"<a href="https://a.example/?a&amp;b""#) && page.contains("&lt;/pre&gt;\n"))
  }
}
