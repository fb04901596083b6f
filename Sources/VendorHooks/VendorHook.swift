// SPDX-License-Identifier: Apache-2.0

package import AdapterHost
internal import AdapterBinder
internal import CExProveABI
package import ExecutionIR

/// A function of a vendor's library that is asked about a decision. What it answers, the caller judges and records: nothing
/// here decides, and a call in this process can hang or crash it, as an adapter's can.
@safe package final class VendorHook {
  package let library: SealedLibrary
  package let symbol: String
  package let signature: HookSignature
  private let hook: OpaquePointer

  /// - Throws: `.missing` for a symbol that the library does not export as a function.
  package init(_ library: SealedLibrary, symbol: String, signature: HookSignature) throws(HookError) {
    guard library.functions.contains(symbol) else {
      let known = library.functions.sorted().prefix(8).joined(separator: ", ")
      throw HookError(
        code: .missing,
        message: "\(library.path): it exports no function “\(symbol)”; "
          + (known.isEmpty ? "it exports none" : "it exports \(known)"))
    }
    var made: OpaquePointer?
    let types = [signature.result.rawValue] + signature.arguments.map(\.rawValue)
    let (status, text) = unsafe withErrorText { error in
      unsafe types.withUnsafeBufferPointer {
        unsafe hook_open(library.handle, symbol, $0.baseAddress, UInt32($0.count), &made, error)
      }
    }
    guard status == Status.ok, let made = unsafe made else {
      throw HookError(
        code: .library, message: "\(library.path): “\(symbol)” cannot be called: \(describe(status, text))")
    }
    unsafe hook = made
    self.library = library
    self.symbol = symbol
    self.signature = signature
  }

  deinit { unsafe hook_close(hook) }

  /// Asks. `numbers` are the signature's integers, in their order.
  package func ask(_ task: LocalExecutionTask, _ delta: PlanDelta, _ numbers: [Int64] = []) throws(HookError) -> Int64 {
    guard numbers.count == signature.numbers else {
      throw HookError(
        code: .arguments,
        message:
          "“\(symbol)” takes \(signature.numbers) integers beside the structs, not \(numbers.count): \(signature)")
    }
    let arguments = HookArguments(task, delta)
    var answer: Int64 = 0
    let status = unsafe numbers.withUnsafeBufferPointer {
      unsafe hook_call(hook, arguments.task, arguments.delta, $0.baseAddress, UInt32($0.count), &answer)
    }
    guard status == Status.ok else {
      throw HookError(
        code: .arguments, message: "“\(symbol)” is given an integer that does not fit 32 bits: \(signature), \(numbers)"
      )
    }
    return answer
  }
}
