// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
internal import DurableFiles
internal import Governance
internal import RunJournal
internal import TransparencyLog

/// Why a call failed: a status of `abi.h`, and text that names the file, the place and the reason.
struct ClientError: Error {
  let status: exprove_status
  let text: String

  private init(_ status: Int, _ text: String) {
    self.status = exprove_status(status)
    self.text = printable(text)
  }

  static func notImplemented(_ text: String) -> ClientError { ClientError(EXPROVE_NOT_IMPLEMENTED, text) }
  static func argument(_ text: String) -> ClientError { ClientError(EXPROVE_INVALID_ARGUMENT, text) }
  static func tooSmall(_ text: String) -> ClientError { ClientError(EXPROVE_TOO_SMALL, text) }
  static func badData(_ text: String) -> ClientError { ClientError(EXPROVE_BAD_DATA, text) }
  /// Nothing follows, or nothing of this number.
  static func notFound(_ text: String) -> ClientError { ClientError(EXPROVE_NOT_FOUND, text) }

  init(_ error: RunError) {
    switch error {
    case .missing(let text): self.init(EXPROVE_NOT_FOUND, text)
    case .io(let text): self.init(EXPROVE_IO, text)
    case .source(let text, _), .badInput(let text), .usage(let text), .interrupted(let text):
      self.init(EXPROVE_BAD_DATA, text)
    case .internalFault: self.init(EXPROVE_INTERNAL, error.description)
    }
  }

  init(_ error: JournalError) {
    if case .file = error {
      self.init(EXPROVE_IO, error.description)
    } else {
      self.init(EXPROVE_BAD_DATA, error.description)
    }
  }

  /// A file of the ledger that is missing makes the directory a damaged one.
  init(_ error: LedgerError, in directory: String) {
    if case .log(.file(let file)) = error, !file.isMissing {
      self.init(EXPROVE_IO, error.description)
    } else if case .leaf = error {
      self.init(EXPROVE_BAD_DATA, "\(directory): \(error)")
    } else {
      self.init(EXPROVE_BAD_DATA, error.description)
    }
  }
}
