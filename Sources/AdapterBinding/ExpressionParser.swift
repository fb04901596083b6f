// SPDX-License-Identifier: Apache-2.0

internal import SourceDiagnostics

/// Expressions over a callback's arguments, with C's operators and precedence, compiled to instructions as they are read.
extension BindingParser {
  /// Where a value lies, seen from the arguments.
  private enum Place {
    case argument(UInt8, Int)
    /// Behind the pointer that is the argument.
    case behind(UInt8, Int)
    /// From the address that was emitted.
    case address(Int)
  }

  private static let mostHeight = 15

  private mutating func push(_ instruction: ProgramBuilder.Instruction, _ scope: inout Scope) throws(BindingFault) {
    scope.height += 1
    guard scope.height <= BindingParser.mostHeight else {
      throw fault(token.range, "this expression is too deep", help: "write it with fewer parentheses")
    }
    emit(instruction)
  }

  private mutating func combine(_ operation: ProgramBuilder.Operation, _ scope: inout Scope) {
    scope.height -= 1
    emit(.init(operation: operation))
  }

  mutating func expression(_ scope: inout Scope) throws(BindingFault) {
    try nested { (parser) throws(BindingFault) in
      try parser.conjunction(&scope)
      while parser.takeIf("|") {
        try parser.conjunction(&scope)
        parser.combine(.or, &scope)
      }
    }
  }

  private mutating func conjunction(_ scope: inout Scope) throws(BindingFault) {
    try comparison(&scope)
    while takeIf("&") {
      try comparison(&scope)
      combine(.and, &scope)
    }
  }

  private mutating func comparison(_ scope: inout Scope) throws(BindingFault) {
    try sum(&scope)
    guard isSign("==") || isSign("!=") else { return }
    let isUnequal = take().text == "!="
    try sum(&scope)
    combine(.equal, &scope)
    if isUnequal { emit(.init(operation: .not)) }
  }

  private mutating func sum(_ scope: inout Scope) throws(BindingFault) {
    try scaled(&scope)
    while isSign("+") || isSign("-") {
      let operation: ProgramBuilder.Operation = take().text == "+" ? .add : .subtract
      try scaled(&scope)
      combine(operation, &scope)
    }
  }

  /// `x @ 4`: x counts 1e-4.
  private mutating func scaled(_ scope: inout Scope) throws(BindingFault) {
    try primary(&scope)
    guard isSign("@") else { return }
    let sign = take()
    let unit: Int
    switch scope.target {
    case .time, .price: unit = 9
    case .quantity: unit = program.quantityScale
    default:
      throw fault(sign.range, "this field has no decimals", help: "“@” belongs to time, price and quantity")
    }
    let decimals = try count("number of decimals", in: 0...18)
    scope.isScaled = true
    if unit != decimals { emit(.init(operation: .scale, d: Int64(unit - decimals))) }
  }

  private mutating func primary(_ scope: inout Scope) throws(BindingFault) {
    let first = token
    switch first.kind {
    case .number, .sign:
      if takeIf("(") {
        try expression(&scope)
        return try expect(")", after: "the expression")
      }
      if takeIf("*") {
        var (place, type) = try path(&scope)
        guard case .pointer(let pointee) = type else {
          throw fault(first.range, "this is no pointer", help: "leave the “*” out")
        }
        follow(&place)
        type = pointee
        return try load(place, type, first, &scope)
      }
      let value = try constant("a value")
      scope.isScaled = scope.isScaled || value == 0
      return try push(.init(operation: .constant, d: value), &scope)
    case .word: return try named(first, &scope)
    default: throw unexpected("a value", help: "an argument's field, an integer, match … { … } or a word of event.h")
    }
  }

  private mutating func named(_ first: BindingToken, _ scope: inout Scope) throws(BindingFault) {
    if scope.parameters.contains(where: { $0.name == first.text }) {
      let (place, type) = try path(&scope)
      return try load(place, type, first, &scope)
    }
    let words = scope.target.map { EventWords.words(of: $0, kind: scope.kind) } ?? [:]
    if let value = words[first.text] {
      at += 1
      return try push(.init(operation: .constant, d: value), &scope)
    }
    switch first.text {
    case "match": return try match(words, &scope)
    case "code" where ahead(1).text == "(": return try code(&scope)
    case "day_start", "receive_time":
      at += 1
      scope.isScaled = true
      return try push(.init(operation: first.text == "day_start" ? .day : .received), &scope)
    default: break
    }
    guard declarations.constants[first.text] != nil || first.text == "sizeof" else {
      let known = scope.parameters.map(\.name) + words.keys.sorted() + declarations.constants.keys.sorted()
      throw fault(
        first.range, "there is no “\(first.text.prefix(40))” here\(nearest(first.text, known))",
        help:
          "what may stand here: \((scope.parameters.map(\.name) + words.keys.sorted()).prefix(12).joined(separator: ", ")), constants, day_start, receive_time, match, code"
      )
    }
    try push(.init(operation: .constant, d: try constant("a constant")), &scope)
  }

  // MARK: Paths

  private mutating func follow(_ place: inout Place) {
    switch place {
    case .argument(let index, 0):
      place = .behind(index, 0)
      return
    case .argument(let index, let offset):
      emit(.init(operation: .start, a: index))
      emit(.init(operation: .follow, c: UInt32(offset)))
    case .behind(let index, let offset):
      emit(.init(operation: .start, a: index))
      emit(.init(operation: .follow))
      emit(.init(operation: .follow, c: UInt32(offset)))
    case .address(let offset): emit(.init(operation: .follow, c: UInt32(offset)))
    }
    place = .address(0)
  }

  private func moved(_ place: Place, by distance: Int, _ range: SourceRange) throws(BindingFault) -> Place {
    let offset: Int
    switch place {
    case .argument(_, let known), .behind(_, let known), .address(let known): offset = known + distance
    }
    guard offset <= CDeclarations.sizeLimit else {
      throw fault(range, "this lies too far away", help: "at most \(CDeclarations.sizeLimit) bytes behind a pointer")
    }
    switch place {
    case .argument(let index, _): return .argument(index, offset)
    case .behind(let index, _): return .behind(index, offset)
    case .address: return .address(offset)
    }
  }

  /// `level->symbol`, `trade.price`, `batch->levels[2].size`
  private mutating func path(_ scope: inout Scope) throws(BindingFault) -> (Place, CType) {
    let first = try word(
      "an argument", help: "one of the callback's: \(scope.parameters.map(\.name).joined(separator: ", "))")
    guard let index = scope.parameters.firstIndex(where: { $0.name == first.text }) else {
      throw fault(
        first.range,
        "there is no argument “\(first.text.prefix(40))”\(nearest(first.text, scope.parameters.map(\.name)))",
        help: "the callback has \(scope.parameters.map(\.name).joined(separator: ", "))")
    }
    var place = Place.argument(UInt8(index), 0)
    var type = scope.parameters[index].type
    while true {
      let sign = token
      if isSign("->") || isSign(".") {
        at += 1
        if sign.text == "->" {
          guard case .pointer(let pointee) = type else {
            throw fault(sign.range, "\(declarations.text(type)) is no pointer", help: "write “.”")
          }
          follow(&place)
          type = pointee
        }
        let name = try word("a field", help: "the name of a field of the struct")
        guard case .structure(let number) = type, let fields = declarations.structures[number].fields else {
          throw fault(
            name.range, "\(declarations.text(type)) has no fields that are declared",
            help: "declare the struct in full before")
        }
        guard let field = fields.first(where: { $0.name == name.text }) else {
          let names = fields.map(\.name)
          throw fault(
            name.range, "\(declarations.text(type)) has no field “\(name.text)”\(nearest(name.text, names))",
            help: "it has \(names.prefix(12).joined(separator: ", "))")
        }
        place = try moved(place, by: field.offset, name.range)
        type = field.type
      } else if takeIf("[") {
        let index = try count("index", in: 0...Int64(CDeclarations.sizeLimit))
        try expect("]", after: "the index")
        switch type {
        case .array(let element, let count):
          guard index < count else { throw fault(sign.range, "there are \(count) elements", help: "they count from 0") }
          type = element
        case .pointer(let pointee):
          follow(&place)
          type = pointee
        default: throw fault(sign.range, "\(declarations.text(type)) has no elements", help: "leave the index out")
        }
        guard let size = declarations.layout(type)?.size else {
          throw fault(
            sign.range, "\(declarations.text(type)) has no size here", help: "declare the struct in full before")
        }
        place = try moved(place, by: index * size, sign.range)
      } else {
        return (place, type)
      }
    }
  }

  private mutating func load(
    _ place: Place, _ type: CType, _ first: BindingToken, _ scope: inout Scope
  ) throws(BindingFault) {
    let range = first.range.through(tokens[at - 1].range)
    if case .real = type {
      throw fault(
        range, "floating point cannot become an event",
        help: "prices and quantities are exact; use a function of the library that gives integers")
    }
    guard case .integer(let bytes, let signed) = type else {
      throw fault(
        range, "\(declarations.text(type)) is no integer",
        help: "go on to one of its fields; texts belong to symbol = …, order = text(…) and aux = code(…)")
    }
    let kind = UInt16(ProgramBuilder.kind(bytes: bytes, signed: signed))
    switch place {
    case .argument(let index, let offset):
      try push(.init(operation: .argument, a: index, b: kind, c: UInt32(offset)), &scope)
    case .behind(let index, let offset):
      try push(.init(operation: .field, a: index, b: kind, c: UInt32(offset)), &scope)
    case .address(let offset): try push(.init(operation: .load, b: kind, c: UInt32(offset)), &scope)
    }
  }

  // MARK: Texts

  /// A path to characters: `char name[9]` or `const char *name`.
  mutating func textAddress(_ operation: ProgramBuilder.Operation, _ scope: inout Scope) throws(BindingFault) {
    let first = token.range
    let (place, type) = try path(&scope)
    let range = first.through(tokens[at - 1].range)
    let size: Int
    switch type {
    case .array(.integer(1, _), let count) where count <= 4096: size = count
    case .pointer(.integer(1, _)): size = 0
    default:
      throw fault(
        range, "\(declarations.text(type)) is no text",
        help: "a text is char name[9], up to its first zero byte, or const char *")
    }
    let offset: Int
    switch place {
    case .argument(let index, let distance):
      emit(.init(operation: .start, a: index))
      offset = distance
    case .behind(let index, let distance):
      emit(.init(operation: .start, a: index))
      emit(.init(operation: .follow))
      offset = distance
    case .address(let distance): offset = distance
    }
    guard offset + max(size, 8) <= CDeclarations.sizeLimit else {
      throw fault(range, "this lies too far away", help: "at most \(CDeclarations.sizeLimit) bytes behind a pointer")
    }
    if operation == .code {
      guard size > 0 else {
        throw fault(range, "a code is an array of characters", help: "for one character use its number")
      }
      try push(.init(operation: .code, b: UInt16(min(size, 8)), c: UInt32(offset)), &scope)
    } else {
      emit(.init(operation: operation, b: UInt16(size), c: UInt32(offset)))
    }
  }

  /// `code(x)`: up to eight characters as the number that `aux` holds.
  private mutating func code(_ scope: inout Scope) throws(BindingFault) {
    at += 2
    try textAddress(.code, &scope)
    try expect(")", after: "the characters")
  }

  // MARK: Tables

  /// `match x { 'B': BUY, 'S': SELL, else: NONE }`
  private mutating func match(_ words: [String: Int64], _ scope: inout Scope) throws(BindingFault) {
    let start = take().range
    let isScaled = scope.isScaled
    try expression(&scope)
    let table = try table(words, help: "a word of event.h, or an integer")
    scope.isScaled = isScaled
    guard let number = program.table(table) else {
      throw fault(start, "there are too many tables", help: "at most \(ProgramBuilder.mostItems)")
    }
    emit(.init(operation: .match, c: UInt32(number)))
  }

  mutating func table(_ words: [String: Int64], help: String) throws(BindingFault) -> ProgramBuilder.Table {
    try expect("{", after: "what is looked up")
    var pairs: [(key: Int64, value: Int64)] = []
    var otherwise: Int64?
    repeat {
      if isSign("}") { break }
      let range = token.range
      if isWord("else") {
        at += 1
        try expect(":", after: "else")
        guard otherwise == nil else { throw fault(range, "a second else", help: "leave one out") }
        otherwise = try value(words, help)
        continue
      }
      let key = try constant("a value to look for")
      try expect(":", after: "the value")
      guard !pairs.contains(where: { $0.key == key }) else {
        throw fault(range, "\(key) stands twice", help: "leave one out")
      }
      guard pairs.count < ProgramBuilder.mostItems else {
        throw fault(range, "too many values", help: "at most \(ProgramBuilder.mostItems)")
      }
      pairs.append((key, try value(words, help)))
    } while takeIf(",")
    try expect("}", after: "the last value")
    return ProgramBuilder.Table(pairs: pairs.sorted { $0.key < $1.key }, otherwise: otherwise)
  }

  /// Words and integers, joined by `|`.
  private mutating func value(_ words: [String: Int64], _ help: String) throws(BindingFault) -> Int64 {
    var value: Int64 = 0
    repeat {
      let found = token
      if found.kind == .word, let known = words[found.text] {
        at += 1
        value |= known
      } else if found.kind == .word, declarations.constants[found.text] == nil {
        let known = words.keys.sorted()
        throw fault(
          found.range, "“\(found.text.prefix(40))” means nothing here\(nearest(found.text, known))",
          help: known.isEmpty ? help : "one of \(known.joined(separator: ", "))")
      } else {
        value |= try constant("a value")
      }
    } while takeIf("|")
    return value
  }
}
