// SPDX-License-Identifier: Apache-2.0

internal import AdapterBinder
internal import CExProveABI

/// The entry of a bound adapter, which the binder makes.
enum BoundEntry {
  /// Binds a library that was loaded. It stays bound as long as the process lives.
  @unsafe static func of(
    _ bound: BoundLibrary, loaded handle: UnsafeMutableRawPointer, path: String
  ) throws(AdapterError) -> TableRegion.Entry {
    var entry: binder_entry?
    let (status, text) = unsafe withErrorText { error in
      unsafe bound.program.withUnsafeBufferPointer {
        unsafe binder_open($0.baseAddress, $0.count, handle, &entry, nil, error)
      }
    }
    guard status == Status.ok, let entry = unsafe entry else {
      throw AdapterError(.loader, "\(path): the binder answered \(describe(status, text))")
    }
    return unsafe entry
  }
}
