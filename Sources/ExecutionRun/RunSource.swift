// SPDX-License-Identifier: Apache-2.0

package import EventFlow
package import ExecutionEngine
package import ExecutionIR
package import RunJournal

/// Where a run's inputs come from and its orders go: captures, with a fill model or without, or simulated venues.
package protocol RunSource: AnyObject {
  /// Empties `batch` and fills it with what comes next in the total order before `limit`, as far as there is room.
  ///
  /// - Returns: false when nothing is there before `limit`.
  func fill(_ batch: inout EventBatch, before limit: Int64) throws(RunError) -> Bool

  /// When the next thing happens, nanoseconds UTC; nil when nothing follows.
  func nextTime() throws(RunError) -> Int64?

  /// Takes what the engine sends at `intent.time`, behind everything that was handed out so far.
  func send(_ intent: OrderIntent, engine: borrowing Engine) throws(RunError)

  /// What happened to adapters' workers since this was last asked, and the venues survived.
  func takeIncidents() -> [FeedIncident]

  /// Says of every feed whose adapter or shadow has that digest that it was revoked, before the feed's next frame; where
  /// `isEnding`, the feed ends there.
  func revoke(_ adapter: Digest, reason: String, isEnding: Bool) throws(RunError) -> [FeedIncident]

  /// What became of adapters' shadows at the first frame of the batch that was filled last.
  func takeShadowRecords() -> [ShadowRecord]

  /// A shadow that was found to fail by now, at this batch or ahead of it; not one that failed in an earlier attempt too.
  var failedShadow: ShadowRecord? { get }

  /// Throws what was wrong with the inputs, once all that could be read of them was handed out.
  func finish() throws(RunError)
}

extension RunSource {
  /// Most sources have no shadows.
  package func takeShadowRecords() -> [ShadowRecord] { [] }
  package var failedShadow: ShadowRecord? { nil }
  /// The adapters of simulated venues are those that come with the program.
  package func revoke(_ adapter: Digest, reason: String, isEnding: Bool) throws(RunError) -> [FeedIncident] { [] }
}
