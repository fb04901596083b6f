// SPDX-License-Identifier: Apache-2.0

internal import EventFlow

/// What the headers of a pcap or pcapng capture said.
struct PacketState {
  var isBigEndian = false
  /// pcap: nanoseconds per unit of the fraction, and the link type.
  var unit: Int64 = 1
  var link: UInt16 = 0
  /// pcapng: the section's interfaces.
  var interfaces: [CaptureInterface] = []
}

extension FeedReader {
  /// The most that a packet record may hold. libpcap itself writes at most 256 KiB; what claims more is damage,
  /// and the window shall not grow for it.
  static var longestPacket: Int { 1 << 20 }

  /// The kind of packet capture that begins so.
  static func packetContainer(_ first: Span<UInt8>) -> Container? {
    guard first.count >= 4 else { return nil }
    switch word(first, 0, bigEndian: true) {
    case 0xA1B2_C3D4, 0xD4C3_B2A1, 0xA1B2_3C4D, 0x4D3C_B2A1: return .pcap
    case 0x0A0D_0D0A: return .pcapng
    default: return nil
    }
  }

  static func word(_ bytes: Span<UInt8>, _ at: Int, bigEndian: Bool) -> UInt32 {
    let value =
      UInt32(bytes[at]) << 24 | UInt32(bytes[at + 1]) << 16 | UInt32(bytes[at + 2]) << 8 | UInt32(bytes[at + 3])
    return bigEndian ? value : value.byteSwapped
  }

  func word(_ at: Int) -> UInt32 { FeedReader.word(window.bytes, at, bigEndian: packets.isBigEndian) }

  func half(_ at: Int) -> UInt16 {
    let (first, second) = (UInt16(window.bytes[at]), UInt16(window.bytes[at + 1]))
    return packets.isBigEndian ? first << 8 | second : second << 8 | first
  }

  func damagedCapture(_ reason: String) -> FeedError {
    .damagedCapture(path: path, offset: window.offset, reason: reason)
  }

  /// The 24-byte file header: draft-ietf-opsawg-pcap section 4.
  mutating func openPcap() throws(FeedError) {
    guard window.require(24) else {
      throw window.damage ?? .cut(path: path, offset: 0, present: window.count, needed: 24)
    }
    let magic = word(0)
    packets.isBigEndian = magic == 0xD4C3_B2A1 || magic == 0x4D3C_B2A1
    packets.unit = word(0) == 0xA1B2_3C4D ? 1 : 1000
    packets.link = UInt16(truncatingIfNeeded: word(20))
    let major = half(4)
    guard major == 2 else { throw .unsuitable(path: path, reason: "pcap version \(major), and only 2 is known") }
    window.consume(24)
  }

  /// Packet records: seconds, fraction, captured and original length, then the bytes (section 5).
  mutating func readPcap(into batch: inout EventBatch, target: Int) throws(FeedError) {
    while batch.frameCount < target {
      guard window.require(16) else { return try endOfPackets(needed: 16) }
      let captured = Int(word(8))
      guard captured <= FeedReader.longestPacket else { throw damagedCapture("a packet of \(captured) bytes") }
      // 32 bits of seconds times 10^9 and 32 bits of microseconds stay within 63 bits.
      let time = received(Int64(word(0)) * 1_000_000_000 + Int64(word(4)) * packets.unit)
      let isWhole = window.require(16 + captured)
      let present = min(captured, window.count - 16)
      let original = max(captured, Int(word(12)))
      guard
        try deliverPacket(
          at: 16, count: present, original: original, link: packets.link, time: time, into: &batch)
      else { return }
      guard isWhole else { return try endOfPackets(needed: 16 + captured) }
      window.consume(16 + captured)
    }
  }

  /// The capture ends within a record, or before one.
  mutating func endOfPackets(needed: Int) throws(FeedError) {
    let present = window.count
    let offset = window.offset
    window.consume(present)
    if let damage = window.damage { throw damage }
    if present > 0 { throw .cut(path: path, offset: offset, present: present, needed: needed) }
  }

  /// A stamp of the capture with the option's offset; nil when it leaves 64 bits.
  func received(_ stamp: Int64?) -> Int64? {
    guard let stamp, let clockOffset else { return nil }
    let (time, overflow) = stamp.addingReportingOverflow(clockOffset)
    return overflow ? nil : time
  }

  /// LINKTYPE_USER0: of no protocol that others know.
  private static var userLink: UInt16 { 147 }

  /// Gives the packet's UDP payload as a frame, or counts why there is none. False when the batch is too full.
  ///
  /// `original`: bytes that the packet had, of which `count` are here.
  mutating func deliverPacket(
    at start: Int, count: Int, original: Int, link: UInt16, time: Int64?, isOutbound: Bool = false,
    into batch: inout EventBatch
  ) throws(FeedError) -> Bool {
    if isOrderSession, link == FeedReader.userLink {
      return try deliver(
        at: start, count: count, time: time, isTruncated: count < original, isOutbound: isOutbound, into: &batch)
    }
    switch Datagram.find(in: window.bytes.extracting(start..<(start + count)), link: link) {
    case .payload(let from, let length, let isTruncated):
      return try deliver(
        at: start + from, count: length, time: time, isTruncated: isTruncated, isOutbound: isOutbound, into: &batch)
    case .otherProtocol: counts.otherProtocol += 1
    case .fragment: counts.fragments += 1
    case .malformed: counts.malformedPackets += 1
    case .unknownLink: counts.unknownLink += 1
    }
    return true
  }
}
