// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR

/// The four roles that every repository has (TUF 1.0 section 2.1).
package enum TopRole: String, CaseIterable, Sendable {
  case root, timestamp, snapshot, targets
}

/// Whose signatures a role needs, and how many of them.
package struct RoleKeys: Equatable, Sendable {
  /// Each once.
  package let keyIDs: [String]
  /// At least 1.
  package let threshold: Int

  /// Nil when a key stands twice, and for a threshold below 1.
  package init?(keyIDs: [String], threshold: Int) {
    guard threshold >= 1, Set(keyIDs).count == keyIDs.count else { return nil }
    self.keyIDs = keyIDs
    self.threshold = threshold
  }

  init(_ reader: MemberReader) throws(RecordError) {
    let keyIDs = try reader.strings("keyids")
    guard let threshold = Int(exactly: try reader.integer("threshold", atLeast: 1)) else {
      throw reader.error("threshold", "it is too large")
    }
    guard let keys = RoleKeys(keyIDs: keyIDs, threshold: threshold) else {
      throw reader.error("keyids", "a key stands twice")
    }
    self = keys
  }

  var members: [String: JSON] {
    ["keyids": .array(keyIDs.map { .string($0) }), "threshold": .integer(Int64(threshold))]
  }
}
