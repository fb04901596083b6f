// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
internal import CLinux
package import EventFlow

extension EventValidator {
  /// Copies the events of one call once, into the host's own memory, and holds each against the contract there.
  ///
  /// Frame indices are moved by `firstFrame`, and events of frames marked SIMULATED are flagged so. The quick test
  /// passes only what `check` would pass; whatever it does not pass is left to `check`.
  ///
  /// - Parameters:
  ///   - source: `count` events that the adapter filled.
  ///   - destination: room for as many.
  ///   - frames: the call's `framesUsed` frames.
  /// - Complexity: O(count), about 3 ns an event.
  @unsafe package mutating func admit(
    _ source: UnsafePointer<Event>, count: Int, framesUsed: Int, into destination: UnsafeMutablePointer<Event>,
    frames: UnsafePointer<Frame>, firstFrame: Int
  ) throws(Violation) {
    var position = Position()
    var index = 0
    while true {
      index = unsafe EventValidator.copyPlain(
        source, destination, from: index, to: count, shift: UInt64(firstFrame) << 32,
        instruments: UInt64(definitions.instruments.count), after: &position)
      guard index < count else { break }
      unsafe try takeDoubtful(destination, index, firstFrame, after: &position)
      index += 1
    }
    unsafe try finish(destination, count, framesUsed, frames, firstFrame, position)
  }

  /// The same, and takes up in `mix` what was admitted; what a violation left behind in it is not to be used.
  @unsafe mutating func admit(
    _ source: UnsafePointer<Event>, count: Int, framesUsed: Int, into destination: UnsafeMutablePointer<Event>,
    frames: UnsafePointer<Frame>, firstFrame: Int, mixing mix: inout StreamMix
  ) throws(Violation) {
    var position = Position()
    var index = 0
    while true {
      index = unsafe EventValidator.copyPlain(
        source, destination, from: index, to: count, shift: UInt64(firstFrame) << 32,
        instruments: UInt64(definitions.instruments.count), after: &position, mixing: &mix)
      guard index < count else { break }
      unsafe try takeDoubtful(destination, index, firstFrame, after: &position)
      unsafe mix.add(UnsafeRawPointer(destination + index), counted: StreamMix.counted)
      index += 1
    }
    mix.count(count)
    unsafe try finish(destination, count, framesUsed, frames, firstFrame, position)
  }

  /// Holds a copied event against every rule.
  private mutating func takeDoubtful(
    _ destination: UnsafeMutablePointer<Event>, _ index: Int, _ firstFrame: Int, after position: inout Position
  ) throws(Violation) {
    // The copy is judged, not the original, which is not ours.
    var event = unsafe destination[index]
    event.frame &-= UInt32(truncatingIfNeeded: firstFrame)
    if let rule = check(event, after: position) { throw Violation(found: rule, at: index) }
    position.advance(past: event)
  }

  /// What a call as a whole has to keep, once each of its events was taken.
  private func finish(
    _ destination: UnsafeMutablePointer<Event>, _ count: Int, _ framesUsed: Int, _ frames: UnsafePointer<Frame>,
    _ firstFrame: Int, _ position: Position
  ) throws(Violation) {
    guard position.frame == UInt64(framesUsed) &- 1 else { throw Violation(rule: .framesCovered, event: count - 1) }
    guard position.tail & 1 << 16 != 0 else { throw Violation(rule: .lastFlag, event: count - 1) }
    unsafe markSimulated(destination, count: count, frames: frames, framesUsed: framesUsed, firstFrame: firstFrame)
  }

  /// Copies events until one needs a closer look, which is copied too; returns its index, or `end`.
  ///
  /// Apart from `admit`, so that all of it stays in registers.
  @inline(never)
  private static func copyPlain(
    _ source: UnsafePointer<Event>, _ destination: UnsafeMutablePointer<Event>, from start: Int, to end: Int,
    shift: UInt64, instruments: UInt64, after position: inout Position
  ) -> Int {
    var mix = StreamMix()
    return unsafe copyPlain(
      source, destination, start, end, shift, instruments, &position, &mix, isMixed: false)
  }

  /// The same, and takes up in `mix` what was copied but the event that needs a closer look.
  @inline(never)
  private static func copyPlain(
    _ source: UnsafePointer<Event>, _ destination: UnsafeMutablePointer<Event>, from start: Int, to end: Int,
    shift: UInt64, instruments: UInt64, after position: inout Position, mixing mix: inout StreamMix
  ) -> Int {
    unsafe copyPlain(source, destination, start, end, shift, instruments, &position, &mix, isMixed: true)
  }

  @inline(__always)
  private static func copyPlain(
    _ source: UnsafePointer<Event>, _ destination: UnsafeMutablePointer<Event>, _ start: Int, _ end: Int,
    _ shift: UInt64, _ instruments: UInt64, _ position: inout Position, _ mix: inout StreamMix, isMixed: Bool
  ) -> Int {
    // In registers, as the rest.
    var (sum, sums) = (mix.sum, mix.sums)
    let counted = isMixed ? StreamMix.counted : SIMD8(repeating: 0)
    let masks = unsafe doubtful
    let zeros = unsafe zeroed
    let lastInstrument = instruments &- 1
    var frame = position.frame
    var tail = position.tail
    var index = start
    while index < end {
      let target = unsafe UnsafeMutableRawPointer(destination + index)
      unsafe linux_copy_event_once(target, source + index, shift)
      let word = unsafe target.load(fromByteOffset: 48, as: UInt64.self) &- shift
      let nextTail = unsafe target.load(fromByteOffset: 56, as: UInt64.self)
      let nextFrame = word >> 32
      let step = nextFrame &- frame

      // Without branches, because flags and kinds follow no pattern that could be predicted. What must not be negative:
      // the step, what LAST allows beyond it, the distance to the last instrument, the quantity.
      var signs = step | ((tail >> 16 & 1) &- step)
      signs |= lastInstrument &- (word & 0xFFFF_FFFF)
      signs |= unsafe target.load(fromByteOffset: 32, as: UInt64.self)
      var doubt = unsafe nextTail & masks[Int(nextTail & 0x3FF)]
      let zero = unsafe zeros + Int(nextTail >> 16 & 0xFF)
      doubt |= unsafe zero.pointee.time & target.load(as: UInt64.self)
      doubt |= unsafe zero.pointee.price & target.load(fromByteOffset: 24, as: UInt64.self)
      if doubt | signs >> 63 != 0 { break }
      if isMixed {
        sum &+= unsafe target.loadUnaligned(as: SIMD8<UInt64>.self) & counted
        sums &+= sum
      }
      frame = nextFrame
      tail = nextTail
      index &+= 1
    }
    position.frame = frame
    position.tail = tail
    if isMixed { (mix.sum, mix.sums) = (sum, sums) }
    return index
  }

  /// For each kind (8 bits) and the lower bits of a side (2 bits above), the bits of bytes 56 to 63 of which none may be
  /// set in an event that needs no closer look; all bits where the kind always does. Made once and kept.
  nonisolated(unsafe) private static let doubtful: UnsafePointer<UInt64> = {
    let masks = UnsafeMutablePointer<UInt64>.allocate(capacity: 1024)
    let flags = ~EventFlags.all.rawValue | EventFlags.simulated.rawValue | EventFlags.textID.rawValue
    for index in 0..<1024 {
      let kind = UInt64(index & 255)
      let side = index >> 8
      let isPlain = kind < 64 && plain &>> kind & 1 == 1 && side != 3 && (side != 0 || sided &>> kind & 1 == 0)
      unsafe masks[index] = isPlain ? 0xFFFF_0000_0000_FC00 | UInt64(flags) << 16 : .max
    }
    return unsafe UnsafePointer(masks)
  }()

  /// The bits of two fields of which none may be set.
  private struct Zeroed {
    var time: UInt64
    var price: UInt64
  }

  /// By the lower byte of the flags: what NO_EVENT_TIME, NO_PRICE and RESTING_PRICE ask for. Made once and kept.
  nonisolated(unsafe) private static let zeroed: UnsafePointer<Zeroed> = {
    let table = UnsafeMutablePointer<Zeroed>.allocate(capacity: 256)
    for index in 0..<256 {
      let flags = EventFlags(rawValue: UInt16(index))
      let hasNoPrice = !flags.isDisjoint(with: [.noPrice, .restingPrice])
      unsafe (table + index).initialize(
        to: Zeroed(time: flags.contains(.noEventTime) ? .max : 0, price: hasNoPrice ? .max : 0))
    }
    return unsafe UnsafePointer(table)
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
