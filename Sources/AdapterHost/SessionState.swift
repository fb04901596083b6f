// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI

extension AdapterSession {
  /// Messages seen since the session was opened or reset, by the manifest's `message` lines.
  package func counters() throws(AdapterError) -> [UInt64] {
    let (status, values) =
      switch runner {
      case .direct(let direct): direct.counters()
      case .supervised(let session): try session.counters()
      }
    guard status == Status.ok else {
      throw AdapterError(.callFailed, "\(manifest.name): counters answered \(describe(status, ""))")
    }
    return values
  }

  /// The most bytes that a saved state may have.
  package static let stateLimit = 1 << 30

  /// The adapter's whole state and the host's definitions, in one block of bytes that `load` takes.
  package func save() throws(AdapterError) -> [UInt8] {
    let state =
      switch runner {
      case .direct(let direct): try direct.save()
      case .supervised(let session): try session.save()
      }
    return StateEnvelope.encode(state, validator.definitions)
  }

  /// Takes up what `save` gave, in a session of the same configuration. When it fails, the session is as new.
  package mutating func load(_ saved: [UInt8]) throws(AdapterError) {
    guard let (state, definitions) = StateEnvelope.decode(saved) else {
      try reset()
      throw AdapterError(.badState, "\(manifest.name): the saved state is damaged or of another version")
    }
    let status =
      switch runner {
      case .direct(let direct): direct.load(state)
      case .supervised(let session): try session.takeUp(state)
      }
    guard status == Status.ok else {
      try reset()
      throw AdapterError(
        .badState, "\(manifest.name): it does not take up the saved state: \(describe(status, ""))")
    }
    validator = EventValidator()
    validator.definitions = definitions
  }
}
