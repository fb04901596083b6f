// SPDX-License-Identifier: Apache-2.0

import ExecutionIR
import Governance
import Testing

private let one: Int64 = 1_000_000_000

private func order(
  _ side: OrderSide = .buy, price: Int64 = 100 * one, quantity: Int64 = 100, scale: Int = 0, multiplier: String = "1",
  currency: String = "EUR", instrument: String = "XPRV", replaced: ProposedOrder.Replaced? = nil
) -> ProposedOrder {
  ProposedOrder(
    instrument: instrument, venue: "XPRA", symbol: "XPRV", side: side, price: price, quantity: quantity, scale: scale,
    multiplier: (try? ExactDecimal(multiplier)) ?? ExactDecimal(units: 0, scale: 0), currency: currency,
    replaced: replaced)
}

private func inputs(_ change: (inout PolicyInputs) -> Void = { _ in }) -> PolicyInputs {
  var inputs = PolicyInputs(
    time: 1000 * one, parentQuantity: 1000, parentLimit: nil, filled: 0, live: 0, inFlight: 0, pendingCancel: 0,
    bid: 99 * one, ask: 101 * one, last: 100 * one, isHalted: false, isStale: false, lastUpdate: 999 * one,
    othersVolume: 1_000_000, taskParticipation: 1_000_000, recentMessages: 0, ownOpposite: nil)
  change(&inputs)
  return inputs
}

private func policy(_ changes: [String: JSON]) throws -> Policy {
  var members = try #require(Policy.builtIn.json.members)
  members.merge(changes) { $1 }
  return try Policy(json: .object(members))
}

private func result(
  _ control: PolicyControl, _ policy: Policy, _ order: ProposedOrder, _ inputs: PolicyInputs = inputs()
) throws -> ControlResult {
  try #require(policy.evaluate(order, inputs).first { $0.control == control })
}

/// What the limits of `PolicyLimitTests` leave open: both sides, scales, replacements, and what cannot be evaluated.
@Suite("Pre-trade controls")
struct PolicyControlTests {
  @Test("Every control is asked, in one order, and a good order passes all of them")
  func all() {
    let results = Policy.builtIn.evaluate(order(), inputs())
    #expect(results.map(\.control) == PolicyControl.ofOrders)
    #expect(results.allow)
    #expect(results.denials.isEmpty)
    #expect(!Array(results.dropLast()).allow)
    #expect(![ControlResult]().allow)
    let denied = Policy.builtIn.evaluate(order(), inputs { $0.isHalted = true })
    #expect(denied.denials.map(\.control) == [.halted])
    #expect(!denied.allow)
    #expect(
      String(decoding: denied.denials.json.canonical, as: UTF8.self)
        == #"[{"control":"halted","limit":"trading","observed":"halted","#
        + #""reason":"the instrument or its venue is halted or closed","verdict":"deny"}]"#)
  }

  @Test("A sell is held against its own side of the limit")
  func sells() throws {
    let limited = inputs { $0.parentLimit = 100 * one }
    #expect(try result(.parentLimit, .builtIn, order(.sell, price: 100 * one), limited).passes)
    #expect(try !result(.parentLimit, .builtIn, order(.sell, price: 100 * one - 1), limited).passes)
    let own = inputs { $0.ownOpposite = 100 * one }
    #expect(try result(.ownCrossing, .builtIn, order(.sell, price: 100 * one + 1), own).passes)
    #expect(try !result(.ownCrossing, .builtIn, order(.sell, price: 100 * one), own).passes)
  }

  @Test("A replacement counts once where the venue nets it, and twice where it is two orders")
  func replacements() throws {
    let full = inputs { $0.live = 1000 }
    func passes(_ quantity: Int64, sharing: Bool) throws -> Bool {
      let replaced = ProposedOrder.Replaced(remaining: 1000, sharesExposure: sharing)
      return try result(.parentQuantity, .builtIn, order(quantity: quantity, replaced: replaced), full).passes
    }
    #expect(try passes(1000, sharing: true))
    #expect(try !passes(1001, sharing: true))
    #expect(try !passes(1, sharing: false))
  }

  @Test("The collar is exact around a mid of half a unit, a negative price and the last trade")
  func collar() throws {
    let narrow = try policy(["price_collar": .object(["basis_points": .integer(1), "reference": .string("mid")])])
    // A mid of 10,000.5 units of 1e-9: ±1.00005, so 9999.49995 to 10001.50005.
    let odd = inputs {
      $0.bid = 10_000
      $0.ask = 10_001
    }
    for (price, expected) in [(9_999, false), (10_000, true), (10_001, true), (10_002, false)] {
      #expect(try result(.priceCollar, narrow, order(price: Int64(price)), odd).passes == expected)
    }
    let negative = inputs {
      $0.bid = -20_000
      $0.ask = -20_000
    }
    for (price, expected) in [(-20_003, false), (-20_002, true), (-19_998, true), (-19_997, false)] {
      #expect(try result(.priceCollar, narrow, order(price: Int64(price)), negative).passes == expected)
    }
    let last = try policy(["price_collar": .object(["basis_points": .integer(50), "reference": .string("last")])])
    #expect(try result(.priceCollar, last, order(price: 100 * one + one / 2)).passes)
    #expect(try !result(.priceCollar, last, order(price: 100 * one + one / 2 + 1)).passes)
    let none = inputs { $0.last = nil }
    #expect(try result(.priceCollar, last, order(), none).reason == "no last trade")
    #expect(try !result(.priceCollar, last, order(), none).passes)
    // The widest there is does not overflow.
    let wide = try policy(["price_collar": .object(["basis_points": .integer(1_000_000), "reference": .string("mid")])])
    let extreme = inputs {
      $0.bid = .max
      $0.ask = .max
    }
    #expect(try result(.priceCollar, wide, order(price: .max), extreme).passes)
  }

  @Test("Random collars agree with the inequality they stand for")
  func collarInequality() throws {
    var state: UInt64 = 7
    func next(_ bound: UInt64) -> Int64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int64((state >> 20) % bound)
    }
    for _ in 0..<2000 {
      let bid = next(3000) - 500
      let ask = bid + next(5)
      let price = bid + next(200) - 100
      let points = next(600)
      let collar = try policy([
        "price_collar": .object(["basis_points": .integer(points), "reference": .string("mid")])
      ])
      let market = inputs {
        $0.bid = bid
        $0.ask = ask
      }
      let expected = abs(2 * price - bid - ask) * 10_000 <= points * abs(bid + ask)
      #expect(try result(.priceCollar, collar, order(price: price), market).passes == expected)
      // And so does participation: 10⁶ · own ≤ cap · (others + own).
      let others = next(5000)
      let cap = next(1_000_000)
      let quantity = next(300) + 1
      let shares = try policy(["participation": .integer(cap)])
      let volume = inputs { $0.othersVolume = Int128(others) }
      let fits = 1_000_000 * quantity <= cap * (others + quantity)
      #expect(try result(.participation, shares, order(quantity: quantity), volume).passes == fits)
    }
  }

  @Test("Values are in the order's currency, exact at every scale")
  func values() throws {
    let limits = try policy([
      "maximum_order_value": .object(["EUR": .string("1000.25"), "JPY": .string("0.000000000000000001")]),
      "maximum_order_quantity": .object(["XPRV": .string("12.5")]),
    ])
    #expect(try result(.orderValue, limits, order(price: 100_025_000_000, quantity: 1_000, scale: 2)).passes)
    #expect(try !result(.orderValue, limits, order(price: 100_025_000_001, quantity: 1_000, scale: 2)).passes)
    #expect(try result(.orderValue, limits, order(price: 1_000_250_000, quantity: 100, multiplier: "10")).passes)
    #expect(try !result(.orderValue, limits, order(price: 1_000_250_001, quantity: 100, multiplier: "10")).passes)
    #expect(try result(.orderValue, limits, order(price: -100_025_000_000, quantity: 10)).passes)
    #expect(try !result(.orderValue, limits, order(price: -100_025_000_001, quantity: 10)).passes)
    #expect(try result(.orderValue, limits, order(price: 1, quantity: 1, scale: 9, currency: "JPY")).passes)
    #expect(try !result(.orderValue, limits, order(price: 1, quantity: 2, scale: 9, currency: "JPY")).passes)
    #expect(try !result(.orderValue, limits, order(price: .max, quantity: .max)).passes)
    let unknown = try result(.orderValue, limits, order(currency: "USD"))
    #expect(!unknown.passes && unknown.reason.contains("USD"))
    let huge = try result(.orderValue, limits, order(price: .max, quantity: .max, multiplier: "1000"))
    #expect(!huge.passes && huge.reason.contains("128 bits"))

    #expect(try result(.orderQuantity, limits, order(quantity: 125, scale: 1)).passes)
    #expect(try !result(.orderQuantity, limits, order(quantity: 126, scale: 1)).passes)
    #expect(try result(.orderQuantity, limits, order(quantity: 9_000_000_000_000_000_000, scale: 18)).passes)
    #expect(try !result(.orderQuantity, limits, order(quantity: 1, instrument: "OTHER")).passes)
  }

  @Test("Restricted by instrument or by listing")
  func restricted() throws {
    for (entry, expected) in [("XPRV", false), ("XPRA XPRV", false), ("XPRB XPRV", true), ("XPR", true)] {
      let list = try policy(["restricted_list": .array([.string(entry)])])
      #expect(try result(.restricted, list, order()).passes == expected)
    }
  }

  @Test("What is switched off passes and says so; what guards the parent order cannot be switched off")
  func switchedOff() throws {
    let off = try policy([
      "price_collar": .null, "maximum_order_value": .null, "maximum_order_quantity": .null, "participation": .null,
      "restricted_list": .null, "message_rate": .null, "own_crossing": .null, "maximum_book_age": .null,
    ])
    let wild = inputs {
      $0.bid = nil
      $0.othersVolume = 0
      $0.recentMessages = 1_000_000
      $0.ownOpposite = 1
      $0.lastUpdate = 0
    }
    #expect(off.evaluate(order(quantity: 1000), wild).allow)
    #expect(try result(.priceCollar, off, order(), wild).reason == "switched off by the policy")
    for broken in [
      inputs { $0.filled = 1000 }, inputs { $0.parentLimit = one }, inputs { $0.isHalted = true },
      inputs { $0.isStale = true }, inputs { $0.lastUpdate = nil }, inputs { $0.lastUpdate = 1001 * one },
    ] {
      #expect(off.evaluate(order(), broken).denials.count == 1)
    }
    // The task's own cap holds without the policy's, and the lower one counts.
    let capped = inputs {
      $0.taskParticipation = 90
      $0.othersVolume = 1
    }
    #expect(try !result(.participation, off, order(), capped).passes)
  }

  @Test("An input that cannot be denies everything")
  func unanswerable() {
    for (order, inputs) in [
      (order(quantity: 0), inputs()), (order(quantity: -5), inputs()), (order(multiplier: "0"), inputs()),
      (order(scale: 19), inputs()), (order(scale: -1), inputs()), (order(), inputs { $0.live = -1 }),
      (order(), inputs { $0.filled = -1 }), (order(), inputs { $0.othersVolume = -1 }),
      (order(), inputs { $0.taskParticipation = -1 }), (order(), inputs { $0.recentMessages = -1 }),
    ] {
      #expect(Policy.builtIn.evaluate(order, inputs).denials.count == PolicyControl.ofOrders.count)
    }
    // Sums that leave 64 bits are summed wider, and denied.
    let full = inputs {
      $0.parentQuantity = .max
      $0.filled = .max
      $0.live = .max
      $0.inFlight = .max
      $0.pendingCancel = .max
      $0.recentMessages = .max
      $0.othersVolume = .max
    }
    let denied = Policy.builtIn.evaluate(order(quantity: .max), full).denials.map(\.control)
    #expect(denied == [.parentQuantity, .orderValue, .orderQuantity, .participation, .messageRate])
  }

  @Test("Messages leave the window exactly when it has passed")
  func window() {
    var window = MessageWindow(Policy.MessageRate(messages: 3, window: 10))
    #expect(window.recent(at: 0, window: 10) == 0)
    for time in [Int64(1), 2, 5] { window.record(at: time) }
    #expect(window.recent(at: 10, window: 10) == 3)
    #expect(window.recent(at: 11, window: 10) == 2)
    #expect(window.recent(at: 12, window: 10) == 1)
    #expect(window.recent(at: 15, window: 10) == 0)
    window.record(at: 6)
    #expect(window.recent(at: 6, window: 10) == 3)
    #expect(window.recent(at: .min, window: .max) == 3)
  }

  @Test("Against a window of all times that were recorded")
  func windowProperty() {
    var state: UInt64 = 3
    func next(_ bound: UInt64) -> Int64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int64((state >> 20) % bound)
    }
    for limit in [Int64(1), 2, 7, 50] {
      var window = MessageWindow(Policy.MessageRate(messages: limit, window: 20))
      var all: [Int64] = []
      var time: Int64 = 0
      for _ in 0..<3000 {
        time += next(4)
        let exact = Int64(all.count { $0 > time - 20 })
        #expect(window.recent(at: time, window: 20) == min(exact, limit))
        window.record(at: time)
        all.append(time)
      }
    }
  }
}
