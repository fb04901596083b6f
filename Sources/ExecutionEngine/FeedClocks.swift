// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
internal import EventFlow
internal import ExecutionIR

/// When each feed was last heard, by the clock that stamped it. Feeds of one clock are in an order that the clock vouches
/// for; between two clocks it can be uncertain.
struct FeedClocks: Sendable {
  private let feeds: [EngineFeed]
  private var lastHeard: [Int64?]
  /// Whether there is more than one clock; otherwise nothing is uncertain and nothing is kept.
  let isNeeded: Bool

  init(_ feeds: [EngineFeed]) {
    self.feeds = feeds
    lastHeard = Array(repeating: nil, count: feeds.count)
    let names = feeds.compactMap { $0.clock.map { $0.name ?? "" } }
    isNeeded = names.contains { $0 != names[0] }
  }

  mutating func hear(_ frame: Frame) {
    guard Int(frame.feed) < feeds.count, frame.flags & FrameFlags.noTime.rawValue == 0 else { return }
    lastHeard[Int(frame.feed)] = frame.receive_time
  }

  /// Pairs of feeds of different clocks whose last frames lie within what the clocks may be wrong by.
  var uncertain: [OrderUncertainty] {
    guard isNeeded else { return [] }
    var found: [OrderUncertainty] = []
    for (first, a) in feeds.enumerated() {
      for (second, b) in feeds.enumerated().dropFirst(first + 1) {
        guard let a = a.clock, let b = b.clock, a.name != b.name else { continue }
        guard let earlier = lastHeard[first], let later = lastHeard[second] else { continue }
        let apart = earlier.subtractingReportingOverflow(later)
        let distance = apart.overflow ? Int64.max : Int64(clamping: apart.partialValue.magnitude)
        let both = FeedClocks.sum(a.uncertainty, b.uncertainty)
        if let both, distance > both { continue }
        found.append(
          OrderUncertainty(
            feeds: [first, second], clocks: [a.name ?? "", b.name ?? ""], apart: distance, uncertainty: both))
      }
    }
    return found
  }

  private static func sum(_ a: Int64?, _ b: Int64?) -> Int64? {
    guard let a, let b else { return nil }
    let (sum, overflow) = a.addingReportingOverflow(b)
    return overflow ? .max : sum
  }
}
