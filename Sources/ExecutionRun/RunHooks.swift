// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import DurableFiles
package import ExecutionEngine
package import ExecutionIR
internal import Governance
package import RunJournal
internal import VendorHooks

/// The vendors' functions that a run asks, each library in a worker of its own.
package final class RunHooks {
  private let task: LocalExecutionTask
  private var workers: [HookWorker] = []
  private var hooks: [VendorHook] = []

  /// No function at all is asked.
  package static func none(_ task: LocalExecutionTask) -> RunHooks { RunHooks(task) }

  private init(_ task: LocalExecutionTask) { self.task = task }

  /// Loads what a policy and a task name; each library is looked for beside the file that names it, then among adapters.
  static func open(
    policy: Policy, file policyFile: String?, task: LocalExecutionTask, file taskFile: String
  ) throws(RunError) -> RunHooks {
    let hooks = RunHooks(task)
    for function in policy.hooks { try hooks.add(function, beside: policyFile ?? "", policy) }
    for function in task.terms { try hooks.add(function, beside: taskFile, policy) }
    return hooks
  }

  /// What a run directory holds, to ask again.
  package static func recorded(_ description: RunDescription, _ directory: RunDirectory) throws(RunError) -> RunHooks {
    let hooks = RunHooks(description.task)
    for function in description.policy.hooks + description.task.terms {
      try hooks.add(function, at: directory.adapter(function.library), description.policy)
    }
    return hooks
  }

  private func add(_ function: VendorFunction, beside file: String, _ policy: Policy) throws(RunError) {
    let folder = file.lastIndex(of: "/").map { String(file[..<$0]) } ?? "."
    let directories = [folder] + AdapterLocator.standard.directories
    guard let path = directories.map({ "\($0)/\(function.file)" }).first(where: Files.exists) else {
      throw .missing(
        "\(file): “\(function.name)” names the library \(function.file), which is neither beside this file nor in "
          + "$EXPROVE_ADAPTERS")
    }
    try add(function, at: path, policy)
  }

  private func add(_ function: VendorFunction, at path: String, _ policy: Policy) throws(RunError) {
    do throws(AdapterError) {
      let worker: HookWorker
      if let known = workers.first(where: { $0.library.digest == function.library.bytes }) {
        worker = known
      } else {
        let library = try SealedLibrary(path: path)
        try VendorHook.check(function, library)
        worker = try HookWorker(library)
        workers.append(worker)
      }
      hooks.append(try VendorHook(function, worker))
      guard policy.isolation != .sandbox || worker.sandbox.isWhole else {
        throw AdapterError(
          .forbidden,
          "\(path): the policy demands a whole sandbox before a library is loaded; reached is: \(worker.sandbox.text)")
      }
    } catch {
      throw .adapter(error)
    }
  }

  /// The libraries' bytes, for the run directory.
  var libraries: [(Digest, [UInt8])] { workers.map { (Digest(bytes: $0.library.digest)!, $0.library.bytes) } }

  /// How they stand in `run.json`.
  var described: [FunctionLibrary] {
    workers.map { worker in
      FunctionLibrary(
        library: Digest(bytes: worker.library.digest)!, isolation: RunSetup.describe(worker.sandbox))
    }
  }

  /// Puts a question, in a worker. Whatever becomes of that is an outcome.
  package func ask(_ question: HookQuestion) -> HookOutcome {
    guard let hook = hooks.first(where: { $0.function == question.function }) else {
      return .failed(kind: "failed-call", text: "no library of this run has the function")
    }
    do throws(HookWorker.Failure) { return .answered(try hook.ask(task, question.delta)) } catch {
      return .failed(kind: error.kind, text: error.text)
    }
  }
}
