// SPDX-License-Identifier: Apache-2.0

package import AdapterHost
package import ExecutionEngine
internal import ExecutionIR
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
  package var isolation: Isolation
  package var identity: Identity
  package var out: String
  /// Wall clock now, nanoseconds since 1970: recorded at the first start.
  package var now: Int64
  /// Files of conformance certificates, besides those that lie beside the adapters.
  package var certificates: [String] = []
  /// Files of shared contexts, versions under one contract.
  package var shared: [String] = []
  /// Second versions of adapters that run along: `[VENUE=]ADAPTER`.
  package var shadows: [String] = []
  /// After so many frames with equal streams they take over; nil: they never do.
  package var promoteAfter: UInt64?

  package init(
    task: String, feeds: [String], reference: String, policy: String?, prior: String?, fills: FillSource,
    latency: ModelLane.Latency, seed: UInt64, isolation: Isolation, identity: Identity, out: String, now: Int64
  ) {
    self.task = task
    self.feeds = feeds
    self.reference = reference
    self.policy = policy
    self.prior = prior
    self.fills = fills
    self.latency = latency
    self.seed = seed
    self.isolation = isolation
    self.identity = identity
    self.out = out
    self.now = now
  }
}

/// Runs over captures.
package enum CaptureRun {
  /// Opens all that `request` names, checks that it goes together, and begins or takes up the run.
  package static func prepare(_ request: RunRequest) throws(RunError) -> PreparedRun {
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
    let shared = try SharedContexts.open(request.shared, policy: policy)
    var opening = try FeedOpening(
      isolation: request.isolation, policy: policy,
      certificates: AdapterCertificates(policy: policy, files: request.certificates, now: request.now),
      admission: AdapterAdmission.standard(policy: policy, now: request.now))
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
    let hooks = try RunHooks.open(policy: policy, file: request.policy, task: task, file: request.task)
    let earlier = EarlierEnds(RunDirectory(request.out))
    for lane in lanes { lane.end(as: earlier) }
    try opening.openShadows(request, lanes, &setups, earlier)
    let certificates = opening.certificates
    let described = setups.map { RunSetup.describe($0) }
    var feeds = certificates?.adding(to: described) ?? described
    let input = MergedInput(lanes: lanes)
    if request.fills == .model {
      input.model = ModelLane(
        feed: UInt32(lanes.count),
        listings: task.venues.map { ($0.venue, Array($0.symbol.utf8), request.latency) })
      feeds.append(
        FeedDescription(
          venue: "MODEL", isReference: false, source: "model", option: "", container: "event", adapter: nil))
    }
    var description = RunDescription(
      started: request.now, identity: request.identity.name, verifier: request.identity.publicVerifierKey,
      origin: PreparedRun.origin(
        request.identity,
        ["\(task.digest)", "\(reference.digest)"] + request.feeds + ["\(request.seed)", "\(request.now)"]),
      fills: request.fills,
      fillsDetail: CaptureRun.detail(request), seed: request.seed, task: task, policy: policy,
      reference: Digest(of: reference.json.canonical), prior: prior, feeds: feeds)
    description.functions = hooks.described
    description.shared = shared.map(GivenContext.init)
    return try PreparedRun(
      description, reference, adapters: setups.flatMap(\.adapters), source: input, certificates: certificates,
      admission: opening.admission,
      hooks: hooks, shared: shared, identity: request.identity, directory: RunDirectory(request.out))
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
}
