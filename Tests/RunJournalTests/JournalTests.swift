// SPDX-License-Identifier: Apache-2.0

import CExProveABI
import DurableFiles
import EventFlow
import ExecutionIR
import Foundation
import RunJournal
import Testing

/// A journal of its own in a temporary directory that goes with the value.
private final class Scratch {
  let path: String
  init() throws {
    path = NSTemporaryDirectory() + "journal-" + UUID().uuidString
    try Files.makeDirectory(path)
  }
  deinit { try? FileManager.default.removeItem(atPath: path) }
}

private func fill(_ batch: inout EventBatch, seed: UInt64) {
  batch.removeAll()
  var state = seed
  func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state >> 33
  }
  for frame in 0..<Int(next() % 5 + 1) {
    let bytes = (0..<Int(next() % 40)).map { _ in UInt8(truncatingIfNeeded: next()) }
    var entry = Frame()
    entry.receive_time = Int64(next())
    batch.append(frame: entry, bytes: bytes.span)
    for _ in 0..<Int(next() % 3 + 1) {
      var event = Event(kind: .trade)
      event.frame = UInt32(frame)
      event.price = Int64(next())
      batch.append(event)
    }
  }
}

private func write(_ path: String, batches: Range<UInt64>) throws -> JournalPosition {
  var writer = try JournalWriter.open(directory: path)
  var batch = EventBatch(frames: 8, events: 32, bytes: 1024)
  for seed in batches {
    fill(&batch, seed: seed)
    try writer.append(batch)
    if seed % 7 == 0 { try writer.append(JSON.object(["clock": .integer(Int64(seed))])) }
  }
  try writer.sync()
  return writer.position
}

private func read(_ path: String) throws -> (position: JournalPosition, digest: [UInt8], torn: Int) {
  var reader = try JournalReader(directory: path)
  var batch = EventBatch(frames: 8, events: 32, bytes: 1024)
  var digest = EventDigest()
  while true {
    switch try reader.next(into: &batch) {
    case .batch: digest.update(batch)
    case .input: break
    case .end(let torn): return (reader.position, digest.value, torn)
    }
  }
}

@Suite struct JournalTests {
  @Test func readsBackWhatWasWritten() throws {
    let scratch = try Scratch()
    let written = try write(scratch.path, batches: 0..<50)
    var expected = EventDigest()
    var batch = EventBatch(frames: 8, events: 32, bytes: 1024)
    for seed in UInt64(0)..<50 {
      fill(&batch, seed: seed)
      expected.update(batch)
    }
    let result = try read(scratch.path)
    #expect(result.position == written)
    #expect(result.digest == expected.value)
    #expect(result.torn == 0)
  }

  @Test func resumesAfterACutAtAnyByte() throws {
    let whole = try Scratch()
    let expected = try write(whole.path, batches: 0..<12)
    let bytes = try Files.read(whole.path + "/000000.seg")
    for cut in stride(from: 0, through: bytes.count, by: 7) {
      let scratch = try Scratch()
      try Files.writeDurably(Array(bytes[..<cut]), to: scratch.path + "/000000.seg")
      let tail = try read(scratch.path)
      #expect(tail.position.records <= expected.records)
      let resumed = try write(scratch.path, batches: 0..<12)
      #expect(resumed == expected)
      #expect(try Files.read(scratch.path + "/000000.seg") == bytes)
    }
  }

  /// A power cut can leave a file at its full length, with zeros where bytes did not reach the disk.
  @Test func resumesBehindZeros() throws {
    let whole = try Scratch()
    let expected = try write(whole.path, batches: 0..<12)
    let bytes = try Files.read(whole.path + "/000000.seg")
    for cut in stride(from: 0, to: bytes.count, by: 11) {
      let scratch = try Scratch()
      let zeros = [UInt8](repeating: 0, count: bytes.count - cut + cut % 5)
      try Files.writeDurably(Array(bytes[..<cut]) + zeros, to: scratch.path + "/000000.seg")
      #expect(try write(scratch.path, batches: 0..<12) == expected)
      #expect(try Files.read(scratch.path + "/000000.seg") == bytes, "cut at \(cut)")
    }
    // Where something else follows them, the bytes are another run's or damaged, and stay.
    let scratch = try Scratch()
    var damaged = bytes
    for index in 200..<400 { damaged[index] = 0 }
    try Files.writeDurably(damaged, to: scratch.path + "/000000.seg")
    #expect(throws: JournalError.self) { try write(scratch.path, batches: 0..<12) }
    #expect(try Files.read(scratch.path + "/000000.seg") == damaged)
  }

  /// Cut into segments elsewhere, the same records are not the same journal.
  @Test func findsRecordsInAnotherSegment() throws {
    let scratch = try Scratch()
    _ = try write(scratch.path, batches: 0..<12)
    let bytes = try Files.read(scratch.path + "/000000.seg")
    let length = bytes[48..<52].reversed().reduce(0) { $0 << 8 | Int($1) }
    let cut = 48 + 16 + length + 32
    let header = Array("EXPJRNL1".utf8) + [1, 0, 0, 0, 0, 0, 0, 0] + bytes[cut - 32..<cut]
    try Files.writeDurably(Array(bytes[..<cut]), to: scratch.path + "/000000.seg")
    try Files.writeDurably(header, to: scratch.path + "/000001.seg")
    #expect(try read(scratch.path).position.records == 1)
    try Files.writeDurably(header + bytes[cut...], to: scratch.path + "/000001.seg")
    #expect(throws: JournalError.self) { try read(scratch.path) }
  }

  @Test func readsNothingButRegularFiles() throws {
    let whole = try Scratch()
    _ = try write(whole.path, batches: 0..<2)
    let scratch = try Scratch()
    try FileManager.default.createSymbolicLink(
      atPath: scratch.path + "/000000.seg", withDestinationPath: whole.path + "/000000.seg")
    #expect(throws: JournalError.self) { try read(scratch.path) }
  }

  @Test func refusesToContinueAnotherRun() throws {
    let scratch = try Scratch()
    _ = try write(scratch.path, batches: 0..<12)
    #expect(throws: JournalError.self) { try write(scratch.path, batches: 1..<12) }
  }

  @Test func findsEveryFlippedBit() throws {
    let scratch = try Scratch()
    let written = try write(scratch.path, batches: 0..<6)
    let path = scratch.path + "/000000.seg"
    let bytes = try Files.read(path)
    for index in bytes.indices {
      var damaged = bytes
      damaged[index] ^= 1 << UInt8(index % 8)
      try Files.writeDurably(damaged, to: path)
      let result = Result { try read(scratch.path) }
      if case .success(let read) = result {
        // A length that grew past the end looks like a torn tail: fewer records than were committed to.
        #expect(read.position != written, "flip at byte \(index)")
      }
    }
  }
}

/// Incidents happen once: a resumed run goes past those of the earlier attempt.
@Suite struct IncidentTests {
  private static func incident(_ number: Int) -> JSON {
    IncidentRecord(
      feed: UInt32(number), kind: "killed", text: "number \(number)", call: "decode",
      frames: .init(count: 1, firstOffset: 7, lastOffset: 7), isQuarantined: false
    ).input
  }

  /// Writes batches, with an incident before each of those in `at`.
  private static func write(
    _ path: String, batches: Range<UInt64>, incidentsAt: Set<UInt64>
  ) throws -> (JournalPosition, [JSON]) {
    var writer = try JournalWriter.open(directory: path)
    var batch = EventBatch(frames: 8, events: 32, bytes: 1024)
    var passed: [JSON] = []
    for seed in batches {
      if incidentsAt.contains(seed) { try writer.append(incident(Int(seed))) }
      fill(&batch, seed: seed)
      try writer.append(batch)
      passed += writer.takePassedIncidents()
    }
    try writer.sync()
    return (writer.position, passed)
  }

  @Test func aResumedRunGoesPastThem() throws {
    let scratch = try Scratch()
    let (whole, none) = try Self.write(scratch.path, batches: 0..<40, incidentsAt: [0, 3, 4, 20])
    #expect(none.isEmpty)
    let (again, passed) = try Self.write(scratch.path, batches: 0..<40, incidentsAt: [])
    #expect(again == whole)
    #expect(passed == [0, 3, 4, 20].map(Self.incident))
    #expect(try read(scratch.path).position == whole)
  }

  /// Cut anywhere, even within an incident, the journal is taken up again; what had been recorded whole stays.
  @Test func cutAnywhereItGoesOn() throws {
    let origin = try Scratch()
    _ = try Self.write(origin.path, batches: 0..<6, incidentsAt: [1, 2, 5])
    let name = try #require(try Files.names(in: origin.path).first)
    let bytes = try Files.read(origin.path + "/" + name, limit: 1 << 20)
    for cut in stride(from: 0, through: bytes.count, by: 3) {
      let scratch = try Scratch()
      try Data(bytes.prefix(cut)).write(to: URL(fileURLWithPath: scratch.path + "/" + name))
      let (position, passed) = try Self.write(scratch.path, batches: 0..<6, incidentsAt: [])
      #expect(Int(position.records) == 6 + passed.count)
      #expect(passed == [1, 2, 5].map(Self.incident).prefix(passed.count).map { $0 })
      let back = try read(scratch.path)
      #expect(back.position == position && back.torn == 0)
    }
  }
}
