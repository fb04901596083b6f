// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import Glibc

/// A check and the surroundings that it runs in.
struct Job {
  var check: ConformanceCheck
  /// Which of several surroundings, for checks that compare processes.
  var variant = 0
  /// What it is asked for besides.
  var extra: [String] = []
}

struct Outcome {
  var result: ConformanceResult
  var product: [UInt8] = []
}

extension ConformanceRun {
  /// Time zone, locale and directory of the processes that `determinism.process` compares, and what else lies in
  /// the environment, which moves the stack.
  private static let surroundings: [(environment: [String], directory: String)] = [
    (["TZ=UTC", "LC_ALL=C", "LANG=C"], "/"),
    (["TZ=Asia/Kathmandu", "LC_ALL=de_DE.UTF-8", "LANG=de_DE.UTF-8"], "/tmp"),
    (
      ["TZ=America/New_York", "LC_ALL=tr_TR.UTF-8", "LANG=tr_TR", "PADDING=" + String(repeating: "x", count: 9000)],
      "/proc"
    ),
  ]

  /// Runs the jobs, `width` at a time, and reports each check once.
  func conduct(
    _ jobs: [Job], _ image: AdapterImage, _ corpus: Corpus, _ progress: (ConformanceResult) -> Void
  ) -> [ConformanceCheck: Outcome] {
    let file = ChildProcess.file(corpus.encoded)
    defer { if file >= 0 { close(file) } }
    var queue = jobs.flatMap { job in
      (0..<job.check.variants).map { Job(check: job.check, variant: $0, extra: job.extra) }
    }
    queue.reverse()
    var slots: [Slot?] = []
    for _ in 0..<width { slots.append(nil) }
    var parts: [ConformanceCheck: [(variant: Int, outcome: Outcome, value: [UInt8])]] = [:]
    var outcomes: [ConformanceCheck: Outcome] = [:]
    while !queue.isEmpty || slots.contains(where: { $0 != nil }) {
      for index in slots.indices {
        if slots[index] == nil, let job = queue.popLast() {
          slots[index] = Slot(job: job, child: start(job, image, file))
        }
        guard let slot = slots[index], slot.child?.poll() ?? true else { continue }
        slots[index] = nil
        let check = slot.job.check
        parts[check, default: []].append((slot.job.variant, outcome(of: slot), slot.child?.notes.value ?? []))
        guard let done = parts[check], done.count == check.variants else { continue }
        let merged = merge(check, done.sorted { $0.variant < $1.variant })
        outcomes[check] = merged
        progress(merged.result)
      }
      usleep(1000)
    }
    return outcomes
  }

  /// A job under way; without a process when none could be started.
  private struct Slot {
    var job: Job
    var child: ChildProcess?
  }

  func start(_ job: Job, _ image: AdapterImage, _ corpus: Int32, preloading library: String? = nil) -> ChildProcess? {
    let surroundings = ConformanceRun.surroundings[job.check == .determinismProcess ? job.variant : 0]
    var environment = surroundings.environment + ["PATH=/usr/bin:/bin", "SWIFT_BACKTRACE=enable=no"]
    if let library {
      environment += [
        "LD_PRELOAD=\(library)", "ASAN_OPTIONS=detect_leaks=0:abort_on_error=1:handle_segv=1",
        "UBSAN_OPTIONS=print_stacktrace=0:halt_on_error=0",
      ]
    }
    let order = ChildOrder(
      check: job.check, path: absolute(image.path), digest: image.digestText, seed: seed, variant: job.variant,
      effort: effort, extra: job.extra)
    let child = ChildProcess(
      executable: executable, arguments: childArguments + order.arguments, environment: environment,
      directory: surroundings.directory, corpus: corpus, wallLimit: job.check.wallSeconds(effort: effort))
    child?.notes.functions = image.bound?.functions ?? []
    return child
  }

  /// The child has another working directory.
  func absolute(_ path: String) -> String {
    guard let resolved = unsafe realpath(path, nil) else { return path }
    defer { unsafe free(resolved) }
    return unsafe String(cString: resolved)
  }

  private func outcome(of slot: Slot) -> Outcome { outcome(of: slot.child, slot.job.check) }

  /// What a child that has ended makes of its check.
  func outcome(of child: ChildProcess?, _ check: ConformanceCheck) -> Outcome {
    let elapsed = child?.elapsed ?? 0
    func result(_ status: ConformanceStatus, _ detail: String) -> ConformanceResult {
      ConformanceResult(
        check: check, status: status, detail: detail, milliseconds: elapsed, reproduce: reproduce(check))
    }
    guard let child else {
      return Outcome(result: result(.fail, "no process could be started: \(executable)"))
    }
    let notes = child.notes
    let place = notes.lastCall
    switch child.end {
    case .overdue(let reason): return Outcome(result: result(.timeout, "\(reason), \(place)"), product: child.produced)
    case .signalled(SIGXCPU), .signalled(SIGKILL):
      return Outcome(
        result: result(.timeout, "more than \(check.processorSeconds(effort: effort)) s of processor time, \(place)"),
        product: child.produced)
    case .signalled(let number):
      let trace = notes.places.map { "0x\(String($0, radix: 16))" }.joined(separator: " < ")
      return Outcome(
        result: result(
          .crash,
          "\(SystemNames.signal(number)) \(place)" + (trace.isEmpty ? "" : ", at \(trace) of the file")),
        product: child.produced)
    case .exited(let code):
      guard notes.isFinished else {
        let words = String(decoding: child.printed.prefix(300).map { $0 < 32 ? 0x20 : $0 }, as: UTF8.self)
        return Outcome(
          result: result(.crash, "the process ended with code \(code) \(place)\(words.isEmpty ? "" : ": \(words)")"),
          product: child.produced)
      }
      if check == .lifecycleOutput, notes.status == .pass, !child.printed.isEmpty {
        let words = String(decoding: child.printed.prefix(80).map { $0 < 32 ? 0x20 : $0 }, as: UTF8.self)
        return Outcome(result: result(.fail, "it wrote “\(words)”; use the host's log"))
      }
      if check == .threadsCallbacks, notes.status == .pass, notes.hasStrayCallback {
        return Outcome(result: result(.fail, Trial.strayCallback))
      }
      return Outcome(result: result(notes.status, notes.detail), product: child.produced)
    case nil: return Outcome(result: result(.fail, "the process was lost"))
    }
  }

  /// Checks that run in several surroundings hold when each does and all agree.
  private func merge(
    _ check: ConformanceCheck, _ parts: [(variant: Int, outcome: Outcome, value: [UInt8])]
  ) -> Outcome {
    guard parts.count > 1 else { return parts[0].outcome }
    var outcome = parts.first { $0.outcome.result.status != .pass }?.outcome ?? parts[0].outcome
    outcome.result.milliseconds = parts.reduce(0) { $0 + $1.outcome.result.milliseconds }
    guard outcome.result.status == .pass else { return outcome }
    if check == .determinismMachine, parts[0].value != parts[2].value {
      outcome.result.status = .skip
      outcome.result.detail = "the events differ between processes anyway (determinism.process)"
    } else if let other = parts.first(where: { $0.value != parts[0].value }) {
      let settings =
        check == .determinismProcess
        ? ConformanceRun.surroundings[other.variant].environment.prefix(2).joined(separator: " ")
        : "a single processor"
      outcome.result.status = .fail
      outcome.result.detail = "with \(settings) in another process the events differ from the first process's"
    }
    return outcome
  }
}
