// SPDX-License-Identifier: Apache-2.0

private import Glibc

package typealias SecretBytes = SecretBuffer<UInt8>

/// A run of plain values that must not outlive their use: it has one owner, and its memory is overwritten before it is
/// given back, by a call that the optimiser may not leave out. What the processor holds of it in registers, or spills from
/// them, is not reached. The only unsafe memory of this room.
@safe package struct SecretBuffer<Element: BitwiseCopyable>: ~Copyable {
  private let base: UnsafeMutablePointer<Element>
  package let count: Int

  package init(repeating value: Element, count: Int) {
    precondition(count >= 0)
    self.count = count
    unsafe base = .allocate(capacity: max(count, 1))
    unsafe base.initialize(repeating: value, count: count)
  }

  package init(copying elements: Span<Element>) {
    count = elements.count
    unsafe base = .allocate(capacity: max(count, 1))
    for index in 0..<count { unsafe (base + index).initialize(to: elements[index]) }
  }

  deinit {
    unsafe explicit_bzero(base, count * MemoryLayout<Element>.stride)
    unsafe base.deallocate()
  }

  package subscript(index: Int) -> Element {
    @inline(__always) get {
      precondition(UInt(bitPattern: index) < UInt(bitPattern: count))
      return unsafe base[index]
    }
    @inline(__always) set {
      precondition(UInt(bitPattern: index) < UInt(bitPattern: count))
      unsafe base[index] = newValue
    }
  }

  package var span: Span<Element> {
    @_lifetime(borrow self) borrowing get {
      let span = unsafe Span(_unsafeStart: base, count: count)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }
}

// One owner at a time, so it may move between threads.
extension SecretBuffer: @unchecked Sendable where Element: Sendable {}

extension SecretBuffer where Element == UInt8 {
  package init(copying bytes: [UInt8]) { self.init(copying: bytes.span) }

  /// Fresh bytes of the system's generator.
  package static func random(count: Int) -> SecretBytes {
    var bytes = SecretBytes(repeating: 0, count: count)
    var generator = SystemRandomNumberGenerator()
    var word: UInt64 = 0
    for index in 0..<count {
      if index % 8 == 0 { word = generator.next() }
      bytes[index] = UInt8(truncatingIfNeeded: word)
      word >>= 8
    }
    return bytes
  }

  /// For what is no secret any more, or leaves in an envelope.
  package var copiedBytes: [UInt8] {
    var bytes = [UInt8]()
    bytes.reserveCapacity(count)
    for index in 0..<count { bytes.append(self[index]) }
    return bytes
  }
}

extension SecretBuffer where Element == UInt8 {
  /// Writes eight bytes, the lowest first.
  @inline(__always)
  mutating func store(_ word: UInt64, at offset: Int) {
    precondition(offset >= 0 && offset <= count - 8)
    unsafe UnsafeMutableRawPointer(base + offset).storeBytes(of: word.littleEndian, as: UInt64.self)
  }
}

extension Span where Element == UInt8 {
  /// Reads eight bytes, the lowest first.
  @inline(__always)
  func word(at offset: Int) -> UInt64 {
    unsafe UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }
}
