// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
internal import SourceDiagnostics

/// How what the library calls back becomes events: `on NAME: TYPE(parameters) { statements }`.
extension BindingParser {
  /// What an expression or statement may refer to.
  struct Scope {
    var parameters: [CParameter]
    /// The instruction that the handler begins with; jumps count from there.
    var first: Int
    var kind = ""
    var target: ProgramBuilder.Target?
    /// Numbers on the stack.
    var height = 0
    /// The expression said how many decimals its numbers have, or needs none.
    var isScaled = false
  }

  mutating func handler() throws(BindingFault) {
    at += 1
    let name = try word("a name", help: "write on level: deep_on_level(user, level) { … }")
    try expect(":", after: "the name")
    let type = try word("a callback's type", help: "the name of a typedef of a function pointer")
    guard case .callback(let index)? = declarations.types[type.text] else {
      let nearest = nearest(type.text, declarations.callbacks.map(\.name))
      throw fault(
        type.range, "“\(type.text)” is no type of callback\(nearest)",
        help: "typedef void (*\(type.text))(…); declares one")
    }
    guard !handlers.contains(where: { $0.name == name.text }), !objects.contains(where: { $0.name == name.text }) else {
      throw fault(name.range, "a second “\(name.text)”", help: "give each a name of its own")
    }
    let signature = declarations.callbacks[index].signature
    guard let number = program.signature(signature, declarations), handlers.count < ProgramBuilder.mostItems else {
      throw fault(
        type.range, "“\(type.text)” cannot be passed through",
        help: "its structs are too large, or there are too many callbacks")
    }
    var scope = Scope(parameters: try names(of: signature, type), first: program.code.count)
    var handler = ProgramBuilder.Handler(signature: number, first: program.code.count)
    try results(signature.returned, type, &handler)
    do throws(BindingFault) {
      try block(&scope)
    } catch {
      // Others may refer to it all the same.
      handlers.append((name.text, index))
      program.handlers.append(handler)
      throw error
    }
    emit(.init(operation: .return))
    handler.count = program.code.count - handler.first
    handlers.append((name.text, index))
    program.handlers.append(handler)
  }

  /// The names by which the mapping calls the callback's arguments.
  private mutating func names(of signature: CSignature, _ type: BindingToken) throws(BindingFault) -> [CParameter] {
    try expect("(", after: "the callback's type")
    var parameters: [CParameter] = []
    if !isSign(")") {
      repeat {
        let name = try word(
          "a parameter's name", help: "name each parameter, as in on level: deep_on_level(user, level)")
        guard parameters.count < signature.parameters.count else {
          throw fault(
            name.range, "“\(type.text)” has \(signature.parameters.count) parameters", help: "leave this one out")
        }
        guard !parameters.contains(where: { $0.name == name.text }) else {
          throw fault(name.range, "a second “\(name.text)”", help: "give each a name of its own")
        }
        parameters.append(CParameter(name: name.text, type: signature.parameters[parameters.count].type))
      } while takeIf(",")
    }
    guard parameters.count == signature.parameters.count else {
      let declared = signature.parameters.map(\.name).joined(separator: ", ")
      throw fault(
        token.range, "“\(type.text)” has \(signature.parameters.count) parameters", help: "name them: \(declared)")
    }
    try expect(")", after: "the parameters")
    return parameters
  }

  /// `returns 0 refused -1`, where the library waits for an answer.
  private mutating func results(
    _ returned: CType, _ type: BindingToken, _ handler: inout ProgramBuilder.Handler
  ) throws(BindingFault) {
    guard returned != .void else { return }
    guard returned.isInteger || returned.isPointer else {
      throw fault(
        type.range, "a callback that returns \(declarations.text(returned)) cannot be bound",
        help: "it may return an integer, a pointer or nothing")
    }
    let help = "write returns 0 refused -1: what it is told, and what after the session's end"
    guard isWord("returns") else { throw unexpected("“returns”", help: help) }
    at += 1
    handler.returned = try constant("what it returns")
    guard isWord("refused") else { throw unexpected("“refused”", help: help) }
    at += 1
    handler.refused = try constant("what it returns when nobody listens")
  }

  private mutating func block(_ scope: inout Scope) throws(BindingFault) {
    try expect("{", after: "the head")
    try nested { (parser) throws(BindingFault) in
      while !parser.takeIf("}") {
        guard !parser.isAtEnd else { throw parser.unexpected("“}”", help: "put “}” behind the last statement") }
        try parser.statement(&scope)
      }
    }
  }

  private mutating func statement(_ scope: inout Scope) throws(BindingFault) {
    switch token.text {
    case "count": try counting()
    case "event": try event(&scope)
    case "if": try condition(&scope)
    default: throw unexpected("a statement", help: "count \"T\";, event KIND { … } or if (…) { … } else { … }")
    }
  }

  private mutating func counting() throws(BindingFault) {
    at += 1
    guard token.kind == .string else { throw unexpected("a message of the manifest", help: "write count \"T\";") }
    let name = take()
    let messages = manifest.filter { $0.text.hasPrefix("message:") }.map { BindingParser.value($0.text) }
    guard let index = messages.firstIndex(of: name.text) else {
      throw fault(
        name.range, "the manifest above has no message “\(name.text)”\(nearest(name.text, messages))",
        help: "add message: \(name.text) to it")
    }
    emit(.init(operation: .count, c: UInt32(index)))
    try expect(";", after: "the message")
  }

  private mutating func condition(_ scope: inout Scope) throws(BindingFault) {
    at += 1
    try expect("(", after: "if")
    scope.target = nil
    try expression(&scope)
    try expect(")", after: "the condition")
    scope.height = 0
    let skip = program.code.count
    emit(.init(operation: .skip))
    try block(&scope)
    if isWord("else") {
      at += 1
      let jump = program.code.count
      emit(.init(operation: .jump))
      land(skip, scope)
      if isWord("if") {
        try nested { (parser) throws(BindingFault) in try parser.condition(&scope) }
      } else {
        try block(&scope)
      }
      land(jump, scope)
    } else {
      land(skip, scope)
    }
  }

  /// Lets a jump go on with the next instruction.
  private mutating func land(_ jump: Int, _ scope: Scope) {
    guard jump < program.code.count else { return }
    program.code[jump].c = UInt32(program.code.count - scope.first)
  }

  mutating func emit(_ instruction: ProgramBuilder.Instruction) {
    // One more than may be is enough to tell.
    if program.code.count <= ProgramBuilder.mostCode { program.code.append(instruction) }
  }

  // MARK: Events

  private mutating func event(_ scope: inout Scope) throws(BindingFault) {
    let start = take().range
    let kind = try word("a kind of event", help: "the kinds of event.h: LEVEL, TRADE, STATUS, NOTICE, …")
    guard let value = EventWords.kinds[kind.text] else {
      let nearest = nearest(kind.text, EventWords.kinds.keys.sorted())
      throw fault(
        kind.range, "“\(kind.text)” is no kind of event\(nearest)",
        help: "the kinds of event.h, such as LEVEL, TRADE, STATUS, NOTICE, GAP")
    }
    scope.kind = kind.text
    emit(.init(operation: .begin, a: UInt8(value.rawValue)))
    try expect("{", after: "the kind")
    var given: [String] = []
    while !takeIf("}") {
      let name = try word("a field of the event", help: "write time = level->time @ 9;")
      guard !given.contains(name.text) else {
        throw fault(name.range, "a second “\(name.text)”", help: "give each field once")
      }
      given.append(name.text)
      try expect("=", after: "the field's name")
      try assignment(name, &scope)
      try expect(";", after: "the field's value")
    }
    emit(.init(operation: .end))
    guard !EventWords.attached.contains(kind.text) || given.contains("symbol") else {
      throw fault(start.through(kind.range), "a \(kind.text) concerns an instrument", help: "add symbol = …;")
    }
    guard !EventWords.sided.contains(kind.text) || given.contains("side") else {
      throw fault(
        start.through(kind.range), "a \(kind.text) has a side", help: "add side = match … { …: BUY, …: SELL };")
    }
  }

  private mutating func assignment(_ name: BindingToken, _ scope: inout Scope) throws(BindingFault) {
    if name.text == "symbol" {
      try textAddress(.symbol, &scope)
      return
    }
    guard let target = EventWords.targets[name.text] else {
      let known = EventWords.targets.keys.sorted() + ["symbol"]
      throw fault(
        name.range, "an event has no field “\(name.text)”\(nearest(name.text, known))",
        help: "its fields are \(known.joined(separator: ", "))")
    }
    scope.target = target
    scope.height = 0
    scope.isScaled = false
    let start = token.range
    if target == .order, isWord("text"), ahead(1).text == "(" {
      at += 2
      try textAddress(.text, &scope)
      try expect(")", after: "the text")
      emit(.init(operation: .set, a: target.rawValue))
      emit(.init(operation: .constant, d: 0x0400))
      emit(.init(operation: .set, a: ProgramBuilder.Target.flags.rawValue))
      return
    }
    try expression(&scope)
    guard scope.isScaled || (target != .time && target != .price) else {
      throw fault(
        start.through(tokens[at - 1].range), "how many decimals does this have?",
        help: target == .time
          ? "write x @ 9 for nanoseconds, x @ 3 for milliseconds, x @ 0 for seconds"
          : "write x @ 4 for integers at 1e-4")
    }
    emit(.init(operation: .set, a: target.rawValue))
  }

  /// The value of a manifest's line.
  static func value(_ line: String) -> String {
    guard let colon = line.firstIndex(of: ":") else { return "" }
    var rest = line[line.index(after: colon)...]
    while rest.first == " " { rest.removeFirst() }
    return String(rest)
  }
}
