// SPDX-License-Identifier: Apache-2.0

import CExProveABI
import EventFlow
import ExecutionEngine
import ExecutionIR
import Testing

/// What a venue answers, or does not, and what the engine makes of it. One venue; a look every five seconds.
@Suite("Answers of a venue")
struct AnswerTests {
  private func scene() -> Scene {
    var scene = Scene()
    scene.venues = [Scene.Venue()]
    scene.slices = 2
    scene.length = 80 * second
    scene.quantity = ExactDecimal(units: 1000, scale: 0)
    return scene
  }

  /// A bench whose first order, of 500 at 99.99, has just been sent.
  private func started(_ scene: Scene? = nil) throws -> Bench {
    var bench = try Bench(scene ?? self.scene())
    for frame in opening(bench.scene) { try bench.step(frame) }
    #expect(try bench.decide().intents.map(\.quantity) == [500])
    return bench
  }

  private func answer(
    _ bench: inout Bench, _ kind: EventKind, _ id: UInt64 = 1, _ quantity: Int64 = 0, aux: UInt64 = 0, level: Int = 0,
    flags: EventFlags = [], venue: Int = 0, price: Int64 = 9_999 * cent, time: Int64 = 0
  ) throws -> [EngineStatement] {
    let now = max(bench.engine.now, Scene.start) + 1
    return try bench.step(
      MarketFrame(
        now, bench.scene.privateFeed,
        [event(kind, venue, id: id, price: price, quantity: quantity, aux: aux, level: level, flags: flags, time: time)]
      )
    ).statements
  }

  private func summary(_ bench: inout Bench) throws -> [String: String] {
    try bench.decide(through: .max)
    let body = try #require(bench.record.bodies(.summary).first)
    var result: [String: String] = [:]
    for (key, value) in body.members ?? [:] {
      result[key] = value.text ?? value.integer(as: Int64.self).map { String($0) }
    }
    return result
  }

  private func reasons(_ output: EngineOutput) -> [String] {
    output.statements.filter { $0.kind == .cancel }.compactMap { $0.body["reason"]?.text }
  }

  // MARK: - No answer

  @Test("An order without an answer is cancelled after a while, and its late acknowledgement changes nothing of that")
  func lostAcknowledgement() throws {
    var bench = try started()
    let output = try bench.decide()
    #expect(output.intents.map(\.action) == [.cancel] && reasons(output) == ["no answer to the order"])
    #expect(try answer(&bench, .ownAcknowledged, aux: 7).map(\.body["report"]?.text) == ["acknowledged"])
    // Pending cancel still: nothing is sent beside it.
    _ = try answer(&bench, .ownCancelled, 1, 500)
    let next = try bench.decide()
    #expect(next.intents.map(\.action) == [.new] && next.intents.map(\.quantity) == [500])
    let order = try #require(try bench.record.orders().last)
    #expect(order.replaces == 1 && order.chain == 1)
    #expect(try summary(&bench)["repeated_acknowledgements"] == "0")
  }

  @Test("A rejection that comes after a cancel was sent ends the order")
  func rejectedBehindCancel() throws {
    var bench = try started()
    try bench.decide()
    #expect(try answer(&bench, .ownRejected).map(\.body["report"]?.text) == ["rejected"])
    #expect(try bench.decide().intents.map(\.quantity) == [500])
    // After an acknowledgement it is a contradiction, and the order goes on counting.
    _ = try answer(&bench, .ownAcknowledged, 2)
    #expect(try answer(&bench, .ownRejected, 2).isEmpty)
    let numbers = try summary(&bench)
    #expect(numbers["late_reports"] == "1" && numbers["working"] == "1000" && numbers["filled"] == "0")
  }

  @Test("After three cancels in vain an order is given up: it counts on, and its venue is worked with what is left")
  func givenUp() throws {
    var bench = try started()
    var cancels: [String] = []
    for _ in 0..<3 { cancels += reasons(try bench.decide()) }
    #expect(cancels == ["no answer to the order", "no answer to the cancel", "no answer to the cancel"])
    #expect(
      bench.record.statements.filter { $0.kind == .cancel }.map(\.subject) == ["cancel/1", "cancel/1/2", "cancel/1/3"])
    // The slice had 500, all of which may still fill: nothing more is asked for in it.
    let rest = try bench.decide(through: bench.scene.look(0, 7))
    #expect(rest.intents.isEmpty)
    // The next slice has the other 500, and no more.
    let next = try bench.decide(through: bench.scene.look(1, 0))
    #expect(next.intents.map(\.action) == [.new] && next.intents.map(\.quantity) == [500])
    #expect(try #require(try bench.record.orders().last).replaces == nil)
    // What was given up fills after all, and the parent is not exceeded.
    #expect(try answer(&bench, .ownFilled, 1, 500, aux: 1).map(\.kind) == [.fill])
    _ = try answer(&bench, .ownFilled, 2, 500, aux: 2)
    let numbers = try summary(&bench)
    #expect(numbers["filled"] == "1000" && numbers["working"] == "0" && numbers["overfills"] == "0")
  }

  @Test(
    "What the venue does not know is given up at once, and is managed again as soon as the venue shows that it does")
  func unknownToTheVenue() throws {
    var bench = try started()
    try bench.decide()
    #expect(
      try answer(&bench, .ownCancelRejected, level: Int(EXPROVE_REASON_UNKNOWN_ORDER.rawValue)).map(\.kind) == [.report]
    )
    #expect(try bench.decide().intents.isEmpty)
    #expect(try bench.decide().intents.isEmpty)
    // Its acknowledgement comes: it is live at the touch, and is left alone until the slice's end.
    _ = try answer(&bench, .ownAcknowledged)
    #expect(try bench.decide().intents.isEmpty)
    let sweep = try bench.decide(through: bench.scene.look(0, 6))
    #expect(reasons(sweep) == ["the slice ends soon"])
    _ = try answer(&bench, .ownCancelled, 1, 500)
    #expect(try bench.decide().intents.map(\.quantity) == [500])
  }

  @Test("A cancel that is rejected leaves the order live, and is sent again where it is still wanted")
  func cancelRejected() throws {
    var bench = try started()
    _ = try answer(&bench, .ownAcknowledged)
    try bench.step(MarketFrame(Scene.start + second, 0, [level(0, .buy, 100 * one, 5)]))
    for attempt in 1...3 {
      #expect(reasons(try bench.decide()) == ["the touch moved"])
      #expect(bench.record.statements.last?.body["attempt"]?.integer() == attempt)
      _ = try answer(&bench, .ownCancelRejected, level: Int(EXPROVE_REASON_UNSPECIFIED.rawValue))
    }
    // Asked often enough.
    #expect(try bench.decide().intents.isEmpty)
    let numbers = try summary(&bench)
    #expect(numbers["working"] == "1000" && numbers["unanswered"] != "0")
  }

  @Test("At the window's end what is open is cancelled, and once more after a while")
  func windowEnd() throws {
    var bench = try started()
    _ = try answer(&bench, .ownAcknowledged)
    var ends: [(Int64, [String])] = []
    let window = Scene.start + bench.scene.length
    while let time = bench.engine.nextDecision {
      let output = try bench.decide()
      if time >= window { ends.append((time - window, reasons(output))) }
    }
    #expect(ends.map(\.0) == [0, EngineConfiguration.patience, EngineConfiguration.settling])
    #expect(ends[0].1.allSatisfy { $0 == "the window ended" } && !ends[0].1.isEmpty)
    #expect(ends[1].1.count == ends[0].1.count && ends[2].1.isEmpty)
  }

  @Test("A taking order whose end was not told is no order that rests, wherever the touch moves to")
  func lostExpiry() throws {
    var bench = try started()
    _ = try answer(&bench, .ownRejected)
    var taking: OrderIntent?
    while taking == nil, bench.engine.now < bench.scene.look(0, 7) {
      let intent = try #require(try bench.decide().intents.first)
      if intent.isPassive { _ = try answer(&bench, .ownRejected, intent.id) } else { taking = intent }
    }
    let id = try #require(taking).id
    _ = try answer(&bench, .ownAcknowledged, id)
    // A sweep asks for the end of everything; the venue refuses, for whatever reason.
    #expect(try bench.decide().intents.map(\.action) == [.cancel])
    _ = try answer(&bench, .ownCancelRejected, id, level: Int(EXPROVE_REASON_UNSPECIFIED.rawValue))
    // In the next slice the bid stands where that order took.
    try bench.step(MarketFrame(bench.scene.look(1, 0) - 1, 0, [level(0, .buy, 10_001 * cent, 10)]))
    let next = try bench.decide()
    #expect(next.intents.map(\.action) == [.cancel] && next.intents.map(\.id) == [id])
  }

  // MARK: - Fills

  @Test("A fill that races a cancel wins, and the venue's answer to the cancel is on the record")
  func fillRacesCancel() throws {
    var bench = try started()
    _ = try answer(&bench, .ownAcknowledged)
    try bench.step(MarketFrame(Scene.start + second, 0, [level(0, .buy, 100 * one, 5)]))
    #expect(try bench.decide().intents.map(\.action) == [.cancel])
    #expect(try answer(&bench, .ownFilled, 1, 500, aux: 3).count == 1)
    let report = try answer(&bench, .ownCancelRejected, level: Int(EXPROVE_REASON_UNKNOWN_ORDER.rawValue))
    #expect(report.map(\.body["report"]?.text) == ["cancel_rejected"])
    // One that nobody asked for is no answer.
    #expect(try bench.decide(through: bench.scene.look(1, 0)).intents.map(\.quantity) == [500])
    #expect(try answer(&bench, .ownCancelRejected, 2).isEmpty)
    let numbers = try summary(&bench)
    #expect(numbers["filled"] == "500" && numbers["late_reports"] == "1" && numbers["unanswered"] != "0")
  }

  @Test("A fill before its acknowledgement, a repeated fill and a repeated acknowledgement")
  func repeated() throws {
    var bench = try started()
    #expect(try answer(&bench, .ownFilled, 1, 100, aux: 11).map(\.kind) == [.fill])
    #expect(try answer(&bench, .ownAcknowledged, aux: 7).map(\.body["report"]?.text) == ["acknowledged"])
    #expect(try answer(&bench, .ownFilled, 1, 100, aux: 11).isEmpty)
    #expect(try answer(&bench, .ownAcknowledged, aux: 7).isEmpty)
    let numbers = try summary(&bench)
    #expect(numbers["filled"] == "100" && numbers["repeated_fills"] == "1")
    #expect(numbers["repeated_acknowledgements"] == "1")
  }

  @Test("Cancels that take off a part are counted once each, whatever comes twice between them")
  func partialCancels() throws {
    var bench = try started()
    _ = try answer(&bench, .ownAcknowledged)
    #expect(try answer(&bench, .ownCancelled, 1, 80, time: 1).count == 1)
    #expect(try answer(&bench, .ownCancelled, 1, 50, time: 2).count == 1)
    #expect(try answer(&bench, .ownCancelled, 1, 80, time: 1).isEmpty)
    #expect(try answer(&bench, .ownCancelled, 1, 50, time: 3).count == 1)
    let numbers = try summary(&bench)
    #expect(numbers["late_reports"] == "1")
    // 500 − 180 are open of the first, which nobody cancels here.
    #expect(try bench.record.orders().first?.quantity == 500)
    #expect(bench.record.bodies(.cancel).first?["open"]?.text == "320")
  }

  @Test("A break takes back the size of its fill, which it need not name, and frees it for the parent")
  func broken() throws {
    var bench = try started()
    _ = try answer(&bench, .ownFilled, 1, 500, aux: 11)
    let report = try answer(&bench, .ownBroken, 1, 0, aux: 11)
    #expect(report.map(\.body["quantity"]?.text) == ["500"] && report.map(\.body["match"]?.text) == ["11"])
    // Twice, or of a fill that is not known, it takes nothing.
    #expect(try answer(&bench, .ownBroken, 1, 0, aux: 11).isEmpty)
    #expect(try answer(&bench, .ownBroken, 1, 500, aux: 12).isEmpty)
    // A repetition of the void fill does not bring it back.
    #expect(try answer(&bench, .ownFilled, 1, 500, aux: 11).isEmpty)
    #expect(try bench.decide().intents.map(\.quantity) == [500])
    let numbers = try summary(&bench)
    #expect(numbers["filled"] == "0" && numbers["late_reports"] == "2" && numbers["repeated_fills"] == "1")
  }

  @Test("A corrected fill stands in the place of the void one, and takes nothing more off the order")
  func corrected() throws {
    var bench = try started()
    _ = try answer(&bench, .ownAcknowledged)
    _ = try answer(&bench, .ownFilled, 1, 200, aux: 11)
    _ = try answer(&bench, .ownBroken, 1, 0, aux: 11, flags: .correction)
    let fill = try answer(&bench, .ownFilled, 1, 200, aux: 11, flags: .correction, price: 9_998 * cent)
    #expect(fill.map { $0.body["fill"]?["price"]?.text } == ["99.98"])
    #expect(fill.allSatisfy { $0.body["beyond_open"] == nil })
    // 300 are open, neither 100 nor 500.
    #expect(bench.record.bodies(.cancel).isEmpty)
    try bench.decide(through: bench.scene.look(0, 6))
    #expect(bench.record.bodies(.cancel).map { $0["open"]?.text } == ["300"])
    #expect(try summary(&bench)["filled"] == "200")
  }

  @Test("A fill after the whole order was cancelled counts, says so, and stops what would exceed the parent")
  func fillAfterCancel() throws {
    var bench = try started()
    _ = try answer(&bench, .ownAcknowledged)
    try bench.step(MarketFrame(Scene.start + second, 0, [level(0, .buy, 100 * one, 5)]))
    try bench.decide()
    _ = try answer(&bench, .ownCancelled, 1, 500)
    #expect(try bench.decide().intents.map(\.quantity) == [500])
    _ = try answer(&bench, .ownFilled, 2, 500, aux: 20)
    let late = try answer(&bench, .ownFilled, 1, 500, aux: 21)
    #expect(late.map(\.kind) == [.fill] && late.map(\.body["beyond_open"]?.text) == ["500"])
    // All is filled: the second slice has nothing to do, and says so.
    let next = try bench.decide(through: bench.scene.look(1, 0))
    #expect(next.intents.isEmpty)
    #expect(try bench.record.plans().last?.remaining == 0)
    #expect(try summary(&bench)["overfills"] == "1")
  }

  @Test("Where a venue's breach takes the parent beyond its quantity, everything open is cancelled and the run goes on")
  func breachStopsEverything() throws {
    var bench = try started()
    _ = try answer(&bench, .ownFilled, 1, 500, aux: 1)
    #expect(try bench.decide(through: bench.scene.look(1, 0)).intents.map(\.quantity) == [500])
    _ = try answer(&bench, .ownAcknowledged, 2)
    let late = try answer(&bench, .ownFilled, 1, 10, aux: 2)
    #expect(late.map(\.body["beyond_open"]?.text) == ["10"])
    let output = try bench.decide()
    #expect(output.intents.map(\.action) == [.cancel] && reasons(output) == ["filled and open exceed the parent order"])
    _ = try answer(&bench, .ownCancelled, 2, 500)
    #expect(try bench.decide().intents.map(\.quantity) == [490])
  }

  // MARK: - What does not belong

  @Test("Reports on unknown orders, from another venue and of an unasked kind change nothing and are counted")
  func strangers() throws {
    var scene = scene()
    scene.venues.append(Scene.Venue())
    var bench = try Bench(scene)
    for frame in opening(scene) { try bench.step(frame) }
    try bench.decide()
    #expect(try answer(&bench, .ownFilled, 99, 10, aux: 1).isEmpty)
    #expect(try answer(&bench, .ownFilled, 1, 10, aux: 2, venue: 1).isEmpty)
    #expect(try answer(&bench, .ownFilled, 1, 10, aux: 3, flags: .textID).isEmpty)
    #expect(try answer(&bench, .ownReplaced, 1, 10, aux: 4).isEmpty)
    #expect(try answer(&bench, .ownFilled, 1, 0, aux: 5).isEmpty)
    #expect(try answer(&bench, .ownFilled, 1, -5, aux: 6).isEmpty)
    // Some messages name no instrument; they are on the order whose number they carry.
    #expect(try answer(&bench, .ownFilled, 1, 10, aux: 7, venue: -1).count == 1)
    let numbers = try summary(&bench)
    #expect(numbers["unknown_reports"] == "3" && numbers["late_reports"] == "3" && numbers["filled"] == "10")
  }

  @Test("What was sent, seen again on the way out, is no answer")
  func echoes() throws {
    var bench = try started()
    let echo = MarketFrame(
      Scene.start + 1, 1, [event(.ownFilled, 0, id: 1, price: one, quantity: 500, aux: 1)], flags: .outbound)
    #expect(try bench.step(echo).statements.isEmpty)
  }

  @Test("A venue's quantities are read at that venue's scale, and a digit that would be lost is an error")
  func scales() throws {
    var scene = scene()
    scene.venues[0].scale = 3
    var bench = try Bench(scene)
    for frame in opening(scene) { try bench.step(frame) }
    #expect(try bench.decide().intents.map(\.quantity) == [500])
    #expect(bench.engine.venueQuantity(500, venue: 0) == 500_000)
    let fill = try answer(&bench, .ownFilled, 1, 20_000, aux: 1, venue: -1)
    #expect(fill.map { $0.body["fill"]?["quantity"]?.text } == ["20"])
    #expect(throws: EngineError.self) { try answer(&bench, .ownFilled, 1, 20_001, aux: 2) }
  }

  @Test("A batch that reaches to the next decision is refused")
  func batchBeforeDecision() throws {
    var bench = try started()
    let next = bench.engine.nextDecision
    let time = try #require(next)
    try bench.step(MarketFrame(time - 1, 0, [level(0, .buy, 100 * one, 5)]))
    #expect(throws: EngineError.self) { try bench.step(MarketFrame(time, 0, [level(0, .buy, 100 * one, 6)])) }
  }
}
