// SPDX-License-Identifier: Apache-2.0

internal import AdapterBinder
internal import CExProveABI

/// A bound library whose code is in this process: the entry that the binder made of it, and what the binder knows. Both
/// stay as long as the process lives.
@safe package final class BoundEntry: @unchecked Sendable {
  /// The functions that the binding calls, in the order of the binder's numbers.
  package let functions: [String]
  @unsafe let entry: TableRegion.Entry
  /// Where one of those functions lies.
  @unsafe package let code: UnsafeRawPointer
  private let binder: OpaquePointer

  /// Binds a library that was loaded.
  @unsafe init(
    _ bound: BoundLibrary, loaded handle: UnsafeMutableRawPointer, code: UnsafeRawPointer, path: String
  ) throws(AdapterError) {
    var entry: binder_entry?
    var binder: OpaquePointer?
    let (status, text) = unsafe withErrorText { error in
      unsafe bound.program.withUnsafeBufferPointer {
        unsafe binder_open($0.baseAddress, $0.count, handle, &entry, &binder, error)
      }
    }
    guard status == Status.ok, let entry = unsafe entry, let binder = unsafe binder else {
      throw AdapterError(.loader, "\(path): the binder answered \(describe(status, text))")
    }
    functions = bound.functions
    unsafe self.entry = entry
    unsafe self.code = code
    unsafe self.binder = binder
  }

  /// Calls through callbacks that came when none was due.
  package var strays: UInt64 { unsafe binder_strays(binder) }
  /// Those of them that came after their session's end.
  package var kept: UInt64 { unsafe binder_kept(binder) }

  /// Has the function that is being called noted, by its number from 1, in memory that stays.
  @unsafe package func watch(_ function: UnsafeMutablePointer<UInt32>) { unsafe binder_watch(binder, function) }
}
