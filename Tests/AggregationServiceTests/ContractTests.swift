// SPDX-License-Identifier: Apache-2.0

import AggregationService
import ExecutionIR
import Testing

/// What a contract may say.
struct ContractTests {
  @Test func theEncodingIsRead() throws {
    let contract = try Parties(closesAt: 6, noise: .discreteLaplace(scale: 9), budget: 5, signals: 4).contract
    #expect(try AggregationContract.parse(contract.json.canonical) == contract)
    #expect(try AggregationContract.parse(contract.json.canonical).digest == contract.digest)
    #expect(contract.digest == contract.json.digest)
  }

  /// A member, what stands there instead, and where the error points.
  @Test(arguments: [
    ("name", JSON.string(""), "name"), ("version", .integer(2), "version"), ("minimum", .integer(3), "minimum"),
    ("minimum", .integer(9), "minimum"), ("closes_at", .integer(3), "closes_at"), ("period", .integer(5), "period"),
    ("period", .integer(0), "period"), ("buckets", .integer(0), "buckets"), ("buckets", .integer(5000), "buckets"),
    ("windows", .integer(0), "windows"), ("bucket", .integer(-1), "bucket"), ("first", .integer(-1), "windows"),
    ("first", .string("9223372036854775807"), "windows"), ("closes_after", .integer(0), "closes_after"),
    ("clock_tolerance", .integer(-1), "clock_tolerance"), ("applies_after", .integer(-1), "applies_after"),
    ("holds_for", .integer(0), "holds_for"), ("contributors", .array([]), "contributors"),
    ("contributors", .array([.string("nobody")]), "contributors[0]"), ("signals", .array([]), "signals"),
    ("leader", .null, "leader"), ("unknown", .null, "unknown"),
  ])
  func eachMemberIsChecked(_ key: String, _ value: JSON, _ path: String) throws {
    guard case .object(var members) = try Parties().contract.json else { return }
    members[key] = value
    let error = #expect(throws: RecordError.self) { try AggregationContract(json: .object(members)) }
    #expect(error?.path == path)
  }

  @Test(arguments: [
    ("maximum", JSON.integer(0), "signals[0].maximum"), ("maximum", .integer(1 << 32), "signals[0].maximum"),
    ("quantum", .string("0"), "signals[0].quantum"), ("quantum", .string("1.0"), "signals[0].quantum"),
    ("budget", .integer(5), "signals[0].budget"), ("kind", .string("mood"), "signals[0].kind"),
    ("noise", .object(["mechanism": .string("discrete_gaussian"), "variance": .integer(4)]), "signals[0].budget"),
    ("noise", .object(["mechanism": .string("discrete_gaussian")]), "signals[0].noise.variance"),
    ("noise", .object(["mechanism": .string("none"), "scale": .integer(1)]), "signals[0].noise.scale"),
    ("noise", .object(["mechanism": .string("dice")]), "signals[0].noise.mechanism"),
    ("kind", .string("spread"), "signals[1]"),
  ])
  func eachSignalIsChecked(_ key: String, _ value: JSON, _ path: String) throws {
    guard case .object(var members) = try Parties().contract.json, case .array(var signals)? = members["signals"],
      case .object(var signal) = signals[0]
    else { return }
    signal[key] = value
    signals[0] = .object(signal)
    members["signals"] = .array(signals)
    let error = #expect(throws: RecordError.self) { try AggregationContract(json: .object(members)) }
    #expect(error?.path == path)
  }

  /// The same party twice, or one contributor under two names, could see or count more than the contract says.
  @Test func nobodyStandsTwice() throws {
    guard case .object(var members) = try Parties().contract.json, case .array(let desks)? = members["contributors"]
    else { return }
    members["contributors"] = .array(desks + [desks[0]])
    #expect(throws: RecordError.self) { try AggregationContract(json: .object(members)) }
    members["contributors"] = .array(desks)
    members["helper"] = members["leader"]
    #expect(throws: RecordError.self) { try AggregationContract(json: .object(members)) }
  }

  /// Points of small order (RFC 7748 section 6.1; the list of eight is Bernstein's), with which everybody agrees on zero.
  @Test(arguments: [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
  ])
  func keysOfSmallOrderAreRefused(_ key: String) throws {
    guard case .object(var members) = try Parties().contract.json, case .object(var helper)? = members["helper"]
    else { return }
    helper["agreement"] = .string(key)
    members["helper"] = .object(helper)
    let error = #expect(throws: RecordError.self) { try AggregationContract(json: .object(members)) }
    #expect(error?.path == "helper.agreement")
  }

  // MARK: One aggregator alone

  /// What stands in a contract with two is what stood there before there was another kind, so their digests stay.
  @Test func methodsAreToldApart() throws {
    guard case .object(let two) = try Parties(closesAt: 6).contract.json,
      case .object(var one) = try MaskedParties().contract.json
    else { return }
    let shared = [
      "version", "name", "leader", "contributors", "first", "period", "windows", "bucket", "buckets", "minimum",
      "closes_after", "clock_tolerance", "applies_after", "holds_for", "signals",
    ]
    #expect(two.keys.sorted() == (shared + ["helper", "closes_at"]).sorted())
    #expect(one.keys.sorted() == (shared + ["threshold", "round_lasts"]).sorted())
    let contract = try AggregationContract(json: .object(one))
    #expect(contract.method == .oneAggregator && contract.aggregators == [contract.leader])
    #expect(contract.digest == contract.json.digest)
    // Without a threshold it is more than two thirds; the digest is that of the contract with it.
    one["threshold"] = nil
    let filled = try AggregationContract(json: .object(one))
    #expect(filled == contract && filled.rounds?.threshold == 5)
    one["minimum"] = .integer(6)
    #expect(try AggregationContract(json: .object(one)).rounds?.threshold == 6)
  }

  @Test(arguments: [
    ("threshold", JSON.integer(3), "threshold"), ("threshold", .integer(7), "threshold"),
    ("minimum", .integer(6), "threshold"), ("closes_at", .integer(4), "closes_at"),
    ("round_lasts", .integer(0), "round_lasts"), ("round_lasts", .string("86400000000001"), "round_lasts"),
  ])
  func roundsAreChecked(_ key: String, _ value: JSON, _ path: String) throws {
    guard case .object(var members) = try MaskedParties().contract.json else { return }
    members[key] = value
    let error = #expect(throws: RecordError.self) { try AggregationContract(json: .object(members)) }
    #expect(error?.path == path)
  }

  @Test func methodsAreNotMixed() throws {
    guard case .object(var two) = try Parties().contract.json,
      case .object(var one) = try MaskedParties().contract.json,
      case .array(var signals)? = one["signals"], case .object(var signal) = signals[1]
    else { return }
    func path(_ members: [String: JSON]) -> String? {
      #expect(throws: RecordError.self) { try AggregationContract(json: .object(members)) }?.path
    }
    two["threshold"] = .integer(5)
    two["round_lasts"] = .integer(5)
    #expect(path(two) == "threshold")
    two["helper"] = nil
    two["threshold"] = nil
    two["round_lasts"] = nil
    #expect(path(two) == "round_lasts")
    // One aggregator alone adds no noise.
    signal["noise"] = .object(["mechanism": .string("discrete_gaussian"), "variance": .integer(4)])
    signal["budget"] = .integer(5)
    signal["delta_exponent"] = .integer(9)
    signals[1] = .object(signal)
    one["signals"] = .array(signals)
    #expect(path(one) == "signals[1].noise")
  }

  @Test func windowsFollowEachOther() throws {
    let contract = try Parties().contract
    #expect(contract.lastEnded(at: contract.windowEnd(0) - 1) == nil)
    #expect(contract.lastEnded(at: contract.windowEnd(0)) == 0)
    #expect(contract.lastEnded(at: contract.windowStart(1)) == 0)
    #expect(contract.lastEnded(at: contract.windowEnd(1)) == 1)
    #expect(contract.lastEnded(at: .max) == contract.windows - 1)
    #expect(contract.lastEnded(at: .min) == nil)
  }
}
