// SPDX-License-Identifier: Apache-2.0

import CExProveABI
import EventFlow
import Feeds
import Testing

@Suite struct MergeOrderTests {
  private func frame(_ time: Int64?) -> Frame {
    var frame = Frame()
    frame.receive_time = time ?? 0
    frame.flags = time == nil ? FrameFlags.noTime.rawValue : 0
    return frame
  }

  /// What the pipeline does with it: turns, until all feeds have ended; frames come in pieces of `piece`.
  private func merge(_ feeds: [[Int64?]], piece: Int) -> (order: [[Int]], MergeOrder) {
    var order = MergeOrder(feeds: feeds.count)
    var next = Array(repeating: 0, count: feeds.count)
    var merged: [[Int]] = []
    let frames = feeds.map { $0.map(frame) }
    while true {
      let heads = feeds.indices.map { feed -> MergeOrder.Head in
        next[feed] < frames[feed].count ? .init(frames[feed][next[feed]]) : .ended
      }
      guard let turn = order.next(heads.span) else { return (merged, order) }
      let end = min(frames[turn.feed].count, next[turn.feed] + piece)
      let count = order.advance(turn, Array(frames[turn.feed][next[turn.feed]..<end]).span)
      guard count > 0 else {
        Issue.record("a turn without a frame: \(turn)")
        return (merged, order)
      }
      merged += (next[turn.feed]..<(next[turn.feed] + count)).map { [turn.feed, $0] }
      next[turn.feed] += count
    }
  }

  /// The definition: sort by (running maximum, feed, ordinal).
  private func sorted(_ feeds: [[Int64?]]) -> [[Int]] {
    var all: [(time: Int64, feed: Int, ordinal: Int)] = []
    for (feed, times) in feeds.enumerated() {
      var maximum = Int64.min
      for (ordinal, time) in times.enumerated() {
        maximum = max(maximum, time ?? .min)
        all.append((maximum, feed, ordinal))
      }
    }
    return all.sorted { ($0.time, $0.feed, $0.ordinal) < ($1.time, $1.feed, $1.ordinal) }.map { [$0.feed, $0.ordinal] }
  }

  @Test func equalsASort() {
    var generator = Seeded(4)
    for round in 0..<5000 {
      // Few different times, so that ties are common, and sometimes the ends of the range.
      let span: ClosedRange<Int64> = round % 3 == 0 ? 0...3 : 0...50
      let feeds = (0..<Int.random(in: 1...5, using: &generator)).map { _ -> [Int64?] in
        var time: Int64 = 0
        return (0..<Int.random(in: 0...30, using: &generator)).map { _ in
          switch Int.random(in: 0..<12, using: &generator) {
          case 0: return nil
          case 1: return .random(in: span, using: &generator)
          case 2 where round % 7 == 0: return [.min, .max].randomElement(using: &generator)
          default:
            time += .random(in: 0...3, using: &generator)
            return time
          }
        }
      }
      let expected = sorted(feeds)
      for piece in [1, 3, 1000] {
        guard merge(feeds, piece: piece).order == expected else {
          Issue.record("\(feeds) in pieces of \(piece)")
          return
        }
      }
    }
  }

  @Test func stepsBackwardsAreCounted() {
    let (_, order) = merge([[10, 5, 6, nil, 4, 20, 20, 19], [1, 2, 3]], piece: 2)
    // 10→5, 6→4, 20→19; a frame without a time is no step.
    #expect(order.backwardSteps(0) == 3 && order.furthestBack(0) == 6 && order.mergedTime(0) == 20)
    #expect(order.backwardSteps(1) == 0 && order.furthestBack(1) == 0)
    #expect(merge([[.max, .min]], piece: 9).1.furthestBack(0) == .max)
  }

  @Test func runsAreTakenInBulk() {
    var order = MergeOrder(feeds: 2)
    let heads: [MergeOrder.Head] = [.time(5), .time(9)]
    #expect(order.next(heads.span) == .init(feed: 0, time: 5, limit: 9))
    let frames = [5, 7, 9, 10].map { frame($0) }
    #expect(order.advance(order.next(heads.span)!, frames.span) == 3)
    let later: [MergeOrder.Head] = [.time(10), .time(9)]
    #expect(order.next(later.span) == .init(feed: 1, time: 9, limit: 9))
    let alone: [MergeOrder.Head] = [.time(10), .ended]
    #expect(order.next(alone.span) == .init(feed: 0, time: 10, limit: .max))
    let none: [MergeOrder.Head] = [.ended, .ended]
    #expect(order.next(none.span) == nil)
  }

  @Test func receiveTimesFromTheVenuesOwn() {
    var batch = EventBatch(frames: 4, events: 1, bytes: 16)
    let bytes: [UInt8] = [1, 2]
    for _ in 0..<4 { batch.append(frame: frame(nil), bytes: bytes.span) }
    let times: [Int64] = [100, .min, .max]
    #expect(batch.deriveReceiveTimes(from: 1, venueTimes: times.span, latency: 25) == 2)
    #expect(batch.frames[0].flags == FrameFlags.noTime.rawValue)
    #expect(batch.frames[1].receive_time == 125 && batch.frames[1].flags == FrameFlags.derivedTime.rawValue)
    #expect(batch.frames[2].flags == FrameFlags.noTime.rawValue && batch.frames[2].receive_time == 0)
    #expect(batch.frames[3].flags == FrameFlags.noTime.rawValue && batch.frames[3].receive_time == 0)
  }
}
