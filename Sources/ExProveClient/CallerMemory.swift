// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI

/// A struct of the caller that begins with its size. Read and written only up to the smaller of both sides' sizes.
@safe struct CallerStruct<Struct: BitwiseCopyable> {
  private let target: UnsafeMutableRawPointer
  private let size: Int

  init(_ target: UnsafeMutablePointer<Struct>?, _ name: String) throws(ClientError) {
    guard let target = unsafe target else { throw .argument("\(name) is NULL") }
    unsafe self.target = UnsafeMutableRawPointer(target)
    let stated = unsafe Int(self.target.load(as: UInt32.self))
    guard stated >= MemoryLayout<UInt32>.size * 2 else {
      throw .argument("\(name)->struct_size is \(stated): set it to sizeof(*\(name))")
    }
    size = min(stated, MemoryLayout<Struct>.size)
  }

  /// Fills what the caller knows, and says how much that was.
  func fill(_ value: Struct) {
    unsafe withUnsafeBytes(of: value) { unsafe target.copyMemory(from: $0.baseAddress!, byteCount: size) }
    unsafe target.storeBytes(of: UInt32(size), as: UInt32.self)
  }
}

/// A place of the caller where one value goes.
@safe struct CallerSlot<Value> {
  private let target: UnsafeMutablePointer<Value>

  init(_ target: UnsafeMutablePointer<Value>?, _ name: String) throws(ClientError) {
    guard let target = unsafe target else { throw .argument("\(name) is NULL") }
    unsafe self.target = target
  }

  func fill(_ value: Value) { unsafe target.pointee = value }
}

/// A terminated text of the caller; nil for NULL.
func callerText(_ text: UnsafePointer<CChar>?, _ name: String) throws(ClientError) -> String? {
  guard let text = unsafe text else { return nil }
  guard let string = unsafe String(validatingCString: text) else { throw .argument("\(name) is not UTF-8") }
  return string
}

/// Copies as much of `text` as fits, whole characters only.
func copy(_ text: String, to target: UnsafeMutablePointer<exprove_text>?) {
  guard let target = unsafe target else { return }
  unsafe target.pointee.size = 0
  guard let data = unsafe target.pointee.data else { return }
  let capacity = unsafe Int(target.pointee.capacity)
  var bytes = Array(text.utf8)
  if bytes.count > capacity {
    var end = capacity
    while end > 0, bytes[end] & 0xC0 == 0x80 { end -= 1 }
    bytes.removeLast(bytes.count - end)
  }
  unsafe bytes.withUnsafeBytes { source in
    if let base = source.baseAddress {
      unsafe UnsafeMutableRawPointer(data).copyMemory(from: base, byteCount: source.count)
    }
  }
  unsafe target.pointee.size = UInt32(bytes.count)
}

/// Runs `body`; its failure goes to the caller as a status and a text.
func answer(
  _ error: UnsafeMutablePointer<exprove_text>?, _ body: () throws(ClientError) -> Void
) -> exprove_status {
  do throws(ClientError) {
    try body()
    unsafe copy("", to: error)
    return exprove_status(EXPROVE_OK)
  } catch let failure {
    unsafe copy(failure.text, to: error)
    return failure.status
  }
}
