// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import BenchmarkLimits
internal import EventFlow
internal import Feeds
internal import Glibc

/// By the wall's clock: what a worker does is another process's time.
private func elapsed(_ body: () throws -> Void) rethrows -> UInt64 {
  let start = limits_wall_time()
  try body()
  return limits_wall_time() - start
}

/// ITCH through the host, in this process or in a worker. Frames are fetched outside the time.
final class IsolatedDecode: Contestant {
  private let options: FeedOptions
  private let module: AdapterModule

  init(_ options: FeedOptions, _ isolation: Isolation) throws {
    self.options = options
    module = try AdapterModule(try AdapterLocator.standard.image(of: options.adapter), isolation)
  }

  func pass() throws -> Pass {
    var path = try HostPath(options, module)
    // As in the midst of a day: what a session needs of memory it has by then.
    while try path.read() { try path.decode() }
    try path.startOver(options)
    var (frames, events, nanoseconds) = (0, 0, UInt64(0))
    while try path.read() {
      nanoseconds += try elapsed { try path.decode() }
      frames += path.batch.frameCount
      events += path.batch.eventCount
    }
    return Pass(units: frames, nanoseconds: nanoseconds, answer: "\(events) events")
  }
}

/// From the adapter's bytes to its first event: copy, load, session, one frame.
final class FirstEvent: Contestant {
  private let options: FeedOptions
  private let isolation: Isolation

  init(_ options: FeedOptions, _ isolation: Isolation) throws {
    self.options = options
    self.isolation = isolation
  }

  func pass() throws -> Pass {
    let image = try AdapterLocator.standard.image(of: options.adapter)
    var reader = try FeedReader.open(
      options.path, feed: 0, declared: image.manifest.framings, options: options)
    var batch = EventBatch(frames: 1, events: 1 << 16, bytes: 1 << 16)
    guard try reader.read(into: &batch, limit: 1) == 1 else { throw BenchmarkError("the capture is empty") }
    let configuration = AdapterSession.Configuration(framing: reader.framing, dayStart: 1)
    let nanoseconds = try elapsed {
      var session = try AdapterSession(try AdapterModule(image, isolation), configuration)
      guard try session.decode(&batch) == 1, batch.eventCount > 0 else { throw BenchmarkError("no event came") }
    }
    return Pass(units: 1, nanoseconds: nanoseconds, answer: "\(batch.eventCount) events")
  }
}

/// A worker that is killed after the whole capture: from the kill to the next frame's events, with nothing lost.
final class WorkerRestart: Contestant {
  private let options: FeedOptions
  private let module: AdapterModule

  init(_ options: FeedOptions) throws {
    self.options = options
    module = try AdapterModule(try AdapterLocator.standard.image(of: options.adapter), .worker)
  }

  func pass() throws -> Pass {
    var path = try HostPath(options, module)
    while try path.read() {
      if path.batch.frameCount < path.batch.frameCapacity { break }
      try path.decode()
    }
    guard let process = path.session.workerProcess else { throw BenchmarkError("there is no worker") }
    let nanoseconds = try elapsed {
      kill(process, SIGKILL)
      try path.decode()
    }
    guard path.session.takeIncidents().count == 1 else { throw BenchmarkError("the kill was not noticed") }
    return Pass(units: 1, nanoseconds: nanoseconds, answer: "")
  }
}

/// Sessions at once in workers, each after some frames. `bytes` is what all processes have in memory, shared pages counted
/// in shares (proc(5), smaps_rollup), without what this one had before.
final class WorkerMemory: Contestant {
  private let options: FeedOptions
  private let count: Int

  init(_ options: FeedOptions, count: Int) {
    self.options = options
    self.count = count
  }

  private final class Opened {
    var path: HostPath
    init(_ path: consuming HostPath) { self.path = path }
  }

  func pass() throws -> Pass {
    let module = try AdapterModule(try AdapterLocator.standard.image(of: options.adapter), .worker)
    let before = try WorkerMemory.share(of: getpid())
    var opened: [Opened] = []
    let nanoseconds = try elapsed {
      for _ in 0..<count {
        var path = try HostPath(options, module)
        _ = try path.read()
        try path.decode()
        // The batches are the caller's, not the adapter's or its worker's.
        path.batch = EventBatch(frames: 1, events: 1, bytes: 1)
        opened.append(Opened(path))
      }
    }
    var bytes = try WorkerMemory.share(of: getpid()) - before
    for one in opened {
      if let process = one.path.session.workerProcess { bytes += try WorkerMemory.share(of: process) }
    }
    return Pass(units: count, bytes: bytes, nanoseconds: nanoseconds, answer: "")
  }

  private static func share(of process: pid_t) throws -> Int {
    guard let file = unsafe fopen("/proc/\(process)/smaps_rollup", "r") else {
      throw BenchmarkError("the kernel tells nothing of a process's memory")
    }
    defer { unsafe fclose(file) }
    var buffer = [CChar](repeating: 0, count: 256)
    while unsafe fgets(&buffer, Int32(buffer.count), file) != nil {
      let line = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      let parts = line.split(separator: " ")
      if parts.first == "Pss:", parts.count > 1, let size = Int(parts[1]) { return size << 10 }
    }
    throw BenchmarkError("the kernel tells no share of a process's memory")
  }
}
