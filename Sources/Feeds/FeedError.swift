// SPDX-License-Identifier: Apache-2.0

/// What a feed can fail of. Each message names the file or option, the place, the reason and the way out.
package enum FeedError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The `--feed` text is not what it should be.
  case usage(feed: String, reason: String)
  /// No such file.
  case missing(path: String)
  /// The system's own failure; `offset` counts the bytes of the file read before.
  case io(path: String, offset: UInt64, reason: String)
  /// The capture holds no byte.
  case empty(path: String)
  /// The file is well-formed, and not of a kind that this feed can take.
  case unsuitable(path: String, reason: String)
  /// The compressed bytes are damaged from `offset` of the file on. Everything before was delivered, up to
  /// `unpacked` bytes.
  case damagedCompression(path: String, offset: UInt64, unpacked: UInt64, reason: String)
  /// The unpacked capture is damaged from `offset` on. Everything before was delivered.
  case damagedCapture(path: String, offset: UInt64, reason: String)
  /// The capture ends inside the frame or record that begins at `offset`; what is there of it was delivered.
  case cut(path: String, offset: UInt64, present: Int, needed: Int)
  /// A frame that does not fit into a batch.
  case frameTooLong(path: String, offset: UInt64, limit: Int)

  /// The sort of failure, for the exit code.
  package enum Category: Sendable {
    case usage, missing, io, badData
  }

  package var category: Category {
    switch self {
    case .usage: .usage
    case .missing: .missing
    case .io: .io
    case .empty, .unsuitable, .damagedCompression, .damagedCapture, .cut, .frameTooLong: .badData
    }
  }

  package var description: String {
    switch self {
    case .usage(let feed, let reason):
      "--feed '\(feed)': \(reason)"
    case .missing(let path):
      "\(path): there is no such file; check the path behind the adapter's name and colon"
    case .io(let path, let offset, let reason):
      "\(path), byte \(offset): \(reason)"
    case .empty(let path):
      "\(path): the capture is empty; get it again from where it was recorded"
    case .unsuitable(let path, let reason):
      "\(path): \(reason)"
    case .damagedCompression(let path, let offset, let unpacked, let reason):
      "\(path), compressed byte \(offset): \(reason); the \(unpacked) unpacked bytes before it were used, "
        + "get the file again for the rest"
    case .damagedCapture(let path, let offset, let reason):
      "\(path), unpacked byte \(offset): \(reason); all before it was used, get the file again for the rest"
    case .cut(let path, let offset, let present, let needed):
      "\(path), unpacked byte \(offset): the capture ends after \(present) of \(needed) bytes; "
        + "all before it was used, get the file again for the rest"
    case .frameTooLong(let path, let offset, let limit):
      "\(path), unpacked byte \(offset): a frame of more than \(limit) bytes, which is more than a batch holds; "
        + "see that framing= names what the capture is"
    }
  }
}
