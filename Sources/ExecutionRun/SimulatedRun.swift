// SPDX-License-Identifier: Apache-2.0

internal import EventFlow
internal import AdapterHost
package import ExecutionEngine
internal import ExecutionIR
package import Governance
package import RunJournal
internal import VenueSimulator

/// Runs on simulated venues.
package enum SimulatedRun {
  /// A scenario's venues with their adapters, ready to live.
  package struct Opened {
    package let input: VenueInput
    package let configuration: EngineConfiguration
    let feeds: [FeedDescription]
    let adapters: [AdapterModule]
    var reference: ReferenceData { configuration.reference }
  }

  /// Opens the venues of `scenario`. Each has two feeds: market data, then order entry.
  package static func open(
    _ scenario: SimulatedScenario, seed: UInt64, _ opening: inout FeedOpening
  ) throws(RunError) -> Opened {
    let reference: ReferenceData
    let policy: Policy
    do throws(ReferenceError) {
      reference = try ReferenceData.parse(Array(scenario.reference.utf8), file: "the scenario's reference data")
      policy = try Policy.parse(Array(scenario.policy.utf8), file: "the scenario's policy")
    } catch {
      throw .badInput(error.description)
    }
    let task = try RunSetup.task(Array(scenario.task.utf8), file: "the scenario's task", reference: reference)
    guard task.venues.map(\.venue) == scenario.listings.map(\.venue) else {
      throw .badInput("task \(task.id): its venues are not those of the scenario, in the same order")
    }
    var venues: [LiveVenue] = []
    var feeds: [FeedDescription] = []
    var adapters: [AdapterModule] = []
    for (index, listing) in scenario.listings.enumerated() {
      let configuration = listing.configuration
      let isNasdaq = configuration.personality == .nasdaqStyle
      let adapter = try opening.adapter(isNasdaq ? "nasdaq-itch50" : "binance")
      adapters.append(adapter)
      var decoders: [VenueFeed] = []
      for channel in [Channel.marketData, .orderEntry] {
        let session = AdapterSession.Configuration(
          framing: .message, channel: channel, dayStart: isNasdaq ? configuration.dayStart : 0, seed: seed)
        decoders.append(try feed(UInt32(feeds.count), listing.venue, adapter, session))
        feeds.append(describe(listing, adapter, session))
      }
      let venue: SimulatedVenue
      do throws(SimulatedVenueError) {
        venue = try SimulatedVenue(configuration: configuration, seed: seed &* 64 &+ UInt64(index))
      } catch {
        throw .badInput(error.description)
      }
      venues.append(LiveVenue(venue: venue, marketData: decoders[0], orderEntry: decoders[1]))
    }
    let engine = EngineConfiguration(
      task: task, reference: reference, policy: policy,
      feeds: feeds.map { EngineFeed(venue: $0.venue, isReference: false) }, fills: .simulated, prior: nil, seed: seed)
    return Opened(
      input: VenueInput(venues), configuration: engine, feeds: feeds, adapters: adapters)
  }

  /// Begins the run in `directory`, or takes it up.
  ///
  /// - Parameters:
  ///   - source: the opened venues, or what stands before them.
  ///   - shared: shared contexts that the scenario's policy takes.
  package static func prepare(
    _ opened: Opened, source: any RunSource, shared: [SignedContext] = [], identity: Identity, directory: String,
    now: Int64
  ) throws(RunError) -> PreparedRun {
    let task = opened.configuration.task
    let seed = opened.configuration.seed
    let shared = try SharedContexts.admit(
      shared.map { ("\($0.context.name) r\($0.context.revision)", $0) }, policy: opened.configuration.policy)
    var description = RunDescription(
      started: now, identity: identity.name, verifier: identity.publicVerifierKey,
      origin: PreparedRun.origin(identity, ["\(task.digest)", "\(opened.reference.digest)", "\(seed)", "\(now)"]),
      fills: .simulated, fillsDetail: "\(task.venues.count) simulated venues that match orders, seed \(seed)",
      seed: seed,
      task: task, policy: opened.configuration.policy, reference: Digest(of: opened.reference.json.canonical),
      prior: nil,
      feeds: opened.feeds)
    description.shared = shared.map(GivenContext.init)
    return try PreparedRun(
      description, opened.reference, adapters: opened.adapters, source: source, shared: shared, identity: identity,
      directory: RunDirectory(directory))
  }

  private static func feed(
    _ number: UInt32, _ venue: String, _ adapter: AdapterModule, _ session: AdapterSession.Configuration
  ) throws(RunError) -> VenueFeed {
    do throws(AdapterError) {
      return VenueFeed(
        number: number,
        decoder: FrameDecoder(
          venue: venue, session: try AdapterSession(adapter, session), frames: 1, largestFrame: VenueInput.largestFrame)
      )
    } catch {
      throw .adapter(error)
    }
  }

  private static func describe(
    _ listing: SimulatedScenario.Listing, _ adapter: AdapterModule, _ session: AdapterSession.Configuration
  ) -> FeedDescription {
    let configuration = listing.configuration
    let latency = configuration.latency
    let isOrderEntry = session.channel == .orderEntry
    let travel =
      isOrderEntry
      ? "order entry, \(latency.orderEntryInbound) ns there, \(latency.orderEntryOutbound) ns back"
      : "market data, \(latency.marketData) ns"
    return FeedDescription(
      venue: listing.venue, isReference: false, source: "simulated",
      option: "\(configuration.symbol), \(travel), jitter up to \(latency.jitter) ns", container: "message",
      adapter: RunSetup.describe(adapter, session, nil, zoneDigest: nil))
  }
}
