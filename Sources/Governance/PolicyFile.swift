// SPDX-License-Identifier: Apache-2.0

public import ExecutionIR
private import TransparencyLog

extension Policy {
  /// The format's name and version, which each file states.
  public static let format = "exprove-policy/1"

  private static let keys = [
    "format", "name", "version", "price_collar", "maximum_order_value", "maximum_order_quantity", "participation",
    "restricted_list", "message_rate", "own_crossing", "maximum_book_age",
  ]

  /// No control of orders: where it is left out, nothing is asked of adapters or of vendors' functions.
  private static let optional = ["certificate", "isolation", "hooks", "shared_context", MarketplaceDemand.key]

  /// Reads a policy file: JSON with every key present, so that no control is off because it was forgotten. `null`
  /// switches a control off. Controls of the parent order, of halts and of gaps are always on.
  public static func parse(_ bytes: [UInt8], file: String) throws(ReferenceError) -> Policy {
    let json: JSON
    do throws(JSONError) {
      json = try JSON.parse(bytes)
    } catch {
      throw ReferenceError(file: file, place: "byte \(error.offset)", reason: error.reason)
    }
    do throws(RecordError) {
      return try Policy(json: json)
    } catch {
      throw ReferenceError(file: file, place: error.path.isEmpty ? "the whole" : error.path, reason: error.reason)
    }
  }

  /// Takes up what `json` gives.
  public init(json: JSON) throws(RecordError) {
    let root = try RecordReader(json, path: "", keys: Policy.keys + Policy.optional)
    for key in Policy.keys where !root.has(key) {
      throw root.error(key, "missing; write null to switch the control off")
    }
    guard try root.string("format") == Policy.format else {
      throw root.error("format", "expected \"\(Policy.format)\"")
    }
    func isOff(_ key: String) throws(RecordError) -> Bool { try root.value(key).isNull }
    var collar: Collar?
    if try !isOff("price_collar") {
      let reader = try RecordReader(
        try root.value("price_collar"), path: "price_collar", keys: ["basis_points", "reference"])
      collar = Collar(
        basisPoints: try reader.integer("basis_points", in: 0...1_000_000), reference: try reader.choice("reference"))
    }
    var rate: MessageRate?
    if try !isOff("message_rate") {
      let reader = try RecordReader(try root.value("message_rate"), path: "message_rate", keys: ["messages", "window"])
      rate = MessageRate(
        messages: try reader.integer("messages", in: 1...MessageWindow.mostMessages),
        window: try reader.integer("window", in: 1...86_400_000_000_000))
    }
    self.init(
      name: try Policy.text(root, "name"), version: try Policy.text(root, "version"), priceCollar: collar,
      maximumOrderValue: try isOff("maximum_order_value") ? nil : try Policy.limits(root, "maximum_order_value"),
      maximumOrderQuantity: try isOff("maximum_order_quantity")
        ? nil : try Policy.limits(root, "maximum_order_quantity"),
      participation: try isOff("participation") ? nil : try root.integer("participation", in: 0...1_000_000),
      restricted: try isOff("restricted_list") ? [] : try Policy.names(root, "restricted_list"),
      messageRate: rate, preventsOwnCrossing: try isOff("own_crossing") ? false : try root.boolean("own_crossing"),
      maximumBookAge: try isOff("maximum_book_age")
        ? nil : try root.integer("maximum_book_age", in: 0...86_400_000_000_000),
      certificate: try Policy.demand(root),
      isolation: try Policy.isolation(root), hooks: try VendorFunction.list(root, "hooks"),
      sharedContext: try SharedContextDemand.read(root), marketplace: try MarketplaceDemand.read(root))
  }

  private static func isolation(_ root: RecordReader) throws(RecordError) -> IsolationDemand? {
    guard root.has("isolation"), try !root.value("isolation").isNull else { return nil }
    return try root.choice("isolation")
  }

  private static func demand(_ root: RecordReader) throws(RecordError) -> CertificateDemand? {
    guard root.has("certificate"), try !root.value("certificate").isNull else { return nil }
    let reader = try RecordReader(
      try root.value("certificate"), path: "certificate", keys: ["mode", "trusted", "level"])
    let mode: CertificateDemand.Mode = try reader.choice("mode")
    let trusted = try reader.list("trusted", atMost: 64) { (json, path) throws(RecordError) -> String in
      guard let text = json.text, let key = try? VerifierKey(parsing: text), key.algorithm == .ed25519,
        key.description == text
      else {
        throw RecordError(
          path: path, reason: "a verifier key is expected here, as exprove identity show prints it")
      }
      return text
    }
    guard mode == .off || !trusted.isEmpty else {
      throw reader.error("trusted", "name at least one verifier key: nobody is trusted by default")
    }
    return CertificateDemand(mode: mode, trusted: trusted, level: try reader.integer("level", in: 1...10))
  }

  private static func text(_ reader: RecordReader, _ key: String) throws(RecordError) -> String {
    let text = try reader.string(key)
    guard (1...256).contains(text.utf8.count) else {
      throw reader.error(key, "1 to 256 bytes of text are expected here")
    }
    return text
  }

  private static func names(_ reader: RecordReader, _ key: String) throws(RecordError) -> [String] {
    let names = try reader.list(key) { (json, path) throws(RecordError) -> String in
      guard let name = json.text, (1...256).contains(name.utf8.count) else {
        throw RecordError(path: path, reason: "the name of an instrument or \"VENUE SYMBOL\" is expected here")
      }
      return name
    }
    let sorted = names.sorted()
    for (first, second) in zip(sorted, sorted.dropFirst()) where first == second {
      throw reader.error(key, "\(first) stands twice")
    }
    return sorted
  }

  private static func limits(_ reader: RecordReader, _ key: String) throws(RecordError) -> [NamedLimit] {
    guard let members = try reader.value(key).members else {
      throw reader.error(key, "an object of names and decimals is expected here")
    }
    var limits: [NamedLimit] = []
    for name in members.keys.sorted() {
      guard let text = members[name]?.text, let value = try? ExactDecimal(text), value.units >= 0 else {
        throw RecordError(
          path: "\(key).\(name)", reason: "a decimal of at least 0 is expected here, as a string such as \"1000000\"")
      }
      limits.append(NamedLimit(name: name, value: value))
    }
    return limits
  }

  /// The policy in the form of its file, as it is written into the run.
  public var json: JSON {
    let collar = priceCollar.map {
      JSON.object(["basis_points": .integer($0.basisPoints), "reference": .string($0.reference.rawValue)])
    }
    let rate = messageRate.map { JSON.object(["messages": .integer($0.messages), "window": .integer($0.window)]) }
    var members: [String: JSON] = [
      "format": .string(Policy.format), "name": .string(name), "version": .string(version),
      "price_collar": collar ?? .null,
      "maximum_order_value": maximumOrderValue.map(Policy.json) ?? .null,
      "maximum_order_quantity": maximumOrderQuantity.map(Policy.json) ?? .null,
      "participation": participation.map { .integer($0) } ?? .null,
      "restricted_list": .array(restricted.map { .string($0) }),
      "message_rate": rate ?? .null, "own_crossing": .bool(preventsOwnCrossing),
      "maximum_book_age": maximumBookAge.map { .integer($0) } ?? .null,
    ]
    if let certificate {
      members["certificate"] = .object([
        "mode": .string(certificate.mode.rawValue), "trusted": .array(certificate.trusted.map { .string($0) }),
        "level": .integer(certificate.level),
      ])
    }
    if !hooks.isEmpty { members["hooks"] = .array(hooks.map(\.json)) }
    if let isolation { members["isolation"] = .string(isolation.rawValue) }
    if let sharedContext { members["shared_context"] = sharedContext.json }
    if let marketplace { members[MarketplaceDemand.key] = marketplace.json }
    return .object(members)
  }

  public var digest: Digest { json.digest }

  private static func json(_ limits: [NamedLimit]) -> JSON {
    var members: [String: JSON] = [:]
    for limit in limits { members[limit.name] = limit.value.json }
    return .object(members)
  }
}
