// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR
internal import Governance
internal import RunJournal
package import VenueSimulator

/// One security on simulated venues, and a task that is worked there: everything that such a run is a function of, beside
/// its seed.
package struct SimulatedScenario: Sendable {
  /// A venue by the run's name for it.
  package struct Listing: Sendable {
    package var venue: String
    package var configuration: SimulatedVenueConfiguration

    package init(venue: String, configuration: SimulatedVenueConfiguration) {
      self.venue = venue
      self.configuration = configuration
    }
  }

  /// In the order of the task's venues.
  package var listings: [Listing]
  /// The texts of a task file, a reference file and a policy file.
  package var task: String
  package var reference: String
  package var policy: String

  package init(listings: [Listing], task: String, reference: String, policy: String) {
    self.listings = listings
    self.task = task
    self.reference = reference
    self.policy = policy
  }
}

extension SimulatedScenario {
  private static let second: Int64 = 1_000_000_000
  /// 2026-03-02, midnight in New York.
  private static let dayStart: Int64 = 1_772_427_600 * second

  /// The demo: a fictional security in euros. SIM-A speaks ITCH and OUCH, has a cent's tick, pays who rests, and is near;
  /// SIM-B speaks Binance's protocols, has half the tick, charges both sides by value, trades in tens, and is far. SIM-A
  /// halts for a minute, and both repeat or lose a reply now and then.
  package static func demo(seed: UInt64) -> SimulatedScenario {
    let open = dayStart + 34_200 * second
    let halt = open + 1_320 * second..<open + 1_380 * second
    var near = configuration(.nasdaqStyle, seed: seed, open: open)
    near.tick = 10_000_000
    near.flow.sizeLots = 100
    near.faults.halts = [halt]
    near.latency = VenueLatency(orderEntryInbound: 150_000, orderEntryOutbound: 150_000, marketData: 100_000)
    var far = configuration(.binanceStyle, seed: seed, open: open)
    far.tick = 5_000_000
    far.lot = 1_000
    far.quantityScale = 2
    far.flow.sizeLots = 5
    far.latency = VenueLatency(
      orderEntryInbound: 4_000_000, orderEntryOutbound: 4_000_000, marketData: 3_000_000, jitter: 500_000)
    return SimulatedScenario(
      listings: [Listing(venue: "SIM-A", configuration: near), Listing(venue: "SIM-B", configuration: far)],
      task: demoTask, reference: demoReference, policy: demoPolicy)
  }

  private static func configuration(
    _ personality: VenuePersonality, seed: UInt64, open: Int64
  ) -> SimulatedVenueConfiguration {
    var faults = VenueFaults()
    faults.duplicateAcknowledgement = 60_000
    faults.lostReply = 20_000
    return SimulatedVenueConfiguration(
      personality: personality, symbol: "XPRV", tick: 10_000_000, lot: 1, quantityScale: 0, dayStart: dayStart,
      open: open, close: open + 3_600 * second,
      fairValue: FairValueConfiguration(seed: seed, initial: 50_000_000_000, unit: 1_250_000), faults: faults)
  }

  private static let demoTask = """
    task demo {
      account "DESK-1"  capacity agency
      instrument XPRV  currency EUR
      side buy  quantity 20000 XPRV
      window 2026-03-02T09:40:00 .. 2026-03-02T10:10:00 zone "America/New_York"
      objective is { risk-aversion 0.000002 }
      slices 12
      participation 10%
      limit 51.00
      venue SIM-A as XPRV
      venue SIM-B as XPRV
    }
    """

  private static let demoReference = """
    {
      "format": "exprove-reference/1",
      "instruments": [
        {
          "name": "XPRV", "kind": "equity", "base": "XPRV", "quote": "EUR", "settlement": "EUR", "multiplier": "1",
          "variance": [{ "from": "2026-01-01", "value": "0.00025", "source": "the simulator's own fair value" }]
        }
      ],
      "listings": [
        {
          "venue": "SIM-A", "symbol": "XPRV", "instrument": "XPRV",
          "terms": [
            {
              "from": "2026-01-01", "ticks": [{ "from": "0", "tick": "0.01" }], "lot": "1", "minimum_quantity": "1",
              "minimum_notional": "0", "zone": "America/New_York", "calendar": "simulated",
              "maker_fee": { "per_unit": "-0.002" }, "taker_fee": { "per_unit": "0.003" }, "fee_currency": "EUR",
              "impact": { "coefficient": "0.0008", "depth": "4000", "source": "chosen", "date": "2026-03-01" }
            }
          ]
        },
        {
          "venue": "SIM-B", "symbol": "XPRV", "instrument": "XPRV",
          "terms": [
            {
              "from": "2026-01-01", "ticks": [{ "from": "0", "tick": "0.005" }], "lot": "10",
              "minimum_quantity": "10", "minimum_notional": "100", "zone": "America/New_York",
              "calendar": "simulated", "maker_fee": { "rate": "0.00002" }, "taker_fee": { "rate": "0.00008" },
              "fee_currency": "EUR",
              "impact": { "coefficient": "0.0012", "depth": "4000", "source": "chosen", "date": "2026-03-01" }
            }
          ]
        }
      ],
      "fungible": [
        { "name": "xprv", "listings": [{ "venue": "SIM-A", "symbol": "XPRV" }, { "venue": "SIM-B", "symbol": "XPRV" }] }
      ]
    }
    """

  private static let demoPolicy = """
    {
      "format": "exprove-policy/1", "name": "demo", "version": "1",
      "price_collar": { "basis_points": 50, "reference": "mid" },
      "maximum_order_value": { "EUR": "150000" },
      "maximum_order_quantity": { "XPRV": "2500" },
      "participation": 100000, "restricted_list": [],
      "message_rate": { "messages": 20, "window": 1000000000 },
      "own_crossing": true, "maximum_book_age": 5000000000
    }
    """
}
