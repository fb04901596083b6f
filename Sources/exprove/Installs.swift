// SPDX-License-Identifier: Apache-2.0

import AdapterHost
import AdapterMarketplace
import ArgumentParser
import ExecutionIR
import ExecutionRun
import Governance
import RepositoryNetwork
import RunJournal
import UpdateFramework

/// What the commands about installed adapters have in common.
enum Installs {
  static func store() throws(RunError) -> AdapterStore {
    do throws(IdentityError) { return AdapterStore(home: try KeyHome.adapters()) } catch { throw .identity(error) }
  }

  /// The right to change the store, with a word on who is waited for.
  static func change(_ command: String) throws -> StoreChange {
    Interrupt.heedSizeLimit()
    return try store().change(as: "exprove adapter \(command)") { Console.note($0) }
  }

  static func terms(offline: Bool, policy: String? = nil) throws(RunError) -> InstallTerms {
    InstallTerms(
      hostABI: hostVersions.map { ReleaseFacts.ABIVersion(major: $0.major, minor: $0.minor) },
      demand: policy == nil ? nil : try RunSetup.policy(policy).certificate, now: Clock.now(), isOffline: offline)
  }

  /// An install, or what asks the same questions without installing.
  static func begin(_ command: String, offline: Bool, policy: String? = nil) throws -> Installation {
    try Installation.begin(try change(command), terms: try terms(offline: offline, policy: policy)) {
      repository throws(StoreError) in try source(repository.address)
    }
  }

  static func noteFreshness(_ installation: borrowing Installation) {
    for repository in installation.repositories {
      Console.note("\(repository.name): \(freshness(installation.revocations, repository.name))")
    }
  }

  /// A repository's files: of a server, or of a directory.
  static func source(_ address: String) throws(StoreError) -> any RepositorySource {
    guard let server = RepositoryAddress(address) else { return DirectorySource(address) }
    let proxies: ProxySettings
    do throws(RunError) { proxies = try ProxySettings.ofEnvironment() } catch { throw .refused(error.description) }
    do throws(SourceError) { return try HTTPSource(server, proxies: proxies) } catch {
      throw .source(repository: address, error)
    }
  }

  /// Runs `body`; whatever it throws gets the exit code that fits.
  static func exit(_ body: () throws -> Void) throws {
    try Failure.exit {
      do { try body() } catch let error as StoreError { throw RunError.store(error) }
    }
  }

  /// `vendor/adapter` or `vendor/adapter@RANGE`.
  static func request(_ text: String) throws -> (name: AdapterName, range: VersionRange?) {
    let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard let name = AdapterName(parts[0]) else {
      throw ValidationError("“\(printable(parts[0]))” is no adapter's name; one looks like acme/itch")
    }
    guard parts.count == 2 else { return (name, nil) }
    guard let range = VersionRange(parts[1]) else {
      throw ValidationError(
        "“\(printable(parts[1]))” is no range of versions; ranges are like 1.2, 1.2.3, ^1.2, ~1.2.3 or >=1.2,<2")
    }
    return (name, range)
  }

  static func names(_ texts: [String]) throws -> [AdapterName] {
    try texts.map { text in
      guard let name = AdapterName(text) else {
        throw ValidationError("“\(printable(text))” is no adapter's name; one looks like acme/itch")
      }
      return name
    }
  }

  static func time(_ seconds: Int64) -> String { MetadataTime(seconds: seconds).description }

  /// How long ago something was, in the largest unit that fits.
  static func age(_ seconds: Int64) -> String {
    let past = Clock.now() / 1_000_000_000 - seconds
    func told(_ count: Int64, _ unit: String) -> String { "\(count) \(unit)\(count == 1 ? "" : "s") ago" }
    switch past {
    case ..<0: return "in the future"
    case ..<60: return "just now"
    case ..<3600: return told(past / 60, "minute")
    case ..<86_400: return told(past / 3600, "hour")
    default: return told(past / 86_400, "day")
    }
  }

  /// How old what is stored of a repository is; for commands that go by it.
  static func freshness(_ revocations: KnownRevocations, _ repository: String) -> String {
    guard let knowledge = revocations.knowledge(of: repository) else { return "never refreshed" }
    return "as of \(time(knowledge.refreshed)) (\(age(knowledge.refreshed)))"
  }
}

extension LockedAdapter {
  /// For `--json`.
  var shown: JSON {
    guard case .object(var members) = json else { return json }
    members["file"] = .string(path.library)
    return .object(members)
  }
}
