// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
internal import CWorkerLink
internal import EventFlow

/// The frames that a session decoded since its state was last saved, and what they gave: what a new worker is told again.
/// They lie in the inlet, where every worker of the session reads them.
struct FrameHistory {
  /// Frames one behind the other in the inlet's table.
  struct Run {
    var first: Int
    var count: Int
    /// Where the bytes begin that `Frame.data` counts from, and where theirs end.
    var base: Int
    var end: Int

    var lastFrame: Int { first + count }
  }

  /// In the order in which they were decoded.
  private(set) var runs: [Run] = []
  /// Bytes that they take in all.
  private(set) var size = 0
  /// Of the events that they gave.
  var mix = StreamMix()

  mutating func append(_ run: Run, bytes: Int) {
    guard run.count > 0 else { return }
    size += bytes + run.count * MemoryLayout<Frame>.stride
    if let last = runs.last, last.base == run.base, last.lastFrame == run.first {
      runs[runs.count - 1].count += run.count
      runs[runs.count - 1].end = max(last.end, run.end)
    } else {
      runs.append(run)
    }
  }

  /// Where the frames and the bytes of an area end that begins at `start`.
  func end(of area: Range<Int>, from start: (frame: Int, byte: Int)) -> (frame: Int, byte: Int) {
    runs.reduce(start) { found, run in
      area.contains(run.first) ? (max(found.frame, run.lastFrame), max(found.byte, run.end)) : found
    }
  }

  /// The last run when it is short, taken out so that it can be put to the one before.
  mutating func takeLast(shorterThan limit: Int) -> Run? {
    guard let last = runs.last, last.count < limit else { return nil }
    return runs.removeLast()
  }

  /// Puts a run back.
  mutating func putBack(_ run: Run) { append(run, bytes: -run.count * MemoryLayout<Frame>.stride) }
}
