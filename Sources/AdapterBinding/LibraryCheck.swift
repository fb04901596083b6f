// SPDX-License-Identifier: Apache-2.0

package import SourceDiagnostics

/// What of a binding was held against its library, without running it.
package struct LibraryCheck: Sendable {
  /// What does not agree; empty when all does.
  package var diagnostics: [Diagnostic] = []
  /// Functions that the binding calls and the library exports.
  package var symbols = 0
  /// Functions whose types the debug information confirms, and structs whose layout it confirms.
  package var functions: [String] = []
  package var structures: [String] = []
  /// Functions of which there is no debug information.
  package var trusted: [String] = []
  /// Why types could not be compared; nil when they were.
  package var reason: String?

  /// In words, for people.
  package var summary: [String] {
    var lines = ["\(symbols) functions are exported by the library"]
    if let reason {
      lines.append("types are taken on trust: \(reason)")
    } else {
      lines.append("types agree with its debug information: \(functions.count) functions, \(structures.count) structs")
      if !trusted.isEmpty {
        lines.append("taken on trust, without debug information: \(trusted.joined(separator: ", "))")
      }
    }
    return lines
  }
}

/// A symbol of the library's dynamic table.
package struct LibrarySymbol: Sendable {
  package var name: String
  package var isFunction: Bool

  package init(name: String, isFunction: Bool) {
    self.name = name
    self.isFunction = isFunction
  }
}

extension BindingFile {
  /// Holds what is declared against the library: `symbols` are those that it exports, `bytes` its file.
  package func check(_ symbols: [LibrarySymbol], _ bytes: [UInt8]) -> LibraryCheck {
    var check = LibraryCheck()
    for name in functions {
      guard let function = declarations.functions.first(where: { $0.name == name }) else { continue }
      switch symbols.first(where: { $0.name == name }) {
      case .some(let symbol) where symbol.isFunction: check.symbols += 1
      case .some:
        check.diagnostics.append(
          fault(function.range, "“\(name)” of \(library) is no function", help: "only functions can be called"))
      case nil:
        let nearest = suggestion(for: name, among: symbols.filter(\.isFunction).map(\.name))
        check.diagnostics.append(
          fault(
            function.range,
            "\(library) exports no function “\(name)”" + (nearest.map { "; did you mean “\($0)”?" } ?? ""),
            help: "nm -D --defined-only lists what it exports"))
      }
    }
    do throws(DebugInfo.Unreadable) {
      guard let debug = try DebugInfo.read(bytes) else {
        check.reason = "the library has no debug information (compile it with -g for that)"
        return check
      }
      var comparison = TypeComparison(declarations, debug)
      compare(debug, &comparison, &check)
    } catch {
      check.reason = error.reason
    }
    return check
  }

  private func compare(_ debug: DebugInfo, _ comparison: inout TypeComparison, _ check: inout LibraryCheck) {
    for name in functions {
      guard let function = declarations.functions.first(where: { $0.name == name }) else { continue }
      let known = (debug.functions[name] ?? []).compactMap { debug.entries[$0] }
      // A definition tells more than a declaration that came before it.
      guard let entry = known.first(where: { !$0.isDeclaration }) ?? known.first else {
        check.trusted.append(name)
        continue
      }
      if let difference = comparison.difference(function.signature, entry) {
        check.diagnostics.append(
          fault(
            function.range, "“\(name)” is declared otherwise than \(library) was compiled: \(difference)",
            help: "copy the declaration from the header that the library was compiled with"))
      } else {
        check.functions.append(name)
      }
    }
    check.structures = comparison.agreeing
    if functions.count == check.trusted.count, debug.hasSplitUnits {
      check.reason = "its debug information lies in files of its own (split DWARF)"
    }
  }
}

/// Declared types against those of the debug information.
struct TypeComparison {
  private let declarations: CDeclarations
  private let debug: DebugInfo
  /// Structs that are being or were compared, by number and entry: a struct may hold pointers to itself.
  private var seen: [Int: Set<Int>] = [:]
  private var compared = 0
  private(set) var agreeing: [String] = []

  init(_ declarations: CDeclarations, _ debug: DebugInfo) {
    self.declarations = declarations
    self.debug = debug
  }

  /// In what a function differs; nil when it does not.
  mutating func difference(_ signature: CSignature, _ entry: DebugInfo.Entry) -> String? {
    let parameters = entry.children.compactMap { debug.entries[$0] }.filter { $0.tag == .parameter }
    if entry.isOpen { return "it takes any number of arguments" }
    guard parameters.count == signature.parameters.count else {
      return "it has \(parameters.count) parameters, declared are \(signature.parameters.count)"
    }
    if let difference = difference(signature.returned, entry.type, 0) { return "it returns \(difference)" }
    for (declared, actual) in zip(signature.parameters, parameters) {
      if let difference = difference(declared.type, actual.type, 0) {
        return "parameter “\(actual.name ?? declared.name)” is \(difference)"
      }
    }
    return nil
  }

  /// Such as `int (4 bytes, signed), declared is uint32_t`.
  private mutating func difference(_ declared: CType, _ actual: Int?, _ depth: Int) -> String? {
    compared += 1
    // Deep enough for anything that is written by hand.
    guard depth < 32, compared < 1 << 16 else { return nil }
    func differs(_ what: String) -> String { "\(what), declared is \(declarations.text(declared))" }
    guard let (offset, entry) = debug.resolved(actual) else { return declared == .void ? nil : differs("void") }
    switch (declared, entry.tag) {
    case (.integer(let bytes, let signed), .base):
      let isUnsigned = [0x02, 0x07, 0x08, 0x10].contains(entry.encoding ?? 0)
      let isReal = entry.encoding == 0x04
      let isSame = entry.size == bytes && isUnsigned == !signed && !isReal
      return isSame ? nil : differs(TypeComparison.text(entry))
    case (.integer(let bytes, _), .enumeration):
      return entry.size == bytes ? nil : differs("an enumeration of \(entry.size ?? 0) bytes")
    case (.real(let bytes), .base):
      return entry.encoding == 0x04 && entry.size == bytes ? nil : differs(TypeComparison.text(entry))
    case (.callback(let index), .pointer):
      guard let (_, function) = debug.resolved(entry.type), function.tag == .subroutine else {
        return differs("a pointer to no function")
      }
      return difference(declarations.callbacks[index].signature, function).map { "a callback of which \($0)" }
    case (.pointer(let pointee), .pointer):
      // Any pointer may be declared as one to void, and bytes have many names.
      guard pointee != .void, let (_, target) = debug.resolved(entry.type) else { return nil }
      if case .integer(1, _) = pointee, target.tag == .base, target.size == 1 { return nil }
      return difference(pointee, entry.type, depth + 1).map { "a pointer to \($0)" }
    case (.structure(let index), .structure), (.structure(let index), .class):
      return difference(structure: index, offset, entry, depth)
    case (.array(let element, let count), .array):
      let dimensions = entry.children.compactMap { debug.entries[$0] }.filter { $0.tag == .subrange }.compactMap(
        \.count)
      var (inner, counts) = (element, [count])
      while case .array(let next, let more) = inner { (inner, counts) = (next, counts + [more]) }
      guard dimensions == counts else {
        return differs("an array of \(dimensions.map(String.init).joined(separator: " by "))")
      }
      return difference(inner, entry.type, depth + 1).map { "an array of \($0)" }
    default: return differs(TypeComparison.text(entry))
    }
  }

  private mutating func difference(
    structure index: Int, _ offset: Int, _ entry: DebugInfo.Entry, _ depth: Int
  ) -> String? {
    let structure = declarations.structures[index]
    guard let fields = structure.fields, !entry.isDeclaration else { return nil }
    if seen[index]?.contains(offset) == true { return nil }
    seen[index, default: []].insert(offset)
    let name = "struct \(entry.name ?? structure.name)"
    guard entry.size == structure.size else {
      return "\(name) of \(entry.size ?? 0) bytes, declared are \(structure.size)"
    }
    let members = entry.children.compactMap { debug.entries[$0] }.filter { $0.tag == .member }
    for field in fields {
      guard let member = members.first(where: { $0.name == field.name }) else {
        return "\(name), which has no field “\(field.name)”"
      }
      if member.isBitField { return "\(name), whose field “\(field.name)” is a bit field" }
      guard member.location ?? 0 == field.offset else {
        return "\(name), whose field “\(field.name)” lies at byte \(member.location ?? 0), declared at \(field.offset)"
      }
      if let difference = difference(field.type, member.type, depth + 1) {
        return "\(name), whose field “\(field.name)” is \(difference)"
      }
    }
    guard members.count == fields.count else {
      return "\(name) with \(members.count) fields, declared are \(fields.count)"
    }
    if !agreeing.contains(structure.name) { agreeing.append(structure.name) }
    return nil
  }

  private static func text(_ entry: DebugInfo.Entry) -> String {
    switch entry.tag {
    case .base: "\(entry.name ?? "a number") (\(entry.size ?? 0) bytes)"
    case .pointer: "a pointer"
    case .structure, .class: "struct \(entry.name ?? "without a name")"
    case .union: "a union"
    case .enumeration: "an enumeration"
    case .array: "an array"
    default: "of another kind"
    }
  }
}
