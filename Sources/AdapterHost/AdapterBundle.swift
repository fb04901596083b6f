// SPDX-License-Identifier: Apache-2.0

package import AdapterBinding
internal import SourceDiagnostics

/// A bound adapter's bytes in one piece, which its digest is taken over and a run directory keeps:
///
///     "ExProve bundle 1\n" · u64 size · the binding file · u64 size · the library's file
///
/// Numbers are little-endian, and nothing is left over: the same two files always give the same bundle.
package struct AdapterBundle: Equatable, Sendable {
  package let binding: [UInt8]
  package let library: [UInt8]

  private static let magic = Array("ExProve bundle 1\n".utf8)

  package init(binding: [UInt8], library: [UInt8]) {
    self.binding = binding
    self.library = library
  }

  /// Whether bytes begin as a bundle does.
  package static func begins(_ bytes: [UInt8]) -> Bool { bytes.starts(with: magic) }

  /// Nil for bytes that `encoded` would not have given.
  package init?(_ bytes: [UInt8]) {
    guard AdapterBundle.begins(bytes) else { return nil }
    var rest = bytes.dropFirst(AdapterBundle.magic.count)
    guard let binding = AdapterBundle.part(&rest), let library = AdapterBundle.part(&rest), rest.isEmpty else {
      return nil
    }
    self.binding = Array(binding)
    self.library = Array(library)
  }

  private static func part(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    guard rest.count >= 8 else { return nil }
    let size = rest.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    rest = rest.dropFirst(8)
    guard size <= UInt64(rest.count) else { return nil }
    defer { rest = rest.dropFirst(Int(size)) }
    return rest.prefix(Int(size))
  }

  package var encoded: [UInt8] {
    var out = AdapterBundle.magic
    for part in [binding, library] {
      out += (0..<8).map { UInt8(truncatingIfNeeded: UInt64(part.count) >> ($0 * 8)) }
      out += part
    }
    return out
  }
}

/// A library that knows nothing of ExProve, and what its binding says of it.
package struct BoundLibrary: Sendable {
  /// What the binder runs.
  package let program: [UInt8]
  /// The library's file.
  package let bytes: [UInt8]
  /// Its name in the binding, relative to that file.
  package let name: String
  /// What was held against the library without running it.
  package let check: LibraryCheck
  /// The functions that it exports and the binding calls, in the order of the binder's numbers.
  package let functions: [String]
  /// The manifest's text.
  let manifest: [UInt8]

  /// Reads and checks both; `path` serves messages.
  init(path: String, _ bundle: AdapterBundle) throws(AdapterError) {
    let file = BindingFile(bundle.binding, file: path)
    try BoundLibrary.demandNothing(file.diagnostics.map(\.description))
    let facts = try AdapterImage.facts(of: bundle.library, path: "\(path) (\(file.library))")
    // STT_FUNC, and the kind whose address a function of its own chooses.
    let symbols = facts.exported.map { LibrarySymbol(name: $0.name, isFunction: $0.type == 2 || $0.type == 10) }
    let check = file.check(symbols, bundle.library)
    try BoundLibrary.demandNothing(check.diagnostics.map(\.description))
    do {
      _ = try AdapterManifest(parsing: file.manifest)
    } catch {
      throw AdapterError(.badBinding, file.manifestFault(line: error.line, error.reason).description)
    }
    program = file.program
    bytes = bundle.library
    name = file.library
    self.check = check
    functions = file.functionNames
    manifest = file.manifest
  }

  private static func demandNothing(_ faults: [String]) throws(AdapterError) {
    guard faults.isEmpty else { throw AdapterError(.badBinding, faults.joined(separator: "\n")) }
  }

  /// Puts a binding file and the library beside it together.
  static func bundle(of binding: [UInt8], path: String) throws(AdapterError) -> AdapterBundle {
    let file = BindingFile(binding, file: path)
    try demandNothing(file.diagnostics.map(\.description))
    let directory = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    let library = directory + file.library
    do {
      return AdapterBundle(binding: binding, library: try readFile(library, limit: AdapterImage.sizeLimit))
    } catch {
      guard error.code == .missing else { throw error }
      throw AdapterError(
        .missing,
        file.libraryFault(
          "there is no file \(library)", help: "build the library, or name where it lies, beside or below the binding"
        ).description)
    }
  }
}
