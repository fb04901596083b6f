// SPDX-License-Identifier: Apache-2.0

import CExProveABI
import EventFlow
import ExecutionEngine
import ExecutionIR
import Testing
import VenueSimulator

/// What a listener knows who hears each message once, whatever is lost, doubled or late: kept apart from the engine, to hold
/// its orders against.
struct Knowledge {
  struct Child {
    var quantity: Int64
    var filled: Int64 = 0
    /// With fills that were broken later.
    var executed: Int64 = 0
    var gone: Int64 = 0
    var open: Int64 { max(0, quantity - executed - gone) }

    mutating func reject() { gone = quantity }
    mutating func cancel(_ part: Int64) { gone += min(part, open) }
  }

  private(set) var children: [UInt64: Child] = [:]
  private var heard: [UInt64: Int64] = [:]
  private var prints: [UInt64: (quantity: Int64, isOwn: Bool)] = [:]
  private var cancels: [UInt64: Bool] = [:]
  /// Volume that others traded since the window began.
  private(set) var others: Int64 = 0
  var hasBegun = false
  /// Fills beyond what was open.
  private(set) var beyond: Int64 = 0

  var filled: Int64 { children.values.reduce(0) { $0 + $1.filled } }
  var open: Int64 { children.values.reduce(0) { $0 + $1.open } }

  mutating func sent(_ id: UInt64, _ quantity: Int64) { children[id] = Child(quantity: quantity) }

  mutating func hear(_ news: VenueMessage.News) {
    switch news {
    case .nothing, .acknowledged: break
    case .rejected(let id): children[id]?.reject()
    case .cancelled(let id, let quantity, let number):
      guard cancels.updateValue(true, forKey: id << 32 | number) == nil else { return }
      children[id]?.cancel(quantity)
    case .filled(let id, let quantity, let match):
      guard heard[match] == nil else { return }
      heard[match] = quantity
      beyond += max(0, quantity - (children[id]?.open ?? 0))
      children[id]?.filled += quantity
      children[id]?.executed += quantity
    case .broken(let id, let match):
      // One that was lost, or that comes after its break, is not there to be taken back.
      guard let quantity = heard[match], quantity > 0 else { return }
      heard[match] = 0
      children[id]?.filled -= quantity
    case .printed(let quantity, let match, let isOwn):
      guard hasBegun else { return }
      prints[match] = (quantity, isOwn)
      if !isOwn { others += quantity }
    case .printBroken(let match):
      guard let print = prints.removeValue(forKey: match), !print.isOwn else { return }
      others -= print.quantity
    }
  }
}

/// What happened in a world, so that a test which saw nothing fails.
struct WorldCounts {
  var orders = 0
  var fills = 0
  var lost = 0
  var doubled = 0
  var fillsBeforeAcknowledgement = 0
  var cancelsAgain = 0
  var broken = 0
  var atCap = 0
  var breaches = 0

  static func += (left: inout WorldCounts, right: WorldCounts) {
    left.orders += right.orders
    left.fills += right.fills
    left.lost += right.lost
    left.doubled += right.doubled
    left.fillsBeforeAcknowledgement += right.fillsBeforeAcknowledgement
    left.cancelsAgain += right.cancelsAgain
    left.broken += right.broken
    left.atCap += right.atCap
    left.breaches += right.breaches
  }
}

/// An engine, two unreliable venues, and everything under way between them.
struct UnreliableWorld: ~Copyable {
  private struct Request {
    var time: Int64
    var intent: OrderIntent
  }
  private struct Delivery {
    var time: Int64
    var frame: MarketFrame
    var news: [VenueMessage.News]
  }

  private(set) var bench: Bench
  private(set) var venues: [UnreliableVenue] = []
  private(set) var knowledge = Knowledge()
  private(set) var counts = WorldCounts()
  private let mishaps: Mishaps
  private let parent: Int64
  private var random: RandomSource
  private var requests: [Request] = []
  private var deliveries: [Delivery] = []
  private var nextAct = Scene.start - 5 * second
  private let pace: Int64
  private var acknowledged: [UInt64: Bool] = [:]
  private let comment: Comment
  /// Called after each decision, with what came of it.
  private let look: (borrowing UnreliableWorld, EngineOutput) throws -> Void

  init(
    _ scene: Scene, mishaps: Mishaps, seed: UInt64, pace: Int64 = 300 * millisecond,
    look: @escaping (borrowing UnreliableWorld, EngineOutput) throws -> Void = { _, _ in }
  ) throws {
    bench = try Bench(scene)
    self.mishaps = mishaps
    self.pace = pace
    self.look = look
    parent = scene.quantity.units
    comment = "seed \(seed)"
    random = RandomSource(seed: seed, stream: 99)
    for number in scene.venues.indices {
      venues.append(UnreliableVenue(number, tellsOrders: number % 2 == 1, mishaps: mishaps, seed: seed))
      venues[number].open()
      carry(number, at: Scene.start - 6 * second)
    }
  }

  var isQuiet: Bool { requests.isEmpty && deliveries.isEmpty }

  mutating func run() throws {
    while let decision = bench.engine.nextDecision {
      let request = requests.first?.time ?? .max
      let delivery = deliveries.first?.time ?? .max
      let next = min(request, delivery, nextAct)
      if next >= decision {
        try decide(at: decision)
      } else if delivery == next {
        try deliver()
      } else if request == next {
        arrive()
      } else {
        let venue = Int(random.below(UInt64(venues.count)))
        venues[venue].act(at: nextAct)
        carry(venue, at: nextAct)
        nextAct += 1 + Int64(random.below(UInt64(2 * pace)))
      }
    }
  }

  // MARK: - Carrying

  private mutating func decide(at time: Int64) throws {
    if time >= Scene.start { knowledge.hasBegun = true }
    let output = try bench.decide()
    for intent in output.intents { try send(intent) }
    try look(self, output)
  }

  private mutating func send(_ intent: OrderIntent) throws {
    if intent.action == .new {
      counts.orders += 1
      knowledge.sent(intent.id, intent.quantity)
      checkExposure()
      checkParticipation()
    }
    let loss = intent.action == .new ? mishaps.orderLost : mishaps.cancelLost
    if random.happens(perMillion: loss) { return counts.lost += 1 }
    let request = Request(time: intent.time + late(), intent: intent)
    let place = requests.lastIndex { $0.time <= request.time }.map { $0 + 1 } ?? 0
    requests.insert(request, at: place)
  }

  private mutating func late() -> Int64 { mishaps.delay > 0 ? Int64(random.below(UInt64(mishaps.delay))) : 0 }

  private mutating func arrive() {
    let request = requests.removeFirst()
    let intent = request.intent
    if intent.action == .new {
      venues[intent.venue].enter(
        intent.id, bench.engine.side, intent.price, intent.quantity, isPassive: intent.isPassive, at: request.time)
    } else {
      venues[intent.venue].cancel(intent.id, at: request.time)
    }
    carry(intent.venue, at: request.time)
  }

  /// Sends off what a venue has said, as far as it is not lost, and holds what is true against the parent.
  private mutating func carry(_ venue: Int, at time: Int64) {
    let said = venues[venue].said
    venues[venue].said.removeAll()
    for message in said {
      let loss = message.weight == .data ? 0 : message.weight == .fill ? mishaps.fillLost : mishaps.replyLost
      if random.happens(perMillion: loss), !message.isBreak {
        counts.lost += 1
        continue
      }
      let feed = message.weight == .data ? venue : venues.count
      let isTwice = message.weight != .data && random.happens(perMillion: mishaps.twice)
      if isTwice { counts.doubled += 1 }
      for _ in 0..<(isTwice ? 2 : 1) {
        let arrival = time + (message.weight == .data ? mishaps.publicDelay : late())
        deliver(Delivery(time: arrival, frame: MarketFrame(arrival, feed, message.events), news: message.news))
      }
    }
    checkTruth()
  }

  private mutating func deliver(_ delivery: Delivery) {
    let place = deliveries.lastIndex { $0.time <= delivery.time }.map { $0 + 1 } ?? 0
    deliveries.insert(delivery, at: place)
  }

  private mutating func deliver() throws {
    let delivery = deliveries.removeFirst()
    for news in delivery.news {
      knowledge.hear(news)
      if case .filled(let id, _, _) = news {
        counts.fills += 1
        if acknowledged[id] == nil { counts.fillsBeforeAcknowledgement += 1 }
      }
      if case .broken = news { counts.broken += 1 }
    }
    if delivery.news == [.acknowledged], let event = delivery.frame.events.first { acknowledged[event.order_id] = true }
    try bench.step(delivery.frame)
  }

  // MARK: - What must always hold

  /// At the venues themselves: filled, live and under way come to no more than the parent order.
  private func checkTruth() {
    guard mishaps.fillsCancelled == 0 else { return }
    var sum: Int64 = 0
    for venue in venues { for order in venue.orders { sum += order.filled + order.open } }
    for request in requests where request.intent.action == .new { sum += request.intent.quantity }
    #expect(sum <= parent, comment)
  }

  /// By everything that was said: quantity is live until its cancel was acknowledged.
  private func checkExposure() { #expect(knowledge.filled + knowledge.open <= parent, comment) }

  /// 10⁶ · own ≤ cap · (others + own), each own print being nobody else's.
  private mutating func checkParticipation() {
    let cap = bench.scene.participation
    guard cap < 1_000_000 else { return }
    let own = Int128(knowledge.filled + knowledge.open)
    let most = Int128(cap) * (Int128(knowledge.others) + own)
    #expect(1_000_000 * own <= most, comment)
    if 1_000_000 * (own + 1) > Int128(cap) * (Int128(knowledge.others) + own + 1) { counts.atCap += 1 }
  }

  /// What is left when the run has ended.
  consuming func finished() throws -> (record: Record, inputs: [Bench.Input], counts: WorldCounts, knowledge: Knowledge)
  {
    counts.cancelsAgain += bench.record.statements.count {
      $0.kind == .cancel && ($0.body["attempt"]?.integer() ?? 1) > 1
    }
    counts.breaches += Int(knowledge.beyond)
    return (bench.record, bench.inputs, counts, knowledge)
  }
}
