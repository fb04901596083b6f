// SPDX-License-Identifier: Apache-2.0

internal import AdapterBinder
internal import CExProveABI

/// The binder's own opinion of a program, before it is ever bound.
package enum ProgramCheck {
  /// What is wrong with it, and at which byte; nil when it would run.
  package static func fault(_ program: [UInt8]) -> String? {
    var text = [CChar](repeating: 0, count: 512)
    var size: UInt32 = 0
    let status = unsafe text.withUnsafeMutableBufferPointer { buffer in
      var error = unsafe exprove_text(data: buffer.baseAddress, capacity: UInt32(buffer.count), size: 0)
      defer { size = unsafe error.size }
      return unsafe program.withUnsafeBufferPointer { unsafe binder_check($0.baseAddress, $0.count, &error) }
    }
    guard status != 0 else { return nil }
    return String(decoding: text.prefix(Int(size)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
