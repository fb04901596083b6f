// SPDX-License-Identifier: Apache-2.0

extension SharedContextDelta {
  /// The canonical encoding.
  public var json: JSON {
    .object([
      "version": .integer(version), "base": .string(base.description), "result": .string(result.description),
      "header": header.json, "signals": .array(signals.map(\.json)),
    ])
  }

  public var digest: Digest { json.digest }

  /// Reads what `json` writes, and nothing else. Whether it fits anything shows when it is applied.
  public init(json: JSON, path: String = "") throws(RecordError) {
    let reader = try RecordReader(json, path: path, keys: ["version", "base", "result", "header", "signals"])
    let version: Int64 = try reader.integer("version")
    guard version == SharedContextDelta.currentVersion else {
      throw reader.error("version", "\(version) is not known; this is version \(SharedContextDelta.currentVersion)")
    }
    self.init(
      base: try reader.digest("base"), result: try reader.digest("result"),
      header: try SharedContextHeader(json: reader.value("header"), path: reader.at("header")),
      signals: try reader.list("signals", atMost: SharedMarketContext.mostSignals, SharedSignalDelta.init))
    // Numbers can be written in more than one way, and a digest is of one.
    guard self.json == json else { throw RecordError(path: path, reason: "is not in its one encoding") }
  }
}

extension SharedContextHeader {
  package var json: JSON {
    .object([
      "method": .string(method.rawValue), "batch": .string(batch.description), "contributors": .wide(contributors),
      "refused": .wide(refused), "late": .wide(late), "shares": .array(shares.map(\.json)),
      "window_start": .wide(windowStart), "bucket": .wide(bucket), "buckets": .integer(Int64(buckets)),
      "issued_at": .wide(issuedAt), "applies_from": .wide(appliesFrom), "expires_at": .wide(expiresAt),
    ])
  }

  package init(json: JSON, path: String) throws(RecordError) {
    let reader = try RecordReader(
      json, path: path,
      keys: [
        "method", "batch", "contributors", "refused", "late", "shares", "window_start", "bucket", "buckets",
        "issued_at", "applies_from", "expires_at",
      ])
    method = try reader.choice("method")
    batch = try reader.digest("batch")
    contributors = try reader.integer("contributors")
    refused = try reader.integer("refused")
    late = try reader.integer("late")
    shares = try reader.list("shares", atMost: 2, SharedMarketContext.Share.init)
    windowStart = try reader.integer("window_start")
    bucket = try reader.integer("bucket")
    buckets = try reader.integer("buckets", in: 1...SharedMarketContext.mostBuckets)
    issuedAt = try reader.integer("issued_at")
    appliesFrom = try reader.integer("applies_from")
    expiresAt = try reader.integer("expires_at")
  }
}

extension SharedSignalDelta {
  package var json: JSON {
    var members: [String: JSON] = [
      "kind": .string(kind.rawValue), "listing": listing.json, "quantum": quantum.json, "maximum": .wide(maximum),
      "noise": noise.json,
    ]
    if let privacy { members["privacy"] = privacy.json }
    switch sums {
    case .whole(let sums): members["sums"] = .array(sums.map { .wide($0) })
    case .changes(let changes): members["changes"] = .array(changes.map(\.json))
    }
    return .object(members)
  }

  package init(json: JSON, path: String) throws(RecordError) {
    let reader = try RecordReader(
      json, path: path, keys: ["kind", "listing", "quantum", "maximum", "noise", "privacy", "sums", "changes"])
    guard reader.has("sums") != reader.has("changes") else {
      throw reader.error("changes", "either all sums or their changes are expected here")
    }
    let sums: Sums =
      reader.has("sums")
      ? .whole(try reader.integers("sums", atMost: SharedMarketContext.mostBuckets))
      : .changes(try reader.list("changes", atMost: SharedMarketContext.mostBuckets, Change.init))
    if case .changes(let changes) = sums {
      for (change, next) in zip(changes, changes.dropFirst()) where change.bucket >= next.bucket {
        throw reader.error("changes", "bucket \(next.bucket) does not come after \(change.bucket)")
      }
    }
    self.init(
      kind: try reader.choice("kind"),
      listing: try TaskVenue(json: reader.value("listing"), path: reader.at("listing")),
      quantum: try reader.decimal("quantum"), maximum: try reader.integer("maximum"),
      noise: try SignalNoise(json: reader.value("noise"), path: reader.at("noise")),
      privacy: reader.has("privacy")
        ? try SignalPrivacy(json: reader.value("privacy"), path: reader.at("privacy")) : nil, sums: sums)
    guard (noise == .none) == (privacy == nil) else {
      throw reader.error("privacy", "stands where there is noise, and nowhere else")
    }
  }
}

extension SharedSignalDelta.Change {
  package var json: JSON { .object(["bucket": .integer(Int64(bucket)), "difference": .wide(difference)]) }

  package init(json: JSON, path: String) throws(RecordError) {
    let reader = try RecordReader(json, path: path, keys: ["bucket", "difference"])
    self.init(
      bucket: try reader.integer("bucket", in: 0...SharedMarketContext.mostBuckets - 1),
      difference: try reader.integer("difference"))
    guard difference != 0 else { throw reader.error("difference", "a bucket that stays is left out") }
  }
}
