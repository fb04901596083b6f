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
  package var seed: UInt64
  /// Processes at a time.
  package var width: Int
  private let only: String?

  /// - Parameters:
  ///   - only: a regular expression; checks whose id it matches somewhere are run.
  package init(
    path: String, executable: String, childArguments: [String] = ["conform-child"], captures: [String] = [],
    seed: UInt64 = 1, only: String? = nil, width: Int = 2
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
  }

  /// The checks that `only` leaves, in the order of the report.
  package var checks: [ConformanceCheck] {
    guard let only, let expression = try? Regex(only) else { return ConformanceCheck.allCases }
    return ConformanceCheck.allCases.filter { $0.id.firstMatch(of: expression) != nil }
  }

  /// Runs everything; `progress` hears of each check as it ends.
  ///
  /// - Throws: only for what is wrong with the request: a capture that cannot be read, an adapter that is missing.
  package func run(progress: (ConformanceResult) -> Void = { _ in }) throws(AdapterError) -> ConformanceReport {
    let wanted = checks
    guard !wanted.isEmpty else { throw AdapterError(.badSetting, "--only matches no check") }
    let image: AdapterImage
    do {
      image = try AdapterImage.read(path: path)
    } catch {
      guard error.code != .missing, error.code != .unreadable else { throw error }
      let result = ConformanceResult(
        check: .staticFile, status: .fail, detail: error.message, milliseconds: 0, reproduce: reproduce(.staticFile))
      progress(result)
      return ConformanceReport(
        adapter: .init(name: "", version: "", digest: "", path: path), seed: seed, results: [result])
    }
    var results: [ConformanceResult] = []
    for check in wanted where check.isStatic {
      let result = examine(image, check)
      progress(result)
      results.append(result)
    }
    let dynamic = wanted.filter { !$0.isStatic }
    if !dynamic.isEmpty { results += try runDynamic(image, dynamic, progress) }
    return ConformanceReport(
      adapter: .init(
        name: image.manifest.name, version: image.manifest.version, digest: image.digestText, path: path),
      seed: seed, results: results)
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

  func reproduce(_ check: ConformanceCheck) -> String {
    let captured = captures.map { " --capture \(ConformanceRun.quoted($0))" }.joined()
    let pattern = "^\(check.id.split(separator: ".").joined(separator: "\\."))$"
    return "exprove conform \(ConformanceRun.quoted(path))\(captured) --seed \(seed) --only '\(pattern)'"
  }

  private static func quoted(_ text: String) -> String {
    let plain = text.utf8.allSatisfy { byte in
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
        || (UInt8(ascii: "-")...UInt8(ascii: "9")).contains(byte)
        || byte == UInt8(ascii: "_")
    }
    return plain ? text : "'\(text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''"))'"
  }

  // MARK: Dynamic

  private func runDynamic(
    _ image: AdapterImage, _ wanted: [ConformanceCheck], _ progress: (ConformanceResult) -> Void
  ) throws(AdapterError) -> [ConformanceResult] {
    var corpus = Corpus()
    for capture in captures {
      do {
        corpus.groups.append(try Corpus.group(of: capture, for: image.manifest))
      } catch {
        throw AdapterError(error.category == .missing ? .missing : .badState, "\(error)")
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
      return wanted.contains(.lifecycleLoad)
        ? wanted.compactMap { results[$0] }
        : [results[.lifecycleLoad]].compactMap { $0 } + wanted.compactMap { results[$0] }
    }
    let search = conduct(
      [Job(check: .malformedSearch)], image, corpus, { if wanted.contains($0.check) { progress($0) } })
    results[.malformedSearch] = search[.malformedSearch]?.result
    corpus.groups += Corpus(decoding: search[.malformedSearch]?.product ?? []).groups
    let rest = wanted.filter { $0 != .lifecycleLoad && $0 != .malformedSearch }
    for (check, outcome) in conduct(rest.map { Job(check: $0) }, image, corpus, progress) {
      results[check] = outcome.result
    }
    return wanted.compactMap { results[$0] }
  }
}

extension ConformanceCheck {
  var staticRule: StaticRule? { isStatic ? StaticRule(rawValue: String(id.dropFirst("static.".count))) : nil }
}
