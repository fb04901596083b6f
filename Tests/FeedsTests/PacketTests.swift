// SPDX-License-Identifier: Apache-2.0

import EventFlow
import Feeds
import Foundation
import Testing

/// Packets and captures put together by hand, after the RFCs and the pcap drafts.
private enum Wire {
  static func udp(_ payload: [UInt8], length: Int? = nil) -> [UInt8] {
    big16(40_000) + big16(26_400) + big16(length ?? payload.count + 8) + [0, 0] + payload
  }

  static func ipv4(_ body: [UInt8], protocol number: UInt8 = 17, options: Int = 0, fragment: Int = 0, total: Int? = nil)
    -> [UInt8]
  {
    let header = 20 + options
    return [0x40 | UInt8(header / 4), 0] + big16(total ?? header + body.count) + [0, 0] + big16(fragment) + [
      64, number, 0, 0,
    ]
      + [10, 0, 0, 1, 233, 54, 12, 1] + [UInt8](repeating: 1, count: options) + body
  }

  /// `extensions`: header numbers and their bodies behind the next-header byte.
  static func ipv6(_ body: [UInt8], extensions: [(UInt8, [UInt8])] = [], last: UInt8 = 17) -> [UInt8] {
    var rest = body
    var next = last
    for (number, content) in extensions.reversed() {
      rest = [next] + content + rest
      next = number
    }
    return [0x60, 0, 0, 0] + big16(rest.count) + [next, 64] + [UInt8](repeating: 0x20, count: 32) + rest
  }

  static func ethernet(_ body: [UInt8], type: Int = 0x0800, tags: [Int] = []) -> [UInt8] {
    [UInt8](repeating: 0xAA, count: 12) + tags.flatMap { big16($0) + big16(7) } + big16(type) + body
  }
}

/// A writer of both orders.
private struct Capture {
  var bytes: [UInt8] = []
  let isBig: Bool

  init(isBig: Bool) { self.isBig = isBig }

  func word(_ value: Int) -> [UInt8] { isBig ? big32(value) : big32(value).reversed() }
  func half(_ value: Int) -> [UInt8] { isBig ? big16(value) : big16(value).reversed() }

  mutating func pcap(magic: Int, link: Int) {
    bytes += word(magic) + half(2) + half(4) + word(0) + word(0) + word(65_535) + word(link)
  }

  mutating func record(_ seconds: Int, _ fraction: Int, _ packet: [UInt8], original: Int? = nil) {
    bytes += word(seconds) + word(fraction) + word(packet.count) + word(original ?? packet.count) + packet
  }

  mutating func block(_ type: Int, _ body: [UInt8]) {
    let padded = body + [UInt8](repeating: 0, count: (4 - body.count % 4) % 4)
    bytes += word(type) + word(padded.count + 12) + padded + word(padded.count + 12)
  }

  mutating func section() {
    block(0x0A0D_0D0A, word(0x1A2B_3C4D) + half(1) + half(0) + word(0xFFFF_FFFF) + word(0xFFFF_FFFF))
  }

  mutating func interface(link: Int, snap: Int = 0, options: [(Int, [UInt8])] = []) {
    var body = half(link) + half(0) + word(snap)
    for (code, value) in options {
      body += half(code) + half(value.count) + value + [UInt8](repeating: 0, count: (4 - value.count % 4) % 4)
    }
    block(1, body + (options.isEmpty ? [] : half(0) + half(0)))
  }

  mutating func enhanced(
    _ interface: Int, _ ticks: UInt64, _ packet: [UInt8], original: Int? = nil, options: [UInt8] = []
  ) {
    let padding = [UInt8](repeating: 0, count: options.isEmpty ? 0 : (4 - packet.count % 4) % 4)
    block(
      6,
      word(interface) + word(Int(ticks >> 32)) + word(Int(ticks & 0xFFFF_FFFF)) + word(packet.count)
        + word(original ?? packet.count) + packet + padding + options)
  }
}

@Suite struct PacketTests {
  private let payload: [UInt8] = Array("MoldUDP64 would stand here".utf8)

  /// Every way to the same payload.
  @Test func linksAndHeaders() throws {
    let scratch = try Scratch()
    let udp = Wire.udp(payload)
    let plain4 = Wire.ipv4(udp)
    let plain6 = Wire.ipv6(udp)
    let hopByHop: (UInt8, [UInt8]) = (0, [1] + [UInt8](repeating: 0, count: 14))
    let routing: (UInt8, [UInt8]) = (43, [0] + [UInt8](repeating: 0, count: 6))
    let authentication: (UInt8, [UInt8]) = (51, [1] + [UInt8](repeating: 0, count: 10))
    let atomicFragment: (UInt8, [UInt8]) = (44, [0, 0, 0, 1, 2, 3, 4])
    let cases: [(Int, [UInt8])] = [
      (1, Wire.ethernet(plain4)),
      (1, Wire.ethernet(plain4) + [UInt8](repeating: 0, count: 9)),  // the link's padding
      (1, Wire.ethernet(plain4, tags: [0x8100])),
      (1, Wire.ethernet(plain4, tags: [0x88A8, 0x8100])),
      (1, Wire.ethernet(plain4, tags: [0x9100, 0x8100])),
      (1, Wire.ethernet(Wire.ipv4(udp, options: 40))),
      (1, Wire.ethernet(Wire.ipv4(udp, total: 0))),
      (1, Wire.ethernet(Wire.ipv4(Wire.udp(payload, length: 0)))),
      (1, Wire.ethernet(Wire.ipv4(udp, fragment: 0x4000))),  // do not fragment
      (1, Wire.ethernet(plain6, type: 0x86DD)),
      (
        1, Wire.ethernet(Wire.ipv6(udp, extensions: [hopByHop, routing, authentication, atomicFragment]), type: 0x86DD)
      ),
      (113, [UInt8](repeating: 0, count: 14) + big16(0x0800) + plain4),
      (276, big16(0x86DD) + [UInt8](repeating: 0, count: 18) + plain6),
      (101, plain4), (101, plain6), (228, plain4), (229, plain6), (12, plain4),
      (0, [2, 0, 0, 0] + plain4), (0, [0, 0, 0, 2] + plain4), (108, [0, 0, 0, 30] + plain6),
    ]
    for (index, (link, packet)) in cases.enumerated() {
      var capture = Capture(isBig: index % 2 == 0)
      capture.pcap(magic: 0xA1B2_C3D4, link: link)
      capture.record(1_580_387_696, 123_456, packet)
      let path = try scratch.write("one.pcap", capture.bytes)
      let reading = read(path, [.packet])
      #expect(reading.error == nil && reading.container == .pcap && reading.framing == .packet)
      #expect(reading.frames.map(\.bytes) == [payload], "case \(index)")
      #expect(reading.frames.first?.time == 1_580_387_696_123_456_000 && reading.frames.first?.flags == [])
      let at = try #require(reading.frames.first?.offset)
      #expect(capture.bytes[Int(at)..<Int(at) + payload.count].elementsEqual(payload))

      // Each shorter capture of it is a truncated frame of what is there, or headers that are cut off.
      for length in 0..<packet.count - (index == 1 ? 9 : 0) {
        var shorter = Capture(isBig: true)
        shorter.pcap(magic: 0xA1B2_3C4D, link: link)
        shorter.record(7, 8, Array(packet[..<length]), original: packet.count)
        let cut = read(try scratch.write("short.pcap", shorter.bytes), [.packet])
        #expect(cut.error == nil)
        if let frame = cut.frames.first {
          #expect(payload.starts(with: frame.bytes) && frame.time == 7_000_000_008)
          // A packet without lengths of its own is as long as it is.
          if index != 6 || !cut.frames.isEmpty { #expect(frame.flags == .truncated || index == 6 || index == 7) }
        } else {
          #expect(cut.statistics.skippedPackets == 1)
        }
      }
    }
  }

  @Test func whatIsNoPayloadIsCounted() throws {
    let scratch = try Scratch()
    let udp = Wire.udp(payload)
    var capture = Capture(isBig: false)
    capture.pcap(magic: 0xA1B2_C3D4, link: 1)
    capture.record(1, 0, Wire.ethernet([0, 1, 8, 0], type: 0x0806))  // ARP
    capture.record(2, 0, Wire.ethernet(Wire.ipv4(udp, protocol: 6)))
    capture.record(3, 0, Wire.ethernet(Wire.ipv6(udp, last: 58), type: 0x86DD))
    capture.record(4, 0, Wire.ethernet(Wire.ipv4(udp, fragment: 0x2000)))
    capture.record(5, 0, Wire.ethernet(Wire.ipv4(udp, fragment: 185)))
    capture.record(6, 0, Wire.ethernet(Wire.ipv6(udp, extensions: [(44, [0, 0, 1, 1, 2, 3, 4])]), type: 0x86DD))
    capture.record(7, 0, Wire.ethernet(Wire.ipv4(Wire.udp(payload, length: 7))))
    capture.record(8, 0, Wire.ethernet(Wire.ipv4(Wire.udp(payload, length: 500))))
    capture.record(9, 0, Wire.ethernet([0x41] + Wire.ipv4(udp).dropFirst()))
    capture.record(10, 0, [])
    capture.record(11, 0, Wire.ethernet(Wire.ipv4(Wire.udp([]))))
    let reading = read(try scratch.write("a.pcap", capture.bytes), [.packet])
    #expect(reading.frames.map(\.bytes) == [[]] && reading.frames.map(\.time) == [11_000_000_000])
    #expect(reading.statistics.otherProtocol == 3 && reading.statistics.fragments == 3)
    #expect(reading.statistics.malformedPackets == 4 && reading.statistics.skippedPackets == 10)

    var other = Capture(isBig: false)
    other.pcap(magic: 0xA1B2_C3D4, link: 147)
    other.record(1, 0, Wire.ethernet(Wire.ipv4(udp)))
    #expect(read(try scratch.write("b.pcap", other.bytes), [.packet]).statistics.unknownLink == 1)
  }

  @Test func framingsOfPackets() throws {
    let scratch = try Scratch()
    var capture = Capture(isBig: true)
    capture.pcap(magic: 0xA1B2_3C4D, link: 228)
    capture.record(1, 999_999_999, Wire.ipv4(Wire.udp(payload)))
    let path = try scratch.write("a.pcap", capture.bytes)
    #expect(read(path, [.length16, .packet]).framing == .packet)
    #expect(read(path, [.message]).framing == .message)
    #expect(read(path, [.packet], options: ",offset=1ns").frames.first?.time == 2_000_000_000)
    #expect(read(path, [.packet], options: ",time=venue+1ns").frames.first?.time == nil)
    // An adapter that takes no packets cannot read it, whatever the bytes would be as lengths.
    guard case .unsuitable = read(path, [.length16, .line], options: ",time=venue+0ns").error else {
      Issue.record("packets were taken for lengths")
      return
    }
    // Packets of 1 MiB and more are no packets.
    capture.bytes += capture.word(2) + capture.word(0) + capture.word((1 << 20) + 1) + capture.word(1)
    let long = try scratch.write("long.pcap", capture.bytes)
    let reading = read(long, [.packet])
    #expect(reading.frames.count == 1)
    #expect(reading.error == .damagedCapture(path: long, offset: 24 + 16 + 54, reason: "a packet of 1048577 bytes"))
    // A version that does not exist.
    var third = Capture(isBig: true)
    third.bytes = third.word(0xA1B2_C3D4) + third.half(3) + [UInt8](repeating: 0, count: 18)
    guard case .unsuitable = read(try scratch.write("third.pcap", third.bytes), [.packet]).error else {
      Issue.record("version 3 was taken")
      return
    }
  }

  @Test(arguments: [false, true])
  func pcapng(isBig: Bool) throws {
    let scratch = try Scratch()
    var capture = Capture(isBig: isBig)
    func packet(_ number: UInt8) -> [UInt8] { Wire.ethernet(Wire.ipv4(Wire.udp([number, number]))) }
    func doubleWord(_ value: Int64) -> [UInt8] {
      let bytes = (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * $0)) }
      return isBig ? bytes : bytes.reversed()
    }
    capture.section()
    capture.block(5, capture.word(0) + [UInt8](repeating: 9, count: 300_000))  // statistics, large
    capture.interface(link: 1)
    capture.interface(link: 1, options: [(2, Array("eth0".utf8)), (9, [9])])
    capture.interface(link: 1, options: [(9, [0x80 | 20]), (14, doubleWord(-3))])
    capture.interface(link: 999)
    capture.interface(link: 1, options: [(9, [12]), (14, doubleWord(.max))])
    capture.enhanced(0, 1_580_387_696_123_456, packet(1))
    capture.enhanced(1, 1_580_387_696_123_456_789, packet(2))
    capture.block(4, capture.half(0) + capture.half(0))  // names
    capture.enhanced(2, UInt64(5 << 20 | 1 << 19), packet(3))
    capture.enhanced(3, 1, packet(4))
    capture.enhanced(9, 1, packet(5))
    capture.enhanced(4, 1, packet(6))  // a time beyond 64 bits
    capture.block(3, capture.word(packet(7).count) + packet(7))
    capture.block(
      2,
      capture.half(1) + capture.half(0xFFFF) + capture.word(0) + capture.word(77) + capture.word(packet(8).count)
        + capture.word(packet(8).count) + packet(8))
    capture.enhanced(1, 9, Array(packet(9).dropLast()), original: packet(9).count)
    // Another section in the other order, with interfaces of its own.
    var second = Capture(isBig: !isBig)
    second.section()
    second.interface(link: 228, snap: 29, options: [(9, [3])])
    second.enhanced(0, 1234, Wire.ipv4(Wire.udp([10, 10])))
    second.block(3, second.word(30) + Wire.ipv4(Wire.udp([11, 11])).dropLast())
    let path = try scratch.write("a.pcapng", capture.bytes + second.bytes)
    for (limit, frames) in [(100, 64), (1, 1)] {
      let reading = read(path, [.packet], limit: limit, frames: frames)
      #expect(reading.error == nil && reading.container == .pcapng)
      #expect(
        reading.frames.map(\.bytes) == [[1, 1], [2, 2], [3, 3], [6, 6], [7, 7], [8, 8], [9], [10, 10], [11]])
      #expect(
        reading.frames.map(\.time) == [
          1_580_387_696_123_456_000, 1_580_387_696_123_456_789, 2_500_000_000, nil, nil, 77, 9, 1_234_000_000, nil,
        ])
      #expect(reading.frames[6].flags == .truncated && reading.frames[8].flags == [.truncated, .noTime])
      #expect(reading.statistics.unknownLink == 1 && reading.statistics.malformedPackets == 1)
      #expect(reading.statistics.withoutTime == 3 && reading.statistics.truncated == 2)
    }
    // Cut anywhere behind the large block: the frames before the cut, and an error unless a block ends there.
    let whole = read(path, [.packet]).frames
    let all = capture.bytes + second.bytes
    for cut in 300_050..<all.count {
      let reading = read(try scratch.write("cut.pcapng", Array(all[..<cut])), [.packet])
      let given = reading.frames.filter { !$0.flags.contains(.truncated) }
      #expect(whole.filter { !$0.flags.contains(.truncated) }.starts(with: given), "cut at \(cut)")
      if let error = reading.error {
        guard case .cut = error else {
          Issue.record("cut at \(cut): \(error)")
          return
        }
      }
    }
  }

  /// Of an order session each packet of the users' link type is a message, and says which way it went; for others it is
  /// unknown, as ever.
  @Test(arguments: [true, false]) func orderSessions(isBig: Bool) throws {
    let scratch = try Scratch()
    var capture = Capture(isBig: isBig)
    capture.section()
    capture.interface(link: 147)
    func flags(_ direction: Int) -> [UInt8] { capture.half(2) + capture.half(4) + capture.word(direction) }
    let comment = capture.half(1) + capture.half(3) + Array("abc".utf8) + [0]
    let end = capture.half(0) + capture.half(0)
    // Directions of all bodies' lengths, behind another option, after the end of options, none, and one that is cut.
    let options = [
      flags(2) + end, comment + flags(2) + end, flags(1) + end, flags(0xFFFF_FFFE), end + flags(2), [],
      capture.half(2) + capture.half(9) + capture.word(2),
    ]
    for (index, option) in options.enumerated() {
      capture.enhanced(0, UInt64(index), [UInt8](repeating: 7, count: index + 1), options: option)
    }
    capture.enhanced(0, 9, [1, 2, 3], original: 5, options: flags(2) + end)
    let path = try scratch.write("session-\(isBig).pcapng", capture.bytes)
    let plain = read(path, [.message])
    #expect(plain.frames.isEmpty && plain.error == nil)
    let reading = read(path, [.message], isOrderSession: true)
    #expect(reading.error == nil && reading.frames.map(\.bytes.count) == [1, 2, 3, 4, 5, 6, 7, 3])
    let sent = reading.frames.map { $0.flags.contains(.outbound) }
    #expect(sent == [true, true, false, true, false, false, false, true])
    #expect(reading.frames.last?.flags == [.outbound, .truncated])
  }

  @Test func pcapCutAnywhere() throws {
    let scratch = try Scratch()
    var capture = Capture(isBig: false)
    capture.pcap(magic: 0xA1B2_C3D4, link: 228)
    var ends = [24]
    for index in 0..<4 {
      capture.record(index, 0, Wire.ipv4(Wire.udp(Array(payload[..<(5 * index)]))))
      ends.append(capture.bytes.count)
    }
    for cut in 4..<capture.bytes.count {
      let path = try scratch.write("cut.pcap", Array(capture.bytes[..<cut]))
      let reading = read(path, [.packet])
      guard let whole = ends.lastIndex(where: { $0 <= cut }) else {
        #expect(reading.error == .cut(path: path, offset: 0, present: cut, needed: 24))
        continue
      }
      let left = cut - ends[whole]
      #expect(reading.frames.filter { $0.flags == [] }.map(\.bytes.count) == (0..<whole).map { $0 * 5 })
      if left == 0 {
        #expect(reading.error == nil && reading.frames.count == whole)
      } else {
        let needed = left < 16 ? 16 : ends[whole + 1] - ends[whole]
        #expect(reading.error == .cut(path: path, offset: UInt64(ends[whole]), present: left, needed: needed))
        // The UDP header of the record must be there for a part of its payload to be given.
        #expect(reading.frames.count == whole + (left >= 16 + 28 ? 1 : 0))
      }
    }
  }

  @Test func damagedCapturesNeitherTrapNorHang() throws {
    let scratch = try Scratch()
    var generator = Seeded(5)
    var classic = Capture(isBig: false)
    classic.pcap(magic: 0xA1B2_C3D4, link: 1)
    var modern = Capture(isBig: true)
    modern.section()
    modern.interface(link: 1, options: [(9, [9]), (14, [0, 0, 0, 0, 0, 0, 0, 1])])
    for index in 0..<12 {
      let udp = Wire.udp(payload)
      let packet =
        index % 2 == 0
        ? Wire.ethernet(Wire.ipv4(udp, options: 8), tags: [0x8100])
        : Wire.ethernet(
          Wire.ipv6(udp, extensions: [(0, [0, 1, 2, 3, 4, 5, 6]), (44, [0, 0, 0, 1, 2, 3, 4])]), type: 0x86DD)
      classic.record(index, 0, packet)
      modern.enhanced(0, UInt64(index), packet)
    }
    for bytes in [classic.bytes, modern.bytes] {
      for _ in 0..<4000 {
        var damaged = bytes
        for _ in 0..<Int.random(in: 1...6, using: &generator) {
          let at = Int.random(in: 4..<damaged.count, using: &generator)
          if Bool.random(using: &generator) {
            damaged[at] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
          } else {
            damaged[at] = [0, 0x7F, 0x80, 0xFF].randomElement(using: &generator)!
          }
        }
        let reading = read(try scratch.write("damaged", damaged), [.packet])
        for frame in reading.frames {
          #expect(damaged[Int(frame.offset)..<Int(frame.offset) + frame.bytes.count].elementsEqual(frame.bytes))
        }
        #expect(reading.frames.count <= 60)
      }
    }
  }
}
