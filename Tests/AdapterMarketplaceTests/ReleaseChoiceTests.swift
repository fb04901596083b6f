// SPDX-License-Identifier: Apache-2.0

import AdapterMarketplace
import ExecutionIR
import Testing

@Suite struct ReleaseChoiceTests {
  private static let name = AdapterName("acme/itch")

  private func release(
    _ version: String, platform: String = Platform.host.description, abi: (UInt16, UInt16) = (0, 1),
    yanked: Bool = false, revoked: Bool = false
  ) throws -> Release {
    let path = ReleasePath(
      name: try #require(ReleaseChoiceTests.name), version: try #require(SemanticVersion(version)),
      platform: try #require(Platform(platform)))
    let withdrawal = ReleaseFacts.Withdrawal(reason: "it drops cancels", at: 5)
    return Release(
      path: path, digest: Digest(of: Array(path.library.utf8)), length: 7,
      facts: ReleaseFacts(
        minimumABI: .init(major: 1, minor: abi.0), maximumABI: .init(major: 1, minor: abi.1), produces: [],
        requires: [], capabilities: [], certificate: Digest(of: [1]), licence: "MIT",
        yanked: yanked ? withdrawal : nil, revoked: revoked ? withdrawal : nil))
  }

  private func choose(
    _ releases: [Release], range: String = "*", installed: String? = nil, revoked: [Release] = []
  ) throws -> ReleaseChoice {
    let demand = ReleaseDemand(
      name: try #require(ReleaseChoiceTests.name), range: try #require(VersionRange(range)),
      hostABI: [.init(major: 1, minor: 1), .init(major: 1, minor: 0)],
      installed: installed.flatMap { SemanticVersion($0) })
    let digests = revoked.map(\.digest)
    return ReleaseChoice(demand, from: releases) { digest in
      digests.contains(digest)
        ? Revocation(digest: digest, target: "t", reason: "hole", at: 1, repository: "main", source: .operator) : nil
    }
  }

  @Test func takesTheNewestWithinTheRange() throws {
    let releases = try ["1.2.0", "1.10.0", "1.9.0", "2.0.0", "2.1.0-rc.1"].map { try release($0) }
    #expect(try choose(releases).chosen?.path.version.description == "2.0.0")
    #expect(try choose(releases, range: "^1").chosen?.path.version.description == "1.10.0")
    #expect(try choose(releases, range: "1.2").chosen?.path.version.description == "1.2.0")
    #expect(try choose(releases, range: "2.1.0-rc.1").chosen?.path.version.description == "2.1.0-rc.1")
    #expect(try choose(releases, range: "3").chosen == nil)
    // In whatever order they are listed, and with a reason for each that is left.
    for shift in releases.indices {
      let choice = try choose(Array(releases[shift...] + releases[..<shift]))
      #expect(choice.chosen?.path.version.description == "2.0.0")
      #expect(
        choice.leftOut.map { "\($0.version): \($0.reason)" } == [
          "2.1.0-rc.1: not within *", "1.10.0: 2.0.0 is newer", "1.9.0: 2.0.0 is newer", "1.2.0: 2.0.0 is newer",
        ])
    }
  }

  @Test func yankedNeedsTheExactVersion() throws {
    let releases = [try release("1.2.0"), try release("1.2.1", yanked: true)]
    #expect(try choose(releases).chosen?.path.version.description == "1.2.0")
    #expect(try choose(releases, range: "1.2.1").chosen?.path.version.description == "1.2.1")
    #expect(try choose(releases, range: "=1.2.1").chosen?.path.version.description == "1.2.1")
    #expect(try choose(releases, range: ">=1.2.1").chosen == nil)
    #expect(try choose(releases).leftOut[0].reason.contains("it drops cancels; only @1.2.1 installs it"))
  }

  @Test func revokedNever() throws {
    let byVendor = try release("1.2.1", revoked: true)
    let byOperator = try release("1.2.2")
    let releases = [try release("1.2.0"), byVendor, byOperator]
    #expect(try choose(releases, revoked: [byOperator]).chosen?.path.version.description == "1.2.0")
    #expect(try choose(releases, range: "1.2.1").chosen == nil)
    #expect(try choose(releases, range: "1.2.2", revoked: [byOperator]).chosen == nil)
    let reasons = try choose(releases, revoked: [byOperator]).leftOut.map(\.reason)
    #expect(reasons[0] == "revoked by the operator of main: hole")
    #expect(reasons[1] == "revoked by its vendor: it drops cancels")
  }

  @Test func anOlderOneNeedsTheExactVersion() throws {
    let releases = try ["1.0.0", "1.1.0", "1.2.0"].map { try release($0) }
    #expect(try choose(releases, range: "<1.2", installed: "1.2.0").chosen == nil)
    #expect(try choose(releases, range: "1.0.0", installed: "1.2.0").chosen?.path.version.description == "1.0.0")
    #expect(try choose(releases, installed: "1.1.0").chosen?.path.version.description == "1.2.0")
    #expect(try choose(releases, range: "1.1", installed: "1.1.0").chosen?.path.version.description == "1.1.0")
  }

  @Test func platformAndABIMustFit() throws {
    let other = Platform.known.first { $0 != Platform.host.description } ?? ""
    let releases = [
      try release("1.0.0"), try release("1.1.0", platform: other), try release("1.2.0", abi: (2, 3)),
      try release("0.9.0", abi: (0, 0)),
    ]
    let choice = try choose(releases)
    #expect(choice.chosen?.path.version.description == "1.0.0")
    #expect(choice.leftOut[0].reason == "it speaks the ABI 1.2 to 1.3, this host 1.1, 1.0")
    #expect(choice.leftOut[1].reason == "it is for \(other)")
    #expect(try choose(releases, range: "0.9").chosen?.path.version.description == "0.9.0")
    let demand = ReleaseDemand(
      name: try #require(ReleaseChoiceTests.name), range: .any, hostABI: [.init(major: 2, minor: 0)])
    let refused = ReleaseChoice(demand, from: releases) { _ in nil }
    #expect(refused.chosen == nil)
    #expect(refused.refusal(demand, repository: "main").hasPrefix("main: nothing of acme/itch to install for @*"))
  }
}

@Suite struct CatalogSearchTests {
  private func catalog() throws -> [UInt8] {
    var bytes: [UInt8] = []
    for (name, summary, protocols) in [
      ("acme/itch", "Nasdaq TotalView", ["ITCH 5.0"]),
      ("acme/latest", "Names of “Börsen”, a \\ and a \"quote\"", ["FIX"]),
      ("zeta/nasdaq", "Market data", ["OUCH"]),
    ] {
      bytes +=
        CatalogEntry(
          name: try #require(AdapterName(name)), summary: summary, licence: "MIT", protocols: protocols,
          latest: SemanticVersion(1, 0, 0), platforms: ["linux-x86_64"], versions: 1, updated: 1
        ).line
    }
    return bytes
  }

  @Test(arguments: [
    (["itch"], ["acme/itch"]), (["ITCH", "nasdaq"], ["acme/itch"]), (["NASDAQ"], ["zeta/nasdaq", "acme/itch"]),
    (["ouch"], ["zeta/nasdaq"]), (["börsen"], ["acme/latest"]), (["Börsen"], ["acme/latest"]),
    (["acme"], ["acme/itch", "acme/latest"]),
    (["mit"], ["acme/itch", "acme/latest", "zeta/nasdaq"]), ([], ["acme/itch", "acme/latest", "zeta/nasdaq"]),
    (["\"quote\""], ["acme/latest"]), (["\\ and"], ["acme/latest"]), (["}"], []), ([":"], []), (["1700"], []),
    (["nothing"], []), (["itch", "nothing"], []), (["summary"], []), (["\""], ["acme/latest"]), (["updated"], []),
    ([""], ["acme/itch", "acme/latest", "zeta/nasdaq"]),
  ])
  func finds(words: [String], names: [String]) throws {
    let result = CatalogSearch(words: words).find(in: try catalog())
    #expect(result.entries.map(\.name.description) == names)
    #expect(result.unreadable == 0)
    #expect(result.found == names.count)
    for limit in 0...3 {
      let few = CatalogSearch(words: words).find(in: try catalog(), limit: limit)
      #expect(few.entries == Array(result.entries.prefix(limit)))
      #expect(few.found == names.count)
    }
  }

  /// A line that can't be read is counted where it hits, and hides no other; a line's end may be missing.
  @Test func passesOverWhatIsDamaged() throws {
    let whole = try catalog()
    let damaged = Array("{\"name\":\"acme/itch\n\n".utf8) + whole + Array("itch".utf8)
    let result = CatalogSearch(words: ["itch"]).find(in: damaged)
    #expect(result.entries.map(\.name.description) == ["acme/itch"])
    #expect(result.unreadable == 2)
    for count in 0..<whole.count {
      let found = CatalogSearch(words: ["a"]).find(in: Array(whole.prefix(count)))
      #expect(found.entries.count <= 3 && found.unreadable <= 1)
    }
  }
}
