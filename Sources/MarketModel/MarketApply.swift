// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
package import EventFlow

extension Market {
  /// Applies one event.
  /// - Parameters:
  ///   - time: when it was received, nanoseconds since 1970; the running maximum in the total order.
  ///   - feed: the number of the feed it came by.
  @discardableResult
  package mutating func apply(_ event: Event, time: Int64, feed: UInt32) -> Applied {
    let isLast = event.isLast
    // Nearly every event is a group of its own, and then nothing needs to be held back.
    if !isLast { hold(event.instrument) }
    let applied =
      event.kind <= UInt8(truncatingIfNeeded: EXPROVE_KIND_ORDER_REPLACE.rawValue) && event.kind > 0
      ? applyOrder(event, time: time, feed: feed) : dispatch(event, time: time, feed: feed)
    if isLast, openCount > 0 { publish() }
    return applied
  }

  @inline(never)
  private mutating func dispatch(_ event: Event, time: Int64, feed: UInt32) -> Applied {
    guard let kind = event.eventKind else { return Applied(effect: .none) }
    switch kind {
    case .orderAdd, .orderModify, .orderReduce, .orderExecute, .orderDelete, .orderReplace:
      return applyOrder(event, time: time, feed: feed)
    case .level: return applyLevel(event, time: time, feed: feed)
    case .clear: return applyClear(event, time: time, feed: feed)
    case .quote: return applyQuote(event, time: time)
    case .trade:
      guard isDefined(event.instrument) else { return unknownInstrument() }
      return applyTrade(event, price: event.has(.noPrice) ? nil : event.price, side: event.eventSide, time: time)
    case .tradeBreak: return applyBreak(event)
    case .status: return applyStatus(event, feed: feed)
    case .instrument: return applyDefinition(event, feed: feed)
    case .gap: return applyGap(event, feed: feed)
    case .auction, .imbalance, .notice, .text, .malformed, .unknown: return Applied(effect: .none)
    case .ownNew, .ownCancelRequest, .ownReplaceRequest, .ownAcknowledged, .ownRejected, .ownCancelled, .ownFilled,
      .ownReplaced, .ownCancelRejected, .ownBroken:
      return Applied(effect: .none)
    }
  }

  // MARK: - Groups

  /// Keeps what the instrument showed before the group.
  private mutating func hold(_ instrument: UInt32) {
    guard isDefined(instrument), !books[Int(instrument)].isHeld else { return }
    books[Int(instrument)].heldTop = workingTop(Int(instrument))
    books[Int(instrument)].isHeld = true
    if openCount == open.count { open.grow(to: openCount * 2, filling: 0) }
    open[openCount] = instrument
    openCount += 1
  }

  /// The group is complete: its instruments show what they hold.
  private mutating func publish() {
    for index in 0..<openCount {
      let instrument = Int(open[index])
      books[instrument].isHeld = false
      books[instrument].publishedQuote = books[instrument].quote
    }
    openCount = 0
  }

  // MARK: - Orders

  @inline(__always)
  private mutating func applyOrder(_ event: Event, time: Int64, feed: UInt32) -> Applied {
    let number = Int(event.instrument)
    guard isDefined(event.instrument) else { return unknownInstrument() }
    let generation = books[number].generation
    touchBook(number, time: time, feed: feed)
    if event.isKind(EXPROVE_KIND_ORDER_ADD) {
      return add(event, number: number, generation: generation)
    }
    let isReplace = event.isKind(EXPROVE_KIND_ORDER_REPLACE)
    let slot = orders.find(isReplace ? event.aux : event.order_id, event.instrument, generation: generation)
    guard slot >= 0 else { return unknownOrder(event, number: number, time: time) }
    let order = orders[slot]
    if event.isKind(EXPROVE_KIND_ORDER_DELETE) {
      drop(slot, order, number)
      return Applied(effect: .book)
    }
    if event.isKind(EXPROVE_KIND_ORDER_EXECUTE) {
      guard event.quantity > 0 else { return unusable() }
      take(event.quantity, slot, order, number)
      let price: Int64? = event.takesRestingPrice ? order.price : event.has(.noPrice) ? nil : event.price
      return applyTrade(event, price: price, side: order.side.opposite, time: time)
    }
    if event.isKind(EXPROVE_KIND_ORDER_REDUCE) {
      guard event.quantity > 0 else { return unusable() }
      take(event.quantity, slot, order, number)
      return Applied(effect: .book)
    }
    drop(slot, order, number)
    guard event.quantity > 0 else { return Applied(effect: .book) }
    if isReplace { return replace(event, mark: order.mark & 3, number: number, generation: generation) }
    return enter(order.id, mark: order.mark & 3, event.price, event.quantity, number, generation)
  }

  @inline(__always)
  private mutating func add(_ event: Event, number: Int, generation: UInt32) -> Applied {
    guard event.quantity > 0, event.hasSide else { return unusable() }
    let slot = orders.find(event.order_id, event.instrument, generation: generation)
    if slot >= 0 {
      // A snapshot restates what already holds; from anything else it is worth counting.
      if !event.has(.snapshot) { counters.repeatedOrders += 1 }
      drop(slot, orders[slot], number)
    }
    return enter(event.order_id, mark: UInt32(event.side), event.price, event.quantity, number, generation)
  }

  private mutating func replace(_ event: Event, mark: UInt32, number: Int, generation: UInt32) -> Applied {
    let slot = orders.find(event.order_id, event.instrument, generation: generation)
    if slot >= 0 {
      counters.repeatedOrders += 1
      drop(slot, orders[slot], number)
    }
    let kept = event.hasSide ? UInt32(event.side) : mark
    return enter(event.order_id, mark: kept, event.price, event.quantity, number, generation)
  }

  @inline(never)
  private mutating func unknownOrder(_ event: Event, number: Int, time: Int64) -> Applied {
    counters.unknownOrders += 1
    switch event.eventKind {
    case .orderExecute where event.quantity > 0:
      // The order is unknown, but that it traded is not.
      let known = !event.has(.restingPrice) && !event.has(.noPrice)
      return applyTrade(event, price: known ? event.price : nil, side: .none, time: time)
    case .orderReplace where event.quantity > 0 && event.hasSide:
      return replace(event, mark: UInt32(event.side), number: number, generation: books[number].generation)
    default: return Applied(effect: .unusable)
    }
  }

  @inline(__always)
  private mutating func enter(
    _ id: UInt64, mark side: UInt32, _ price: Int64, _ quantity: Int64, _ number: Int, _ generation: UInt32
  ) -> Applied {
    let fits = orderSides[number * 2 + Int(side >> 1)].add(quantity, at: price)
    guard fits else {
      counters.overflows += 1
      return Applied(effect: .unusable)
    }
    let mark = generation << 2 | side
    let order = Order(id: id, price: price, quantity: quantity, instrument: UInt32(number), mark: mark)
    orders.insert(order, generations: books)
    books[number].liveOrders += 1
    return Applied(effect: .book)
  }

  @inline(__always)
  private mutating func drop(_ slot: Int, _ order: Order, _ number: Int) {
    orderSides[number * 2 + order.isAsk].take(order.quantity, at: order.price)
    orders.remove(slot)
    books[number].liveOrders -= 1
  }

  @inline(__always)
  private mutating func take(_ quantity: Int64, _ slot: Int, _ order: Order, _ number: Int) {
    if quantity >= order.quantity {
      if quantity > order.quantity { counters.overTaken += 1 }
      drop(slot, order, number)
      return
    }
    orders[slot].quantity = order.quantity - quantity
    orderSides[number * 2 + order.isAsk].take(quantity, at: order.price)
  }

  @inline(__always)
  private mutating func touchBook(_ number: Int, time: Int64, feed: UInt32) {
    books[number].hasOrders = true
    books[number].lastUpdate = time
    if books[number].feed != Int32(truncatingIfNeeded: feed) { changeFeed(number, feed) }
  }

  // MARK: - Levels and quotes

  private mutating func applyLevel(_ event: Event, time: Int64, feed: UInt32) -> Applied {
    guard isDefined(event.instrument) else { return unknownInstrument() }
    guard event.quantity >= 0, event.eventSide != .none else { return unusable() }
    let number = Int(event.instrument)
    books[number].hasLevels = true
    books[number].lastUpdate = time
    if books[number].feed != Int32(truncatingIfNeeded: feed) { changeFeed(number, feed) }
    let stood = levelSides[Market.ladder(number, event.eventSide)].set(event.quantity, at: event.price)
    if !stood { counters.unknownLevels += 1 }
    return Applied(effect: .book)
  }

  private mutating func applyClear(_ event: Event, time: Int64, feed: UInt32) -> Applied {
    guard isDefined(event.instrument) else { return unknownInstrument() }
    let number = Int(event.instrument)
    for ladder in number * 2...number * 2 + 1 {
      orderSides[ladder].removeAll()
      levelSides[ladder].removeAll()
    }
    // The orders themselves go with their generation.
    let generation = books[number].generation
    books[number].generation = generation == 0x3FFF_FFFF ? 1 : generation + 1
    books[number].liveOrders = 0
    books[number].quote = Top()
    books[number].lastUpdate = time
    if books[number].feed != Int32(truncatingIfNeeded: feed) { changeFeed(number, feed) }
    refresh(number)
    if openCount == 0 { books[number].publishedQuote = Top() }
    return Applied(effect: .book)
  }

  private mutating func applyQuote(_ event: Event, time: Int64) -> Applied {
    guard isDefined(event.instrument) else { return unknownInstrument() }
    guard event.quantity >= 0, event.eventSide != .none else { return unusable() }
    let number = Int(event.instrument)
    let level = event.quantity > 0 ? PriceLevel(price: event.price, quantity: event.quantity) : nil
    if event.eventSide == .buy { books[number].quote.bid = level } else { books[number].quote.ask = level }
    books[number].hasQuotes = true
    books[number].lastQuote = time
    // The last of a group is published with the others; one that stands alone at once.
    if !books[number].isHeld { books[number].publishedQuote = books[number].quote }
    return Applied(effect: .quote)
  }

  // MARK: - Status, definitions, gaps

  private mutating func applyStatus(_ event: Event, feed: UInt32) -> Applied {
    guard let status = TradingStatus(rawValue: event.level) else { return unusable() }
    if event.instrument == noInstrument {
      guard hasFeed(feed) else { return unusable() }
      feeds[Int(feed)].status = status
    } else {
      guard isDefined(event.instrument) else { return unknownInstrument() }
      books[Int(event.instrument)].status = status
      if books[Int(event.instrument)].feed < 0 { changeFeed(Int(event.instrument), feed) }
    }
    return Applied(effect: .status)
  }

  private mutating func applyDefinition(_ event: Event, feed: UInt32) -> Applied {
    let scale = Int(event.level)
    guard scale <= 18, event.price >= 0, event.quantity >= 0, hasFeed(feed) else { return unusable() }
    let number = Int(event.instrument)
    if number == books.count {
      books.append(InstrumentBook(quantityScale: scale, tick: event.price, roundLot: event.quantity))
      for side in [Side.buy, .sell] {
        orderSides.append(Ladder(side: side))
        levelSides.append(Ladder(side: side))
      }
      changeFeed(number, feed)
    } else if number < books.count {
      if books[number].quantityScale != scale {
        counters.contradictions += 1
        books[number].isContradictory = true
      }
      // A second feed of the venue, such as its order entry, names the instrument and says nothing of its book.
      guard books[number].feed == Int32(truncatingIfNeeded: feed) else { return Applied(effect: .definition) }
      books[number].tick = event.price
      books[number].roundLot = event.quantity
    } else {
      return unknownInstrument()
    }
    refresh(number)
    return Applied(effect: .definition)
  }

  private mutating func applyGap(_ event: Event, feed: UInt32) -> Applied {
    counters.gaps += 1
    if event.instrument == noInstrument {
      guard hasFeed(feed) else { return unusable() }
      feeds[Int(feed)].gaps += 1
    } else {
      guard isDefined(event.instrument) else { return unknownInstrument() }
      books[Int(event.instrument)].hasGap = true
    }
    return Applied(effect: .gap)
  }

  /// What follows now states the whole book.
  private mutating func refresh(_ number: Int) {
    books[number].hasGap = false
    if books[number].feed >= 0 { books[number].knownGaps = feeds[Int(books[number].feed)].gaps }
  }

  /// The book is told by another feed than before: the gaps of that one, from its beginning, concern it.
  @inline(never)
  private mutating func changeFeed(_ number: Int, _ feed: UInt32) {
    guard hasFeed(feed) else { return }
    books[number].feed = Int32(feed)
    books[number].knownGaps = 0
  }

  /// Makes room for the feed; false beyond `maximumFeeds`.
  private mutating func hasFeed(_ feed: UInt32) -> Bool {
    guard Int(feed) < Market.maximumFeeds else { return false }
    if Int(feed) >= feeds.count { feeds.grow(to: Int(feed) + 1, filling: FeedState()) }
    return true
  }

  @inline(__always)
  func isDefined(_ instrument: UInt32) -> Bool { Int(instrument) < books.count }

  @inline(never)
  private mutating func unknownInstrument() -> Applied {
    counters.unknownInstruments += 1
    return Applied(effect: .unusable)
  }

  @inline(never)
  mutating func unusable() -> Applied {
    counters.unusable += 1
    return Applied(effect: .unusable)
  }
}
