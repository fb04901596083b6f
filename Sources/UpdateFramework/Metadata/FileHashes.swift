// SPDX-License-Identifier: Apache-2.0

internal import Crypto
internal import ExecutionIR

/// Digests of a file by their algorithms' names. All that are given must hold, so one that is unknown here fits no file.
struct FileHashes: Equatable, Sendable {
  /// Lower-case hexadecimal; not empty.
  let values: [String: String]

  init(sha256: ExecutionIR.Digest) { values = ["sha256": sha256.description] }

  init(_ reader: MemberReader) throws(RecordError) {
    var values: [String: String] = [:]
    for (name, _) in reader.sorted { values[name] = try reader.string(name) }
    guard !values.isEmpty else { throw RecordError(path: reader.path, reason: "there is no digest") }
    self.values = values
  }

  var json: JSON { .object(values.mapValues { .string($0) }) }

  var sha256: ExecutionIR.Digest? { values["sha256"].flatMap { ExecutionIR.Digest(hexadecimal: $0) } }

  /// Nil when all hold; else why not. Takes the file as pieces, nil at its end, so that it need not be held.
  func mismatch<Failure: Error>(pieces next: () throws(Failure) -> [UInt8]?) throws(Failure) -> String? {
    var sha256 = SHA256()
    var sha384 = SHA384()
    var sha512 = SHA512()
    let algorithms = values.keys.sorted()
    while let piece = try next() {
      for algorithm in algorithms {
        switch algorithm {
        case "sha256": sha256.update(data: piece)
        case "sha384": sha384.update(data: piece)
        case "sha512": sha512.update(data: piece)
        default: break
        }
      }
    }
    for algorithm in algorithms {
      let found: [UInt8]
      switch algorithm {
      case "sha256": found = Array(sha256.finalize())
      case "sha384": found = Array(sha384.finalize())
      case "sha512": found = Array(sha512.finalize())
      default: return "its metadata give a digest of the unknown kind \"\(algorithm)\""
      }
      let digits = Hexadecimal.encode(found)
      if digits != values[algorithm] { return "its \(algorithm) is \(digits), not \(values[algorithm] ?? "")" }
    }
    return nil
  }

  func mismatch(_ bytes: [UInt8]) -> String? {
    var pieces = [bytes]
    return mismatch { pieces.popLast() }
  }
}
