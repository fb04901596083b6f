// SPDX-License-Identifier: Apache-2.0

/// Where in a captured packet its UDP payload lies.
enum Datagram: Equatable {
  /// From the packet's first captured byte. `isTruncated`: the datagram was longer than what was captured.
  case payload(start: Int, count: Int, isTruncated: Bool)
  case otherProtocol
  case fragment
  /// Headers that are cut off or contradict themselves.
  case malformed
  case unknownLink

  /// Reads the headers of a packet of a link type (the numbers of the tcpdump project's LINKTYPE list).
  static func find(in packet: Span<UInt8>, link: UInt16) -> Datagram {
    switch link {
    case 1:  // Ethernet
      return etherType(packet, at: 12)
    case 113:  // Linux "any", first form: the type of a 16-byte header comes last
      return etherType(packet, at: 14)
    case 276:  // second form: 20 bytes, the type comes first
      guard packet.count >= 20 else { return .malformed }
      return network(packet, type: big16(packet, 0), at: 20)
    case 12, 14, 101:  // raw IP
      guard packet.count >= 1 else { return .malformed }
      return packet[0] >> 4 == 6 ? version6(packet, at: 0) : version4(packet, at: 0)
    case 228: return version4(packet, at: 0)
    case 229: return version6(packet, at: 0)
    case 0, 108:  // BSD loopback: the address family in the capturing host's or in network order
      guard packet.count >= 4 else { return .malformed }
      switch max(packet[0], packet[3]) {
      case 2: return version4(packet, at: 4)
      case 10, 24, 28, 30: return version6(packet, at: 4)
      default: return .otherProtocol
      }
    default: return .unknownLink
    }
  }

  private static func etherType(_ packet: Span<UInt8>, at first: Int) -> Datagram {
    var at = first
    while true {
      guard packet.count >= at + 2 else { return .malformed }
      let type = big16(packet, at)
      switch type {
      // IEEE 802.1Q and 802.1ad tags, and the numbers used for stacked tags before 802.1ad.
      case 0x8100, 0x88A8, 0x9100, 0x9200: at += 4
      default: return network(packet, type: type, at: at + 2)
      }
    }
  }

  private static func network(_ packet: Span<UInt8>, type: Int, at start: Int) -> Datagram {
    switch type {
    case 0x0800: version4(packet, at: start)
    case 0x86DD: version6(packet, at: start)
    default: .otherProtocol
    }
  }

  /// RFC 791 section 3.1.
  private static func version4(_ packet: Span<UInt8>, at start: Int) -> Datagram {
    guard packet.count >= start + 20 else { return .malformed }
    let header = Int(packet[start] & 0x0F) * 4
    guard packet[start] >> 4 == 4, header >= 20 else { return .malformed }
    let total = big16(packet, start + 2)
    // More fragments, or not the first one.
    if big16(packet, start + 6) & 0x3FFF != 0 { return .fragment }
    guard packet[start + 9] == 17 else { return .otherProtocol }
    // A length of zero is what a capture shows of packets that the network card was to cut up.
    guard total == 0 || total >= header + 8 else { return .malformed }
    return user(packet, at: start + header, end: total == 0 ? nil : start + total)
  }

  /// RFC 8200 sections 3 and 4, with the extension headers of the IANA registry.
  private static func version6(_ packet: Span<UInt8>, at start: Int) -> Datagram {
    guard packet.count >= start + 40, packet[start] >> 4 == 6 else { return .malformed }
    let length = big16(packet, start + 4)
    let end = length == 0 ? nil : start + 40 + length
    var header = packet[start + 6]
    var at = start + 40
    while true {
      switch header {
      case 17: return user(packet, at: at, end: end)
      case 0, 43, 60, 135, 139, 140:
        guard packet.count >= at + 2 else { return .malformed }
        header = packet[at]
        at += (Int(packet[at + 1]) + 1) * 8
      case 51:
        guard packet.count >= at + 2 else { return .malformed }
        header = packet[at]
        at += (Int(packet[at + 1]) + 2) * 4
      case 44:
        guard packet.count >= at + 8 else { return .malformed }
        if big16(packet, at + 2) & 0xFFF9 != 0 { return .fragment }
        header = packet[at]
        at += 8
      default: return .otherProtocol
      }
    }
  }

  /// RFC 768. `end` is where the IP packet ends by its own header; the link may have padded it.
  private static func user(_ packet: Span<UInt8>, at start: Int, end: Int?) -> Datagram {
    guard packet.count >= start + 8 else { return .malformed }
    let length = big16(packet, start + 4)
    let last: Int
    if length == 0 {
      last = end ?? packet.count
    } else {
      last = start + length
      if let end, last > end { return .malformed }
    }
    guard last >= start + 8 else { return .malformed }
    return .payload(
      start: start + 8, count: min(last, packet.count) - start - 8, isTruncated: last > packet.count)
  }

  private static func big16(_ bytes: Span<UInt8>, _ at: Int) -> Int { Int(bytes[at]) << 8 | Int(bytes[at + 1]) }
}
