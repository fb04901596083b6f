// SPDX-License-Identifier: Apache-2.0

package import DurableFiles

/// Why a text of the log (key, note, checkpoint, proof, bundle) was refused.
package struct NoteError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Offset of the byte, from 0.
  package let offset: Int
  package let reason: String

  package init(offset: Int, reason: String) {
    self.offset = offset
    self.reason = reason
  }

  package var description: String { "byte \(offset): \(reason)" }
}

/// Why a log can't be read or written.
package enum LogError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A system call failed.
  case file(FileError)
  /// A file is not of the form that its place demands.
  case malformed(path: String, NoteError)
  /// Files contradict each other.
  case damaged(path: String, reason: String)
  /// No signature by a key that was given, or one that is false.
  case unauthenticated(path: String, reason: String)
  /// A leaf of so many bytes; 65,535 is the most.
  case leafTooLarge(Int)
  /// The ledger already holds another leaf at this index.
  case differentLeaf(index: UInt64)
  /// No such leaf in a log of this size.
  case noSuchLeaf(index: UInt64, size: UInt64)
  /// Another process writes this log.
  case inUse(path: String)
  /// A new log was to be made where something lies.
  case notEmpty(path: String)
  /// The log signs under another origin than the caller expects.
  case wrongOrigin(path: String, found: String, expected: String)
  /// The signer gave no signature that verifies.
  case signing(String)
  /// Tests stop the writer at every step by this.
  case stopped

  package var description: String {
    switch self {
    case .file(let error): error.description
    case .malformed(let path, let error): "\(path): \(error)"
    case .damaged(let path, let reason), .unauthenticated(let path, let reason): "\(path): \(reason)"
    case .leafTooLarge(let count):
      "a leaf of \(count) bytes; 65535 is the most: put the body into objects/ and log its digest"
    case .differentLeaf(let index):
      "the ledger already holds a different leaf \(index); a log is never rewritten: write this run to a new directory"
    case .noSuchLeaf(let index, let size): "no leaf \(index): the log's checkpoint covers \(size)"
    case .inUse(let path): "\(path): another process writes this log; wait for it or stop it"
    case .notEmpty(let path): "\(path): not empty; choose a new directory, or resume the log that lies there"
    case .wrongOrigin(let path, let found, let expected):
      "\(path): a log of \"\(found)\", not of \"\(expected)\"; name its own origin or choose another directory"
    case .signing(let reason): "the checkpoint was not signed: \(reason)"
    case .stopped: "stopped by the test"
    }
  }
}

extension LogError {
  /// Runs `body`, whose failures are those of files.
  static func wrap<Value: ~Copyable>(_ body: () throws(FileError) -> Value) throws(LogError) -> Value {
    do throws(FileError) { return try body() } catch { throw .file(error) }
  }

  /// Runs `body`, whose failures are those of the text of the file at `path`.
  static func reading<Value>(_ path: String, _ body: () throws(NoteError) -> Value) throws(LogError) -> Value {
    do throws(NoteError) { return try body() } catch { throw .malformed(path: path, error) }
  }
}
