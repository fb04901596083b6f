// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import CExProveABI
internal import CLinux
internal import Glibc

/// Puts down where a child crashed: the addresses on the stack, as offsets within the adapter's file, for addr2line(1).
enum CrashTrace {
  /// How many places are kept.
  static let depth = 12
  /// Written before the adapter is called, and read by the handler alone.
  nonisolated(unsafe) private static var notes: ChildNotes?
  nonisolated(unsafe) private static var base: UInt = 0
  nonisolated(unsafe) private static var end: UInt = 0

  /// Has the signals of crashes noted, on a stack of their own: one of the crashes is a full stack.
  static func install(_ notes: ChildNotes) {
    unsafe CrashTrace.notes = notes
    // The unwinder is loaded by its first use, for which a handler is no place.
    var warm: UnsafeMutableRawPointer?
    _ = unsafe linux_backtrace(&warm, 1)
    let size = 65_536
    var stack = unsafe stack_t()
    unsafe stack.ss_sp = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
    unsafe stack.ss_size = size
    unsafe sigaltstack(&stack, nil)
    for signal in [SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT] {
      var action = sigaction()
      unsafe action.__sigaction_handler.sa_handler = { signal in
        CrashTrace.note()
        // It goes on as it would have without the handler.
        var action = sigaction()
        unsafe action.__sigaction_handler.sa_handler = SIG_DFL
        _ = unsafe sigaction(signal, &action, nil)
        raise(signal)
      }
      action.sa_flags = SA_ONSTACK | SA_NODEFER
      _ = unsafe sigaction(signal, &action, nil)
    }
  }

  /// Where the adapter's code lies from now on.
  static func watch(_ adapter: LoadedAdapter) {
    guard let decode = unsafe adapter.table.decode else { return }
    // What decodes a bound library's frames is the binder, which is not what is watched.
    let code = unsafe adapter.bound?.code ?? unsafeBitCast(decode, to: UnsafeRawPointer.self)
    var info = unsafe linux_dl_info()
    guard unsafe linux_dladdr(code, &info) != 0,
      let start = unsafe info.file_base
    else { return }
    unsafe base = UInt(bitPattern: start)
    // The program headers say how far it reaches.
    let headers = unsafe Int(start.load(fromByteOffset: 32, as: UInt64.self))
    let size = unsafe Int(start.load(fromByteOffset: 54, as: UInt16.self))
    var last: UInt = 0
    for index in 0..<(unsafe Int(start.load(fromByteOffset: 56, as: UInt16.self))) {
      let header = unsafe start + headers + index * size
      guard unsafe header.load(as: UInt32.self) == 1 else { continue }
      last = unsafe max(
        last, UInt(header.load(fromByteOffset: 16, as: UInt64.self) + header.load(fromByteOffset: 40, as: UInt64.self)))
    }
    unsafe end = base + last
  }

  private static func note() {
    guard let notes = unsafe notes, unsafe base != 0 else { return }
    unsafe withUnsafeTemporaryAllocation(of: UnsafeMutableRawPointer?.self, capacity: 48) { buffer in
      let count = unsafe linux_backtrace(buffer.baseAddress!, 48)
      var kept = 0
      for index in 0..<max(0, Int(count)) where kept < CrashTrace.depth {
        let address = unsafe UInt(bitPattern: buffer[index])
        guard unsafe address >= base && address < end else { continue }
        notes.note(place: unsafe UInt32(truncatingIfNeeded: address - base), at: kept)
        kept += 1
      }
    }
  }
}
