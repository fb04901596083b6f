// SPDX-License-Identifier: Apache-2.0

internal import AdapterBinding
internal import AdapterHost
internal import BrokenAdapters
internal import Foundation
internal import SourceDiagnostics
internal import Testing

/// Declarations against what the library is, without running it.
@Suite struct LibraryCheckTests {
  private static let text = {
    (try? String(contentsOfFile: "\(Workshop.root)/sdk-c/examples/binding/deep.binding", encoding: .utf8)) ?? ""
  }()

  private func check(_ flags: [String], binding: String? = nil) throws -> LibraryCheck {
    let path = try Workshop.deep(binding: binding, flags: flags)
    let image = try AdapterImage.read(path: path)
    return try #require(image.bound).check
  }

  /// What the image says that is wrong.
  private func fault(_ old: String, _ new: String, flags: [String] = ["-g"]) throws -> String {
    let binding = LibraryCheckTests.text.replacingOccurrences(of: old, with: new)
    try #require(binding != LibraryCheckTests.text, "“\(old)” is not there")
    do throws(AdapterError) {
      let path: String
      do { path = try Workshop.deep(binding: binding, flags: flags) } catch { return "\(error)" }
      _ = try AdapterImage.read(path: path)
      return ""
    } catch {
      #expect(error.code == .badBinding && error.exitCode == 65)
      return error.message
    }
  }

  @Test(arguments: [["-gdwarf-4"], ["-gdwarf-5"], ["-g", "-O0"], ["-g", "-O2", "-fno-inline"]])
  func debugInformationConfirmsTypes(flags: [String]) throws {
    let check = try check(flags)
    #expect(check.reason == nil && check.symbols == 7 && check.functions.count == 7 && check.trusted == [])
    #expect(
      Set(check.structures) == [
        "deep_header", "deep_level", "deep_trade", "deep_status", "deep_directory", "deep_gap", "deep_callbacks",
      ])
  }

  @Test func clangsDebugInformationIsReadToo() throws {
    let path = try Workshop.deep()
    let library = String(path.dropLast("deep.binding".count)) + "libdeep.so"
    for version in ["-gdwarf-4", "-gdwarf-5"] {
      try Workshop.run(
        "clang",
        [version, "-O1", "-fPIC", "-shared", "\(Workshop.root)/sdk-c/examples/binding/deep.c", "-o", library])
      let check = try #require(try AdapterImage.read(path: path).bound).check
      #expect(check.reason == nil && check.functions.count == 7 && check.structures.count == 7)
    }
  }

  @Test func whatCannotBeReadIsTakenOnTrustAndSaidSo() throws {
    #expect(try check([]).summary.last?.contains("taken on trust: the library has no debug information") == true)
    #expect(try check(["-g", "-gz=zlib"]).reason?.contains("is compressed") == true)
    #expect(try check(["-g", "-gsplit-dwarf"]).reason?.contains("files of its own") == true)
    #expect(try check(["-gdwarf-2", "-gstrict-dwarf"]).reason?.contains("DWARF 2") == true)
  }

  @Test func symbolsAreDemanded() throws {
    let missing =
      try fault("size_t deep_error_offset(", "size_t deep_eror_offset(")
      + fault("fault deep_error_offset", "// fault deep_error_offset")
    #expect(missing.contains("there is no function “deep_error_offset”"))
    let renamed = LibraryCheckTests.text.replacingOccurrences(of: "deep_error_offset", with: "deep_eror_offset")
    #expect {
      _ = try AdapterImage.read(path: try Workshop.deep(binding: renamed, flags: []))
    } throws: {
      "\($0)".contains("exports no function “deep_eror_offset”; did you mean “deep_error_offset”?")
        && "\($0)".contains("deep.binding:99:8: error:")
    }
  }

  @Test func typesThatDifferAreNamed() throws {
    // How it was compiled, what the binding says, and the words for it.
    let cases = [
      (
        "  int64_t price;\n  uint32_t size;\n  uint8_t is_complete;",
        "  uint32_t size;\n  uint8_t is_complete;\n  int64_t price;",
        "field “size” lies at byte 40, declared at 32"
      ),
      (
        "  uint8_t conditions;\n", "  uint16_t conditions;\n",
        "field “conditions” is unsigned char (1 bytes), declared is uint16_t"
      ),
      ("  uint32_t round_lot;\n", "  int32_t round_lot;\n", "declared is int32_t"),
      ("  char code;\n  char reason[5];", "  char code;\n  char reason[4];", "an array of 5, declared is int8_t[4]"),
      ("  uint8_t conditions;\n  uint64_t id;", "  uint8_t conditions;", "deep_trade of 56 bytes, declared are 48"),
      (
        "typedef struct deep_gap { uint64_t first, count; } deep_gap;",
        "typedef struct deep_gap { uint64_t start, count; } deep_gap;",
        "has no field “start”"
      ),
    ]
    for (old, new, words) in cases {
      var text = LibraryCheckTests.text.replacingOccurrences(of: old, with: new)
      text = text.replacingOccurrences(of: "sequence = gap.first; ", with: "")
      if words.contains("48") { text = text.replacingOccurrences(of: "aux = trade->id;", with: "") }
      #expect(text != LibraryCheckTests.text)
      do {
        _ = try AdapterImage.read(path: try Workshop.deep(binding: text))
        Issue.record("taken: \(words)")
      } catch {
        #expect("\(error)".contains(words), "\(words): \(error)")
        #expect("\(error)".contains("is declared otherwise than libdeep.so was compiled"))
      }
      // Without debug information nobody can know.
      #expect(throws: Never.self) { _ = try AdapterImage.read(path: try Workshop.deep(binding: text, flags: [])) }
    }
  }

  @Test func parametersThatDifferAreNamed() throws {
    #expect(
      try fault(
        "deep_result deep_feed(deep_decoder *decoder, const uint8_t *bytes, size_t size);",
        "deep_result deep_feed(deep_decoder *decoder, const uint8_t *bytes, uint32_t size);"
      ).contains("parameter “size” is "))
    #expect(
      try fault(
        "size_t deep_error_offset(const deep_decoder *decoder);", "int deep_error_offset(const deep_decoder *decoder);"
      )
      .contains("it returns"))
    #expect(
      try fault(
        "typedef void (*deep_on_trade)(void *user, const deep_trade *trade, int is_break);",
        "typedef void (*deep_on_trade)(void *user, const deep_trade *trade, int64_t is_break);"
      )
      .contains("a callback of which parameter"))
    #expect(
      try fault(
        "typedef void (*deep_on_status)(void *user, deep_status status);",
        "typedef void (*deep_on_status)(void *user, deep_gap status);") != "")
  }

  @Test func damagedLibrariesAreReadWithoutHarm() throws {
    let path = try Workshop.deep()
    let binding = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    let file = BindingFile(binding, file: path)
    let library = [UInt8](
      try Data(contentsOf: URL(fileURLWithPath: String(path.dropLast("deep.binding".count)) + "libdeep.so")))
    let symbols = file.functionNames.map { LibrarySymbol(name: $0, isFunction: true) }
    #expect(file.check(symbols, library).functions.count == 7)
    // The debug sections are most of what follows the code.
    let marks = Array(".debug_info".utf8)
    #expect(library.indices.dropLast(marks.count).contains { library[$0..<$0 + marks.count].elementsEqual(marks) })
    var dice = Dice(5)
    var (confirmed, unread, differing) = (0, 0, 0)
    for _ in 0..<4_000 {
      var bytes = library
      for _ in 0...dice.roll(4) {
        let at = min(bytes.count - 1, library.count / 3 + dice.roll(library.count * 2 / 3))
        switch dice.roll(4) {
        case 0: bytes[at] ^= 1 << UInt8(dice.roll(8))
        case 1: bytes[at] = 0xFF
        case 2: for index in at..<min(bytes.count, at + dice.roll(64)) { bytes[index] = UInt8(dice.roll(256)) }
        default: if dice.roll(10) == 0 { bytes.removeSubrange(at...) }
        }
      }
      let check = file.check(symbols, bytes)
      if check.reason != nil {
        unread += 1
      } else if check.diagnostics.isEmpty {
        confirmed += 1
      } else {
        differing += 1
      }
    }
    #expect(
      confirmed > 100 && unread > 100 && differing > 100,
      "\(confirmed) confirmed, \(unread) unread, \(differing) differing")
  }
}
