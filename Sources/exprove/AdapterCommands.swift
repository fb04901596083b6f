// SPDX-License-Identifier: Apache-2.0

internal import EventFlow
import AdapterBinding
import AdapterHost
import AdapterMarketplace
import ArgumentParser
import ExecutionIR
import ExecutionRun
import Glibc
import RunJournal

/// `exprove adapter`: what is there, and what it declares.
struct AdapterGroup: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "adapter",
    abstract: "List adapters, read what one declares, begin a new one.",
    subcommands: [
      List.self, Inspect.self, New.self, Repository.self, Refresh.self, Search.self, Install.self, Upgrade.self,
      Pin.self, Unpin.self, Remove.self, Outdated.self, Why.self, VerifyInstalled.self, Mirror.self,
    ])

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List the adapters beside exprove, in $EXPROVE_ADAPTERS, and those that were installed.",
      discussion: "EXAMPLE\n  exprove adapter list")

    @Flag(help: "One JSON object on standard output.")
    var json = false

    func run() throws {
      try Installs.exit {
        let entries = AdapterLocator.standard.all()
        let store = try Installs.store()
        let installed = try store.lock().adapters
        if json {
          let list = entries.map { JSON.object(["name": .string($0.name), "path": .string($0.path)]) }
          return try Console.printJSON(
            .object(["adapters": .array(list), "installed": .array(installed.map(\.shown))]))
        }
        for entry in entries { Console.print("\(entry.name)\t\(entry.path)") }
        for adapter in installed {
          Console.print(
            "\(adapter.name) \(adapter.version)\t\(store.path(ofLibrary: adapter.digest))\tfrom \(adapter.repository)"
              + (adapter.isPinned ? ", pinned" : ""))
        }
        if entries.isEmpty, installed.isEmpty {
          Console.note("no adapter is installed; add directories to EXPROVE_ADAPTERS")
        }
      }
    }
  }

  struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Read an adapter's manifest and ELF facts; none of its code runs.",
      discussion: "EXAMPLE\n  exprove adapter inspect nasdaq-itch50")

    @Argument(
      help: ArgumentHelp(
        "A shipped or installed adapter's name, or the path of a .so or .binding.", valueName: "adapter"))
    var adapter: String

    @Flag(help: "One JSON object on standard output.")
    var json = false

    func run() throws {
      try Failure.exit {
        let image: AdapterImage
        let locator = try AdapterAdmission.standard().locator
        do throws(AdapterError) { image = try locator.image(of: adapter) } catch { throw RunError.adapter(error) }
        let manifest = image.manifest
        if json {
          return try Console.printJSON(
            .object([
              "name": .string(manifest.name), "version": .string(manifest.version), "vendor": .string(manifest.vendor),
              "licence": .string(manifest.licence), "summary": .string(manifest.summary),
              "abi": .string(manifest.abi.description), "digest": .string(image.digestText),
              "path": .string(image.path), "protocols": .array(manifest.protocols.map { .string($0) }),
              "framings": .array(manifest.framings.map { .string($0.name) }),
              "channels": .array(manifest.channels.map { .string($0.name) }),
              "messages": .array(manifest.messages.map { .string($0) }),
              "extensions": .array(manifest.extensions.map { .string($0) }),
              "frame_time": .bool(manifest.hasFrameTime), "max_events": .integer(Int64(manifest.maxEvents)),
              "settings": .array(manifest.settings.map(AdapterGroup.describe)),
              "libraries": .array(
                manifest.libraries.map {
                  .object(["name": .string($0.name), "sha256": .string(hexadecimal($0.digest))])
                }),
              "needed": .array(image.facts.needed.map { .string($0) }),
              "needs": .array(manifest.needs.map { .string($0.name) }), "memory": .integer(Int64(manifest.memory)),
              "bound": image.bound.map { AdapterGroup.json($0) } ?? .null,
            ]))
        }
        Console.print("\(manifest.name) \(manifest.version), \(manifest.vendor), \(manifest.licence)")
        Console.print(manifest.summary)
        Console.print("file        \(image.path)")
        Console.print("sha256      \(image.digestText)")
        Console.print("abi         \(manifest.abi)")
        for name in manifest.protocols { Console.print("protocol    \(name)") }
        Console.print("framings    \(manifest.framings.map(\.name).joined(separator: ", "))")
        Console.print("channels    \(manifest.channels.map(\.name).joined(separator: ", "))")
        Console.print("frame-time  \(manifest.hasFrameTime ? "yes" : "no")")
        if !manifest.extensions.isEmpty {
          Console.print("extensions  \(manifest.extensions.joined(separator: ", "))")
        }
        Console.print("messages    \(manifest.messages.count)")
        for setting in manifest.settings {
          let given = setting.schema.isRequired ? "required" : "default “\(setting.defaultValue)”"
          Console.print("setting     \(setting.key): \(setting.allowed), \(given): \(setting.help)")
        }
        for library in manifest.libraries {
          Console.print("library     \(library.name) sha256:\(hexadecimal(library.digest))")
        }
        Console.print("needs       \(image.facts.needed.joined(separator: ", "))")
        for need in manifest.needs { Console.print("in a worker it needs \(need.name)") }
        if let bound = image.bound {
          Console.print("library     \(bound.name), \(bound.bytes.count) bytes, called through libffi")
          for line in bound.check.summary { Console.print("checked     \(line)") }
        }
      }
    }
  }
}

extension AdapterGroup {
  /// What a bound adapter's declarations were held against.
  static func json(_ bound: BoundLibrary) -> JSON {
    .object([
      "library": .string(bound.name), "symbols": .integer(Int64(bound.check.symbols)),
      "functions": .array(bound.check.functions.map { .string($0) }),
      "structs": .array(bound.check.structures.map { .string($0) }),
      "on_trust": .array(bound.check.trusted.map { .string($0) }),
      "unchecked": bound.check.reason.map { .string($0) } ?? .null,
    ])
  }

  /// A setting of a manifest, with its schema.
  fileprivate static func describe(_ setting: AdapterManifest.Setting) -> JSON {
    var object: [String: JSON] = [
      "key": .string(setting.key), "default": .string(setting.defaultValue), "help": .string(setting.help),
      "allowed": .string(setting.allowed), "required": .bool(setting.schema.isRequired),
    ]
    if let unit = setting.schema.unit { object["unit"] = .string(unit) }
    return .object(object)
  }
}
