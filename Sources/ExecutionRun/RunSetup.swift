// SPDX-License-Identifier: Apache-2.0

internal import EventFlow
internal import AdapterHost
internal import CivilTime
internal import ContractLanguage
internal import DurableFiles
package import ExecutionEngine
package import ExecutionIR
internal import Feeds
package import Governance
package import RunJournal
internal import SourceDiagnostics

/// Reads the files of a run, checks that they go together, and opens what is needed.
package enum RunSetup {
  package static let algorithm = Algorithm(name: "exprove-schedule", version: RunDescription.program)

  /// Reads a file that the user named: missing is 66, unreadable 74.
  package static func read(_ path: String, limit: Int = 256 << 20) throws(RunError) -> [UInt8] {
    do throws(FileError) { return try Files.read(path, limit: limit) } catch {
      throw error.isMissing ? .missing(error.description) : .io(error.description)
    }
  }

  package static func reference(_ path: String) throws(RunError) -> ReferenceData {
    let bytes = try read(path)
    do throws(ReferenceError) { return try ReferenceData.parse(bytes, file: path) } catch {
      throw .badInput(error.description)
    }
  }

  package static func policy(_ path: String?) throws(RunError) -> Policy {
    guard let path else { return .builtIn }
    let bytes = try read(path)
    do throws(ReferenceError) { return try Policy.parse(bytes, file: path) } catch {
      throw .badInput(error.description)
    }
  }

  /// The one task of a file.
  package static func task(_ path: String, reference: ReferenceData?) throws(RunError) -> LocalExecutionTask {
    try task(read(path), file: path, reference: reference)
  }

  /// The one task of a text; `path` is what messages call it.
  static func task(_ bytes: [UInt8], file path: String, reference: ReferenceData?) throws(RunError)
    -> LocalExecutionTask
  {
    let environment = TaskEnvironment(
      algorithm: algorithm,
      units: reference.map { data in
        { name in (try? data.instrument(name)).map { [$0.base] } ?? [] }
      },
      zone: { (name) throws(ZoneError) in try Zone.load(name) })
    let file = TaskFile(bytes, file: path, environment: environment)
    guard file.diagnostics.isEmpty else {
      throw .badInput(file.diagnostics.map(\.description).joined(separator: "\n"))
    }
    guard file.tasks.count == 1 else {
      throw .badInput("\(path): holds \(file.tasks.count) tasks; a run takes exactly one")
    }
    return file.tasks[0]
  }

  /// A volume curve file: `{"date": "2024-08-08", "curves": [[…], …]}`, one curve per venue of the task, decimal strings
  /// or integers at the engine's scale.
  package static func prior(_ path: String?) throws(RunError) -> PriorVolume? {
    guard let path else { return nil }
    let bytes = try read(path)
    do {
      let json = try JSON.parse(bytes)
      let reader = try RecordReader(json, path: "", keys: ["date", "curves"])
      let curves = try reader.list("curves", atMost: 64) { (json, path) throws(RecordError) -> [Int64] in
        guard let values = json.elements else { throw RecordError(path: path, reason: "an array is expected here") }
        return try values.map { (value) throws(RecordError) in
          guard let number: Int64 = value.integer(), number >= 0 else {
            throw RecordError(path: path, reason: "integers of 0 or more are expected here")
          }
          return number
        }
      }
      return PriorVolume(date: try reader.string("date"), digest: Digest(of: bytes), curves: curves)
    } catch {
      throw .badInput("\(path): \(error)")
    }
  }

  /// How a feed over a capture stands in `run.json`.
  static func describe(_ setup: FeedSetup) -> FeedDescription {
    var feed = FeedDescription(
      venue: setup.options.venue, isReference: setup.options.isReference, source: "capture",
      option: setup.options.text, clock: setup.options.clock, uncertainty: setup.options.uncertainty,
      container: setup.container,
      adapter: describe(setup.adapter, setup.session, setup.sandbox, zoneDigest: setup.zoneDigest))
    feed.shadow = setup.shadow.map { shadow in
      FeedDescription.Shadow(
        adapter: describe(shadow.adapter, setup.session, shadow.sandbox, zoneDigest: setup.zoneDigest),
        promoteAfter: shadow.promoteAfter)
    }
    return feed
  }

  static func describe(
    _ adapter: AdapterModule, _ session: AdapterSession.Configuration, _ sandbox: SandboxLevel?, zoneDigest: Digest?
  ) -> FeedDescription.Adapter {
    FeedDescription.Adapter(
      name: adapter.manifest.name, version: adapter.manifest.version, digest: Digest(bytes: adapter.image.digest)!,
      framing: session.framing.rawValue, channel: session.channel.rawValue, dayStart: session.dayStart,
      zoneDigest: zoneDigest, seed: session.seed,
      settings: session.settings.map { FeedDescription.Setting(key: $0.key, value: $0.value) },
      isolation: sandbox.map { describe($0) })
  }

  static func describe(_ sandbox: SandboxLevel) -> AdapterIsolation {
    AdapterIsolation(
      landlock: sandbox.landlock, seccomp: sandbox.seccomp, hasNoNewPrivileges: sandbox.hasNoNewPrivileges,
      hasLimits: sandbox.hasLimits, stoodBeforeLoad: sandbox.stoodBeforeLoad)
  }
}
