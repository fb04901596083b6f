// SPDX-License-Identifier: Apache-2.0

private import Crypto

/// One hash that binds every record and their order.
enum JournalChain {
  /// SHA-256(`chain` ‖ `record`), both as bytes.
  static func next(_ chain: [UInt8], _ record: [UInt8]) -> [UInt8] {
    var hasher = SHA256()
    hasher.update(data: chain)
    hasher.update(data: record)
    return Array(hasher.finalize())
  }
}
