// SPDX-License-Identifier: Apache-2.0

internal import SourceDiagnostics

/// Structs that the library is given: `object TYPE NAME = { .field = value };`
extension BindingParser {
  /// `object deep_callbacks callbacks = { .level = level, .user = user };`
  mutating func object() throws(BindingFault) {
    at += 1
    let type = try word("a struct's name", help: "write object deep_callbacks callbacks = { .level = level };")
    guard case .structure(let number)? = declarations.types[type.text],
      let fields = declarations.structures[number].fields
    else {
      throw fault(
        type.range,
        "“\(type.text)” is no struct that is declared in full\(nearest(type.text, declarations.types.keys.sorted()))",
        help: "declare it before: typedef struct { … } \(type.text);")
    }
    let name = try word("a name", help: "write object \(type.text) callbacks = { … };")
    guard !handlers.contains(where: { $0.name == name.text }), !objects.contains(where: { $0.name == name.text }) else {
      throw fault(name.range, "a second “\(name.text)”", help: "give each a name of its own")
    }
    guard objects.count < 64, let index = program.type(.structure(number), declarations) else {
      throw fault(
        type.range, "“\(type.text)” cannot be made", help: "at most 64 objects, of structs with at most 4096 elements")
    }
    try expect("=", after: "the name")
    try expect("{", after: "“=”")
    var made = ProgramBuilder.Object(type: index, fields: [])
    while !takeIf("}") {
      try expect(".", after: "“{”, for a field: .level = level")
      let name = try word("a field's name", help: "write .level = level")
      guard let field = fields.first(where: { $0.name == name.text }) else {
        throw fault(
          name.range, "\(type.text) has no field “\(name.text)”\(nearest(name.text, fields.map(\.name)))",
          help: "it has \(fields.map(\.name).prefix(12).joined(separator: ", "))")
      }
      guard !made.fields.contains(where: { $0.offset == field.offset }) else {
        throw fault(name.range, "a second “\(name.text)”", help: "give each field once")
      }
      try expect("=", after: "the field's name")
      made.fields.append(try initialiser(field))
      if !takeIf(","), !isSign("}") { throw unexpected("“,”", help: "put “,” between fields") }
    }
    try expect(";", after: "the object")
    program.objects.append(made)
    objects.append((name.text, number))
  }

  private mutating func initialiser(_ field: CField) throws(BindingFault) -> ProgramBuilder.Initialiser {
    let value = token
    switch field.type {
    case .callback(let type):
      if value.kind == .word, let index = handlers.firstIndex(where: { $0.name == value.text }) {
        at += 1
        guard declarations.callbacks[handlers[index].type].signature == declarations.callbacks[type].signature else {
          throw fault(
            value.range,
            "“\(value.text)” is a \(declarations.callbacks[handlers[index].type].name), the field a \(declarations.callbacks[type].name)",
            help: "write on \(value.text): \(declarations.callbacks[type].name)(…) { … }")
        }
        return .init(offset: field.offset, source: .handler, bytes: 8, value: Int64(index))
      }
      guard value.kind != .word else {
        throw fault(
          value.range, "there is no “on \(value.text.prefix(40))” before\(nearest(value.text, handlers.map(\.name)))",
          help: "write on \(value.text.prefix(40)): \(declarations.callbacks[type].name)(…) { … }, or 0 for none")
      }
    case .pointer(.void) where isWord("user"):
      at += 1
      return .init(offset: field.offset, source: .user, bytes: 8, value: 0)
    case .integer(let bytes, _):
      return .init(offset: field.offset, source: .constant, bytes: bytes, value: try constant("the field's value"))
    case .pointer: break
    default:
      throw fault(value.range, "a field of type \(declarations.text(field.type)) stays zero", help: "leave it out")
    }
    guard try constant("0") == 0 else {
      throw fault(value.range, "a pointer that points nowhere", help: "a callback's name, user, or 0")
    }
    return .init(offset: field.offset, source: .constant, bytes: 8, value: 0)
  }
}
