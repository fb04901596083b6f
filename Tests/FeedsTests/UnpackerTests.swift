// SPDX-License-Identifier: Apache-2.0

internal import EventFlow
import Feeds
import Foundation
import Testing

@Suite struct UnpackerTests {
  /// Lines that compress like a capture's.
  private func text(_ count: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    var state: UInt64 = 1
    for index in 0..<count {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      bytes += Array(
        "\(1_723_161_253_937_085_768 + index * 977) {\"p\":\"\(state >> 44)\",\"q\":\"\(state >> 20 & 0xFFFF)\"}\n".utf8
      )
    }
    return bytes
  }

  private func reassembled(_ reading: Reading) -> [UInt8] {
    reading.frames.flatMap { frame in Array("\(frame.time!) ".utf8) + frame.bytes + [0x0A] }
  }

  @Test func gzipAndZstdGiveTheSameFrames() throws {
    let scratch = try Scratch()
    let plain = text(30_000)
    let expected = read(try scratch.write("plain", plain), [.line])
    #expect(expected.frames.count == 30_000 && reassembled(expected) == plain)
    let half = plain.count / 2
    let (first, second) = (Array(plain[..<half]), Array(plain[half...]))
    var gzip = try run(["gzip", "-c"], input: first) + run(["gzip", "-9c"], input: [])
    gzip += try run(["gzip", "-1c"], input: second)
    let skippable: [UInt8] = [0x5A, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 1, 2, 3]
    let zstd =
      try run(["zstd", "-c"], input: first) + skippable + run(["zstd", "-19", "--check", "-c"], input: second)
    for (name, bytes) in [
      ("gzip", gzip), ("padded gzip", gzip + [UInt8](repeating: 0, count: 200_000)), ("zstd", zstd),
      ("skippable first", skippable + zstd),
    ] {
      let reading = read(try scratch.write("packed", bytes), [.line])
      #expect(reading.error == nil, "\(name)")
      #expect(reading.frames == expected.frames, "\(name)")
      #expect(
        reading.statistics.packedBytes == UInt64(bytes.count) && reading.statistics.unpackedBytes == UInt64(plain.count)
      )
    }
  }

  /// The bytes that Python's zlib gets out of each beginning of the file, to the byte.
  @Test func gzipCutAnywhere() throws {
    let scratch = try Scratch()
    let plain = text(60)
    let packed =
      try run(["gzip", "-c"], input: Array(plain[..<1500])) + run(["gzip", "-c"], input: Array(plain[1500...]))
    let file = try scratch.write("whole.gz", packed)
    let oracle = try run([
      "python3", "-c",
      """
      import sys, zlib
      data = open(sys.argv[1], 'rb').read()
      for cut in range(1, len(data) + 1):
          rest, n, ended = data[:cut], 0, False
          while rest:
              d = zlib.decompressobj(31)
              n += len(d.decompress(rest)) + len(d.flush())
              ended = d.eof
              rest = d.unused_data if d.eof else b''
          print(n, int(ended))
      """, file,
    ])
    let lines = String(decoding: oracle, as: UTF8.self).split(separator: "\n").map {
      $0.split(separator: " ").map { Int($0)! }
    }
    #expect(lines.count == packed.count)
    for cut in 1...packed.count {
      let path = try scratch.write("cut.gz", Array(packed[..<cut]))
      let reading = read(path, [.line])
      let (count, ended) = (lines[cut - 1][0], lines[cut - 1][1] == 1)
      if cut < 2 { continue }  // one byte is no gzip yet
      if ended {
        #expect(reading.error == nil, "cut at \(cut)")
      } else {
        #expect(
          reading.error
            == .damagedCompression(
              path: path, offset: UInt64(cut), unpacked: UInt64(count),
              reason: "the file ends before its gzip data does"),
          "cut at \(cut)")
        #expect(reading.statistics.truncated == (count == 0 || plain[count - 1] == 0x0A ? 0 : 1), "cut at \(cut)")
      }
      #expect(reading.statistics.unpackedBytes == UInt64(count), "cut at \(cut)")
    }
  }

  @Test func zstdCutAnywhere() throws {
    let scratch = try Scratch()
    let plain = text(40)
    let frames = try stride(from: 0, to: plain.count, by: 400).map { start in
      let part = Array(plain[start..<min(start + 400, plain.count)])
      return (plain: part.count, packed: try run(["zstd", "--check", "-c"], input: part))
    }
    let packed = frames.flatMap(\.packed)
    for cut in 4..<packed.count {
      let path = try scratch.write("cut.zst", Array(packed[..<cut]))
      let reading = read(path, [.line])
      var (compressed, complete, atBoundary) = (0, 0, false)
      for frame in frames {
        guard compressed + frame.packed.count <= cut else { break }
        compressed += frame.packed.count
        complete += frame.plain
        atBoundary = compressed == cut
      }
      if atBoundary {
        #expect(reading.error == nil && reading.statistics.unpackedBytes == UInt64(complete), "cut at \(cut)")
      } else {
        guard case .damagedCompression(path, UInt64(cut), let unpacked, _) = reading.error else {
          Issue.record("cut at \(cut): \(String(describing: reading.error))")
          continue
        }
        #expect(unpacked >= UInt64(complete) && unpacked == reading.statistics.unpackedBytes, "cut at \(cut)")
      }
    }
  }

  /// A damaged block takes none of the blocks before it along.
  @Test func zstdBlocksBeforeTheDamageAreGiven() throws {
    let scratch = try Scratch()
    let plain = text(40_000)
    var packed = try run(["zstd", "-1", "--check", "-c"], input: plain)
    let at = packed.count * 9 / 10
    for index in at..<at + 64 { packed[index] ^= 0x55 }
    let path = try scratch.write("damaged.zst", packed)
    let reading = read(path, [.line])
    guard case .damagedCompression(path, let offset, let unpacked, _) = reading.error else {
      Issue.record("\(String(describing: reading.error))")
      return
    }
    #expect(Int(offset) <= at + 64 && Int(offset) > at - 131_072)
    #expect(Int(unpacked) > plain.count * 8 / 10 - 131_072 && unpacked % 131_072 == 0)
    #expect(reading.statistics.unpackedBytes == unpacked)
  }

  @Test func damagedGzip() throws {
    let scratch = try Scratch()
    let plain = text(5000)
    let packed = try run(["gzip", "-c"], input: plain)
    // A wrong check sum: every byte is there, and the error as well.
    var wrongSum = packed
    wrongSum[packed.count - 6] ^= 1
    let path = try scratch.write("sum.gz", wrongSum)
    let reading = read(path, [.line])
    #expect(reassembled(reading) == plain)
    #expect(
      reading.error
        == .damagedCompression(
          path: path, offset: UInt64(packed.count - 4), unpacked: UInt64(plain.count), reason: "incorrect data check"))
    // Something else behind it.
    let tail = try scratch.write("tail.gz", packed + Array("rubbish".utf8))
    let withTail = read(tail, [.line])
    #expect(reassembled(withTail) == plain)
    guard case .damagedCompression(tail, _, UInt64(plain.count), _) = withTail.error else {
      Issue.record("\(String(describing: withTail.error))")
      return
    }
  }

  /// A window that would need 2 GiB is refused.
  @Test func zstdWindowsAreBounded() throws {
    let scratch = try Scratch()
    // Magic, descriptor without single segment, window descriptor of 2^31, an empty last block.
    let path = try scratch.write("wide.zst", [0x28, 0xB5, 0x2F, 0xFD, 0x00, 21 << 3, 1, 0, 0])
    guard case .damagedCompression(path, _, 0, let reason) = read(path, [.line]).error else {
      Issue.record("a window of 2 GiB was taken")
      return
    }
    #expect(reason.contains("--long=27"))
  }

  @Test func flippedBitsNeitherTrapNorHang() throws {
    let scratch = try Scratch()
    let plain = text(200)
    var generator = Seeded(7)
    for tool in [["gzip", "-c"], ["zstd", "--check", "-c"]] {
      let packed = try run(tool, input: plain)
      for _ in 0..<1500 {
        var bytes = packed
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
          bytes[.random(in: 4..<bytes.count, using: &generator)] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        }
        let path = try scratch.write("flipped", bytes)
        let reading = read(path, [.line])
        // Either it is damaged, or the flip was in a field that says nothing about the data.
        #expect(reading.error != nil || reassembled(reading) == plain)
        #expect(reading.error?.category ?? .badData == .badData)
      }
    }
  }
}
