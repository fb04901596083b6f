// SPDX-License-Identifier: Apache-2.0

package import CExProveABI

/// The values of `exprove_status`.
package enum Status {
  package static let ok: exprove_status = 0
  package static let notImplemented: exprove_status = 1
  package static let invalidArgument: exprove_status = 2
  package static let invalidState: exprove_status = 3
  package static let tooSmall: exprove_status = 4
  package static let badData: exprove_status = 5
  package static let notFound: exprove_status = 8
}

/// The callback behind `exprove_host.log`; the cookie is the adapter's `HostLog`.
func hostLogCallback(cookie: UnsafeMutableRawPointer?, level: UInt32, text: UnsafePointer<CChar>?, size: UInt32) {
  guard let cookie = unsafe cookie, let text = unsafe text else { return }
  let log = unsafe Unmanaged<HostLog>.fromOpaque(cookie).takeUnretainedValue()
  unsafe log.append(level: level, bytes: UnsafeRawBufferPointer(start: text, count: min(Int(size), 4096)))
}

/// Calls with a buffer for the adapter's words and returns them with the status. A size beyond the buffer counts
/// as the buffer's.
@unsafe package func withErrorText(
  _ body: (UnsafeMutablePointer<exprove_text>) -> exprove_status
) -> (exprove_status, String) {
  let capacity = 512
  return unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: capacity) { buffer in
    var text = unsafe exprove_text(data: buffer.baseAddress, capacity: UInt32(capacity), size: 0)
    let status = unsafe body(&text)
    let size = unsafe min(Int(text.size), capacity)
    let bytes = unsafe buffer.prefix(size).map { UInt8(bitPattern: $0) }.map { $0 < 32 || $0 == 127 ? 0x2E : $0 }
    return (status, String(decoding: bytes, as: UTF8.self))
  }
}

/// A status by its name in `abi.h`, with the adapter's own words where it gave some.
package func describe(_ status: exprove_status, _ text: String) -> String {
  let names = [
    "OK", "NOT_IMPLEMENTED", "INVALID_ARGUMENT", "INVALID_STATE", "TOO_SMALL", "BAD_DATA", "OUT_OF_MEMORY", "INTERNAL",
    "NOT_FOUND", "IO",
  ]
  let name = names.indices.contains(Int(status)) ? "EXPROVE_\(names[Int(status)])" : "the unknown status \(status)"
  return text.isEmpty ? name : "\(name): “\(text)”"
}
