// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import CLinux
internal import Glibc

/// One check's process, in a process group of its own.
@safe final class ChildProcess {
  /// What the child finds at which descriptor.
  enum Descriptor {
    static let notes: Int32 = 3
    static let corpus: Int32 = 4
    static let product: Int32 = 5
  }

  enum End: Equatable {
    case exited(Int32)
    case signalled(Int32)
    /// Killed by the harness, because of this.
    case overdue(String)
  }

  let pid: pid_t
  let notes: ChildNotes
  private let output: Int32
  private let product: Int32
  private let started: Int64
  private var lastCalls: UInt64 = 0
  private var lastProgress: Int64
  private(set) var end: End?

  /// Wall seconds for the whole process, and without any call; generous, because the machine may be busy. The
  /// processor time is what really limits it.
  private let wallLimit: Int64
  private static let silenceLimit: Int64 = 30

  /// Starts `executable`. Nil when the system has no room for another process.
  init?(
    executable: String, arguments: [String], environment: [String], directory: String, corpus: Int32, wallLimit: Int64
  ) {
    guard let notes = ChildNotes() else { return nil }
    let output = unsafe linux_memfd_create("conform-output", LINUX_MFD_CLOEXEC)
    let product = unsafe linux_memfd_create("conform-product", LINUX_MFD_CLOEXEC)
    guard output >= 0, product >= 0 else { return nil }
    guard
      let pid = ProcessStart.spawn(
        executable, arguments: arguments, environment: environment, directory: directory,
        descriptors: [(output, 1), (output, 2), (notes.descriptor, 3), (corpus, 4), (product, 5)])
    else {
      close(output)
      close(product)
      return nil
    }
    self.pid = pid
    self.wallLimit = wallLimit
    self.notes = notes
    self.output = output
    self.product = product
    started = ChildProcess.milliseconds
    lastProgress = started
  }

  deinit {
    if end == nil {
      kill(-pid, SIGKILL)
      var status: Int32 = 0
      _ = unsafe waitpid(pid, &status, 0)
    }
    close(output)
    close(product)
  }

  static var milliseconds: Int64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }

  var elapsed: Int { Int(ChildProcess.milliseconds - started) }

  /// Looks after the child: true once it has ended, by itself or because its time was up.
  func poll() -> Bool {
    if end != nil { return true }
    var status: Int32 = 0
    let result = unsafe waitpid(pid, &status, WNOHANG)
    if result == pid {
      end = status & 0x7F == 0 ? .exited(status >> 8 & 0xFF) : .signalled(status & 0x7F)
    } else if result < 0 && errno != EINTR {
      end = .exited(-1)
    } else {
      let now = ChildProcess.milliseconds
      if notes.calls != lastCalls {
        lastCalls = notes.calls
        lastProgress = now
      }
      let reason: String? =
        now - started > wallLimit * 1000
        ? "it took more than \(wallLimit) s"
        : now - lastProgress > ChildProcess.silenceLimit * 1000
          ? "no call ended for \(ChildProcess.silenceLimit) s" : nil
      guard let reason else { return false }
      kill(-pid, SIGKILL)
      _ = unsafe waitpid(pid, &status, 0)
      end = .overdue(reason)
    }
    // What the adapter may have left running.
    kill(-pid, SIGKILL)
    return true
  }

  /// The beginning of what went to standard output and standard error.
  var printed: [UInt8] { ChildProcess.contents(output, limit: 4096) }
  /// What the check handed over.
  var produced: [UInt8] { ChildProcess.contents(product, limit: 64 << 20) }

  static func contents(_ descriptor: Int32, limit: Int) -> [UInt8] {
    let size = Int(lseek(descriptor, 0, SEEK_END))
    guard size > 0 else { return [] }
    var bytes = [UInt8](repeating: 0, count: min(size, limit))
    let count = unsafe bytes.withUnsafeMutableBytes { unsafe pread(descriptor, $0.baseAddress, $0.count, 0) }
    bytes.removeLast(bytes.count - max(0, count))
    return bytes
  }

  /// A memory file with these bytes; -1 when there is no memory.
  static func file(_ bytes: [UInt8]) -> Int32 {
    let descriptor = unsafe linux_memfd_create("conform-corpus", LINUX_MFD_CLOEXEC)
    guard descriptor >= 0 else { return -1 }
    if write(bytes, to: descriptor) { return descriptor }
    close(descriptor)
    return -1
  }

  /// False when there was no room.
  @discardableResult static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    var written = 0
    while written < bytes.count {
      let start = written
      let count = unsafe bytes.withUnsafeBytes {
        unsafe Glibc.write(descriptor, $0.baseAddress! + start, $0.count - start)
      }
      guard count > 0 else { return false }
      written += count
    }
    return true
  }
}
