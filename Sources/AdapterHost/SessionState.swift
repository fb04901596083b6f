// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI

extension AdapterSession {
  /// Messages seen since the session was opened or reset, by the manifest's `message` lines.
  package func counters() throws(AdapterError) -> [UInt64] {
    var values = [UInt64](repeating: 0, count: adapter.manifest.messages.count)
    let status = unsafe values.withUnsafeMutableBufferPointer {
      unsafe adapter.table.counters(session, $0.baseAddress, UInt32($0.count))
    }
    guard status == Status.ok else {
      throw AdapterError(.callFailed, "\(adapter.manifest.name): counters answered \(describe(status, ""))")
    }
    return values
  }

  /// The most bytes that a saved state may have.
  package static let stateLimit = 1 << 30

  /// The adapter's whole state and the host's definitions, in one block of bytes that `load` takes.
  package func save() throws(AdapterError) -> [UInt8] {
    var size: UInt64 = 0
    var state: [UInt8] = []
    for _ in 0..<2 {
      let status = unsafe state.withUnsafeMutableBufferPointer {
        unsafe adapter.table.save(session, $0.baseAddress, UInt64($0.count), &size)
      }
      guard size <= UInt64(AdapterSession.stateLimit) else {
        throw AdapterError(.callFailed, "\(adapter.manifest.name): its state would have \(size) bytes")
      }
      if status == Status.ok && size <= UInt64(state.count) {
        state.removeLast(state.count - Int(size))
        return StateEnvelope.encode(state, validator.definitions)
      }
      guard status == Status.tooSmall, size > UInt64(state.count) else {
        throw AdapterError(
          .callFailed,
          "\(adapter.manifest.name): save with room for \(state.count) bytes answered "
            + "\(describe(status, "")) and size \(size)")
      }
      state = [UInt8](repeating: 0, count: Int(size))
    }
    throw AdapterError(.callFailed, "\(adapter.manifest.name): save asks for more room each time")
  }

  /// Takes up what `save` gave, in a session of the same configuration. When it fails, the session is as new.
  package mutating func load(_ saved: [UInt8]) throws(AdapterError) {
    guard let (state, definitions) = StateEnvelope.decode(saved) else {
      try reset()
      throw AdapterError(.badState, "\(adapter.manifest.name): the saved state is damaged or of another version")
    }
    let status = unsafe state.withUnsafeBufferPointer {
      unsafe adapter.table.load(session, $0.baseAddress, UInt64($0.count))
    }
    guard status == Status.ok else {
      try reset()
      throw AdapterError(
        .badState, "\(adapter.manifest.name): it does not take up the saved state: \(describe(status, ""))")
    }
    validator = EventValidator()
    validator.definitions = definitions
  }
}
