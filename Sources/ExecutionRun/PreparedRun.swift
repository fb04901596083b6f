// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
package import ExecutionEngine
internal import ExecutionIR
internal import Governance
package import RunJournal

/// A run with everything that it needs, begun or taken up in its directory.
package struct PreparedRun {
  package let driver: RunDriver
  package let recorder: RunRecorder
  package let configuration: EngineConfiguration
  private let source: any RunSource
  /// What the policy would rather have otherwise.
  package let warnings: [String]
  /// How old is what is known of its adapters.
  package let notes: [String]

  /// - Parameter adapters: what decodes the feeds; each goes into the directory once.
  init(
    _ description: RunDescription, _ reference: ReferenceData, adapters: [AdapterModule], source: any RunSource,
    certificates: AdapterCertificates? = nil, admission: AdapterAdmission? = nil, hooks: RunHooks? = nil,
    shared: [SignedContext] = [], identity: Identity,
    directory: RunDirectory
  ) throws(RunError) {
    let hooks = hooks ?? .none(description.task)
    configuration = description.engine(reference, shared: shared.map(\.context))
    // A task that does not fit its reference data is refused before anything is written.
    _ = try RunDriver.begin(configuration)
    try PreparedRun.checkWindow(of: description.task, source)
    var bytes: [(Digest, [UInt8])] = []
    for adapter in adapters {
      let digest = Digest(bytes: adapter.image.digest)!
      if !bytes.contains(where: { $0.0 == digest }) { bytes.append((digest, adapter.image.bytes)) }
    }
    for library in hooks.libraries where !bytes.contains(where: { $0.0 == library.0 }) { bytes.append(library) }
    recorder = try RunRecorder.begin(
      directory, proposed: description, identity: identity, adapters: bytes, reference: reference.json.canonical,
      certificates: certificates?.files ?? [], shared: shared)
    warnings = (certificates?.warnings ?? []) + (admission?.warnings ?? [])
    notes = admission?.notes ?? []
    self.source = source
    driver = RunDriver(source: source, recorder: recorder, hooks: hooks)
    driver.watch = admission?.watch()
  }

  package func run() throws(RunError) {
    try driver.run(configuration)
    try source.finish()
  }

  /// So is a window that ended before the first input.
  private static func checkWindow(of task: LocalExecutionTask, _ source: any RunSource) throws(RunError) {
    guard let first = try source.nextTime(), first >= task.window.end else { return }
    throw .badInput(
      "task \(task.id): the captures begin at \(first) (nanoseconds UTC), after the window ended at \(task.window.end); "
        + "move the window or give captures that reach into it")
  }

  /// A log's name under its identity, from everything that is new in this run.
  static func origin(_ identity: Identity, _ parts: [String]) -> String {
    let digest = Digest(of: Array(parts.joined(separator: " ").utf8))
    return "\(identity.name)/runs/\(digest.description.prefix(16))"
  }
}
