// SPDX-License-Identifier: Apache-2.0

internal import EventFlow

/// One interface of a pcapng section.
struct CaptureInterface {
  var link: UInt16
  /// 0: no limit.
  var snapLength: UInt32
  var resolution = Resolution.decimal(6)
  /// Seconds that are added to each stamp.
  var offset: Int64 = 0

  /// The unit of a stamp: 10^-n or 2^-n seconds.
  enum Resolution {
    case decimal(Int)
    case binary(Int)
  }

  /// Nanoseconds since 1970, rounded down where the unit is finer; nil beyond 64 bits.
  func nanoseconds(_ ticks: UInt64) -> Int64? {
    // At most 64 + 30 bits.
    let billionfold = UInt128(ticks) * 1_000_000_000
    let value: UInt128
    switch resolution {
    case .binary(let bits): value = billionfold >> UInt128(bits)
    case .decimal(let places):
      var divisor: UInt128 = 1
      for _ in 0..<min(places, 38) { divisor *= 10 }
      value = billionfold / divisor
    }
    let (shift, overflow) = offset.multipliedReportingOverflow(by: 1_000_000_000)
    guard !overflow else { return nil }
    return Int64(exactly: Int128(value) + Int128(shift))
  }
}

/// pcapng, draft-ietf-opsawg-pcapng: blocks of type, length, body and length again.
extension FeedReader {
  mutating func readPcapNG(into batch: inout EventBatch, target: Int) throws(FeedError) {
    while batch.frameCount < target {
      guard window.require(12) else { return try endOfPackets(needed: 12) }
      let isSection = FeedReader.word(window.bytes, 0, bigEndian: true) == 0x0A0D_0D0A
      if isSection {
        // The byte order of the section, section 4.1; it also orders this block's length.
        switch FeedReader.word(window.bytes, 8, bigEndian: true) {
        case 0x1A2B_3C4D: packets.isBigEndian = true
        case 0x4D3C_2B1A: packets.isBigEndian = false
        default: throw damagedCapture("a section without a byte-order magic")
        }
      }
      let type = word(0)
      let length = Int(word(4))
      guard length >= 12, length % 4 == 0 else { throw damagedCapture("a block of \(length) bytes") }
      switch type {
      case 0x0A0D_0D0A, 1, 2, 3, 6:
        guard length <= FeedReader.longestPacket else { throw damagedCapture("a block of \(length) bytes") }
        let isWhole = window.require(length)
        if isWhole, Int(word(length - 4)) != length {
          throw damagedCapture("a block whose two lengths differ: \(length) and \(word(length - 4))")
        }
        guard try readBlock(type, length: length, isWhole: isWhole, into: &batch) else { return }
        guard isWhole else { return try endOfPackets(needed: length) }
        window.consume(length)
      default:
        // Names, statistics, comments, keys, others' own: without packets, and of any length.
        let offset = window.offset
        guard window.skip(UInt64(length)) else {
          throw window.damage ?? .cut(path: path, offset: offset, present: Int(window.offset - offset), needed: length)
        }
      }
    }
  }

  /// One block of those that matter, of which the capture may hold only the beginning. False when the batch is full.
  private mutating func readBlock(
    _ type: UInt32, length: Int, isWhole: Bool, into batch: inout EventBatch
  ) throws(FeedError) -> Bool {
    switch type {
    case 0x0A0D_0D0A:
      guard isWhole else { return true }
      guard length >= 28 else { throw damagedCapture("a section header of \(length) bytes") }
      let major = half(12)
      guard major == 1 else { throw damagedCapture("pcapng version \(major), and only 1 is known") }
      packets.interfaces = []
      return true
    case 1:
      if isWhole { packets.interfaces.append(try interface(length)) }
      return true
    case 6:  // enhanced packet: interface, time high and low, captured, original
      return try readPacketBlock(type, header: 28, length, interface: { Int($0.word(8)) }, into: &batch)
    case 2:  // the obsolete packet block: the interface has 16 bits, the drop count the next 16
      return try readPacketBlock(type, header: 28, length, interface: { Int($0.half(8)) }, into: &batch)
    default:
      return try readSimpleBlock(length, into: &batch)
    }
  }

  private mutating func readPacketBlock(
    _ type: UInt32, header: Int, _ length: Int, interface: (borrowing FeedReader) -> Int, into batch: inout EventBatch
  ) throws(FeedError) -> Bool {
    guard window.count >= header else { return true }
    guard length >= header + 4 else { throw damagedCapture("a packet block of \(length) bytes") }
    let captured = Int(word(20))
    guard captured <= length - header - 4 else {
      throw damagedCapture("a packet of \(captured) bytes in a block of \(length)")
    }
    let number = interface(self)
    guard packets.interfaces.indices.contains(number) else {
      counts.malformedPackets += 1
      return true
    }
    let description = packets.interfaces[number]
    let time = received(description.nanoseconds(UInt64(word(12)) << 32 | UInt64(word(16))))
    let present = min(captured, window.count - header)
    let isOutbound =
      isOrderSession && type == 6 && direction(at: header + (captured + 3) / 4 * 4, end: length - 4) == 2
    return try deliverPacket(
      at: header, count: present, original: max(captured, Int(word(24))), link: description.link, time: time,
      isOutbound: isOutbound, into: &batch)
  }

  /// Section 4.4: the original length alone, the first interface, no time.
  private mutating func readSimpleBlock(_ length: Int, into batch: inout EventBatch) throws(FeedError) -> Bool {
    guard window.count >= 12 else { return true }
    guard length >= 16 else { throw damagedCapture("a simple packet block of \(length) bytes") }
    guard let description = packets.interfaces.first else {
      counts.malformedPackets += 1
      return true
    }
    var captured = min(Int(word(8)), length - 16)
    if description.snapLength != 0 { captured = min(captured, Int(description.snapLength)) }
    let present = min(captured, window.count - 12)
    return try deliverPacket(
      at: 12, count: present, original: max(captured, Int(word(8))), link: description.link, time: nil, into: &batch)
  }

  /// Section 4.3, option epb_flags (2): 1 inbound, 2 outbound, 0 when the capture does not tell.
  private func direction(at start: Int, end: Int) -> UInt32 {
    var at = start
    while at + 4 <= min(end, window.count) {
      let code = half(at)
      let size = Int(half(at + 2))
      guard code != 0, at + 4 + size <= min(end, window.count) else { break }
      if code == 2, size == 4 { return word(at + 4) & 3 }
      at += 4 + (size + 3) / 4 * 4
    }
    return 0
  }

  /// Section 4.2, with its options if_tsresol (9) and if_tsoffset (14).
  private func interface(_ length: Int) throws(FeedError) -> CaptureInterface {
    guard length >= 20 else { throw damagedCapture("an interface block of \(length) bytes") }
    var interface = CaptureInterface(link: half(8), snapLength: word(12))
    var at = 16
    let end = length - 4
    while at + 4 <= end {
      let code = half(at)
      let size = Int(half(at + 2))
      if code == 0 { break }
      guard at + 4 + size <= end else { throw damagedCapture("an interface option that leaves its block") }
      switch (code, size) {
      case (9, 1):
        let value = Int(window.bytes[at + 4])
        interface.resolution = value & 0x80 == 0 ? .decimal(value) : .binary(value & 0x7F)
      case (14, 8):
        let (first, second) = (UInt64(word(at + 4)), UInt64(word(at + 8)))
        interface.offset = Int64(bitPattern: packets.isBigEndian ? first << 32 | second : second << 32 | first)
      default: break
      }
      at += 4 + (size + 3) / 4 * 4
    }
    return interface
  }
}
