// SPDX-License-Identifier: Apache-2.0

/// A run of plain values in memory of its own: indexed and checked, but without the reference counting and the
/// uniqueness checks of `Array`, which would be paid at every event. The only unsafe memory of this room.
@safe struct Column<Element: BitwiseCopyable>: ~Copyable {
  private var base: UnsafeMutablePointer<Element>
  /// How many elements there are; all of them hold a value.
  private(set) var count: Int

  init(repeating value: Element, count: Int) {
    self.count = count
    unsafe base = .allocate(capacity: max(count, 1))
    unsafe base.initialize(repeating: value, count: count)
  }

  deinit { unsafe base.deallocate() }

  subscript(index: Int) -> Element {
    @inline(__always) get {
      precondition(UInt(bitPattern: index) < UInt(bitPattern: count))
      return unsafe base[index]
    }
    @inline(__always) set {
      precondition(UInt(bitPattern: index) < UInt(bitPattern: count))
      unsafe base[index] = newValue
    }
  }

  /// Makes it longer; what is new holds `value`.
  mutating func grow(to newCount: Int, filling value: Element) {
    guard newCount > count else { return }
    let grown = UnsafeMutablePointer<Element>.allocate(capacity: newCount)
    unsafe grown.update(from: base, count: count)
    unsafe (grown + count).initialize(repeating: value, count: newCount - count)
    unsafe base.deallocate()
    unsafe base = grown
    count = newCount
  }

  /// Copies `length` elements from `source` on to `target` on; the two may overlap.
  @inline(__always)
  mutating func move(_ length: Int, from source: Int, to target: Int) {
    precondition(
      length >= 0 && source >= 0 && target >= 0 && source <= count - length && target <= count - length)
    unsafe (base + target).update(from: base + source, count: length)
  }
}

/// The same for values that own memory themselves; grows at the end only.
@safe struct Shelf<Element: ~Copyable>: ~Copyable {
  private var base: UnsafeMutablePointer<Element>
  private var capacity: Int
  private(set) var count = 0

  init() {
    capacity = 4
    unsafe base = .allocate(capacity: 4)
  }

  deinit {
    unsafe base.deinitialize(count: count)
    unsafe base.deallocate()
  }

  subscript(index: Int) -> Element {
    @inline(__always) _read {
      precondition(UInt(bitPattern: index) < UInt(bitPattern: count))
      yield unsafe base[index]
    }
    @inline(__always) _modify {
      precondition(UInt(bitPattern: index) < UInt(bitPattern: count))
      yield unsafe &base[index]
    }
  }

  mutating func append(_ element: consuming Element) {
    if count == capacity {
      let grown = UnsafeMutablePointer<Element>.allocate(capacity: capacity * 2)
      unsafe grown.moveInitialize(from: base, count: count)
      unsafe base.deallocate()
      unsafe base = grown
      capacity *= 2
    }
    unsafe (base + count).initialize(to: element)
    count += 1
  }
}
