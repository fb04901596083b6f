// SPDX-License-Identifier: Apache-2.0

import AdapterConformance
import AdapterHost
import AdapterMarketplace
import ArgumentParser
import ExecutionIR
import ExecutionRun
import Governance
import RunJournal

extension AdapterGroup {
  /// `exprove adapter install`.
  struct Install: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Install adapters from repositories: verified, with their certificates, and by digest.",
      discussion: """
        RANGE is a version (1.2.3), the beginning of one (1.2), ^1.2, ~1.2.3 or bounds (>=1.2,<2); without it the newest \
        release is taken. A version named in full is pinned. Yanked versions install only so, and so one goes back to an \
        older version. Revoked ones never install.

        Adapters go to $EXPROVE_ADAPTER_HOME, else to adapters in $EXPROVE_HOME. Of several adapters all are installed, or \
        none. What an install that broke off has fetched is used by the next one.

        EXAMPLE
          exprove adapter install acme/itch@^1.2
          exprove adapter install acme/itch acme/ouch --policy policy.json --recheck
        """)

    @Argument(help: ArgumentHelp("VENDOR/ADAPTER, or VENDOR/ADAPTER@RANGE.", valueName: "adapter"))
    var adapters: [String]

    @OptionGroup var terms: InstallOptions

    func validate() throws {
      guard !adapters.isEmpty else { throw ValidationError("name an adapter; see exprove adapter install --help") }
      try terms.check()
    }

    func run() throws {
      try Installs.exit {
        let requests = try adapters.map { try Installs.request($0) }
        var installation = try terms.begin("install")
        var done: [Installation.Installed] = []
        for request in requests {
          let before = installation.change.lock.adapter(request.name)
          if let before, before.isPinned, request.range == nil {
            Console.note(
              "\(request.name): pinned at \(before.version); exprove adapter unpin \(request.name) lets it go")
          }
          let range = request.range ?? (before?.isPinned == true ? before?.range : nil) ?? .any
          done.append(
            try terms.install(request.name, range: range, isPinned: range.exact != nil, into: &installation))
        }
        try terms.finish(done, &installation)
      }
    }
  }
}

/// The options that all commands have which install.
struct InstallOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Take only what has a certificate as this policy demands.", valueName: "file"))
  var policy: String?

  @Flag(help: "Run the conformance harness here before anything is installed.")
  var recheck = false

  @Option(
    name: .customLong("capture"), help: ArgumentHelp("A capture for --recheck; repeatable.", valueName: "file"))
  var captures: [String] = []

  @Flag(help: "Go by what is stored here, as of the last refresh; files must be here already.")
  var offline = false

  @Flag(help: "One JSON object on standard output.")
  var json = false

  func check() throws {
    guard captures.isEmpty || recheck else { throw ValidationError("--capture is for --recheck") }
  }

  func begin(_ command: String) throws -> Installation {
    return try Installs.begin(command, offline: offline, policy: policy)
  }

  func install(
    _ name: AdapterName, range: VersionRange, isPinned: Bool, into installation: inout Installation
  ) throws -> Installation.Installed {
    let installed = try installation.install(name, range: range, isPinned: isPinned) { have, all in
      Console.progress("\(name): \(have >> 10) of \(all >> 10) KiB")
    }
    Console.progress("")
    return installed
  }

  /// Checks what was fetched once more where that is asked for, commits it, and tells of it.
  func finish(_ done: [Installation.Installed], _ installation: inout Installation) throws {
    for installed in done {
      for warning in installed.warnings { Console.note("exprove: warning: \(printable(warning))") }
      if recheck { try conform(installed, installation.store) }
    }
    try installation.commit()
    if offline { Installs.noteFreshness(installation) }
    if json {
      return try Console.printJSON(.object(["installed": .array(done.map(InstallOptions.json))]))
    }
    for installed in done { InstallOptions.tell(installed) }
  }

  /// The harness, here, on the file that would be installed.
  private func conform(_ installed: Installation.Installed, _ store: AdapterStore) throws {
    guard let executable = AdapterLocator.executablePath else {
      throw RunError.internalFault("/proc/self/exe does not name this program")
    }
    let report: ConformanceReport
    do throws(AdapterError) {
      let run = try ConformanceRun(
        path: store.path(ofLibrary: installed.adapter.digest), executable: executable, captures: captures)
      let total = run.checks.count
      var count = 0
      report = try run.run { result in
        count += 1
        Console.progress("\(installed.adapter.name): \(count) of \(total): \(result.check.id)")
      }
    } catch { throw RunError.adapter(error) }
    Console.progress("")
    guard report.adapter.digest == installed.adapter.digest.description else {
      throw RunError.source(
        "\(installed.adapter.name): the harness read other bytes than were fetched; nothing is installed", exitCode: 1)
    }
    guard report.passes else {
      let against = report.results.filter { report.strictness.counts($0) }
      throw RunError.source(
        "\(installed.adapter.name) \(installed.adapter.version) does not conform here: "
          + against.prefix(3).map { "\($0.check.id): \(printable($0.detail))" }.joined(separator: "; ")
          + "; nothing is installed", exitCode: 1)
    }
    Console.note("\(installed.adapter.name): conforms here too: \(report.results.count) checks")
  }

  static func json(_ installed: Installation.Installed) -> JSON {
    .object([
      "adapter": installed.adapter.shown,
      "previous": installed.previous.map { .string($0.version.description) } ?? .null,
      "certificate": installed.certificate.shown, "warnings": .array(installed.warnings.map { .string($0) }),
    ])
  }

  static func tell(_ installed: Installation.Installed) {
    let adapter = installed.adapter
    let previous = installed.previous.flatMap { $0.digest == adapter.digest ? nil : " (before: \($0.version))" } ?? ""
    Console.print("\(adapter.name) \(adapter.version)\(previous) from \(adapter.repository), \(adapter.platform)")
    Console.print("  sha256       \(adapter.digest)")
    installed.certificate.tell()
    Console.print("  published    \(adapter.publicationText)")
    if adapter.isPinned { Console.print("  pinned       exprove adapter unpin \(adapter.name) lets it go") }
  }
}

extension LockedAdapter {
  /// Where the log has it.
  var publicationText: String {
    guard let log else { return "the repository has no log: nobody would see a version that is shown to you alone" }
    let name = log.key.split(separator: "+", maxSplits: 1).first.map(String.init) ?? ""
    return "entry \(log.index) of the log \(printable(name)) (\(log.size) entries then)"
  }
}

extension ShownCertificate {
  func tell() {
    let seconds = certificate.issued / 1_000_000_000
    let signers = signers.map(printable).joined(separator: ", ")
    Console.print(
      "  certificate  by \(signers) (\(isByVendor ? "a key of the vendor's" : "whose key nobody here vouches for; the vendor published it"))"
    )
    var counts: [String: Int] = [:]
    for finding in certificate.findings { counts[finding.status, default: 0] += 1 }
    let told = ConformanceCertificate.statuses.compactMap { status in counts[status].map { "\($0) \(status)" } }
    Console.print(
      "               \(Installs.time(seconds)), \(printable(certificate.harness)), strictness \(certificate.level), "
        + "\(certificate.findings.count) checks: \(told.joined(separator: ", "))")
    Console.print("               seeds \(certificate.seeds.map(String.init).joined(separator: ", "))")
    for corpus in certificate.corpora {
      Console.print("               corpus sha256:\(corpus.digest), \(corpus.size) bytes")
    }
    if certificate.corpora.isEmpty { Console.print("               no corpus: no capture of the venue was fed") }
  }

  /// For `--json`.
  var shown: JSON {
    .object([
      "signers": .array(signers.map { .string($0) }), "by_vendor": .bool(isByVendor),
      "harness": .string(certificate.harness), "level": .integer(Int64(certificate.level)),
      "seeds": .array(certificate.seeds.map { .wide($0) }), "issued": .wide(certificate.issued),
      "expires": .wide(certificate.expires),
      "corpora": .array(
        certificate.corpora.map { .object(["sha256": .string($0.digest.description), "size": .wide($0.size)]) }),
      "findings": .array(
        certificate.findings.map { .object(["check": .string($0.check), "status": .string($0.status)]) }),
    ])
  }
}
