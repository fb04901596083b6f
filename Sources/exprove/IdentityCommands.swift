// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ExecutionIR
import Governance
import RunJournal

/// `exprove identity`: who may sign here. Public keys are shown; private ones never leave their files.
struct IdentityGroup: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "identity",
    abstract: "List, show or make the identities in $EXPROVE_HOME; only public keys are shown.",
    subcommands: [List.self, Show.self, Create.self])

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List the identities whose private keys are here.", discussion: "EXAMPLE\n  exprove identity list")

    @Flag(help: "One JSON object on standard output.")
    var json = false

    func run() throws {
      try Failure.exit {
        let home = try IdentityGroup.home()
        var found: [Identity] = []
        do throws(IdentityError) {
          for name in try Identity.names(home: home) { found.append(try Identity.load(name: name, home: home)) }
        } catch {
          throw RunError.identity(error)
        }
        if json {
          let list = found.map { IdentityGroup.object($0) }
          return try Console.printJSON(.object(["home": .string(home), "identities": .array(list)]))
        }
        for identity in found { Console.print("\(identity.name)\t\(identity.publicVerifierKey)") }
        if found.isEmpty { Console.note("no identity in \(home); make one with: exprove identity create NAME") }
      }
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print the verifier key of an identity, to be given to those who check its ledgers.",
      discussion: "EXAMPLE\n  exprove identity show desk")

    @Argument(help: ArgumentHelp("The identity's name.", valueName: "name"))
    var name: String

    @Flag(help: "One JSON object on standard output.")
    var json = false

    func run() throws {
      try Failure.exit {
        let home = try IdentityGroup.home()
        let identity: Identity
        do throws(IdentityError) { identity = try Identity.load(name: name, home: home) } catch {
          throw RunError.identity(error)
        }
        try IdentityGroup.print(identity, json)
      }
    }
  }

  struct Create: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make an identity with a fresh Ed25519 key, and print its verifier key.",
      discussion: """
        Its private key is a file of mode 0600 in $EXPROVE_HOME, or ~/.exprove. A name that is there already is refused.

        EXAMPLE
          exprove identity create example.com/desk
        """)

    @Argument(help: ArgumentHelp("Letters, digits, '.', '-', '_' and single slashes.", valueName: "name"))
    var name: String

    @Flag(help: "One JSON object on standard output.")
    var json = false

    func run() throws {
      try Failure.exit {
        let home = try IdentityGroup.home()
        let identity: Identity
        do throws(IdentityError) { identity = try Identity.createNew(name: name, home: home) } catch {
          throw RunError.identity(error)
        }
        try IdentityGroup.print(identity, json)
      }
    }
  }

  private static func home() throws(RunError) -> String {
    do throws(IdentityError) { return try Identity.defaultHome() } catch { throw .identity(error) }
  }

  private static func print(_ identity: Identity, _ json: Bool) throws {
    if json { try Console.printJSON(object(identity)) } else { Console.print(identity.publicVerifierKey) }
  }

  private static func object(_ identity: Identity) -> JSON {
    .object(["name": .string(identity.name), "verifier": .string(identity.publicVerifierKey)])
  }
}

extension RunError {
  /// With the exit code that fits: a name that is none is a mistake of usage, an unknown one is missing input.
  static func identity(_ error: IdentityError) -> RunError {
    switch error {
    case .name: .usage(error.description)
    case .unknown: .missing(error.description)
    case .malformed, .exists: .badInput(error.description)
    case .exposed, .foreign, .file, .homeless, .unusable: .io(error.description)
    }
  }
}
