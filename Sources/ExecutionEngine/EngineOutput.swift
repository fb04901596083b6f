// SPDX-License-Identifier: Apache-2.0

package import ExecutionIR

/// A statement that the engine wants in the ledger.
package struct EngineStatement: Equatable, Sendable {
  package enum Kind: String, CaseIterable, Sendable {
    case context, plan, control, hook, order, cancel, denial, report, fill, summary
  }
  package let kind: Kind
  /// What it is about, unique in the run: `plan/3`, `order/17`.
  package let subject: String
  package let body: JSON

  package init(kind: Kind, subject: String, body: JSON) {
    self.kind = kind
    self.subject = subject
    self.body = body
  }
}

/// An order or a cancel on its way to a venue.
package struct OrderIntent: Equatable, Sendable {
  package enum Action: Sendable { case new, cancel }
  package let action: Action
  package let id: UInt64
  /// Index into the task's venues.
  package let venue: Int
  package let price: Int64
  /// At the engine's scale; of a cancel 0: nothing shall stay.
  package let quantity: Int64
  /// It rests; otherwise it takes what it can at once and the rest is cancelled.
  package let isPassive: Bool
  /// When it leaves. Nanoseconds UTC.
  package let time: Int64

  package init(
    action: Action, id: UInt64, venue: Int, price: Int64, quantity: Int64, isPassive: Bool, time: Int64
  ) {
    self.action = action
    self.id = id
    self.venue = venue
    self.price = price
    self.quantity = quantity
    self.isPassive = isPassive
    self.time = time
  }
}

/// What a step asks the outside to do, in order: record the statements, then send the intents.
package struct EngineOutput: Sendable {
  package var statements: [EngineStatement] = []
  package var intents: [OrderIntent] = []
  /// The ledger shall be published: a place that depends on nothing but the inputs.
  package var isPublishing = false

  package init() {}

  package mutating func removeAll() {
    statements.removeAll(keepingCapacity: true)
    intents.removeAll(keepingCapacity: true)
    isPublishing = false
  }
}

/// Why the engine cannot go on; everything before it is recorded.
package enum EngineError: Error, Equatable, Sendable, CustomStringConvertible {
  case badInput(String)

  package var description: String {
    switch self {
    case .badInput(let text): text
    }
  }
}
