// SPDX-License-Identifier: Apache-2.0

package import AdapterHost
internal import CLinux
internal import Feeds
internal import Glibc

/// One run of the harness over one adapter: static checks here, all others in a process each, a few at a time.
package struct ConformanceRun: Sendable {
  /// The adapter's file.
  package var path: String
  /// The program that runs one check; it is started with `childArguments`, the check's id and its options, and hands
  /// them to `ConformanceChild.main`.
  package var executable: String
  package var childArguments: [String]
  package var captures: [String]
  /// Captures of order sessions, which may say of each message which way it went.
  package var orderCaptures: [String] = []
  package var seed: UInt64
  /// Processes at a time.
  package var width: Int
  package var strictness: Strictness
  /// By how much the draws are multiplied; the strictness says it unless somebody else does.
  package var effort: Int
  /// The text of each capture's expected events, by the capture's path. Those of a capture that has none are only
  /// put down in the report.
  package var expectations: [String: [UInt8]] = [:]
  /// Expected events are compared or, for a blessing, put down.
  package var demandsExpectations = false
  package var fuzz: FuzzPlan?
  /// Another build of the same adapter, or another adapter of the same venue, to be held against this one.
  package var against: String?
  /// A build of the same adapter with sanitizers.
  package var sanitized: String?
  private let only: String?

  /// - Parameters:
  ///   - only: a regular expression; checks whose id it matches somewhere are run.
  package init(
    path: String, executable: String, childArguments: [String] = ["conform-child"], captures: [String] = [],
    seed: UInt64 = 1, only: String? = nil, width: Int = 2, strictness: Strictness = .usual
  ) throws(AdapterError) {
    if let only, (try? Regex(only)) == nil {
      throw AdapterError(.badSetting, "--only “\(only)” is no regular expression")
    }
    self.path = path
    self.executable = executable
    self.childArguments = childArguments
    self.captures = captures
    self.seed = seed
    self.only = only
    self.width = max(1, width)
    self.strictness = strictness
    effort = strictness.effort
  }

  /// The checks that strictness, options and `only` leave, in the order of the report.
  package var checks: [ConformanceCheck] {
    let expression = only.flatMap { try? Regex($0) }
    return ConformanceCheck.allCases.filter { check in
      if let expression, check.id.firstMatch(of: expression) == nil { return false }
      return check.isOnDemand ? isDemanded(check) : check.level <= strictness.level
    }
  }

  private func isDemanded(_ check: ConformanceCheck) -> Bool {
    switch check {
    case .eventsExpected: demandsExpectations
    case .fuzzCapture: fuzz != nil
    case .differentialAgainst: against != nil
    case .sanitizerClean: sanitized != nil
    default: false
    }
  }

  /// Whether `only` leaves something out.
  package var isPartial: Bool { only != nil }

  /// Runs everything; `progress` hears of each check as it ends.
  ///
  /// - Throws: only for what is wrong with the request: a capture that cannot be read, an adapter that is missing.
  package func run(progress: (ConformanceResult) -> Void = { _ in }) throws(AdapterError) -> ConformanceReport {
    let wanted = checks
    guard !wanted.isEmpty else {
      throw AdapterError(.badSetting, "--only matches no check of strictness \(strictness.level)")
    }
    let image: AdapterImage
    do {
      image = try AdapterImage.read(path: path)
    } catch {
      guard error.code != .missing, error.code != .unreadable else { throw error }
      let result = ConformanceResult(
        check: .staticFile, status: .fail, detail: error.message, milliseconds: 0, reproduce: reproduce(.staticFile))
      progress(result)
      return ConformanceReport(
        adapter: .init(name: "", version: "", digest: "", path: path), seed: seed, strictness: strictness,
        results: [result])
    }
    var report = ConformanceReport(
      adapter: .init(
        name: image.manifest.name, version: image.manifest.version, digest: image.digestText, path: path),
      seed: seed, strictness: strictness, results: [])
    report.abi = image.manifest.abi.description
    for check in wanted where check.isStatic {
      let result = examine(image, check)
      progress(result)
      report.results.append(result)
    }
    let dynamic = wanted.filter { !$0.isStatic }
    if !dynamic.isEmpty { try runDynamic(image, dynamic, &report, progress) }
    return report
  }

  // MARK: Static

  private func examine(_ image: AdapterImage, _ check: ConformanceCheck) -> ConformanceResult {
    let start = ChildProcess.milliseconds
    var status = ConformanceStatus.pass
    var detail = check.reason
    if let rule = check.staticRule,
      let violation = rule.violation(image.facts, libraries: image.manifest.libraries.map(\.name))
    {
      status = rule.isWarning ? .warn : .fail
      detail = "\(violation); \(rule.id): \(rule.reason)"
    }
    return ConformanceResult(
      check: check, status: status, detail: detail, milliseconds: Int(ChildProcess.milliseconds - start),
      reproduce: reproduce(check))
  }

  /// The command that runs one check alone, as it was run.
  func reproduce(_ check: ConformanceCheck) -> String {
    var command = "exprove conform \(ConformanceRun.quoted(path))"
    for capture in captures { command += " --capture \(ConformanceRun.quoted(capture))" }
    for capture in orderCaptures { command += " --orders \(ConformanceRun.quoted(capture))" }
    command += " --seed \(seed)"
    if strictness != .usual { command += " --strictness \(strictness.level)" }
    switch check {
    case .fuzzCapture:
      // The number of a finding's draw leads to it, however long the search for it took.
      if let fuzz { command += " --fuzz-iterations \(fuzz.iterations ?? FuzzPlan.usualIterations)" }
    case .differentialAgainst: command += " --against \(ConformanceRun.quoted(against ?? ""))"
    case .sanitizerClean: command += " --sanitized \(ConformanceRun.quoted(sanitized ?? ""))"
    default: break
    }
    return command + " --only '^\(check.id.split(separator: ".").joined(separator: "\\."))$'"
  }

  static func quoted(_ text: String) -> String {
    let plain = text.utf8.allSatisfy { byte in
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
        || (UInt8(ascii: "-")...UInt8(ascii: "9")).contains(byte)
        || byte == UInt8(ascii: "_")
    }
    return plain ? text : "'\(text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''"))'"
  }

  // MARK: Dynamic

  private func runDynamic(
    _ image: AdapterImage, _ wanted: [ConformanceCheck], _ report: inout ConformanceReport,
    _ progress: (ConformanceResult) -> Void
  ) throws(AdapterError) {
    guard orderCaptures.isEmpty || image.manifest.channels.contains(.orderEntry) else {
      throw AdapterError(
        .badSetting, "--orders: \(image.manifest.name) has no channel order-entry that would read \(orderCaptures[0])")
    }
    var corpus = Corpus()
    let all = captures.map { ($0, Channel.marketData) } + orderCaptures.map { ($0, Channel.orderEntry) }
    for (capture, channel) in all {
      do {
        corpus.groups.append(try Corpus.group(of: capture, channel, for: image.manifest))
        report.captures.append(try ConformanceReport.Capture(path: capture, channel))
      } catch let error as FeedError {
        throw AdapterError(error.category == .missing ? .missing : .badState, "\(error)")
      } catch let error as AdapterError {
        throw error
      } catch {
        throw AdapterError(.unreadable, "\(capture): \(error)")
      }
    }
    // Whether it loads at all, and which frames it takes, decides over all others.
    var results: [ConformanceCheck: ConformanceResult] = [:]
    let load = conduct([Job(check: .lifecycleLoad)], image, corpus, { if wanted.contains($0.check) { progress($0) } })
    results[.lifecycleLoad] = load[.lifecycleLoad]?.result
    guard results[.lifecycleLoad]?.status == .pass else {
      let reason = "the adapter does not load (lifecycle.load)"
      for check in wanted where check != .lifecycleLoad {
        let result = ConformanceResult(
          check: check, status: .skip, detail: reason, milliseconds: 0, reproduce: reproduce(check))
        progress(result)
        results[check] = result
      }
      // What does not load is told even where it was not asked for.
      if !wanted.contains(.lifecycleLoad) { report.results += [results[.lifecycleLoad]].compactMap { $0 } }
      report.results += wanted.compactMap { results[$0] }
      return
    }
    let search = conduct(
      [Job(check: .malformedSearch)], image, corpus, { if wanted.contains($0.check) { progress($0) } })
    results[.malformedSearch] = search[.malformedSearch]?.result
    corpus.groups += Corpus(decoding: search[.malformedSearch]?.product ?? []).groups
    let rest = wanted.filter { ![.lifecycleLoad, .malformedSearch].contains($0) && !$0.isOnDemand }
    for (check, outcome) in conduct(rest.map { Job(check: $0) }, image, corpus, progress) {
      results[check] = outcome.result
    }
    for check in wanted where check.isOnDemand {
      let result = try perform(check, image, corpus, &report)
      progress(result)
      results[check] = result
    }
    report.results += wanted.compactMap { results[$0] }
  }

  private func perform(
    _ check: ConformanceCheck, _ image: AdapterImage, _ corpus: Corpus, _ report: inout ConformanceReport
  ) throws(AdapterError) -> ConformanceResult {
    switch check {
    case .eventsExpected: compareExpectations(image, corpus, &report)
    case .fuzzCapture: runFuzz(image, corpus, &report)
    case .differentialAgainst: try compareBuilds(image, corpus)
    default: try runSanitized(image, corpus)
    }
  }
}

extension ConformanceCheck {
  var staticRule: StaticRule? { isStatic ? StaticRule(rawValue: String(id.dropFirst("static.".count))) : nil }
}
