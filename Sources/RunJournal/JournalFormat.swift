// SPDX-License-Identifier: Apache-2.0

package import ExecutionIR

/// The journal's bytes. A run's inputs lie in `journal/000000.seg`, `000001.seg` and so on; each segment is
///
///     "EXPJRNL1" · number of the segment u64 · chain before its first record, 32 bytes
///
/// and then records, each
///
///     payload length u32 · type u32 · ordinal of the record in the run u64 · payload · chain, 32 bytes
///
/// all little-endian. The chain after a record is SHA-256(chain before it ‖ record up to its chain), so that one hash
/// detects a torn tail, binds the order, and is what the ledger commits to.
package enum JournalFormat {
  static let magic: [UInt8] = Array("EXPJRNL1".utf8)
  static let segmentHeaderSize = 48
  static let recordHeaderSize = 16
  static let chainSize = 32
  /// A new segment begins with the record that would make the current one longer than this.
  static let segmentLimit = 64 << 20
  /// The longest payload that is taken for one; a batch is far smaller.
  static let payloadLimit = 256 << 20
  /// The longest input in JSON, which takes many times its size in memory.
  static let inputLimit = 16 << 20

  /// The chain before a run's first record.
  package static let origin = Digest(of: Array("exprove journal, version 1".utf8))

  package static func segmentName(_ number: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, 6 - digits.count)) + digits + ".seg"
  }
}

/// What a record holds.
package enum RecordKind: UInt32, Sendable {
  /// Frames, their bytes and the events that the adapters derived from them.
  case batch = 1
  /// An input that cannot be derived again and is no frame, as canonical JSON.
  case input = 2
}

/// A place in the journal: everything before it, bound by one hash.
package struct JournalPosition: Equatable, Sendable {
  /// Records before this place.
  package var records: UInt64
  /// The chain after the last of them.
  package var chain: Digest

  package static let start = JournalPosition(records: 0, chain: JournalFormat.origin)
}

/// Why a journal can't be written or read.
public enum JournalError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The bytes at this place are not a record of this journal.
  case damaged(path: String, offset: Int, reason: String)
  /// A resumed run gives another record than the one that was journaled.
  case diverged(path: String, record: UInt64)
  /// A system call failed.
  case file(String)

  public var description: String {
    switch self {
    case .damaged(let path, let offset, let reason): "\(path): byte \(offset): \(reason)"
    case .diverged(let path, let record):
      "\(path): record \(record) differs from what the same inputs give now; a capture, an adapter or the task has "
        + "changed since the run began: start a new run in another directory"
    case .file(let text): text
    }
  }
}
