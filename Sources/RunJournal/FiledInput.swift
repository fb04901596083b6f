// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR

/// Inputs of the journal that have a leaf of their own: what cannot be derived again stands in both.
enum FiledInput: String, CaseIterable {
  case incident
  case hook

  /// What an input says, when it is one of this kind.
  func body(of input: JSON) -> JSON? { input[rawValue] }

  /// What the input must say of which this is the leaf.
  func body(ofLeaf predicate: JSON) -> JSON {
    switch self {
    case .incident: predicate
    case .hook: .object(["question": predicate["question"] ?? .null, "outcome": predicate["outcome"] ?? .null])
    }
  }

  /// For findings.
  var words: String {
    switch self {
    case .incident: "an incident"
    case .hook: "a vendor's answer"
    }
  }
}
