// SPDX-License-Identifier: Apache-2.0

/// How far a child order has come.
package enum ChildStatus: String, Sendable {
  /// Sent; no answer yet.
  case inFlight = "in_flight"
  case live
  /// A cancel was sent and not answered: the quantity can still trade.
  case pendingCancel = "pending_cancel"
  case done
}

/// A fill that a venue reported under its own number.
package struct ChildFill: Equatable, Sendable {
  package let match: UInt64
  package var quantity: Int64
  /// The venue took it back.
  package var isBroken = false
}

/// What goes out to a venue, before its number is known to it. Quantities are at the task's scale.
package struct ChildTerms: Equatable, Sendable {
  /// Index into the task's venues.
  package let venue: Int
  package let price: Int64
  package let quantity: Int64
  /// It rests; otherwise it takes what it can at once and the rest is cancelled.
  package let isPassive: Bool
  package let slice: Int

  package init(venue: Int, price: Int64, quantity: Int64, isPassive: Bool, slice: Int) {
    self.venue = venue
    self.price = price
    self.quantity = quantity
    self.isPassive = isPassive
    self.slice = slice
  }
}

/// A child order with all that its venue said of it.
package struct ChildState: Sendable {
  package let id: UInt64
  package let terms: ChildTerms
  package let sentAt: Int64
  /// The child that this one takes the place of, which was cancelled before, and the first of that chain.
  package let replaces: UInt64?
  package let chain: UInt64
  /// What had been printed at its venue when it was sent.
  package let printedBefore: Int128

  package var status = ChildStatus.inFlight
  package var filled: Int64 = 0
  /// Everything that was ever reported as filled, taken back later or not: all of it stands on the venue's tape.
  package var executed: Int64 = 0
  /// What can still trade: everything that was neither filled, nor cancelled or rejected by the venue's word.
  package var leaves: Int64
  package var isAcknowledged = false
  /// The venue's own number of it, by which its book shows it.
  package var venueOrder: UInt64 = 0
  /// To know a repeated report, and what a break takes back.
  package var fills: [ChildFill] = []
  package var cancellations: [ReportMark] = []

  package var cancelSentAt: Int64? = nil
  package var cancels = 0
  /// Of them, in a row, those that the venue did not answer, or rejected.
  package var cancelsInVain = 0
  /// The venue was asked often enough, or does not know the order. What is open of it counts on, and nothing waits for
  /// it any more.
  package var isUnanswered = false

  package init(
    id: UInt64, terms: ChildTerms, sentAt: Int64, replaces: UInt64?, chain: UInt64, printedBefore: Int128
  ) {
    self.id = id
    self.terms = terms
    self.sentAt = sentAt
    self.replaces = replaces
    self.chain = chain
    self.printedBefore = printedBefore
    leaves = terms.quantity
  }
}

/// By what a report is known when it comes again without a number of its own.
package struct ReportMark: Equatable, Sendable {
  let time: Int64
  let sequence: UInt64
  let quantity: Int64
}
