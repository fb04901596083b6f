// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR
private import TransparencyLog

/// From which marketplaces adapters have to be installed, how fresh the knowledge of what was revoked must be, and what
/// becomes of a run whose adapter is revoked while it goes on.
public struct MarketplaceDemand: Hashable, Sendable {
  public enum Mode: String, CaseIterable, Sendable {
    /// An adapter that none of their logs is proven to have is not loaded.
    case require
    /// It is said.
    case warn
    /// Adapters may come from anywhere; those that are revoked are not loaded all the same.
    case off
  }

  /// What becomes of a run in progress; in every case it is said and recorded.
  public enum Revocation: String, CaseIterable, Sendable {
    /// The run goes on to its end.
    case finish
    /// The adapter's feeds are decoded no further; a run in which it is a shadow ends there.
    case quarantine
    /// The run ends there.
    case stop
  }

  public let mode: Mode
  /// The marketplaces, by the verifier keys of their logs, `name+hex(keyID)+base64(type ‖ key)` (C2SP signed-note): what
  /// any of them has published is proven by its log alone. At least one unless the mode is off.
  public let logs: [String]
  /// Nanoseconds since the adapter's repository was last asked what is revoked, above 0; nil: no matter how long.
  public let maximumAge: Int64?
  public let onRevocation: Revocation

  public init(mode: Mode, logs: [String], maximumAge: Int64?, onRevocation: Revocation) {
    self.mode = mode
    self.logs = logs.sorted()
    self.maximumAge = maximumAge
    self.onRevocation = onRevocation
  }

  /// What holds where a policy says nothing of it.
  public static let unsaid = MarketplaceDemand(mode: .off, logs: [], maximumAge: nil, onRevocation: .stop)
}

extension MarketplaceDemand {
  static let key = "marketplace"

  static func read(_ root: RecordReader) throws(RecordError) -> MarketplaceDemand? {
    guard root.has(key), try !root.value(key).isNull else { return nil }
    let reader = try RecordReader(
      try root.value(key), path: key, keys: ["mode", "logs", "maximum_age", "on_revocation"])
    let mode: Mode = try reader.choice("mode")
    let logs = try reader.list("logs", atMost: 64) { (json, path) throws(RecordError) -> String in
      guard let text = json.text, let key = try? VerifierKey(parsing: text), key.algorithm == .ed25519,
        key.description == text
      else {
        throw RecordError(
          path: path,
          reason: "the verifier key of a marketplace's log is expected here, as exprove adapter repository list "
            + "prints it")
      }
      return text
    }
    guard mode == .off || !logs.isEmpty else {
      throw reader.error("logs", "name at least one: no marketplace is trusted by default")
    }
    for (index, key) in logs.enumerated() where logs[..<index].contains(key) {
      throw reader.error("logs", "\(key) stands twice")
    }
    return MarketplaceDemand(
      mode: mode, logs: logs,
      maximumAge: try reader.value("maximum_age").isNull ? nil : try reader.integer("maximum_age", in: 1 ... .max),
      onRevocation: try reader.choice("on_revocation"))
  }

  var json: JSON {
    .object([
      "mode": .string(mode.rawValue), "logs": .array(logs.map { .string($0) }),
      "maximum_age": maximumAge.map { .wide($0) } ?? .null, "on_revocation": .string(onRevocation.rawValue),
    ])
  }
}
