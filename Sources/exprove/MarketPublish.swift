// SPDX-License-Identifier: Apache-2.0

import AdapterConformance
import AdapterHost
import AdapterMarketplace
import ArgumentParser
import ExecutionIR
import ExecutionRun
import Governance
import RunJournal
import TransparencyLog

/// `exprove market publish`: a version of an adapter.
struct MarketPublish: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "publish",
    abstract: "Publish a version of an adapter, with its conformance certificate and its description.",
    discussion: """
      The version is the one of the adapter's manifest. Without --certificate the conformance harness runs now and the \
      identity signs what it finds; what does not conform is not published, and a version never changes once it is there.

      The description is a JSON file:
        {"name": "Acme ITCH", "summary": "Nasdaq TotalView-ITCH 5.0", "who": "Acme Ltd, support@acme.example",
         "links": ["https://acme.example/itch"], "protocols": ["ITCH 5.0"], "example": "exprove run …",
         "contracts": {"produces": [{"name": "…", "sha256": "…"}], "requires": []}}
      Links, protocols, example and contracts may be left out.

      EXAMPLE
        exprove market publish market ./libitch.so --as acme/itch --identity acme.example/release --description itch.json \\
          --capture day.bin
      """)

  @Argument(help: ArgumentHelp("The repository.", valueName: "dir"))
  var directory: String

  @Argument(help: ArgumentHelp("The adapter: a .so's path, or a shipped adapter's name.", valueName: "adapter"))
  var adapter: String

  @Option(name: .customLong("as"), help: ArgumentHelp("Under which name, vendor/adapter.", valueName: "name"))
  var name: String

  @Option(help: ArgumentHelp("The vendor's identity that signs, in a key home.", valueName: "name"))
  var identity: String

  @Option(help: ArgumentHelp("What is said of the adapter to people.", valueName: "file"))
  var description: String

  @Option(help: ArgumentHelp("A certificate for these very bytes, instead of running the harness.", valueName: "file"))
  var certificate: String?

  @Option(
    help: ArgumentHelp("Who signed the certificate; the identity's own key where none is said.", valueName: "key"))
  var certifier: String?

  @Option(name: .customLong("capture"), help: ArgumentHelp("A capture for the harness; repeatable.", valueName: "file"))
  var captures: [String] = []

  @Option(help: ArgumentHelp("How strictly the harness judges, 1 to 10.", valueName: "level"))
  var strictness = Strictness.usual.level

  @Option(help: ArgumentHelp("For how long a certificate that is made now holds.", valueName: "days"))
  var validDays: Int64 = 365

  @OptionGroup var options: MarketOptions

  func validate() throws {
    guard Strictness(level: strictness) != nil else { throw ValidationError("--strictness is 1 to 10") }
    guard (1...3650).contains(validDays) else { throw ValidationError("--valid-days is 1 to 3650") }
    guard certifier == nil || certificate != nil else {
      throw ValidationError("--certifier is about a --certificate; what is made now is by the identity")
    }
  }

  func run() throws {
    try Failure.exit {
      let name = try Markets.adapter(name)
      let image: AdapterImage
      do throws(AdapterError) { image = try AdapterLocator.standard.image(of: adapter) } catch {
        throw RunError.adapter(error)
      }
      guard let version = SemanticVersion(image.manifest.version) else {
        throw RunError.badInput(
          "\(image.path): its manifest's version “\(image.manifest.version)” is no semantic version, like 1.2.0")
      }
      let path = ReleasePath(name: name, version: version, platform: .host)
      let about = try Markets.read(description, limit: AdapterDescription.largestFile)
      _ = try Markets.run { () throws(MarketError) in try AdapterDescription(decoding: about, path: description) }
      let signer: Identity
      let keys = try options.keys()
      do throws(IdentityError) { signer = try keys.identity(named: identity) } catch { throw RunError.identity(error) }

      if try isThere(path, Digest(of: image.bytes)) { return try finish(path, image) }
      let (certificate, certifier) = try certified(image, signer)
      let draft = ReleaseDraft(
        path: path, library: image.bytes,
        minimumABI: .init(major: image.manifest.abi.major, minor: 0),
        maximumABI: .init(major: image.manifest.abi.major, minor: image.manifest.abi.minor),
        capabilities: image.manifest.channels.map(\.name) + image.manifest.extensions,
        licence: image.manifest.licence, certificate: certificate, certifier: certifier, description: about)
      var repository = try options.open(directory)
      let outcome = try Markets.run { () throws(MarketError) in
        _ = try repository.stage(draft)
        return try repository.admit()
      }
      try tell(outcome, path, image, isStanding: try repository.standing(path))
    }
  }

  /// Whether these bytes are published or staged already; before the harness runs for nothing.
  private func isThere(_ path: ReleasePath, _ digest: Digest) throws(RunError) -> Bool {
    let repository = try options.open(directory)
    return try Markets.run { () throws(MarketError) in
      try repository.checkKeys(of: path.name.vendor)
      guard let there = try repository.published(path) else { return false }
      guard there == digest else { throw MarketRepository.taken(path, there) }
      return true
    }
  }

  /// Ends what another call began.
  private func finish(_ path: ReleasePath, _ image: AdapterImage) throws {
    var repository = try options.open(directory)
    let outcome = try Markets.run { () throws(MarketError) in try repository.admit() }
    Console.note("\(path.library): these bytes are published or staged already; they stay as they are")
    try tell(outcome, path, image, isStanding: try repository.standing(path))
  }

  private func tell(
    _ outcome: MarketOutcome, _ path: ReleasePath, _ image: AdapterImage, isStanding: Bool
  ) throws {
    try Markets.tell(
      outcome, directory, what: "\(path.name)@\(path.version) for \(path.platform), sha256:\(image.digestText)",
      isDone: isStanding, json: options.json,
      members: [
        "name": .string(path.name.description), "version": .string(path.version.description),
        "platform": .string(path.platform.description), "sha256": .string(image.digestText),
      ])
    let isRefused = outcome.refused.contains { $0.utf8.starts(with: "\(path.name.vendor):".utf8) }
    if !isStanding, isRefused { throw ExitCode(1) }
  }

  private func certified(_ image: AdapterImage, _ signer: Identity) throws -> ([UInt8], VerifierKey) {
    if let certificate {
      let bytes = try Markets.read(certificate, limit: Statement.largestSigned)
      return (bytes, try certifier.map { text throws(RunError) in try Markets.verifiers([text])[0] } ?? signer.verifier)
    }
    guard let executable = AdapterLocator.executablePath else {
      throw RunError.internalFault("/proc/self/exe does not name this program")
    }
    let started = Clock.now()
    let report: ConformanceReport
    do {
      report = try Certification.follow(
        try ConformanceRun(
          path: image.path, executable: executable, captures: captures, strictness: Strictness(level: strictness)!),
        quietly: options.json)
    } catch let error as AdapterError {
      throw RunError.adapter(error)
    }
    guard report.exitCode == 0 else {
      if !options.json { Console.print(report.text) }
      throw RunError.source(
        "\(image.path): it does not conform, and what does not conform is not published; exprove conform says more",
        exitCode: 1)
    }
    return (try Certification.sign(report, started: started, seeds: [1], validDays, by: signer).file, signer.verifier)
  }
}
