// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
internal import EventFlow

/// Frames of the made-up venue of `Tests/BrokenAdapters/base.h`.
enum ToyVenue {
  static func number(_ value: UInt64, _ size: Int) -> [UInt8] {
    (0..<size).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
  }

  static func define(_ symbol: UInt8, _ name: String, scale: UInt8 = 0, sequence: UInt64) -> [UInt8] {
    var padded = Array(name.utf8)
    padded += [UInt8](repeating: 0, count: 8 - padded.count)
    return [UInt8(ascii: "S")] + number(sequence, 2) + [symbol, scale] + padded
  }

  static func add(_ symbol: UInt8, order: UInt64, price: UInt64, quantity: UInt64, second: UInt64, sequence: UInt64)
    -> [UInt8]
  {
    [UInt8(ascii: "A")] + number(sequence, 2) + [symbol, UInt8(ascii: "B")] + number(order, 4) + number(price, 4)
      + number(quantity, 4) + number(second, 4)
  }

  static func quote(_ symbol: UInt8, bid: UInt64, ask: UInt64, sequence: UInt64) -> [UInt8] {
    [UInt8(ascii: "Q")] + number(sequence, 2) + [symbol] + number(bid, 4) + number(5, 4) + number(ask, 4) + number(6, 4)
  }

  /// A definition, then adds and quotes, in order.
  static func day(_ count: Int) -> [[UInt8]] {
    var frames = [define(0, "ABC", scale: 2, sequence: 1)]
    for index in 1..<count {
      let sequence = UInt64(index + 1)
      frames.append(
        index % 3 == 0
          ? quote(0, bid: 100, ask: 101, sequence: sequence)
          : add(0, order: UInt64(index), price: 100, quantity: 7, second: UInt64(index % 86400), sequence: sequence))
    }
    return frames
  }

  static func fill(_ batch: inout EventBatch, _ frames: [[UInt8]], flags: (Int) -> FrameFlags = { _ in [] }) {
    var offset: UInt64 = 0
    for (index, bytes) in frames.enumerated() {
      var frame = Frame()
      frame.offset = offset
      frame.flags = flags(index).rawValue
      batch.append(frame: frame, bytes: bytes.span)
      offset += UInt64(bytes.count)
    }
  }
}
