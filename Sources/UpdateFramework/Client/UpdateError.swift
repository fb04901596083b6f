// SPDX-License-Identifier: Apache-2.0

package import DurableFiles

/// Why a repository, or a file of it, was not taken.
package enum UpdateError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Malformed, or signed by too few of those who are trusted for it.
  case metadata(MetadataError)
  /// A role's metadata are no longer valid.
  case expired(file: String, version: Int64, at: MetadataTime, now: MetadataTime)
  /// Older metadata than those that were seen.
  case rollback(file: String, offered: Int64, trusted: Int64)
  /// A file that a newer snapshot no longer has.
  case withdrawn(file: String, role: String)
  /// A version of root that does not follow the trusted one.
  case rootVersion(file: String, offered: Int64, expected: Int64)
  /// A file that others' metadata say something else of.
  case mismatch(file: String, reason: String)
  /// A role that was delegated to, and that the snapshot does not have.
  case unlisted(role: String, source: String)
  /// A target that is not what its metadata say.
  case target(path: String, source: String, reason: String)
  /// A file did not come.
  case source(SourceError, name: String)
  /// A system call failed here.
  case file(FileError)
  /// The clock stands before the time at which the repository was last read.
  case clock(now: MetadataTime, earlier: MetadataTime, record: String)
  /// No root is trusted in this directory yet.
  case notBegun(directory: String)
  /// Nothing of the repository but its root is known here yet.
  case notRefreshed(directory: String)
  /// A file that was not stored here, and that is not to be fetched.
  case notStored(path: String, directory: String)
  /// Another root is trusted in this directory.
  case begun(directory: String, version: Int64)
  /// A file of the client's own is not what it wrote.
  case damaged(path: String, reason: String)
  /// Another process works with the same files.
  case busy(path: String)
  /// Tests stop the client at every step by this.
  case stopped

  package var description: String { ShownText(message).text }

  private var message: String {
    switch self {
    case .metadata(let error): error.description
    case .expired(let file, let version, let at, let now):
      "\(file): version \(version) was valid until \(at), and it is \(now): the repository is no longer kept up, or somebody holds back newer metadata (freeze); nothing was changed, so try again later or ask its operator"
    case .rollback(let file, let offered, let trusted):
      "\(file): version \(offered) is older than version \(trusted), which was seen before: somebody offers an old state of the repository (rollback); nothing was changed"
    case .withdrawn(let file, let role):
      "\(file): it no longer lists \(role), which an earlier one had: somebody hides it (rollback); nothing was changed"
    case .rootVersion(let file, let offered, let expected):
      "\(file): it is version \(offered) of root, where version \(expected) has to follow"
    case .mismatch(let file, let reason):
      "\(file): \(reason): it does not belong to the other metadata (mix and match); nothing was changed"
    case .unlisted(let role, let source):
      "\(source): the snapshot does not list the role \"\(role)\", which others delegate to; ask its operator"
    case .target(let path, let source, let reason):
      "\(source): \(path): \(reason): it is not the file that its publisher signed; nothing of it was kept"
    case .source(let error, let name): "\(name): \(error)"
    case .file(let error): error.description
    case .clock(let now, let earlier, let record):
      "this host's clock says \(now), but a refresh succeeded at \(earlier): with a clock set back, expired metadata would look valid; set the clock right, or, if the earlier time was wrong, remove \(record)"
    case .notBegun(let directory):
      "\(directory): no root metadata are trusted here yet; add the repository with the root file that its operator published"
    case .notRefreshed(let directory):
      "\(directory): nothing of the repository is stored here yet; refresh while it can be reached"
    case .notStored(let path, let directory):
      "\(directory): \(path) is not stored here; refresh while the repository can be reached"
    case .begun(let directory, let version):
      "\(directory): another root (version \(version)) is trusted here already; remove the repository before trusting a new root for it"
    case .damaged(let path, let reason):
      "\(path): \(reason); restore it from a copy, or remove the repository and add it again with its root file"
    case .busy(let path): "\(path): another process works with this repository; wait for it, or stop it"
    case .stopped: "stopped by the test"
    }
  }

  static func wrap<Value: ~Copyable>(_ work: () throws(FileError) -> Value) throws(UpdateError) -> Value {
    do {
      return try work()
    } catch {
      throw .file(error)
    }
  }

  static func wrap<Value>(_ work: () throws(MetadataError) -> Value) throws(UpdateError) -> Value {
    do {
      return try work()
    } catch {
      throw .metadata(error)
    }
  }
}
