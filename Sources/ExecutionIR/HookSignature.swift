// SPDX-License-Identifier: Apache-2.0

/// Why a signature is none. The message names the column and the way out.
package struct HookSignatureError: Error, Equatable, CustomStringConvertible {
  package let description: String
}

/// The signature of a policy hook or an objective term, as a policy writes it; `exprove/hooks.h` has the language:
///
///     int64(const exprove_task *, const exprove_plan_delta *, int64 weight)
package struct HookSignature: Hashable, Sendable, CustomStringConvertible {
  package enum Result: UInt8, Sendable {
    case int32 = 1
    case int64 = 2
  }

  /// The numbers are those of `AdapterBinder/hook.h`.
  package enum Argument: UInt8, Sendable {
    case int32 = 1
    case int64 = 2
    case task = 3
    case planDelta = 4

    var text: String {
      switch self {
      case .int32: "int32"
      case .int64: "int64"
      case .task: "const exprove_task *"
      case .planDelta: "const exprove_plan_delta *"
      }
    }
  }

  package let result: Result
  package let arguments: [Argument]
  package static let mostArguments = 16
  package static let mostBytes = 512

  /// How many integers a call has to bring along.
  package var numbers: Int { arguments.count { $0 == .int32 || $0 == .int64 } }

  /// Written the one way that is canonical: the same function, the same text.
  package var description: String {
    "\(result == .int32 ? "int32" : "int64")(\(arguments.map(\.text).joined(separator: ", ")))"
  }

  package init(parsing text: String) throws(HookSignatureError) {
    var reader = Reader(text)
    guard text.utf8.count <= HookSignature.mostBytes else {
      throw reader.fault(
        "it has more than \(HookSignature.mostBytes) bytes", "a signature has a result and at most 16 types")
    }
    let help = "the result is int32 or int64"
    guard let name = reader.word() else { throw reader.fault("a type is missing", help) }
    switch name {
    case "int32", "int32_t": result = .int32
    case "int64", "int64_t": result = .int64
    default: throw reader.fault("“\(name)” is no type of result", help, back: name)
    }
    guard reader.take("(") else { throw reader.fault("“(” is missing", "put the argument types between ( and )") }
    arguments = try HookSignature.arguments(&reader)
    guard reader.isAtEnd else { throw reader.fault("something follows the “)”", "leave it out") }
  }

  private static func arguments(_ reader: inout Reader) throws(HookSignatureError) -> [Argument] {
    var arguments: [Argument] = []
    if reader.take(")") { return [] }
    if reader.takeVoid() { return [] }
    repeat {
      let argument = try reader.argument()
      guard arguments.count < mostArguments else {
        throw reader.fault("too many arguments", "at most \(mostArguments)")
      }
      if argument == .task || argument == .planDelta, arguments.contains(argument) {
        throw reader.fault("a second \(argument.text)", "each struct is passed once")
      }
      arguments.append(argument)
    } while reader.take(",")
    guard reader.take(")") else { throw reader.fault("“)” or “,” is missing", "put it after the argument") }
    return arguments
  }

  private struct Reader {
    private let text: String
    private let bytes: [UInt8]
    private var at = 0

    init(_ text: String) {
      self.text = text
      bytes = Array(text.utf8)
    }

    var isAtEnd: Bool { at >= bytes.count }

    private mutating func skipSpace() {
      while at < bytes.count, bytes[at] == 32 || bytes[at] == 9 { at += 1 }
    }

    mutating func word() -> String? {
      skipSpace()
      let start = at
      while at < bytes.count, isLetter(bytes[at]) || (at > start && (48...57).contains(bytes[at])) { at += 1 }
      guard at > start else { return nil }
      defer { skipSpace() }
      return String(decoding: bytes[start..<at], as: UTF8.self)
    }

    private func isLetter(_ byte: UInt8) -> Bool { (97...122).contains(byte | 0x20) || byte == 95 }

    mutating func take(_ sign: Character) -> Bool {
      skipSpace()
      guard at < bytes.count, bytes[at] == sign.asciiValue else { return false }
      at += 1
      skipSpace()
      return true
    }

    /// `void)`, which C writes for no arguments.
    mutating func takeVoid() -> Bool {
      let start = at
      if word() == "void", take(")") { return true }
      at = start
      return false
    }

    mutating func argument() throws(HookSignatureError) -> Argument {
      let help = "an argument is const exprove_task *, const exprove_plan_delta *, int32 or int64"
      guard var name = word() else { throw fault("a type is missing", help) }
      let isConstant = name == "const"
      if isConstant {
        guard let next = word() else { throw fault("a type is missing", help) }
        name = next
      }
      let argument: Argument
      switch name {
      case "int32", "int32_t": argument = .int32
      case "int64", "int64_t": argument = .int64
      case "exprove_task": argument = .task
      case "exprove_plan_delta": argument = .planDelta
      default: throw fault("“\(name)” is no type of argument", help, back: name)
      }
      if argument == .task || argument == .planDelta {
        guard isConstant else { throw fault("“const” is missing", "a hook only reads: const \(name) *", back: name) }
        guard take("*") else { throw fault("“*” is missing", "structs are passed by pointer: const \(name) *") }
      }
      // A name says something to people only.
      _ = word()
      return argument
    }

    func fault(_ reason: String, _ help: String, back: String = "") -> HookSignatureError {
      var start = at
      if !back.isEmpty {
        while start > 0, bytes[start - 1] == 32 || bytes[start - 1] == 9 { start -= 1 }
        start -= back.utf8.count
      }
      let shown = text.utf8.count <= 80 ? text : String(text.unicodeScalars.prefix(80).map(Character.init)) + "…"
      return HookSignatureError(
        description: "hook signature “\(shown)”, column \(start + 1): \(reason); \(help)")
    }
  }
}
