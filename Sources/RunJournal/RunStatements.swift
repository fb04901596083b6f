// SPDX-License-Identifier: Apache-2.0

package import ExecutionEngine
package import ExecutionIR
package import Governance
package import TransparencyLog

/// The statements that the run itself makes, beside those of the engine. Recorder and replay make them with the same
/// code.
package enum RunStatements {
  package static func statement(_ kind: String, _ subject: String, _ predicate: JSON, digest: Digest) -> Statement {
    Statement(
      subjects: [Statement.Subject(name: subject, digest: digest)], predicateType: Statement.predicateType(kind),
      predicate: predicate)
  }

  /// A statement larger than this lies in `objects/`, so that its envelope stays below 32 KiB.
  private static let largestBody = 20_000

  /// The statement of a body, and the bytes for `objects/` where the body is too large for it.
  package static func sized(_ kind: String, _ subject: String, _ body: JSON) -> (statement: Statement, object: [UInt8]?)
  {
    let bytes = body.canonical
    let digest = Digest(of: bytes)
    guard bytes.count > largestBody else { return (statement(kind, subject, body, digest: digest), nil) }
    return (statement(kind, subject, .object(["object": .string(digest.description)]), digest: digest), bytes)
  }

  /// The first leaf: everything that the run is a function of, by digest.
  package static func run(_ description: RunDescription, adapters: [Digest]) -> Statement {
    let json = description.json
    var subjects = [Statement.Subject(name: "run.json", digest: json.digest)]
    subjects.append(Statement.Subject(name: "reference", digest: description.reference))
    for digest in adapters { subjects.append(Statement.Subject(name: "adapters/\(digest).so", digest: digest)) }
    var certificates: [Digest] = []
    for digest in description.feeds.flatMap(\.adapters).compactMap(\.certificate) where !certificates.contains(digest) {
      certificates.append(digest)
      subjects.append(Statement.Subject(name: "objects/\(digest)", digest: digest))
    }
    return Statement(
      subjects: subjects, predicateType: Statement.predicateType("run"),
      predicate: .object([
        "task": .string(description.task.digest.description),
        "policy": .string(description.policy.json.digest.description),
        "fills": .string(description.fills.rawValue), "program": .string(RunDescription.program),
        "verifier": .string(description.verifier),
      ]))
  }

  /// A report that was filed in the run's directory: it says what the ledger's first `leaves` leaves, with this root, say.
  package static func report(
    _ name: String, _ digest: Digest, format: ReportFormat, leaves: UInt64, root: MerkleHash,
    _ description: RunDescription
  ) -> Statement {
    statement(
      "report", name,
      .object([
        "media_type": .string(format.mediaType), "leaves": .wide(leaves), "root": .string(root.description),
        "fills": .string(description.fills.rawValue), "program": .string(RunDescription.program),
      ]), digest: digest)
  }

  /// The leaf of an incident; nil for other inputs of the journal.
  package static func incident(_ input: JSON) -> Statement? {
    guard let body = IncidentRecord.body(of: input) else { return nil }
    return sized("incident", "incidents/\(body.digest)", body).statement
  }

  /// The leaf of what became of a shadow, and the bytes for `objects/` where it is too large; nil for other inputs.
  package static func shadow(_ input: JSON) -> (statement: Statement, object: [UInt8]?)? {
    guard let body = ShadowRecord.body(of: input) else { return nil }
    return sized("shadow", "shadows/\(body.digest)", body)
  }

  /// The journal up to a place, and the event stream's digest there.
  package static func journal(_ position: JournalPosition, _ stream: StreamSummary) -> JSON {
    .object([
      "records": .wide(position.records), "chain": .string(position.chain.description), "frames": .wide(stream.frames),
      "events": .wide(stream.events), "event_digest": .string(stream.eventDigest.description),
    ])
  }
}

/// The inputs of a run that are no frames.
package enum RunInputs {
  /// Every frame before `time` has been seen: the engine decides.
  package static func clock(_ time: Int64) -> JSON { .object(["clock": .wide(time)]) }
  /// The time of a `clock` record.
  package static func clockTime(_ input: JSON) -> Int64? { input["clock"]?.integer() }

  /// What a vendor's function answered, or why it did not.
  package static func hook(_ question: HookQuestion, _ outcome: HookOutcome) -> JSON {
    .object(["hook": .object(["question": question.json, "outcome": outcome.json])])
  }

  /// The body of a `hook` record.
  package static func hookBody(_ input: JSON) -> JSON? { input["hook"] }

  /// What a `hook` record says came of `question`; nil when it is about another one.
  package static func outcome(of question: HookQuestion, in body: JSON) throws(RecordError) -> HookOutcome? {
    let reader = try RecordReader(body, path: "hook", keys: ["question", "outcome"])
    guard try reader.value("question") == question.json else { return nil }
    return try HookOutcome(json: reader.value("outcome"), path: reader.at("outcome"))
  }

  /// Why a run ends before its window does.
  package enum End: String, CaseIterable, Sendable {
    case inputEnded = "the input ended"
    /// The policy stops a run whose adapter is revoked.
    case adapterRevoked = "an adapter was revoked"
  }

  /// Nothing follows.
  package static func end(_ reason: End) -> JSON { .object(["end": .string(reason.rawValue)]) }

  /// What an `end` record says.
  package static func endReason(_ input: JSON) -> End? {
    guard let end = input["end"]?.text.flatMap(End.init(rawValue:)), input == RunInputs.end(end) else { return nil }
    return end
  }
}
