// SPDX-License-Identifier: Apache-2.0

package import AdapterHost
package import ExecutionIR

/// A function that a policy or a task names, ready to be asked. What it answers, the caller judges and records: nothing here
/// decides.
package struct VendorHook {
  package let function: VendorFunction
  private let worker: HookWorker

  /// - Parameter worker: has the function's library.
  /// - Throws: as `check`.
  package init(_ function: VendorFunction, _ worker: HookWorker) throws(AdapterError) {
    try VendorHook.check(function, worker.library)
    self.function = function
    self.worker = worker
  }

  /// Whether a library, of which nothing has run yet, is the one that is meant and has the function.
  ///
  /// - Throws: `.forbidden` for a library with another digest, `.noEntry` for a symbol that it does not export as a function.
  package static func check(_ function: VendorFunction, _ library: SealedLibrary) throws(AdapterError) {
    guard library.digest == function.library.bytes else {
      throw AdapterError(
        .forbidden,
        "\(library.path): its digest is \(Digest(bytes: library.digest)!), “\(function.name)” asks for "
          + "\(function.library); get the library that was meant, or change the digest after looking at this one")
    }
    guard library.functions.contains(function.symbol) else {
      let known = library.functions.sorted().prefix(8).joined(separator: ", ")
      throw AdapterError(
        .noEntry,
        "\(library.path): it exports no function “\(function.symbol)”, which “\(function.name)” names; "
          + (known.isEmpty ? "it exports none" : "it exports \(known)"))
    }
  }

  package func ask(_ task: LocalExecutionTask, _ delta: PlanDelta) throws(HookWorker.Failure) -> Int64 {
    try worker.call(HookRequest(function, task, delta).bytes)
  }
}
