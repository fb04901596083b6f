// SPDX-License-Identifier: Apache-2.0

import AggregationNetwork
import AggregationService
import ArgumentParser
import DurableFiles
import ExecutionIR
import Governance
import RunJournal

/// `exprove context aggregate`: one of those who add up, at work.
struct ContextAggregate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "aggregate",
    abstract: "Run the leader, the helper or the only aggregator of a contract until interrupted.",
    discussion: """
      Answers at the address that the contract states. Whatever it tells anybody is on the disk first: kill it at any
      moment, start it again, and it goes on. How far it has come is also kept in $EXPROVE_HOME, where no backup of the
      state directory reaches, so that a restored backup spends no privacy a second time.

      EXAMPLE
        exprove context aggregate opening.json --as helper --identity example.org/helper --state helper-state
      """)

  enum Role: String, ExpressibleByArgument, CaseIterable { case leader, helper, sole }

  @Argument(help: ArgumentHelp("The contract.", valueName: "file"))
  var contract: String

  @Option(
    name: .customLong("as"),
    help: ArgumentHelp("Which of them; sole where there is one alone.", valueName: "leader|helper|sole"))
  var role: Role

  @Option(help: ArgumentHelp("Whose keys, as `exprove context aggregator` made them.", valueName: "name"))
  var identity: String

  @Option(help: ArgumentHelp("Where it keeps what it knows; made where there is nothing.", valueName: "directory"))
  var state: String

  @Option(help: ArgumentHelp("Where to listen, if not at the contract's address.", valueName: "host:port"))
  var listen: String?

  @Flag(help: "End when the contract's last window is worked off.")
  var once = false

  @Flag(help: "One JSON object a line on standard output, of each batch.")
  var json = false

  func run() throws {
    Interrupt.listen()
    try Failure.exit {
      do {
        let contract = try Contexts.contract(contract)
        let home = try Contexts.home()
        let keys = try AggregatorKeys.loadOrCreate(try Contexts.identity(identity, in: home), home: home.path)
        let certificate = try Contexts.certificate(identity, in: home)
        let own = try role.aggregator(contract)
        guard own.certificate == certificate.pin else {
          throw RunError.badInput(
            "the contract knows the \(role.rawValue) by the certificate \(own.certificate.pin), and that of \(identity) is "
              + "\(certificate.pin): restore the one, or agree on a new contract")
        }
        let anchor = home.path + "/aggregations/\(contract.digest)-\(role.rawValue).anchor"
        let files = try PartyFiles.open(directory: state, anchor: anchor)
        switch role {
        case .leader: try lead(contract, keys, files, certificate, own)
        case .helper: try help(contract, keys, files, certificate, own)
        case .sole: try serve(contract, keys, files, certificate, own)
        }
        if Interrupt.happened {
          throw RunError.interrupted("interrupted; what is in \(state) is whole, and the same command goes on")
        }
      } catch { throw Contexts.failure(error) }
    }
  }

  private func lead(
    _ contract: AggregationContract, _ keys: AggregatorKeys, _ files: consuming PartyFiles, _ certificate: TLSIdentity,
    _ own: AggregationContract.Aggregator
  ) throws {
    let service = try LeaderService(
      try Leader(contract, keys: keys, files: files), tls: certificate, clock: { Clock.now() }, tell: teller())
    defer { service.stop(within: .seconds(5)) }
    let (host, port) = try place(own)
    try tell(listening: try service.listen(host: host, port: port, tls: certificate), host)
    var wait = ContextAggregate.shortestWait
    while !Interrupt.happened {
      let isDone = service.work { !Interrupt.happened }
      if once, isDone, Clock.now() >= contract.closing(contract.windows - 1), !service.hasOpenWindows { return }
      wait = isDone ? ContextAggregate.shortestWait : min(wait * 2, .seconds(10))
      Contexts.pause(wait)
    }
  }

  private func help(
    _ contract: AggregationContract, _ keys: AggregatorKeys, _ files: consuming PartyFiles, _ certificate: TLSIdentity,
    _ own: AggregationContract.Aggregator
  ) throws {
    let service = HelperService(
      try Helper(contract, keys: keys, files: files), clock: { Clock.now() }, tell: teller())
    defer { service.stop(within: .seconds(5)) }
    let (host, port) = try place(own)
    try tell(listening: try service.listen(host: host, port: port, tls: certificate), host)
    let started = Clock.now()
    while !Interrupt.happened {
      // The leader says nothing at its end: silence after the last window's closing has to do.
      let silentSince = max(service.lastAskedAt ?? started, contract.closing(contract.windows - 1))
      if once, Clock.now() - silentSince > ContextAggregate.silence + contract.clockTolerance { return }
      Contexts.pause(.milliseconds(200))
    }
  }

  private func serve(
    _ contract: AggregationContract, _ keys: AggregatorKeys, _ files: consuming PartyFiles, _ certificate: TLSIdentity,
    _ own: AggregationContract.Aggregator
  ) throws {
    let service = SoleService(
      try SoleAggregator(contract, keys: keys, files: files), clock: { Clock.now() }, tell: teller())
    defer { service.stop(within: .seconds(5)) }
    let (host, port) = try place(own)
    try tell(listening: try service.listen(host: host, port: port, tls: certificate), host)
    while !Interrupt.happened {
      let isDone = service.work()
      if once, isDone, Clock.now() >= contract.closing(contract.windows - 1), !service.hasOpenWindow { return }
      Contexts.pause(isDone ? ContextAggregate.shortestWait : .seconds(5))
    }
  }

  private static let shortestWait = Duration.milliseconds(100)
  /// 10 s, in nanoseconds.
  private static let silence: Int64 = 10_000_000_000

  private func place(_ own: AggregationContract.Aggregator) throws -> (host: String, port: Int) {
    guard let listen else {
      let address = try PeerAddress(own.address)
      return (address.host, address.port)
    }
    // A port may be 0 here, for any that is free.
    let digits = listen.split(separator: ":", omittingEmptySubsequences: false).last ?? ""
    guard let port = Int(digits), (0...65535).contains(port), listen.utf8.count > digits.utf8.count + 1 else {
      throw RunError.usage("--listen \(listen): host:port is expected")
    }
    var host = String(listen.dropLast(digits.count + 1))
    if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
    return (host, port)
  }

  private func tell(listening port: Int, _ host: String) throws {
    Console.note("the \(role.rawValue) answers at \(host), port \(port)")
    if json { try Console.printJSON(.object(["listening": .integer(Int64(port))])) }
  }

  private func teller() -> @Sendable (ServiceEvent) -> Void {
    let json = json
    return { event in
      switch event {
      case .trouble(let text): Console.note("trouble: \(printable(text))")
      case .recovered: Console.note("the trouble is over")
      case .progress(let progress): ContextAggregate.tell(progress, json)
      case .masked(let progress): ContextAggregate.tell(progress, json)
      }
    }
  }

  private static func tell(_ progress: AggregationProgress, _ json: Bool) {
    switch progress {
    case .frozen(let window, let reports): Console.note("window \(window): closed with \(reports) reports")
    case .checked(let window, let count, let reports):
      Console.progress("window \(window): \(count) of \(reports) reports checked")
    case .tooFew(let window, let contributors, let refused):
      Console.note(
        "window \(window): \(contributors) contributions, too few to show anything; \(refused.count) refused")
      tell(window, nil, contributors, refused, json)
    case .released(let signed, let window, let refused):
      let context = signed.context
      Console.note(
        "window \(window): revision \(context.revision) of \(context.contributors) contributions, \(refused.count) refused"
      )
      tell(window, signed, Int(context.contributors), refused, json)
    case .differs(let window, let leader, let helper, let givenUp):
      Console.note(
        "window \(window): the leader has \(leader) contributions proven, the helper \(helper); "
          + (givenUp ? "it is given up" : "its reports are checked again"))
    case .lost(let window): Console.note("window \(window): a share is lost, its sums cannot be shown any more")
    }
  }

  private static func tell(
    _ window: Int, _ signed: SignedContext?, _ contributors: Int, _ refused: [AggregationRefusal], _ json: Bool
  ) {
    guard json else { return }
    let object = JSON.object([
      "window": .integer(Int64(window)), "contributors": .integer(Int64(contributors)),
      "revision": signed.map { .wide($0.context.revision) } ?? .null,
      "digest": signed.map { .string($0.context.digest.description) } ?? .null,
      "refused": .array(
        refused.map {
          .object(["contributor": .integer(Int64($0.contributor)), "reason": .string($0.refusal.name)])
        }),
    ])
    Console.write(object.canonical + [UInt8(ascii: "\n")])
  }
}

extension ContextAggregate {
  private static func tell(_ progress: MaskedProgress, _ json: Bool) {
    switch progress {
    case .began(let window, let run): Console.note("window \(window): run \(run) begins")
    case .closed(let window, let round, let contributors):
      Console.note("window \(window): the round of \(round) is over, \(contributors) are left")
    case .refused(let window, let contributor, let reason):
      Console.note("window \(window): contributor \(contributor) is refused: \(printable(reason))")
    case .givenUp(let window, let reason): Console.note("window \(window): the run is given up: \(printable(reason))")
    case .released(let signed, let window):
      let context = signed.context
      Console.note("window \(window): revision \(context.revision) of \(context.contributors) contributions")
      tell(window, signed, Int(context.contributors), [], json)
    case .over(let window, let reason):
      Console.note("window \(window): nothing is shown: \(printable(reason))")
      tell(window, nil, 0, [], json)
    }
  }
}

extension ContextAggregate.Role {
  /// Whom the contract has in this role.
  func aggregator(_ contract: AggregationContract) throws(RunError) -> AggregationContract.Aggregator {
    switch (self, contract.helper) {
    case (.leader, _?), (.sole, nil): return contract.leader
    case (.helper, let helper?): return helper
    case (.sole, _?): throw .usage("\(contract.name) has two aggregators: the role is leader or helper")
    case (_, nil): throw .usage("\(contract.name) has one aggregator: the role is sole")
    }
  }
}

extension ReportRefusal {
  /// As scripts read it.
  var name: String {
    switch self {
    case .malformed: "malformed"
    case .otherContract: "other_contract"
    case .notSigned: "not_signed"
    case .unknownWindow: "unknown_window"
    case .tooEarly: "too_early"
    case .late: "late"
    case .second: "second"
    case .budgetSpent: "budget_spent"
    case .unknownKey: "unknown_key"
    case .unopened: "unopened"
    case .malformedShare: "malformed_share"
    case .notProven: "not_proven"
    case .counted: "counted"
    }
  }
}
