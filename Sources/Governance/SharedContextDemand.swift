// SPDX-License-Identifier: Apache-2.0

public import ExecutionIR
internal import TransparencyLog

/// Whose shared contexts a run takes, and which of them a decision may use.
public struct SharedContextDemand: Hashable, Sendable {
  public enum Mode: String, CaseIterable, Sendable {
    /// A decision that uses none is denied.
    case require
    /// It is used where it holds; where it does not, the decision says so.
    case take
    case off
  }

  /// Who must have signed the contexts of one contract.
  public struct Signers: Hashable, Sendable {
    public let contract: String
    /// Verifier keys, `name+hex(keyID)+base64(type ‖ key)` (C2SP signed-note), all of which must have signed.
    public let keys: [String]
    public init(contract: String, keys: [String]) {
      self.contract = contract
      self.keys = keys
    }
  }

  public let mode: Mode
  /// By the contract's name; at least one unless the mode is off.
  public let trusted: [Signers]
  /// Nanoseconds since it was issued; above 0.
  public let maximumAge: Int64
  /// So many contributors at least, 1 or more.
  public let minimumContributors: Int64
  /// How it may have been summed, at least one, in the order of `SharedMarketContext.Method.allCases`.
  public let methods: [SharedMarketContext.Method]

  public init(
    mode: Mode, trusted: [Signers], maximumAge: Int64, minimumContributors: Int64,
    methods: [SharedMarketContext.Method]
  ) {
    self.mode = mode
    self.trusted = trusted.sorted { $0.contract < $1.contract }
    self.maximumAge = maximumAge
    self.minimumContributors = minimumContributors
    self.methods = SharedMarketContext.Method.allCases.filter(methods.contains)
  }
}

extension SharedContextDemand {
  static func read(_ root: RecordReader) throws(RecordError) -> SharedContextDemand? {
    let key = "shared_context"
    guard root.has(key), try !root.value(key).isNull else { return nil }
    let reader = try RecordReader(
      try root.value(key), path: key,
      keys: ["mode", "trusted", "maximum_age", "minimum_contributors", "methods"])
    let mode: Mode = try reader.choice("mode")
    let trusted = try signers(reader)
    guard mode == .off || !trusted.isEmpty else {
      throw reader.error(
        "trusted", "name at least one contract and its aggregators' keys: nobody is trusted by default")
    }
    let methods = try reader.list("methods", atMost: SharedMarketContext.Method.allCases.count) {
      (json, path) throws(RecordError) -> SharedMarketContext.Method in
      guard let method = json.text.flatMap(SharedMarketContext.Method.init(rawValue:)) else {
        throw RecordError(
          path: path,
          reason: "expected one of \(SharedMarketContext.Method.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      return method
    }
    guard !methods.isEmpty else { throw reader.error("methods", "name at least one") }
    guard methods == SharedMarketContext.Method.allCases.filter(methods.contains) else {
      throw reader.error(
        "methods",
        "each once, in the order \(SharedMarketContext.Method.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return SharedContextDemand(
      mode: mode, trusted: trusted, maximumAge: try reader.integer("maximum_age", in: 1 ... .max),
      minimumContributors: try reader.integer("minimum_contributors", in: 1 ... .max), methods: methods)
  }

  private static func signers(_ reader: RecordReader) throws(RecordError) -> [Signers] {
    guard let members = try reader.value("trusted").members else {
      throw reader.error("trusted", "an object of contracts' names and lists of verifier keys is expected here")
    }
    guard members.count <= 64 else { throw reader.error("trusted", "more than 64 contracts") }
    var result: [Signers] = []
    for name in members.keys.sorted() {
      let inner = try RecordReader(.object(members), path: reader.at("trusted"), keys: members.keys.sorted())
      let keys = try inner.list(name, atMost: 8) { (json, path) throws(RecordError) -> String in
        guard let text = json.text, let key = try? VerifierKey(parsing: text), key.algorithm == .ed25519,
          key.description == text
        else {
          throw RecordError(path: path, reason: "a verifier key is expected here, as exprove identity show prints it")
        }
        return text
      }
      guard !keys.isEmpty else { throw inner.error(name, "name at least one verifier key") }
      for (index, key) in keys.enumerated() where keys[..<index].contains(key) {
        throw inner.error(name, "\(key) stands twice")
      }
      result.append(Signers(contract: name, keys: keys))
    }
    return result
  }

  var json: JSON {
    var members: [String: JSON] = [:]
    for signers in trusted { members[signers.contract] = .array(signers.keys.map { .string($0) }) }
    return .object([
      "mode": .string(mode.rawValue), "trusted": .object(members), "maximum_age": .wide(maximumAge),
      "minimum_contributors": .wide(minimumContributors), "methods": .array(methods.map { .string($0.rawValue) }),
    ])
  }
}

extension SignedContext {
  /// Why contexts must not be used together, with the way out; nil where they are versions under one contract, of which
  /// each names the one before it.
  package static func conflict(among contexts: [SharedMarketContext]) -> String? {
    let sorted = contexts.sorted { $0.revision < $1.revision }
    for (index, context) in sorted.enumerated() {
      func name(_ context: SharedMarketContext) -> String { "\(context.name) r\(context.revision) (\(context.digest))" }
      for other in sorted[..<index] {
        guard other.name.utf8.elementsEqual(context.name.utf8), other.contract == context.contract else {
          return
            "\(name(other)) and \(name(context)) are made under different contracts: a run takes versions under one"
        }
        guard other.digest != context.digest else { return "\(name(context)) is given twice: give it once" }
        // What is the same cannot have been summed twice: one of the two tells of single contributors.
        guard other.batch != context.batch else {
          return
            "\(name(other)) and \(name(context)) name the same batch \(context.batch) and differ: the difference could "
            + "show a single contributor; use neither, and ask the aggregators"
        }
        guard other.revision != context.revision else {
          return
            "\(name(other)) and \(name(context)) are two contexts of one revision: use neither, and ask the aggregators"
        }
        guard other.revision + 1 != context.revision || context.previous == other.digest else {
          return
            "\(name(context)) names another context before it than \(name(other)): use neither, and ask the aggregators"
        }
      }
    }
    return nil
  }
}

extension Policy {
  /// Why a given context must not be used in any decision, with the way out; nil where it may.
  package func refusal(of signed: SignedContext) -> String? {
    let context = signed.context
    guard let demand = sharedContext, demand.mode != .off else {
      return
        "is given, and the policy takes none: add a clause \"shared_context\" that names the keys of the aggregators "
        + "of \(context.name), or leave --shared-context out; unsigned or untrusted contexts are never used"
    }
    guard let signers = demand.trusted.first(where: { $0.contract.utf8.elementsEqual(context.name.utf8) }) else {
      return
        "is made under the contract \(context.name), of which the policy trusts nobody: add its aggregators' keys to "
        + "shared_context.trusted"
    }
    let keys = signers.keys.compactMap { try? VerifierKey(parsing: $0) }
    // Were one key enough, one of the two could sign sums of its own.
    guard context.method == .oneAggregator || keys.count >= 2 else {
      return "is made by two aggregators, and the policy names one key for \(context.name): name both in "
        + "shared_context.trusted, so that both must have signed"
    }
    do throws(ContextRefusal) { try signed.verify(by: keys) } catch {
      return "\(error): the policy takes a context of \(context.name) only with the signatures of all its keys"
    }
    guard demand.methods.contains(context.method) else {
      return "is summed by \(context.method.rawValue), and the policy takes "
        + "\(demand.methods.map(\.rawValue).joined(separator: " or ")): add it to shared_context.methods"
    }
    guard context.contributors >= demand.minimumContributors else {
      return "sums \(context.contributors) contributors, and the policy takes \(demand.minimumContributors) or more"
    }
    return nil
  }

  /// Which of the contexts a decision at `time` goes by: the newest that holds then, unless the policy finds it too old.
  ///
  /// - Parameter contexts: versions under one contract, each of which the policy has taken.
  /// - Returns: nil where none was given.
  package func sharedContext(
    of contexts: [SharedMarketContext], at time: Int64
  ) -> (context: SharedMarketContext?, reason: String)? {
    guard let demand = sharedContext, demand.mode != .off, !contexts.isEmpty else { return nil }
    guard let newest = contexts.filter({ $0.holds(at: time) }).max(by: { $0.revision < $1.revision }) else {
      let known = contexts.map { context in
        "r\(context.revision) \(time < context.issuedAt ? "is issued at \(context.issuedAt)" : "expired at \(context.expiresAt)")"
      }
      return (nil, "none holds at \(time): \(known.joined(separator: ", "))")
    }
    let (age, overflow) = time.subtractingReportingOverflow(newest.issuedAt)
    guard !overflow, age <= demand.maximumAge else {
      return (
        nil,
        "context r\(newest.revision) is \(Policy.duration(age)) old, the policy takes \(Policy.duration(demand.maximumAge))"
      )
    }
    return (newest, "")
  }

  /// What the policy says of a decision's use of shared contexts; nil where it asks for none.
  package func control(of use: SharedUse?) -> ControlResult? {
    guard let demand = sharedContext, demand.mode == .require else { return nil }
    let limit = "a context no older than \(Policy.duration(demand.maximumAge))"
    switch use {
    case .taken(let reference):
      return ControlResult(
        control: .sharedContext, limit: limit, observed: "\(reference.name) r\(reference.revision)", passes: true,
        reason: "the decision goes by it")
    case .notTaken(let reason):
      return ControlResult(
        control: .sharedContext, limit: limit, observed: "none", passes: false, reason: reason)
    case nil:
      return ControlResult(
        control: .sharedContext, limit: limit, observed: "none", passes: false, reason: "none was given")
    }
  }

  /// In the largest of hours, minutes and seconds of which it is a whole number; else in seconds.
  private static func duration(_ nanoseconds: Int64) -> String {
    let second: Int64 = 1_000_000_000
    for (unit, name) in [(3_600 * second, "h"), (60 * second, "min")] where nanoseconds % unit == 0 {
      return "\(nanoseconds / unit) \(name)"
    }
    return "\(FixedPoint.text(nanoseconds, scale: 9)) s"
  }
}
