// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR
internal import Governance
internal import RunJournal

/// The shared contexts that a run is given, held against its policy before anything is written.
enum SharedContexts {
  /// Reads them; in order of revision.
  static func open(_ paths: [String], policy: Policy) throws(RunError) -> [SignedContext] {
    var given: [(String, SignedContext)] = []
    for path in paths {
      let bytes = try RunSetup.read(path, limit: SignedContext.largestFile + 1)
      do throws(ContextRefusal) { given.append((path, try SignedContext(decoding: bytes))) } catch {
        guard case .malformed = error else { throw .source("\(path) \(error)", exitCode: 1) }
        throw .badInput("\(path) \(error)")
      }
    }
    return try admit(given, policy: policy)
  }

  /// Those that the policy takes, in order of revision: all that are given, or none and the reason.
  static func admit(_ given: [(name: String, signed: SignedContext)], policy: Policy) throws(RunError)
    -> [SignedContext]
  {
    if given.isEmpty, policy.sharedContext?.mode == .require {
      throw .source(
        "the policy requires a shared context, and none is given: name its file with --shared-context", exitCode: 1)
    }
    guard given.count <= GivenContext.most else {
      throw .usage("\(given.count) shared contexts are given; a run takes \(GivenContext.most) at most")
    }
    for (name, signed) in given {
      if let refusal = policy.refusal(of: signed) { throw .source("\(name) \(refusal)", exitCode: 1) }
    }
    if let conflict = SignedContext.conflict(among: given.map(\.signed.context)) {
      throw .source(conflict, exitCode: 1)
    }
    return given.map(\.signed).sorted { $0.context.revision < $1.context.revision }
  }
}
