// SPDX-License-Identifier: Apache-2.0

extension ReferenceData {
  /// The format's name and version, which each file states.
  public static let format = "exprove-reference/1"

  /// Reads a reference file, strictly: unknown keys, repeated names, terms out of order, groups of what is not alike are
  /// errors that name the byte or the path.
  public static func parse(_ bytes: [UInt8], file: String) throws(ReferenceError) -> ReferenceData {
    let json: JSON
    do throws(JSONError) {
      json = try JSON.parse(bytes)
    } catch {
      throw ReferenceError(file: file, place: "byte \(error.offset)", reason: error.reason)
    }
    do throws(RecordError) {
      return try read(json, file: file)
    } catch {
      throw ReferenceError(file: file, place: error.path.isEmpty ? "the whole" : error.path, reason: error.reason)
    }
  }

  private static func read(_ json: JSON, file: String) throws(RecordError) -> ReferenceData {
    let root = try RecordReader(json, path: "", keys: ["format", "instruments", "listings", "fungible"])
    guard try root.string("format") == format else { throw root.error("format", "expected \"\(format)\"") }
    let instruments = try root.list("instruments", readInstrument).sorted { $0.name < $1.name }
    for (first, second) in zip(instruments, instruments.dropFirst()) where first.name == second.name {
      throw RecordError(path: "instruments", reason: "\(first.name) stands twice")
    }
    let listings = try root.list("listings", readListing).sorted { ($0.venue, $0.symbol) < ($1.venue, $1.symbol) }
    for (first, second) in zip(listings, listings.dropFirst())
    where first.venue == second.venue && first.symbol == second.symbol {
      throw RecordError(path: "listings", reason: "\(first.name) stands twice")
    }
    for listing in listings where !instruments.contains(where: { $0.name == listing.instrument }) {
      throw RecordError(
        path: "listings", reason: "\(listing.name) is of \(listing.instrument), which instruments does not define")
    }
    let groups = root.has("fungible") ? try root.list("fungible", readGroup) : []
    let data = ReferenceData(file: file, instruments: instruments, listings: listings, groups: groups, json: json)
    for (index, group) in groups.enumerated() { try data.check(group, path: "fungible[\(index)]") }
    return data
  }

  /// A group holds listings that exist, of one kind, currency, settlement and multiplier.
  private func check(_ group: FungibleGroup, path: String) throws(RecordError) {
    var first: ReferenceInstrument?
    for venue in group.listings {
      do throws(ReferenceError) {
        let listing = try listing(venue: venue.venue, symbol: venue.symbol)
        let instrument = try instrument(listing.instrument)
        let differences = first.map { ReferenceData.differences($0, instrument) } ?? []
        guard differences.isEmpty else {
          throw ReferenceError(file: file, place: path, reason: differences.joined(separator: "; "))
        }
        first = first ?? instrument
      } catch {
        throw RecordError(path: path, reason: error.reason)
      }
    }
  }

  private static func readGroup(_ json: JSON, path: String) throws(RecordError) -> FungibleGroup {
    let reader = try RecordReader(json, path: path, keys: ["name", "listings"])
    let listings = try reader.list("listings") { (json, path) throws(RecordError) -> TaskVenue in
      let listing = try RecordReader(json, path: path, keys: ["venue", "symbol"])
      return TaskVenue(venue: try text(listing, "venue"), symbol: try text(listing, "symbol"))
    }
    for (index, listing) in listings.enumerated() where listings.firstIndex(of: listing) != index {
      throw RecordError(path: "\(reader.at("listings"))[\(index)]", reason: "stands twice")
    }
    return FungibleGroup(name: try text(reader, "name"), listings: listings)
  }

  private static func readInstrument(_ json: JSON, path: String) throws(RecordError) -> ReferenceInstrument {
    let reader = try RecordReader(
      json, path: path, keys: ["name", "kind", "base", "quote", "settlement", "multiplier", "variance"])
    let variances = reader.has("variance") ? try reader.list("variance", readVariance) : []
    try checkDates(variances.map(\.from), path: reader.at("variance"))
    return ReferenceInstrument(
      name: try text(reader, "name"), kind: try reader.choice("kind"), base: try text(reader, "base"),
      quote: try text(reader, "quote"), settlement: try text(reader, "settlement"),
      multiplier: try decimal(reader, "multiplier", .positive), variances: variances)
  }

  private static func readVariance(_ json: JSON, path: String) throws(RecordError) -> ReferenceVariance {
    let reader = try RecordReader(json, path: path, keys: ["from", "value", "source"])
    return ReferenceVariance(
      from: try date(reader, "from"), value: try decimal(reader, "value", .notNegative),
      source: try text(reader, "source"))
  }

  private static func readListing(_ json: JSON, path: String) throws(RecordError) -> ReferenceListing {
    let reader = try RecordReader(json, path: path, keys: ["venue", "symbol", "instrument", "terms"])
    let terms = try reader.list("terms", readTerms)
    guard !terms.isEmpty else { throw reader.error("terms", "at least one is needed") }
    try checkDates(terms.map(\.from), path: reader.at("terms"))
    return ReferenceListing(
      venue: try text(reader, "venue"), symbol: try text(reader, "symbol"), instrument: try text(reader, "instrument"),
      terms: terms)
  }

  private static func readTerms(_ json: JSON, path: String) throws(RecordError) -> ReferenceTerms {
    let reader = try RecordReader(
      json, path: path,
      keys: [
        "from", "ticks", "lot", "minimum_quantity", "maximum_quantity", "minimum_notional", "zone", "calendar",
        "maker_fee", "taker_fee", "fee_currency", "impact",
      ])
    func optional(_ key: String, _ sign: Sign) throws(RecordError) -> ExactDecimal? {
      reader.has(key) ? try decimal(reader, key, sign) : nil
    }
    return ReferenceTerms(
      from: try date(reader, "from"),
      ticks: reader.has("ticks") ? try readTicks(reader) : nil,
      lot: try optional("lot", .positive),
      minimumQuantity: try optional("minimum_quantity", .notNegative),
      maximumQuantity: try optional("maximum_quantity", .positive),
      minimumNotional: try optional("minimum_notional", .notNegative),
      zone: reader.has("zone") ? try text(reader, "zone") : nil,
      calendar: reader.has("calendar") ? try text(reader, "calendar") : nil,
      makerFee: reader.has("maker_fee") ? try readFee(reader, "maker_fee") : nil,
      takerFee: reader.has("taker_fee") ? try readFee(reader, "taker_fee") : nil,
      feeCurrency: reader.has("fee_currency") ? try text(reader, "fee_currency") : nil,
      impact: reader.has("impact") ? try readImpact(reader) : nil)
  }

  private static func readTicks(_ reader: RecordReader) throws(RecordError) -> [TickRow] {
    let rows = try reader.list("ticks") { (json, path) throws(RecordError) -> TickRow in
      let row = try RecordReader(json, path: path, keys: ["from", "tick"])
      return TickRow(from: try price(row, "from", .any), tick: try price(row, "tick", .positive))
    }
    guard !rows.isEmpty else { throw reader.error("ticks", "at least one row is needed") }
    for (index, row) in rows.enumerated() where index > 0 {
      let before = rows[index - 1]
      guard row.from > before.from else {
        throw reader.error("ticks[\(index)]", "rows go from low prices to high ones")
      }
      guard row.from % row.tick == 0, row.from % before.tick == 0 else {
        throw reader.error("ticks[\(index)]", "begins at a price that is no multiple of its tick and the one before")
      }
    }
    return rows
  }

  private static func readFee(_ reader: RecordReader, _ key: String) throws(RecordError) -> ReferenceFee {
    let fee = try RecordReader(try reader.value(key), path: reader.at(key), keys: ["rate", "per_unit"])
    guard fee.has("rate") || fee.has("per_unit") else {
      throw reader.error(key, "state \"rate\", \"per_unit\" or both; \"0\" where nothing is charged")
    }
    return ReferenceFee(
      rate: fee.has("rate") ? try price(fee, "rate", .any) : 0,
      perUnit: fee.has("per_unit") ? try price(fee, "per_unit", .any) : 0)
  }

  private static func readImpact(_ reader: RecordReader) throws(RecordError) -> ReferenceImpact {
    let impact = try RecordReader(
      try reader.value("impact"), path: reader.at("impact"), keys: ["coefficient", "depth", "source", "date"])
    return ReferenceImpact(
      coefficient: try decimal(impact, "coefficient", .notNegative), depth: try decimal(impact, "depth", .positive),
      source: try text(impact, "source"), date: try date(impact, "date"))
  }
}
