// SPDX-License-Identifier: Apache-2.0

import AggregationNetwork
import AggregationService
import ArgumentParser
import DurableFiles
import ExecutionIR
import ExecutionRun
import Governance
import RunJournal
import TransparencyLog

/// `exprove context contribute`: one desk's part of a window.
struct ContextContribute: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "contribute",
    abstract: "Contribute to a window: clip, split, prove, seal and send.",
    discussion: """
      What is sent is kept in $EXPROVE_HOME first, and a repeat sends the very same bytes: a second report for a window would
      be refused. Values are whole quanta, a list of buckets per signal of the contract, in its order; what is outside 0 to
      the signal's maximum is clipped. With --feed they are read from captures instead, which stay here. Participation
      counts no own executions then: give --values where the contract asks for it.

      With one aggregator alone there are rounds: it goes on asking until the window's context is out, or --patience is
      over. Which runs it has taken part in is kept in $EXPROVE_HOME, so that it never unmasks two sums of one window.

      EXAMPLE
        echo '{"signals": [[120, 80, 95]]}' > values.json
        exprove context contribute opening.json --identity example.com/desk-7 --latest --values values.json
      """)

  @Argument(help: ArgumentHelp("The contract.", valueName: "file"))
  var contract: String

  @Option(help: ArgumentHelp("Who contributes.", valueName: "name"))
  var identity: String

  @Option(help: ArgumentHelp("For which window of the contract.", valueName: "number"))
  var window: Int?

  @Flag(help: "For the newest window that has ended.")
  var latest = false

  @Option(help: ArgumentHelp("What is contributed, in quanta.", valueName: "file"))
  var values: String?

  @Option(
    name: .customLong("feed"),
    help: ArgumentHelp("A capture to read it from; repeatable.", valueName: "VENUE=ADAPTER:PATH[,key=value…]"))
  var feeds: [String] = []

  @OptionGroup var isolation: IsolationOption

  @Option(help: ArgumentHelp("How many seconds to go on trying.", valueName: "seconds"))
  var patience = 60

  @Flag(help: "One JSON object on standard output.")
  var json = false

  func validate() throws {
    guard (window != nil) != latest else { throw ValidationError("say either --window NUMBER or --latest") }
    guard (values != nil) != !feeds.isEmpty else { throw ValidationError("say either --values FILE or --feed") }
    guard (0...86_400).contains(patience) else { throw ValidationError("--patience must be 0 to 86400") }
  }

  func run() throws {
    Interrupt.listen()
    try Failure.exit {
      do {
        let contract = try Contexts.contract(contract)
        guard let window = window ?? contract.lastEnded(at: Clock.now()) else {
          throw RunError.usage("no window of the contract has ended; its first ends at \(contract.windowEnd(0))")
        }
        let home = try Contexts.home()
        if contract.helper == nil { return try mask(contract, window, home) }
        let desk = try Contributor(contract, identity: try Contexts.identity(identity, in: home))
        let deadline = ContinuousClock.now + .seconds(patience)
        let leader = try AggregatorClient(contract.leader)
        defer { leader.close() }
        let (report, isRepeat) = try report(desk, window, home, leader, deadline)
        let refusal = try Contexts.retrying(
          until: deadline, { try leader.upload([report], within: $0)[0] }, again: { $0 == .tooEarly })
        try tell(contract, window, report.count, isRepeat, refusal)
        if refusal != nil, refusal != .counted { throw ExitCode(1) }
      } catch let error as ExitCode { throw error } catch { throw Contexts.failure(error) }
    }
  }

  /// The bytes to send, kept before they go, and whether they were kept already.
  private func report(
    _ desk: Contributor, _ window: Int, _ home: KeyHome, _ leader: AggregatorClient, _ deadline: ContinuousClock.Instant
  ) throws -> (bytes: [UInt8], isRepeat: Bool) {
    let folder = "\(home.path)/contributions/\(desk.contract.digest)"
    let path = "\(folder)/\(window)-\(Identity.fileName(identity))"
    if Files.exists(path) {
      Console.note("window \(window) has a report already; the same bytes are sent again")
      return (try Contexts.read(path, limit: 64 << 20), true)
    }
    let values = try values.map { try ContextContribute.values($0, desk.contract) } ?? read(desk.contract, window)
    guard let second = desk.contract.helper else { throw RunError.internalFault("reports are for two aggregators") }
    let helper = try AggregatorClient(second)
    defer { helper.close() }
    let leaderKeys = try Contexts.retrying(until: deadline, { try leader.keys(within: $0) })
    let helperKeys = try Contexts.retrying(until: deadline, { try helper.keys(within: $0) })
    let report = try desk.report(values, window: window, leader: leaderKeys.newest, helper: helperKeys.newest).encoded
    try Files.makeDirectory(folder, mode: 0o700)
    try Contexts.write(report, to: path, mode: 0o600)
    return (report, false)
  }

  /// What the captures say.
  func read(_ contract: AggregationContract, _ window: Int) throws -> [[Int64]] {
    let wanted = contract.signals.map {
      WantedSignal(kind: $0.kind, listing: $0.listing, quantum: $0.quantum, maximum: $0.maximum)
    }
    let times = try SignalWindow(
      start: contract.windowStart(window), bucket: contract.bucket, buckets: contract.buckets)
    let signals = try LocalSignalReader.read(
      feeds: feeds, wanted: wanted, window: times,
      opening: try FeedOpening(isolation: isolation.choice, admission: .standard()))
    if signals.first > times.start || signals.last < times.end {
      Console.note(
        "the captures reach from \(signals.first) to \(signals.last), and the window from \(times.start) to \(times.end): "
          + "what they do not hold counts as nothing")
    }
    return signals.quanta
  }

  static func values(_ path: String, _ contract: AggregationContract) throws -> [[Int64]] {
    let bytes = try Contexts.read(path, limit: 64 << 20)
    do {
      let reader = try RecordReader(try JSON.parse(bytes), path: "", keys: ["signals"])
      return try reader.list("signals", atMost: contract.signals.count) { (json, path) throws(RecordError) in
        try RecordReader(.object(["values": json]), path: path, keys: ["values"])
          .integers("values", atMost: contract.buckets)
      }
    } catch { throw RunError.badInput("\(path): \(error)") }
  }

  private func tell(
    _ contract: AggregationContract, _ window: Int, _ size: Int, _ isRepeat: Bool, _ refusal: ReportRefusal?
  ) throws {
    guard json else {
      if refusal == .counted { return Console.print("window \(window): the report is in the closed batch already") }
      if let refusal {
        return Console.note("window \(window): refused: \(refusal)")
      }
      return Console.print("window \(window): \(size) bytes are with the leader, \(contract.leader.verifier.name)")
    }
    try Console.printJSON(
      .object([
        "contract": .string(contract.digest.description), "window": .integer(Int64(window)),
        "bytes": .integer(Int64(size)), "repeated": .bool(isRepeat),
        "refused": refusal.map { .string($0.name) } ?? .null,
      ]))
  }
}
