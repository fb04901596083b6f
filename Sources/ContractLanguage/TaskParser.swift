// SPDX-License-Identifier: Apache-2.0

internal import CivilTime
internal import SourceDiagnostics

/// Reads `task NAME { clauses }`, any number of times. After an error it goes on at the next word that begins a
/// clause, so that one run finds all of them. Nothing nests deeper than a clause's own braces.
struct TaskParser {
  private let source: SourceText
  private let tokens: [Token]
  private var at = 0
  private(set) var diagnostics: [Diagnostic] = []

  static let mostTasks = 64

  /// Thrown after a report; the clause is given up.
  private struct GivenUp: Error {}

  init(_ source: SourceText, _ tokens: [Token]) {
    self.source = source
    self.tokens = tokens
  }

  private var next: Token { tokens[at] }

  private mutating func take() -> Token {
    let token = tokens[at]
    if token.kind != .end { at += 1 }
    return token
  }

  /// So much is wrong that nobody reads on; nor does the parser.
  private var isFull: Bool { diagnostics.count >= Lexer.mostDiagnostics }

  private mutating func report(_ range: SourceRange, _ message: String, help: String) {
    guard !isFull else { return }
    diagnostics.append(Diagnostic(source, range, message, help: help))
  }

  /// What stands there, for a message.
  private func found(_ token: Token) -> String {
    token.kind == .end ? "the end of the file" : "'\(source.text(token.range))'"
  }

  mutating func tasks() -> [TaskSyntax] {
    var tasks: [TaskSyntax] = []
    while next.kind != .end, !isFull {
      let token = next
      if token.kind == .word, token.text == "task" {
        guard tasks.count < TaskParser.mostTasks else {
          report(
            token.range, "more than \(TaskParser.mostTasks) tasks", help: "put the others into a file of their own")
          return tasks
        }
        if let task = task() { tasks.append(task) }
        continue
      }
      let nearest = token.kind == .word ? suggestion(for: token.text, among: ["task"]) : nil
      report(
        token.range, "expected a task, found \(found(token))" + (nearest.map { "; did you mean '\($0)'?" } ?? ""),
        help: "a file holds tasks: task buy-btc { … }")
      skipToTask()
    }
    return tasks
  }

  private mutating func skipToTask() {
    repeat { _ = take() } while next.kind != .end && !(next.kind == .word && next.text == "task")
  }

  private mutating func task() -> TaskSyntax? {
    _ = take()
    guard let name = try? name("a name of the task", example: "task buy-btc { … }") else {
      skipToTask()
      return nil
    }
    guard next.kind == .open else {
      report(
        next.range, "expected '{', found \(found(next))", help: "a task's clauses stand in braces: task buy-btc { … }")
      skipToTask()
      return nil
    }
    let open = take()
    var task = TaskSyntax(name: name)
    while next.kind != .close, next.kind != .end, !isFull {
      clause(of: &task)
    }
    if isFull { return nil }
    if next.kind == .end {
      report(open.range, "this '{' is not closed", help: "put a } behind the task's last clause")
    } else {
      _ = take()
    }
    return task
  }

  private mutating func clause(of task: inout TaskSyntax) {
    let token = take()
    guard token.kind == .word, let clause = Clause(rawValue: token.text) else {
      let words = Clause.allCases.map(\.rawValue)
      let nearest = token.kind == .word ? suggestion(for: token.text, among: words) : nil
      report(
        token.range, "no clause begins with \(found(token))" + (nearest.map { "; did you mean '\($0)'?" } ?? ""),
        help: "clauses are \(words.joined(separator: ", "))")
      skipClause()
      return
    }
    if let first = task.seen[clause], !clause.repeats {
      report(
        token.range, "a second '\(clause.rawValue)'; the first one is in line \(source.position(first.start).line)",
        help: "keep one of them")
      skipClause()
      return
    }
    task.seen[clause] = token.range
    do {
      try read(clause, of: &task)
    } catch {
      skipClause()
    }
  }

  /// Goes to the next word that begins a clause, or to the brace that ends the task.
  private mutating func skipClause() {
    var isNested = false
    while next.kind != .end {
      if next.kind == .open {
        isNested = true
      } else if next.kind == .close {
        guard isNested else { return }
        isNested = false
      } else if next.kind == .word, Clause(rawValue: next.text) != nil || next.text == "task" {
        return
      }
      _ = take()
    }
  }

  private mutating func read(_ clause: Clause, of task: inout TaskSyntax) throws(GivenUp) {
    let example = clause.example
    switch clause {
    case .account: task.account = try name("the account", example: example)
    case .capacity: task.capacity = try name("principal, agency or riskless", example: example)
    case .instrument: task.instrument = try name("the instrument's name", example: example)
    case .currency: task.currency = try name("the currency", example: example)
    case .side: task.side = try name("buy or sell", example: example)
    case .quantity:
      let amount = try literal("a decimal", example: example)
      task.quantity = (amount, try name("a unit", example: example))
    case .window: task.window = try window(example)
    case .objective: task.objective = try objective(example)
    case .slices: task.slices = try literal("a count", example: example)
    case .slice: task.slice = try duration(example)
    case .participation:
      let amount = try literal("a percentage", example: example)
      guard next.kind == .percent else { throw expected("'%'", example) }
      task.participation = Located(value: amount.value, range: amount.range.through(take().range))
    case .limit: task.limit = try literal("a price", example: example)
    case .venue: task.venues.append(try venue(example))
    case .reference: task.references.append(try venue(example))
    case .term: task.terms.append(try term(example))
    }
  }

  private mutating func expected(_ what: String, _ example: String) -> GivenUp {
    report(next.range, "expected \(what), found \(found(next))", help: "write it as: \(example)")
    return GivenUp()
  }

  /// A word, or anything within quotes. A bare word that begins a clause does so: what should stand before it is missing.
  private mutating func name(_ what: String, example: String) throws(GivenUp) -> Located<String> {
    guard next.kind == .string || (next.kind == .word && Clause(rawValue: next.text) == nil) else {
      throw expected(what, example)
    }
    let token = take()
    return Located(value: token.text, range: token.range)
  }

  private mutating func literal(_ what: String, example: String) throws(GivenUp) -> Located<String> {
    guard next.kind == .literal else { throw expected(what, example) }
    let token = take()
    return Located(value: token.text, range: token.range)
  }

  /// `30s` or `30 s`.
  private mutating func duration(_ example: String) throws(GivenUp) -> Located<String> {
    let amount = try literal("a duration", example: example)
    guard next.kind == .word, Clause(rawValue: next.text) == nil,
      amount.value.utf8.allSatisfy({ (48...57).contains($0) })
    else { return amount }
    let unit = take()
    return Located(value: amount.value + unit.text, range: amount.range.through(unit.range))
  }

  private mutating func moment(_ example: String) throws(GivenUp) -> Located<CivilMoment> {
    let literal = try literal("a local time", example: example)
    do {
      return Located(value: try TimeText.moment(literal.value), range: literal.range)
    } catch {
      report(literal.range, error.description, help: "write it as: \(example)")
      throw GivenUp()
    }
  }

  private mutating func window(_ example: String) throws(GivenUp) -> TaskSyntax.Window {
    let start = try moment(example)
    guard next.kind == .range else { throw expected("'..'", example) }
    _ = take()
    let end = try moment(example)
    guard next.kind == .word, next.text == "zone" else { throw expected("the zone of these times", example) }
    _ = take()
    return TaskSyntax.Window(start: start, end: end, zone: try name("a time zone", example: example))
  }

  private mutating func objective(_ example: String) throws(GivenUp) -> TaskSyntax.Objective {
    let kind = try name("twap, vwap or is", example: example)
    guard next.kind == .open else { return TaskSyntax.Objective(kind: kind, riskAversion: nil) }
    _ = take()
    guard next.kind == .word, next.text == "risk-aversion" else { throw expected("risk-aversion", example) }
    _ = take()
    let value = try literal("a decimal", example: example)
    guard next.kind == .close else { throw expected("'}'", example) }
    _ = take()
    return TaskSyntax.Objective(kind: kind, riskAversion: value)
  }

  /// A word that the grammar puts here, and the name behind it.
  private mutating func named(_ word: String, _ what: String, _ example: String) throws(GivenUp) -> Located<String> {
    guard next.kind == .word, next.text == word else { throw expected("'\(word)' and \(what)", example) }
    _ = take()
    return try name(what, example: example)
  }

  private mutating func term(_ example: String) throws(GivenUp) -> Located<TaskSyntax.Term> {
    let name = try name("a name of the term", example: example)
    let file = try named("library", "its library's file name", example)
    let digest = try named("sha256", "the library's digest", example)
    let symbol = try named("symbol", "its function", example)
    let signature = try named("signature", "the function's signature", example)
    var values: [Located<String>] = []
    if next.kind == .word, next.text == "values" {
      _ = take()
      repeat { values.append(try literal("an integer", example: example)) } while next.kind == .literal
    }
    return Located(
      value: TaskSyntax.Term(
        name: name, file: file, digest: digest, symbol: symbol, signature: signature, values: values),
      range: name.range.through((values.last ?? signature).range))
  }

  private mutating func venue(_ example: String) throws(GivenUp) -> Located<TaskSyntax.Venue> {
    let venue = try name("a venue", example: example)
    guard next.kind == .word, next.text == "as" else {
      throw expected("'as' and the symbol under which the venue lists it", example)
    }
    _ = take()
    // A symbol may begin with a digit, as many Asian ones do.
    guard next.kind == .word || next.kind == .string || next.kind == .literal else {
      throw expected("a symbol", example)
    }
    let symbol = take()
    return Located(
      value: TaskSyntax.Venue(name: venue, symbol: Located(value: symbol.text, range: symbol.range)),
      range: venue.range.through(symbol.range))
  }
}
