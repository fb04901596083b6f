// SPDX-License-Identifier: Apache-2.0

import AdapterMarketplace
import Testing

@Suite struct SemanticVersionTests {
  /// The examples of Semantic Versioning 2.0.0, sections 11.2 and 11.4, in their order.
  @Test func ordersAsTheSpecificationDoes() throws {
    let texts = [
      "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",
      "1.0.0", "2.0.0", "2.1.0", "2.1.1",
    ]
    let versions = try texts.map { try #require(SemanticVersion($0)) }
    for (index, version) in versions.enumerated() {
      #expect(version.description == texts[index])
      for (other, later) in versions.enumerated() { #expect((version < later) == (index < other)) }
    }
  }

  @Test(arguments: [
    "", "1", "1.2", "1.2.3.4", "01.2.3", "1.02.3", "1.2.-3", "1.2.3-", "1.2.3-01", "1.2.3-a..b", "1.2.3+build",
    "1.2.3 ",
    "v1.2.3", "1.2.3-ä", "18446744073709551616.0.0", "1.2.3-18446744073709551616",
  ])
  func refuses(text: String) {
    #expect(SemanticVersion(text) == nil)
  }
}
