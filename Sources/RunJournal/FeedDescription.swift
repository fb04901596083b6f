// SPDX-License-Identifier: Apache-2.0

package import ExecutionIR

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
