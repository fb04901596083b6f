// SPDX-License-Identifier: Apache-2.0

import RepositoryNetwork
import Testing

@Suite struct RepositoryAddressTests {
  @Test(arguments: [
    ("http://example.com", "http://example.com"), ("https://example.com:443/a/b//", "https://example.com/a/b"),
    ("http://[::1]:8080/x", "http://[::1]:8080/x"), ("https://example.com:80", "https://example.com:80"),
  ])
  func takes(text: String, shown: String) throws {
    #expect(try #require(RepositoryAddress(text)).description == shown)
  }

  @Test(arguments: [
    "", "ftp://example.com", "example.com", "http://", "http://user@example.com", "http://example.com:0",
    "http://example.com:65536", "http://example.com/?q", "http://example.com/#f", "http://exa mple.com", "http://[::1",
    "http://example.com/a/..", "http://example.com/./a",
  ])
  func refuses(text: String) {
    #expect(RepositoryAddress(text) == nil)
  }
}
