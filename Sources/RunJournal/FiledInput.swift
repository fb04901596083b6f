// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR
internal import Governance

/// Inputs of the journal that have a leaf of their own: what cannot be derived again stands in both.
enum FiledInput: String, CaseIterable {
  case incident
  case hook
  case shadow

  /// What an input says, when it is one of this kind.
  func body(of input: JSON) -> JSON? {
    switch self {
    case .incident, .hook: input[rawValue]
    // It may lie in `objects/`.
    case .shadow: RunStatements.shadow(input)?.statement.predicate
    }
  }

  /// What the input must say of which this is the leaf.
  func body(ofLeaf predicate: JSON) -> JSON {
    switch self {
    case .incident, .shadow: predicate
    case .hook: .object(["question": predicate["question"] ?? .null, "outcome": predicate["outcome"] ?? .null])
    }
  }

  /// For findings.
  var words: String {
    switch self {
    case .incident: "an incident"
    case .hook: "a vendor's answer"
    case .shadow: "what became of a shadow"
    }
  }
}
