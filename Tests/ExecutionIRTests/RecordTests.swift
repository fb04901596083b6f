// SPDX-License-Identifier: Apache-2.0

import ExecutionIR
import Testing

@Suite struct RecordTests {
  /// Every record reads back what it wrote, by way of the bytes.
  @Test func everyRecordReadsBackWhatItWrote() throws {
    func reread(_ json: JSON) throws -> JSON { try JSON.parse(json.canonical) }
    for objective in [
      TaskObjective.twap, .vwap, .implementationShortfall(riskAversion: ExactDecimal(units: 1, scale: 6)),
    ] {
      for slicing in [TaskSlicing.count(7), .duration(30_000_000_000)] {
        let task = try Samples.task(objective: objective, slicing: slicing, limit: slicing == .count(7) ? nil : 1)
        #expect(try LocalExecutionTask(json: reread(task.json)) == task)
      }
    }
    for source in [
      VolumeSource.priorFile(date: "2024-08-08", digest: Samples.digest), .received(upTo: -1), .uniform(reason: ""),
    ] {
      let context = try Samples.context(source: source)
      #expect(try DecisionContext(json: reread(context.json)) == context)
    }
    let before = Plan(slices: 3, venues: 2, scale: 8)
    var after = before
    after[2, 1] = 5
    let delta = Samples.delta(previous: before, next: after)
    #expect(try PlanDelta(json: reread(delta.json)) == delta)
    #expect(try before.applying(PlanDelta(json: reread(delta.json))) == after)
    for order in [Samples.order(), Samples.order(replaces: 3)] {
      #expect(try ChildOrder(json: reread(order.json)) == order)
      let denial = DenialRecord(
        order: order, policy: Samples.digest,
        reasons: [DenialRecord.Reason(control: "collar", measured: "5.1 %", limit: "5 %")], deniedAt: 5)
      #expect(try DenialRecord(json: reread(denial.json)) == denial)
    }
  }

  /// A record with any one key more, fewer or of another type is refused, and the refusal names the place.
  @Test func recordsAreStrict() throws {
    let before = Plan(slices: 3, venues: 2, scale: 8)
    var after = before
    after[2, 1] = 5
    try refusesChanges(Samples.task().json, optional: ["limit", "window.zone_digest"]) {
      _ = try LocalExecutionTask(json: $0)
    }
    try refusesChanges(
      Samples.context().json,
      optional: ["variance", "venues[0].bid", "venues[0].ask", "venues[1].closed"]
    ) { _ = try DecisionContext(json: $0) }
    try refusesChanges(
      Samples.delta(previous: before, next: after).json,
      optional: [
        "runner_up", "bindings[0].slice", "bindings[0].venue", "bindings[0].worth",
      ]
    ) { _ = try PlanDelta(json: $0) }
    try refusesChanges(Samples.order(replaces: 3).json, optional: ["limit"]) { _ = try ChildOrder(json: $0) }
    let denial = DenialRecord(
      order: Samples.order(), policy: Samples.digest,
      reasons: [DenialRecord.Reason(control: "collar", measured: "5.1 %", limit: "5 %")], deniedAt: 5)
    try refusesChanges(denial.json, optional: ["order.limit"]) { _ = try DenialRecord(json: $0) }
  }

  private func refusesChanges(_ json: JSON, optional: [String], read: (JSON) throws -> Void) throws {
    try read(json)
    for (path, changed) in Mutations.of(json) {
      let isDropped = path.hasPrefix("-")
      let place = isDropped ? String(path.dropFirst()) : path
      do {
        try read(changed)
        #expect(isDropped && optional.contains(place), "accepted a change at \(path)")
      } catch let error as RecordError {
        #expect(!(isDropped && optional.contains(place)), "\(error)")
        #expect(!error.path.isEmpty || place.isEmpty, "a refusal that names no place: \(error)")
      }
    }
  }

  /// The encoding is fixed: this text and its SHA-256 were checked with Python's json and hashlib.
  @Test func theEncodingIsFixed() throws {
    let json = try Samples.task().json
    #expect(
      String(decoding: json.canonical, as: UTF8.self)
        == #"{"account":"DESK-1","algorithm":{"name":"exprove-schedule","version":"1"},"capacity":"agency","#
        + #""currency":"USDT","id":"buy-btc","instrument":"BTCUSDT","limit":"61900","#
        + #""objective":{"kind":"is","risk_aversion":"0.000001"},"participation":100000,"quantity":"12.5","#
        + #""reference_venues":[{"symbol":"BTCUSDT","venue":"BINANCE-UM"}],"side":"buy","slices":10,"#
        + #""venues":[{"symbol":"BTCUSDT","venue":"BINANCE"},{"symbol":"b","venue":"Ž\""}],"#
        + #""window":{"end":"1723161900000000000","start":"1723161600000000000","zone":"Europe/Prague","#
        + #""zone_digest":"af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf"}}"#)
    #expect(json.digest.description == "5b3a89404b7f47bff557132d1d0e9bb21ad238e37bc299d004a16bbeb0523646")
  }

  @Test func slicesCoverTheWindowWithoutGaps() throws {
    for slicing in [TaskSlicing.count(1), .count(7), .count(4096), .duration(1_000_000_000), .duration(7_000_000_001)] {
      for window in [(Int64(0), Int64(300_000_000_000)), (-9_000_000_000_000_000_000, 1), (-5, 5_000_000_000)] {
        guard let task = try? Samples.task(slicing: slicing, window: window) else { continue }
        #expect(task.sliceStart(0) == window.0 && task.sliceStart(task.sliceCount) == window.1)
        for slice in 0..<task.sliceCount {
          #expect(task.sliceStart(slice) < task.sliceStart(slice + 1))
          #expect(task.slice(at: task.sliceStart(slice)) == slice)
          #expect(task.slice(at: task.sliceStart(slice + 1) - 1) == slice)
        }
        #expect(task.slice(at: window.1) == nil && task.slice(at: window.0 - 1) == nil)
      }
    }
    #expect(throws: RecordError.self) { try Samples.task(slicing: .count(4097)) }
    #expect(throws: RecordError.self) { try Samples.task(slicing: .duration(1)) }
    #expect(throws: RecordError.self) { try Samples.task(slicing: .count(11), window: (0, 10)) }
    #expect(throws: RecordError.self) { try Samples.task(window: (10, 10)) }
    #expect(throws: RecordError.self) { try Samples.task(window: (Int64.min, Int64.max)) }
  }

  @Test func plansRefuseForeignDeltas() throws {
    let before = Plan(slices: 3, venues: 2, scale: 8)
    var after = before
    after[0, 0] = 2
    after[2, 1] = 5
    let delta = Samples.delta(previous: before, next: after)
    #expect(delta.changes.count == 2)
    #expect(try before.applying(delta) == after)
    #expect(throws: RecordError.self) { try after.applying(delta) }
    #expect(throws: RecordError.self) { try Plan(slices: 3, venues: 2, scale: 7).applying(delta) }
    let forged = Samples.delta(previous: before, next: before)
    #expect(try before.applying(forged) == before)
    for change in [
      PlanChange(slice: 0, venue: 0, quantity: -1), PlanChange(slice: 3, venue: 0, quantity: 1),
      PlanChange(slice: 0, venue: 2, quantity: 1), PlanChange(slice: 0, venue: 0, quantity: 1),
    ] {
      let lie = PlanDelta(
        sequence: 0, task: delta.task, context: delta.context, previousPlan: before.digest, plan: after.digest,
        decidedAt: 0, currentSlice: 0, remaining: 0, unplaced: 0, lot: 1, changes: [change], routing: [],
        terms: delta.terms, gap: 0, bindings: [], runnerUp: nil, explanation: [])
      #expect(throws: RecordError.self) { try before.applying(lie) }
    }
  }

  @Test func termsAddUpOrSayThatTheyDoNot() {
    #expect(PlanTerms(unit: 12, impact: 3, fees: -5, risk: 4, tracking: 1).objective == 3)
    #expect(PlanTerms(unit: 12, impact: .max, fees: 1, risk: 0, tracking: 0).objective == nil)
  }
}

/// Every record that differs from a given one in one place.
enum Mutations {
  /// With the path of the change; a `-` before it marks a key that was dropped.
  static func of(_ json: JSON, path: String = "") -> [(String, JSON)] {
    var result: [(String, JSON)] = []
    switch json {
    case .object(let members):
      var more = members
      more["zzz"] = .null
      result.append((path.isEmpty ? "zzz" : path + ".zzz", .object(more)))
      for key in members.keys.sorted() {
        let inner = path.isEmpty ? key : "\(path).\(key)"
        var fewer = members
        fewer[key] = nil
        result.append(("-" + inner, .object(fewer)))
        for (place, value) in of(members[key]!, path: inner) {
          var other = members
          other[key] = value
          result.append((place, .object(other)))
        }
      }
    case .array(let elements):
      for index in elements.indices {
        for (place, value) in of(elements[index], path: "\(path)[\(index)]") {
          var other = elements
          other[index] = value
          result.append((place, .array(other)))
        }
      }
    default: break
    }
    // A value of a type that stands nowhere in these records.
    result.append((path, .null))
    return result
  }
}
