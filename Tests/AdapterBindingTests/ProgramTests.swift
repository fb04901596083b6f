// SPDX-License-Identifier: Apache-2.0

internal import AdapterBinding
internal import BrokenAdapters
internal import Foundation
internal import Testing

/// The binder's reader of programs, over damaged ones: it refuses or takes, and never falls.
@Suite struct ProgramTests {
  @Test func damagedPrograms() throws {
    var programs: [[UInt8]] = []
    for path in [
      "Tests/BrokenAdapters/libraries/ticker.binding", "Tests/BrokenAdapters/libraries/keeper.binding",
      "sdk-c/examples/binding/deep.binding",
    ] {
      let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(Workshop.root)/\(path)")))
      programs.append(BindingFile(bytes, file: path).program)
    }
    #expect(programs.allSatisfy { ProgramCheck.fault($0) == nil })
    var dice = Dice(3)
    var (refused, taken) = (0, 0)
    for _ in 0..<40_000 {
      var bytes = programs[dice.roll(programs.count)]
      for _ in 0...dice.roll(3) {
        let at = dice.roll(bytes.count)
        switch dice.roll(5) {
        case 0: bytes[at] ^= 1 << UInt8(dice.roll(8))
        case 1: bytes[at] = [0, 1, 0x7F, 0x80, 0xFF][dice.roll(5)]
        case 2: bytes.removeSubrange(at..<min(bytes.count, at + 1 + dice.roll(16)))
        case 3: bytes.insert(contentsOf: bytes[at..<min(bytes.count, at + dice.roll(24))], at: at)
        default: bytes.removeSubrange(at...)
        }
        if bytes.isEmpty { bytes = [0] }
      }
      if ProgramCheck.fault(bytes) == nil { taken += 1 } else { refused += 1 }
    }
    #expect(refused > 10_000 && taken > 1_000, "\(refused) refused, \(taken) taken")
  }

  @Test func cutProgramsAreRefused() throws {
    let path = "\(Workshop.root)/sdk-c/examples/binding/deep.binding"
    let program = BindingFile([UInt8](try Data(contentsOf: URL(fileURLWithPath: path))), file: path).program
    for size in 0..<program.count { #expect(ProgramCheck.fault(Array(program[..<size])) != nil, "cut at \(size)") }
    #expect(ProgramCheck.fault(program + [0])?.contains("bytes are left over") == true)
    #expect(ProgramCheck.fault([])?.contains("at byte 0") == true)
  }
}
