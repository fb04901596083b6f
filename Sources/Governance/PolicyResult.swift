// SPDX-License-Identifier: Apache-2.0

public import ExecutionIR

/// What one control found.
public struct ControlResult: Hashable, Sendable {
  public let control: PolicyControl
  /// The bound and what was held against it, in the same unit, as text.
  public let limit: String
  public let observed: String
  public let passes: Bool
  /// In plain words; for a denial, what would have passed.
  public let reason: String
}

extension ControlResult {
  /// The form in which results stand in order statements and denials.
  public var json: JSON {
    .object([
      "control": .string(control.rawValue), "limit": .string(limit), "observed": .string(observed),
      "verdict": .string(passes ? "pass" : "deny"), "reason": .string(reason),
    ])
  }
}

extension [ControlResult] {
  /// Default deny: an order goes out only when every control was asked and none objects.
  public var allow: Bool {
    map(\.control) == PolicyControl.ofOrders && allSatisfy(\.passes)
  }

  /// Those that object.
  public var denials: [ControlResult] { filter { !$0.passes } }

  public var json: JSON { .array(map(\.json)) }
}
