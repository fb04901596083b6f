// SPDX-License-Identifier: Apache-2.0

internal import DurableFiles
internal import ExecutionIR
internal import Glibc

/// An append-only file of records, each synced before anybody is told of it.
///
/// The file begins with `exprove aggregation log 1`, a line feed and the contract's digest. A record is its length (four
/// bytes, big-endian), its kind (one byte), its bytes, and the first 16 bytes of SHA-256(what the record before ends
/// with ‖ length ‖ kind ‖ bytes); before the first stands the digest of the file's head. So a record that was not wholly
/// written is cut off when the file is opened again, and one that was altered is found.
struct RecordLog: ~Copyable {
  /// Where a record's bytes lie.
  struct Place: Equatable, Sendable {
    let kind: UInt8
    let offset: Int
    let count: Int
  }

  let path: String
  private let file: OpenFile
  private var end = 0
  private var link: [UInt8]

  private static let title = Array("exprove aggregation log 1\n".utf8)
  private static let linkSize = 16
  private static let prefixSize = 5
  static let largestRecord = 64 << 20

  /// Opens or makes the file.
  init(_ path: String, contract: Digest) throws(ServiceError) {
    let head = RecordLog.title + contract.bytes
    do throws(FileError) { file = try RecordLog.open(path, head: head) } catch { throw .file(error.description) }
    self.path = path
    link = Array(Digest(of: head).bytes.prefix(RecordLog.linkSize))
    end = head.count
  }

  private static func open(_ path: String, head: [UInt8]) throws(FileError) -> OpenFile {
    let file = try OpenFile(path, flags: O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, mode: 0o600)
    let given = try file.read(at: 0, count: head.count)
    // Killed while it was made: then nothing stands in it yet.
    if given.count < head.count, head.starts(with: given) {
      try file.truncate(to: 0)
      try file.write(head, at: 0)
      try file.sync()
      try Files.syncDirectory(of: path)
    } else if given != head {
      throw FileError(path: path, operation: "read it as a log of this contract", number: EINVAL)
    }
    return file
  }

  /// Each whole record in turn, once, before anything is appended. What was not wholly written last is cut off.
  mutating func records(_ found: (Place, [UInt8]) throws(ServiceError) -> Void) throws(ServiceError) {
    let size = try wrap { file throws(FileError) in try file.size() }
    while end < size {
      let prefix = try read(at: end, count: RecordLog.prefixSize)
      let length = prefix.count == RecordLog.prefixSize ? prefix[..<4].reduce(0) { $0 << 8 | Int($1) } : 0
      let whole = RecordLog.prefixSize + length + RecordLog.linkSize
      guard prefix.count == RecordLog.prefixSize, size - end >= whole else { break }
      guard length <= RecordLog.largestRecord else { throw damaged() }
      let rest = try read(at: end + RecordLog.prefixSize, count: length + RecordLog.linkSize)
      let bytes = Array(rest.prefix(length))
      let next = RecordLog.next(link, prefix: prefix, bytes: bytes)
      guard rest.suffix(RecordLog.linkSize).elementsEqual(next) else {
        // The last one may have been cut short with its length written; one that others follow may not.
        guard end + whole == size else { throw damaged() }
        break
      }
      try found(Place(kind: prefix[4], offset: end + RecordLog.prefixSize, count: length), bytes)
      link = next
      end += whole
    }
    if end < size {
      let kept = end
      try wrap { file throws(FileError) in
        try file.truncate(to: kept)
        try file.sync()
      }
    }
  }

  /// Writes records and syncs once. Gives where they lie.
  @discardableResult
  mutating func append(_ records: [(kind: UInt8, bytes: [UInt8])]) throws(ServiceError) -> [Place] {
    var places: [Place] = []
    var written: [UInt8] = []
    var link = link
    for record in records {
      precondition(record.bytes.count <= RecordLog.largestRecord, "messages are bounded below this")
      var prefix = MessageWriter()
      prefix.write(UInt32(record.bytes.count))
      prefix.write(record.kind)
      link = RecordLog.next(link, prefix: prefix.bytes, bytes: record.bytes)
      places.append(
        Place(
          kind: record.kind, offset: end + written.count + RecordLog.prefixSize, count: record.bytes.count))
      written += prefix.bytes + record.bytes + link
    }
    let start = end
    do throws(FileError) {
      try file.write(written, at: start)
      try file.sync()
    } catch {
      // Half a record must not stand before the next one.
      try? file.truncate(to: start)
      throw .file(error.description)
    }
    self.link = link
    end += written.count
    return places
  }

  func bytes(at place: Place) throws(ServiceError) -> [UInt8] {
    let bytes = try read(at: place.offset, count: place.count)
    guard bytes.count == place.count else { throw .file("\(path): became shorter while it was open") }
    return bytes
  }

  private func read(at offset: Int, count: Int) throws(ServiceError) -> [UInt8] {
    try wrap { file throws(FileError) in try file.read(at: offset, count: count) }
  }

  private static func next(_ link: [UInt8], prefix: [UInt8], bytes: [UInt8]) -> [UInt8] {
    Array(Digest(of: link + prefix + bytes).bytes.prefix(linkSize))
  }

  private func damaged() -> ServiceError {
    .file("\(path): the record at byte \(end) is damaged; restore the file from a copy")
  }

  private func wrap<Value>(_ body: (borrowing OpenFile) throws(FileError) -> Value) throws(ServiceError) -> Value {
    do throws(FileError) { return try body(file) } catch { throw .file(error.description) }
  }
}
