// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import CWorkerLink
internal import Glibc

/// Why a worker is of no use any more.
struct WorkerFailure: Error {
  var cause: AdapterIncident.Cause
  /// The function that was being called.
  var call: String
  /// Where it was called with frames: the first one by its index in the call's table, and how many.
  var frames: Range<Int>?
}

/// One worker process, alive until it fails or is given up. Whatever ends it takes its whole process group along.
@safe final class WorkerProcess {
  let link: WorkerLink
  let processor: clockid_t
  private let pid: pid_t
  private let memory: UInt64
  private let deadline: Deadline
  /// Of a bound library, in the order of the binder's numbers.
  private let functions: [String]
  private var isOver = false
  /// The processor that it was told to stay on, the host's own when it made the last call; nil where the system forbids
  /// that or tells nothing: then it runs wherever the system likes.
  private(set) var processorNumber: Int32?
  private var mayBeMoved: Bool
  /// Why it ended, once that was seen.
  private var failure: WorkerFailure?

  // For the watchdog: the adapter's calls when it last looked, and what had been used by then.
  private var lastCalls: UInt64?
  private var processorThen = 0.0
  private var wallThen = 0.0

  /// Starts the program; its sandbox stands, and nothing of the adapter ran yet, when `waitUntilReady` returns.
  convenience init?(_ plan: WorkerPlan, _ link: WorkerLink) {
    self.init(
      plan.program, loads: ([plan.sealed] + plan.libraries + [plan.binding].compactMap { $0 }).map(\.descriptor), link,
      plan.deadline, functions: plan.image.bound?.functions ?? [], staysBesideCaller: plan.staysBesideCaller)
  }

  /// - Parameters:
  ///   - descriptors: what it loads, in the order in which the worker expects it.
  ///   - functions: of a bound library, in the order of the binder's numbers.
  init?(
    _ program: String, loads descriptors: [Int32], _ link: WorkerLink, _ deadline: Deadline, functions: [String] = [],
    staysBesideCaller: Bool = true
  ) {
    let null = unsafe open("/dev/null", O_WRONLY | O_CLOEXEC)
    guard null >= 0 else { return nil }
    defer { close(null) }
    guard
      let pid = ProcessStart.spawn(
        program, arguments: [],
        // A Swift adapter's tables would else depend on entropy.
        environment: ["SWIFT_DETERMINISTIC_HASHING=1", "SWIFT_BACKTRACE=enable=no"], directory: "/",
        descriptors: [
          (null, 1), (null, 2), (link.inlet.descriptor, WORKER_INLET_FD), (link.outletDescriptor, WORKER_OUTLET_FD),
        ] + descriptors.enumerated().map { ($1, WORKER_ADAPTER_FD + Int32($0)) })
    else { return nil }
    var clock: clockid_t = 0
    guard unsafe clock_getcpuclockid(pid, &clock) == 0 else {
      kill(-pid, SIGKILL)
      var status: Int32 = 0
      _ = unsafe waitpid(pid, &status, 0)
      return nil
    }
    self.pid = pid
    self.link = link
    processor = clock
    memory = link.setup.memory
    self.deadline = deadline
    self.functions = functions
    mayBeMoved = staysBesideCaller
    wallThen = WorkerProcess.seconds(CLOCK_MONOTONIC)
  }

  deinit { end() }

  /// The process's number, for tests that kill it.
  var number: pid_t { pid }

  private static func seconds(_ clock: clockid_t) -> Double {
    var time = timespec()
    unsafe clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  /// Lets it follow the host to the processor on which the host runs now; false where it runs elsewhere.
  func follow() -> Bool {
    let here = linux_current_processor()
    if here == processorNumber { return true }
    guard mayBeMoved else { return false }
    mayBeMoved = here >= 0 && linux_keep_on_processor(pid, here) == 0
    processorNumber = mayBeMoved ? here : nil
    return mayBeMoved
  }

  // MARK: Watching

  /// Called while the host waits, about once a millisecond.
  func watch() throws(WorkerFailure) {
    if let failure { throw failure }
    var status: Int32 = 0
    let result = unsafe waitpid(pid, &status, WNOHANG)
    if result == pid {
      isOver = true
      // What it may have left running.
      kill(-pid, SIGKILL)
      let failure = failure(ended: status)
      self.failure = failure
      throw failure
    }
    let calls = unsafe link.answers.pointee.calls
    let wall = WorkerProcess.seconds(CLOCK_MONOTONIC)
    let used = WorkerProcess.seconds(processor)
    if calls != lastCalls {
      lastCalls = calls
      wallThen = wall
      processorThen = used
    } else if used - processorThen > deadline.processor {
      throw overdue("it took more than \(WorkerProcess.short(deadline.processor)) s of processor time")
    } else if wall - wallThen > deadline.wall {
      throw overdue("no call came to its end for \(WorkerProcess.short(deadline.wall)) s")
    }
  }

  /// The host begins to wait for something new: its time counts from when `watch` is called next.
  func restartWatch() { lastCalls = nil }

  private static func short(_ seconds: Double) -> String {
    seconds == seconds.rounded() ? String(Int(seconds)) : String(seconds)
  }

  private func overdue(_ text: String) -> WorkerFailure {
    let place = self.place
    end()
    let failure = WorkerFailure(cause: .overdue(text), call: place.call, frames: place.frames)
    self.failure = failure
    return failure
  }

  func end() {
    guard !isOver else { return }
    isOver = true
    kill(-pid, SIGKILL)
    var status: Int32 = 0
    while unsafe waitpid(pid, &status, 0) < 0 && errno == EINTR {}
  }

  // MARK: What happened

  /// Where the adapter was entered last, as far as its process tells.
  var place: (call: String, frames: Range<Int>?) {
    let answer = link.answer
    var name = WorkerProcess.names[Int(answer.step)] ?? "none"
    let function = Int(answer.bound_function) - 1
    if functions.indices.contains(function) { name += " (\(functions[function]))" }
    let first = Int(answer.frame)
    let count = Int(answer.frames)
    let limit = Int(link.setup.frame_capacity)
    guard answer.step == WORKER_STEP_DECODE.rawValue, count > 0, first < limit, count <= limit - first else {
      return (name, nil)
    }
    return (name, first..<first + count)
  }

  private static let names: [Int: String] = [
    Int(WORKER_STEP_DLOPEN.rawValue): "dlopen", Int(WORKER_STEP_ENTRY.rawValue): "exprove_adapter_entry",
    Int(WORKER_STEP_INIT.rawValue): "init", Int(WORKER_STEP_CREATE.rawValue): "create",
    Int(WORKER_STEP_RESET.rawValue): "reset", Int(WORKER_STEP_DECODE.rawValue): "decode",
    Int(WORKER_STEP_COUNTERS.rawValue): "counters", Int(WORKER_STEP_SAVE.rawValue): "save",
    Int(WORKER_STEP_LOAD.rawValue): "load", Int(WORKER_STEP_FRAME_TIME.rawValue): "frame_time",
    Int(WORKER_STEP_EXTENSION.rawValue): "extension", Int(WORKER_STEP_ENCODE.rawValue): "encode",
    Int(WORKER_STEP_HOOK.rawValue): "hook",
  ]

  private func failure(ended status: Int32) -> WorkerFailure {
    let answer = link.answer
    let place = self.place
    var cause: AdapterIncident.Cause
    if answer.system_call != 0, answer.signal == UInt32(SIGSYS) {
      cause = .stopped(systemCall: SystemNames.systemCall(Int(answer.system_call) - 1))
    } else if status & 0x7F == SIGKILL {
      cause = .killed
    } else if status & 0x7F != 0 || answer.signal != 0 {
      let number = status & 0x7F != 0 ? status & 0x7F : Int32(truncatingIfNeeded: answer.signal)
      cause = .crashed(
        signal: SystemNames.signal(number), address: answer.address, instruction: answer.instruction)
    } else {
      cause = .ended(code: Int(status >> 8 & 0xFF))
    }
    if case .crashed(let signal, let address, let instruction) = cause, answer.is_out_of_memory != 0 {
      cause = .crashed(
        signal: "\(signal), with its memory of \(memory >> 20) MiB used up,", address: address, instruction: instruction
      )
    }
    return WorkerFailure(cause: cause, call: place.call, frames: place.frames)
  }
}
