// SPDX-License-Identifier: Apache-2.0

import AdapterHost
import ArgumentParser
import ExecutionEngine
import ExecutionIR
import ExecutionRun
import Governance
import Glibc
import RunJournal

/// `exprove run`: the main job.
struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Work a task over captures into a run directory that anybody can verify.",
    discussion: """
      Nobody fills an order against a capture: --fills shadow records decisions only, --fills model fills by a named,
      deterministic model, and every such fill says that it is simulated.

      EXAMPLE
        exprove run --task buy.exprove --reference reference.json --fills model \\
          --feed BINANCE=binance:spot.gz \\
          --feed BINANCE-UM=binance:usdm.gz,market=usdm,role=reference --out run-1
      """)

  @Option(help: ArgumentHelp("The task: an .exprove file with exactly one task.", valueName: "file"))
  var task: String

  @Option(
    name: .customLong("feed"), help: ArgumentHelp("A capture: VENUE=ADAPTER:PATH[,key=value…].", valueName: "feed"))
  var feeds: [String] = []

  @Option(help: ArgumentHelp("What holds for each listing: ticks, lots, fees, impact.", valueName: "file"))
  var reference: String

  @Option(
    help: ArgumentHelp("Pre-trade controls; without it a built-in policy, recorded like any other.", valueName: "file"))
  var policy: String?

  @Option(
    name: .customLong("certificate"),
    help: ArgumentHelp(
      "A conformance certificate, for a policy that asks for one; repeatable. One that lies beside its adapter as ADAPTER.so.certificate is found without.",
      valueName: "file"))
  var certificates: [String] = []

  @Option(
    name: .customLong("shared-context"),
    help: ArgumentHelp(
      "A signed shared context, for a policy that takes one; repeatable, for versions under one contract. Each decision goes by the newest that holds at its time.",
      valueName: "file"))
  var sharedContexts: [String] = []

  @Option(
    name: .customLong("shadow"),
    help: ArgumentHelp(
      "A second version of an adapter that runs along on the same frames and is compared, for the feeds of VENUE or of the adapter of its name; repeatable.",
      valueName: "[VENUE=]ADAPTER"))
  var shadows: [String] = []

  @Option(
    help: ArgumentHelp("After so many frames with equal streams the shadow takes over.", valueName: "frames"))
  var promoteAfter: UInt64?

  @Option(help: ArgumentHelp("Expected volume per venue and slice, from an earlier day.", valueName: "file"))
  var volume: String?

  @Option(help: "shadow or model.")
  var fills: FillSource = .shadow

  @Option(help: ArgumentHelp("Latency of the fill model to the venue and back, in microseconds.", valueName: "µs"))
  var latency: Int64 = 10_000

  @Option(help: "Seed: an input of the run, recorded.")
  var seed: UInt64 = 1

  @Option(help: ArgumentHelp("Who signs; made on first use in $EXPROVE_HOME.", valueName: "name"))
  var identity = "desk"

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("The run directory; the same command goes on with it.", valueName: "directory"))
  var out = "run"

  @OptionGroup var isolation: IsolationOption

  @Flag(help: "One JSON object on standard output.")
  var json = false

  func validate() throws {
    guard !feeds.isEmpty else { throw ValidationError("no --feed given; see exprove run --help") }
    guard fills != .simulated else {
      throw ValidationError("--fills simulated is for simulated venues: see exprove demo --help")
    }
    guard promoteAfter != 0 else { throw ValidationError("--promote-after is 1 or more frames") }
    guard promoteAfter == nil || !shadows.isEmpty else {
      throw ValidationError("--promote-after is given without a --shadow")
    }
    guard (0...3_600_000_000).contains(latency) else { throw ValidationError("--latency is 0 to 3600000000 µs") }
  }

  func run() throws {
    try Failure.exit {
      Interrupt.listen()
      let signer = try Identities.loadOrCreate(identity)
      var request = RunRequest(
        task: task, feeds: feeds, reference: reference, policy: policy, prior: volume, fills: fills,
        latency: ModelLane.Latency(inbound: latency * 1000, outbound: latency * 1000), seed: seed,
        isolation: isolation.choice, identity: signer, out: out, now: Clock.now())
      request.certificates = certificates
      request.shadows = shadows
      request.shared = sharedContexts
      request.promoteAfter = promoteAfter
      let run = try CaptureRun.prepare(request)
      for warning in run.warnings { Console.note("exprove: warning: \(warning)") }
      if run.recorder.isResuming { Console.note("\(out): goes on with the run that lies there") }
      for note in run.notes { Console.note(note) }
      run.driver.warned = { Console.note("exprove: warning: \($0)") }
      run.driver.shouldStop = { Interrupt.happened }
      run.driver.noticed = { Console.note(incident: $0) }
      run.driver.progress = { time, events in Console.progress("\(events) events, at \(time)") }
      try run.run()
      Console.progress("")
      try report(run)
    }
  }

  private func report(_ run: PreparedRun) throws {
    let verified = try RunVerifier.verify(run.recorder.directory, key: nil)
    if json { try Console.printJSON(verified.json) } else { tell(run, verified) }
    let bad = [JSON.string("differs"), .string("failed")]
    if verified.shadows.contains(where: { bad.contains($0["outcome"] ?? .null) }) { throw ExitCode(1) }
  }

  private func tell(_ run: PreparedRun, _ verified: VerificationReport) {
    Console.print("\(out): \(verified.leaves) leaves, \(verified.records) records, \(verified.events) events")
    Console.print("fills: \(verified.fills)")
    Console.print("event digest: \(verified.eventDigest?.description ?? "none")")
    Console.print(incidents: verified.incidents)
    for shadow in verified.shadows { Console.print(shadow: shadow, directory: out) }
    Console.print("next: exprove verify \(out) --vkey '\(run.recorder.description.verifier)'")
    Console.print("      exprove replay \(out)")
    Console.print("      exprove report \(out)")
  }
}

extension FillSource: ExpressibleByArgument {}

/// The wall clock. A run reads it once, where it begins, and nowhere else; aggregators go by it.
enum Clock {
  static func now() -> Int64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  /// Up to a second, to the microsecond.
  static func sleep(_ length: Duration) {
    let microseconds = length.components.attoseconds / 1_000_000_000_000
    usleep(length >= .seconds(1) ? 999_999 : useconds_t(max(0, microseconds)))
  }
}

enum Identities {
  static func loadOrCreate(_ name: String) throws(RunError) -> Identity {
    do throws(IdentityError) {
      return try Identity.loadOrCreate(name: name, home: try Identity.defaultHome())
    } catch {
      throw .identity(error)
    }
  }
}
