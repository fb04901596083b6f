// SPDX-License-Identifier: Apache-2.0

package import ExecutionIR
internal import TransparencyLog

extension AggregationContract {
  /// The canonical encoding.
  package var json: JSON {
    var members: [String: JSON] = [
      "version": .integer(1), "name": .string(name), "leader": leader.json,
      "contributors": .array(contributors.map { .string($0.description) }), "first": .wide(first),
      "period": .wide(period), "windows": .integer(Int64(windows)), "bucket": .wide(bucket),
      "buckets": .integer(Int64(buckets)), "minimum": .integer(Int64(minimum)), "closes_after": .wide(closesAfter),
      "clock_tolerance": .wide(clockTolerance), "applies_after": .wide(appliesAfter), "holds_for": .wide(holdsFor),
      "signals": .array(signals.map(\.json)),
    ]
    if let helper { members["helper"] = helper.json }
    if let rounds {
      members["threshold"] = .integer(Int64(rounds.threshold))
      members["round_lasts"] = .wide(rounds.lasts)
    }
    if let closesAt { members["closes_at"] = .integer(Int64(closesAt)) }
    return .object(members)
  }

  private static let keys = [
    "version", "name", "leader", "helper", "contributors", "first", "period", "windows", "bucket", "buckets", "minimum",
    "closes_after", "closes_at", "clock_tolerance", "applies_after", "holds_for", "signals", "threshold", "round_lasts",
  ]

  /// Reads a contract's file: any JSON with these members. Its digest is that of the canonical encoding.
  package static func parse(_ bytes: [UInt8]) throws(RecordError) -> AggregationContract {
    let json: JSON
    do throws(JSONError) { json = try JSON.parse(bytes) } catch { throw RecordError(path: "", reason: "\(error)") }
    return try AggregationContract(json: json)
  }

  package init(json: JSON) throws(RecordError) {
    let reader = try RecordReader(json, path: "", keys: AggregationContract.keys)
    let version: Int64 = try reader.integer("version")
    guard version == 1 else { throw reader.error("version", "\(version) is not known; this is version 1") }
    let contributors = try reader.list(
      "contributors", atMost: AggregationContract.mostContributors, VerifierKey.read)
    try self.init(
      name: reader.string("name"), leader: Aggregator(json: reader.value("leader"), path: "leader"),
      helper: reader.has("helper") ? Aggregator(json: reader.value("helper"), path: "helper") : nil,
      rounds: AggregationContract.rounds(reader, contributors.count), contributors: contributors,
      first: reader.integer("first"), period: reader.integer("period"),
      windows: reader.integer("windows", in: 1...AggregationContract.mostWindows), bucket: reader.integer("bucket"),
      buckets: reader.integer("buckets", in: 1...SharedMarketContext.mostBuckets), minimum: reader.integer("minimum"),
      closesAfter: reader.integer("closes_after"),
      closesAt: reader.has("closes_at") ? reader.integer("closes_at") : nil,
      clockTolerance: reader.integer("clock_tolerance"), appliesAfter: reader.integer("applies_after"),
      holdsFor: reader.integer("holds_for"),
      signals: reader.list("signals", atMost: SharedMarketContext.mostSignals, Signal.init))
  }
}

extension AggregationContract {
  /// Nil where neither of its members is there.
  private static func rounds(_ reader: RecordReader, _ contributors: Int) throws(RecordError) -> Rounds? {
    guard reader.has("round_lasts") || reader.has("threshold") else { return nil }
    let minimum: Int = try reader.integer("minimum")
    return Rounds(
      threshold: reader.has("threshold")
        ? try reader.integer("threshold") : Rounds.threshold(contributors: contributors, minimum: minimum),
      lasts: try reader.integer("round_lasts"))
  }
}

extension VerifierKey {
  static func read(_ json: JSON, path: String) throws(RecordError) -> VerifierKey {
    guard let text = json.text else { throw RecordError(path: path, reason: "a string is expected here") }
    let key: VerifierKey
    do throws(NoteError) { key = try VerifierKey(parsing: text) } catch {
      throw RecordError(path: path, reason: "\(error)")
    }
    guard key.algorithm == .ed25519 else {
      throw RecordError(path: path, reason: "a key of type 1 (Ed25519) is expected here")
    }
    return key
  }
}

extension AggregationContract.Aggregator {
  package var json: JSON {
    .object([
      "verifier": .string(verifier.description), "agreement": .string(Hexadecimal.encode(agreement)),
      "address": .string(address), "certificate": .string(certificate.description),
    ])
  }

  package init(json: JSON, path: String) throws(RecordError) {
    let reader = try RecordReader(json, path: path, keys: ["verifier", "agreement", "address", "certificate"])
    guard let agreement = Hexadecimal.decode(try reader.string("agreement")) else {
      throw reader.error("agreement", "64 lower-case hexadecimal digits are expected here")
    }
    self.init(
      verifier: try VerifierKey.read(reader.value("verifier"), path: reader.at("verifier")), agreement: agreement,
      address: try reader.string("address"), certificate: try reader.digest("certificate"))
  }
}

extension AggregationContract.Signal {
  package var json: JSON {
    var members: [String: JSON] = [
      "kind": .string(kind.rawValue), "listing": listing.json, "quantum": quantum.json, "maximum": .wide(maximum),
      "noise": noise.json,
    ]
    if noise != .none {
      members["budget"] = .wide(budget)
      members["delta_exponent"] = .integer(Int64(deltaExponent))
    }
    return .object(members)
  }

  package init(json: JSON, path: String) throws(RecordError) {
    let reader = try RecordReader(
      json, path: path, keys: ["kind", "listing", "quantum", "maximum", "noise", "budget", "delta_exponent"])
    self.init(
      kind: try reader.choice("kind"),
      listing: try TaskVenue(json: reader.value("listing"), path: reader.at("listing")),
      quantum: try reader.decimal("quantum"), maximum: try reader.integer("maximum"),
      noise: try SignalNoise(json: reader.value("noise"), path: reader.at("noise")),
      budget: reader.has("budget") ? try reader.integer("budget") : 0,
      deltaExponent: reader.has("delta_exponent") ? try reader.integer("delta_exponent") : 0)
  }
}
