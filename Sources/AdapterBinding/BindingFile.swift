// SPDX-License-Identifier: Apache-2.0

package import SourceDiagnostics

/// A binding file, read: a vendor's C library, how it is called and what becomes of what it calls back. Written like C,
/// and checked as far as it can be without running anything:
///
///     binding 1;
///     library "libdeep.so";                        // beside the binding
///
///     manifest {                                   // the keys of adapter.h, up to a line with nothing but a brace
///       name: deep
///       …
///     }
///
///     typedef struct deep_decoder deep_decoder;    // C, as in the library's own header
///     typedef struct { int64_t time, price; uint32_t size; char symbol[9]; uint8_t side; } deep_level;
///     typedef void (*deep_on_level)(void *user, const deep_level *level);
///     deep_decoder *deep_open(deep_on_level on_level, void *user);
///     int deep_feed(deep_decoder *decoder, const uint8_t *bytes, size_t size);
///     void deep_close(deep_decoder *decoder);
///
///     quantity scale 0;                            // decimals of quantities
///
///     on level: deep_on_level(user, level) {       // a callback, and its parameters' names
///       count "P";                                 // a message of the manifest
///       event LEVEL {
///         time = level->time @ 9;                  // an integer at 1e-9 seconds
///         symbol = level->symbol;
///         side = match level->side { 'B': BUY, 'S': SELL };
///         price = level->price @ 4;                // an integer at 1e-4
///         quantity = level->size;
///       }
///     }
///
///     session {
///       limit 8 + 3 per 12 bytes;                  // the most events of a frame, by its size
///       open deep_open(level, user);
///       feed deep_feed(self, bytes, size) { 0: OK, -1: SHORT, else: FIELD };
///       close deep_close(self);
///       state none;                                // or: save f(self, out, capacity); load g(self, bytes, size) { 0: OK };
///     }
package struct BindingFile: Sendable {
  /// Everything that is wrong, in the order of the file; empty for a good one.
  package let diagnostics: [Diagnostic]
  /// The library's file, relative to the binding's.
  package let library: String
  /// The manifest's text as adapters carry it.
  package let manifest: [UInt8]
  /// What the binder runs.
  package let program: [UInt8]
  private let source: SourceText
  private let lines: [SourceRange]
  private let libraryRange: SourceRange
  let declarations: CDeclarations
  /// The functions that are called.
  let functions: [String]

  /// Never fails and never traps, whatever the bytes are; work and depth are bounded by their count.
  package init(_ bytes: [UInt8], file: String) {
    let source = SourceText(file: file, bytes: Array(bytes.prefix(SourceText.largest)))
    self.source = source
    var found: [Diagnostic] = []
    var parser = BindingParser(source, [BindingToken(kind: .end, text: "", range: SourceRange(0, 0))])
    if bytes.count > SourceText.largest {
      found.append(Diagnostic(source, SourceRange(0, 0), "the file is larger than 1 MiB", help: "give a binding file"))
    } else if let offset = BindingFile.firstInvalid(bytes) {
      found.append(
        Diagnostic(
          source, SourceRange(offset, offset + 1), "byte \(offset) is not valid UTF-8",
          help: "save the file as UTF-8 text"))
    } else {
      do throws(BindingFault) {
        parser = BindingParser(source, try BindingLexer.tokens(source))
        parser.parse()
        found += parser.diagnostics
      } catch {
        found.append(error.diagnostic)
      }
    }
    var program = found.isEmpty ? parser.program.bytes : []
    if found.isEmpty, let fault = ProgramCheck.fault(program) {
      found.append(
        Diagnostic(
          source, SourceRange(0, 0), "the binder does not take what this was compiled to: \(fault)",
          help: "this is a fault of exprove; tell its makers, with this file"))
      program = []
    }
    self.program = program
    diagnostics = found
    library = parser.library?.name ?? ""
    libraryRange = parser.library?.range ?? SourceRange(0, 0)
    manifest = parser.program.manifest
    lines = parser.manifest.map(\.range)
    declarations = parser.declarations
    functions = parser.program.functions.map(\.name)
  }

  /// The functions that are called, by their symbols.
  package var functionNames: [String] { functions }

  /// What is wrong with the manifest, whose lines count from 1 and begin with the format's name, where the binding has it.
  package func manifestFault(line: Int, _ reason: String) -> Diagnostic {
    let index = min(max(line - 2, 0), max(lines.count - 1, 0))
    let range = lines.isEmpty ? SourceRange(0, 0) : lines[index]
    return Diagnostic(source, range, "the manifest: \(reason)", help: "adapter.h lists the keys and what they hold")
  }

  /// A fault of the library that the binding names.
  package func libraryFault(_ reason: String, help: String) -> Diagnostic {
    Diagnostic(source, libraryRange, reason, help: help)
  }

  func fault(_ range: SourceRange, _ message: String, help: String) -> Diagnostic {
    Diagnostic(source, range, message, help: help)
  }

  private static func firstInvalid(_ bytes: [UInt8]) -> Int? {
    guard String(validating: bytes, as: UTF8.self) == nil else { return nil }
    var (low, high) = (0, bytes.count)
    // The longest valid beginning, give or take a character that was cut.
    while high - low > 1 {
      let middle = (low + high) / 2
      if isValidBeginning(bytes[..<middle]) { low = middle } else { high = middle }
    }
    return low
  }

  private static func isValidBeginning(_ bytes: ArraySlice<UInt8>) -> Bool {
    (0...3).contains { String(validating: bytes.dropLast($0), as: UTF8.self) != nil }
  }
}
