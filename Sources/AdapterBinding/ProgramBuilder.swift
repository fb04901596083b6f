// SPDX-License-Identifier: Apache-2.0

/// What the binder runs, before it is bytes; `AdapterBinder/program.h` has the format and what each number means.
struct ProgramBuilder {
  enum Operation: UInt8 {
    case `return`, constant, argument, field, start, follow, load, day, received, add, subtract, and, or, equal, not
    case scale, match, code, text, symbol, skip, jump, begin, set, end, count
  }

  enum Source: UInt32 {
    case constant, `self`, selfOut, bytes, size, user, object, objectValue, handler, out, capacity, receiveTime,
      dayStart
    case seed, setting
  }

  enum Call: Int, CaseIterable {
    case open, close, reset, feed, save, load, fault, time
  }

  enum Target: UInt8 {
    case time, sequence, order, price, quantity, aux, side, flags, level
  }

  struct Instruction: Equatable {
    var operation: Operation
    var a: UInt8 = 0
    var b: UInt16 = 0
    var c: UInt32 = 0
    var d: Int64 = 0
  }

  struct Table: Equatable {
    /// Rising keys.
    var pairs: [(key: Int64, value: Int64)]
    var otherwise: Int64?

    static func == (left: Table, right: Table) -> Bool {
      left.otherwise == right.otherwise && left.pairs.elementsEqual(right.pairs) { $0 == $1 }
    }
  }

  struct Handler {
    var signature: Int
    var returned: Int64 = 0
    var refused: Int64 = 0
    var first = 0
    var count = 0
  }

  struct Initialiser {
    var offset: Int
    var source: Source
    var bytes: Int
    var value: Int64
  }

  struct Object {
    var type: Int
    var fields: [Initialiser]
  }

  struct Invocation {
    var function: Int
    var arguments: [(source: Source, value: Int64)]
    var resultOffset = 0
    var resultType: UInt32 = 0
    var table: Int?
  }

  struct Setting {
    var key: String
    var preset: String
    var isInteger: Bool
  }

  /// Kinds of types: void, integers from u8 to i64, f32, f64, pointer, struct.
  static let pointerType: UInt32 = 11
  private static let structType: UInt32 = 12

  var manifest: [UInt8] = []
  var maxEvents = 0
  var limit: (base: Int, events: Int, bytes: Int)?
  var quantityScale = 0
  var symbols = 65_536
  var framings: UInt32 = 0
  var channels: UInt32 = 0
  var messages: [String] = []
  var settings: [Setting] = []
  private(set) var types: [(kind: UInt32, members: [Int])] = []
  private(set) var signatures: [(returned: Int, parameters: [Int])] = []
  private(set) var functions: [(name: String, signature: Int)] = []
  private(set) var tables: [Table] = []
  var handlers: [Handler] = []
  var objects: [Object] = []
  var calls: [Call: Invocation] = [:]
  /// Of a frame's time: its decimals of a second, and whether it counts from the day's start.
  var frameTime = (decimals: 0, isOfDay: false)
  var code: [Instruction] = []

  /// Whether a call is given bytes to read.
  static func takesBytes(_ call: Call) -> Bool { call == .feed || call == .load || call == .time }

  /// The most of anything that a list may hold, and the most instructions, as the binder demands.
  static let mostItems = 1024
  static let mostCode = 16_384
  static let mostArguments = 16

  /// The binder's number of an integer type.
  static func kind(bytes: Int, signed: Bool) -> UInt32 {
    switch bytes {
    case 1: signed ? 2 : 1
    case 2: signed ? 4 : 3
    case 4: signed ? 6 : 5
    default: signed ? 8 : 7
    }
  }

  /// The binder's number of a type that is no struct.
  static func kind(_ type: CType) -> UInt32? {
    switch type {
    case .void: 0
    case .integer(let bytes, let signed): kind(bytes: bytes, signed: signed)
    case .real(let bytes): bytes == 4 ? 9 : 10
    case .pointer, .callback: pointerType
    case .structure, .array: nil
    }
  }

  /// The number of a type among those of the program; nil for one that has no size, or when there are too many.
  mutating func type(_ type: CType, _ declarations: CDeclarations) -> Int? {
    if let kind = ProgramBuilder.kind(type) { return add(kind, []) }
    guard case .structure(let index) = type, let fields = declarations.structures[index].fields else { return nil }
    var members: [Int] = []
    for field in fields {
      // libffi knows no arrays: their elements are as many fields.
      var (element, count) = (field.type, 1)
      while case .array(let inner, let times) = element { (element, count) = (inner, count * times) }
      guard count <= 4096, members.count + count <= 4096, let number = self.type(element, declarations) else {
        return nil
      }
      members += Array(repeating: number, count: count)
    }
    return add(ProgramBuilder.structType, members)
  }

  private mutating func add(_ kind: UInt32, _ members: [Int]) -> Int? {
    if let known = types.firstIndex(where: { $0.kind == kind && $0.members == members }) { return known }
    guard types.count < ProgramBuilder.mostItems else { return nil }
    types.append((kind, members))
    return types.count - 1
  }

  mutating func signature(_ signature: CSignature, _ declarations: CDeclarations) -> Int? {
    guard let returned = type(signature.returned, declarations),
      signature.parameters.count <= ProgramBuilder.mostArguments
    else { return nil }
    var parameters: [Int] = []
    for parameter in signature.parameters {
      guard let number = type(parameter.type, declarations) else { return nil }
      parameters.append(number)
    }
    if let known = signatures.firstIndex(where: { $0.returned == returned && $0.parameters == parameters }) {
      return known
    }
    guard signatures.count < ProgramBuilder.mostItems else { return nil }
    signatures.append((returned, parameters))
    return signatures.count - 1
  }

  mutating func function(_ function: CFunction, _ declarations: CDeclarations) -> Int? {
    if let known = functions.firstIndex(where: { $0.name == function.name }) { return known }
    guard let signature = signature(function.signature, declarations), functions.count < ProgramBuilder.mostItems else {
      return nil
    }
    functions.append((function.name, signature))
    return functions.count - 1
  }

  mutating func table(_ table: Table) -> Int? {
    if let known = tables.firstIndex(of: table) { return known }
    guard tables.count < ProgramBuilder.mostItems else { return nil }
    tables.append(table)
    return tables.count - 1
  }

  // MARK: Bytes

  var bytes: [UInt8] {
    var out = Bytes()
    out.raw(Array("ExBP".utf8))
    out.word(2)
    out.text(manifest)
    for value in [maxEvents, limit?.base ?? maxEvents, limit?.events ?? 0, limit?.bytes ?? 0, quantityScale, symbols] {
      out.word(UInt32(value))
    }
    for value in [framings, channels, UInt32(messages.count)] { out.word(value) }
    out.list(settings) { out, setting in
      out.text(Array(setting.key.utf8))
      out.text(Array(setting.preset.utf8))
      out.word(setting.isInteger ? 1 : 0)
    }
    out.list(types) { out, type in
      out.word(type.kind)
      if type.kind == ProgramBuilder.structType { out.list(type.members) { $0.word(UInt32($1)) } }
    }
    out.list(signatures) { out, signature in
      out.word(UInt32(signature.returned))
      out.list(signature.parameters) { $0.word(UInt32($1)) }
    }
    out.list(functions) { out, function in
      out.text(Array(function.name.utf8))
      out.word(UInt32(function.signature))
    }
    out.list(tables) { out, table in
      out.word(table.otherwise == nil ? 0 : 1)
      out.wide(table.otherwise ?? 0)
      out.list(table.pairs) { out, pair in
        out.wide(pair.key)
        out.wide(pair.value)
      }
    }
    out.list(handlers) { out, handler in
      out.word(UInt32(handler.signature))
      out.wide(handler.returned)
      out.wide(handler.refused)
      out.word(UInt32(handler.first))
      out.word(UInt32(handler.count))
    }
    out.list(objects) { out, object in
      out.word(UInt32(object.type))
      out.list(object.fields) { out, field in
        out.word(UInt32(field.offset))
        out.word(field.source.rawValue)
        out.word(UInt32(field.bytes))
        out.wide(field.value)
      }
    }
    for call in Call.allCases { append(calls[call], to: &out) }
    out.word(UInt32(frameTime.decimals))
    out.word(frameTime.isOfDay ? 1 : 0)
    out.list(code) { out, instruction in
      out.word(
        UInt32(instruction.operation.rawValue) | UInt32(instruction.a) << 8 | UInt32(instruction.b) << 16)
      out.word(instruction.c)
      out.wide(instruction.d)
    }
    return out.bytes
  }

  private func append(_ call: Invocation?, to out: inout Bytes) {
    out.word(call == nil ? 0 : 1)
    guard let call else { return }
    out.word(UInt32(call.function))
    out.list(call.arguments) { out, argument in
      out.word(argument.source.rawValue)
      out.wide(argument.value)
    }
    out.word(UInt32(call.resultOffset))
    out.word(call.resultType)
    out.word(call.table.map { UInt32($0) } ?? 0xFFFF)
  }

  private struct Bytes {
    var bytes: [UInt8] = []

    mutating func raw(_ more: [UInt8]) { bytes += more }
    mutating func word(_ value: UInt32) {
      for shift in stride(from: 0, to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> UInt32(shift))) }
    }
    mutating func wide(_ value: Int64) {
      for shift in stride(from: 0, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> Int64(shift))) }
    }
    mutating func text(_ text: [UInt8]) {
      word(UInt32(text.count))
      bytes += text
    }
    mutating func list<Element>(_ list: [Element], _ body: (inout Bytes, Element) -> Void) {
      word(UInt32(list.count))
      for element in list { body(&self, element) }
    }
  }
}
