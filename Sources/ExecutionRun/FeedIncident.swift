// SPDX-License-Identifier: Apache-2.0

package import AdapterHost
internal import ExecutionIR
internal import RunJournal

/// What happened to the adapter of one feed.
package struct FeedIncident: Equatable, Sendable {
  /// The feed's number in the run.
  package var feed: UInt32
  package var incident: AdapterIncident
  /// It happened to the adapter's shadow.
  package var isShadow: Bool

  package init(feed: UInt32, incident: AdapterIncident, isShadow: Bool = false) {
    self.feed = feed
    self.incident = incident
    self.isShadow = isShadow
  }

  /// As the journal takes it up.
  var record: IncidentRecord {
    IncidentRecord(
      feed: feed, kind: incident.cause.kind, text: incident.text, call: incident.call,
      frames: incident.frames.map {
        IncidentRecord.Frames(count: UInt64($0.count), firstOffset: $0.firstOffset, lastOffset: $0.lastOffset)
      }, isQuarantined: incident.isQuarantined, isShadow: isShadow)
  }
}
