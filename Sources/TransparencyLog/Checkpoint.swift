// SPDX-License-Identifier: Apache-2.0

/// The head of a log: who, how many leaves, over them which root (C2SP tlog-checkpoint).
package struct Checkpoint: Equatable, Sendable {
  /// The log's name, the first line.
  package let origin: String
  /// How many leaves; at most 2^62.
  package let size: UInt64
  package let root: MerkleHash
  /// Further lines, none of them empty. Logs of ours write none.
  package let extensions: [String]

  package init(origin: String, size: UInt64, root: MerkleHash, extensions: [String] = []) {
    self.origin = origin
    self.size = size
    self.root = root
    self.extensions = extensions
  }

  /// The note's text: `origin`, size and base-64 root, a line each.
  package var body: [UInt8] {
    var text = "\(origin)\n\(size)\n\(root)\n"
    for line in extensions { text += line + "\n" }
    return Array(text.utf8)
  }

  /// Reads a note's text strictly; `body` of the result is the text again.
  package init(parsing body: [UInt8]) throws(NoteError) {
    let newline = UInt8(ascii: "\n")
    guard body.last == newline else {
      throw NoteError(offset: body.count, reason: "the checkpoint's last line has no newline")
    }
    let lines = body.dropLast().split(separator: newline, omittingEmptySubsequences: false)
    guard lines.count >= 3 else {
      throw NoteError(offset: body.count, reason: "\(lines.count) lines; a checkpoint has origin, size and root")
    }
    var texts: [String] = []
    for line in lines {
      guard !line.isEmpty else { throw NoteError(offset: line.startIndex, reason: "an empty line in a checkpoint") }
      guard let text = String(validating: line, as: UTF8.self), !line.contains(where: { $0 < 32 || $0 == 127 }) else {
        throw NoteError(offset: line.startIndex, reason: "not plain UTF-8 text")
      }
      texts.append(text)
    }
    guard let size = UInt64(decimal: lines[1]), size <= MerkleProof.largestTree else {
      throw NoteError(offset: lines[1].startIndex, reason: "not a tree size: decimal digits without leading zeros")
    }
    guard let bytes = Base64.decode(lines[2]), let root = MerkleHash(bytes: bytes) else {
      throw NoteError(offset: lines[2].startIndex, reason: "not a root: base 64 of 32 bytes")
    }
    guard size > 0 || root == .empty else {
      throw NoteError(offset: lines[2].startIndex, reason: "the root of an empty tree is the SHA-256 of nothing")
    }
    self.init(origin: texts[0], size: size, root: root, extensions: Array(texts[3...]))
  }

  package static func == (left: Checkpoint, right: Checkpoint) -> Bool { left.body == right.body }
}

extension UInt64 {
  /// Reads ASCII digits without a sign or leading zeros; nil for anything else and beyond 64 bits.
  init?(decimal digits: ArraySlice<UInt8>) {
    guard let first = digits.first, digits.count == 1 || first != UInt8(ascii: "0") else { return nil }
    var value: UInt64 = 0
    for digit in digits {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
      let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = tens.addingReportingOverflow(UInt64(digit - UInt8(ascii: "0")))
      guard !overflow, !carry else { return nil }
      value = sum
    }
    self = value
  }
}
