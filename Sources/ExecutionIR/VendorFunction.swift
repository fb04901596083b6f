// SPDX-License-Identifier: Apache-2.0

/// A function of a vendor's library that is asked about decisions (`exprove/hooks.h`): a policy's hook, which may deny one, or
/// a task's term, which puts a price on it. Nothing about it is open: the library is named by its bytes.
public struct VendorFunction: Hashable, Sendable {
  /// What results and reasons call it; 1 to 64 bytes, once in a policy or task.
  public let name: String
  /// The library's file name, to look for it; which one it is, its digest says.
  public let file: String
  /// SHA-256 of the library.
  public let library: Digest
  public let symbol: String
  package let signature: HookSignature
  /// The integers that the signature asks for, in its order.
  public let values: [Int64]

  /// So many hooks has a policy at most, and so many terms a task.
  public static let most = 8

  package init(
    name: String, file: String, library: Digest, symbol: String, signature: HookSignature, values: [Int64]
  ) throws(RecordError) {
    self.name = name
    self.file = file
    self.library = library
    self.symbol = symbol
    self.signature = signature
    self.values = values
    try check()
  }

  private func check() throws(RecordError) {
    func isText(_ text: String, atMost limit: Int) -> Bool {
      (1...limit).contains(text.utf8.count) && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    }
    guard isText(name, atMost: 64) else {
      throw RecordError(path: "name", reason: "1 to 64 bytes of text are expected here")
    }
    guard isText(file, atMost: 255), !file.utf8.contains(UInt8(ascii: "/")), file != ".", file != ".." else {
      throw RecordError(
        path: "library",
        reason: "the library's file name is expected here, without a directory: it is looked for beside this file")
    }
    guard isText(symbol, atMost: 255) else {
      throw RecordError(path: "symbol", reason: "the name of a function is expected here")
    }
    guard values.count == signature.numbers else {
      throw RecordError(
        path: "values",
        reason: "\(signature) takes \(signature.numbers) integers beside the structs, and \(values.count) are given")
    }
    for (value, argument) in zip(values, signature.arguments.filter { $0 == .int32 || $0 == .int64 })
    where argument == .int32 && Int32(exactly: value) == nil {
      throw RecordError(path: "values", reason: "\(value) does not fit the int32 of \(signature)")
    }
  }

  package var json: JSON {
    .object([
      "name": .string(name), "library": .string(file), "sha256": .string(library.description),
      "symbol": .string(symbol), "signature": .string(signature.description),
      "values": .array(values.map { .wide($0) }),
    ])
  }

  package init(json: JSON, path: String) throws(RecordError) {
    let reader = try RecordReader(
      json, path: path, keys: ["name", "library", "sha256", "symbol", "signature", "values"])
    let text = try reader.string("signature")
    let signature: HookSignature
    do throws(HookSignatureError) { signature = try HookSignature(parsing: text) } catch {
      throw reader.error("signature", error.description)
    }
    do throws(RecordError) {
      try self.init(
        name: reader.string("name"), file: reader.string("library"), library: reader.digest("sha256"),
        symbol: reader.string("symbol"), signature: signature,
        values: reader.has("values") ? reader.integers("values", atMost: HookSignature.mostArguments) : [])
    } catch {
      throw error.path.hasPrefix(path) ? error : reader.error(error.path, error.reason)
    }
  }

  /// The functions of a list, each under a name of its own.
  package static func list(_ reader: RecordReader, _ key: String) throws(RecordError) -> [VendorFunction] {
    guard reader.has(key) else { return [] }
    let functions = try reader.list(key, atMost: most) { (json, path) throws(RecordError) in
      try VendorFunction(json: json, path: path)
    }
    for (index, function) in functions.enumerated()
    where functions[..<index].contains(where: { $0.name == function.name }) {
      throw reader.error(key, "\(function.name) stands twice")
    }
    return functions
  }
}
