// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Memory between two pages that nobody may touch, so that one byte too far ends the process.
@safe final class GuardedMemory {
  private let region: UnsafeMutableRawPointer
  private let total: Int
  private let usable: Int
  private static let page = 4096

  /// Room for `size` bytes at least. Nil when there is no memory.
  init?(size: Int) {
    usable = (max(1, size) + GuardedMemory.page - 1) / GuardedMemory.page * GuardedMemory.page
    total = usable + 2 * GuardedMemory.page
    let mapped = unsafe mmap(nil, total, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let mapped = unsafe mapped, unsafe mapped != MAP_FAILED,
      unsafe mprotect(mapped + GuardedMemory.page, usable, PROT_READ | PROT_WRITE) == 0
    else { return nil }
    unsafe region = mapped
  }

  deinit { unsafe munmap(region, total) }

  /// `size` bytes that end where the guard begins.
  @unsafe func atEnd(_ size: Int) -> UnsafeMutableRawPointer { unsafe region + GuardedMemory.page + usable - size }
  /// The first byte behind the guard.
  @unsafe var atStart: UnsafeMutableRawPointer { unsafe region + GuardedMemory.page }
}
