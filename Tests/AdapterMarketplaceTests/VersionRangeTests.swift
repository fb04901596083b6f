// SPDX-License-Identifier: Apache-2.0

import AdapterMarketplace
import Testing

@Suite struct VersionRangeTests {
  /// Ranges, what they take and what they leave; those with `^`, `~` and partial numbers as node-semver 7 decides them.
  static let cases: [(range: String, takes: [String], leaves: [String])] = [
    ("*", ["0.0.1", "1.2.3", "99.0.0"], ["1.0.0-rc.1"]),
    ("1", ["1.0.0", "1.9.9"], ["0.9.9", "2.0.0", "1.0.0-rc.1", "2.0.0-rc.1"]),
    ("1.2", ["1.2.0", "1.2.99"], ["1.1.9", "1.3.0", "1.3.0-alpha"]),
    ("1.2.3", ["1.2.3"], ["1.2.2", "1.2.4", "1.2.3-rc.1"]),
    ("=1.2.3", ["1.2.3"], ["1.2.4"]),
    ("=1.2", ["1.2.7"], ["1.3.0"]),
    ("1.2.3-rc.1", ["1.2.3-rc.1"], ["1.2.3", "1.2.3-rc.2"]),
    ("^1.2", ["1.2.0", "1.9.0"], ["1.1.9", "2.0.0", "2.0.0-rc.1"]),
    ("^1.2.3", ["1.2.3", "1.3.0"], ["1.2.2", "2.0.0"]),
    ("^0.2.3", ["0.2.3", "0.2.9"], ["0.3.0", "0.2.2", "1.0.0"]),
    ("^0.0.3", ["0.0.3"], ["0.0.4", "0.1.0"]),
    ("^0.0", ["0.0.0", "0.0.9"], ["0.1.0"]),
    ("^0", ["0.0.0", "0.9.0"], ["1.0.0"]),
    ("^0.0.0", ["0.0.0"], ["0.0.1"]),
    ("^1.2.3-rc.2", ["1.2.3-rc.2", "1.2.3-rc.10", "1.2.3", "1.9.0"], ["1.2.3-rc.1", "1.2.4-rc.3", "2.0.0"]),
    ("~1.2.3", ["1.2.3", "1.2.9"], ["1.2.2", "1.3.0"]),
    ("~1.2", ["1.2.0", "1.2.9"], ["1.3.0"]),
    ("~1", ["1.0.0", "1.9.0"], ["2.0.0"]),
    (">=1.2,<2", ["1.2.0", "1.9.9"], ["1.1.9", "2.0.0", "2.0.0-rc.1"]),
    (">1.2", ["1.3.0", "2.0.0"], ["1.2.0", "1.2.9"]),
    (">1.2.3", ["1.2.4"], ["1.2.3"]),
    ("<=1.2", ["1.2.9", "0.1.0"], ["1.3.0"]),
    ("<=1.2.3", ["1.2.3"], ["1.2.4"]),
    ("<1.2", ["1.1.9"], ["1.2.0", "1.2.0-rc.1"]),
    (">=1.2.0-beta,<1.2.0", ["1.2.0-beta", "1.2.0-rc.1"], ["1.2.0", "1.1.0-rc.1", "1.2.0-alpha"]),
    ("<1,>2", [], ["0.9.0", "1.5.0", "3.0.0"]),
    ("18446744073709551615.1", ["18446744073709551615.1.0"], ["18446744073709551615.2.0"]),
  ]

  @Test(arguments: cases)
  func takesAndLeaves(range text: String, takes: [String], leaves: [String]) throws {
    let range = try #require(VersionRange(text))
    #expect(range.description == text)
    for version in takes { #expect(range.contains(try #require(SemanticVersion(version))), "\(text) takes \(version)") }
    for version in leaves {
      #expect(!range.contains(try #require(SemanticVersion(version))), "\(text) leaves \(version)")
    }
  }

  @Test(arguments: [
    "", " ", "1.", ".1", "1.2.3.4", "v1", "1.2.x", "01", "1.02", "^", "~", ">=", "<", ",", "1,", ",1", "1 ", ">= 1",
    "==1",
    "^^1", "~>1", "1 || 2", "1-2", "1.2-rc", "+1", "-1", "**", "1.2.3+build", "ä", "18446744073709551616",
    "^18446744073709551615", "18446744073709551615", ">1.18446744073709551615", "\u{0}", "*,1",
  ])
  func refuses(text: String) {
    #expect(VersionRange(text) == nil)
  }

  @Test func refusesWhatIsEndless() {
    #expect(VersionRange(String(repeating: "1,", count: 64) + "1") == nil)
  }

  @Test func onlyAFullVersionIsExact() throws {
    let version = try #require(SemanticVersion("1.2.3"))
    #expect(VersionRange("1.2.3")?.exact == version)
    #expect(VersionRange("=1.2.3")?.exact == version)
    #expect(VersionRange(version).exact == version)
    for text in ["*", "1.2", "^1.2.3", "~1.2.3", ">=1.2.3", "<=1.2.3", "1.2.3,1.2.3"] {
      #expect(VersionRange(text)?.exact == nil)
    }
  }

  /// Over all small versions: operators are what they say of one another.
  @Test func operatorsAgree() throws {
    let numbers: [UInt64] = [0, 1, 2]
    var versions: [SemanticVersion] = []
    for major in numbers {
      for minor in numbers {
        for patch in numbers {
          versions.append(SemanticVersion(major, minor, patch, preRelease: [.word("rc"), .number(1)]))
          versions.append(SemanticVersion(major, minor, patch))
        }
      }
    }
    for bound in versions {
      let ranges = try ["", "^", "~", ">=", ">", "<=", "<"].map { try #require(VersionRange($0 + bound.description)) }
      for version in versions {
        let takes = ranges.map { $0.contains(version) }
        let isEligible =
          !version.isPreRelease
          || (bound.isPreRelease
            && (version.major, version.minor, version.patch) == (bound.major, bound.minor, bound.patch))
        #expect(takes[0] == (version == bound))
        #expect(takes[3] == (isEligible && version >= bound))
        #expect(takes[3] == (takes[4] || takes[0]))
        #expect(takes[5] == (takes[6] || takes[0]))
        #expect((takes[3] || takes[6]) == isEligible && !(takes[3] && takes[6]))
        // A tilde takes no more than a caret, and neither crosses a major version.
        #expect(!takes[2] || bound.major == 0 || takes[1])
        #expect(!takes[1] || version.major == bound.major)
        #expect(!takes[2] || version.minor == bound.minor)
      }
    }
  }
}
