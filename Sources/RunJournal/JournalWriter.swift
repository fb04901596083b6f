// SPDX-License-Identifier: Apache-2.0

internal import DurableFiles
package import EventFlow
package import ExecutionIR
private import Glibc

/// Writes a run's inputs, in one total order, so that a crash at any byte leaves a readable journal.
///
/// A run that is resumed starts over at its first input. While records of the earlier attempt are
/// there, each new one is compared with them and not written; behind the last whole one it is appended. So what
/// was journaled is never written twice and never changed.
package struct JournalWriter: ~Copyable {
  private let directory: String
  private var segment: OpenFile
  private var segmentNumber = 0
  /// Where the next record goes.
  private var offset = 0
  /// Bytes of this segment that an earlier attempt wrote; beyond `offset` they are still to be compared.
  private var existing = 0
  private var payload: [UInt8] = []
  private var record: [UInt8] = []

  /// Everything that was appended so far.
  package private(set) var position = JournalPosition.start
  /// Whether records of an earlier attempt are still being compared.
  package var isResuming: Bool { offset < existing || hasNextSegment }
  private var hasNextSegment: Bool { Files.exists(directory + "/" + JournalFormat.segmentName(segmentNumber + 1)) }
  /// Incidents of the earlier attempt that were passed over: they happened then, and happen no second time.
  private var passed: [JSON] = []

  /// Opens the journal in `directory`, which exists; it is empty or holds an earlier attempt at the same run.
  package static func open(directory: String) throws(JournalError) -> JournalWriter {
    let segment = try segment(in: directory, number: 0)
    var writer = JournalWriter(directory: directory, segment: segment)
    try writer.begin()
    return writer
  }

  private init(directory: String, segment: consuming OpenFile) {
    self.directory = directory
    self.segment = segment
  }

  package mutating func append(_ batch: borrowing EventBatch) throws(JournalError) {
    BatchCoding.encode(batch, into: &payload)
    try appendPayload(.batch)
  }

  package mutating func append(_ input: JSON) throws(JournalError) {
    payload.removeAll(keepingCapacity: true)
    input.write(to: &payload)
    precondition(payload.count <= JournalFormat.inputLimit, "a larger input lies in objects/, by its digest")
    try appendPayload(.input)
  }

  /// Makes all that was appended survive a power cut.
  package func sync() throws(JournalError) {
    do {
      try segment.sync()
    } catch {
      throw .file(error.description)
    }
  }

  /// The incidents that were passed over since this was last asked, in their order.
  package mutating func takePassedIncidents() -> [JSON] {
    defer { passed.removeAll() }
    return passed
  }

  private mutating func appendPayload(_ kind: RecordKind) throws(JournalError) {
    while try passIncident() {}
    let size = JournalFormat.recordHeaderSize + payload.count + JournalFormat.chainSize
    if offset + size > JournalFormat.segmentLimit, offset > JournalFormat.segmentHeaderSize { try rotate() }
    record.removeAll(keepingCapacity: true)
    RunJournal.append(UInt32(payload.count), to: &record)
    RunJournal.append(kind.rawValue, to: &record)
    RunJournal.append(position.records, to: &record)
    record.append(contentsOf: payload)
    position = JournalPosition(
      records: position.records + 1, chain: Digest(bytes: JournalChain.next(position.chain.bytes, record))!)
    record.append(contentsOf: position.chain.bytes)
    try put(record)
  }

  /// The next record of an earlier attempt, if it is a whole input and no incident: what cannot be derived again is taken
  /// from there.
  package mutating func recordedInput() throws(JournalError) -> JSON? {
    while try passIncident() {}
    if offset == existing, hasNextSegment {
      let next = try JournalWriter.segment(in: directory, number: segmentNumber + 1)
      let size = try JournalWriter.file { () throws(FileError) in try next.size() }
      return try input(in: next, at: JournalFormat.segmentHeaderSize, upTo: size)?.input
    }
    return try input(in: segment, at: offset, upTo: existing)?.input
  }

  /// Goes past the next record of an earlier attempt if it is a whole incident.
  private mutating func passIncident() throws(JournalError) -> Bool {
    if offset == existing, offset > JournalFormat.segmentHeaderSize, try nextSegmentBeginsWithIncident() {
      try rotate()
    }
    guard let (bytes, input) = try incident(in: segment, at: offset, upTo: existing) else { return false }
    position = JournalPosition(
      records: position.records + 1, chain: Digest(bytes: JournalChain.next(position.chain.bytes, bytes))!)
    try put(bytes + position.chain.bytes)
    passed.append(input)
    return true
  }

  private func nextSegmentBeginsWithIncident() throws(JournalError) -> Bool {
    guard hasNextSegment else { return false }
    let next = try JournalWriter.segment(in: directory, number: segmentNumber + 1)
    let size = try JournalWriter.file { () throws(FileError) in try next.size() }
    return try incident(in: next, at: JournalFormat.segmentHeaderSize, upTo: size) != nil
  }

  private func incident(
    in segment: borrowing OpenFile, at place: Int, upTo end: Int
  ) throws(JournalError) -> (bytes: [UInt8], input: JSON)? {
    guard let found = try input(in: segment, at: place, upTo: end), IncidentRecord.body(of: found.input) != nil else {
      return nil
    }
    return found
  }

  /// The record at a place, without its hash, and its input, when it is a whole one.
  private func input(
    in segment: borrowing OpenFile, at place: Int, upTo end: Int
  ) throws(JournalError) -> (bytes: [UInt8], input: JSON)? {
    let header = JournalFormat.recordHeaderSize
    guard end - place >= header else { return nil }
    let head = try JournalWriter.read(segment, place, header)
    let length = Int(RunJournal.word(head, 0))
    guard RunJournal.word(head, 4) == RecordKind.input.rawValue, length <= JournalFormat.inputLimit,
      end - place >= header + length + JournalFormat.chainSize
    else { return nil }
    let bytes = try JournalWriter.read(segment, place, header + length)
    return (try? JSON.parse(Array(bytes.dropFirst(header)))).map { (bytes, $0) }
  }

  private static func read(_ segment: borrowing OpenFile, _ place: Int, _ count: Int) throws(JournalError) -> [UInt8] {
    do throws(FileError) { return try segment.read(at: place, count: count) } catch { throw .file(error.description) }
  }

  private mutating func rotate() throws(JournalError) {
    try sync()
    segmentNumber += 1
    segment = try JournalWriter.segment(in: directory, number: segmentNumber)
    offset = 0
    try begin()
  }

  private mutating func begin() throws(JournalError) {
    do {
      existing = try segment.size()
    } catch {
      throw .file(error.description)
    }
    var header = JournalFormat.magic
    RunJournal.append(UInt64(segmentNumber), to: &header)
    header.append(contentsOf: position.chain.bytes)
    try put(header)
  }

  /// Compares with what an earlier attempt wrote, or appends. A torn tail is written over.
  private mutating func put(_ bytes: [UInt8]) throws(JournalError) {
    let before = try JournalWriter.file { () throws(FileError) in
      try segment.read(at: offset, count: min(bytes.count, existing - offset))
    }
    if !bytes.starts(with: before) {
      let same = zip(before, bytes).enumerated().first { $1.0 != $1.1 }!.offset
      guard try isTorn(from: offset + same) else {
        throw .diverged(path: segment.path, record: max(1, position.records) - 1)
      }
      try JournalWriter.file { () throws(FileError) in try segment.truncate(to: offset) }
      existing = offset
    }
    if existing - offset < bytes.count {
      try JournalWriter.file { () throws(FileError) in try segment.write(bytes, at: offset) }
      existing = offset + bytes.count
    }
    offset += bytes.count
  }

  /// Whether what follows was never whole: nothing but zeros, which were written and did not reach the disk before a power
  /// cut, or the beginning of a record at the journal's end, which may have been an incident's.
  private func isTorn(from start: Int) throws(JournalError) -> Bool {
    if offset > JournalFormat.segmentHeaderSize, try !isRecordWhole() { return true }
    return try JournalWriter.file { () throws(FileError) in
      try segment.read(at: start, count: existing - start).allSatisfy { $0 == 0 }
    }
  }

  /// Whether there are as many bytes as the record at `offset` says, or records behind this segment.
  private func isRecordWhole() throws(JournalError) -> Bool {
    if hasNextSegment { return true }
    let header = JournalFormat.recordHeaderSize
    guard existing - offset >= header else { return false }
    let length = Int(RunJournal.word(try JournalWriter.read(segment, offset, header), 0))
    return existing - offset >= header + length + JournalFormat.chainSize
  }

  private static func file<Value>(_ body: () throws(FileError) -> Value) throws(JournalError) -> Value {
    do throws(FileError) { return try body() } catch { throw .file(error.description) }
  }

  private static func segment(in directory: String, number: Int) throws(JournalError) -> OpenFile {
    do {
      let path = directory + "/" + JournalFormat.segmentName(number)
      let file = try OpenFile(path, flags: O_RDWR | O_CREAT | O_CLOEXEC)
      try Files.syncDirectory(of: path)
      return file
    } catch {
      throw .file(error.description)
    }
  }
}
