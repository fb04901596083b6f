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

/// What libFuzzer calls.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  chosen.parse(unsafe Array(UnsafeBufferPointer(start: data, count: size)))
  return 0
}

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
  _ target: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// The package manager gives each program's `main` this name, which libFuzzer's own does not have.
@_cdecl("fuzz_target_main")
public func start(
  _ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> CInt {
  var count = count
  var arguments = unsafe arguments
  return unsafe runDriver(&count, &arguments, fuzzOneInput)
}
