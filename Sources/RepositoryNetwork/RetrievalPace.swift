// SPDX-License-Identifier: Apache-2.0

/// How many bytes came within the latest window of time, counted in parts of a window.
struct RetrievalPace {
  /// How many parts a window has.
  static let parts = 30

  /// Of the latest parts, the oldest overwritten by the next.
  private var counts: [Int] = []
  private var oldest = 0
  private var current = 0
  private let slowest: Int

  init(slowest: Int) { self.slowest = slowest }

  mutating func count(_ bytes: Int) { current += bytes }

  /// A part of the window has passed. Whether too little came in the window that ends here.
  mutating func endPart() -> Bool {
    if counts.count < RetrievalPace.parts {
      counts.append(current)
    } else {
      counts[oldest] = current
      oldest = (oldest + 1) % RetrievalPace.parts
    }
    current = 0
    return counts.count == RetrievalPace.parts && counts.reduce(0, +) < slowest
  }

  /// Nothing was asked for meanwhile: what was counted before says nothing.
  mutating func restart() { self = RetrievalPace(slowest: slowest) }
}
