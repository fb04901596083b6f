// SPDX-License-Identifier: Apache-2.0

internal import SourceDiagnostics

/// How the library is called: `manifest`, `quantity` and `session`.
extension BindingParser {
  mutating func readManifest() throws(BindingFault) {
    let start = take().range
    try expect("{", after: "manifest")
    guard manifest.isEmpty else { throw fault(start, "a second manifest", help: "leave one out") }
    while token.kind == .line {
      let line = take()
      manifest.append((line.text, line.range))
      try readLine(line)
    }
    guard !manifest.isEmpty else {
      throw fault(start, "an empty manifest", help: "it has the keys of adapter.h, one a line: name: deep")
    }
    try expect("}", after: "the manifest's last line, on a line of its own")
    for key in ["max-events", "framing", "channel", "message"]
    where !manifest.contains(where: { $0.text.hasPrefix("\(key):") }) {
      throw fault(start, "the manifest has no “\(key)”", help: "adapter.h lists the keys that a manifest has")
    }
    program.messages = manifest.filter { $0.text.hasPrefix("message:") }.map { BindingParser.value($0.text) }
    let lines = ["exprove-manifest/1"] + manifest.map(\.text)
    program.manifest = Array((lines.joined(separator: "\n") + "\n").utf8)
  }

  /// What of the manifest concerns the binder too. Whether each line is right, the manifest's own reader says.
  private mutating func readLine(_ line: BindingToken) throws(BindingFault) {
    let value = BindingParser.value(line.text)
    switch line.text.prefix(while: { $0 != ":" }) {
    case "framing":
      let names = ["length16", "line", "packet", "message"]
      guard let index = names.firstIndex(of: value) else {
        throw fault(line.range, "“\(value)” is no framing", help: "one of \(names.joined(separator: ", "))")
      }
      program.framings |= 2 << UInt32(index)
    case "channel":
      let names = ["market-data", "order-entry"]
      guard let index = names.firstIndex(of: value) else {
        throw fault(line.range, "“\(value)” is no channel", help: "one of \(names.joined(separator: ", "))")
      }
      program.channels |= 2 << UInt32(index)
    case "max-events":
      guard let count = Int(value), (2...65_536).contains(count) else {
        throw fault(
          line.range, "“max-events” of a binding is not 2 to 65536",
          help: "the most events of a frame, and one more that says when it went wrong")
      }
      program.maxEvents = count
    case "setting":
      let words = value.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: true)
      guard words.count == 4, program.settings.count < 64 else {
        throw fault(
          line.range, "a setting is “key type default help”",
          help: "such as setting: market text spot which market it is")
      }
      let preset = words[2] == "\"\"" ? "" : String(words[2])
      program.settings.append(
        ProgramBuilder.Setting(key: String(words[0]), preset: preset, isInteger: words[1].hasPrefix("integer")))
    case "frame-time":
      if value == "yes" { frameTimes = line.range }
    case "extension":
      throw fault(
        line.range, "a bound library has no “extension”",
        help: "leave it out; what is needed beyond frames and events takes an adapter in C")
    default: break
    }
  }

  /// `quantity scale 8;`
  mutating func quantityScale() throws(BindingFault) {
    let start = take().range
    guard isWord("scale") else { throw unexpected("“scale”", help: "write quantity scale 8;") }
    at += 1
    guard handlers.isEmpty else {
      throw fault(start, "the scale of quantities comes too late", help: "write it before the first “on”")
    }
    program.quantityScale = try count("number of decimals", in: 0...18)
    try expect(";", after: "the scale")
  }

  // MARK: The session

  mutating func session() throws(BindingFault) {
    let start = take().range
    at += 1
    guard !hasSession else { throw fault(start, "a second session", help: "leave one out") }
    hasSession = true
    var handle: CType?
    let found = diagnostics.count
    while !takeIf("}") {
      let statement = at
      do throws(BindingFault) {
        try self.statement(&handle)
      } catch {
        // The statements that follow are read all the same, so that one run finds all that is wrong.
        diagnostics.append(error.diagnostic)
        try leave(statement)
      }
    }
    guard diagnostics.count == found else { return }
    func demand(_ holds: Bool, _ what: String, _ help: String) throws(BindingFault) {
      if !holds { throw fault(start, what, help: help) }
    }
    try demand(
      program.calls[.feed] != nil, "the session feeds no function", "write feed deep_feed(self, bytes, size) { … };")
    try demand(
      (program.calls[.save] == nil) == (program.calls[.load] == nil), "save and load belong together",
      "name both functions, or write state none;")
    try demand(
      !isWithoutState || program.calls[.save] == nil, "“state none” and save exclude each other", "leave one out")
    if let promised = frameTimes, program.calls[.time] == nil {
      throw fault(
        promised, "the session names no function that tells a frame's time",
        help: "write time day_start + deep_time(bytes, size) @ 9; or leave this line out")
    }
    try demand(
      program.calls[.time] == nil || frameTimes != nil, "the manifest does not say that frames have times",
      "write frame-time: yes there")
    try demand(
      program.calls[.open] != nil || program.calls[.close] == nil, "what is closed was never opened", "write open …;")
  }

  /// To the next statement of the session, behind the `;` of the one at fault.
  private mutating func leave(_ statement: Int) throws(BindingFault) {
    at = statement
    depth = 0
    while !isSign(";") {
      guard !isAtEnd, diagnostics.count < BindingParser.mostDiagnostics else {
        throw unexpected("“;”", help: "end each line of the session with “;”, and the session with “}”")
      }
      at += 1
    }
    at += 1
  }

  private mutating func statement(_ handle: inout CType?) throws(BindingFault) {
    let word = try word(
      "what the library is called for",
      help: "open, close, reset, feed, fault, time, save, load, state, limit or symbols")
    switch word.text {
    case "open": try invocation(.open, word, &handle)
    case "close": try invocation(.close, word, &handle)
    case "reset": try invocation(.reset, word, &handle)
    case "feed": try invocation(.feed, word, &handle)
    case "fault": try invocation(.fault, word, &handle)
    case "time":
      program.frameTime.isOfDay = isWord("day_start")
      if program.frameTime.isOfDay {
        at += 1
        try expect("+", after: "day_start")
      }
      try invocation(.time, word, &handle)
    case "save": try invocation(.save, word, &handle)
    case "load": try invocation(.load, word, &handle)
    case "limit": try limit()
    case "symbols":
      program.symbols = try count("number of symbols", in: 1...1_048_576)
      try expect(";", after: "the number of symbols")
    case "state":
      guard isWord("none") else { throw unexpected("“none”", help: "write state none;, or name save and load") }
      at += 1
      isWithoutState = true
      try expect(";", after: "none")
    default:
      let known = ["open", "close", "reset", "feed", "fault", "time", "save", "load", "state", "limit", "symbols"]
      throw fault(
        word.range, "“\(word.text.prefix(40))” is nothing that a library is called for\(nearest(word.text, known))",
        help: "one of \(known.joined(separator: ", "))")
    }
  }

  /// `limit 8 + 3 per 12 bytes;`
  private mutating func limit() throws(BindingFault) {
    let base = try count("number of events", in: 2...65_536)
    try expect("+", after: "the number of events of any frame")
    let events = try count("number of events", in: 0...65_536)
    let help = "write limit 8 + 3 per 12 bytes;"
    guard isWord("per") else { throw unexpected("“per”", help: help) }
    at += 1
    let bytes = try count("number of bytes", in: 1...65_536)
    guard isWord("bytes") else { throw unexpected("“bytes”", help: help) }
    at += 1
    try expect(";", after: "bytes")
    program.limit = (base, events, bytes)
  }

  /// `feed deep_feed(self, bytes, size) { DEEP_OK: OK, DEEP_SHORT: SHORT, else: FIELD };`
  private mutating func invocation(
    _ call: ProgramBuilder.Call, _ start: BindingToken, _ handle: inout CType?
  ) throws(BindingFault) {
    guard program.calls[call] == nil else {
      throw fault(start.range, "a second “\(start.text)”", help: "leave one out")
    }
    let name = try word("a function", help: "the name of a function that is declared above")
    guard let function = declarations.functions.first(where: { $0.name == name.text }) else {
      let nearest = nearest(name.text, declarations.functions.map(\.name))
      throw fault(
        name.range, "there is no function “\(name.text)”\(nearest)",
        help: "declare it as its header does: int \(name.text)(…);")
    }
    guard let number = program.function(function, declarations) else {
      throw fault(name.range, "“\(name.text)” cannot be called", help: "its structs are too large for that")
    }
    if call == .open, function.signature.returned.isPointer { handle = function.signature.returned }
    try expect("(", after: "the function's name")
    var invocation = ProgramBuilder.Invocation(function: number, arguments: [])
    for (index, parameter) in function.signature.parameters.enumerated() {
      if index > 0 { try expect(",", after: "the argument") }
      invocation.arguments.append(try argument(call, parameter, &handle))
    }
    try expect(")", after: "the last of \(function.signature.parameters.count) arguments")
    let result = try result(of: function, &invocation)
    try outcomes(call, function, result, &invocation)
    if call == .open, handle == nil {
      throw fault(name.range, "“\(name.text)” gives no handle", help: "it returns a pointer, or is given &self")
    }
    if call == .time {
      try expect("@", after: "the call, for the decimals of a second: @ 9 are nanoseconds")
      program.frameTime.decimals = try count("number of decimals", in: 0...9)
    }
    try expect(";", after: "the call")
    program.calls[call] = invocation
  }

  /// Of a returned struct, the field that counts.
  private mutating func result(
    of function: CFunction, _ invocation: inout ProgramBuilder.Invocation
  ) throws(BindingFault) -> CType {
    guard case .structure(let number) = function.signature.returned else {
      invocation.resultType = ProgramBuilder.kind(function.signature.returned) ?? 0
      return function.signature.returned
    }
    let names = (declarations.structures[number].fields ?? []).map(\.name)
    try expect(".", after: "the call, for the field that tells: \(function.name)(…).\(names.first ?? "code")")
    let name = try word("a field", help: "one of \(names.joined(separator: ", "))")
    guard let field = declarations.structures[number].fields?.first(where: { $0.name == name.text }),
      case .integer = field.type
    else {
      throw fault(
        name.range, "no integer field “\(name.text)”\(nearest(name.text, names))",
        help: "one of \(names.joined(separator: ", "))")
    }
    invocation.resultOffset = field.offset
    invocation.resultType = ProgramBuilder.kind(field.type) ?? 0
    return field.type
  }

  private mutating func outcomes(
    _ call: ProgramBuilder.Call, _ function: CFunction, _ result: CType, _ invocation: inout ProgramBuilder.Invocation
  ) throws(BindingFault) {
    let example = "{ 0: OK, else: FIELD }"
    if isSign("{") {
      let start = token.range
      guard call != .save, call != .fault, call != .close, call != .time else {
        throw fault(start, "nothing is made of this result", help: "leave the braces out")
      }
      guard result.isInteger else {
        throw fault(start, "“\(function.name)” returns no integer", help: "leave the braces out")
      }
      let table = try table(EventWords.outcomes, help: "OK, UNKNOWN, SHORT, LONG, FIELD, RANGE, SYNTAX or REFERENCE")
      let values = table.pairs.map(\.value) + [table.otherwise].compactMap { $0 }
      guard values.allSatisfy({ EventWords.outcomes.values.contains($0) }) else {
        throw fault(start, "a result means one thing", help: "one word for each: \(example)")
      }
      invocation.table = program.table(table)
      return
    }
    switch call {
    case .feed, .load, .reset:
      guard !result.isInteger else {
        throw fault(
          token.range, "what do the results of “\(function.name)” mean?",
          help: "write \(call)  \(function.name)(…) \(example);")
      }
    case .open:
      guard !result.isInteger else {
        throw fault(
          token.range, "what do the results of “\(function.name)” mean?",
          help: "write open \(function.name)(…) { 0: OK };")
      }
    case .save, .fault, .time:
      guard result.isInteger else {
        let wanted =
          switch call {
          case .save: "how many bytes there are"
          case .fault: "the byte that is wrong"
          default: "the frame's time, or less than 0 for none"
          }
        throw fault(token.range, "“\(function.name)” returns no integer", help: "it has to return \(wanted)")
      }
    case .close: break
    }
  }
}
