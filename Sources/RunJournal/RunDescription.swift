// SPDX-License-Identifier: Apache-2.0

package import ExecutionEngine
package import ExecutionIR
package import Governance

/// One feed of a run, as a replay needs it.
package struct FeedDescription: Equatable, Sendable {
  package struct Setting: Equatable, Sendable {
    package let key: String
    package let value: String

    package init(key: String, value: String) {
      self.key = key
      self.value = value
    }
  }

  package var venue: String
  package var isReference: Bool
  /// `capture`, `simulated` or `model`.
  package var source: String
  /// As the command line had it; empty where there was none.
  package var option: String
  /// Name of the clock that stamped the receive times; nil: one that all such feeds share.
  package var clock: String?
  /// By how many nanoseconds that clock may be wrong, either way; nil where nobody said.
  package var uncertainty: Int64?
  /// How the frames lay in the capture.
  package var container: String
  /// Nil for the fill model, whose frames are events already.
  package var adapter: Adapter?
  /// Nil where none runs along.
  package var shadow: Shadow? = nil

  package init(
    venue: String, isReference: Bool, source: String, option: String, clock: String? = nil, uncertainty: Int64? = nil,
    container: String, adapter: Adapter?
  ) {
    self.venue = venue
    self.isReference = isReference
    self.source = source
    self.option = option
    self.clock = clock
    self.uncertainty = uncertainty
    self.container = container
    self.adapter = adapter
  }

  package struct Adapter: Equatable, Sendable {
    package var name: String
    package var version: String
    package var digest: Digest
    package var framing: UInt32
    package var channel: UInt32
    package var dayStart: Int64
    package var zoneDigest: Digest?
    package var seed: UInt64
    package var settings: [Setting]
    /// What its worker had given up; nil where it ran in the host's own process.
    package var isolation: AdapterIsolation?
    /// Of the conformance certificate in `objects/` that the policy asked for; nil without one.
    package var certificate: Digest? = nil

    package init(
      name: String, version: String, digest: Digest, framing: UInt32, channel: UInt32, dayStart: Int64,
      zoneDigest: Digest?, seed: UInt64, settings: [Setting], isolation: AdapterIsolation?
    ) {
      self.name = name
      self.version = version
      self.digest = digest
      self.framing = framing
      self.channel = channel
      self.dayStart = dayStart
      self.zoneDigest = zoneDigest
      self.seed = seed
      self.settings = settings
      self.isolation = isolation
    }
  }
}

/// The sandbox that stood around an adapter.
package struct AdapterIsolation: Equatable, Sendable {
  /// Version of Landlock's interface, 0 for none.
  package var landlock: Int
  /// 0 none, 1 the filter of loading, 2 that of running.
  package var seccomp: Int
  package var hasNoNewPrivileges: Bool
  package var hasLimits: Bool
  /// Whether it stood before the adapter was loaded, or only after its start.
  package var stoodBeforeLoad: Bool

  package init(landlock: Int, seccomp: Int, hasNoNewPrivileges: Bool, hasLimits: Bool, stoodBeforeLoad: Bool) {
    self.landlock = landlock
    self.seccomp = seccomp
    self.hasNoNewPrivileges = hasNoNewPrivileges
    self.hasLimits = hasLimits
    self.stoodBeforeLoad = stoodBeforeLoad
  }
}

/// A vendor's library whose functions the policy or the task has asked.
package struct FunctionLibrary: Equatable, Sendable {
  package var library: Digest
  /// What its worker had given up.
  package var isolation: AdapterIsolation

  package init(library: Digest, isolation: AdapterIsolation) {
    self.library = library
    self.isolation = isolation
  }
}

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

  package var json: JSON {
    var members: [String: JSON] = [
      "format": .string(RunDescription.format), "program": .string(RunDescription.program),
      "started": .wide(started), "identity": .string(identity), "verifier": .string(verifier),
      "origin": .string(origin), "fills": .string(fills.rawValue), "fills_detail": .string(fillsDetail),
      "seed": .wide(seed), "task": task.json, "policy": policy.json, "reference": .string(reference.description),
      "prior": prior.map(\.json) ?? .null, "feeds": .array(feeds.map(\.json)),
    ]
    if !functions.isEmpty { members["functions"] = .array(functions.map(\.json)) }
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
        "policy", "reference", "prior", "feeds", "functions",
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

  /// What the engine is made from; `reference` is the file that the digest names.
  package func engine(_ reference: ReferenceData) -> EngineConfiguration {
    EngineConfiguration(
      task: task, reference: reference, policy: policy,
      feeds: feeds.map {
        EngineFeed(
          venue: $0.venue, isReference: $0.isReference,
          clock: $0.source == "model" ? nil : FeedClock(name: $0.clock, uncertainty: $0.uncertainty))
      }, fills: fills, prior: prior, seed: seed)
  }
}

extension FeedDescription {
  package var json: JSON {
    var members: [String: JSON] = [
      "venue": .string(venue), "role": .string(isReference ? "reference" : "routed"), "source": .string(source),
      "option": .string(option), "clock": clock.map { .string($0) } ?? .null,
      "uncertainty": uncertainty.map { .wide($0) } ?? .null, "container": .string(container),
      "adapter": adapter.map(\.json) ?? .null,
    ]
    if let shadow { members["shadow"] = shadow.json }
    return .object(members)
  }

  package init(json: JSON, path: String) throws(RecordError) {
    let reader = try RecordReader(
      json, path: path,
      keys: ["venue", "role", "source", "option", "clock", "uncertainty", "container", "adapter", "shadow"])
    let adapter = try reader.value("adapter")
    let role = try reader.string("role")
    guard role == "reference" || role == "routed" else { throw reader.error("role", "reference or routed is expected") }
    self.init(
      venue: try reader.string("venue"), isReference: role == "reference", source: try reader.string("source"),
      option: try reader.string("option"),
      clock: try reader.value("clock").isNull ? nil : try reader.string("clock"),
      uncertainty: try reader.value("uncertainty").isNull ? nil : try reader.integer("uncertainty", in: 0 ... .max),
      container: try reader.string("container"),
      adapter: adapter.isNull ? nil : try Adapter(json: adapter, path: reader.at("adapter")))
    shadow = reader.has("shadow") ? try Shadow(json: reader.value("shadow"), path: reader.at("shadow")) : nil
  }
}

extension FeedDescription.Adapter {
  package var json: JSON {
    var members: [String: JSON] = [
      "name": .string(name), "version": .string(version), "digest": .string(digest.description),
      "framing": .integer(Int64(framing)), "channel": .integer(Int64(channel)), "day_start": .wide(dayStart),
      "zone_digest": zoneDigest.map { .string($0.description) } ?? .null, "seed": .wide(seed),
      "settings": .array(settings.map { .array([.string($0.key), .string($0.value)]) }),
      "worker": isolation.map(\.json) ?? .null,
    ]
    if let certificate { members["certificate"] = .string(certificate.description) }
    return .object(members)
  }

  package init(json: JSON, path: String) throws(RecordError) {
    let reader = try RecordReader(
      json, path: path,
      keys: [
        "name", "version", "digest", "framing", "channel", "day_start", "zone_digest", "seed", "settings", "worker",
        "certificate",
      ])
    let zone = try reader.value("zone_digest")
    self.init(
      name: try reader.string("name"), version: try reader.string("version"), digest: try reader.digest("digest"),
      framing: try reader.integer("framing"), channel: try reader.integer("channel"),
      dayStart: try reader.integer("day_start"), zoneDigest: zone.isNull ? nil : try reader.digest("zone_digest"),
      seed: try reader.integer("seed"),
      settings: try reader.list("settings", atMost: 256) { (json, path) throws(RecordError) in
        guard let pair = json.elements, pair.count == 2, let key = pair[0].text, let value = pair[1].text else {
          throw RecordError(path: path, reason: "a pair of texts is expected here")
        }
        return FeedDescription.Setting(key: key, value: value)
      },
      isolation: try reader.value("worker").isNull
        ? nil : try AdapterIsolation(json: reader.value("worker"), path: reader.at("worker")))
    certificate = reader.has("certificate") ? try reader.digest("certificate") : nil
  }
}

extension FunctionLibrary {
  package var json: JSON { .object(["library": .string(library.description), "worker": isolation.json]) }

  package init(json: JSON, path: String) throws(RecordError) {
    let reader = try RecordReader(json, path: path, keys: ["library", "worker"])
    self.init(
      library: try reader.digest("library"),
      isolation: try AdapterIsolation(json: reader.value("worker"), path: reader.at("worker")))
  }

  /// In the order of the policy's hooks, then of the task's terms.
  package static func digests(of policy: Policy, _ task: LocalExecutionTask) -> [Digest] {
    var digests: [Digest] = []
    for function in policy.hooks + task.terms where !digests.contains(function.library) {
      digests.append(function.library)
    }
    return digests
  }
}

extension AdapterIsolation {
  package var json: JSON {
    .object([
      "landlock": .integer(Int64(landlock)), "seccomp": .integer(Int64(seccomp)),
      "no_new_privileges": .bool(hasNoNewPrivileges), "limits": .bool(hasLimits),
      "before_load": .bool(stoodBeforeLoad),
    ])
  }

  package init(json: JSON, path: String) throws(RecordError) {
    let reader = try RecordReader(
      json, path: path, keys: ["landlock", "seccomp", "no_new_privileges", "limits", "before_load"])
    self.init(
      landlock: try reader.integer("landlock"), seccomp: try reader.integer("seccomp"),
      hasNoNewPrivileges: try reader.boolean("no_new_privileges"), hasLimits: try reader.boolean("limits"),
      stoodBeforeLoad: try reader.boolean("before_load"))
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
