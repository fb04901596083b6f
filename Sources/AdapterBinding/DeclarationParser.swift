// SPDX-License-Identifier: Apache-2.0

internal import SourceDiagnostics

/// The part of a binding that is C: typedefs, structs, enumerations, constants and prototypes.
extension BindingParser {
  mutating func declaration() throws(BindingFault) {
    let isTypedef = isWord("typedef")
    if isTypedef { at += 1 }
    while isWord("extern") { at += 1 }
    if isWord("enum") { return try enumeration(isTypedef: isTypedef) }
    if isWord("struct"), ahead(1).text == "{" || ahead(2).text == "{" || (!isTypedef && ahead(2).text == ";") {
      return try structure(isTypedef: isTypedef)
    }
    let base = try type()
    if isTypedef, isSign("("), ahead(1).text == "*" { return try callback(returning: base) }
    let name = try word("a name", help: "a declaration names what it declares: int deep_feed(…);")
    if isTypedef {
      let type = try arrays(of: base)
      try expect(";", after: "the typedef")
      return try define(name, type)
    }
    guard takeIf("(") else { throw unexpected("“(”", help: "only functions are declared: int \(name.text)(…);") }
    let signature = CSignature(returned: base, parameters: try parameters())
    try expect(";", after: "the declaration")
    try check(signature, name.range)
    guard !declarations.functions.contains(where: { $0.name == name.text }) else {
      throw fault(name.range, "“\(name.text)” is declared twice", help: "leave one out")
    }
    try room(declarations.functions.count, name.range)
    declarations.functions.append(CFunction(name: name.text, range: name.range, signature: signature))
  }

  private func room(_ count: Int, _ range: SourceRange) throws(BindingFault) {
    guard count < ProgramBuilder.mostItems else {
      throw fault(
        range, "there are too many of these", help: "at most \(ProgramBuilder.mostItems); declare what is used")
    }
  }

  /// `#define NAME 12`
  mutating func definition() throws(BindingFault) {
    at += 1
    guard isWord("define") else {
      throw unexpected("“define”", help: "of the preprocessor's directives only #define NAME 12 has a meaning")
    }
    at += 1
    let name = try word("a name", help: "write #define NAME 12")
    let inParentheses = takeIf("(")
    let value = try constant("an integer")
    if inParentheses { try expect(")", after: "the integer") }
    try define(name, value)
  }

  private mutating func define(_ name: BindingToken, _ value: Int64) throws(BindingFault) {
    guard declarations.constants[name.text] == nil, declarations.types[name.text] == nil else {
      throw fault(name.range, "“\(name.text)” is declared twice", help: "leave one out")
    }
    try room(declarations.constants.count / 16, name.range)
    declarations.constants[name.text] = value
  }

  private mutating func define(_ name: BindingToken, _ type: CType) throws(BindingFault) {
    if let known = declarations.types[name.text], known == type { return }
    guard declarations.types[name.text] == nil, declarations.constants[name.text] == nil else {
      throw fault(name.range, "“\(name.text)” is declared twice", help: "leave one out")
    }
    try room(declarations.types.count, name.range)
    declarations.types[name.text] = type
  }

  private mutating func enumeration(isTypedef: Bool) throws(BindingFault) {
    at += 1
    let tag = token.kind == .word ? take() : nil
    try expect("{", after: "enum")
    var next: Int64 = 0
    // As gcc and clang choose it: unsigned unless a value is negative.
    var isSigned = false
    while !takeIf("}") {
      let name = try word("a constant's name", help: "write enum { NAME = 1, OTHER };")
      if takeIf("=") { next = try constant("its value") }
      guard next >= Int64(Int32.min), next <= Int64(UInt32.max) else {
        throw fault(name.range, "“\(name.text)” does not fit 32 bits", help: "enumerations have 32 bits")
      }
      try define(name, next)
      isSigned = isSigned || next < 0
      next += 1
      if !takeIf(","), !isSign("}") { throw unexpected("“,”", help: "put “,” between constants") }
    }
    let type = CType.integer(bytes: 4, signed: isSigned)
    if let tag { declarations.types["enum \(tag.text)"] = type }
    if isTypedef { try define(try word("the type's name", help: "typedef enum { … } name;"), type) }
    try expect(";", after: "the enumeration")
  }

  private mutating func structure(isTypedef: Bool) throws(BindingFault) {
    let start = take().range
    let tag = token.kind == .word ? take() : nil
    let index = try structureIndex(tag?.text, tag?.range ?? start)
    if takeIf("{") {
      guard declarations.structures[index].fields == nil else {
        throw fault(tag?.range ?? start, "this struct is declared twice", help: "leave one out")
      }
      let fields = try self.fields()
      guard let placed = declarations.placed(fields) else {
        throw fault(
          tag?.range ?? start, "this struct is larger than \(CDeclarations.sizeLimit) bytes",
          help: "a library of such structs needs an adapter in C")
      }
      declarations.structures[index].fields = placed.fields
      declarations.structures[index].size = placed.size
      declarations.structures[index].alignment = placed.alignment
    }
    if isTypedef {
      let name = try word("the type's name", help: "typedef struct { … } name;")
      if tag == nil { declarations.structures[index].name = name.text }
      try define(name, .structure(index))
    }
    try expect(";", after: "the struct")
  }

  private mutating func structureIndex(_ tag: String?, _ range: SourceRange) throws(BindingFault) -> Int {
    if let tag, let known = declarations.tags[tag] { return known }
    try room(declarations.structures.count, range)
    declarations.structures.append(CStructure(name: tag ?? "struct", range: range))
    if let tag { declarations.tags[tag] = declarations.structures.count - 1 }
    return declarations.structures.count - 1
  }

  private mutating func fields() throws(BindingFault) -> [CParameter] {
    var fields: [CParameter] = []
    while !takeIf("}") {
      let base = try type()
      repeat {
        let name = try word("a field's name", help: "write int64_t price;")
        if isSign(":") {
          throw fault(
            token.range, "bit fields cannot be declared", help: "declare the integer that holds them, and use &")
        }
        let type = try arrays(of: base)
        guard declarations.layout(type) != nil else {
          throw fault(
            name.range, "“\(name.text)” is of a type without a size",
            help: "declare the struct's fields before, or hold a pointer to it")
        }
        guard !fields.contains(where: { $0.name == name.text }) else {
          throw fault(name.range, "a second field “\(name.text)”", help: "leave one out")
        }
        try room(fields.count, name.range)
        fields.append(CParameter(name: name.text, type: type))
      } while takeIf(",")
      try expect(";", after: "the field")
    }
    guard !fields.isEmpty else {
      throw fault(
        token.range, "a struct without fields", help: "of an opaque struct only the name is declared: struct name;")
    }
    return fields
  }

  /// `const char *`, `struct level *`, `deep_level`: everything before a name.
  mutating func type() throws(BindingFault) -> CType {
    var words: [String] = []
    var type: CType?
    let start = token.range
    while token.kind == .word {
      if isWord("const") || isWord("volatile") {
        at += 1
      } else if type == nil, CDeclarations.integerWords.contains(token.text) {
        words.append(take().text)
      } else if type == nil, words.isEmpty, isWord("struct") || isWord("enum") {
        type = try tagged()
      } else if type == nil, words.isEmpty, let known = declarations.types[token.text] {
        at += 1
        type = known
      } else {
        break
      }
    }
    if !words.isEmpty { type = CDeclarations.integer(words) }
    guard var type else {
      if isWord("union") {
        throw fault(
          token.range, "unions cannot be declared",
          help: "declare what is read of it, of the same size and alignment: int64_t name, or uint8_t name[16]")
      }
      let known = declarations.types.keys.sorted() + Array(CDeclarations.integerWords)
      let nearest = token.kind == .word ? nearest(token.text, known) : ""
      throw fault(
        words.isEmpty ? token.range : start,
        words.isEmpty
          ? "“\(token.text.prefix(40))” is no type\(nearest)" : "“\(words.joined(separator: " "))” is no type",
        help: "declare it before: typedef struct { … } name; or struct name;")
    }
    while isSign("*") || isWord("const") || isWord("restrict") || isWord("volatile") {
      if take().text == "*" { type = .pointer(type) }
    }
    return type
  }

  private mutating func tagged() throws(BindingFault) -> CType {
    let kind = take().text
    let tag = try word("a tag", help: "write struct name")
    if kind == "struct" { return .structure(try structureIndex(tag.text, tag.range)) }
    guard let type = declarations.types["enum \(tag.text)"] else {
      throw fault(tag.range, "there is no enum \(tag.text)", help: "declare it before: enum \(tag.text) { … };")
    }
    return type
  }

  private mutating func arrays(of base: CType) throws(BindingFault) -> CType {
    var counts: [Int] = []
    while takeIf("[") {
      counts.append(try count("number of elements", in: 1...Int64(CDeclarations.sizeLimit)))
      try expect("]", after: "the number of elements")
      guard counts.count <= 4 else {
        throw fault(token.range, "an array of arrays of arrays", help: "at most four levels")
      }
    }
    var type = base
    for count in counts.reversed() {
      type = .array(type, count)
      guard let size = declarations.layout(type)?.size, size <= CDeclarations.sizeLimit else {
        throw fault(
          tokens[at - 1].range, "this array has no size, or more than \(CDeclarations.sizeLimit) bytes",
          help: "declare fewer elements, of a type that is declared in full")
      }
    }
    return type
  }

  /// `typedef void (*name)(parameters);` from the parenthesis on.
  private mutating func callback(returning returned: CType) throws(BindingFault) {
    at += 2
    let name = try word("a name", help: "write typedef void (*name)(void *user, const deep_level *level);")
    try expect(")", after: "the name")
    try expect("(", after: "the name")
    let signature = CSignature(returned: returned, parameters: try parameters())
    try expect(";", after: "the typedef")
    try check(signature, name.range)
    try room(declarations.callbacks.count, name.range)
    declarations.callbacks.append(CFunction(name: name.text, range: name.range, signature: signature))
    try define(name, .callback(declarations.callbacks.count - 1))
  }

  /// What stands between the parentheses, and the one that closes them.
  private mutating func parameters() throws(BindingFault) -> [CParameter] {
    var parameters: [CParameter] = []
    if isWord("void"), ahead(1).text == ")" {
      at += 2
      return []
    }
    if takeIf(")") { return [] }
    repeat {
      if isSign(".") {
        throw fault(
          token.range, "functions with any number of arguments cannot be bound",
          help: "declare a function with a fixed number")
      }
      let base = try type()
      if isSign("("), ahead(1).text == "*" {
        throw fault(
          token.range, "a callback needs a name of its own", help: "write typedef void (*name)(…); before, and use that"
        )
      }
      let name = token.kind == .word ? take().text : "argument\(parameters.count + 1)"
      var type = base
      if takeIf("[") {
        if !isSign("]") { _ = try count("number of elements", in: 1...Int64(CDeclarations.sizeLimit)) }
        try expect("]", after: "the array")
        type = .pointer(base)
      }
      parameters.append(CParameter(name: name, type: type))
    } while takeIf(",")
    try expect(")", after: "the parameters")
    return parameters
  }

  private func check(_ signature: CSignature, _ range: SourceRange) throws(BindingFault) {
    guard signature.parameters.count <= ProgramBuilder.mostArguments else {
      throw fault(
        range, "\(signature.parameters.count) parameters", help: "at most \(ProgramBuilder.mostArguments) can be passed"
      )
    }
    for parameter in signature.parameters where declarations.layout(parameter.type) == nil {
      throw fault(
        range,
        "its parameter “\(parameter.name)” is of type \(declarations.text(parameter.type)), which has no size here",
        help: "declare the struct's fields before, or pass a pointer")
    }
    guard signature.returned == .void || declarations.layout(signature.returned) != nil else {
      throw fault(range, "what it returns has no size here", help: "declare the struct's fields before")
    }
  }
}
