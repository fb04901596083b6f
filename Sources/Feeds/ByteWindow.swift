// SPDX-License-Identifier: Apache-2.0

private import Glibc

/// The part of the unpacked capture that is being looked at: a buffer that slides over it. It grows only when
/// one record needs more, and never past what the caller asks for, so memory does not depend on the capture.
@safe struct ByteWindow: ~Copyable {
  private var source: Unpacker
  private var buffer: UnsafeMutableBufferPointer<UInt8>
  private var start = 0
  private var end = 0
  /// Where the first byte of `bytes` lies in the unpacked capture.
  private(set) var offset: UInt64 = 0
  /// Nothing more can be fetched: the capture has ended, or is damaged behind what is here.
  private(set) var isComplete = false
  /// Why it ended, if not well.
  private(set) var damage: FeedError?

  /// Small enough to stay in a core's own cache between fetching and copying on.
  private static let initialSize = 1 << 17

  init(path: String) throws(FeedError) {
    source = try Unpacker.open(path)
    unsafe buffer = .allocate(capacity: ByteWindow.initialSize)
    unsafe buffer.initialize(repeating: 0)
  }

  deinit { unsafe buffer.deallocate() }

  var path: String { source.path }
  var packedBytes: UInt64 { source.packed }
  var unpackedBytes: UInt64 { source.unpacked }
  var count: Int { end - start }
  private var capacity: Int { unsafe buffer.count }

  var bytes: Span<UInt8> {
    @_lifetime(borrow self) borrowing get {
      let span = unsafe Span(_unsafeElements: UnsafeBufferPointer(buffer))
      return unsafe _overrideLifetime(span.extracting(start..<end), borrowing: self)
    }
  }

  /// Direct access for the walk over many frames.
  func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    unsafe body(UnsafeBufferPointer(rebasing: buffer[start..<end]))
  }

  /// Steps over bytes that are here.
  mutating func consume(_ count: Int) {
    precondition((0...self.count).contains(count))
    start += count
    offset += UInt64(count)
  }

  /// Steps over bytes whether they are here or not; false when the capture ends before.
  mutating func skip(_ count: UInt64) -> Bool {
    var left = count
    while true {
      let step = Int(min(left, UInt64(self.count)))
      consume(step)
      left -= UInt64(step)
      if left == 0 { return true }
      if !fetch() { return false }
    }
  }

  /// Sees to it that so many bytes are here; false when the capture ends before.
  mutating func require(_ needed: Int) -> Bool {
    while count < needed {
      if needed > capacity { grow(to: needed) }
      if !fetch() { return false }
    }
    return true
  }

  /// The distance of the first line feed from the first byte, at or behind `start`; nil when there is none here.
  func lineFeed(from index: Int) -> Int? {
    guard index < count else { return nil }
    return unsafe withBytes { bytes in
      guard let found = unsafe memchr(bytes.baseAddress! + index, 0x0A, bytes.count - index) else { return nil }
      return unsafe UnsafeRawPointer(found) - UnsafeRawPointer(bytes.baseAddress!)
    }
  }

  /// Fetches more; false at the end. Existing bytes move to the front, and a full buffer doubles.
  mutating func fetch() -> Bool {
    if isComplete { return false }
    if start > 0 {
      unsafe buffer.baseAddress!.update(from: buffer.baseAddress! + start, count: count)
      end -= start
      start = 0
    }
    if end == capacity { grow(to: capacity * 2) }
    do {
      let count = try unsafe source.read(into: .init(rebasing: buffer[end...]))
      end += count
      isComplete = count == 0
    } catch {
      damage = error
      isComplete = true
    }
    return !isComplete
  }

  private mutating func grow(to size: Int) {
    let larger = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: size)
    unsafe larger.initialize(repeating: 0)
    unsafe larger.baseAddress!.update(from: buffer.baseAddress! + start, count: count)
    unsafe buffer.deallocate()
    unsafe buffer = larger
    end -= start
    start = 0
  }
}
