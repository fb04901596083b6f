// SPDX-License-Identifier: Apache-2.0

import ContractLanguage
import SourceDiagnostics
import Testing

/// Whatever the bytes are, reading ends, with tasks or with diagnostics that lie within the file.
@Suite struct TaskFileFuzzTests {
  private func check(_ text: String) {
    let file = TaskFileTests.read(text)
    #expect(file.tasks.isEmpty != file.diagnostics.isEmpty)
    #expect(file.diagnostics.count <= 50)
    let lines = text.utf8.count { $0 == UInt8(ascii: "\n") } + 1
    for diagnostic in file.diagnostics {
      #expect((1...lines).contains(diagnostic.line))
      let width = diagnostic.snippet.unicodeScalars.count
      #expect(width <= 120 && diagnostic.column >= 1 && (0...width).contains(diagnostic.snippetOffset))
      #expect(diagnostic.description.split(separator: "\n").count >= 3)
    }
  }

  @Test func damagedFiles() {
    var state: UInt64 = 11
    func random(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    let source = Array(TaskFileTests.whole.unicodeScalars)
    let strange: [Unicode.Scalar] = [
      "{", "}", "\"", "\\", "%", ".", "-", "/", "\n", "\r", "\0", "é", "😀", "0", "9", "T", ":", "+", "\u{2028}",
    ]
    for _ in 0..<3_000 {
      var scalars = source
      for _ in 0...random(4) {
        let at = random(max(1, scalars.count))
        switch random(5) {
        case 0: scalars.remove(at: at)
        case 1: scalars.insert(strange[random(strange.count)], at: at)
        case 2: scalars[at] = strange[random(strange.count)]
        case 3: scalars.removeSubrange(at...)
        default: scalars.insert(contentsOf: scalars[at..<min(scalars.count, at + random(80))], at: random(at + 1))
        }
        if scalars.isEmpty { break }
      }
      check(String(String.UnicodeScalarView(scalars)))
    }
  }

  @Test func pilesOfOneThing() {
    for piece in [
      "{", "}", "\"", "task ", "task a {", "objective is {", "0", "venue ", "%", "//", "€", "1..2 ", "-", "task a {}",
    ] {
      check(String(repeating: piece, count: 20_000))
      check("task a { " + String(repeating: piece, count: 20_000) + " }")
    }
  }
}
