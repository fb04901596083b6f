// SPDX-License-Identifier: Apache-2.0

internal import SourceDiagnostics

/// Reads a binding file from top to bottom, as C is read: what is named was declared before. `DeclarationParser`
/// has the part that is C, `MappingParser` and `ExpressionParser` the rest.
struct BindingParser {
  let source: SourceText
  let tokens: [BindingToken]
  var at = 0
  /// How deep parentheses and braces nest; what is written by hand never comes near the limit.
  var depth = 0
  static let depthLimit = 32

  var declarations = CDeclarations()
  var program = ProgramBuilder()
  var library: (name: String, range: SourceRange)?
  /// Lines of the manifest with their places, in order.
  var manifest: [(text: String, range: SourceRange)] = []
  var handlers: [(name: String, type: Int)] = []
  var objects: [(name: String, structure: Int)] = []
  var isWithoutState = false
  /// Where the manifest says that frames have times.
  var frameTimes: SourceRange?
  var hasSession = false
  var diagnostics: [Diagnostic] = []

  /// Beyond this many errors a file is not one of ours, and more of them help nobody.
  static let mostDiagnostics = 50

  init(_ source: SourceText, _ tokens: [BindingToken]) {
    self.source = source
    self.tokens = tokens
  }

  // MARK: Tokens

  var token: BindingToken { tokens[min(at, tokens.count - 1)] }
  var isAtEnd: Bool { token.kind == .end }

  func ahead(_ count: Int) -> BindingToken { tokens[min(at + count, tokens.count - 1)] }

  func fault(_ range: SourceRange, _ message: String, help: String) -> BindingFault {
    BindingFault(diagnostic: Diagnostic(source, range, message, help: help))
  }

  /// What stands there instead of what was expected.
  func unexpected(_ what: String, help: String) -> BindingFault {
    let found = token.kind == .end ? "the file ends here" : "“\(token.text.prefix(40))” stands here"
    return fault(token.range, "\(found), where \(what) belongs", help: help)
  }

  func isSign(_ text: String) -> Bool { token.kind == .sign && token.text == text }
  func isWord(_ text: String) -> Bool { token.kind == .word && token.text == text }

  mutating func take() -> BindingToken {
    defer { at = min(at + 1, tokens.count - 1) }
    return token
  }

  mutating func takeIf(_ sign: String) -> Bool {
    guard isSign(sign) else { return false }
    at += 1
    return true
  }

  mutating func expect(_ sign: String, after what: String) throws(BindingFault) {
    guard takeIf(sign) else { throw unexpected("“\(sign)”", help: "put “\(sign)” after \(what)") }
  }

  mutating func word(_ what: String, help: String) throws(BindingFault) -> BindingToken {
    guard token.kind == .word else { throw unexpected(what, help: help) }
    return take()
  }

  /// An integer or a constant that was declared, maybe negative.
  mutating func constant(_ what: String) throws(BindingFault) -> Int64 {
    let isNegative = takeIf("-")
    let found = take()
    switch found.kind {
    case .number(let value): return isNegative ? 0 &- value : value
    case .word:
      if found.text == "sizeof", isSign("(") {
        at += 1
        let type = try type()
        try expect(")", after: "the type")
        guard let size = declarations.layout(type)?.size else {
          throw fault(found.range, "\(declarations.text(type)) has no size here", help: "declare it in full before")
        }
        return Int64(size)
      }
      if let value = declarations.constants[found.text] { return isNegative ? 0 &- value : value }
      let nearest = nearest(found.text, declarations.constants.keys.sorted())
      throw fault(
        found.range, "there is no constant “\(found.text)”\(nearest)", help: "declare it: enum { \(found.text) = 1 };")
    default:
      at -= 1
      throw unexpected(what, help: "an integer, a 'c' or the name of a constant")
    }
  }

  mutating func count(_ what: String, in range: ClosedRange<Int64>) throws(BindingFault) -> Int {
    let start = token.range
    let value = try constant(what)
    guard range.contains(value) else {
      throw fault(
        start, "\(value) is no \(what)", help: "it lies between \(range.lowerBound) and \(range.upperBound)")
    }
    return Int(value)
  }

  func nearest(_ written: String, _ words: [String]) -> String {
    suggestion(for: written, among: words).map { "; did you mean “\($0)”?" } ?? ""
  }

  mutating func nested<Result>(_ body: (inout BindingParser) throws(BindingFault) -> Result) throws(BindingFault)
    -> Result
  {
    depth += 1
    defer { depth -= 1 }
    guard depth <= BindingParser.depthLimit else {
      throw fault(token.range, "this nests too deeply", help: "at most \(BindingParser.depthLimit) levels")
    }
    return try body(&self)
  }

  // MARK: The file

  /// Reads everything; what is wrong is in `diagnostics` afterwards.
  mutating func parse() {
    do throws(BindingFault) { try version() } catch {
      diagnostics.append(error.diagnostic)
      return
    }
    while !isAtEnd, diagnostics.count < BindingParser.mostDiagnostics {
      let start = at
      depth = 0
      do throws(BindingFault) {
        try item()
      } catch {
        diagnostics.append(error.diagnostic)
        recover(from: start)
      }
    }
    if diagnostics.isEmpty { checkWhole() }
  }

  private mutating func version() throws(BindingFault) {
    guard isWord("binding") else {
      throw unexpected("“binding 1;”", help: "a binding file begins with the version of its language: binding 1;")
    }
    at += 1
    let range = token.range
    guard try constant("the version") == 1 else {
      throw fault(range, "this version of the language is not known", help: "write binding 1;, or update exprove")
    }
    try expect(";", after: "the version")
  }

  private mutating func item() throws(BindingFault) {
    guard token.kind == .word else {
      if isSign("#") { return try definition() }
      throw unexpected("a declaration", help: "C declarations, manifest { }, on …, object … and session { }")
    }
    switch (token.text, ahead(1).text) {
    case ("library", _): try libraryName()
    case ("manifest", "{"): try readManifest()
    case ("quantity", "scale"): try quantityScale()
    case ("on", _) where ahead(2).text == ":": try handler()
    case ("object", _): try object()
    case ("session", "{"): try session()
    default: try declaration()
    }
  }

  private mutating func libraryName() throws(BindingFault) {
    let start = take().range
    guard token.kind == .string else {
      throw unexpected("the library's file", help: "write library \"libdeep.so\";")
    }
    let name = take()
    guard library == nil else { throw fault(start, "a second library", help: "a binding is over one library") }
    let parts = name.text.split(separator: "/", omittingEmptySubsequences: false)
    guard !name.text.isEmpty, name.text.utf8.count <= 255, !parts.contains(""), !parts.contains("..") else {
      throw fault(
        name.range, "“\(name.text)” is no file beside the binding",
        help: "give a path below the binding's own directory, without “..” and not beginning with “/”")
    }
    library = (name.text, name.range)
    try expect(";", after: "the library's name")
  }

  /// To the next place where an item may begin: behind the `;` or `}` that ends the one at fault.
  private mutating func recover(from start: Int) {
    at = start
    var level = 0
    while !isAtEnd {
      let text = token.kind == .sign ? token.text : ""
      at += 1
      if text == "{" || text == "(" { level += 1 }
      if text == "}" || text == ")" { level -= 1 }
      if level > 0 { continue }
      if text == ";" { return }
      // A struct's or an object's own `;` follows.
      if text == "}" {
        while token.kind == .word, ahead(1).text == ";" { at += 1 }
        if isSign(";") { at += 1 }
        return
      }
    }
  }

  private mutating func checkWhole() {
    func missing(_ what: String, _ help: String) {
      let end = SourceRange(source.bytes.count, source.bytes.count)
      diagnostics.append(Diagnostic(source, end, "\(what) is missing", help: help))
    }
    if library == nil { missing("the library", "write library \"libdeep.so\"; at the top") }
    if manifest.isEmpty { missing("the manifest", "write manifest { name: … } with the keys of adapter.h") }
    if !hasSession { missing("the session", "write session { open …; feed …; close …; state none; }") }
    if hasSession, program.calls[.save] == nil, !isWithoutState {
      missing(
        "what becomes of the library's state",
        "in session, name its functions: save f(self, out, capacity); load g(self, bytes, size); or write state none;")
    }
    if program.code.count > ProgramBuilder.mostCode {
      missing("room for so many instructions", "at most \(ProgramBuilder.mostCode); split the binding")
    }
  }
}
