// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import CLinux
internal import Glibc

/// Which function of the adapter is being called; the words are those of reports.
enum AdapterCall: UInt32, CaseIterable {
  case none = 0
  case load, entry, initialise, deinitialise, create, destroy, reset, decode, counters, save, takeUp, extend, frameTime
  case encode

  var name: String {
    switch self {
    case .none: "no call"
    case .load: "dlopen"
    case .entry: "exprove_adapter_entry"
    case .initialise: "init"
    case .deinitialise: "deinit"
    case .create: "create"
    case .destroy: "destroy"
    case .reset: "reset"
    case .decode: "decode"
    case .counters: "counters"
    case .save: "save"
    case .takeUp: "load"
    case .extend: "extension"
    case .frameTime: "frame_time"
    case .encode: "encode"
    }
  }
}

/// A page that child and harness share: the child writes down each call before it makes it, so that after a crash it
/// is known which one it was.
///
///     0 u64 calls made · 8 u32 call · 12 u32 frame · 16 u32 bytes of it · 20 u32 finished · 24 u32 status
///     28 u32 size of the detail · 32 detail · 4096 u32 size of the value · 4100 value
///     8192 u32 whether the log was called outside a call · 8196 u32 the bound library's function that is being called
///     8256 u32 places of a crash · 8260 u32 each, an offset within the adapter
@safe final class ChildNotes {
  static let size = 16_384
  private static let detailLimit = 4_000
  private let page: UnsafeMutableRawPointer
  let descriptor: Int32
  /// Of a bound library, in the order of the binder's numbers: what the harness reads the page with.
  var functions: [String] = []

  /// A new page, or the one behind an inherited descriptor.
  init?(descriptor given: Int32? = nil) {
    if let given {
      descriptor = given
    } else {
      descriptor = unsafe linux_memfd_create("conform-notes", LINUX_MFD_CLOEXEC)
      guard descriptor >= 0, ftruncate(descriptor, ChildNotes.size) == 0 else { return nil }
    }
    let mapped = unsafe mmap(nil, ChildNotes.size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
    guard let mapped = unsafe mapped, unsafe mapped != MAP_FAILED else { return nil }
    unsafe page = mapped
  }

  deinit {
    unsafe munmap(page, ChildNotes.size)
    close(descriptor)
  }

  private func word(_ offset: Int) -> UInt32 { unsafe page.load(fromByteOffset: offset, as: UInt32.self) }
  private func set(_ offset: Int, _ value: UInt32) {
    unsafe page.storeBytes(of: value, toByteOffset: offset, as: UInt32.self)
  }

  // MARK: The child's side

  /// Before each call of the adapter.
  func record(_ call: AdapterCall, frame: Int = 0, size: Int = 0) {
    unsafe page.storeBytes(of: calls &+ 1, as: UInt64.self)
    set(8, call.rawValue)
    set(12, UInt32(truncatingIfNeeded: frame))
    set(16, UInt32(truncatingIfNeeded: size))
  }

  /// The adapter was left alone for the rest.
  func settle() { set(8, 0) }

  /// The adapter is in none of the host's calls.
  var isIdle: Bool { word(8) == 0 }
  func markStrayCallback() { set(8192, 1) }

  /// Has the binder note which function of a bound library it is calling.
  func watch(_ bound: BoundEntry) {
    unsafe bound.watch((page + 8196).assumingMemoryBound(to: UInt32.self))
  }

  /// A place on the stack of a crash, the innermost first.
  func note(place: UInt32, at index: Int) {
    set(8260 + 4 * index, place)
    set(8256, UInt32(index + 1))
  }

  func finish(_ status: ConformanceStatus, _ detail: String, value: [UInt8] = []) {
    let bytes = Array(detail.utf8.prefix(ChildNotes.detailLimit))
    for (index, byte) in bytes.enumerated() {
      unsafe page.storeBytes(of: byte, toByteOffset: 32 + index, as: UInt8.self)
    }
    set(28, UInt32(bytes.count))
    for (index, byte) in value.prefix(64).enumerated() {
      unsafe page.storeBytes(of: byte, toByteOffset: 4100 + index, as: UInt8.self)
    }
    set(4096, UInt32(min(64, value.count)))
    set(24, UInt32(ConformanceStatus.allCases.firstIndex(of: status) ?? 1))
    set(20, 1)
  }

  // MARK: The harness's side

  var calls: UInt64 { unsafe page.load(as: UInt64.self) }
  var isFinished: Bool { word(20) == 1 }
  /// The log was called while the adapter was in none of the host's calls, at the process's end perhaps.
  var hasStrayCallback: Bool { word(8192) == 1 }

  var status: ConformanceStatus {
    let index = Int(word(24))
    return ConformanceStatus.allCases.indices.contains(index) ? ConformanceStatus.allCases[index] : .fail
  }

  var detail: String {
    String(decoding: bytes(at: 32, count: min(Int(word(28)), ChildNotes.detailLimit)), as: UTF8.self)
  }
  /// Where it crashed, as offsets within the adapter's file.
  var places: [UInt32] { (0..<min(Int(word(8256)), CrashTrace.depth)).map { word(8260 + 4 * $0) } }
  var value: [UInt8] { bytes(at: 4100, count: min(Int(word(4096)), 64)) }

  /// The last call that the child noted.
  var lastCall: String {
    let call = AdapterCall(rawValue: word(8)) ?? .none
    let place = call == .decode ? " of frame \(word(12)) (\(word(16)) bytes)" : ""
    let number = Int(word(8196)) - 1
    let function = functions.indices.contains(number) ? " (\(functions[number]))" : ""
    return call == .none ? "outside the adapter" : "in \(call.name)\(function)\(place), call \(calls)"
  }

  private func bytes(at offset: Int, count: Int) -> [UInt8] {
    (0..<count).map { unsafe page.load(fromByteOffset: offset + $0, as: UInt8.self) }
  }
}
