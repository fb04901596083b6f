// SPDX-License-Identifier: Apache-2.0

internal import FuzzParsers
internal import Glibc

/// The parser that `$EXPROVE_FUZZ` names.
private let chosen: FuzzedParser = {
  guard let text = unsafe getenv("EXPROVE_FUZZ"), let parser = unsafe FuzzedParser(rawValue: String(cString: text))
  else {
    let names = FuzzedParser.allCases.map(\.rawValue).joined(separator: ", ")
    fatalError("EXPROVE_FUZZ names no parser; there are \(names)")
  }
  return parser
}()

/// What libFuzzer calls, which brings `main`.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  chosen.parse(unsafe Array(UnsafeBufferPointer(start: data, count: size)))
  return 0
}
