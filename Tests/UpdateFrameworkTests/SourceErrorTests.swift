// SPDX-License-Identifier: Apache-2.0

import Testing
import UpdateFramework

@Suite struct SourceErrorTests {
  @Test func onlyAMissingFileIsMissing() {
    #expect(SourceError.missing("a").isMissing)
    #expect(!SourceError.tooLarge("a", limit: 1).isMissing)
  }
}
