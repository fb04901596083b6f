// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import EventFlow

/// The frames that the checks send, by framing and channel.
struct Corpus: Equatable, Sendable {
  struct Entry: Equatable, Sendable {
    var bytes: [UInt8]
    var flags: FrameFlags = []
    var receiveTime: Int64 = 0
  }

  struct Group: Equatable, Sendable {
    var framing: Framing
    var channel: Channel
    /// From a capture; else found by search.
    var isReal: Bool
    var frames: [Entry]
  }

  var groups: [Group] = []

  /// The most frames and bytes of one group: enough to reach every state, little enough for fifty processes.
  static let frameLimit = 2_000
  static let byteLimit = 2 << 20

  // MARK: As bytes

  /// For each group: u8 framing · u8 channel · u8 real · u32 frames; each: u32 flags · u64 time · u32 size · bytes.
  var encoded: [UInt8] {
    var out: [UInt8] = []
    for group in groups {
      out += [UInt8(group.framing.rawValue), UInt8(group.channel.rawValue), group.isReal ? 1 : 0]
      Corpus.append(UInt32(group.frames.count), &out)
      for frame in group.frames {
        Corpus.append(frame.flags.rawValue, &out)
        Corpus.append(UInt64(bitPattern: frame.receiveTime), &out)
        Corpus.append(UInt32(frame.bytes.count), &out)
        out += frame.bytes
      }
    }
    return out
  }

  init() {}

  /// Reads what `encoded` wrote, as far as it is whole: the process that wrote it may have been killed.
  init(decoding bytes: [UInt8]) {
    var rest = bytes[...]
    while rest.count >= 7 {
      let head = Array(rest.prefix(3))
      rest = rest.dropFirst(3)
      guard let framing = Framing(rawValue: UInt32(head[0])), let channel = Channel(rawValue: UInt32(head[1])),
        let count = Corpus.number(&rest, UInt32.self)
      else { return }
      var group = Group(framing: framing, channel: channel, isReal: head[2] == 1, frames: [])
      for _ in 0..<count {
        guard let flags = Corpus.number(&rest, UInt32.self), let time = Corpus.number(&rest, UInt64.self),
          let size = Corpus.number(&rest, UInt32.self), Int(size) <= rest.count
        else { break }
        let bytes = Array(rest.prefix(Int(size)))
        rest = rest.dropFirst(Int(size))
        group.frames.append(
          Entry(bytes: bytes, flags: FrameFlags(rawValue: flags), receiveTime: Int64(bitPattern: time)))
      }
      groups.append(group)
    }
  }

  private static func append(_ value: some FixedWidthInteger, _ out: inout [UInt8]) {
    for shift in stride(from: 0, to: value.bitWidth, by: 8) { out.append(UInt8(truncatingIfNeeded: value >> shift)) }
  }

  private static func number<T: FixedWidthInteger>(_ rest: inout ArraySlice<UInt8>, _: T.Type) -> T? {
    let size = T.bitWidth / 8
    guard rest.count >= size else { return nil }
    var value: T = 0
    for (index, byte) in rest.prefix(size).enumerated() { value |= T(byte) << (index * 8) }
    rest = rest.dropFirst(size)
    return value
  }
}
