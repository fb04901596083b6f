// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import CExProveABI
internal import CLinux
internal import Glibc

/// Puts the harness's own functions in the place of some that a loaded adapter imports, by writing to its relocated
/// slots (System V ABI, "Relocation"; the psABI supplements of x86-64 and AArch64 for the numbers of the types). Only that
/// adapter is affected: neither the harness nor any other library calls them.
enum ImportPatch {
  /// Writes the slots of `functions`, by name.
  ///
  /// - Returns: the names that the adapter imports.
  @unsafe static func apply(to adapter: LoadedAdapter, _ functions: [String: UnsafeMutableRawPointer]) -> [String] {
    guard let decode = unsafe adapter.table.decode else { return [] }
    var info = unsafe linux_dl_info()
    let address = unsafe unsafeBitCast(decode, to: UnsafeRawPointer.self)
    guard unsafe linux_dladdr(address, &info) != 0, let base = unsafe info.file_base else { return [] }
    guard let dynamic = unsafe dynamicSection(base) else { return [] }
    var tables: [Int64: UInt] = [:]
    var at = unsafe dynamic
    while true {
      let tag = unsafe at.load(as: Int64.self)
      guard tag != 0 else { break }
      tables[tag] = unsafe at.load(fromByteOffset: 8, as: UInt.self)
      unsafe at += 16
    }
    guard let names = tables[5], let symbols = tables[6] else { return [] }
    var found: [String] = []
    for (table, size) in [(tables[23], tables[2]), (tables[7], tables[8])] {
      guard let table, let size else { continue }
      let rows = unsafe absolute(table, base)
      for row in 0..<Int(size) / 24 {
        let offset = unsafe rows.load(fromByteOffset: row * 24, as: UInt.self)
        let kind = unsafe rows.load(fromByteOffset: row * 24 + 8, as: UInt64.self)
        // JUMP_SLOT and GLOB_DAT of the two machines.
        guard [6, 7, 1025, 1026].contains(kind & 0xFFFF_FFFF) else { continue }
        let symbol = unsafe absolute(symbols, base) + Int(kind >> 32) * 24
        let nameOffset = unsafe Int(symbol.load(as: UInt32.self))
        let text = unsafe String(cString: (absolute(names, base) + nameOffset).assumingMemoryBound(to: CChar.self))
        guard let function = unsafe functions[text] else { continue }
        let slot = unsafe base + Int(offset)
        let page = unsafe UnsafeMutableRawPointer(bitPattern: UInt(bitPattern: slot) & ~4095)!
        // After relocation the slots are read-only where the adapter was linked with -z relro.
        guard unsafe mprotect(page, 4096, PROT_READ | PROT_WRITE) == 0 else { continue }
        unsafe slot.storeBytes(of: function, as: UnsafeMutableRawPointer.self)
        if !found.contains(text) { found.append(text) }
      }
    }
    return found.sorted()
  }

  /// Where the program headers say that the dynamic section lies.
  private static func dynamicSection(_ base: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
    let headers = unsafe Int(base.load(fromByteOffset: 32, as: UInt64.self))
    let size = unsafe Int(base.load(fromByteOffset: 54, as: UInt16.self))
    let count = unsafe Int(base.load(fromByteOffset: 56, as: UInt16.self))
    for index in 0..<count {
      let header = unsafe base + headers + index * size
      if unsafe header.load(as: UInt32.self) == 2 {
        return unsafe base + Int(header.load(fromByteOffset: 16, as: UInt64.self))
      }
    }
    return nil
  }

  /// The loader has made most entries of the dynamic section addresses; one that it left alone is relative.
  private static func absolute(_ value: UInt, _ base: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer {
    let start = UInt(bitPattern: base)
    return unsafe UnsafeMutableRawPointer(bitPattern: value < start ? start + value : value)!
  }
}

/// Clocks that stand wherever the check sets them.
enum SetClock {
  /// Nanoseconds since 1970. Written only by the one thread that calls the adapter.
  nonisolated(unsafe) static var now: Int64 = 0

  @unsafe static func install(in adapter: LoadedAdapter) -> [String] {
    let time: @convention(c) (UnsafeMutablePointer<Int>?) -> Int = { out in
      let seconds = unsafe Int(SetClock.now / 1_000_000_000)
      if let out = unsafe out { unsafe out.pointee = seconds }
      return seconds
    }
    let clock: @convention(c) (Int32, UnsafeMutablePointer<timespec>?) -> Int32 = { _, out in
      if let out = unsafe out {
        unsafe out.pointee = timespec(
          tv_sec: Int(SetClock.now / 1_000_000_000), tv_nsec: Int(SetClock.now % 1_000_000_000))
      }
      return 0
    }
    let day: @convention(c) (UnsafeMutablePointer<timeval>?, UnsafeMutableRawPointer?) -> Int32 = { out, _ in
      if let out = unsafe out {
        unsafe out.pointee = timeval(
          tv_sec: Int(SetClock.now / 1_000_000_000), tv_usec: Int(SetClock.now % 1_000_000_000 / 1000))
      }
      return 0
    }
    return unsafe ImportPatch.apply(
      to: adapter,
      [
        "time": unsafeBitCast(time, to: UnsafeMutableRawPointer.self),
        "clock_gettime": unsafeBitCast(clock, to: UnsafeMutableRawPointer.self),
        "gettimeofday": unsafeBitCast(day, to: UnsafeMutableRawPointer.self),
      ])
  }
}

/// Counts what an adapter allocates.
enum CountedHeap {
  /// Written only by the one thread that calls the adapter.
  nonisolated(unsafe) static var allocations = 0

  @unsafe static func install(in adapter: LoadedAdapter) -> [String] {
    let allocate: @convention(c) (Int) -> UnsafeMutableRawPointer? = { size in
      unsafe CountedHeap.allocations += 1
      return unsafe Glibc.malloc(size)
    }
    let clear: @convention(c) (Int, Int) -> UnsafeMutableRawPointer? = { count, size in
      unsafe CountedHeap.allocations += 1
      return unsafe Glibc.calloc(count, size)
    }
    let grow: @convention(c) (UnsafeMutableRawPointer?, Int) -> UnsafeMutableRawPointer? = { old, size in
      unsafe CountedHeap.allocations += 1
      return unsafe Glibc.realloc(old, size)
    }
    let align: @convention(c) (UnsafeMutablePointer<UnsafeMutableRawPointer?>, Int, Int) -> Int32 = {
      out, alignment, size in
      unsafe CountedHeap.allocations += 1
      return unsafe Glibc.posix_memalign(out, alignment, size)
    }
    let malloc = unsafe unsafeBitCast(allocate, to: UnsafeMutableRawPointer.self)
    return unsafe ImportPatch.apply(
      to: adapter,
      [
        "malloc": malloc, "calloc": unsafeBitCast(clear, to: UnsafeMutableRawPointer.self),
        "realloc": unsafeBitCast(grow, to: UnsafeMutableRawPointer.self),
        "posix_memalign": unsafeBitCast(align, to: UnsafeMutableRawPointer.self),
        // operator new and new[] of libstdc++ end in malloc, and delete in free.
        "_Znwm": malloc, "_Znam": malloc,
      ])
  }
}
