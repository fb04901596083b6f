// SPDX-License-Identifier: Apache-2.0

import CExProveABI
import EventFlow
import ExecutionEngine
import ExecutionIR

/// An engine under test, with everything that went in and came out.
struct Bench: ~Copyable {
  /// One input of the total order, as a journal would keep it.
  enum Input {
    case frame(MarketFrame)
    case clock
  }

  let scene: Scene
  var engine: Engine
  private(set) var inputs: [Input] = []
  private(set) var record = Record()
  private var batch = EventBatch(frames: 64, events: 512, bytes: 64)

  init(_ scene: Scene) throws { try self.init(scene, scene.configuration()) }

  init(_ scene: Scene, _ configuration: EngineConfiguration) throws {
    self.scene = scene
    engine = try Engine.begin(configuration)
  }

  /// Hands over frames as one batch, and returns what came of it.
  @discardableResult
  mutating func step(_ frames: [MarketFrame]) throws -> EngineOutput {
    batch.removeAll()
    for frame in frames {
      var entry = Frame()
      entry.receive_time = frame.time
      entry.feed = UInt32(frame.feed)
      entry.flags = frame.flags.rawValue
      let bytes: [UInt8] = []
      let number = UInt32(batch.frameCount)
      batch.append(frame: entry, bytes: bytes.span)
      for event in frame.events {
        var event = event
        event.frame = number
        batch.append(event)
      }
      inputs.append(.frame(frame))
    }
    var output = EngineOutput()
    try engine.step(batch, into: &output)
    record.add(output)
    return output
  }

  @discardableResult
  mutating func step(_ frame: MarketFrame) throws -> EngineOutput { try step([frame]) }

  @discardableResult
  mutating func decide() throws -> EngineOutput {
    inputs.append(.clock)
    var output = EngineOutput()
    try engine.decide(into: &output)
    record.add(output)
    return output
  }

  /// Decides while the next decision is at `time` or earlier; returns what came of the last one.
  @discardableResult
  mutating func decide(through time: Int64) throws -> EngineOutput {
    var last = EngineOutput()
    while let next = engine.nextDecision, next <= time { last = try decide() }
    return last
  }

  var question: HookQuestion? { engine.question }

  /// What a vendor's function says.
  @discardableResult
  mutating func answer(_ outcome: HookOutcome) throws -> EngineOutput {
    var output = EngineOutput()
    try engine.answer(outcome, into: &output)
    record.add(output)
    return output
  }

  /// Proposes a child order as the tactics do.
  mutating func submit(_ terms: ChildTerms, at time: Int64) throws -> EngineOutput {
    var output = EngineOutput()
    try engine.submit(terms, at: time, into: &output)
    record.add(output)
    return output
  }
}

/// What an engine put out, in order.
struct Record {
  private(set) var statements: [EngineStatement] = []
  private(set) var intents: [OrderIntent] = []

  mutating func add(_ output: EngineOutput) {
    statements += output.statements
    intents += output.intents
  }

  func bodies(_ kind: EngineStatement.Kind) -> [JSON] { statements.filter { $0.kind == kind }.map(\.body) }

  func plans() throws -> [PlanDelta] { try bodies(.plan).map { try PlanDelta(json: $0) } }
  func contexts() throws -> [DecisionContext] { try bodies(.context).map { try DecisionContext(json: $0) } }
  func orders() throws -> [ChildOrder] { try bodies(.order).map { try ChildOrder(json: $0["order"] ?? .null) } }
  func fills() throws -> [FillRecord] { try bodies(.fill).map { try FillRecord(json: $0["fill"] ?? .null) } }
  func denials() throws -> [DenialRecord] {
    try bodies(.denial).map { try DenialRecord(json: $0["denial"] ?? .null) }
  }

  /// Every statement in its canonical bytes, behind its kind and subject.
  var lines: [[UInt8]] {
    statements.map { Array("\($0.kind.rawValue) \($0.subject) ".utf8) + $0.body.canonical }
  }

  /// The plan after each delta.
  func plans(after deltas: [PlanDelta], slices: Int, venues: Int, scale: Int) throws -> [Plan] {
    var plan = Plan(slices: slices, venues: venues, scale: scale)
    var result: [Plan] = []
    for delta in deltas {
      plan = try plan.applying(delta)
      result.append(plan)
    }
    return result
  }

  /// Filled by venue, as the records of fills say.
  func filled(venues: Int) throws -> [Int64] {
    var result = Array(repeating: Int64(0), count: venues)
    for fill in try fills() { result[Int(fill.listing.venue.dropFirst()) ?? 0] += fill.quantity }
    return result
  }
}
