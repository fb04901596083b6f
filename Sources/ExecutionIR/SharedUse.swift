// SPDX-License-Identifier: Apache-2.0

/// A shared context by its name, its number and its digest.
public struct SharedContextReference: Hashable, Sendable {
  public let name: String
  public let revision: Int64
  public let context: Digest
  public let batch: Digest

  public init(name: String, revision: Int64, context: Digest, batch: Digest) {
    self.name = name
    self.revision = revision
    self.context = context
    self.batch = batch
  }

  public init(_ context: SharedMarketContext) {
    self.init(name: context.name, revision: context.revision, context: context.digest, batch: context.batch)
  }
}

/// What a decision did with the shared contexts that were given.
public enum SharedUse: Hashable, Sendable {
  case taken(SharedContextReference)
  /// None was taken; why, in plain words.
  case notTaken(reason: String)
}

/// A desk's own volume curve, where a shared one was taken in its place.
public struct OwnVolume: Hashable, Sendable {
  /// Per slice, at the context's scale, at least 0.
  public let volume: [Int64]
  public let source: VolumeSource

  public init(volume: [Int64], source: VolumeSource) {
    self.volume = volume
    self.source = source
  }
}

/// What a shared context says of a venue, slice by slice of the task. What is said of past slices decides nothing.
public struct SharedVenueTerms: Hashable, Sendable {
  /// Nil where the venue's curve is the desk's own.
  public let ownVolume: OwnVolume?
  /// The contributors' mean of best ask less best bid, at 1e-9, at least 0. The touch counts in the current slice, and this
  /// in those that follow. Nil: the touch counts in all.
  public let spreads: [Int64]?
  /// The contributors' mean, in parts per million, 0 to 1,000,000: so much dearer is impact. Nil: nothing is.
  public let toxicity: [Int64]?

  public init(ownVolume: OwnVolume?, spreads: [Int64]?, toxicity: [Int64]?) {
    self.ownVolume = ownVolume
    self.spreads = spreads
    self.toxicity = toxicity
  }

  /// A toxicity of 1.
  public static let wholeToxicity: Int64 = 1_000_000
}

extension DecisionContext {
  /// The same as it would be had no shared context been given; nil where none was taken.
  package var withoutShared: DecisionContext? {
    guard case .taken = shared else { return nil }
    let own = venues.map { venue in
      VenueContext(
        listing: venue.listing, availability: venue.availability, bid: venue.bid, ask: venue.ask,
        bidDepth: venue.bidDepth, askDepth: venue.askDepth, lot: venue.lot, fees: venue.fees, impact: venue.impact,
        volume: venue.shared?.ownVolume?.volume ?? venue.volume,
        volumeSource: venue.shared?.ownVolume?.source ?? venue.volumeSource)
    }
    return DecisionContext(self, venues: own)
  }

  func checkShared(_ venue: VenueContext, path: String) throws(RecordError) {
    func refuse(_ key: String, _ reason: String) -> RecordError { RecordError(path: "\(path).\(key)", reason: reason) }
    func checkCurve(_ curve: [Int64], _ range: ClosedRange<Int64>, _ key: String) throws(RecordError) {
      guard curve.count == slices else { throw refuse(key, "\(curve.count) slices, not \(slices)") }
      guard curve.allSatisfy(range.contains) else {
        throw refuse(key, "must be within \(range.lowerBound)...\(range.upperBound)")
      }
    }
    var reference: SharedContextReference?
    if case .taken(let taken) = shared { reference = taken }
    if case .shared(let context, let revision, let batch) = venue.volumeSource {
      guard let reference, reference.context == context, reference.revision == revision, reference.batch == batch else {
        throw refuse("volume_source", "is not the shared context that was taken")
      }
      guard venue.shared?.ownVolume != nil else { throw refuse("shared.own_volume", "missing") }
    }
    guard let terms = venue.shared else { return }
    guard reference != nil else { throw refuse("shared", "no shared context was taken") }
    if let own = terms.ownVolume {
      guard case .shared = venue.volumeSource else {
        throw refuse("shared.own_volume", "stands only beside a curve of the shared context")
      }
      if case .shared = own.source { throw refuse("shared.own_volume", "is not the desk's own") }
      try checkCurve(own.volume, 0...Int64.max, "shared.own_volume.volume")
    }
    if let spreads = terms.spreads { try checkCurve(spreads, 0...Int64.max, "shared.spreads") }
    if let toxicity = terms.toxicity {
      try checkCurve(toxicity, 0...SharedVenueTerms.wholeToxicity, "shared.toxicity")
    }
  }
}

extension SharedContextReference {
  package var json: JSON {
    .object([
      "name": .string(name), "revision": .wide(revision), "context": .string(context.description),
      "batch": .string(batch.description),
    ])
  }

  package init(json: JSON, path: String) throws(RecordError) {
    let reader = try RecordReader(json, path: path, keys: ["name", "revision", "context", "batch"])
    self.init(
      name: try reader.string("name"), revision: try reader.integer("revision", in: 1 ... .max),
      context: try reader.digest("context"), batch: try reader.digest("batch"))
  }
}

extension SharedUse {
  package var json: JSON {
    switch self {
    case .taken(let reference): reference.json
    case .notTaken(let reason): .object(["not_taken": .string(reason)])
    }
  }

  package init(json: JSON, path: String) throws(RecordError) {
    guard json["not_taken"] != nil else {
      self = .taken(try SharedContextReference(json: json, path: path))
      return
    }
    self = .notTaken(reason: try RecordReader(json, path: path, keys: ["not_taken"]).string("not_taken"))
  }
}

extension OwnVolume {
  package var json: JSON { .object(["volume": .array(volume.map { .wide($0) }), "source": source.json]) }

  package init(json: JSON, path: String) throws(RecordError) {
    let reader = try RecordReader(json, path: path, keys: ["volume", "source"])
    self.init(
      volume: try reader.integers("volume", atMost: LocalExecutionTask.mostSlices),
      source: try VolumeSource(json: reader.value("source"), path: reader.at("source")))
  }
}

extension SharedVenueTerms {
  package var json: JSON {
    var members: [String: JSON] = [:]
    if let ownVolume { members["own_volume"] = ownVolume.json }
    if let spreads { members["spreads"] = .array(spreads.map { .wide($0) }) }
    if let toxicity { members["toxicity"] = .array(toxicity.map { .wide($0) }) }
    return .object(members)
  }

  package init(json: JSON, path: String) throws(RecordError) {
    let reader = try RecordReader(json, path: path, keys: ["own_volume", "spreads", "toxicity"])
    let most = LocalExecutionTask.mostSlices
    self.init(
      ownVolume: reader.has("own_volume")
        ? try OwnVolume(json: reader.value("own_volume"), path: reader.at("own_volume")) : nil,
      spreads: reader.has("spreads") ? try reader.integers("spreads", atMost: most) : nil,
      toxicity: reader.has("toxicity") ? try reader.integers("toxicity", atMost: most) : nil)
    guard ownVolume != nil || spreads != nil || toxicity != nil else {
      throw RecordError(path: path, reason: "says nothing")
    }
  }
}
