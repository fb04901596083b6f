// SPDX-License-Identifier: Apache-2.0

import EventFlow
import Feeds
import Foundation
import Testing

/// Length-prefixed captures and lines, plain.
@Suite struct StreamTests {
  @Test func lengthPrefixesAtEveryBatchSize() throws {
    let scratch = try Scratch()
    let lengths = [1, 40, 2, 65_535, 3, 200, 65_535, 65_535] + (1...3000).map { $0 % 57 + 1 }
    let data = lengthPrefixed(lengths)
    let path = try scratch.write("a", data)
    for (limit, frames, bytes) in [(1000, 64, 1 << 17), (1, 4, 65_537), (5000, 5000, 1 << 20), (7, 64, 70_000)] {
      let reading = read(path, [.length16], options: ",time=venue+0ns", limit: limit, frames: frames, bytes: bytes)
      #expect(reading.error == nil && reading.container == .length16 && reading.framing == .length16)
      #expect(reading.frames.map(\.bytes.count) == lengths)
      #expect(reading.frames.allSatisfy { $0.time == nil && $0.flags == .noTime })
      #expect(
        reading.frames.allSatisfy { data[Int($0.offset)..<Int($0.offset) + $0.bytes.count].elementsEqual($0.bytes) })
      #expect(reading.statistics.unpackedBytes == UInt64(data.count))
      #expect(reading.statistics.packedBytes == UInt64(data.count))
    }
  }

  @Test func lengthPrefixesCutAnywhere() throws {
    let scratch = try Scratch()
    let lengths = [3, 1, 5, 300, 2]
    let data = lengthPrefixed(lengths)
    var ends = [0]
    for length in lengths { ends.append(ends.last! + 2 + length) }
    for cut in 1..<data.count {
      let path = try scratch.write("cut", Array(data[..<cut]))
      let reading = read(path, [.length16], options: ",time=venue+0ns")
      let whole = ends.lastIndex { $0 <= cut }!
      let left = cut - ends[whole]
      #expect(reading.frames.prefix(whole).map(\.bytes.count) == Array(lengths.prefix(whole)))
      if left == 0 {
        #expect(reading.error == nil && reading.frames.count == whole)
      } else {
        #expect(reading.frames.count == whole + 1 && reading.statistics.truncated == 1)
        let last = try #require(reading.frames.last)
        #expect(last.flags == [.truncated, .noTime])
        #expect(last.bytes == Array(data[(ends[whole] + (left > 1 ? 2 : 0))..<cut]))
        let needed = left == 1 ? 2 : 2 + lengths[whole]
        #expect(reading.error == .cut(path: path, offset: UInt64(ends[whole]), present: left, needed: needed))
      }
    }
  }

  @Test func lengthsOfZero() throws {
    let scratch = try Scratch()
    let middle = read(try scratch.write("a", lengthPrefixed([2, 0, 3])), [.length16], options: ",time=venue+0ns")
    #expect(middle.frames.map(\.bytes.count) == [2, 0, 3] && middle.error == nil && !middle.statistics.endMarker)
    #expect(middle.frames.map(\.offset) == [2, 6, 8])
    let last = read(try scratch.write("b", lengthPrefixed([2, 3, 0])), [.length16], options: ",time=venue+0ns")
    #expect(last.frames.map(\.bytes.count) == [2, 3] && last.error == nil && last.statistics.endMarker)
    let zeros = read(try scratch.write("c", [UInt8](repeating: 0, count: 9)), [.length16], options: ",time=venue+0ns")
    #expect(zeros.frames.count == 5 && zeros.frames.last?.flags == [.truncated, .noTime])
  }

  @Test func framesThatNoBatchHolds() throws {
    let scratch = try Scratch()
    let path = try scratch.write("a", lengthPrefixed([4, 101, 4]))
    let reading = read(path, [.length16], options: ",time=venue+0ns", bytes: 100)
    #expect(reading.frames.count == 1)
    #expect(reading.error == .frameTooLong(path: path, offset: 8, limit: 100))
    let lines = try scratch.write("b", Array("1 abcd\n2 \(String(repeating: "x", count: 101))\n".utf8))
    #expect(read(lines, [.line], bytes: 100).error == .frameTooLong(path: lines, offset: 9, limit: 100))
    let endless = try scratch.write("c", [UInt8](repeating: 0x78, count: 5_000_000))
    #expect(read(endless, [.line], bytes: 1000).error == .frameTooLong(path: endless, offset: 0, limit: 1000))
  }

  @Test func lines() throws {
    let scratch = try Scratch()
    let long = String(repeating: "y", count: 300_000)
    let text =
      "1723161253937085768 {\"a\":1}\r\n12 x\n12  two spaces\n5 \n\nno stamp\n99999999999999999999 too long\n"
      + "9223372036854775807 most\n9223372036854775808 more\n-5 minus\n5\tTab\n7 \(long)\n8 no end"
    let path = try scratch.write("a", Array(text.utf8))
    for (limit, frames) in [(1000, 64), (1, 1), (3, 64)] {
      let reading = read(path, [.line], limit: limit, frames: frames, bytes: 300_000)
      #expect(reading.error == nil && reading.container == .line)
      #expect(
        reading.frames.map(\.text) == [
          "{\"a\":1}", "x", " two spaces", "", "", "no stamp", "99999999999999999999 too long", "most",
          "9223372036854775808 more", "-5 minus", "5\tTab", long, "no end",
        ])
      #expect(
        reading.frames.map(\.time) == [
          1_723_161_253_937_085_768, 12, 12, 5, nil, nil, nil, .max, nil, nil, nil, 7, 8,
        ])
      #expect(reading.statistics.withoutTime == 6 && reading.statistics.truncated == 0)
      for frame in reading.frames {
        #expect(Array(text.utf8)[Int(frame.offset)..<Int(frame.offset) + frame.bytes.count].elementsEqual(frame.bytes))
      }
    }
  }

  @Test func theClocksOffsetIsAdded() throws {
    let scratch = try Scratch()
    let path = try scratch.write("a", Array("100 a\n9223372036854775807 b\n".utf8))
    let later = read(path, [.line], options: ",offset=1us")
    #expect(later.frames.map(\.time) == [1100, nil])
    // What leaves 64 bits is no time, and the line is whole.
    #expect(later.frames.map(\.text) == ["a", "9223372036854775807 b"])
    #expect(read(path, [.line], options: ",offset=-200ns").frames.map(\.time) == [-100, .max - 200])
    // With the venue's own times, the stamps are not used.
    let venue = read(path, [.line], options: ",time=venue+5ns")
    #expect(venue.frames.map(\.time) == [nil, nil] && venue.frames.map(\.text) == ["a", "b"])
    #expect(venue.statistics.withoutTime == 0)
  }

  @Test func whatACaptureIs() throws {
    let scratch = try Scratch()
    let lines = try scratch.write("lines", Array("1723161253937085768 {}\n".utf8))
    let prefixed = try scratch.write("prefixed", lengthPrefixed([5, 6]))
    let time = ",time=venue+0ns"
    func what(_ path: String, _ declared: [Framing], _ options: String = "") -> String {
      let reading = read(path, declared, options: options)
      guard let container = reading.container, let framing = reading.framing else {
        return "\(reading.error!.category)"
      }
      return "\(container.rawValue) as \(framing.name)"
    }
    #expect(what(lines, [.line]) == "line as line")
    #expect(what(lines, [.line, .length16]) == "line as line")
    #expect(what(prefixed, [.line, .length16], time) == "length16 as length16")
    #expect(what(lines, [.message]) == "line as message")
    #expect(what(prefixed, [.message], time) == "length16 as message")
    #expect(what(lines, [.message, .line], ",framing=message") == "line as message")
    #expect(what(lines, [.length16, .line], time + ",framing=length16") == "length16 as length16")
    #expect(what(prefixed, [.length16, .line], ",framing=line") == "line as line")
    // What the adapter does not take is refused, and so is a capture without times.
    #expect(what(lines, [.line], ",framing=length16") == "badData")
    #expect(what(lines, [.packet]) == "badData")
    #expect(what(prefixed, [.length16]) == "usage")
    #expect(what(scratch.path + "/none", [.line]) == "missing")
    #expect(what(scratch.path, [.line]) == "badData")
    let empty = try scratch.write("empty", [])
    #expect(read(empty, [.line]).error == .empty(path: empty))
    let emptyGzip = try scratch.write("empty.gz", run(["gzip", "-c"]))
    #expect(read(emptyGzip, [.line]).error == .empty(path: emptyGzip))
  }

  @Test func noBytesTrapOrHang() throws {
    let scratch = try Scratch()
    var generator = Seeded(6)
    for _ in 0..<1500 {
      var noise = (0..<Int.random(in: 1...600, using: &generator)).map { _ in
        UInt8.random(in: 0...255, using: &generator)
      }
      // Short messages first, and no packing's or packet capture's mark.
      noise[0] &= 7
      let path = try scratch.write("noise", noise)
      let prefixed = read(path, [.length16], options: ",time=venue+0ns")
      // Every byte is accounted for: in frames, in lengths, in the end marker or in the cut tail.
      let carried = prefixed.frames.map(\.bytes.count).reduce(0, +)
      let cut = if case .cut = prefixed.error { 1 } else { 0 }
      let prefixes = prefixed.frames.count * 2 + (prefixed.statistics.endMarker ? 2 : 0)
      #expect(noise.count == carried + prefixes || cut == 1 && noise.count == carried + prefixes - 2)
      let lines = read(path, [.line])
      #expect(lines.error == nil)
      let ends = noise.dropLast().filter { $0 == 0x0A }.count
      #expect(lines.frames.count == ends + 1)
    }
  }
}
