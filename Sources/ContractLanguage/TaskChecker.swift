// SPDX-License-Identifier: Apache-2.0

package import CivilTime
package import ExecutionIR
internal import SourceDiagnostics

/// What a task file cannot know by itself.
package struct TaskEnvironment {
  /// Finds a time zone; `UTC` is not asked for. Usually `{ try Zone.load($0) }`.
  package let zone: (String) throws(ZoneError) -> Zone
  /// The units in which an instrument's quantity may be stated, its base first; empty for an instrument that the
  /// reference data does not know. Nil when there is no reference data, and then any unit is taken.
  package let units: ((String) -> [String])?
  /// What will decide.
  package let algorithm: Algorithm

  package init(
    algorithm: Algorithm, units: ((String) -> [String])?, zone: @escaping (String) throws(ZoneError) -> Zone
  ) {
    self.algorithm = algorithm
    self.units = units
    self.zone = zone
  }
}

/// Judges the values of one task, reporting all that is wrong with it.
struct TaskChecker {
  private let source: SourceText
  let environment: TaskEnvironment
  private(set) var diagnostics: [Diagnostic] = []

  init(_ source: SourceText, _ environment: TaskEnvironment) {
    self.source = source
    self.environment = environment
  }

  mutating func report(_ range: SourceRange, _ message: String, help: String) {
    diagnostics.append(Diagnostic(source, range, message, help: help))
  }

  /// Nil when something was reported, here or by the parser.
  mutating func check(_ syntax: TaskSyntax) -> LocalExecutionTask? {
    let before = diagnostics.count
    reportMissing(syntax)
    let capacity = syntax.capacity.flatMap { word($0, TradingCapacity.self, .capacity) }
    let side = syntax.side.flatMap { word($0, OrderSide.self, .side) }
    let quantity = self.quantity(syntax)
    let window = syntax.window.flatMap { self.window($0) }
    let objective = syntax.objective.flatMap { self.objective($0) }
    let slicing = self.slicing(syntax)
    let participation = syntax.participation.flatMap { self.participation($0) }
    let limit = syntax.limit.flatMap { self.limit($0) }
    let terms = self.terms(syntax)
    guard let account = syntax.account, let instrument = syntax.instrument, let currency = syntax.currency,
      let capacity,
      let side, let quantity, let window, let objective, let slicing, let participation, diagnostics.count == before
    else { return nil }
    let venues = syntax.venues.map { TaskVenue(venue: $0.value.name.value, symbol: $0.value.symbol.value) }
    let references = syntax.references.map { TaskVenue(venue: $0.value.name.value, symbol: $0.value.symbol.value) }
    do throws(RecordError) {
      return try LocalExecutionTask(
        id: syntax.name.value, account: account.value, capacity: capacity, instrument: instrument.value,
        currency: currency.value, side: side, quantity: quantity, window: window, objective: objective,
        slicing: slicing, participation: participation, limit: limit,
        venues: venues, referenceVenues: references, algorithm: environment.algorithm, terms: terms)
    } catch {
      let (range, example) = place(of: error.path, in: syntax)
      report(range, error.reason, help: "write it as: \(example)")
      return nil
    }
  }

  private mutating func reportMissing(_ syntax: TaskSyntax) {
    for clause in Clause.allCases where syntax.seen[clause] == nil {
      switch clause {
      case .limit, .reference, .term: continue
      case .slice: continue
      case .slices:
        guard syntax.seen[.slice] == nil else { continue }
        report(
          syntax.name.range, "task '\(syntax.name.value)' has neither 'slices' nor 'slice'",
          help: "add one of them: \(Clause.slices.example), or \(Clause.slice.example)")
      default:
        report(
          syntax.name.range, "task '\(syntax.name.value)' has no '\(clause.rawValue)'", help: "add: \(clause.example)")
      }
    }
    if let slice = syntax.seen[.slice], syntax.seen[.slices] != nil {
      report(slice, "'slices' and 'slice' both say how the window is cut", help: "keep one of them")
    }
  }

  private mutating func word<T: RawRepresentable & CaseIterable>(
    _ written: Located<String>, _ type: T.Type, _ clause: Clause
  ) -> T? where T.RawValue == String {
    if let value = T(rawValue: written.value) { return value }
    let words = T.allCases.map(\.rawValue)
    reportUnknown(written, words, clause)
    return nil
  }

  private mutating func reportUnknown(_ written: Located<String>, _ words: [String], _ clause: Clause) {
    let nearest = suggestion(for: written.value, among: words).map { "; did you mean '\($0)'?" } ?? ""
    report(
      written.range, "unknown \(clause.rawValue) '\(written.value)'\(nearest)",
      help: "it is one of \(words.joined(separator: ", "))")
  }

  private mutating func reportDecimal(_ written: Located<String>, _ error: FixedPointError, example: String) {
    switch error {
    case .notADecimal(let text): report(written.range, "'\(text)' is not a decimal", help: "write it as: \(example)")
    case .inexact(_, let scale):
      report(written.range, "more than \(scale) decimals", help: "at most \(scale) are kept exactly, as in: \(example)")
    case .outOfRange:
      report(written.range, "too large for 64 bits with its decimals", help: "write it as: \(example)")
    }
  }

  private mutating func quantity(_ syntax: TaskSyntax) -> ExactDecimal? {
    guard let (amount, unit) = syntax.quantity else { return nil }
    if let units = environment.units, let instrument = syntax.instrument {
      let known = units(instrument.value)
      if known.isEmpty {
        report(
          instrument.range, "the reference data knows no instrument '\(instrument.value)'",
          help: "name one that it lists, or add this one to it")
      } else if !known.contains(unit.value) {
        let nearest = suggestion(for: unit.value, among: known).map { "; did you mean '\($0)'?" } ?? ""
        report(
          unit.range, "unknown unit '\(unit.value)'\(nearest)",
          help: "\(instrument.value) is counted in \(known.joined(separator: " or ")), as in: quantity 12.5 \(known[0])"
        )
      }
    }
    do {
      let value = try ExactDecimal(amount.value)
      if value.units > 0 { return value }
      report(amount.range, "a quantity is above 0", help: "write it as: \(Clause.quantity.example)")
    } catch {
      reportDecimal(amount, error, example: Clause.quantity.example)
    }
    return nil
  }

  private mutating func objective(_ written: TaskSyntax.Objective) -> TaskObjective? {
    switch (written.kind.value, written.riskAversion) {
    case ("twap", nil): return .twap
    case ("vwap", nil): return .vwap
    case ("twap", let value?), ("vwap", let value?):
      report(
        value.range, "\(written.kind.value) has no risk aversion", help: "leave it out, or write: objective is { … }")
    case ("is", nil):
      report(
        written.kind.range, "the objective 'is' needs a risk aversion",
        help: "write it as: objective is { risk-aversion 0.000001 }, per unit of the currency")
    case ("is", let value?):
      do {
        let riskAversion = try ExactDecimal(value.value)
        if riskAversion.units >= 0 { return .implementationShortfall(riskAversion: riskAversion) }
        report(value.range, "a risk aversion is not below 0", help: "write it as: risk-aversion 0.000001")
      } catch {
        reportDecimal(value, error, example: "risk-aversion 0.000001")
      }
    default: reportUnknown(written.kind, ["twap", "vwap", "is"], .objective)
    }
    return nil
  }

  private mutating func participation(_ written: Located<String>) -> Int64? {
    do {
      let parts = try FixedPoint.parse(written.value, scale: 4)
      if (1...LocalExecutionTask.wholeParticipation).contains(parts) { return parts }
      report(
        written.range, "a participation is above 0% and at most 100%",
        help: "write it as: participation 10%; 100% restricts nothing")
    } catch {
      reportDecimal(written, error, example: Clause.participation.example)
    }
    return nil
  }

  private mutating func limit(_ written: Located<String>) -> Int64? {
    do {
      let price = try FixedPoint.parse(written.value, scale: priceScale)
      if price > 0 { return price }
      report(written.range, "a limit is above 0", help: "write it as: \(Clause.limit.example)")
    } catch {
      reportDecimal(written, error, example: Clause.limit.example)
    }
    return nil
  }

  private func place(of path: String, in syntax: TaskSyntax) -> (SourceRange, String) {
    func element(_ prefix: String) -> Int? {
      guard path.hasPrefix(prefix), path.hasSuffix("]") else { return nil }
      return Int(path.dropFirst(prefix.count).dropLast())
    }
    if let index = element("venues["), syntax.venues.indices.contains(index) {
      return (syntax.venues[index].range, Clause.venue.example)
    }
    if let index = element("reference_venues["), syntax.references.indices.contains(index) {
      return (syntax.references[index].range, Clause.reference.example)
    }
    let clause: Clause? =
      switch path {
      case "slices": .slices
      case "slice_duration": .slice
      case "venues": .venue
      case "terms": .term
      default: Clause(rawValue: String(path.prefix { $0 != "." }))
      }
    guard let clause else { return (syntax.name.range, "task buy-btc { … }") }
    return (syntax.seen[clause] ?? syntax.name.range, clause.example)
  }
}
