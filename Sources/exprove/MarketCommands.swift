// SPDX-License-Identifier: Apache-2.0

import AdapterMarketplace
import ArgumentParser
import DurableFiles
import ExecutionIR
import Governance
import RunJournal
import TransparencyLog
import UpdateFramework

/// `exprove market`: a repository of adapters, for those who keep it and those who publish in it.
struct MarketGroup: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "market",
    abstract: "Keep a repository of adapters that nobody has to trust: publish, withdraw, rotate keys, audit.",
    discussion: """
      A repository is a directory in the format of TUF 1.0, served by any static file server or read where it lies. Every \
      change is staged in DIR/incoming first, signed by the keys that are here; it takes effect when enough keys have \
      signed and the repository's own keys (timestamp, snapshot, catalog, log) are at hand.
      """,
    subcommands: [
      MarketInit.self, MarketAddVendor.self, MarketPublish.self, MarketYank.self, MarketRevoke.self, MarketRotate.self,
      MarketSign.self, MarketRefresh.self, MarketVerify.self,
    ])
}

/// What every command has that changes a repository.
struct MarketOptions: ParsableArguments {
  @Option(
    name: .customLong("key-home"),
    help: ArgumentHelp(
      "Where private keys are; repeatable, searched in order. Without it $EXPROVE_HOME, or ~/.exprove.",
      valueName: "directory"))
  var keyHomes: [String] = []

  @Option(
    name: .customLong("expires"),
    help: ArgumentHelp(
      "For how many days what is signed now holds, by role: root, targets, revocations, vendor, catalog, snapshot, timestamp; repeatable.",
      valueName: "role=days"))
  var expires: [String] = []

  @Flag(help: "One JSON object on standard output.")
  var json = false

  func validate() throws {
    var lifetimes = MetadataLifetimes()
    for text in expires where !lifetimes.choose(text) {
      throw ValidationError("--expires takes a role and 1 to 3650 days, like timestamp=1, not “\(text)”")
    }
  }

  var lifetimes: MetadataLifetimes {
    var lifetimes = MetadataLifetimes()
    for text in expires { _ = lifetimes.choose(text) }
    return lifetimes
  }

  func keys() throws(RunError) -> MarketKeys {
    do throws(IdentityError) {
      let homes = keyHomes.isEmpty ? [try KeyHome.standard()] : keyHomes.map { KeyHome($0) }
      return try MarketKeys(homes: homes)
    } catch {
      throw .identity(error)
    }
  }

  func open(_ directory: String) throws(RunError) -> MarketRepository {
    let keys = try keys()
    do throws(MarketError) {
      return try MarketRepository(directory: directory, keys: keys, now: Markets.now(), lifetimes: lifetimes)
    } catch {
      throw .market(error)
    }
  }
}

enum Markets {
  static func now() -> MetadataTime { MetadataTime(seconds: Clock.now() / 1_000_000_000) }

  /// Runs what the marketplace's room does, with the exit codes of its errors.
  static func run<Value: ~Copyable>(_ body: () throws(MarketError) -> Value) throws(RunError) -> Value {
    do throws(MarketError) { return try body() } catch { throw .market(error) }
  }

  static func verifiers(_ texts: [String]) throws(RunError) -> [VerifierKey] {
    var keys: [VerifierKey] = []
    for text in texts {
      do throws(NoteError) { keys.append(try VerifierKey(parsing: text)) } catch {
        throw .usage("“\(text)” is no verifier key, as exprove identity show prints it: \(error)")
      }
    }
    return keys
  }

  static func adapter(_ text: String) throws(RunError) -> AdapterName {
    guard let name = AdapterName(text) else {
      throw .usage(
        "“\(text)” is no adapter's name in a repository: vendor/adapter, each of lower-case letters, digits and single hyphens"
      )
    }
    return name
  }

  /// Reads `acme/itch@1.2.0`.
  static func release(_ text: String) throws(RunError) -> (AdapterName, SemanticVersion) {
    let parts = text.split(separator: "@", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, let name = AdapterName(parts[0]), let version = SemanticVersion(parts[1]) else {
      throw .usage("“\(text)” is no release; name one like acme/itch@1.2.0")
    }
    return (name, version)
  }

  static func read(_ path: String, limit: Int) throws(RunError) -> [UInt8] {
    do throws(FileError) { return try Files.readRegular(path, limit: limit) } catch {
      throw error.isMissing ? .missing(error.description) : .io(error.description)
    }
  }

  /// Tells what became of a change. `what` says it where clients see it now, `staged` where they don't yet.
  static func tell(
    _ outcome: MarketOutcome, _ directory: String, what: String, isDone: Bool, json: Bool, members: [String: JSON] = [:]
  ) throws {
    for line in outcome.waiting { Console.note("waiting: \(line)") }
    for line in outcome.refused { Console.note("refused: \(line)") }
    if let lacking = outcome.lacking {
      Console.note(
        "\(lacking); who keeps the repository admits what is staged with: exprove market refresh \(directory)")
    }
    if json {
      let lists = [("admitted", outcome.admitted), ("waiting", outcome.waiting), ("refused", outcome.refused)]
      var object = members
      for (key, lines) in lists { object[key] = .array(lines.map { .string($0) }) }
      object["state"] = .string(isDone ? "done" : "staged")
      object["lacking"] = outcome.lacking.map { .string($0) } ?? .null
      object["timestamp"] = .integer(outcome.timestamp)
      return try Console.printJSON(.object(object))
    }
    Console.print(
      isDone ? "\(what); timestamp version \(outcome.timestamp)" : "\(what): staged in \(directory)/incoming")
  }
}

extension RunError {
  /// With the exit code that fits.
  static func market(_ error: MarketError) -> RunError {
    switch error {
    case .malformed: .badInput(error.description)
    case .missing, .key: .missing(error.description)
    case .refused, .unauthenticated: .source(error.description, exitCode: 1)
    case .usage: .usage(error.description)
    case .inUse, .file, .log: .io(error.description)
    }
  }
}
