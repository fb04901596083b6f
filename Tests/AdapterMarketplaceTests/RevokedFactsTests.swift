// SPDX-License-Identifier: Apache-2.0

import AdapterMarketplace
import ExecutionIR
import Testing

/// A revocation holds in whatever form a vendor's metadata tell of it: to overlook one is the error that counts.
@Suite struct RevokedFactsTests {
  @Test(
    arguments: [
      (#"{"revoked": {"reason": "lies", "at": 7}}"#, "lies", 7),
      (#"{"revoked": {"reason": "lies", "at": 7, "by": "me"}, "later": [1]}"#, "lies", 7),
      (#"{"revoked": {"reason": 1, "at": -3}}"#, "without a reason that can be read", 0),
      (#"{"revoked": true}"#, "without a reason that can be read", 0),
      (#"{"revoked": {"reason": "lies", "at": "9223372036854775807"}}"#, "lies", JSON.largestInteger),
    ] as [(String, String, Int64)])
  func isTaken(custom: String, reason: String, at: Int64) throws {
    let json = try JSON.parse(Array(custom.utf8))
    #expect(ReleaseFacts.revocation(in: json) == ReleaseFacts.Withdrawal(reason: reason, at: at))
  }

  @Test(arguments: ["{}", #"{"revoked": null}"#, #"{"yanked": {"reason": "x", "at": 1}}"#, "[]"])
  func isNone(custom: String) throws {
    #expect(ReleaseFacts.revocation(in: try JSON.parse(Array(custom.utf8))) == nil)
  }
}
