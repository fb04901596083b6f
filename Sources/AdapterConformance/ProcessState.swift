// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// What an adapter has no business to change in the process that lends it a thread.
struct ProcessState: Equatable {
  private var parts: [(name: String, value: String)]

  static func == (left: ProcessState, right: ProcessState) -> Bool { left.change(from: right) == nil }

  /// The name and values of the first part that differs.
  func change(from before: ProcessState) -> String? {
    for (now, then) in zip(parts, before.parts) where now.value != then.value {
      return "\(now.name) from “\(then.value)” to “\(now.value)”"
    }
    return nil
  }

  static func now() -> ProcessState {
    var parts: [(String, String)] = []
    for number in 1...64 where number != 32 && number != 33 {
      var action = sigaction()
      guard unsafe sigaction(Int32(number), nil, &action) == 0 else { continue }
      let handler = unsafe withUnsafeBytes(of: &action) { unsafe $0.load(as: UInt.self) }
      parts.append(("the action of signal \(number)", String(handler, radix: 16)))
    }
    var mask = sigset_t()
    unsafe sigprocmask(SIG_BLOCK, nil, &mask)
    let blocked = (1...64).filter { unsafe sigismember(&mask, Int32($0)) == 1 }
    parts.append(("the signal mask", "\(blocked)"))
    let directory = unsafe getcwd(nil, 0)
    parts.append(("the working directory", unsafe directory.map { unsafe String(cString: $0) } ?? ""))
    unsafe free(directory)
    let creation = umask(0)
    umask(creation)
    parts.append(("the umask", String(creation, radix: 8)))
    parts.append(("the locale", unsafe setlocale(LC_ALL, nil).map { unsafe String(cString: $0) } ?? ""))
    parts.append(("the rounding mode", "\(fegetround())"))
    var variables: [String] = []
    var next = unsafe environ
    while let variable = unsafe next.pointee {
      variables.append(unsafe String(cString: variable))
      unsafe next += 1
    }
    parts.append(("the environment", variables.joined(separator: " ")))
    return ProcessState(parts: parts)
  }

  /// The size of the address space in pages, the first number of /proc/self/statm (proc(5)).
  static var mappedPages: Int {
    let descriptor = unsafe open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return 0 }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 128)
    let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
    let digits = bytes.prefix(max(0, count)).prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    return Int(String(decoding: digits, as: UTF8.self)) ?? 0
  }

  /// The entries of a directory of /proc/self.
  static func entries(_ directory: String) -> [String] {
    guard let stream = unsafe opendir("/proc/self/\(directory)") else { return [] }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        unsafe UnsafeRawPointer(pointer).withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }
}
