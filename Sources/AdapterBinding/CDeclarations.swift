// SPDX-License-Identifier: Apache-2.0

internal import SourceDiagnostics

/// A type of C, as a binding declares it.
indirect enum CType: Equatable, Sendable {
  case void
  /// Also characters, truth values and enumerations.
  case integer(bytes: Int, signed: Bool)
  case real(bytes: Int)
  case pointer(CType)
  /// A pointer to a function, by the number of its typedef.
  case callback(Int)
  case structure(Int)
  case array(CType, Int)

  var isInteger: Bool {
    if case .integer = self { true } else { false }
  }

  var isPointer: Bool {
    switch self {
    case .pointer, .callback: true
    default: false
    }
  }
}

struct CField: Equatable, Sendable {
  var name: String
  var type: CType
  var offset: Int
}

/// A struct; without fields it is opaque: only pointers to it are of use.
struct CStructure: Sendable {
  var name: String
  var range: SourceRange
  var fields: [CField]?
  var size = 0
  var alignment = 1
}

struct CParameter: Equatable, Sendable {
  var name: String
  var type: CType
}

struct CSignature: Equatable, Sendable {
  var returned: CType
  var parameters: [CParameter]
}

struct CFunction: Sendable {
  var name: String
  var range: SourceRange
  var signature: CSignature
}

/// Everything that a binding declares of its library, laid out as the System V ABI of this machine does.
struct CDeclarations: Sendable {
  var structures: [CStructure] = []
  /// Typedefs of function pointers.
  var callbacks: [CFunction] = []
  var functions: [CFunction] = []
  /// Names that stand for types.
  var types: [String: CType] = CDeclarations.builtin
  /// By their tags.
  var tags: [String: Int] = [:]
  var constants: [String: Int64] = [:]

  /// Whether a plain `char` has a sign.
  #if arch(x86_64)
    static let charIsSigned = true
  #else
    static let charIsSigned = false
  #endif

  private static let builtin: [String: CType] = [
    "int8_t": .integer(bytes: 1, signed: true), "uint8_t": .integer(bytes: 1, signed: false),
    "int16_t": .integer(bytes: 2, signed: true), "uint16_t": .integer(bytes: 2, signed: false),
    "int32_t": .integer(bytes: 4, signed: true), "uint32_t": .integer(bytes: 4, signed: false),
    "int64_t": .integer(bytes: 8, signed: true), "uint64_t": .integer(bytes: 8, signed: false),
    "size_t": .integer(bytes: 8, signed: false), "ssize_t": .integer(bytes: 8, signed: true),
    "ptrdiff_t": .integer(bytes: 8, signed: true), "intptr_t": .integer(bytes: 8, signed: true),
    "uintptr_t": .integer(bytes: 8, signed: false), "bool": .integer(bytes: 1, signed: false),
    "_Bool": .integer(bytes: 1, signed: false), "float": .real(bytes: 4), "double": .real(bytes: 8), "void": .void,
  ]

  /// Words that begin or continue C's own integer types.
  static let integerWords: Set<String> = ["char", "short", "int", "long", "signed", "unsigned"]

  /// The integer that such words name; nil for a combination that C does not have.
  static func integer(_ words: [String]) -> CType? {
    let isUnsigned = words.contains("unsigned")
    guard words.count(where: { $0 == "unsigned" || $0 == "signed" }) <= 1 else { return nil }
    let rest = words.filter { $0 != "unsigned" && $0 != "signed" }.sorted()
    switch rest {
    case ["char"]:
      return .integer(bytes: 1, signed: words.contains("signed") || (!isUnsigned && CDeclarations.charIsSigned))
    case ["short"], ["int", "short"]: return .integer(bytes: 2, signed: !isUnsigned)
    case [], ["int"]: return .integer(bytes: 4, signed: !isUnsigned)
    case ["long"], ["int", "long"], ["long", "long"], ["int", "long", "long"]:
      return .integer(bytes: 8, signed: !isUnsigned)
    default: return nil
    }
  }

  /// The largest object that is laid out.
  static let sizeLimit = 65_536

  /// Size and alignment in bytes; nil for void and opaque structs.
  func layout(_ type: CType) -> (size: Int, alignment: Int)? {
    switch type {
    case .void: return nil
    case .integer(let bytes, _), .real(let bytes): return (bytes, bytes)
    case .pointer, .callback: return (8, 8)
    case .structure(let index):
      let structure = structures[index]
      return structure.fields == nil ? nil : (structure.size, structure.alignment)
    case .array(let element, let count):
      guard let one = layout(element) else { return nil }
      return (one.size * count, one.alignment)
    }
  }

  /// Places fields one behind the other; nil when they are too large in all.
  func placed(_ fields: [CParameter]) -> (fields: [CField], size: Int, alignment: Int)? {
    var placed: [CField] = []
    var (size, alignment) = (0, 1)
    for field in fields {
      guard let one = layout(field.type) else { return nil }
      size = (size + one.alignment - 1) / one.alignment * one.alignment
      placed.append(CField(name: field.name, type: field.type, offset: size))
      size += one.size
      alignment = max(alignment, one.alignment)
      guard size <= CDeclarations.sizeLimit else { return nil }
    }
    return (placed, (size + alignment - 1) / alignment * alignment, alignment)
  }

  /// In the words of C, for messages.
  func text(_ type: CType) -> String {
    switch type {
    case .void: "void"
    case .integer(let bytes, let signed): "\(signed ? "" : "u")int\(bytes * 8)_t"
    case .real(let bytes): bytes == 4 ? "float" : "double"
    case .pointer(let pointee): "\(text(pointee)) *"
    case .callback(let index): callbacks[index].name
    case .structure(let index): structures[index].name
    case .array(let element, let count): "\(text(element))[\(count)]"
    }
  }

  func text(_ signature: CSignature) -> String {
    "\(text(signature.returned))(\(signature.parameters.map { text($0.type) }.joined(separator: ", ")))"
  }
}
