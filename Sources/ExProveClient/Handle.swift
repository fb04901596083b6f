// SPDX-License-Identifier: Apache-2.0

/// What a C caller holds of an object: one reference to it, from `make` to `close`.
enum Handle<Object: AnyObject> {
  static func make(_ object: Object) -> OpaquePointer {
    unsafe OpaquePointer(Unmanaged.passRetained(object).toOpaque())
  }

  static func object(_ handle: OpaquePointer?, _ name: String) throws(ClientError) -> Object {
    guard let handle = unsafe handle else { throw .argument("\(name) is NULL") }
    return unsafe Unmanaged<Object>.fromOpaque(UnsafeRawPointer(handle)).takeUnretainedValue()
  }

  static func close(_ handle: OpaquePointer?) {
    guard let handle = unsafe handle else { return }
    unsafe Unmanaged<Object>.fromOpaque(UnsafeRawPointer(handle)).release()
  }
}
