// SPDX-License-Identifier: Apache-2.0

import CExProveABI
import EventFlow
import Feeds
import Foundation
import Testing

/// A frame as a reader gave it.
struct Got: Equatable {
  var time: Int64?
  var offset: UInt64
  var flags: FrameFlags
  var bytes: [UInt8]
  var text: String { String(decoding: bytes, as: UTF8.self) }
}

struct Reading {
  var frames: [Got] = []
  var error: FeedError?
  var statistics = FeedStatistics()
  var container: FeedReader.Container?
  var framing: Framing?
}

/// Everything that a capture gives, in batches of the given size.
func read(
  _ path: String, _ declared: [Framing], options: String = "", limit: Int = 1000, frames: Int = 64,
  bytes: Int = 1 << 17,
  isOrderSession: Bool = false
) -> Reading {
  var reading = Reading()
  do {
    var parsed = try FeedOptions("TEST=adapter:\(path)\(options)")
    parsed.isOrderSession = isOrderSession
    var reader = try FeedReader.open(path, feed: 7, declared: declared, options: parsed)
    reading.container = reader.container
    reading.framing = reader.framing
    var batch = EventBatch(frames: frames, events: 1, bytes: bytes)
    while true {
      batch.removeAll()
      let count: Int
      do {
        count = try reader.read(into: &batch, limit: limit)
      } catch {
        reading.error = error
        // It stays so.
        let (isAtEnd, damage) = (reader.isAtEnd, reader.damage)
        #expect(!isAtEnd && damage == error)
        do {
          _ = try reader.read(into: &batch, limit: limit)
          Issue.record("the error went away")
        } catch let again {
          #expect(again == error)
        }
        break
      }
      #expect(count == batch.frameCount)
      if count == 0 {
        let isAtEnd = reader.isAtEnd
        #expect(isAtEnd)
        break
      }
      append(batch, to: &reading.frames)
    }
    reading.statistics = reader.statistics
    #expect(reading.statistics.frames == UInt64(reading.frames.count))
  } catch {
    reading.error = error
  }
  return reading
}

private func append(_ batch: borrowing EventBatch, to frames: inout [Got]) {
  for index in batch.frames.indices {
    let frame = batch.frames[index]
    #expect(frame.feed == 7)
    let flags = FrameFlags(rawValue: frame.flags)
    let start = Int(frame.data)
    let end = start + Int(frame.length)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(end - start)
    for at in start..<end { bytes.append(batch.bytes[at]) }
    if flags.contains(.noTime) { #expect(frame.receive_time == 0) }
    frames.append(
      Got(time: flags.contains(.noTime) ? nil : frame.receive_time, offset: frame.offset, flags: flags, bytes: bytes))
  }
}

/// A directory that goes with the test.
final class Scratch {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "exprove-feeds-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    let file = path + "/" + name
    // Without an atomic rename: the tests write tens of thousands of them.
    guard FileManager.default.createFile(atPath: file, contents: Data(bytes)) else {
      throw CocoaError(.fileWriteUnknown)
    }
    return file
  }
}

func bytes(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) }

/// The standard output of a program from the search path; its failure is the test's.
@discardableResult
func run(_ arguments: [String], input: [UInt8] = []) throws -> [UInt8] {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = arguments
  let output = Pipe()
  process.standardOutput = output
  let file = NSTemporaryDirectory() + "exprove-input-" + UUID().uuidString
  defer { try? FileManager.default.removeItem(atPath: file) }
  try Data(input).write(to: URL(fileURLWithPath: file))
  process.standardInput = try FileHandle(forReadingFrom: URL(fileURLWithPath: file))
  try process.run()
  let data = try output.fileHandleForReading.readToEnd() ?? Data()
  process.waitUntilExit()
  #expect(process.terminationStatus == 0, "\(arguments.prefix(2))")
  return [UInt8](data)
}

/// A shared capture's path; nil, with a word about it, where there are none. In CI they must be there.
func capture(_ name: String) -> String? {
  let environment = ProcessInfo.processInfo.environment
  let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  for directory in [environment["EXPROVE_DATA"], root.path + "/../shared/data"].compactMap(\.self) {
    let path = directory + "/" + name
    if FileManager.default.fileExists(atPath: path) { return path }
  }
  if environment["CI"] == "true" {
    Issue.record("the capture \(name) is missing; set EXPROVE_DATA")
  } else {
    print("skipped: the capture \(name) is not here; set EXPROVE_DATA")
  }
  return nil
}

func big16(_ value: Int) -> [UInt8] { [UInt8(value >> 8 & 0xFF), UInt8(value & 0xFF)] }
func big32(_ value: Int) -> [UInt8] { big16(value >> 16) + big16(value) }

/// Messages of the given lengths behind their lengths; byte k of message i is i + k.
func lengthPrefixed(_ lengths: [Int]) -> [UInt8] {
  lengths.enumerated().flatMap { index, length in
    big16(length) + (0..<length).map { UInt8(truncatingIfNeeded: index + $0) }
  }
}

/// SplitMix64: the same numbers in each run, so that a failure can be seen again.
struct Seeded: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}
