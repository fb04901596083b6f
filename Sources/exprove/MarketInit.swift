// SPDX-License-Identifier: Apache-2.0

import AdapterMarketplace
import ArgumentParser
import ExecutionIR
import RunJournal

/// `exprove market init`: a new repository.
struct MarketInit: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Begin a repository: make its keys, and the first metadata of every role.",
    discussion: """
      The identities NAME/root-1 and so on, NAME/targets, NAME/revocations, NAME/catalog, NAME/snapshot, NAME/timestamp and \
      NAME/log are made in the first key home, unless one of the homes has them. Afterwards move those of root, targets and \
      revocations to where they are safe: daily work needs catalog, snapshot, timestamp and log only.

      Give DIR/metadata/1.root.json to those who are to install from the repository.

      EXAMPLE
        exprove market init market --name example.com/market --root-keys 3 --root-threshold 2
      """)

  @Argument(help: ArgumentHelp("Where the repository is to lie: a new directory.", valueName: "dir"))
  var directory: String

  @Option(help: ArgumentHelp("What it is called, like example.com/market.", valueName: "name"))
  var name: String

  @Option(help: ArgumentHelp("How many keys root has.", valueName: "count"))
  var rootKeys = 3

  @Option(help: ArgumentHelp("How many of them must sign.", valueName: "count"))
  var rootThreshold = 2

  @OptionGroup var options: MarketOptions

  func run() throws {
    try Failure.exit {
      let keys = try options.keys()
      let plan = RepositoryPlan(name: name, rootKeys: rootKeys, rootThreshold: rootThreshold)
      try Markets.run { () throws(MarketError) in
        try MarketRepository.begin(
          plan, directory: directory, keys: keys, now: Markets.now(), lifetimes: options.lifetimes)
      }
      let root = "\(directory)/metadata/1.root.json"
      if options.json {
        return try Console.printJSON(
          .object(["directory": .string(directory), "name": .string(name), "root": .string(root)]))
      }
      Console.print("\(directory): a repository called \(name)")
      Console.print("  \(root) is what desks trust; give it to them, with its digest by another way")
      Console.print("  exprove market add-vendor \(directory) VENDOR --vkey KEY")
    }
  }
}

/// `exprove market add-vendor`: somebody who may publish.
struct MarketAddVendor: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add-vendor",
    abstract: "Let a vendor publish adapters under its name, by its public keys.",
    discussion: """
      EXAMPLE
        exprove market add-vendor market acme --vkey "$(exprove identity show acme.example/release)"
      """)

  @Argument(help: ArgumentHelp("The repository.", valueName: "dir"))
  var directory: String

  @Argument(
    help: ArgumentHelp("The vendor's name: lower-case letters, digits and single hyphens.", valueName: "vendor"))
  var vendor: String

  @Option(
    name: .customLong("vkey"),
    help: ArgumentHelp("A public key, as exprove identity show prints it; repeatable.", valueName: "key"))
  var keys: [String] = []

  @Option(help: ArgumentHelp("How many of them must sign.", valueName: "count"))
  var threshold = 1

  @OptionGroup var options: MarketOptions

  func validate() throws {
    guard !keys.isEmpty else { throw ValidationError("give the vendor's public keys with --vkey") }
    guard threshold >= 1 else { throw ValidationError("--threshold is at least 1") }
  }

  func run() throws {
    try Failure.exit {
      let verifiers = try Markets.verifiers(keys)
      var repository = try options.open(directory)
      let outcome = try Markets.run { () throws(MarketError) in
        try repository.addVendor(vendor, keys: verifiers, threshold: threshold)
        return try repository.admit()
      }
      let isDone = repository.vendors.contains(vendor)
      try Markets.tell(
        outcome, directory, what: "\(vendor) may publish", isDone: isDone, json: options.json,
        members: ["vendor": .string(vendor)])
    }
  }
}
