// SPDX-License-Identifier: Apache-2.0

internal import SourceDiagnostics

/// What stands between the parentheses of a call in `session`.
extension BindingParser {
  mutating func argument(
    _ call: ProgramBuilder.Call, _ parameter: CParameter, _ handle: inout CType?
  ) throws(BindingFault) -> (source: ProgramBuilder.Source, value: Int64) {
    let start = token
    func wrong(_ what: String, _ help: String) -> BindingFault {
      fault(
        start.range, what, help: "\(help); the parameter “\(parameter.name)” is a \(declarations.text(parameter.type))")
    }
    if takeIf("&") {
      let name = try word("self or an object", help: "write &callbacks")
      if name.text == "self" {
        guard call == .open, case .pointer(let inner) = parameter.type, inner.isPointer else {
          throw wrong("&self cannot stand here", "open writes the handle through a pointer to a pointer")
        }
        handle = inner
        return (.selfOut, 0)
      }
      guard let index = objects.firstIndex(where: { $0.name == name.text }) else {
        throw fault(
          name.range, "there is no object “\(name.text)”\(nearest(name.text, objects.map(\.name)))",
          help: "write object … \(name.text) = { … }; before")
      }
      guard parameter.type == .pointer(.structure(objects[index].structure)) || parameter.type == .pointer(.void) else {
        throw wrong("“\(name.text)” is of another type", "pass an object of that type")
      }
      return (.object, Int64(index))
    }
    if start.kind == .word {
      if let index = objects.firstIndex(where: { $0.name == start.text }) {
        at += 1
        guard parameter.type == .structure(objects[index].structure) else {
          throw wrong("“\(start.text)” cannot be passed by value here", "write &\(start.text) for a pointer")
        }
        return (.objectValue, Int64(index))
      }
      if let index = handlers.firstIndex(where: { $0.name == start.text }) {
        at += 1
        guard case .callback(let type) = parameter.type,
          declarations.callbacks[type].signature == declarations.callbacks[handlers[index].type].signature
        else { throw wrong("“\(start.text)” is a callback of another type", "pass one of that type") }
        return (.handler, Int64(index))
      }
      if let source = try named(start.text, call, parameter, handle) {
        at += 1
        return source
      }
    }
    guard parameter.type.isInteger || parameter.type.isPointer else {
      throw wrong("nothing of that type can be passed", "declare an object and pass it by value")
    }
    let value = try constant("an argument: self, bytes, size, user, &object, a callback or an integer")
    guard value == 0 || parameter.type.isInteger else {
      throw wrong("a pointer that points nowhere", "pass user, &object or 0")
    }
    return (.constant, value)
  }

  /// The words that stand for what a call is about; nil for any other word.
  private func named(
    _ word: String, _ call: ProgramBuilder.Call, _ parameter: CParameter, _ handle: CType?
  ) throws(BindingFault) -> (source: ProgramBuilder.Source, value: Int64)? {
    let isPointer = if case .pointer = parameter.type { true } else { false }
    let isWide = if case .integer(let bytes, _) = parameter.type { bytes >= 4 } else { false }
    var isBytes = parameter.type == .pointer(.void)
    if case .pointer(.integer(1, _)) = parameter.type { isBytes = true }
    func demand(_ holds: Bool, _ help: String) throws(BindingFault) {
      guard holds else {
        throw fault(
          token.range, "“\(word)” cannot stand here",
          help: "\(help); the parameter “\(parameter.name)” is a \(declarations.text(parameter.type))")
      }
    }
    switch word {
    case "self":
      try demand(
        call != .open && (parameter.type == handle || parameter.type == .pointer(.void)),
        "the handle that open gave, in calls after open")
      return (.`self`, 0)
    case "user":
      try demand(isPointer, "a pointer that comes back to callbacks")
      return (.user, 0)
    case "bytes":
      try demand(isBytes && ProgramBuilder.takesBytes(call), "the bytes of feed, time and load")
      return (.bytes, 0)
    case "size":
      try demand(isWide && ProgramBuilder.takesBytes(call), "how many bytes, for feed, time and load")
      return (.size, 0)
    case "out":
      try demand(isBytes && call == .save, "where save writes")
      return (.out, 0)
    case "capacity":
      try demand(isWide && call == .save, "how many bytes save may write")
      return (.capacity, 0)
    case "receive_time":
      try demand(isWide && call == .feed, "nanoseconds since 1970, for feed")
      return (.receiveTime, 0)
    case "day_start":
      try demand(isWide && call == .open, "nanoseconds since 1970, for open")
      return (.dayStart, 0)
    case "seed":
      try demand(isWide && call == .open, "the only entropy there is, for open")
      return (.seed, 0)
    default:
      guard let index = program.settings.firstIndex(where: { $0.key == word }) else { return nil }
      let isText = if case .pointer(.integer(1, _)) = parameter.type { true } else { false }
      try demand(
        call == .open && (program.settings[index].isInteger ? isWide : isText),
        "a setting, for open: integers as int or int64_t, others as const char *")
      return (.setting, Int64(index))
    }
  }
}
