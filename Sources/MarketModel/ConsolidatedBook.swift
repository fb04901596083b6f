// SPDX-License-Identifier: Apache-2.0

internal import EventFlow
package import ExecutionIR

/// A level of several venues' books as one, and who shows how much of it.
package struct ConsolidatedLevel: Equatable, Sendable {
  package struct Share: Equatable, Sendable {
    /// Index among the members.
    package var member: Int
    /// At the consolidated book's scale.
    package var quantity: Int128
  }
  package var price: Int64
  /// In the order of the members.
  package var shares: [Share]

  package var quantity: Int128 { shares.reduce(0) { $0 + $1.quantity } }
}

/// The books of listings that reference data declares fungible, seen as one: a view that owns no book.
///
/// Members that are stale or halted are left out, and `leftOut` names them. A book that is crossed across venues is
/// shown as it is.
package struct ConsolidatedBook: Sendable {
  package struct Member: Equatable, Sendable {
    package let listing: TaskVenue
    /// Global number of the instrument.
    package let instrument: Int
  }

  package let members: [Member]
  /// Decimal places of the quantities, the most that any member has.
  package let scale: Int
  private let factors: [Int128]

  /// Refuses listings of which reference data does not say that they are the same thing in one currency.
  /// - Parameter instruments: the global numbers of `listings`, all defined in `market`.
  package init(
    _ listings: [TaskVenue], instruments: [Int], reference: ReferenceData, market: borrowing Market
  ) throws(ReferenceError) {
    precondition(listings.count == instruments.count && !listings.isEmpty)
    for listing in listings {
      let differences = try reference.fungibilityDifferences(listings[0], listing)
      guard differences.isEmpty else {
        throw ReferenceError(
          file: reference.file, place: "\(listings[0].venue) \(listings[0].symbol), \(listing.venue) \(listing.symbol)",
          reason: "not fungible: \(differences.joined(separator: "; "))")
      }
    }
    members = zip(listings, instruments).map { Member(listing: $0, instrument: $1) }
    var scale = 0
    for instrument in instruments { scale = max(scale, market.quantityScale(instrument)) }
    self.scale = scale
    var factors: [Int128] = []
    for instrument in instruments {
      factors.append(Int128(FixedPoint.power(scale - market.quantityScale(instrument))))
    }
    self.factors = factors
  }

  /// Whether a member's book counts now.
  package func isUsable(_ member: Int, in market: borrowing Market) -> Bool {
    !market.isStale(members[member].instrument) && !market.isHalted(members[member].instrument)
  }

  /// The members whose books are stale or halted.
  package func leftOut(in market: borrowing Market) -> [Int] {
    var result: [Int] = []
    for member in members.indices where !isUsable(member, in: market) { result.append(member) }
    return result
  }

  /// The best price of a side over all members, and who shows it; nil when nobody does.
  package func best(_ side: OrderSide, in market: borrowing Market) -> ConsolidatedLevel? {
    var result: ConsolidatedLevel?
    for member in members.indices where isUsable(member, in: market) {
      let top = market.top(members[member].instrument)
      guard let level = side == .buy ? top.bid : top.ask else { continue }
      let share = ConsolidatedLevel.Share(member: member, quantity: Int128(level.quantity) * factors[member])
      if let best = result, best.price == level.price {
        result?.shares.append(share)
      } else if result.map({ side == .buy ? level.price > $0.price : level.price < $0.price }) ?? true {
        result = ConsolidatedLevel(price: level.price, shares: [share])
      }
    }
    return result
  }

  /// The best levels of a side over all members' books, best first.
  package func depth(_ side: OrderSide, levels: Int, in market: borrowing Market) -> [ConsolidatedLevel] {
    let bookSide: Side = side == .buy ? .buy : .sell
    var books: [[PriceLevel]] = []
    for member in members.indices {
      let isUsable = isUsable(member, in: market)
      books.append(isUsable ? market.depth(members[member].instrument, bookSide, levels: levels) : [])
    }
    var next = Array(repeating: 0, count: books.count)
    var result: [ConsolidatedLevel] = []
    while result.count < levels {
      var price: Int64?
      for member in books.indices where next[member] < books[member].count {
        let candidate = books[member][next[member]].price
        if price.map({ side == .buy ? candidate > $0 : candidate < $0 }) ?? true { price = candidate }
      }
      guard let price else { break }
      var level = ConsolidatedLevel(price: price, shares: [])
      for member in books.indices where next[member] < books[member].count && books[member][next[member]].price == price
      {
        let quantity = Int128(books[member][next[member]].quantity) * factors[member]
        level.shares.append(ConsolidatedLevel.Share(member: member, quantity: quantity))
        next[member] += 1
      }
      result.append(level)
    }
    return result
  }
}
