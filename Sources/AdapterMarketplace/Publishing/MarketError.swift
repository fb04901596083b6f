// SPDX-License-Identifier: Apache-2.0

package import DurableFiles
package import TransparencyLog

/// Why a repository of adapters could not be read, changed or vouched for.
package enum MarketError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A file does not say what its place demands.
  case malformed(path: String, reason: String)
  /// Something that was named is not there.
  case missing(String)
  /// What was asked for is not done, for the reason given: it would break what the repository promises.
  case refused(String)
  /// Signatures or digests do not hold.
  case unauthenticated(path: String, reason: String)
  /// Nobody here has a key that is needed.
  case key(String)
  /// A mistake in what was asked.
  case usage(String)
  /// Another process changes the repository.
  case inUse(path: String)
  case file(FileError)
  case log(LogError)

  package var description: String {
    switch self {
    case .malformed(let path, let reason), .unauthenticated(let path, let reason): "\(path): \(reason)"
    case .missing(let text), .refused(let text), .key(let text), .usage(let text): text
    case .inUse(let path): "\(path): another process changes this repository; wait for it or stop it"
    case .file(let error): error.description
    case .log(let error): error.description
    }
  }

  /// Runs `body`, whose failures are those of files.
  static func files<Value: ~Copyable>(_ body: () throws(FileError) -> Value) throws(MarketError) -> Value {
    do throws(FileError) { return try body() } catch { throw .file(error) }
  }

  /// Runs `body`, whose failures are those of the log.
  static func log<Value: ~Copyable>(_ body: () throws(LogError) -> Value) throws(MarketError) -> Value {
    do throws(LogError) { return try body() } catch { throw .log(error) }
  }
}
