// SPDX-License-Identifier: Apache-2.0

extension SharedMarketContext {
  /// The canonical encoding.
  public var json: JSON {
    var members: [String: JSON] = [
      "version": .integer(version), "name": .string(name), "contract": .string(contract.description),
      "revision": .wide(revision), "method": .string(method.rawValue), "batch": .string(batch.description),
      "contributors": .wide(contributors), "refused": .wide(refused), "late": .wide(late),
      "shares": .array(shares.map(\.json)), "window_start": .wide(windowStart), "bucket": .wide(bucket),
      "buckets": .integer(Int64(buckets)), "issued_at": .wide(issuedAt), "applies_from": .wide(appliesFrom),
      "expires_at": .wide(expiresAt), "signals": .array(signals.map(\.json)),
    ]
    if let previous { members["previous"] = .string(previous.description) }
    return .object(members)
  }

  public var digest: Digest { json.digest }

  private static let keys = [
    "version", "name", "contract", "revision", "previous", "method", "batch", "contributors", "refused", "late",
    "shares", "window_start", "bucket", "buckets", "issued_at", "applies_from", "expires_at", "signals",
  ]

  /// Reads what `json` writes, and nothing else.
  public init(json: JSON, path: String = "") throws(RecordError) {
    let reader = try RecordReader(json, path: path, keys: SharedMarketContext.keys)
    let version: Int64 = try reader.integer("version")
    guard version == SharedMarketContext.currentVersion else {
      throw reader.error("version", "\(version) is not known; this is version \(SharedMarketContext.currentVersion)")
    }
    try self.init(
      name: reader.string("name"), contract: reader.digest("contract"), revision: reader.integer("revision"),
      previous: reader.has("previous") ? reader.digest("previous") : nil, method: reader.choice("method"),
      batch: reader.digest("batch"), contributors: reader.integer("contributors"), refused: reader.integer("refused"),
      late: reader.integer("late"), shares: reader.list("shares", atMost: 2, Share.init),
      windowStart: reader.integer("window_start"), bucket: reader.integer("bucket"),
      buckets: reader.integer("buckets", in: 1...SharedMarketContext.mostBuckets),
      issuedAt: reader.integer("issued_at"), appliesFrom: reader.integer("applies_from"),
      expiresAt: reader.integer("expires_at"),
      signals: reader.list("signals", atMost: SharedMarketContext.mostSignals, SharedSignal.init))
    // Numbers can be written in more than one way, and a digest is of one.
    guard self.json == json else { throw RecordError(path: path, reason: "is not in its one encoding") }
  }
}

extension SharedMarketContext.Share {
  package var json: JSON {
    .object(["aggregator": .string(aggregator), "digest": .string(digest.description)])
  }

  package init(json: JSON, path: String) throws(RecordError) {
    let reader = try RecordReader(json, path: path, keys: ["aggregator", "digest"])
    self.init(aggregator: try reader.string("aggregator"), digest: try reader.digest("digest"))
  }
}

extension SharedSignal {
  package var json: JSON {
    var members: [String: JSON] = [
      "kind": .string(kind.rawValue), "listing": listing.json, "quantum": quantum.json, "maximum": .wide(maximum),
      "noise": noise.json, "sums": .array(sums.map { .wide($0) }),
    ]
    if let privacy { members["privacy"] = privacy.json }
    return .object(members)
  }

  package init(json: JSON, path: String) throws(RecordError) {
    let reader = try RecordReader(
      json, path: path, keys: ["kind", "listing", "quantum", "maximum", "noise", "privacy", "sums"])
    self.init(
      kind: try reader.choice("kind"),
      listing: try TaskVenue(json: reader.value("listing"), path: reader.at("listing")),
      quantum: try reader.decimal("quantum"), maximum: try reader.integer("maximum"),
      noise: try SignalNoise(json: reader.value("noise"), path: reader.at("noise")),
      privacy: reader.has("privacy")
        ? try SignalPrivacy(json: reader.value("privacy"), path: reader.at("privacy")) : nil,
      sums: try reader.integers("sums", atMost: SharedMarketContext.mostBuckets))
  }
}

extension SignalNoise {
  package var json: JSON {
    switch self {
    case .none: .object(["mechanism": .string("none")])
    case .discreteGaussian(let variance):
      .object(["mechanism": .string("discrete_gaussian"), "variance": .wide(variance)])
    case .discreteLaplace(let scale): .object(["mechanism": .string("discrete_laplace"), "scale": .wide(scale)])
    }
  }

  package init(json: JSON, path: String) throws(RecordError) {
    let reader = try RecordReader(json, path: path, keys: ["mechanism", "variance", "scale"])
    func only(_ wanted: String?) throws(RecordError) {
      for key in ["variance", "scale"] where reader.has(key) && key != wanted {
        throw reader.error(key, "does not belong to this mechanism")
      }
    }
    switch try reader.string("mechanism") {
    case "none":
      try only(nil)
      self = .none
    case "discrete_gaussian":
      try only("variance")
      self = .discreteGaussian(variance: try reader.integer("variance", in: 1 ... .max))
    case "discrete_laplace":
      try only("scale")
      self = .discreteLaplace(scale: try reader.integer("scale", in: 1 ... .max))
    default: throw reader.error("mechanism", "expected one of none, discrete_gaussian, discrete_laplace")
    }
  }
}

extension SignalPrivacy {
  package var json: JSON {
    .object([
      "cost": .wide(cost), "spent": .wide(spent), "budget": .wide(budget), "epsilon": .wide(epsilon),
      "delta_exponent": .integer(Int64(deltaExponent)),
    ])
  }

  package init(json: JSON, path: String) throws(RecordError) {
    let reader = try RecordReader(json, path: path, keys: ["cost", "spent", "budget", "epsilon", "delta_exponent"])
    self.init(
      cost: try reader.integer("cost"), spent: try reader.integer("spent"), budget: try reader.integer("budget"),
      epsilon: try reader.integer("epsilon"), deltaExponent: try reader.integer("delta_exponent"))
  }
}
