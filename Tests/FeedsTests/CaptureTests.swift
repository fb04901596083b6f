// SPDX-License-Identifier: Apache-2.0

import EventFlow
import Feeds
import Foundation
import Testing

/// Real captures, against what independent readings in Python say.
@Suite struct CaptureTests {
  /// The frames as the Python readings print them: time, offset, length and a check sum of the bytes.
  private func rows(_ reading: Reading) -> [String] {
    reading.frames.filter { !$0.flags.contains(.truncated) }.map {
      "\($0.time.map(String.init) ?? "-") \($0.offset) \($0.bytes.count) \(adler32($0.bytes))"
    }
  }

  private func adler32(_ bytes: [UInt8]) -> UInt32 {
    var (low, high): (UInt32, UInt32) = (1, 0)
    for byte in bytes {
      low = (low + UInt32(byte)) % 65_521
      high = (high + low) % 65_521
    }
    return high << 16 | low
  }

  private func python(_ program: String, _ path: String) throws -> [String] {
    String(decoding: try run(["python3", "-c", program, path]), as: UTF8.self).split(separator: "\n").map(String.init)
  }

  @Test func iexPackets() throws {
    guard let path = capture("iex/DEEP10.pcap.gz") else { return }
    let reading = read(path, [.packet])
    // 121,315 packets, of which the last is cut; the gzip data around them is whole.
    let whole = rows(reading)
    #expect(reading.frames.count == 121_315)
    #expect(whole.count == 121_314)
    guard case .cut(path, let offset, let present, _) = reading.error else {
      Issue.record("\(String(describing: reading.error))")
      return
    }
    let expected = try python(
      """
      import sys, zlib, struct
      d = zlib.decompressobj(31)
      data = d.decompress(open(sys.argv[1], 'rb').read()) + d.flush()
      print(len(data))
      if data[:4] == b'\\x0a\\x0d\\x0d\\x0a':
          at, o, units = 0, None, []
          while at + 12 <= len(data):
              if data[at:at + 4] == b'\\x0a\\x0d\\x0d\\x0a': o = '<' if data[at + 8:at + 12] == b'\\x4d\\x3c\\x2b\\x1a' else '>'
              kind, size = struct.unpack(o + 'II', data[at:at + 8])
              if at + size > len(data): break
              if kind == 1:
                  unit, p = 6, at + 16
                  while p + 4 <= at + size - 4:
                      c, n = struct.unpack(o + 'HH', data[p:p + 4])
                      if c == 9: unit = data[p + 4]
                      if c == 0: break
                      p += 4 + (n + 3) // 4 * 4
                  units.append(unit)
              if kind == 6:
                  i, h, l, cap = struct.unpack(o + 'IIII', data[at + 8:at + 24])
                  t = (h << 32 | l) * 10 ** (9 - units[i])
                  p = at + 28
                  assert data[p + 12:p + 14] == b'\\x08\\x00' and data[p + 23] == 17
                  u = p + 14 + (data[p + 14] & 15) * 4
                  n = struct.unpack('>H', data[u + 4:u + 6])[0] - 8
                  print(t, u + 8, n, zlib.adler32(data[u + 8:u + 8 + n]))
              at += size
      else:
          o = '<' if data[:4] in (b'\\xd4\\xc3\\xb2\\xa1', b'\\x4d\\x3c\\xb2\\xa1') else '>'
          unit = 1 if data[:4] in (b'\\x4d\\x3c\\xb2\\xa1', b'\\xa1\\xb2\\x3c\\x4d') else 1000
          at = 24
          while at + 16 <= len(data):
              s, f, cap, orig = struct.unpack(o + 'IIII', data[at:at + 16])
              p = at + 16
              if p + cap > len(data): break
              assert data[p + 12:p + 14] == b'\\x08\\x00' and data[p + 23] == 17
              u = p + 14 + (data[p + 14] & 15) * 4
              n = struct.unpack('>H', data[u + 4:u + 6])[0] - 8
              print(s * 10**9 + f * unit, u + 8, n, zlib.adler32(data[u + 8:u + 8 + n]))
              at = p + cap
      """, path)
    #expect(expected.first == "\(offset + UInt64(present))")
    #expect(Array(expected.dropFirst()) == whole)
  }

  @Test(arguments: [("binance/spot_btcusdt_20240808.gz", 41_249), ("binance/usdm_btcusdt_20240808.gz", 93_954)])
  func binanceLines(name: String, count: Int) throws {
    guard let path = capture(name) else { return }
    let reading = read(path, [.line], frames: 4096, bytes: 1 << 20)
    #expect(reading.error == nil && reading.frames.count == count && reading.statistics.withoutTime == 0)
    let expected = try python(
      """
      import sys, gzip, zlib
      at = 0
      for line in gzip.open(sys.argv[1]):
          stamp, payload = line.rstrip(b'\\r\\n').split(b' ', 1)
          print(int(stamp), at + len(stamp) + 1, len(payload), zlib.adler32(payload))
          at += len(line)
      """, path)
    #expect(rows(reading) == expected)
  }

  @Test func itchMessages() throws {
    guard let path = capture("itch50/aapl-20200130-10k.bin") else { return }
    let reading = read(path, [.length16, .packet], options: ",time=venue+0ns,date=2020-01-30,zone=America/New_York")
    #expect(reading.error == nil && reading.frames.count == 10_000)
    let expected = try python(
      """
      import sys, struct, zlib
      data = open(sys.argv[1], 'rb').read()
      at = 0
      while at < len(data):
          n = struct.unpack('>H', data[at:at + 2])[0]
          print('-', at + 2, n, zlib.adler32(data[at + 2:at + 2 + n]))
          at += 2 + n
      """, path)
    #expect(rows(reading) == expected)
  }
}
