// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR

package enum VenueChannel: UInt8, Sendable {
  case marketData = 0
  case orderEntry = 1
}

/// One message of a simulated venue, as the real one would send it, without transport framing.
package struct SimulatedFrame: Equatable, Sendable {
  /// When it reaches the host; nanoseconds since 1970.
  package var time: Int64
  package var channel: VenueChannel
  package var bytes: [UInt8]
}

/// A venue: a matching engine under a background of other participants' orders, speaking a real protocol in both
/// directions. Everything follows from configuration, seed, and what is handed in.
///
/// How to drive it: find the earliest `nextTime` of all venues (and of what the host wants to do), call
/// `advance(to:)` with it, then `popFrame(upTo:)` with the same time until nil, let the host act, and hand
/// what it sends to `receive(_:at:)`.
package struct SimulatedVenue: Sendable {
  package let configuration: SimulatedVenueConfiguration
  package private(set) var engine: MatchingEngine
  /// Up to when the venue has lived.
  package private(set) var now: Int64

  private var flow: OrderFlow
  private var nasdaq: NasdaqVoice?
  private var binance: BinanceVoice?
  private var inbox = FrameQueue()
  private var outboxes = [FrameQueue(), FrameQueue()]
  private var schedule: [(time: Int64, act: Act)] = []
  private var scheduled = 0
  private var depthDue: Int64?
  private var sent: UInt64 = 0
  private var travel: RandomSource
  private var mischief: RandomSource

  private enum Act: Sendable {
    case begin
    case open
    case halt
    case resume
    case close
    case end
  }

  package init(configuration: SimulatedVenueConfiguration, seed: UInt64) throws(SimulatedVenueError) {
    try configuration.validate()
    self.configuration = configuration
    let nasdaqStyle = configuration.personality == .nasdaqStyle
    let orders = 16_384
    // OUCH takes at most 999,999 shares; on the other side the total of a level must fit 64 bits at eight decimals.
    let bound = Int64.max / Int64(orders) / FixedPoint.power(8 - configuration.quantityScale)
    let most = nasdaqStyle ? 999_999 : bound / configuration.lot * configuration.lot
    let largest = configuration.lot.multipliedReportingOverflow(
      by: Int64(configuration.flow.sizes.count) * configuration.flow.sizeLots)
    guard !largest.overflow, largest.partialValue <= most else {
      throw SimulatedVenueError(
        description: "simulated venue \(configuration.symbol): the flow's largest order is above the venue's largest")
    }
    let rules = MatchingRules(
      tick: configuration.tick, lot: configuration.lot, maximumQuantity: most, maximumOrders: orders,
      reductionKeepsPlace: !nasdaqStyle)
    engine = MatchingEngine(rules: rules, firstReference: 1_001, firstMatch: 500_001)
    engine.phase = .closed
    flow = OrderFlow(configuration, seed: seed)
    if nasdaqStyle { nasdaq = NasdaqVoice(configuration) } else { binance = BinanceVoice(configuration) }
    travel = RandomSource(seed: seed, stream: 2)
    mischief = RandomSource(seed: seed, stream: 3)
    now = configuration.begin - 1
    schedule = [(configuration.begin, .begin), (configuration.open, .open)]
    for halt in configuration.faults.halts where halt.lowerBound > configuration.open {
      guard halt.lowerBound < configuration.close else { break }
      schedule.append((halt.lowerBound, .halt))
      if halt.upperBound < configuration.close { schedule.append((halt.upperBound, .resume)) }
    }
    schedule += [(configuration.close, .close), (configuration.close + 1_000_000_000, .end)]
  }

  // MARK: In

  /// A message of the host, sent at `time`, in the order of sending. It takes effect when it arrives.
  package mutating func receive(_ message: [UInt8], at time: Int64) {
    let delay = configuration.latency.orderEntryInbound + jitter()
    inbox.append(time: max(time + delay, now), order: 0, bytes: message)
  }

  /// Lives up to and including `time`.
  package mutating func advance(to time: Int64) {
    while let next = nextAct(), next.time <= time {
      now = max(now, next.time)
      perform(next.source)
    }
    now = max(now, time)
  }

  // MARK: Out

  /// When something next happens here or reaches the host; nil when the day is over and all is delivered.
  package var nextTime: Int64? {
    let frame = nextFrameTime
    let act = nextAct()?.time
    guard let frame, let act else { return frame ?? act }
    return min(frame, act)
  }

  /// When the next frame known so far reaches the host.
  package var nextFrameTime: Int64? {
    let times = outboxes.compactMap { $0.first?.time }
    return times.min()
  }

  /// The next frame that reaches the host at `time` or before. `time` is at most `now`: what is sent later could still
  /// arrive earlier on the other channel.
  package mutating func popFrame(upTo time: Int64) -> SimulatedFrame? {
    var chosen: Int?
    for index in outboxes.indices {
      guard let first = outboxes[index].first, first.time <= min(time, now) else { continue }
      guard let other = chosen.flatMap({ outboxes[$0].first }) else {
        chosen = index
        continue
      }
      if (first.time, first.order) < (other.time, other.order) { chosen = index }
    }
    guard let chosen, let entry = outboxes[chosen].removeFirst() else { return nil }
    return SimulatedFrame(time: entry.time, channel: chosen == 0 ? .marketData : .orderEntry, bytes: entry.bytes)
  }

  /// Everything that was executed of the orders that came in, at the venue's scale: what the venue itself knows,
  /// whatever its replies tell.
  package var ownExecuted: Int64 { (nasdaq?.own ?? binance?.own)?.executed ?? 0 }

  // MARK: Life

  private enum Source {
    case schedule
    case flow
    case inbox
    case depth
  }

  /// What happens next; at one time the schedule comes first, then the background, then the host, then depth.
  private func nextAct() -> (time: Int64, source: Source)? {
    var next: (time: Int64, source: Source)?
    func consider(_ time: Int64?, _ source: Source) {
      guard let time, time < next?.time ?? .max else { return }
      next = (time, source)
    }
    consider(scheduled < schedule.count ? schedule[scheduled].time : nil, .schedule)
    consider(flow.nextTime, .flow)
    consider(inbox.first?.time, .inbox)
    consider(depthDue, .depth)
    return next
  }

  private mutating func perform(_ source: Source) {
    switch source {
    case .schedule:
      let act = schedule[scheduled].act
      scheduled += 1
      perform(act)
    case .flow:
      let hidden = flow.act(&engine)
      publish()
      if let hidden, nasdaq != nil {
        let match = engine.claimMatch()
        nasdaq?.hidden(hidden, match: match, now)
      }
    case .inbox:
      guard let entry = inbox.removeFirst() else { return }
      let moment = VenueMoment(
        time: now, refuses: mischief.happens(perMillion: configuration.faults.reject))
      // No request of either protocol is longer.
      guard entry.bytes.count <= 4_096 else { break }
      nasdaq?.receive(entry.bytes, moment, &engine)
      binance?.receive(entry.bytes, moment, &engine)
    case .depth:
      depthDue = nil
      binance?.depth(engine, now)
    }
    publish()
    send()
  }

  private mutating func perform(_ act: Act) {
    switch act {
    case .begin:
      engine.phase = .preOpen
      nasdaq?.begin(now)
    case .open:
      engine.phase = .open
      nasdaq?.open(now)
      binance?.open(engine)
    case .halt:
      engine.phase = .halted
      nasdaq?.halt(true, now)
    case .resume:
      engine.phase = .open
      nasdaq?.halt(false, now)
    case .close:
      nasdaq?.close(now, &engine)
      binance?.close(now, &engine)
      publish()
      engine.phase = .closed
    case .end:
      nasdaq?.end(now)
    }
  }

  private mutating func publish() {
    guard !engine.changes.isEmpty else { return }
    nasdaq?.publish(&engine, now)
    binance?.publish(&engine, now)
  }

  // MARK: Sending

  private mutating func jitter() -> Int64 {
    let bound = configuration.latency.jitter
    return bound > 0 ? Int64(travel.below(UInt64(bound) + 1)) : 0
  }

  private mutating func send() {
    let emissions = nasdaq?.emissions ?? binance?.emissions ?? []
    nasdaq?.emissions.removeAll(keepingCapacity: true)
    binance?.emissions.removeAll(keepingCapacity: true)
    for emission in emissions { send(emission) }
    if depthDue == nil, binance?.data.hasChanges == true {
      // On a grid from the open, strictly after now.
      let interval = configuration.depthInterval
      depthDue = configuration.open + ((now - configuration.open) / interval + 1) * interval
    }
  }

  private mutating func send(_ emission: Emission) {
    let faults = configuration.faults
    var copies = 1
    switch emission.weight {
    case .data, .fill: break
    case .reply: if mischief.happens(perMillion: faults.lostReply) { copies = 0 }
    case .acknowledgement:
      if mischief.happens(perMillion: faults.lostReply) {
        copies = 0
      } else if mischief.happens(perMillion: faults.duplicateAcknowledgement) {
        copies = 2
      }
    }
    let latency =
      emission.channel == .marketData ? configuration.latency.marketData : configuration.latency.orderEntryOutbound
    for _ in 0..<copies {
      sent += 1
      let time = now + latency + jitter()
      outboxes[Int(emission.channel.rawValue)].append(time: time, order: sent, bytes: emission.bytes)
    }
  }
}

/// Messages under way on one channel: none overtakes another.
struct FrameQueue: Sendable {
  struct Entry: Sendable {
    var time: Int64
    var order: UInt64
    var bytes: [UInt8]
  }
  private var entries: [Entry] = []
  private var head = 0
  private var latest = Int64.min

  var first: Entry? { head < entries.count ? entries[head] : nil }

  mutating func append(time: Int64, order: UInt64, bytes: [UInt8]) {
    latest = max(latest, time)
    entries.append(Entry(time: latest, order: order, bytes: bytes))
  }

  mutating func removeFirst() -> Entry? {
    guard head < entries.count else { return nil }
    let entry = entries[head]
    head += 1
    // Half of the array is behind us: let it go, at a cost that is constant per message.
    if head >= 64, head * 2 >= entries.count {
      entries.removeFirst(head)
      head = 0
    }
    return entry
  }
}
