// SPDX-License-Identifier: Apache-2.0

internal import DurableFiles
package import EventFlow
package import ExecutionIR

/// Reads a journal from its beginning, checking the chain of every record.
package struct JournalReader: ~Copyable {
  package enum Item: Equatable, Sendable {
    /// The batch that was passed in has been filled.
    case batch
    case input(JSON)
    /// Nothing follows that is whole. `torn` counts the bytes of an unfinished record behind the last whole one.
    case end(torn: Int)
  }

  private let directory: String
  private let segments: [String]
  private var index = -1
  private var segment: Segment? = nil
  private var size = 0
  private var offset = 0
  /// Of the segment before.
  private var sizeBefore = 0
  private var record: [UInt8] = []

  /// Everything that was read so far.
  package private(set) var position = JournalPosition.start

  package init(directory: String) throws(JournalError) {
    let segments = try JournalReader.segments(in: directory)
    self.directory = directory
    self.segments = segments
  }

  private static func segments(in directory: String) throws(JournalError) -> [String] {
    let names: [String]
    do {
      names = try Files.names(in: directory)
    } catch {
      throw .file(error.description)
    }
    for (number, name) in names.enumerated() where name != JournalFormat.segmentName(number) {
      throw .damaged(
        path: directory + "/" + name, offset: 0, reason: "expected \(JournalFormat.segmentName(number)) at this place")
    }
    return names
  }

  /// Whether the last segment holds no whole record: only a run that was interrupted leaves one.
  package var endsInEmptySegment: Bool { index > 0 && offset <= JournalFormat.segmentHeaderSize }

  /// The path of the segment being read, for messages.
  package var path: String { index < 0 ? directory : directory + "/" + segments[index] }

  package mutating func next(into batch: inout EventBatch) throws(JournalError) -> Item {
    if index < 0 || (offset == size && index + 1 < segments.count) {
      guard index + 1 < segments.count else { return .end(torn: 0) }
      guard try openNext() else { return .end(torn: size) }
    }
    let headerSize = JournalFormat.recordHeaderSize
    let left = size - offset
    guard left >= headerSize + JournalFormat.chainSize else { return try tail(left) }
    let header = try read(offset, headerSize)
    let length = Int(word(header, 0))
    guard length <= JournalFormat.payloadLimit else { throw damaged("a record of \(length) bytes") }
    let whole = headerSize + length + JournalFormat.chainSize
    guard left >= whole else { return try tail(left) }
    record = try read(offset, headerSize + length)
    let chain = try read(offset + headerSize + length, JournalFormat.chainSize)
    let expected = Digest(bytes: JournalChain.next(position.chain.bytes, record))!
    guard expected.bytes == chain else { throw damaged("the record does not match its hash") }
    guard word(header, 8) | word(header, 12) << 32 == position.records else {
      throw damaged("the record's ordinal is not \(position.records)")
    }
    guard let kind = RecordKind(rawValue: UInt32(word(header, 4))) else {
      throw damaged("unknown type of record \(word(header, 4))")
    }
    try checkPlace(whole)
    let item = try decode(kind, into: &batch)
    offset += whole
    position = JournalPosition(records: position.records + 1, chain: expected)
    return item
  }

  private func decode(_ kind: RecordKind, into batch: inout EventBatch) throws(JournalError) -> Item {
    switch kind {
    case .batch:
      let payload = record.span.extracting(JournalFormat.recordHeaderSize..<record.count)
      if let reason = BatchCoding.decode(payload, into: &batch) { throw damaged(reason) }
      return .batch
    case .input:
      guard record.count - JournalFormat.recordHeaderSize <= JournalFormat.inputLimit else {
        throw damaged("an input of more than \(JournalFormat.inputLimit) bytes")
      }
      let payload = Array(record[JournalFormat.recordHeaderSize...])
      do {
        let value = try JSON.parse(payload)
        guard value.canonical == payload else { throw JSONError(offset: 0, reason: "not in canonical form") }
        return .input(value)
      } catch {
        throw damaged("\(error)")
      }
    }
  }

  /// The same records lie in the same segments, however often a run was interrupted.
  private func checkPlace(_ whole: Int) throws(JournalError) {
    if offset > JournalFormat.segmentHeaderSize {
      guard offset + whole <= JournalFormat.segmentLimit else {
        throw damaged("the record belongs to the next segment")
      }
    } else if index > 0, sizeBefore + whole <= JournalFormat.segmentLimit {
      throw damaged("the record belongs to the segment before")
    }
  }

  /// A torn record may only stand at the very end of the journal.
  private func tail(_ left: Int) throws(JournalError) -> Item {
    if left > 0, index + 1 < segments.count { throw damaged("an unfinished record before the last segment") }
    return .end(torn: left)
  }

  /// False when the last segment's own header is torn.
  private mutating func openNext() throws(JournalError) -> Bool {
    index += 1
    offset = 0
    sizeBefore = size
    do {
      let opened = try Segment(path)
      size = try opened.file.size()
      segment = opened
    } catch {
      throw .file(error.description)
    }
    guard size >= JournalFormat.segmentHeaderSize else {
      guard index + 1 == segments.count else { throw damaged("shorter than a segment's header") }
      return false
    }
    var header = JournalFormat.magic
    append(UInt64(index), to: &header)
    header.append(contentsOf: position.chain.bytes)
    guard try read(0, header.count) == header else { throw damaged("not the header of this segment of this journal") }
    offset = JournalFormat.segmentHeaderSize
    return true
  }

  private func read(_ at: Int, _ count: Int) throws(JournalError) -> [UInt8] {
    guard let read = try segment?.read(at, count), read.count == count else {
      throw damaged("the file became shorter while it was read")
    }
    return read
  }

  private func damaged(_ reason: String) -> JournalError {
    .damaged(path: path, offset: offset, reason: reason)
  }
}

/// Four bytes of a record's header, little-endian.
func word(_ bytes: [UInt8], _ at: Int) -> UInt64 {
  UInt64(bytes[at]) | UInt64(bytes[at + 1]) << 8 | UInt64(bytes[at + 2]) << 16 | UInt64(bytes[at + 3]) << 24
}

/// The open segment. A class, so that the reader can hold none.
private final class Segment {
  let file: OpenFile

  init(_ path: String) throws(FileError) {
    file = try OpenFile.regular(path)
  }

  func read(_ at: Int, _ count: Int) throws(JournalError) -> [UInt8] {
    do throws(FileError) { return try file.read(at: at, count: count) } catch { throw .file(error.description) }
  }
}
