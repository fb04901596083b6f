// SPDX-License-Identifier: Apache-2.0

package import DurableFiles
package import ExecutionIR
package import UpdateFramework

/// Why adapters were not installed, found, checked or removed.
package enum StoreError: Error, Sendable, CustomStringConvertible {
  /// A system call failed.
  case file(FileError)
  /// A file of the store is not what this program writes.
  case malformed(path: String, reason: String)
  /// Another process changes the store.
  case inUse(path: String, by: String)
  /// What was asked for is not there.
  case missing(String)
  /// A rule forbids it; the text names the rule and the way out.
  case refused(String)
  /// Bytes are not those that were verified when they were installed.
  case altered(path: String, expected: Digest, found: Digest)
  /// What a repository shows does not verify, or can't be reached.
  case update(UpdateError)
  /// A file that a repository has outside its targets did not come.
  case source(repository: String, SourceError)
  /// What a repository's log shows contradicts what it showed before, or what its metadata say.
  case log(repository: String, reason: String)

  package var description: String {
    switch self {
    case .file(let error): error.description
    case .malformed(let path, let reason):
      "\(path): \(reason); restore it from a copy, or move it away and install again"
    case .inUse(let path, let by): "\(path): \(by) changes the installed adapters; wait for it or stop it"
    case .missing(let text), .refused(let text): text
    case .altered(let path, let expected, let found):
      "\(path): its SHA-256 is \(found), the lock says \(expected): it was altered after it was installed; "
        + "remove the adapter and install it again"
    case .update(let error): error.description
    case .source(let repository, let error): "\(repository): \(error)"
    case .log(let repository, let reason): "\(repository): its log: \(reason)"
    }
  }

  /// Whether nothing was judged, only a file or a source could not be read or written: the same again may succeed.
  package var isOutage: Bool {
    switch self {
    case .file, .inUse, .update(.file), .update(.busy): true
    case .source(_, let error), .update(.source(let error, _)): !error.isMissing
    default: false
    }
  }

  package static func notInstalled(_ name: AdapterName) -> StoreError {
    .missing("\(name) is not installed; exprove adapter list shows what is")
  }

  /// Runs `body`, whose failures are those of files.
  static func wrap<Value: ~Copyable>(_ body: () throws(FileError) -> Value) throws(StoreError) -> Value {
    do throws(FileError) { return try body() } catch { throw .file(error) }
  }

  /// Runs `body`, whose failures are those of the file at `path`.
  static func reading<Value>(_ path: String, _ body: () throws(RecordError) -> Value) throws(StoreError) -> Value {
    do throws(RecordError) { return try body() } catch { throw .malformed(path: path, reason: error.description) }
  }

  /// Runs `body`, whose failures are a repository's.
  static func updating<Value>(_ body: () throws(UpdateError) -> Value) throws(StoreError) -> Value {
    do throws(UpdateError) { return try body() } catch { throw .update(error) }
  }

  /// Parses the file at `path`.
  static func parse(_ bytes: [UInt8], path: String) throws(StoreError) -> JSON {
    do throws(JSONError) { return try JSON.parse(bytes) } catch {
      throw .malformed(path: path, reason: "byte \(error.offset): \(error.reason)")
    }
  }
}
