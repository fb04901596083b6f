// SPDX-License-Identifier: Apache-2.0

import AdapterMarketplace
import ArgumentParser
import ExecutionIR
import RunJournal

/// `exprove market yank`: a version that nobody new should take.
struct MarketYank: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "yank",
    abstract: "Withdraw a version: it installs only when it is pinned, and goes on working where it is.",
    discussion: "EXAMPLE\n  exprove market yank market acme/itch@1.2.0 --reason \"decodes crosses without their side\"")

  @Argument(help: ArgumentHelp("The repository.", valueName: "dir"))
  var directory: String

  @Argument(help: ArgumentHelp("The release, like acme/itch@1.2.0.", valueName: "release"))
  var release: String

  @Option(help: ArgumentHelp("One line for those who have it.", valueName: "text"))
  var reason: String

  @OptionGroup var options: MarketOptions

  func run() throws {
    try Failure.exit { try MarketYank.withdraw(.yank, directory, release, reason, options) }
  }

  static func withdraw(
    _ how: MarketRepository.Withdrawal, _ directory: String, _ release: String, _ reason: String,
    _ options: MarketOptions
  ) throws {
    let (name, version) = try Markets.release(release)
    var repository = try options.open(directory)
    let outcome = try Markets.run { () throws(MarketError) in
      if try !repository.stage(how, of: name, version, reason: reason) {
        Console.note("\(release): it is withdrawn so already")
      }
      return try repository.admit()
    }
    let isDone = try Markets.run { () throws(MarketError) in try repository.isWithdrawn(name, version, how) }
    let word =
      switch how {
      case .yank: "yanked"
      case .revoke: "revoked"
      case .revokeAsOperator: "revoked by the operator"
      }
    try Markets.tell(
      outcome, directory, what: "\(release) \(word)", isDone: isDone, json: options.json,
      members: ["name": .string(name.description), "version": .string(version.description)])
  }
}

/// `exprove market revoke`: a version that must never load again.
struct MarketRevoke: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke",
    abstract: "Revoke a version: it never loads again, wherever it is installed.",
    discussion: """
      A vendor revokes in its own metadata, with its own keys. The repository's operator revokes in a list of its own, \
      whatever the vendor says, with the key of the role revocations. What is revoked stays so.

      EXAMPLE
        exprove market revoke market acme/itch@1.2.0 --reason "built on a machine that was broken into"
        exprove market revoke market acme/itch@1.2.0 --reason "acme's key was stolen" --as-operator
      """)

  @Argument(help: ArgumentHelp("The repository.", valueName: "dir"))
  var directory: String

  @Argument(help: ArgumentHelp("The release, like acme/itch@1.2.0.", valueName: "release"))
  var release: String

  @Option(help: ArgumentHelp("One line for those who have it.", valueName: "text"))
  var reason: String

  @Flag(help: "As the repository's operator.")
  var asOperator = false

  @OptionGroup var options: MarketOptions

  func run() throws {
    try Failure.exit {
      try MarketYank.withdraw(asOperator ? .revokeAsOperator : .revoke, directory, release, reason, options)
    }
  }
}
