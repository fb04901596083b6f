// SPDX-License-Identifier: Apache-2.0

import AdapterMarketplace
import ArgumentParser
import ExecutionIR
import RunJournal

extension AdapterGroup {
  /// `exprove adapter upgrade`.
  struct Upgrade: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take newer releases within the ranges that were asked for.",
      discussion: """
        Each vendor's come from the repository to which it is bound. Pinned adapters stay, and none becomes older.

        EXAMPLE
          exprove adapter upgrade
          exprove adapter upgrade acme/itch
        """)

    @Argument(help: ArgumentHelp("Which; all without it.", valueName: "adapter")) var adapters: [String] = []
    @OptionGroup var terms: InstallOptions

    func validate() throws { try terms.check() }

    func run() throws {
      try Installs.exit {
        let asked = try Installs.names(adapters)
        var installation = try terms.begin("upgrade")
        let names = asked.isEmpty ? installation.change.lock.adapters.map(\.name) : asked
        var done: [Installation.Installed] = []
        for name in names {
          let outcome = try installation.upgrade(name) { have, all in
            Console.progress("\(name): \(have >> 10) of \(all >> 10) KiB")
          }
          Console.progress("")
          switch outcome {
          case .done(let installed): done.append(installed)
          case .pinned(let adapter): Console.note("\(name): pinned at \(adapter.version)")
          case .current(let adapter):
            Console.note("\(name): nothing newer than \(adapter.version) for @\(adapter.range)")
            if let revoked = installation.revocations.revocation(of: adapter.digest) {
              Console.note(
                "exprove: warning: \(name) \(adapter.version) is revoked and will not load: \(printable(revoked.reason))"
              )
            }
          }
        }
        try terms.finish(done, &installation)
      }
    }
  }

  /// `exprove adapter pin`.
  struct Pin: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Keep an adapter at one version; installs that version where another one is installed.",
      discussion: "EXAMPLE\n  exprove adapter pin acme/itch@1.2.0\n  exprove adapter pin acme/itch")

    @Argument(help: ArgumentHelp("VENDOR/ADAPTER, or VENDOR/ADAPTER@VERSION.", valueName: "adapter"))
    var adapter: String
    @OptionGroup var terms: InstallOptions

    func validate() throws { try terms.check() }

    func run() throws {
      try Installs.exit {
        let (name, range) = try Installs.request(adapter)
        guard range == nil || range?.exact != nil else {
          throw ValidationError("a pin is one version, like \(name)@1.2.0")
        }
        var installation = try terms.begin("pin")
        let installed = installation.change.lock.adapter(name)
        guard let version = range?.exact ?? installed?.version else { throw StoreError.notInstalled(name) }
        if var installed, installed.version == version {
          installed.isPinned = true
          installed.range = VersionRange(version)
          installation.change.lock.put(installed)
          try installation.commit()
          if terms.json { return try Console.printJSON(.object(["pinned": installed.shown])) }
          return Console.print("\(name): pinned at \(version)")
        }
        let done = try terms.install(name, range: VersionRange(version), isPinned: true, into: &installation)
        try terms.finish([done], &installation)
      }
    }
  }

  /// `exprove adapter unpin`.
  struct Unpin: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Let adapters be upgraded again.", discussion: "EXAMPLE\n  exprove adapter unpin acme/itch")

    @Argument(help: ArgumentHelp("VENDOR/ADAPTER.", valueName: "adapter")) var adapters: [String]

    func run() throws {
      try Installs.exit {
        let names = try Installs.names(adapters)
        var change = try Installs.change("unpin")
        for name in names {
          guard var adapter = change.lock.adapter(name) else { throw StoreError.notInstalled(name) }
          adapter.isPinned = false
          // A range of one version would pin it as well.
          if adapter.range.exact != nil { adapter.range = .any }
          change.lock.put(adapter)
        }
        try change.commit()
        for name in names {
          Console.print("\(name): \(change.lock.adapter(name).map { "upgrades go by @\($0.range)" } ?? "")")
        }
      }
    }
  }

  /// `exprove adapter remove`.
  struct Remove: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Remove installed adapters.",
      discussion: """
        Their vendors stay bound to the repositories from which they came.

        EXAMPLE
          exprove adapter remove acme/itch
        """)

    @Argument(help: ArgumentHelp("VENDOR/ADAPTER.", valueName: "adapter")) var adapters: [String]

    func run() throws {
      try Installs.exit {
        let names = try Installs.names(adapters)
        var change = try Installs.change("remove")
        for name in names {
          guard change.lock.adapter(name) != nil else { throw StoreError.notInstalled(name) }
          change.lock.remove(name)
        }
        try change.commit()
        for name in names { Console.print("\(name): removed") }
      }
    }
  }
}
