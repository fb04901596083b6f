// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
internal import CWorkerLink
internal import EventFlow
internal import Glibc

/// A worker in which a session is open.
struct StartedWorker {
  var calls: WorkerCalls
  var sandbox: SandboxLevel

  /// Waits for the sandbox and has the library loaded in it.
  ///
  /// - Returns: what the worker answered, and what it and the kernel say of its sandbox.
  static func begin(
    _ process: WorkerProcess, isLoadedEarly: Bool
  ) throws(WorkerFailure) -> (calls: WorkerCalls, answer: worker_answers, sandbox: SandboxLevel) {
    let calls = WorkerCalls(process: process)
    try calls.waitUntilReady()
    let before = process.link.answer
    calls.post(WORKER_CALL_START)
    let answer = try calls.answer()
    var sandbox = SandboxLevel()
    sandbox.stoodBeforeLoad = !isLoadedEarly
    // What the process said before it loaded the library, and what the kernel says of it afterwards.
    let source = isLoadedEarly ? answer : before
    sandbox.landlock = Int(source.landlock)
    sandbox.hasLimits = source.limits == 1
    let (hasNoNewPrivileges, filters) = process.kernelView
    sandbox.hasNoNewPrivileges = source.no_new_privileges == 1 && hasNoNewPrivileges
    // Filters that the library's own code may have added count for nothing.
    sandbox.seccomp = source.seccomp == 0 ? 0 : min(2, filters)
    return (calls, answer, sandbox)
  }

  enum Failure: Error {
    /// The process failed: another one may do better.
    case worker(WorkerFailure)
    /// The adapter refuses, in its own words.
    case adapter(AdapterError)
  }

  /// Frames, and bytes of them, that one call takes.
  static let framesAtOnce = 4096
  static let bytesAtOnce = 16 << 20
  /// Address space besides that of the two files, where the manifest asks for no other.
  static let memory: UInt64 = 1 << 30

  /// Starts a process, waits for its sandbox, and lets it load the adapter and open the session.
  ///
  /// - Parameter inlet: of the session's worker before; nil for the first one.
  static func start(
    _ plan: WorkerPlan, _ configuration: AdapterSession.Configuration, _ inlet: WorkerInlet? = nil
  ) throws(Failure) -> StartedWorker {
    let manifest = plan.image.manifest
    let declared = manifest.libraries.map(\.name)
    let libraries = plan.image.facts.needed.filter { !resident.contains($0) && !declared.contains($0) }
    var texts: [UInt8] = []
    for text in libraries + configuration.settings.flatMap({ [$0.key, $0.value] }) {
      texts += text.utf8
      texts.append(0)
    }
    var setup = worker_setup()
    setup.version = WORKER_LINK_VERSION
    setup.host = getpid()
    // What the manifest does not claim is not asked for.
    let versions = hostVersions.filter { $0 <= manifest.abi }.prefix(4)
    setup.version_count = UInt32(versions.count)
    unsafe withUnsafeMutableBytes(of: &setup.versions) { place in
      for (index, version) in versions.enumerated() {
        unsafe place.storeBytes(of: version.rawValue, toByteOffset: index * 4, as: UInt32.self)
      }
    }
    setup.framing = configuration.framing.rawValue
    setup.channel = configuration.channel.rawValue
    setup.day_start = configuration.dayStart
    setup.seed = configuration.seed
    setup.max_events = UInt32(manifest.maxEvents)
    setup.needs = manifest.needs.reduce(0) { $0 | $1.rawValue }
    setup.memory = UInt64(manifest.memory) << 20
    setup.library_count = UInt32(libraries.count)
    setup.sealed_count = UInt32(plan.libraries.count)
    setup.program_size = UInt32(plan.image.bound?.program.count ?? 0)
    setup.setting_count = UInt32(configuration.settings.count)
    setup.text_size = UInt32(texts.count)
    setup.manifest_size = UInt32(plan.image.manifestBytes.count)
    setup.frame_capacity = UInt32(2 * WorkerInlet.halfTable)
    setup.slot_count = 16
    setup.slot_events = UInt32(max(1024, manifest.maxEvents))
    setup.has_frame_time = manifest.hasFrameTime ? 1 : 0
    setup.byte_capacity = UInt64(2 * WorkerInlet.halfBytes)
    guard configuration.settings.count <= 256,
      let inlet = inlet ?? WorkerInlet(setup),
      let link = WorkerLink(inlet, note: texts + plan.image.manifestBytes),
      let process = WorkerProcess(plan, link)
    else {
      let number = errno
      throw .adapter(
        AdapterError(
          .sealing,
          "\(plan.program): no worker could be started for \(manifest.name): \(systemError(number)); "
            + (number == EFBIG
              ? "it takes memory files of up to 128 MiB: raise the limit of file sizes (ulimit -f)"
              : "it takes memory and a place for one more process")
            + ", or trust the adapter with --isolation in-process"
        ))
    }
    let begun: (calls: WorkerCalls, answer: worker_answers, sandbox: SandboxLevel)
    do throws(WorkerFailure) {
      begun = try begin(process, isLoadedEarly: manifest.needs.contains(.earlyLoad))
    } catch {
      throw .worker(error)
    }
    guard begun.answer.status == Status.ok else { throw .adapter(refusal(begun.answer, plan, configuration)) }
    return StartedWorker(calls: begun.calls, sandbox: begun.sandbox)
  }

  /// Libraries that the worker's program has in memory itself.
  static let resident = ["libc.so.6", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"]

  private static func refusal(
    _ answer: worker_answers, _ plan: WorkerPlan, _ configuration: AdapterSession.Configuration
  ) -> AdapterError {
    let words = describe(answer.status, WorkerLink.text(of: answer))
    if answer.abi_version == 0 {
      return answer.status == Status.notImplemented
        ? LoadedAdapter.unsupported(plan.image, hostVersions)
        : AdapterError(.loader, "\(plan.image.path): it does not load in its worker: \(words)")
    }
    return AdapterError(
      answer.status == Status.notImplemented ? .notOffered : .createFailed,
      "\(plan.image.manifest.name): it opens no session of framing “\(configuration.framing.name)” and channel "
        + "“\(configuration.channel.name)”: \(words)")
  }
}

extension WorkerProcess {
  /// Of the process, by the kernel's own account: whether it can gain privileges no more, and how many filters of system
  /// calls stand. proc(5), status.
  var kernelView: (hasNoNewPrivileges: Bool, filters: Int) {
    guard let bytes = try? readSystemFile("/proc/\(number)/status") else { return (false, 0) }
    var privileges = false
    var filters = 0
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
      let parts = line.split(whereSeparator: { $0 == ":" || $0 == "\t" || $0 == " " })
      guard parts.count == 2 else { continue }
      if parts[0] == "NoNewPrivs" { privileges = parts[1] == "1" }
      if parts[0] == "Seccomp_filters" { filters = Int(parts[1]) ?? 0 }
    }
    return (privileges, filters)
  }

  /// A file of proc(5), which tells no size.
  private func readSystemFile(_ path: String) throws(AdapterError) -> [UInt8] {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw AdapterError(.unreadable, "\(path): \(systemError(errno))") }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 16_384)
    let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
    bytes.removeLast(bytes.count - max(0, count))
    return bytes
  }
}
