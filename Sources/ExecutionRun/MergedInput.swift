// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
package import EventFlow
package import ExecutionEngine
package import ExecutionIR
internal import Feeds
package import RunJournal
internal import VenueSimulator

/// Several feeds in their one total order: by merge time, then the feeds' order, then the order within the feed.
package final class MergedInput: RunSource {
  package let lanes: [FeedLane]
  package private(set) var instruments = GlobalInstruments()
  /// The number of the next event in the run's total order.
  package private(set) var sequence: UInt64 = 0
  private var order: MergeOrder
  private var heads: [MergeOrder.Head]
  /// The fill model, where the run has one.
  package var model: ModelLane? = nil
  /// What became of a shadow at the first frame of the last batch.
  private var shadowRecords: [ShadowRecord] = []

  package init(lanes: [FeedLane]) {
    self.lanes = lanes
    order = MergeOrder(feeds: lanes.count)
    heads = Array(repeating: .ended, count: lanes.count)
  }

  /// Frames of a feed that were stamped before a frame ahead of them.
  package func stepsBack(_ feed: Int) -> UInt64 { order.backwardSteps(feed) }

  package func nextTime() throws(RunError) -> Int64? {
    let time = try choose()?.time
    guard let modelTime = model?.nextTime else { return time }
    return min(time ?? modelTime, modelTime)
  }

  /// The fill model takes the orders; without one there is nobody to send them to.
  package func send(_ intent: OrderIntent, engine: borrowing Engine) throws(RunError) {
    guard model != nil else { throw .internalFault("order \(intent.id) is sent in a run without fills") }
    guard let venue = engine.instrument(ofVenue: intent.venue) else {
      throw .internalFault("order \(intent.id) goes to a venue without an instrument")
    }
    guard let quantity = engine.venueQuantity(intent.quantity, venue: intent.venue) else {
      throw .internalFault("order \(intent.id) has a quantity that the venue cannot express")
    }
    model!.submit(
      ModelRequest(
        childID: intent.id, previousID: 0, action: intent.action == .new ? .new : .cancel, instrument: UInt32(venue),
        side: engine.side, price: intent.price, quantity: quantity, immediateOrCancel: !intent.isPassive,
        postOnly: intent.isPassive), at: intent.time)
  }

  package func takeIncidents() -> [FeedIncident] { lanes.flatMap { $0.takeIncidents() } }

  package func revoke(_ adapter: Digest, reason: String, isEnding: Bool) throws(RunError) -> [FeedIncident] {
    var incidents: [FeedIncident] = []
    for lane in lanes {
      if let incident = try lane.revoke(adapter, reason: reason, isEnding: isEnding) { incidents.append(incident) }
    }
    return incidents
  }

  package func takeShadowRecords() -> [ShadowRecord] {
    defer { shadowRecords.removeAll() }
    return shadowRecords
  }

  /// Damage of a capture shows once everything before it was delivered.
  package func finish() throws(RunError) {
    if let damage = lanes.compactMap(\.damage).first { throw .feed(damage) }
    if let quarantine = lanes.compactMap(\.quarantine).first { throw .adapter(quarantine) }
  }

  package var failedShadow: ShadowRecord? { lanes.lazy.compactMap(\.failedShadow).first }

  private func choose() throws(RunError) -> MergeOrder.Turn? {
    for index in lanes.indices { heads[index] = try lanes[index].head() }
    let heads = heads
    return order.next(heads.span)
  }

  /// Empties `batch` and fills it with the frames whose merge time is before `limit`, as far as there is room. The
  /// running maximum of their receive times is the merge time, for every reader of the result.
  ///
  /// - Returns: false when nothing is there before `limit`.
  package func fill(_ batch: inout EventBatch, before limit: Int64 = .max) throws(RunError) -> Bool {
    batch.removeAll()
    while true {
      let choice = try choose()
      // What the model reports for a moment follows all that the market said up to it.
      if let time = model?.nextTime, time < limit, time < choice?.time ?? .max {
        if model!.pop(upTo: time, into: &batch) == 0, model!.nextTime == time { break }
        continue
      }
      guard let choice, choice.time < limit else { break }
      let taken = try drain(lanes[choice.feed], into: &batch, through: min(choice.limit, limit - 1))
      if taken == 0 { break }
    }
    sequence += UInt64(batch.eventCount)
    return batch.frameCount > 0
  }

  /// Takes the lane's frames up to `last`, as far as its batch and the room reach.
  private func drain(
    _ lane: FeedLane, into batch: inout EventBatch, through last: Int64
  ) throws(RunError) -> Int {
    var taken = 0
    while lane.nextFrame < lane.decoded {
      let frame = lane.batch.frame(at: lane.nextFrame)
      let time = order.time(lane.index, MergeOrder.Head(frame))
      guard time <= last, time <= model?.nextTime ?? .max else { break }
      if lane.hasShadowRecord {
        // What is told of a shadow stands before the batch that begins with the frame.
        guard batch.frameCount == 0 else { return taken }
        if let record = lane.takeShadowRecord() { shadowRecords.append(record) }
      }
      let first = lane.nextEvent
      var end = first
      while end < lane.batch.eventCount, Int(lane.batch.event(at: end).frame) == lane.nextFrame { end += 1 }
      guard batch.hasRoom(frameOf: Int(frame.length)), batch.eventCount + end - first <= batch.eventCapacity else {
        guard batch.frameCount > 0 else {
          throw .badInput(
            "feed \(lane.index): the frame at byte \(frame.offset) has \(frame.length) bytes and \(end - first) events, "
              + "more than a batch holds")
        }
        return taken
      }
      order.take(lane.index, MergeOrder.Head(frame))
      let number = UInt32(batch.frameCount)
      batch.append(frame: lane.nextFrame, of: lane.batch)
      for index in first..<end {
        var event = lane.globalized(lane.batch.event(at: index), &instruments)
        event.frame = number
        batch.append(event)
        model?.observe(event, at: time, instruments: instruments)
      }
      lane.nextEvent = end
      lane.nextFrame += 1
      taken += 1
    }
    return taken
  }
}
