// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import CivilTime
internal import ContractLanguage
internal import DurableFiles
package import ExecutionEngine
package import ExecutionIR
internal import Feeds
package import Governance
package import RunJournal

/// What `exprove run` is asked for.
package struct RunRequest: Sendable {
  package var task: String
  package var feeds: [String]
  package var reference: String
  package var policy: String?
  package var prior: String?
  package var fills: FillSource
  package var latency: ModelLane.Latency
  package var seed: UInt64
  package var identity: Identity
  package var out: String
  /// Wall clock now, nanoseconds since 1970: recorded at the first start.
  package var now: Int64

  package init(
    task: String, feeds: [String], reference: String, policy: String?, prior: String?, fills: FillSource,
    latency: ModelLane.Latency, seed: UInt64, identity: Identity, out: String, now: Int64
  ) {
    self.task = task
    self.feeds = feeds
    self.reference = reference
    self.policy = policy
    self.prior = prior
    self.fills = fills
    self.latency = latency
    self.seed = seed
    self.identity = identity
    self.out = out
    self.now = now
  }
}

/// Reads the files of a run, checks that they go together, and opens what is needed.
package enum RunSetup {
  package static let algorithm = Algorithm(name: "exprove-schedule", version: RunDescription.program)

  /// Reads a file that the user named: missing is 66, unreadable 74.
  package static func read(_ path: String, limit: Int = 256 << 20) throws(RunError) -> [UInt8] {
    do throws(FileError) { return try Files.read(path, limit: limit) } catch {
      throw error.isMissing ? .missing(error.description) : .io(error.description)
    }
  }

  package static func reference(_ path: String) throws(RunError) -> ReferenceData {
    let bytes = try read(path)
    do throws(ReferenceError) { return try ReferenceData.parse(bytes, file: path) } catch {
      throw .badInput(error.description)
    }
  }

  package static func policy(_ path: String?) throws(RunError) -> Policy {
    guard let path else { return .builtIn }
    let bytes = try read(path)
    do throws(ReferenceError) { return try Policy.parse(bytes, file: path) } catch {
      throw .badInput(error.description)
    }
  }

  /// The one task of a file.
  package static func task(_ path: String, reference: ReferenceData?) throws(RunError) -> LocalExecutionTask {
    let bytes = try read(path)
    let environment = TaskEnvironment(
      algorithm: algorithm,
      units: reference.map { data in
        { name in (try? data.instrument(name)).map { [$0.base] } ?? [] }
      },
      zone: { (name) throws(ZoneError) in try Zone.load(name) })
    let file = TaskFile(bytes, file: path, environment: environment)
    guard file.diagnostics.isEmpty else {
      throw .badInput(file.diagnostics.map(\.description).joined(separator: "\n"))
    }
    guard file.tasks.count == 1 else {
      throw .badInput("\(path): holds \(file.tasks.count) tasks; a run takes exactly one")
    }
    return file.tasks[0]
  }

  /// A volume curve file: `{"date": "2024-08-08", "curves": [[…], …]}`, one curve per venue of the task, decimal strings
  /// or integers at the engine's scale.
  package static func prior(_ path: String?) throws(RunError) -> PriorVolume? {
    guard let path else { return nil }
    let bytes = try read(path)
    do {
      let json = try JSON.parse(bytes)
      let reader = try RecordReader(json, path: "", keys: ["date", "curves"])
      let curves = try reader.list("curves", atMost: 64) { (json, path) throws(RecordError) -> [Int64] in
        guard let values = json.elements else { throw RecordError(path: path, reason: "an array is expected here") }
        return try values.map { (value) throws(RecordError) in
          guard let number: Int64 = value.integer(), number >= 0 else {
            throw RecordError(path: path, reason: "integers of 0 or more are expected here")
          }
          return number
        }
      }
      return PriorVolume(date: try reader.string("date"), digest: Digest(of: bytes), curves: curves)
    } catch {
      throw .badInput("\(path): \(error)")
    }
  }

  /// How a feed stands in `run.json`.
  static func describe(_ setup: FeedSetup) -> FeedDescription {
    let image = setup.adapter.image
    return FeedDescription(
      venue: setup.options.venue, isReference: setup.options.isReference, source: "capture",
      option: setup.options.text, container: setup.container,
      adapter: FeedDescription.Adapter(
        name: image.manifest.name, version: image.manifest.version, digest: Digest(bytes: image.digest)!,
        framing: setup.session.framing.rawValue, channel: setup.session.channel.rawValue,
        dayStart: setup.session.dayStart, zoneDigest: setup.zoneDigest, seed: setup.session.seed,
        settings: setup.session.settings.map { FeedDescription.Setting(key: $0.key, value: $0.value) }))
  }
}

/// A run over captures, ready to go.
package struct CaptureRun {
  package let driver: RunDriver
  package let recorder: RunRecorder
  package let configuration: EngineConfiguration
  package let input: MergedInput

  package init(_ request: RunRequest) throws(RunError) {
    let reference = try RunSetup.reference(request.reference)
    let task = try RunSetup.task(request.task, reference: reference)
    let policy = try RunSetup.policy(request.policy)
    let prior = try RunSetup.prior(request.prior)
    if let prior {
      guard prior.curves.count == task.venues.count, prior.curves.allSatisfy({ $0.count == task.sliceCount }) else {
        throw .badInput(
          "\(request.prior ?? ""): has \(prior.curves.count) curves; the task needs one for each of its \(task.venues.count) "
            + "venues, with \(task.sliceCount) numbers each")
      }
    }
    var opening = FeedOpening()
    var lanes: [FeedLane] = []
    var setups: [FeedSetup] = []
    for (index, text) in request.feeds.enumerated() {
      let options: FeedOptions
      do throws(FeedError) { options = try FeedOptions(text) } catch { throw .feed(error) }
      let (lane, setup) = try opening.open(options, index: index, seed: request.seed)
      lanes.append(lane)
      setups.append(setup)
    }
    try CaptureRun.check(task, setups)
    var feeds = setups.map { RunSetup.describe($0) }
    let input = MergedInput(lanes: lanes)
    if request.fills == .model {
      input.model = ModelLane(
        feed: UInt32(lanes.count),
        listings: task.venues.map { ($0.venue, Array($0.symbol.utf8), request.latency) })
      feeds.append(
        FeedDescription(
          venue: "MODEL", isReference: false, source: "model", option: "", container: "event", adapter: nil))
    }
    let description = RunDescription(
      started: request.now, identity: request.identity.name, verifier: request.identity.publicVerifierKey,
      origin: "\(request.identity.name)/runs/\(CaptureRun.runName(task, reference, request))", fills: request.fills,
      fillsDetail: CaptureRun.detail(request), seed: request.seed, task: task, policy: policy,
      reference: Digest(of: reference.json.canonical), prior: prior, feeds: feeds)
    configuration = description.engine(reference)
    // A task that does not fit its reference data is refused before anything is written.
    _ = try RunDriver.begin(configuration)
    var adapters: [(Digest, [UInt8])] = []
    for setup in setups {
      let digest = Digest(bytes: setup.adapter.image.digest)!
      if !adapters.contains(where: { $0.0 == digest }) { adapters.append((digest, setup.adapter.image.bytes)) }
    }
    recorder = try RunRecorder.begin(
      RunDirectory(request.out), proposed: description, identity: request.identity, adapters: adapters,
      reference: reference.json.canonical)
    self.input = input
    driver = RunDriver(
      input: input, recorder: recorder, destination: request.fills == .model ? ModelDestination(input: input) : nil)
  }

  package func run() throws(RunError) {
    try driver.run(configuration)
    if let damage = input.lanes.compactMap(\.damage).first { throw .feed(damage) }
  }

  private static func check(_ task: LocalExecutionTask, _ setups: [FeedSetup]) throws(RunError) {
    for venue in task.venues
    where !setups.contains(where: { $0.options.venue == venue.venue && !$0.options.isReference }) {
      throw .usage("task \(task.id): no --feed \(venue.venue)=ADAPTER:PATH is given for its venue \(venue.venue)")
    }
  }

  private static func detail(_ request: RunRequest) -> String {
    switch request.fills {
    case .shadow: "decisions only; nothing was sent"
    case .model:
      "\(ModelLane.name), latency to the venue \(request.latency.inbound) ns, back \(request.latency.outbound) ns"
    case .simulated: "simulated venues"
    }
  }

  private static func runName(_ task: LocalExecutionTask, _ reference: ReferenceData, _ request: RunRequest) -> String {
    let text =
      "\(task.digest) \(reference.digest) \(request.feeds.joined(separator: " ")) \(request.seed) \(request.now)"
    return String(Digest(of: Array(text.utf8)).description.prefix(16))
  }
}
