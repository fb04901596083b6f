// SPDX-License-Identifier: Apache-2.0

internal import SourceDiagnostics

/// A piece of a source file.
struct Token: Hashable {
  enum Kind: Hashable {
    /// Begins with a letter: `buy-btc`, `BTCUSDT`.
    case word
    /// Begins with a digit or a sign: `12.5`, `30s`, `2024-08-09T00:00:00`. What it is, the parser decides.
    case literal
    /// Between quotes; the value is without them, its escapes resolved.
    case string
    case open, close, percent, range
    case end
  }

  let kind: Kind
  let range: SourceRange
  let text: String
}

/// Cuts a source file into tokens, one pass, no going back.
struct Lexer {
  private let source: SourceText
  private var at = 0
  private(set) var diagnostics: [Diagnostic] = []

  /// Beyond this many errors a file is not one of ours, and more of them help nobody.
  static let mostDiagnostics = 50

  init(_ source: SourceText) { self.source = source }

  mutating func tokens() -> [Token] {
    var tokens: [Token] = []
    while let token = next(), diagnostics.count < Lexer.mostDiagnostics { tokens.append(token) }
    tokens.append(Token(kind: .end, range: SourceRange(source.bytes.count, source.bytes.count), text: ""))
    return tokens
  }

  private func byte(_ offset: Int = 0) -> UInt8? {
    at + offset < source.bytes.count ? source.bytes[at + offset] : nil
  }

  private mutating func next() -> Token? {
    while skipSpaceAndComments() {
      let start = at
      guard let first = byte() else { return nil }
      switch first {
      case UInt8(ascii: "{"): return single(.open)
      case UInt8(ascii: "}"): return single(.close)
      case UInt8(ascii: "%"): return single(.percent)
      case UInt8(ascii: "\""):
        if let token = string() { return token }
      case UInt8(ascii: ".") where byte(1) == UInt8(ascii: "."):
        at += 2
        return token(.range, from: start)
      default:
        if isLetter(first) { return word() }
        if isDigit(first)
          || ((first == UInt8(ascii: "-") || first == UInt8(ascii: "+")) && byte(1).map(isDigit) == true)
        {
          return literal()
        }
        skipUnknown()
      }
    }
    return nil
  }

  /// False at the end.
  private mutating func skipSpaceAndComments() -> Bool {
    while let first = byte() {
      if first == 32 || first == 9 || first == 10 || first == 13 {
        at += 1
      } else if first == UInt8(ascii: "/"), byte(1) == UInt8(ascii: "/") {
        while let next = byte(), next != UInt8(ascii: "\n") { at += 1 }
      } else {
        return true
      }
    }
    return false
  }

  private mutating func single(_ kind: Token.Kind) -> Token {
    at += 1
    return token(kind, from: at - 1)
  }

  private func token(_ kind: Token.Kind, from start: Int) -> Token {
    let range = SourceRange(start, at)
    return Token(kind: kind, range: range, text: source.text(range))
  }

  private mutating func word() -> Token {
    let start = at
    while let next = byte(), isLetter(next) || isDigit(next) || next == UInt8(ascii: "-") { at += 1 }
    return token(.word, from: start)
  }

  /// Digits and all that can belong to a decimal, a duration or a moment; a point only where a digit follows, so that
  /// `..` ends it.
  private mutating func literal() -> Token {
    let start = at
    at += 1
    while let next = byte() {
      let joins = next == UInt8(ascii: ":") || next == UInt8(ascii: "-") || next == UInt8(ascii: "+")
      let isPoint = next == UInt8(ascii: ".") && byte(1).map(isDigit) == true
      guard isLetter(next) || isDigit(next) || joins || isPoint else { break }
      at += 1
    }
    return token(.literal, from: start)
  }

  private mutating func string() -> Token? {
    let start = at
    at += 1
    var value: [UInt8] = []
    while let next = byte(), next != UInt8(ascii: "\n"), next != UInt8(ascii: "\"") {
      at += 1
      guard next == UInt8(ascii: "\\") else {
        value.append(next)
        continue
      }
      if let escaped = byte(), escaped == UInt8(ascii: "\"") || escaped == UInt8(ascii: "\\") {
        value.append(escaped)
        at += 1
      } else {
        report(
          SourceRange(at - 1, at), "unknown escape",
          help: "within quotes write \\\" for a quote and \\\\ for a backslash")
      }
    }
    guard byte() == UInt8(ascii: "\"") else {
      report(SourceRange(start, at), "the quote is not closed in its line", help: "put a \" behind the text")
      return nil
    }
    at += 1
    return Token(kind: .string, range: SourceRange(start, at), text: String(decoding: value, as: UTF8.self))
  }

  /// Reports a run of bytes that begin no token once.
  private mutating func skipUnknown() {
    let start = at
    repeat { at += 1 } while byte().map { !begins($0) } == true
    let range = SourceRange(start, at)
    report(
      range, "'\(String(source.text(range).unicodeScalars.prefix(16).map(Character.init)))' has no meaning here",
      help: "names with other characters than letters, digits, '-' and '_' stand within quotes")
  }

  private func begins(_ byte: UInt8) -> Bool {
    byte <= 32 || isLetter(byte) || isDigit(byte) || "{}%\"./+-".utf8.contains(byte)
  }

  private func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
      || byte == UInt8(ascii: "_")
  }

  private func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

  private mutating func report(_ range: SourceRange, _ message: String, help: String) {
    diagnostics.append(Diagnostic(source, range, message, help: help))
  }
}
