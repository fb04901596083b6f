// SPDX-License-Identifier: Apache-2.0

package import ExecutionIR
package import SourceDiagnostics

/// A task file, read: its tasks, or everything that is wrong with it.
///
///     task buy-btc {
///       account "DESK-1"  capacity agency
///       instrument BTCUSDT  currency USDT
///       side buy  quantity 12.5 BTC
///       window 2024-08-09T00:00:00 .. 2024-08-09T00:05:00 zone "UTC"
///       objective is { risk-aversion 0.000001 }   // or twap, or vwap
///       slices 10                                 // or: slice 30s
///       participation 10%                         // 100% restricts nothing
///       limit 61900.00                            // may be left out
///       venue BINANCE as BTCUSDT                  // one or more
///       reference BINANCE-UM as BTCUSDT           // none or more
///       term toxicity library "terms.so" sha256 "…" symbol price
///         signature "int64(const exprove_plan_delta *, int64)" values 25     // none or more
///     }
package struct TaskFile: Sendable {
  /// Empty when there is any diagnostic.
  package let tasks: [LocalExecutionTask]
  /// In the order of the file.
  package let diagnostics: [Diagnostic]

  /// Never fails and never traps, whatever the bytes are; work and depth are bounded by their count.
  package init(_ bytes: [UInt8], file: String, environment: TaskEnvironment) {
    let source = SourceText(file: file, bytes: Array(bytes.prefix(SourceText.largest)))
    guard bytes.count <= SourceText.largest else {
      self.init(
        source, SourceRange(0, 0), "the file is larger than 1 MiB", help: "give a task file; captures go to --feed")
      return
    }
    if let offset = TaskFile.firstInvalid(bytes) {
      self.init(
        source, SourceRange(offset, offset + 1), "byte \(offset) is not valid UTF-8",
        help: "save the file as UTF-8 text")
      return
    }
    var lexer = Lexer(source)
    let tokens = lexer.tokens()
    var parser = TaskParser(source, tokens)
    let written = parser.tasks()
    var checker = TaskChecker(source, environment)
    var tasks: [LocalExecutionTask] = []
    var found = lexer.diagnostics + parser.diagnostics
    for (index, syntax) in written.enumerated() where found.count + checker.diagnostics.count < Lexer.mostDiagnostics {
      if written[..<index].contains(where: { $0.name.value == syntax.name.value }) {
        found.append(
          Diagnostic(
            source, syntax.name.range, "a second task '\(syntax.name.value)'", help: "give each task a name of its own")
        )
      }
      if let task = checker.check(syntax) { tasks.append(task) }
    }
    found += checker.diagnostics
    if written.isEmpty, found.isEmpty {
      self.init(
        source, SourceRange(0, 0), "there is no task in the file", help: "a file holds tasks: task buy-btc { … }")
      return
    }
    let ordered = found.enumerated().sorted { left, right in
      (left.element.line, left.element.column, left.offset) < (right.element.line, right.element.column, right.offset)
    }
    self.init(tasks: found.isEmpty ? tasks : [], diagnostics: ordered.prefix(Lexer.mostDiagnostics).map(\.element))
  }

  private init(_ source: SourceText, _ range: SourceRange, _ message: String, help: String) {
    self.init(tasks: [], diagnostics: [Diagnostic(source, range, message, help: help)])
  }

  private init(tasks: [LocalExecutionTask], diagnostics: [Diagnostic]) {
    self.tasks = tasks
    self.diagnostics = diagnostics
  }

  /// Offset of the first byte that belongs to no character.
  private static func firstInvalid(_ bytes: [UInt8]) -> Int? {
    var parser = Unicode.UTF8.ForwardParser()
    var rest = bytes.makeIterator()
    var offset = 0
    while true {
      switch parser.parseScalar(from: &rest) {
      case .valid(let scalar): offset += scalar.count
      case .emptyInput: return nil
      case .error: return offset
      }
    }
  }
}
