// SPDX-License-Identifier: Apache-2.0

private import CExProveABI
package import EventFlow

/// The one total order of several feeds: by (the running maximum of the feed's receive time, the order of the feed
/// options, the ordinal in the feed). It only counts and compares; the frames stay where they are.
///
/// Use: give `next` the receive time of each feed's next frame; then `advance` over the frames of the feed that
/// it names, which tells how many may be taken before another feed's turn.
package struct MergeOrder {
  /// A feed's run of frames.
  package struct Turn: Equatable, Sendable {
    package var feed: Int
    /// The merged time of its next frame.
    package var time: Int64
    /// Frames of a merged time up to and with this may be taken before another feed's turn.
    package var limit: Int64

    package init(feed: Int, time: Int64, limit: Int64) {
      self.feed = feed
      self.time = time
      self.limit = limit
    }
  }

  /// What a feed's next frame is.
  package enum Head: Equatable, Sendable {
    /// The feed has ended.
    case ended
    /// A frame without a receive time stands where the one before it stood.
    case withoutTime
    case time(Int64)

    package init(_ frame: Frame) {
      self = frame.flags & EXPROVE_FRAME_NO_TIME != 0 ? .withoutTime : .time(frame.receive_time)
    }
  }

  private struct State {
    /// `Int64.min` before the first frame with a time.
    var maximum = Int64.min
    var previous = Int64.min
    var backwardSteps: UInt64 = 0
    var furthestBack: UInt64 = 0
  }

  private var states: [State]

  package init(feeds: Int) { states = Array(repeating: State(), count: feeds) }

  /// Whose turn it is; nil when all have ended. `heads` has one entry for each feed, in the order of the options.
  package func next(_ heads: Span<Head>) -> Turn? {
    precondition(heads.count == states.count)
    var best: (feed: Int, time: Int64)? = nil
    var second: (feed: Int, time: Int64)? = nil
    for feed in heads.indices {
      if heads[feed] == .ended { continue }
      let time = time(feed, heads[feed])
      // Feeds are looked at in their order, so one that only ties stands behind.
      if let current = best, time >= current.time {
        if second.map({ time < $0.time }) ?? true { second = (feed, time) }
      } else {
        second = best
        best = (feed, time)
      }
    }
    guard let best else { return nil }
    guard let second else { return Turn(feed: best.feed, time: best.time, limit: .max) }
    // A tie goes to the earlier feed. The later one was chosen only by a smaller time, so this cannot underflow.
    return Turn(feed: best.feed, time: best.time, limit: best.feed < second.feed ? second.time : second.time - 1)
  }

  /// Takes the frames of a turn off the front of `frames` and says how many there are; counts steps backwards.
  package mutating func advance(_ turn: Turn, _ frames: Span<Frame>) -> Int {
    advance(turn.feed, upTo: turn.limit, frames)
  }

  package mutating func advance(_ feed: Int, upTo limit: Int64, _ frames: Span<Frame>) -> Int {
    var index = 0
    while index < frames.count {
      let head = Head(frames[index])
      guard time(feed, head) <= limit else { break }
      take(feed, head)
      index += 1
    }
    return index
  }

  /// The merged time that the feed's next frame has.
  package func time(_ feed: Int, _ head: Head) -> Int64 {
    guard case .time(let stamp) = head else { return states[feed].maximum }
    return max(stamp, states[feed].maximum)
  }

  /// Takes the feed's next frame; counts a step backwards.
  package mutating func take(_ feed: Int, _ head: Head) {
    guard case .time(let time) = head else { return }
    if time < states[feed].maximum {
      if time < states[feed].previous { states[feed].backwardSteps += 1 }
      states[feed].furthestBack = max(states[feed].furthestBack, UInt64(bitPattern: states[feed].maximum &- time))
    } else {
      states[feed].maximum = time
    }
    states[feed].previous = time
  }

  /// The merged time of the feed's last frame; `Int64.min` before its first frame with a time.
  package func mergedTime(_ feed: Int) -> Int64 { states[feed].maximum }

  /// How often a receive time was below the one before it.
  package func backwardSteps(_ feed: Int) -> UInt64 { states[feed].backwardSteps }

  /// By how many nanoseconds a receive time stood below an earlier one at most.
  package func furthestBack(_ feed: Int) -> UInt64 { states[feed].furthestBack }
}
