// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
package import ExecutionIR
package import RunJournal

/// The one JSON object of `normalize --summary`.
package enum SummaryReport {
  package static func make(
    _ counts: StreamSummary, input: MergedInput, setups: [FeedSetup]
  ) throws(RunError) -> JSON {
    var members = counts.members
    var messages: [String: UInt64] = [:]
    // A quarantined adapter tells nothing any more.
    for (lane, setup) in zip(input.lanes, setups) where lane.quarantine == nil {
      do {
        for (name, count) in zip(setup.adapter.manifest.messages, try lane.session.counters()) where count > 0 {
          messages[name, default: 0] += count
        }
      } catch {
        throw .adapter(error)
      }
    }
    members["by_message"] = .object(messages.mapValues { .wide($0) })
    members["instruments"] = .integer(Int64(input.instruments.listings.count))
    members["steps_back"] = .wide(input.lanes.indices.reduce(0) { $0 + input.stepsBack($1) })
    let adapters = setups.map { adapter($0) }
    members["adapter"] = adapters.first ?? .null
    if adapters.count > 1 { members["adapters"] = .array(adapters) }
    return .object(members)
  }

  /// Name, version and digest, as every report names an adapter.
  package static func adapter(_ setup: FeedSetup) -> JSON {
    .object([
      "name": .string(setup.adapter.manifest.name), "version": .string(setup.adapter.manifest.version),
      "digest": .string(setup.adapter.image.digestText),
    ])
  }
}
