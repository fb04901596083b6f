// SPDX-License-Identifier: Apache-2.0

import AggregationNetwork
import Testing

@Suite struct PeerAddressTests {
  @Test(arguments: [
    ("https://helper.example:8443", "helper.example", 8443, "", "https://helper.example:8443"),
    ("https://helper.example", "helper.example", 443, "", "https://helper.example:443"),
    ("https://192.0.2.1:1/", "192.0.2.1", 1, "", "https://192.0.2.1:1"),
    ("https://[::1]:65535/sum/1/", "::1", 65535, "/sum/1", "https://[::1]:65535/sum/1"),
    ("https://[2001:db8::7]", "2001:db8::7", 443, "", "https://[2001:db8::7]:443"),
  ]) func reads(text: String, host: String, port: Int, base: String, written: String) throws {
    let address = try PeerAddress(text)
    #expect(address.host == host)
    #expect(address.port == port)
    #expect(address.base == base)
    #expect(address.description == written)
    #expect(try PeerAddress(written) == address)
  }

  @Test(arguments: [
    "", "https://", "http://x:1", "HTTPS://x:1", "x:1", "https://:1", "https://x:", "https://x:0", "https://x:65536",
    "https://x:1a", "https://x:-1", "https://x:+1", "https://x:99999999999999999999", "https://x:1:2", "https://[::1",
    "https://[::1]x", "https://[x]:1", "https://[]:1", "https://u@x:1", "https://x y:1", "https://x:1/a?b",
    "https://x:1/#a", "https://x:1/\r\n", "https://ü:1", "https://x:１",
  ]) func refuses(text: String) {
    #expect(throws: ExchangeError.address(text)) { try PeerAddress(text) }
  }
}
