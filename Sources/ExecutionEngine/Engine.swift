// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
package import EventFlow
internal import ExecutionIR
internal import Governance
internal import MarketModel

/// Market, solver and governance composed: a pure function of the configuration and the inputs in their order. Live runs,
/// replay and tests call this same code; only where the inputs come from differs.
///
/// The caller feeds batches and decision times in one order: before a frame whose merge time is at or behind
/// `nextDecision`, it calls `decide`. So a batch never crosses a decision, and a decision sees what came before it and
/// nothing else.
package struct Engine: ~Copyable {
  let configuration: EngineConfiguration
  let taskDigest: Digest
  let policyDigest: Digest
  var venues: TaskVenues
  var market: Market
  var clocks: FeedClocks
  var directory: InstrumentDirectory
  var blotter: OrderBlotter
  /// Orders of the house that this run did not send.
  var elsewhere = OrdersElsewhere()
  var plan: Plan

  /// The merge time of the last frame: the running maximum of receive times.
  package internal(set) var now = Int64.min
  /// Number of the next event in the total order.
  package internal(set) var sequence: UInt64 = 0

  // The decisions so far.
  var decisions: Int64 = 0
  var look = 0
  var lastDelta: Digest
  /// Of the current slice, by venue: what shall be placed in it, at the engine's scale.
  var targets: [Int64]
  /// By venue: what was filled and working when the slice began, so that its own progress can be told.
  var filledAtSliceStart: [Int64]
  /// By venue: the tape's volume when the window began.
  var volumeAtStart: [Int128]
  /// By venue: everything printed so far, at the engine's scale, breaks or not.
  var printed: [Int128]
  var hasStarted = false
  package internal(set) var isFinished = false
  /// When the last messages left, for the rate control.
  var messages: MessageWindow
  var denials: Int64 = 0
  /// The decision that waits for answers, the questions put so far, and how many decisions were denied.
  var open: OpenDecision?
  var questions: Int64 = 0
  var deniedDecisions: Int64 = 0
  /// Number of the next child, whether it will be sent or denied: no two stand in the record under one number.
  var nextChild = EngineConfiguration.firstChild

  /// Checks the task against the reference data and stands before the first input.
  package static func begin(_ configuration: EngineConfiguration) throws(EngineError) -> Engine {
    Engine(
      configuration, try TaskVenues(task: configuration.task, reference: configuration.reference))
  }

  private init(_ configuration: EngineConfiguration, _ venues: TaskVenues) {
    self.configuration = configuration
    taskDigest = configuration.task.json.digest
    policyDigest = configuration.policy.json.digest
    self.venues = venues
    messages = MessageWindow(configuration.policy.messageRate)
    market = Market(seed: configuration.seed)
    clocks = FeedClocks(configuration.feeds)
    directory = InstrumentDirectory(venues: configuration.feeds.map(\.venue))
    let count = venues.listings.count
    blotter = OrderBlotter(venues: count)
    plan = Plan(slices: configuration.task.sliceCount, venues: count, scale: venues.scale)
    lastDelta = taskDigest
    targets = Array(repeating: 0, count: count)
    filledAtSliceStart = Array(repeating: 0, count: count)
    volumeAtStart = Array(repeating: 0, count: count)
    printed = Array(repeating: 0, count: count)
  }

  /// Takes in a batch: books, tape, definitions and the word of the venues on own orders. A batch that reaches to the
  /// next decision is refused: that decision would see what came after it.
  package mutating func step(_ batch: borrowing EventBatch, into output: inout EngineOutput) throws(EngineError) {
    guard open == nil else { throw .badInput("an input comes before the last question was answered") }
    let frames = batch.frames
    let events = batch.events
    let end = nextDecision ?? .max
    if clocks.isNeeded {
      for index in frames.indices { clocks.hear(frames[index]) }
    }
    for index in events.indices {
      let frame = frames[Int(events[index].frame)]
      now = max(now, frame.receive_time)
      guard now < end else {
        throw .badInput(
          "an input received at \(now), feed \(frame.feed), stands before the decision at \(end), which it must not reach"
        )
      }
      let kind = events[index].kind
      if events[index].isOwn {
        try report(events[index], frame: frame, into: &output)
      } else {
        let applied = market.apply(events[index], time: now, feed: frame.feed)
        if applied.effect == .trade { count(print: applied.quantity, instrument: Int(events[index].instrument)) }
        if kind == EventKind.text.rawValue || kind == EventKind.instrument.rawValue {
          try learn(events[index], feed: Int(frame.feed))
        }
      }
      sequence += 1
    }
  }

  private mutating func count(print quantity: Int64, instrument number: Int) {
    guard let venue = venues.venue(of: number) else { return }
    printed[venue] += Int128(venues.scaled(Int128(quantity), from: market.quantityScale(number)) ?? .max)
  }

  private mutating func learn(_ event: Event, feed: Int) throws(EngineError) {
    let known = directory.instruments.count
    directory.learn(event, feed: feed)
    guard directory.instruments.count > known else { return }
    let instrument = directory.instruments[known]
    venues.define(known, as: instrument, at: now)
    guard let index = venues.venue(of: known) else { return }
    let lot = venues.lots[index]
    // A venue whose quantities are coarser than its lot in the reference data could not be told the lot.
    if instrument.scale < venues.scale,
      lot % FixedPoint.power(venues.scale - instrument.scale) != 0
    {
      throw .badInput(
        "\(instrument.venue) \(instrument.symbol): the lot \(FixedPoint.text(lot, scale: venues.scale)) of "
          + "\(configuration.reference.file) is finer than the \(instrument.scale) decimal places of the venue")
    }
  }

  /// The venue's word on an own order, or the echo of what was sent.
  private mutating func report(
    _ event: Event, frame: Frame, into output: inout EngineOutput
  ) throws(EngineError) {
    guard frame.flags & FrameFlags.outbound.rawValue == 0 else { return }
    guard !event.has(.textID), let child = blotter.child(event.order_id), isFrom(event, venue: child.terms.venue),
      let number = venues.instruments[child.terms.venue]
    else {
      elsewhere.report(event, feed: frame.feed)
      _ = blotter.unknown()
      return
    }
    let scale = directory.instruments[number].scale
    guard let quantity = venues.exactly(event.quantity, from: scale) else {
      throw .badInput(
        "a report on order \(event.order_id) has quantity \(FixedPoint.text(event.quantity, scale: scale)), finer or larger "
          + "than the task's \(venues.scale) decimal places in 64 bits can tell")
    }
    let effect = blotter.report(event, quantity: quantity)
    switch effect {
    case .none: break
    case .filled(let quantity, let price, let beyond):
      output.statements.append(
        try fillStatement(event, child, frame: frame, quantity: quantity, price: price, beyond: beyond))
    case .acknowledged, .rejected, .cancelled, .cancelRejected, .broken:
      output.statements.append(reportStatement(event, effect: effect))
    }
  }

  /// Some reports name no instrument; one that names another venue's is on another order of the same number.
  private func isFrom(_ event: Event, venue: Int) -> Bool {
    event.instrument == noInstrument || venues.instruments[venue] == Int(event.instrument)
  }
}
