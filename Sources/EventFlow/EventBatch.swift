// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI

/// Frames, their bytes and the events that came of them, in one block of memory that is allocated once and
/// used again for each batch. The frames are in order, `Event.frame` indexes them, and events of one frame
/// stand together in the order of the frames.
@safe package struct EventBatch: ~Copyable {
  private var frameStorage: UnsafeMutableBufferPointer<Frame>
  private let eventStorage: UnsafeMutableBufferPointer<Event>
  private var byteStorage: UnsafeMutableBufferPointer<UInt8>
  /// Whose memory frames and bytes lie in, kept for as long; nil: the batch's own.
  package private(set) var lender: AnyObject?

  /// How much of each is in use.
  package private(set) var frameCount = 0
  package private(set) var eventCount = 0
  package private(set) var byteCount = 0

  /// Room for so many frames, events and bytes, kept until the batch ends.
  package init(frames: Int, events: Int, bytes: Int) {
    unsafe (frameStorage, byteStorage) = EventBatch.allocate(frames: frames, bytes: bytes)
    unsafe eventStorage = .allocate(capacity: events)
    unsafe eventStorage.initialize(repeating: Event())
  }

  private static func allocate(
    frames: Int, bytes: Int
  ) -> (UnsafeMutableBufferPointer<Frame>, UnsafeMutableBufferPointer<UInt8>) {
    let frameStorage = UnsafeMutableBufferPointer<Frame>.allocate(capacity: frames)
    let byteStorage = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes)
    unsafe frameStorage.initialize(repeating: Frame())
    unsafe byteStorage.initialize(repeating: 0)
    return unsafe (frameStorage, byteStorage)
  }

  deinit {
    if lender == nil {
      unsafe frameStorage.deallocate()
      unsafe byteStorage.deallocate()
    }
    unsafe eventStorage.deallocate()
  }

  package var frameCapacity: Int { unsafe frameStorage.count }
  package var eventCapacity: Int { unsafe eventStorage.count }
  package var byteCapacity: Int { unsafe byteStorage.count }

  package var frames: Span<Frame> {
    @_lifetime(borrow self) borrowing get {
      let span = unsafe Span(_unsafeElements: UnsafeBufferPointer(frameStorage))
      return unsafe _overrideLifetime(span.extracting(0..<frameCount), borrowing: self)
    }
  }

  package var events: Span<Event> {
    @_lifetime(borrow self) borrowing get {
      let span = unsafe Span(_unsafeElements: UnsafeBufferPointer(eventStorage))
      return unsafe _overrideLifetime(span.extracting(0..<eventCount), borrowing: self)
    }
  }

  package var bytes: Span<UInt8> {
    @_lifetime(borrow self) borrowing get {
      let span = unsafe Span(_unsafeElements: UnsafeBufferPointer(byteStorage))
      return unsafe _overrideLifetime(span.extracting(0..<byteCount), borrowing: self)
    }
  }

  /// One frame, one event, for callers that cannot hold a span.
  package func frame(at index: Int) -> Frame { frames[index] }
  package func event(at index: Int) -> Event { events[index] }

  /// Copies a frame and its bytes from another batch to the end; the caller has asked `hasRoom`.
  package mutating func append(frame index: Int, of other: borrowing EventBatch) {
    let frame = other.frames[index]
    append(frame: frame, bytes: other.bytes.extracting(Int(frame.data)..<Int(frame.data) + Int(frame.length)))
  }

  /// How many events from `first` on have the very bytes of another batch's from `otherFirst` on, at most `count`.
  package func equalEvents(
    from first: Int, as other: borrowing EventBatch, from otherFirst: Int, count: Int
  ) -> Int {
    precondition(count >= 0 && first >= 0 && otherFirst >= 0)
    precondition(first + count <= eventCount && otherFirst + count <= other.eventCount)
    let words = MemoryLayout<Event>.stride / MemoryLayout<UInt64>.stride
    let own = unsafe UnsafeRawPointer(eventStorage.baseAddress! + first)
    let others = unsafe UnsafeRawPointer(other.eventStorage.baseAddress! + otherFirst)
    for index in 0..<count {
      let at = index * MemoryLayout<Event>.stride
      var difference: UInt64 = 0
      for word in 0..<words {
        unsafe difference |=
          own.load(fromByteOffset: at + 8 * word, as: UInt64.self)
          ^ others.load(fromByteOffset: at + 8 * word, as: UInt64.self)
      }
      if difference != 0 { return index }
    }
    return count
  }

  /// The first event from `first` on that belongs to frame `frame` or one behind it.
  package func firstEvent(ofFrame frame: Int, from first: Int) -> Int {
    var low = first
    var high = eventCount
    while low < high {
      let middle = low + (high - low) / 2
      if Int(event(at: middle).frame) < frame { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Lent memory goes back: what was decoded from it may still be needed there.
  package mutating func removeAll() {
    frameCount = 0
    eventCount = 0
    byteCount = 0
    guard lender != nil else { return }
    unsafe (frameStorage, byteStorage) = EventBatch.allocate(frames: frameStorage.count, bytes: byteStorage.count)
    lender = nil
  }

  /// Empties the batch, and lets frames and bytes come to lie in memory of `lender`, of the sizes that there were.
  @unsafe package mutating func removeAll(
    borrowing frames: UnsafeMutablePointer<Frame>, _ bytes: UnsafeMutablePointer<UInt8>, of lender: AnyObject
  ) {
    frameCount = 0
    eventCount = 0
    byteCount = 0
    if self.lender == nil {
      unsafe frameStorage.deallocate()
      unsafe byteStorage.deallocate()
    }
    unsafe frameStorage = UnsafeMutableBufferPointer(start: frames, count: frameStorage.count)
    unsafe byteStorage = UnsafeMutableBufferPointer(start: bytes, count: byteStorage.count)
    self.lender = lender
  }

  /// Forgets frames that are not decoded, and those behind them; their bytes stay where they are.
  package mutating func removeFrames(from first: Int) {
    precondition((0...frameCount).contains(first))
    frameCount = first
  }

  /// Forgets the events and keeps the frames: those that were not decoded yet are next.
  package mutating func removeEvents() {
    eventCount = 0
  }

  /// Enters the run's number of the feed in every frame.
  package mutating func setFeed(_ feed: UInt32) {
    for index in 0..<frameCount { unsafe frameStorage[index].feed = feed }
  }

  /// Whether a frame of `length` bytes still fits.
  package func hasRoom(frameOf length: Int) -> Bool {
    frameCount < frameCapacity && length <= byteCapacity - byteCount
  }

  /// Copies `bytes` to the end and enters `frame` for them; `frame.data` and `frame.length` are set here.
  /// The caller has asked `hasRoom`.
  package mutating func append(frame: Frame, bytes: Span<UInt8>) {
    precondition(hasRoom(frameOf: bytes.count))
    var entry = frame
    entry.data = UInt32(byteCount)
    entry.length = UInt32(bytes.count)
    let start = byteCount
    unsafe bytes.withUnsafeBufferPointer { source in
      guard let base = source.baseAddress else { return }
      unsafe byteStorage.baseAddress!.advanced(by: start).update(from: base, count: source.count)
    }
    unsafe frameStorage[frameCount] = entry
    byteCount += bytes.count
    frameCount += 1
  }

  /// Adds an event; the caller has seen to it that there is room.
  package mutating func append(_ event: Event) {
    precondition(eventCount < eventCapacity)
    unsafe eventStorage[eventCount] = event
    eventCount += 1
  }

  /// Direct access for code that fills the batch in bulk. `body` sees the whole storage and the three
  /// counts; it may change them, and they are checked when it returns.
  package mutating func withStorage<Result, Failure: Error>(
    _ body: (
      _ frames: UnsafeMutableBufferPointer<Frame>, _ events: UnsafeMutableBufferPointer<Event>,
      _ bytes: UnsafeMutableBufferPointer<UInt8>, _ counts: inout Counts
    ) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    var counts = Counts(frames: frameCount, events: eventCount, bytes: byteCount)
    let result = unsafe try body(frameStorage, eventStorage, byteStorage, &counts)
    precondition((0...frameCapacity).contains(counts.frames))
    precondition((0...eventCapacity).contains(counts.events))
    precondition((0...byteCapacity).contains(counts.bytes))
    frameCount = counts.frames
    eventCount = counts.events
    byteCount = counts.bytes
    return result
  }

  package struct Counts {
    package var frames: Int
    package var events: Int
    package var bytes: Int

    package init(frames: Int, events: Int, bytes: Int) {
      self.frames = frames
      self.events = events
      self.bytes = bytes
    }
  }
}
