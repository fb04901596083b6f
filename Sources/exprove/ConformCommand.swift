// SPDX-License-Identifier: Apache-2.0

import AdapterConformance
import AdapterHost
import ArgumentParser
import DurableFiles
import EventFlow
import ExecutionIR
import ExecutionRun
import Governance
import RunJournal

/// `exprove conform`: the harness, each check in a process of its own.
struct Conform: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Put an adapter through the conformance checks, each in a process of its own.",
    discussion: """
      Exit code 0 when nothing counts against the adapter, 1 when something does.

      Strictness: 1 loads, 2 life and ABI, 3 declarations and events, 4 determinism and bounds, 5 all checks (the default), \
      6 to 8 all with more draws, 9 and 10 with more still, and warnings count. Notes never do.

      Expected events: beside CAPTURE a file CAPTURE.expected, or one given with --expect, says what events the capture's \
      beginning gives; --bless writes it.

      Order sessions: a capture of one may be pcapng of the link type that is left to users (147), a message a packet, whose \
      flags (option epb_flags) say which messages were sent; or lines or length-prefixed messages, which cannot say it.

      EXAMPLE
        exprove conform nasdaq-itch50 --capture day.bin
        exprove conform ./libvenue.so --capture day.bin --fuzz 60 --findings findings
        exprove conform ./libvenue.so --capture day.bin --orders session.pcapng
        exprove conform ./libvenue.so --capture day.bin --strictness 10 --certificate libvenue.so.certificate
      """)

  @Argument(help: ArgumentHelp("A shipped or installed adapter's name, or the path of a .so.", valueName: "adapter"))
  var adapter: String?

  @Flag(help: "List the checks, each with its level, its severity and what must hold, and run none.")
  var list = false

  @Option(name: .customLong("capture"), help: ArgumentHelp("A capture of the venue; repeatable.", valueName: "file"))
  var captures: [String] = []

  @Option(
    name: .customLong("orders"),
    help: ArgumentHelp("A capture of an order session with the venue; repeatable.", valueName: "file"))
  var orders: [String] = []

  @Option(help: "Chooses everything that is drawn by chance.")
  var seed: UInt64 = 1

  @Option(help: ArgumentHelp("How strictly it is judged, 1 to 10.", valueName: "level"))
  var strictness = Strictness.usual.level

  @Option(help: ArgumentHelp("Only checks whose id this regular expression matches.", valueName: "regex"))
  var only: String?

  @Option(help: ArgumentHelp("Checks at a time, each in its process.", valueName: "number"))
  var jobs = 2

  @Option(
    name: .customLong("expect"),
    help: ArgumentHelp(
      "The expected events of the first, second… capture; repeatable. Without it CAPTURE.expected.", valueName: "file"))
  var expect: [String] = []

  @Flag(help: "Write the events as they are now into the files of expected events.")
  var bless = false

  @Option(help: ArgumentHelp("Mutate the captures by their own structure for so many seconds.", valueName: "seconds"))
  var fuzz: Int?

  @Option(help: ArgumentHelp("Mutate the captures so many times; the same seed draws the same.", valueName: "number"))
  var fuzzIterations: Int?

  @Option(help: ArgumentHelp("Where frames that break the adapter are written, minimised.", valueName: "directory"))
  var findings: String?

  @Option(help: ArgumentHelp("Another build or adapter that must give the same events.", valueName: "file"))
  var against: String?

  @Option(help: ArgumentHelp("A sanitizer build of the same adapter, to be watched as well.", valueName: "file"))
  var sanitized: String?

  @Option(help: ArgumentHelp("Write the findings as JUnit XML.", valueName: "file"))
  var junit: String?

  @Option(help: ArgumentHelp("Write the findings as one HTML page.", valueName: "file"))
  var html: String?

  @Option(help: ArgumentHelp("Write a signed certificate when the adapter conforms.", valueName: "file"))
  var certificate: String?

  @Option(help: ArgumentHelp("Who signs the certificate; made on first use in $EXPROVE_HOME.", valueName: "name"))
  var identity = "desk"

  @Option(help: ArgumentHelp("For how long the certificate holds.", valueName: "days"))
  var validDays: Int64 = 365

  @Flag(help: "One JSON object on standard output.")
  var json = false

  func validate() throws {
    guard list || adapter != nil else { throw ValidationError("name an adapter; see exprove conform --help") }
    guard Strictness(level: strictness) != nil else { throw ValidationError("--strictness is 1 to 10") }
    guard (1...64).contains(jobs) else { throw ValidationError("--jobs is 1 to 64") }
    guard expect.count <= captures.count else { throw ValidationError("--expect needs the --capture that it is about") }
    guard !bless || !captures.isEmpty else { throw ValidationError("--bless needs a --capture") }
    guard (fuzz ?? 1) > 0, (fuzzIterations ?? 1) > 0 else { throw ValidationError("--fuzz takes a number above 0") }
    guard fuzz == nil && fuzzIterations == nil || !captures.isEmpty else {
      throw ValidationError("--fuzz learns from a --capture; give one")
    }
    guard against == nil || !captures.isEmpty else {
      throw ValidationError("--against compares on a --capture; give one")
    }
    guard (1...3650).contains(validDays) else { throw ValidationError("--valid-days is 1 to 3650") }
    if certificate != nil {
      guard only == nil else { throw ValidationError("a certificate is about all checks; leave --only out") }
      guard sanitized == nil else {
        throw ValidationError("a run with --sanitized earns no certificate; make it without")
      }
    }
  }

  func run() throws {
    try Failure.exit {
      guard !list, let adapter else { return try listChecks() }
      let started = Clock.now()
      let report: ConformanceReport
      do {
        let admission = try AdapterAdmission.standard()
        let path = try admission.locator.path(of: adapter)
        try admission.refuseRevoked(fileOf: path)
        guard let executable = AdapterLocator.executablePath else {
          throw RunError.internalFault("/proc/self/exe does not name this program")
        }
        var run = try ConformanceRun(
          path: path, executable: executable, captures: captures, seed: seed, only: only, width: jobs,
          strictness: Strictness(level: strictness)!)
        run.orderCaptures = orders
        try expectations(&run)
        if fuzz != nil || fuzzIterations != nil { run.fuzz = FuzzPlan(iterations: fuzzIterations, seconds: fuzz) }
        run.against = against
        run.sanitized = sanitized
        report = try Certification.follow(run, quietly: json)
      } catch let error as AdapterError {
        throw RunError.adapter(error)
      }
      try write(report)
      if json { try Console.printJSON(report.json) } else { Console.print(report.text) }
      guard report.exitCode == 0 else {
        if certificate != nil { Console.note("exprove: what does not conform earns no certificate") }
        throw ExitCode(report.exitCode)
      }
      if let certificate { try certify(report, started, certificate) }
    }
  }

  private func listChecks() throws {
    if json {
      let checks = ConformanceCheck.allCases.map { check in
        JSON.object([
          "id": .string(check.id), "group": .string(check.group), "level": .integer(Int64(check.level)),
          "severity": .string(check.severity.rawValue), "reason": .string(check.reason),
        ])
      }
      return try Console.printJSON(.object(["harness": .string(ConformanceReport.harness), "checks": .array(checks)]))
    }
    for check in ConformanceCheck.allCases {
      Console.print("\(check.id)\t\(check.level)\t\(check.severity.rawValue)\t\(check.reason)")
    }
  }

  // MARK: Expected events

  private func expectedPath(_ index: Int) -> String {
    index < expect.count ? expect[index] : captures[index] + ".expected"
  }

  private func expectations(_ run: inout ConformanceRun) throws {
    for (index, capture) in captures.enumerated() {
      let path = expectedPath(index)
      guard index < expect.count || Files.exists(path) else { continue }
      run.demandsExpectations = true
      if !bless { run.expectations[capture] = try RunSetup.read(path) }
    }
    if bless { run.demandsExpectations = true }
  }

  private func write(_ report: ConformanceReport) throws {
    if bless {
      for (index, capture) in captures.enumerated() {
        if let text = report.events[capture] { try put(text, expectedPath(index)) }
      }
    }
    if let findings {
      for finding in report.findings {
        try makeDirectory(findings)
        let name = "\(findings)/\(report.adapter.name)-\(seed)-\(finding.draw)"
        try put(finding.capture, "\(name).\(finding.isText ? "txt" : "bin")")
        try put(Array("\(finding.status.rawValue): \(finding.detail)\n".utf8), "\(name).reason")
      }
    }
    if let junit { try put(report.junit, junit) }
    if let html { try put(report.html, html) }
  }

  private func makeDirectory(_ path: String) throws {
    do { try Files.makeDirectory(path) } catch { throw RunError.io(error.description) }
  }

  private func put(_ bytes: [UInt8], _ path: String) throws {
    do { try Files.writeDurably(bytes, to: path) } catch { throw RunError.io(error.description) }
  }

  // MARK: The certificate

  private func certify(_ report: ConformanceReport, _ started: Int64, _ path: String) throws {
    let signer = try Identities.loadOrCreate(identity)
    let (certificate, bytes) = try Certification.sign(report, started: started, seeds: [seed], validDays, by: signer)
    try put(bytes, path)
    Console.note(
      "\(path): certificate of sha256:\(certificate.digest), strictness \(certificate.level), by \(signer.publicVerifierKey)"
    )
  }
}

/// One check, in the process that the harness started for it.
struct ConformChild: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "conform-child", shouldDisplay: false)

  @Argument(parsing: .captureForPassthrough)
  var arguments: [String] = []

  func run() throws {
    throw ExitCode(ConformanceChild.main(arguments))
  }
}
