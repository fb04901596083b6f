// SPDX-License-Identifier: Apache-2.0

private import DurableFiles

/// Something in a log's directory that should be otherwise.
package struct Finding: Equatable, Sendable, CustomStringConvertible {
  package enum Kind: String, Sendable {
    /// A file that the checkpoint's tree needs is not there or can't be read.
    case missing
    /// A file does not have the form of its place.
    case malformed
    /// Files contradict each other or the signed root.
    case damaged
    /// A signature is false, missing or by an unknown key.
    case unauthenticated
    /// Something that belongs to no log.
    case extra
    /// What a writer that was interrupted leaves: files not yet renamed, tiles beyond the checkpoint, partial
    /// tiles that it no longer needs. The log holds at its checkpoint, and `resume` clears this away.
    case unfinished
    /// A partial tile that a fuller one has replaced, or its empty directory: it holds what it held, and an interrupted
    /// writer did not come to remove it.
    case superseded
  }

  package let kind: Kind
  /// Relative to the log's directory.
  package let path: String
  package let reason: String

  package init(kind: Kind, path: String, reason: String) {
    self.kind = kind
    self.path = path
    self.reason = reason
  }

  package var description: String { "\(path): \(reason)" }
}

/// What `verifyAll` found.
package struct LogReport: Sendable {
  /// The checkpoint, when it could be read; its signatures may still be among the findings.
  package internal(set) var checkpoint: Checkpoint?
  /// The signatures that hold, by keys that the caller gave.
  package internal(set) var signatures: [VerifiedSignature] = []
  /// In the order in which they were made; at most `mostFindings`.
  package private(set) var findings: [Finding] = []
  /// How many more there were.
  package private(set) var omittedFindings = 0

  static let mostFindings = 1000

  /// Whether all holds and nothing lies about.
  package var isSound: Bool { findings.isEmpty }
  /// Whether all holds, though an interrupted writer left something lying about.
  package var isSoundUpToCheckpoint: Bool {
    omittedFindings == 0 && findings.allSatisfy { $0.kind == .unfinished || $0.kind == .superseded }
  }

  mutating func add(_ kind: Finding.Kind, _ path: String, _ reason: String) {
    if findings.count < LogReport.mostFindings {
      findings.append(Finding(kind: kind, path: path, reason: reason))
    } else {
      omittedFindings += 1
    }
  }

  mutating func add(_ error: LogError, _ path: String) {
    switch error {
    case .file(let error): add(.missing, path, error.isMissing ? "missing" : error.description)
    case .malformed(_, let error): add(.malformed, path, error.description)
    case .damaged(_, let reason): add(.damaged, path, reason)
    case .unauthenticated(_, let reason): add(.unauthenticated, path, reason)
    default: add(.damaged, path, error.description)
    }
  }
}
