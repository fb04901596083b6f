// SPDX-License-Identifier: Apache-2.0

/// When the last messages were sent, for the control of their rate: a ring that remembers one more than any policy's
/// limit can ask for, so that memory is bounded and the count is exact up to the limit.
package struct MessageWindow: Sendable {
  /// The highest limit that a policy can set.
  package static let mostMessages: Int64 = 65_536

  private var times: [Int64]
  private var next = 0
  private var count = 0

  /// For a policy's limit; nil for a policy without one.
  package init(_ rate: Policy.MessageRate?) {
    times = Array(repeating: 0, count: Int(rate.map { min(max($0.messages, 1), MessageWindow.mostMessages) } ?? 1))
  }

  /// A message goes out. `time` does not run backwards.
  package mutating func record(at time: Int64) {
    times[next] = time
    next = next + 1 == times.count ? 0 : next + 1
    count = min(count + 1, times.count)
  }

  /// How many went out after `time` − `window`; no more than the limit are counted.
  package func recent(at time: Int64, window: Int64) -> Int64 {
    let (start, overflow) = time.subtractingReportingOverflow(window)
    var found: Int64 = 0
    for age in 0..<count {
      let index = (next - 1 - age + times.count) % times.count
      if !overflow, times[index] <= start { break }
      found += 1
    }
    return found
  }
}
