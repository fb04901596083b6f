// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
package import EventFlow

extension EventValidator {
  /// Copies the events of one call once, into the host's own memory, and holds each against the contract there.
  ///
  /// Frame indices are moved by `firstFrame`, and events of frames marked SIMULATED are flagged so. The test in
  /// the loop passes only what `check` would pass; whatever it does not pass is left to `check`.
  ///
  /// - Parameters:
  ///   - source: `count` events that the adapter filled.
  ///   - destination: room for as many.
  ///   - frames: the call's `framesUsed` frames.
  /// - Complexity: O(count), about 2 ns an event.
  @unsafe package mutating func admit(
    _ source: UnsafePointer<Event>, count: Int, framesUsed: Int, into destination: UnsafeMutablePointer<Event>,
    frames: UnsafePointer<Frame>, firstFrame: Int
  ) throws(Violation) {
    var position = Position()
    // In locals, because the loop must not go through `self`.
    let plain = EventValidator.plain
    let sided = EventValidator.sided
    var instrumentCount = UInt64(definitions.instruments.count)
    let shift = UInt64(firstFrame) << 32
    let forbidden: UInt64 =
      0xFFFF_0000_0000_0000 | UInt64(~EventFlags.all.rawValue | EventFlags.simulated.rawValue) << 16
      | 0xFCC0
    for index in 0..<count {
      let words = unsafe UnsafeRawPointer(source + index).loadUnaligned(as: SIMD8<UInt64>.self)
      let target = unsafe UnsafeMutableRawPointer(destination + index)
      unsafe target.storeBytes(of: words, as: SIMD8<UInt64>.self)
      unsafe target.storeBytes(of: words[6] &+ shift, toByteOffset: 48, as: UInt64.self)

      let tail = words[7]
      let frame = words[6] >> 32
      let step = frame &- position.frame
      let kind = tail & 63
      let side = tail >> 8 & 3
      var doubt = step >> 1 | step & ~(position.tail >> 16)
      doubt |= tail & forbidden | side & (side >> 1) | (plain &>> kind & 1 ^ 1)
      doubt |= (sided &>> kind) & ((side &- 1) >> 63)
      doubt |= words[4] >> 63 | tail >> 26 & 1
      doubt |= (0 &- (tail >> 22 & 1)) & words[0]
      doubt |= (0 &- ((tail >> 23 | tail >> 19) & 1)) & words[3]
      doubt |= (instrumentCount &- 1 &- (words[6] & 0xFFFF_FFFF)) >> 63
      if doubt != 0 {
        // The copy is judged, not the original, which is not ours.
        var event = unsafe destination[index]
        event.frame = UInt32(truncatingIfNeeded: frame)
        if let rule = check(event, after: position) { throw Violation(rule: rule, event: index) }
        instrumentCount = UInt64(definitions.instruments.count)
      }
      position.frame = frame
      position.tail = tail
    }
    guard position.frame == UInt64(framesUsed) &- 1 else { throw Violation(rule: .framesCovered, event: count - 1) }
    guard position.tail & 1 << 16 != 0 else { throw Violation(rule: .lastFlag, event: count - 1) }
    unsafe markSimulated(destination, count: count, frames: frames, framesUsed: framesUsed, firstFrame: firstFrame)
  }

  /// A second pass, only for calls that hold such a frame.
  private func markSimulated(
    _ events: UnsafeMutablePointer<Event>, count: Int, frames: UnsafePointer<Frame>, framesUsed: Int, firstFrame: Int
  ) {
    var any: UInt32 = 0
    for index in 0..<framesUsed { unsafe any |= frames[index].flags }
    guard any & FrameFlags.simulated.rawValue != 0 else { return }
    for index in 0..<count {
      let frame = unsafe Int(events[index].frame) - firstFrame
      if unsafe frames[frame].flags & FrameFlags.simulated.rawValue != 0 {
        unsafe events[index].flags |= EventFlags.simulated.rawValue
      }
    }
  }
}
