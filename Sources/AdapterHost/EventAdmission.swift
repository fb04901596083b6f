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
    let masks = unsafe EventValidator.doubtful
    var instrumentCount = UInt64(definitions.instruments.count)
    let shift = UInt64(firstFrame) << 32
    for index in 0..<count {
      let words = unsafe UnsafeRawPointer(source + index).loadUnaligned(as: SIMD8<UInt64>.self)
      let target = unsafe UnsafeMutableRawPointer(destination + index)
      unsafe target.storeBytes(of: words, as: SIMD8<UInt64>.self)
      unsafe target.storeBytes(of: words[6] &+ shift, toByteOffset: 48, as: UInt64.self)

      // Without branches, because flags and kinds follow no pattern that could be predicted.
      let tail = words[7]
      let frame = words[6] >> 32
      let step = frame &- position.frame
      var doubt = unsafe tail & masks[Int(tail & 63 | tail >> 2 & 192)]
      doubt |= step >> 1 | step & ~(position.tail >> 16)
      doubt |= words[4] >> 63
      doubt |= (instrumentCount &- 1 &- (words[6] & 0xFFFF_FFFF)) >> 63
      doubt |= UInt64(bitPattern: Int64(bitPattern: tail << 41) &>> 63) & words[0]
      doubt |= UInt64(bitPattern: Int64(bitPattern: tail << 40 | tail << 44) &>> 63) & words[3]
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

  /// For each kind (6 bits) and side (2 bits above), the bits of bytes 56 to 63 of which none may be set in an
  /// event that needs no closer look; all bits where the kind always does. Made once and kept.
  nonisolated(unsafe) private static let doubtful: UnsafePointer<UInt64> = {
    let masks = UnsafeMutablePointer<UInt64>.allocate(capacity: 256)
    let flags = ~EventFlags.all.rawValue | EventFlags.simulated.rawValue | EventFlags.textID.rawValue
    for index in 0..<256 {
      let kind = UInt64(index & 63)
      let side = index >> 6
      let isPlain = plain &>> kind & 1 == 1 && side != 3 && (side != 0 || sided &>> kind & 1 == 0)
      unsafe masks[index] = isPlain ? 0xFFFF_0000_0000_FCC0 | UInt64(flags) << 16 : .max
    }
    return unsafe UnsafePointer(masks)
  }()

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
