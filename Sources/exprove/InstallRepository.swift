// SPDX-License-Identifier: Apache-2.0

import AdapterMarketplace
import ArgumentParser
import DurableFiles
import ExecutionIR
import RepositoryNetwork
import RunJournal
import TransparencyLog

extension AdapterGroup {
  /// `exprove adapter repository`.
  struct Repository: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say from which repositories adapters come.",
      subcommands: [Add.self, Known.self, Bind.self, Forget.self])

    struct Add: ParsableCommand {
      static let configuration = CommandConfiguration(
        abstract: "Trust a repository's root and take up what it shows.",
        discussion: """
          The root file decides everything: get it from the operator in a way that you trust, not from the repository itself.

          Of several repositories the one with the largest priority is asked first, and the first that has a vendor is the \
          only one that is asked for its adapters, from then on. One with --vendor is asked for these vendors and no others, \
          and they come from nowhere else.

          EXAMPLE
            exprove adapter repository add main https://adapters.example.com --root root.json
            exprove adapter repository add house ./mirror --root 1.root.json --priority 10 --vendor acme
          """)

      @Argument(help: "What it is called here.") var name: String
      @Argument(help: ArgumentHelp("An http or https URL, or a directory.", valueName: "address")) var address: String
      @Option(help: ArgumentHelp("Its root metadata.", valueName: "file")) var root: String
      @Option(parsing: .unconditional, help: ArgumentHelp("The largest is asked first.", valueName: "number"))
      var priority: Int64 = 0
      @Option(name: .customLong("vendor"), help: "A vendor whose adapters come from here alone; repeatable.")
      var vendors: [String] = []
      @Flag(help: "One JSON object on standard output.") var json = false

      func validate() throws {
        guard KnownRepository.priorities.contains(priority) else {
          throw ValidationError("--priority is -1000000 to 1000000")
        }
      }

      func run() throws {
        try Installs.exit {
          let bytes = try Contexts.read(root, limit: 512_000)
          let repository = KnownRepository(
            name: name, address: try place(), priority: priority, vendors: Array(Set(vendors)))
          var change = try Installs.change("repository add")
          let refreshed = try change.add(
            repository, root: bytes, source: try Installs.source(repository.address), now: Clock.now() / 1_000_000_000)
          if json { return try Console.printJSON(Repository.json(repository, refreshed)) }
          Refresh.tell(refreshed)
        }
      }

      /// A directory by its whole path, since the command is run from elsewhere next time.
      private func place() throws -> String {
        if let server = RepositoryAddress(address) { return server.description }
        guard !address.contains("://"), Files.isDirectory(address), let path = Files.resolved(address) else {
          throw RunError.missing("\(printable(address)): neither an http or https URL nor a directory")
        }
        return path
      }
    }

    struct Known: ParsableCommand {
      static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the repositories in the order in which they are asked.",
        discussion: "EXAMPLE\n  exprove adapter repository list")
      @Flag(help: "One JSON object on standard output.") var json = false

      func run() throws {
        try Installs.exit {
          let store = try Installs.store()
          let repositories = try store.repositories()
          let revocations = try store.revocations()
          let lock = try store.lock()
          if json {
            return try Console.printJSON(
              .object([
                "repositories": .array(
                  try repositories.map {
                    Repository.json($0, try RepositorySession.log(of: $0, in: store)?.description, revocations)
                  }),
                "vendors": .array(
                  lock.vendors.map {
                    .object([
                      "vendor": .string($0.vendor), "repository": .string($0.binding.repository),
                      "chosen": .bool($0.binding.isChosen),
                    ])
                  }),
              ]))
          }
          for repository in repositories {
            Console.print(
              "\(repository.name)\t\(printable(repository.address))\tpriority \(repository.priority)\t"
                + Installs.freshness(revocations, repository.name))
            if let log = try RepositorySession.log(of: repository, in: store) {
              Console.print("  log \(printable(log.description))")
            }
            let bound = lock.vendors.filter { $0.binding.repository == repository.name }.map(\.vendor)
            if !bound.isEmpty { Console.print("  vendors bound to it: \(bound.joined(separator: ", "))") }
          }
          if repositories.isEmpty {
            Console.note("none is known; add one: exprove adapter repository add NAME ADDRESS --root FILE")
          }
        }
      }
    }

    struct Bind: ParsableCommand {
      static let configuration = CommandConfiguration(
        abstract: "Take vendors' adapters from this repository alone from now on.",
        discussion: "EXAMPLE\n  exprove adapter repository bind house acme")
      @Argument(help: "The repository's name here.") var name: String
      @Argument(help: "Vendors.") var vendors: [String]

      func run() throws {
        try Installs.exit {
          var change = try Installs.change("repository bind")
          try change.bind(vendors, to: name)
          Console.print("\(vendors.joined(separator: ", ")): from \(name)")
        }
      }
    }

    struct Forget: ParsableCommand {
      static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Forget a repository from which nothing is installed.",
        discussion: "What it revoked stays revoked.\n\nEXAMPLE\n  exprove adapter repository remove main")
      @Argument(help: "The repository's name here.") var name: String

      func run() throws {
        try Installs.exit {
          var change = try Installs.change("repository remove")
          try change.removeRepository(name)
          Console.print("\(name): forgotten")
        }
      }
    }

    static func json(_ repository: KnownRepository, _ refreshed: RepositorySession.Refreshed) -> JSON {
      guard case .object(var members) = Refresh.json(refreshed) else { return .null }
      members["address"] = .string(repository.address)
      return .object(members)
    }

    static func json(_ repository: KnownRepository, _ log: String?, _ revocations: KnownRevocations) -> JSON {
      let knowledge = revocations.knowledge(of: repository.name)
      return .object([
        "name": .string(repository.name), "address": .string(repository.address),
        "priority": .integer(repository.priority), "log": log.map { .string($0) } ?? .null,
        "vendors": .array(repository.vendors.map { .string($0) }),
        "refreshed": knowledge.map { .integer($0.refreshed) } ?? .null,
        "timestamp": knowledge.map { .integer($0.timestamp) } ?? .null,
      ])
    }
  }

  /// `exprove adapter refresh`.
  struct Refresh: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take up what is new in the repositories: metadata, revocations, catalogs, logs.",
      discussion: "Nothing is installed or removed.\n\nEXAMPLE\n  exprove adapter refresh")
    @Flag(help: "One JSON object on standard output.") var json = false

    func run() throws {
      try Installs.exit {
        var installation = try Installs.begin("refresh", offline: false)
        var done: [RepositorySession.Refreshed] = []
        var failed: StoreError?
        for index in installation.repositories.indices {
          do throws(StoreError) {
            if let refreshed = try installation.refresh(index) { done.append(refreshed) }
          } catch {
            // The others are as fresh as they can be all the same.
            if let earlier = failed { Console.note("exprove: \(earlier)") }
            failed = error
          }
        }
        let revoked = installation.change.lock.adapters.filter {
          installation.revocations.revocation(of: $0.digest) != nil
        }
        if json {
          try Console.printJSON(
            .object([
              "repositories": .array(done.map(Refresh.json)),
              "revoked": .array(revoked.map { .string($0.name.description) }),
            ]))
        } else {
          for refreshed in done { Refresh.tell(refreshed) }
        }
        for adapter in revoked {
          Console.note(
            "exprove: warning: \(adapter.name) \(adapter.version) is revoked: exprove adapter verify says why")
        }
        if let failed { throw failed }
      }
    }

    static func tell(_ refreshed: RepositorySession.Refreshed) {
      let log = refreshed.log.map { "log \(printable($0)) with \(refreshed.entries ?? 0) entries" } ?? "no log"
      Console.print(
        "\(refreshed.repository): root \(refreshed.root), timestamp \(refreshed.timestamp), \(log)"
          + (refreshed.isNews ? "" : ", nothing new"))
    }

    static func json(_ refreshed: RepositorySession.Refreshed) -> JSON {
      .object([
        "name": .string(refreshed.repository), "root": .integer(refreshed.root),
        "timestamp": .integer(refreshed.timestamp), "files": .integer(Int64(refreshed.files)),
        "bytes": .integer(Int64(refreshed.bytes)), "log": refreshed.log.map { .string($0) } ?? .null,
        "entries": refreshed.entries.map { .wide($0) } ?? .null, "news": .bool(refreshed.isNews),
      ])
    }
  }
}
