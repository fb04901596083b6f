// SPDX-License-Identifier: Apache-2.0

package import ExecutionIR

/// What the engine asks a vendor's function before it goes on. The answer comes back as the next input, so foreign code never
/// runs inside a step.
package struct HookQuestion: Equatable, Sendable {
  package enum Purpose: String, Sendable {
    /// One of the task's terms: what this plan costs besides, in the unit of the decision's terms.
    case term
    /// One of the policy's hooks: 0 lets the decision pass.
    case policy
  }

  /// Counts a run's questions from 0.
  package let number: Int64
  package let purpose: Purpose
  package let function: VendorFunction
  /// The decision that the function is shown beside the task.
  package let delta: PlanDelta

  /// What the answer's record says of the question: whom it was put to, and what it was about by digest.
  package var json: JSON {
    .object([
      "number": .integer(number), "purpose": .string(purpose.rawValue), "function": function.json,
      "task": .string(delta.task.description), "decision": .string(delta.digest.description),
    ])
  }
}

/// What came of a question.
package enum HookOutcome: Equatable, Sendable {
  case answered(Int64)
  /// Nothing came back: the kind of an incident, such as `overdue` or `crashed`, and what happened in words.
  case failed(kind: String, text: String)

  /// For people.
  package var words: String {
    switch self {
    case .answered(let value): "the answer \(value)"
    case .failed(let kind, let text): "no answer (\(kind): \(text))"
    }
  }

  package var json: JSON {
    switch self {
    case .answered(let value): .object(["answer": .wide(value)])
    case .failed(let kind, let text): .object(["failed": .string(kind), "text": .string(text)])
    }
  }

  /// Reads what `json` writes, and nothing else.
  package init(json: JSON, path: String) throws(RecordError) {
    let reader = try RecordReader(json, path: path, keys: ["answer", "failed", "text"])
    if reader.has("answer") {
      guard !reader.has("failed"), !reader.has("text") else { throw reader.error("answer", "and a failure besides") }
      self = .answered(try reader.integer("answer"))
    } else {
      self = .failed(kind: try reader.string("failed"), text: try reader.string("text"))
    }
  }
}
