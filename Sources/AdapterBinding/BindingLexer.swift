// SPDX-License-Identifier: Apache-2.0

internal import SourceDiagnostics

/// A piece of a binding file.
struct BindingToken: Equatable {
  enum Kind: Equatable {
    case word
    /// Decimal, hexadecimal or a character between single quotes.
    case number(Int64)
    case string
    /// One or two characters, as in C.
    case sign
    /// A line of the manifest, as it stands.
    case line
    case end
  }
  let kind: Kind
  let text: String
  let range: SourceRange
}

/// What is wrong with a binding, as an error.
struct BindingFault: Error {
  let diagnostic: Diagnostic
}

/// Cuts a binding file into tokens, one pass, no going back. The lines between the manifest's braces stay whole.
struct BindingLexer {
  private let source: SourceText
  private let bytes: [UInt8]
  private var at = 0
  private var depth = 0
  private var tokens: [BindingToken] = []

  private init(_ source: SourceText) {
    self.source = source
    bytes = source.bytes
  }

  /// All tokens, the last one `.end`; throws at the first byte that belongs to none.
  static func tokens(_ source: SourceText) throws(BindingFault) -> [BindingToken] {
    var lexer = BindingLexer(source)
    while try lexer.next() {}
    lexer.append(.end, lexer.bytes.count, "")
    return lexer.tokens
  }

  private mutating func append(_ kind: BindingToken.Kind, _ start: Int, _ text: String? = nil) {
    let range = SourceRange(start, at)
    tokens.append(BindingToken(kind: kind, text: text ?? source.text(range), range: range))
  }

  private func fault(_ start: Int, _ message: String, help: String) -> BindingFault {
    BindingFault(diagnostic: Diagnostic(source, SourceRange(start, max(at, start + 1)), message, help: help))
  }

  private func byte(_ offset: Int = 0) -> UInt8? { at + offset < bytes.count ? bytes[at + offset] : nil }

  private mutating func next() throws(BindingFault) -> Bool {
    try skipSpaceAndComments()
    let start = at
    guard let first = byte() else { return false }
    if isLetter(first) {
      while let next = byte(), isLetter(next) || isDigit(next) { at += 1 }
      append(.word, start)
    } else if isDigit(first) {
      try number(start)
    } else if first == UInt8(ascii: "\"") {
      try string(start)
    } else if first == UInt8(ascii: "'") {
      try character(start)
    } else {
      try sign(start, first)
    }
    return true
  }

  private mutating func skipSpaceAndComments() throws(BindingFault) {
    while let first = byte() {
      if first == 32 || (9...13).contains(first) {
        at += 1
      } else if first == UInt8(ascii: "/"), byte(1) == UInt8(ascii: "/") {
        while let next = byte(), next != 10 { at += 1 }
      } else if first == UInt8(ascii: "/"), byte(1) == UInt8(ascii: "*") {
        let start = at
        at += 2
        while byte() != UInt8(ascii: "*") || byte(1) != UInt8(ascii: "/") {
          guard byte() != nil else { throw fault(start, "this comment has no end", help: "put */ behind it") }
          at += 1
        }
        at += 2
      } else {
        return
      }
    }
  }

  private mutating func number(_ start: Int) throws(BindingFault) {
    while let next = byte(), isLetter(next) || isDigit(next) { at += 1 }
    var text = source.text(SourceRange(start, at)).lowercased()
    while text.hasSuffix("u") || text.hasSuffix("l") { text.removeLast() }
    let isHexadecimal = text.hasPrefix("0x")
    let digits = isHexadecimal ? String(text.dropFirst(2)) : text
    let value = Int64(digits, radix: isHexadecimal ? 16 : 10) ?? UInt64(digits, radix: 16).map(Int64.init(bitPattern:))
    guard let value, isHexadecimal || Int64(digits) != nil, isHexadecimal || digits == "0" || digits.first != "0" else {
      throw fault(
        start, "“\(text.prefix(24))” is no integer of 64 bits",
        help: "write 123, 0x7b or 'c'; no octal and no fractions")
    }
    append(.number(value), start)
  }

  private mutating func string(_ start: Int) throws(BindingFault) {
    at += 1
    while let next = byte(), next != UInt8(ascii: "\""), next >= 32, next != UInt8(ascii: "\\") { at += 1 }
    guard byte() == UInt8(ascii: "\"") else {
      throw fault(start, "the quote is not closed in its line", help: "put a \" behind the text; it has no escapes")
    }
    at += 1
    append(.string, start, source.text(SourceRange(start + 1, at - 1)))
  }

  private mutating func character(_ start: Int) throws(BindingFault) {
    guard let value = byte(1), (32...126).contains(value), byte(2) == UInt8(ascii: "'") else {
      throw fault(start, "this is no character", help: "one ASCII character between single quotes, such as 'B'")
    }
    at += 3
    append(.number(Int64(value)), start)
  }

  private mutating func sign(_ start: Int, _ first: UInt8) throws(BindingFault) {
    let pairs = ["->", "==", "!="]
    if let second = byte(1), pairs.contains(String(decoding: [first, second], as: UTF8.self)) {
      at += 2
      return append(.sign, start)
    }
    guard "{}()[];,.:=*&|+-@#".utf8.contains(first) else {
      at += 1
      while let next = byte(), next & 0xC0 == 0x80 { at += 1 }
      throw fault(
        start, "“\(source.text(SourceRange(start, at)))” has no meaning here",
        help:
          "a binding is written like C: names, integers, 'c', \"text\" and { } ( ) [ ] ; , . : = * & | + - @ -> == !=")
    }
    at += 1
    append(.sign, start)
    if first == UInt8(ascii: "{") {
      depth += 1
      if depth == 1, tokens.count >= 2, tokens[tokens.count - 2].text == "manifest" { manifest() }
    } else if first == UInt8(ascii: "}") {
      depth = max(0, depth - 1)
    }
  }

  /// Whole lines up to one that has nothing but a brace.
  private mutating func manifest() {
    while at < bytes.count {
      var start = at
      while let next = byte(), next != 10 { at += 1 }
      var end = at
      while start < end, bytes[start] == 32 || bytes[start] == 9 { start += 1 }
      while end > start, [32, 9, 13].contains(bytes[end - 1]) { end -= 1 }
      if end - start == 1, bytes[start] == UInt8(ascii: "}") {
        at = start
        return
      }
      let range = SourceRange(start, end)
      let text = source.text(range)
      if !text.isEmpty, !text.hasPrefix("//") { tokens.append(BindingToken(kind: .line, text: text, range: range)) }
      if at < bytes.count { at += 1 }
    }
  }

  private func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || byte == UInt8(ascii: "_")
  }

  private func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
