// SPDX-License-Identifier: Apache-2.0

package import ExecutionEngine
package import ExecutionIR
package import Governance

/// `run.json`: who, what and when, written once before the first input. With the journal it is all that a run is a
/// function of.
package struct RunDescription: Equatable, Sendable {
  package static let format = "exprove-run/1"
  package static let program = "1.0.0"

  /// Wall clock at the first start, nanoseconds since 1970: an input that nothing is computed from.
  package var started: Int64
  package var identity: String
  package var verifier: String
  package var origin: String
  package var fills: FillSource
  /// Name of the fill model or simulator and its settings, in plain words.
  package var fillsDetail: String
  package var seed: UInt64
  package var task: LocalExecutionTask
  package var policy: Policy
  /// Of the file in `objects/`.
  package var reference: Digest
  package var prior: PriorVolume?
  package var feeds: [FeedDescription]
  /// The libraries of the policy's hooks and the task's terms, each once.
  package var functions: [FunctionLibrary] = []
  /// The shared contexts that its decisions may go by, in order of revision.
  package var shared: [GivenContext] = []

  package var json: JSON {
    var members: [String: JSON] = [
      "format": .string(RunDescription.format), "program": .string(RunDescription.program),
      "started": .wide(started), "identity": .string(identity), "verifier": .string(verifier),
      "origin": .string(origin), "fills": .string(fills.rawValue), "fills_detail": .string(fillsDetail),
      "seed": .wide(seed), "task": task.json, "policy": policy.json, "reference": .string(reference.description),
      "prior": prior.map(\.json) ?? .null, "feeds": .array(feeds.map(\.json)),
    ]
    if !functions.isEmpty { members["functions"] = .array(functions.map(\.json)) }
    if !shared.isEmpty { members["shared_contexts"] = .array(shared.map(\.json)) }
    return .object(members)
  }

  package init(
    started: Int64, identity: String, verifier: String, origin: String, fills: FillSource, fillsDetail: String,
    seed: UInt64, task: LocalExecutionTask, policy: Policy, reference: Digest, prior: PriorVolume?,
    feeds: [FeedDescription]
  ) {
    self.started = started
    self.identity = identity
    self.verifier = verifier
    self.origin = origin
    self.fills = fills
    self.fillsDetail = fillsDetail
    self.seed = seed
    self.task = task
    self.policy = policy
    self.reference = reference
    self.prior = prior
    self.feeds = feeds
  }

  /// Reads what `json` writes, and nothing else.
  package init(json: JSON) throws(RecordError) {
    let reader = try RecordReader(
      json, path: "",
      keys: [
        "format", "program", "started", "identity", "verifier", "origin", "fills", "fills_detail", "seed", "task",
        "policy", "reference", "prior", "feeds", "functions", "shared_contexts",
      ])
    guard try reader.string("format") == RunDescription.format else {
      throw reader.error("format", "this version reads \(RunDescription.format)")
    }
    let prior = try reader.value("prior")
    self.init(
      started: try reader.integer("started"), identity: try reader.string("identity"),
      verifier: try reader.string("verifier"), origin: try reader.string("origin"),
      fills: try reader.choice("fills"), fillsDetail: try reader.string("fills_detail"),
      seed: try reader.integer("seed"), task: try LocalExecutionTask(json: reader.value("task")),
      policy: try Policy(json: reader.value("policy")), reference: try reader.digest("reference"),
      prior: prior.isNull ? nil : try PriorVolume(json: prior),
      feeds: try reader.list("feeds", atMost: 4096) { (json, path) throws(RecordError) in
        try FeedDescription(json: json, path: path)
      })
    if reader.has("functions") {
      functions = try reader.list("functions", atMost: 2 * VendorFunction.most) { (json, path) throws(RecordError) in
        try FunctionLibrary(json: json, path: path)
      }
    }
    if reader.has("shared_contexts") {
      shared = try reader.list("shared_contexts", atMost: GivenContext.most, GivenContext.init)
    }
    guard functions.map(\.library) == FunctionLibrary.digests(of: policy, task) else {
      throw reader.error("functions", "are not the libraries of the policy's hooks and the task's terms")
    }
    guard try reader.string("program") == RunDescription.program else {
      throw reader.error("program", "the run was made by another version of exprove than \(RunDescription.program)")
    }
  }

  /// The files in `adapters/`, each once: what decodes the feeds, then what the policy and the task ask.
  package var libraries: [Digest] {
    var digests: [Digest] = []
    for digest in feeds.flatMap(\.adapters).map(\.digest) + functions.map(\.library) where !digests.contains(digest) {
      digests.append(digest)
    }
    return digests
  }

  /// `shadow`, `model` or `simulated`.
  package var fillsName: String { fills.rawValue }

  /// What the engine is made from; `reference` and `shared` are what the digests name.
  package func engine(_ reference: ReferenceData, shared: [SharedMarketContext]) -> EngineConfiguration {
    EngineConfiguration(
      task: task, reference: reference, policy: policy,
      feeds: feeds.map {
        EngineFeed(
          venue: $0.venue, isReference: $0.isReference,
          clock: $0.source == "model" ? nil : FeedClock(name: $0.clock, uncertainty: $0.uncertainty))
      }, fills: fills, prior: prior, shared: shared, seed: seed)
  }
}

extension PriorVolume {
  package var json: JSON {
    .object([
      "date": .string(date), "digest": .string(digest.description),
      "curves": .array(curves.map { .array($0.map { .wide($0) }) }),
    ])
  }

  package init(json: JSON) throws(RecordError) {
    let reader = try RecordReader(json, path: "prior", keys: ["date", "digest", "curves"])
    self.init(
      date: try reader.string("date"), digest: try reader.digest("digest"),
      curves: try reader.list("curves", atMost: 64) { (json, path) throws(RecordError) in
        guard let values = json.elements else { throw RecordError(path: path, reason: "an array is expected here") }
        return try values.map { (value) throws(RecordError) in
          guard let number: Int64 = value.integer() else {
            throw RecordError(path: path, reason: "integers are expected here")
          }
          return number
        }
      })
  }
}
