// SPDX-License-Identifier: Apache-2.0

/// How a security's fair value wanders. Venues that are given the same description follow the same path,
/// so that prices of one security agree across venues.
package struct FairValueConfiguration: Sendable {
  package var seed: UInt64
  /// Where the path starts, and what it is drawn back to; at 1e-9.
  package var initial: Int64
  /// Nanoseconds between steps.
  package var interval: Int64
  /// Price at 1e-9 of a unit step; a step has a standard deviation of four units.
  package var unit: Int64
  /// How much of the distance to `initial` each step takes back, in millionths.
  package var reversionPerMillion: Int64
  /// The path never goes below this price at 1e-9.
  package var floor: Int64

  package init(
    seed: UInt64, initial: Int64, interval: Int64 = 100_000_000, unit: Int64 = 250_000,
    reversionPerMillion: Int64 = 200, floor: Int64 = 1_000_000_000
  ) {
    self.seed = seed
    self.initial = initial
    self.interval = interval
    self.unit = unit
    self.reversionPerMillion = reversionPerMillion
    self.floor = floor
  }
}

/// A mean-reverting walk in integers, evaluated forward in time only.
package struct FairValueProcess: Sendable {
  private let configuration: FairValueConfiguration
  private var random: RandomSource
  private var lastStep: Int64
  /// At 1e-9.
  package private(set) var value: Int64

  /// `start`: when the path begins; nanoseconds since 1970.
  package init(_ configuration: FairValueConfiguration, start: Int64) {
    self.configuration = configuration
    random = RandomSource(seed: configuration.seed, stream: 0xFA1B)
    lastStep = start
    value = configuration.initial
  }

  /// Goes on to `time`; an earlier time changes nothing.
  package mutating func advance(to time: Int64) {
    while time - lastStep >= configuration.interval {
      lastStep += configuration.interval
      let pull = Int128(configuration.initial - value) * Int128(configuration.reversionPerMillion) / 1_000_000
      let moved = Int128(value) + pull + Int128(configuration.unit) * Int128(random.step())
      value = Int64(min(max(moved, Int128(configuration.floor)), Int128(Int64.max / 4)))
    }
  }
}
