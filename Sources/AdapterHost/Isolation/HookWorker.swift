// SPDX-License-Identifier: Apache-2.0

internal import CWorkerLink
internal import Glibc

/// A vendor's library of hooks in a process of its own, shut in before it is loaded. A process that failed is replaced at the
/// next call: nothing is kept between calls, so nothing is lost.
package final class HookWorker {
  package let library: SealedLibrary
  /// What the process had given up before the library was loaded.
  package let sandbox: SandboxLevel
  private let program: String
  private let deadline: Deadline
  private var calls: WorkerCalls?

  /// Of processor time a function gets a second; by the clock half a minute, because the machine may be busy.
  package static let deadline = Deadline(processor: 1, wall: 30)
  /// The longest request.
  package static let largestRequest = 8 << 20
  private static let startLimit = 3

  /// Starts the first process, so that a library that does not load is told at once.
  package init(
    _ library: SealedLibrary, program: String? = nil, deadline: Deadline = HookWorker.deadline
  ) throws(AdapterError) {
    self.library = library
    self.deadline = deadline
    self.program = if let program { program } else { try WorkerPlan.installedProgram() }
    var attempt = 0
    while true {
      attempt += 1
      do throws(StartedWorker.Failure) {
        let started = try HookWorker.start(library, self.program, deadline)
        calls = started.calls
        sandbox = started.sandbox
        return
      } catch {
        switch error {
        case .adapter(let refusal): throw refusal
        // Whoever kills a process that starts says nothing of the library.
        case .worker(let failure) where failure.cause == .killed && attempt < HookWorker.startLimit: continue
        case .worker(let failure):
          throw AdapterError(.loader, "\(library.path): its worker failed: \(HookWorker.incident(failure).text)")
        }
      }
    }
  }

  private static func start(
    _ library: SealedLibrary, _ program: String, _ deadline: Deadline
  ) throws(StartedWorker.Failure) -> StartedWorker {
    let needed = library.needed.filter { !StartedWorker.resident.contains($0) }
    var texts: [UInt8] = []
    for name in needed {
      texts += name.utf8
      texts.append(0)
    }
    var setup = worker_setup()
    setup.version = WORKER_LINK_VERSION
    setup.host = getpid()
    setup.is_hooks = 1
    setup.memory = StartedWorker.memory
    setup.library_count = UInt32(needed.count)
    setup.text_size = UInt32(texts.count)
    setup.frame_capacity = 1
    setup.slot_count = 1
    setup.slot_events = 1
    setup.byte_capacity = UInt64(largestRequest)
    guard let inlet = WorkerInlet(setup), let link = WorkerLink(inlet, note: texts),
      let process = WorkerProcess(program, loads: [library.copy.descriptor], link, deadline)
    else {
      throw .adapter(
        AdapterError(.sealing, "\(program): no worker could be started for \(library.path): \(systemError(errno))"))
    }
    let begun: (calls: WorkerCalls, answer: worker_answers, sandbox: SandboxLevel)
    do throws(WorkerFailure) { begun = try StartedWorker.begin(process, isLoadedEarly: false) } catch {
      throw .worker(error)
    }
    guard begun.answer.status == Status.ok else {
      throw .adapter(
        AdapterError(
          .loader,
          "\(library.path): it does not load in its worker: "
            + describe(begun.answer.status, WorkerLink.text(of: begun.answer))))
    }
    return StartedWorker(calls: begun.calls, sandbox: begun.sandbox)
  }

  private static func incident(_ failure: WorkerFailure) -> AdapterIncident {
    AdapterIncident(cause: failure.cause, call: failure.call, frames: nil, isQuarantined: false)
  }

  /// Why a call gave no answer.
  package struct Failure: Error {
    /// As of `AdapterIncident.Cause`.
    package let kind: String
    package let text: String
  }

  /// Makes the call that a request (`hook_request` and what follows it) describes.
  package func call(_ request: [UInt8]) throws(Failure) -> Int64 {
    guard request.count <= HookWorker.largestRequest else {
      throw Failure(
        kind: "failed-call",
        text: "the decision takes \(request.count) bytes, and a call at most \(HookWorker.largestRequest)")
    }
    let answer: worker_answers
    do throws(WorkerFailure) {
      let calls = try running()
      calls.process.link.inlet.putBytes(request)
      calls.post(WORKER_CALL_HOOK)
      answer = try calls.answer()
    } catch {
      calls = nil
      throw Failure(kind: error.cause.kind, text: HookWorker.incident(error).text)
    }
    guard answer.status == Status.ok else {
      throw Failure(kind: "failed-call", text: describe(answer.status, WorkerLink.text(of: answer)))
    }
    return Int64(bitPattern: answer.size)
  }

  /// The process, or a new one where the last one failed.
  private func running() throws(WorkerFailure) -> WorkerCalls {
    if let calls { return calls }
    do throws(StartedWorker.Failure) {
      let started = try HookWorker.start(library, program, deadline)
      calls = started.calls
      return started.calls
    } catch {
      switch error {
      case .worker(let failure): throw failure
      case .adapter(let refusal):
        throw WorkerFailure(cause: .answered(refusal.message), call: "none", frames: nil)
      }
    }
  }
}
