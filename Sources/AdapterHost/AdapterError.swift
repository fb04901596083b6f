// SPDX-License-Identifier: Apache-2.0

/// Why an adapter could not be read, loaded or trusted. The message names the file, the place in it and the way out.
package struct AdapterError: Error, Equatable, Sendable, CustomStringConvertible {
  package enum Code: String, Sendable, CaseIterable {
    /// No such file, or no adapter of that name.
    case missing
    /// The file could not be read.
    case unreadable
    case tooLarge
    case notELF
    case foreignMachine
    case truncated
    case malformedELF
    case noEntry
    case noManifest
    case badManifest
    /// A binding file, or what it says of its library; the message has line and column.
    case badBinding
    /// A static rule of the host, such as a dependency that is not on the list.
    case forbidden
    /// The system could not make the sealed copy.
    case sealing
    /// The dynamic loader refused.
    case loader
    case unsupportedVersion
    /// The table that the entry filled breaks the ABI.
    case badTable
    case initFailed
    case createFailed
    /// The manifest does not offer what was asked for.
    case notOffered
    /// A setting that the manifest does not declare, or a value that is none of its type.
    case badSetting
    /// A call returned another status than OK.
    case callFailed
    /// What came back breaks a numbered rule of the contract.
    case contract
    /// The session broke its contract before and is not used again.
    case sessionFailed
    /// Saved state that the adapter does not take up.
    case badState
    /// Its worker failed so often that its feed is not decoded any further.
    case quarantined
    /// Its marketplace revoked it.
    case revoked
  }

  package let code: Code
  package let message: String
  /// The rule that was broken, when `code` is `.contract`.
  package let rule: ContractRule?

  package init(_ code: Code, _ message: String, rule: ContractRule? = nil) {
    self.code = code
    self.message = message
    self.rule = rule
  }

  /// The exit code of the command line: 66 input missing, 64 usage, 74 I/O, 1 where it may not be
  /// loaded, 65 for all that is bad data.
  package var exitCode: Int32 {
    switch code {
    case .missing: 66
    case .unreadable, .sealing: 74
    case .notOffered, .badSetting: 64
    case .revoked: 1
    default: 65
    }
  }

  package var description: String { message }
}
