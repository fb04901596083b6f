// SPDX-License-Identifier: Apache-2.0

import Glibc
import SecureAggregation
import Testing

/// What memory holds after a secret's life. Memory of this size is handed out again as it was left.
struct WipeTests {
  private static let size = 40_000

  /// How many of the bytes that a secret has left behind are its own; nil if its memory is not to be had again.
  private func remains(of secret: (inout UInt) -> Void) -> Int? {
    for _ in 0..<200 {
      var address: UInt = 0
      secret(&address)
      guard let memory = unsafe malloc(Self.size) else { return nil }
      defer { unsafe free(memory) }
      if UInt(bitPattern: memory) != address { continue }
      return unsafe UnsafeRawBufferPointer(start: memory, count: Self.size).count { $0 == 0xA5 }
    }
    return nil
  }

  @Test func secretsAreOverwritten() throws {
    // What is not wiped is found: so the test can see.
    let plain = try #require(
      remains { address in
        let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: Self.size)
        unsafe memory.initialize(repeating: 0xA5, count: Self.size)
        address = UInt(bitPattern: memory)
        unsafe memory.deallocate()
      })
    #expect(plain > Self.size / 2)
    let wiped = try #require(
      remains { address in
        let secret = SecretBytes(repeating: 0xA5, count: Self.size)
        unsafe secret.span.withUnsafeBufferPointer { address = UInt(bitPattern: $0.baseAddress) }
      })
    #expect(wiped == 0)
  }
}
