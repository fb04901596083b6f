// SPDX-License-Identifier: Apache-2.0

/// What became of what was staged.
package struct MarketOutcome: Equatable, Sendable {
  /// What clients now see, a line each.
  package var admitted: [String] = []
  /// What lies in `incoming/` still, and what it waits for.
  package var waiting: [String] = []
  /// What was staged and breaks a rule; it stays where it is and does nothing.
  package var refused: [String] = []
  /// Why nothing was written: a key of the repository is not here.
  package var lacking: String?

  /// The version of the timestamp that stands.
  package var timestamp: Int64 = 0

  package init() {}
}
