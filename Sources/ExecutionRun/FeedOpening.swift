// SPDX-License-Identifier: Apache-2.0

package import AdapterHost
internal import CivilTime
package import ExecutionIR
package import Feeds
internal import Governance
package import RunJournal

/// A feed's adapter and how its session is set up: all that a replay needs to decode the same frames again.
package struct FeedSetup: Sendable {
  package let options: FeedOptions
  package let adapter: AdapterModule
  package let session: AdapterSession.Configuration
  /// What its worker had given up; nil in process.
  package let sandbox: SandboxLevel?
  /// Digest of the TZif file that gave the day's beginning, where one was needed.
  package let zoneDigest: Digest?
  package let container: String
  /// A second version of the adapter that runs along.
  var shadow: ShadowSetup? = nil

  /// Every adapter that it takes.
  var adapters: [AdapterModule] { [adapter] + (shadow.map { [$0.adapter] } ?? []) }
}

/// Opens feeds: adapters loaded once per digest, captures looked into, sessions configured.
package struct FeedOpening {
  /// Which adapters may be loaded.
  private(set) var admission: AdapterAdmission
  private let isolation: Isolation
  private var loaded: [AdapterModule] = []
  /// What the policy demands of sandboxes.
  private let demand: Policy.IsolationDemand?
  /// What it demands of certificates; nil where there is no policy.
  private(set) var certificates: AdapterCertificates?

  var locator: AdapterLocator { admission.locator }

  package init(isolation: Isolation, admission: AdapterAdmission) {
    self.admission = admission
    self.isolation = isolation
    demand = nil
    certificates = nil
  }

  /// Adapters that a policy allows.
  init(
    isolation: Isolation, policy: Policy, certificates: AdapterCertificates, admission: AdapterAdmission
  ) throws(RunError) {
    self.admission = admission
    self.isolation = isolation
    demand = policy.isolation
    self.certificates = certificates
    guard demand == nil || isolation == .worker else {
      throw .source(
        "the policy lets no adapter run in-process; leave out --isolation, or give another --policy", exitCode: 1)
    }
  }

  func check(_ sandbox: SandboxLevel?, _ manifest: AdapterManifest) throws(RunError) {
    guard demand == .sandbox, let sandbox, !sandbox.isWhole else { return }
    throw .source(
      "\(manifest.name): the policy demands a whole sandbox before the adapter is loaded; reached is: \(sandbox.text). "
        + "A kernel of Linux 5.13 or newer with Landlock and seccomp gives it, and an adapter whose manifest does not ask "
        + "for early-load", exitCode: 1)
  }

  /// The adapter of a name or path; the same bytes are loaded once.
  /// `settings`, where a session will have some, are held against its manifest before any of its code runs.
  package mutating func adapter(
    _ nameOrPath: String, settings: [AdapterSession.Configuration.Setting]? = nil
  ) throws(RunError) -> AdapterModule {
    do {
      let image = try locator.image(of: nameOrPath)
      if let settings { try image.manifest.check(settings) }
      if let known = loaded.first(where: { $0.image.digest == image.digest }) { return known }
      try admission.admit(image, named: nameOrPath)
      try certificates?.admit(image, installed: admission.certificatePath(of: image))
      let adapter = try AdapterModule(image, isolation)
      loaded.append(adapter)
      return adapter
    } catch let error as AdapterError {
      throw .adapter(error)
    } catch let error as RunError {
      throw error
    } catch {
      throw .internalFault("\(error)")
    }
  }

  /// The lane of feed `index`, and its setup for the record.
  package mutating func open(_ options: FeedOptions, index: Int, seed: UInt64) throws(RunError) -> (FeedLane, FeedSetup)
  {
    let settings = options.settings.map { AdapterSession.Configuration.Setting(key: $0.key, value: $0.value) }
    let adapter = try adapter(options.adapter, settings: settings)
    let manifest = adapter.manifest
    do {
      let reader = try FeedReader.open(options.path, feed: UInt32(index), declared: manifest.framings, options: options)
      let day = try options.dayStart()
      if manifest.hasFrameTime, day == nil {
        throw FeedError.usage(
          feed: options.text,
          reason: "the times of \(manifest.name) have no date; add date=YYYY-MM-DD,zone=America/New_York (the day and "
            + "the venue's zone)")
      }
      let configuration = AdapterSession.Configuration(
        framing: reader.framing, channel: .marketData, dayStart: day?.nanoseconds ?? 0, seed: seed,
        settings: settings)
      let container = reader.container.rawValue
      let session = try AdapterSession(adapter, configuration)
      let sandbox = session.sandbox
      try check(sandbox, manifest)
      let lane = FeedLane(
        index: index, venue: options.venue, session: session, reader: reader, venueLatency: options.venueLatency)
      let setup = FeedSetup(
        options: options, adapter: adapter, session: configuration, sandbox: sandbox,
        zoneDigest: day.map { Digest(of: $0.zone.bytes) }, container: container)
      return (lane, setup)
    } catch let error as FeedError {
      throw .feed(error)
    } catch let error as AdapterError {
      throw .adapter(error)
    } catch let error as RunError {
      throw error
    } catch {
      throw .internalFault("\(error)")
    }
  }
}
