// SPDX-License-Identifier: Apache-2.0

import AdapterMarketplace
import ArgumentParser
import ExecutionIR
import RunJournal

extension AdapterGroup {
  /// `exprove adapter outdated`.
  struct Outdated: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List installed adapters of which there is something newer, and what is yanked or revoked.",
      discussion: "Nothing is installed.\n\nEXAMPLE\n  exprove adapter outdated")

    @Flag(help: "Go by what is stored here, as of the last refresh.") var offline = false
    @Flag(help: "One JSON object on standard output.") var json = false

    func run() throws {
      try Installs.exit {
        var installation = try Installs.begin("outdated", offline: offline)
        var list: [JSON] = []
        for adapter in installation.change.lock.adapters {
          let standing = try installation.standing(of: adapter)
          let isCurrent =
            standing.latest == adapter.version && standing.revocation == nil && standing.yanked == nil
          if isCurrent { continue }
          if json { list.append(Outdated.json(standing)) } else { Outdated.tell(standing) }
        }
        if json { try Console.printJSON(.object(["adapters": .array(list)])) }
        if offline { Installs.noteFreshness(installation) }
      }
    }

    private static func json(_ standing: Installation.Standing) -> JSON {
      .object([
        "name": .string(standing.adapter.name.description), "installed": .string(standing.adapter.version.description),
        "pinned": .bool(standing.adapter.isPinned), "range": .string(standing.adapter.range.description),
        "wanted": standing.wanted.map { .string($0.description) } ?? .null,
        "latest": standing.latest.map { .string($0.description) } ?? .null,
        "revoked": standing.revocation.map { .string($0.reason) } ?? .null,
        "yanked": standing.yanked.map { .string($0) } ?? .null,
      ])
    }

    private static func tell(_ standing: Installation.Standing) {
      let adapter = standing.adapter
      var text = "\(adapter.name) \(adapter.version)"
      if let latest = standing.latest, latest > adapter.version { text += "\tlatest \(latest)" }
      if let wanted = standing.wanted, wanted > adapter.version { text += "\tan upgrade takes \(wanted)" }
      if adapter.isPinned { text += "\tpinned" }
      if let yanked = standing.yanked { text += "\tyanked: \(printable(yanked))" }
      if let revoked = standing.revocation { text += "\trevoked: \(printable(revoked.reason))" }
      Console.print(text)
    }
  }

  /// `exprove adapter why`.
  struct Why: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say what made an installed adapter acceptable, and which other versions were left out and why.",
      discussion: """
        Goes by what is stored here, as of the last refresh.

        EXAMPLE
          exprove adapter why acme/itch
        """)

    @Argument(help: ArgumentHelp("VENDOR/ADAPTER.", valueName: "adapter")) var adapter: String
    @Flag(help: "One JSON object on standard output.") var json = false

    func run() throws {
      try Installs.exit {
        guard let name = try Installs.names([adapter]).first else { return }
        var installation = try Installs.begin("why", offline: true)
        guard let locked = installation.change.lock.adapter(name) else { throw StoreError.notInstalled(name) }
        let grounds = try installation.grounds(of: locked)
        let freshness = Installs.freshness(installation.revocations, locked.repository)
        let address = installation.repositories.first { $0.name == locked.repository }?.address
        if json { return try Console.printJSON(Why.json(grounds, installation.revocations)) }
        Why.tell(grounds, address: address ?? "no longer known here", freshness: freshness)
      }
    }

    private static func tell(_ grounds: Installation.Grounds, address: String, freshness: String) {
      let adapter = grounds.adapter
      Console.print("\(adapter.name) \(adapter.version), \(adapter.platform), \(adapter.length) bytes")
      Console.print("  sha256       \(adapter.digest)")
      let range = adapter.isPinned ? "pinned" : "asked for as @\(adapter.range)"
      Console.print("  installed    \(Installs.time(adapter.installed)), \(range)")
      Console.print("  abi          \(adapter.minimumABI) to \(adapter.maximumABI)")
      Console.print("  repository   \(adapter.repository), \(printable(address)); \(freshness)")
      let reason =
        grounds.binding?.isChosen == true
        ? "chosen for the vendor" : "the first that had the vendor, which is bound to it"
      Console.print("               \(reason)")
      Console.print(
        "  vouched by   role \(printable(adapter.voucher.role)), version \(adapter.voucher.version), \(adapter.voucher.threshold) of \(adapter.voucher.keys.count) keys"
      )
      for key in adapter.voucher.keys { Console.print("               key \(printable(key))") }
      grounds.certificate.tell()
      Console.print("  published    \(adapter.publicationText)")
      if let key = adapter.log?.key { Console.print("               verified with \(printable(key))") }
      for problem in grounds.problems { Console.print("  problem      \(printable(problem))") }
      if let hindrance = grounds.hindrance { Console.print("  other versions: \(printable(hindrance))") }
      guard let choice = grounds.choice else { return }
      if let chosen = choice.chosen, chosen.path.version != adapter.version {
        Console.print("  an upgrade takes \(chosen.path.version)")
      }
      for left in choice.leftOut where left.version != adapter.version || left.platform != adapter.platform.description
      {
        Console.print("  left out     \(left.version) \(left.platform): \(printable(left.reason))")
      }
    }

    private static func json(_ grounds: Installation.Grounds, _ revocations: KnownRevocations) -> JSON {
      let knowledge = revocations.knowledge(of: grounds.adapter.repository)
      let left = (grounds.choice?.leftOut ?? []).map {
        JSON.object([
          "version": .string($0.version.description), "platform": .string($0.platform), "reason": .string($0.reason),
        ])
      }
      let version = grounds.choice?.chosen?.path.version
      return .object([
        "adapter": grounds.adapter.shown, "certificate": grounds.certificate.shown,
        "chosen_repository": .bool(grounds.binding?.isChosen == true),
        "upgrade": version == grounds.adapter.version ? .null : version.map { .string($0.description) } ?? .null,
        "left_out": .array(left), "problems": .array(grounds.problems.map { .string($0) }),
        "refreshed": knowledge.map { .integer($0.refreshed) } ?? .null,
      ])
    }
  }
}
