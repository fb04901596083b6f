// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import CExProveABI

/// A host table of the harness's own, for checks that call `init` themselves. It is never freed: an adapter may keep
/// it until its `deinit`, and the process ends soon.
@safe struct HostTable {
  let pointer: UnsafeMutablePointer<exprove_host>

  /// With `margin` bytes of another pattern behind it.
  init(version: AdapterManifest.Version, margin: Int = 0, log: Bool = true, cookie: UInt = 0) {
    let size = unsafe MemoryLayout<exprove_host>.size + margin
    let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
    unsafe memory.initializeMemory(as: UInt8.self, repeating: 0xA5, count: size)
    unsafe pointer = memory.bindMemory(to: exprove_host.self, capacity: 1)
    unsafe pointer.initialize(
      to: exprove_host(
        struct_size: UInt32(size), abi_version: version.rawValue, cookie: UnsafeMutableRawPointer(bitPattern: cookie),
        log: nil))
    if log { unsafe pointer.pointee.log = HostTable.hear }
  }

  /// Cookies that came back, in order. Written only by the one thread that calls the adapter.
  nonisolated(unsafe) static var cookies: [UInt] = []

  /// How often the log was called; the first cookies alone are kept.
  nonisolated(unsafe) static var lines = 0

  /// Where calls outside any call of the host are noted, for the check that is about them.
  nonisolated(unsafe) static var watch: ChildNotes?

  private static let hear: @convention(c) (UnsafeMutableRawPointer?, UInt32, UnsafePointer<CChar>?, UInt32) -> Void = {
    cookie, _, _, _ in
    unsafe HostTable.lines += 1
    if unsafe HostTable.cookies.count < 4096 { unsafe HostTable.cookies.append(UInt(bitPattern: cookie)) }
    if let notes = unsafe HostTable.watch, notes.isIdle { notes.markStrayCallback() }
  }
}
