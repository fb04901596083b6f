// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
internal import EventFlow

/// A session of an adapter whose code is in this process: the adapter's own handle, and the memory that it fills.
@safe final class DirectSession {
  let adapter: LoadedAdapter
  @unsafe let pointer: OpaquePointer
  @unsafe let output: UnsafeMutableBufferPointer<Event>

  /// Frames that one call is offered: few enough that their bytes, what they give and its copy lie in the first-level
  /// cache together.
  /// By the contract the events are the same for any number.
  static let framesPerCall = 128
  /// Events that one call may fill at least.
  private static let outputCapacity = 1024

  init(_ adapter: LoadedAdapter, _ configuration: AdapterSession.Configuration) throws(AdapterError) {
    let config = SessionConfig(configuration)
    unsafe try adapter.checkConfiguration(config.pointer)
    var created: OpaquePointer?
    let (status, text) = unsafe withErrorText { unsafe adapter.table.create(config.pointer, &created, $0) }
    guard status == Status.ok else {
      throw AdapterError(
        status == Status.notImplemented ? .notOffered : .createFailed,
        "\(adapter.manifest.name): it opens no session of framing “\(configuration.framing.name)” and channel "
          + "“\(configuration.channel.name)”: \(describe(status, text))")
    }
    guard let created = unsafe created else {
      throw AdapterError(.createFailed, "\(adapter.manifest.name): create answered EXPROVE_OK and gave no session")
    }
    unsafe pointer = created
    self.adapter = adapter
    unsafe output = .allocate(capacity: max(DirectSession.outputCapacity, adapter.manifest.maxEvents))
    unsafe output.initialize(repeating: Event())
  }

  deinit {
    unsafe adapter.table.destroy(pointer)
    unsafe output.deallocate()
  }

  /// The adapter's whole state, without what the host knows.
  func save() throws(AdapterError) -> [UInt8] {
    let name = adapter.manifest.name
    var size: UInt64 = 0
    var state: [UInt8] = []
    for _ in 0..<2 {
      let status = unsafe state.withUnsafeMutableBufferPointer {
        unsafe adapter.table.save(pointer, $0.baseAddress, UInt64($0.count), &size)
      }
      guard size <= UInt64(AdapterSession.stateLimit) else {
        throw AdapterError(.callFailed, "\(name): its state would have \(size) bytes")
      }
      if status == Status.ok && size <= UInt64(state.count) {
        state.removeLast(state.count - Int(size))
        return state
      }
      guard status == Status.tooSmall, size > UInt64(state.count) else {
        throw AdapterError(
          .callFailed,
          "\(name): save with room for \(state.count) bytes answered \(describe(status, "")) and size \(size)")
      }
      state = [UInt8](repeating: 0, count: Int(size))
    }
    throw AdapterError(.callFailed, "\(name): save asks for more room each time")
  }

  func load(_ state: [UInt8]) -> exprove_status {
    unsafe state.withUnsafeBufferPointer { unsafe adapter.table.load(pointer, $0.baseAddress, UInt64($0.count)) }
  }

  func counters() -> (exprove_status, [UInt64]) {
    var values = [UInt64](repeating: 0, count: adapter.manifest.messages.count)
    let status = unsafe values.withUnsafeMutableBufferPointer {
      unsafe adapter.table.counters(pointer, $0.baseAddress, UInt32($0.count))
    }
    return (status, values)
  }
}
