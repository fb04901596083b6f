// SPDX-License-Identifier: Apache-2.0

internal import EventFlow
internal import ExecutionIR
internal import MarketModel

/// What others display: the venue's book without own orders. They stand in it only where orders really reach it, which
/// is in simulated runs.
extension Engine {
  /// The best price at which others display something, and how much.
  func othersBest(_ venue: Int, _ number: Int, _ side: Side) -> Touch? {
    let top = market.top(number)
    guard let best = side == .buy ? top.bid : top.ask else { return nil }
    if let touch = others(venue, number, side, best) { return touch }
    for level in market.depth(number, side, levels: market.levelCount(number, side))
    where side == .buy ? level.price < best.price : level.price > best.price {
      if let touch = others(venue, number, side, level) { return touch }
    }
    return nil
  }

  /// What others display at a level; nil where all of it is own, or beyond 64 bits.
  func others(_ venue: Int, _ number: Int, _ side: Side, _ level: PriceLevel) -> Touch? {
    guard let quantity = venues.scaled(Int128(level.quantity), from: market.quantityScale(number)) else { return nil }
    let others = quantity - min(quantity, ownDisplayed(venue, number, side, level.price))
    return others > 0 ? Touch(price: level.price, quantity: others) : nil
  }

  /// Own size in the venue's book at a price. Where the book shows single orders it is read there, under the number that
  /// the venue gave with its acknowledgement; elsewhere, and before the acknowledgement, it is all that is open.
  private func ownDisplayed(_ venue: Int, _ number: Int, _ side: Side, _ price: Int64) -> Int64 {
    guard configuration.fills == .simulated, (configuration.task.side == .buy) == (side == .buy) else { return 0 }
    var sum: Int64 = 0
    for child in blotter.openChildren(venue: venue) where child.terms.isPassive && child.terms.price == price {
      guard child.venueOrder > 0, market.hasOrders(number) else {
        sum += child.leaves
        continue
      }
      let shown = market.order(number, id: child.venueOrder).map(\.quantity) ?? 0
      sum += venues.scaled(Int128(shown), from: market.quantityScale(number)) ?? child.leaves
    }
    return sum
  }
}
