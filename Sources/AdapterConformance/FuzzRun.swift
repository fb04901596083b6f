// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import CExProveABI
internal import EventFlow
internal import Glibc

/// How long to look for frames that break an adapter.
package struct FuzzPlan: Equatable, Sendable {
  /// Draws of some frames each; nil: as many as the time allows.
  package var iterations: Int?
  /// Wall seconds; nil: only the iterations count.
  package var seconds: Int?
  package static let usualIterations = 2000

  package init(iterations: Int? = nil, seconds: Int? = nil) {
    self.iterations = iterations
    self.seconds = seconds
  }
}

/// Frames that break the adapter, as few and as short as were found.
package struct FuzzFinding: Equatable, Sendable {
  package var draw: Int
  package var status: ConformanceStatus
  package var detail: String
  /// The frames as a capture of their own: lines where the venue sends lines, else length-prefixed (two bytes,
  /// big-endian, before each).
  package var capture: [UInt8]
  package var isText: Bool
  package var frames: Int
}

extension Trial {
  /// Frames of one draw.
  private static let drawSize = 96

  /// `extra`: the first draw and how many; or `replay`, and then the corpus is what is decoded.
  func fuzzCapture() throws -> String {
    let adapter = try load()
    if extra.first == "replay" {
      for group in try groups() {
        let session = try TrialSession.open(adapter, configuration(group), notes)
        if let violation = violation(session.decode(group.frames, .init(frames: 1))) { throw Finding.fail(violation) }
        session.close()
      }
      return "nothing is broken"
    }
    let real = real(.marketData)
    guard !real.isEmpty else { throw Finding.skip("there is nothing to learn from; give a capture with --capture") }
    guard extra.count == 2, let start = Int(extra[0]), let count = Int(extra[1]) else {
      throw Finding.skip("no draws were asked for")
    }
    try demandGoodStart(adapter)
    let mutators = real.map { FuzzMutator(learning: $0.frames) }
    for draw in start..<start + count {
      let which = draw % real.count
      var random = SplitMix(seed: seed, stream: "fuzz \(draw)")
      let group = Corpus.Group(
        framing: real[which].framing, channel: real[which].channel, isReal: true,
        frames: mutators[which].stream(&random, count: Trial.drawSize))
      // Put down before it is tried, so that it is there when this process is not any more.
      var attempt = Corpus()
      attempt.groups = [group]
      let head = (0..<8).map { UInt8(truncatingIfNeeded: draw >> ($0 * 8)) }
      guard ftruncate(ChildProcess.Descriptor.product, 0) == 0,
        lseek(ChildProcess.Descriptor.product, 0, SEEK_SET) == 0,
        ChildProcess.write(head + attempt.encoded, to: ChildProcess.Descriptor.product)
      else { throw Finding.skip("there is no room for what is tried") }
      let session = try TrialSession.open(adapter, configuration(group), notes)
      defer { session.close() }
      if let violation = violation(session.decode(group.frames, .init(frames: 1))) { throw Finding.fail(violation) }
    }
    _ = ftruncate(ChildProcess.Descriptor.product, 0)
    return mutators.map(\.summary).joined(separator: "; ")
  }
}

extension ConformanceRun {
  private static let drawsOfOneProcess = 500
  private static let mostFindings = 8
  private static let mostTrials = 400

  /// Draws until the plan is done; each finding is made as small as it can be, and the search goes on behind it.
  func runFuzz(_ image: AdapterImage, _ corpus: Corpus, _ report: inout ConformanceReport) -> ConformanceResult {
    let plan = fuzz ?? FuzzPlan()
    let total = plan.iterations ?? (plan.seconds == nil ? FuzzPlan.usualIterations : .max)
    let started = ChildProcess.milliseconds
    var next = 0
    var learned = ""
    var seen: [String] = []
    var result = ConformanceResult(
      check: .fuzzCapture, status: .pass, detail: "", milliseconds: 0, reproduce: reproduce(.fuzzCapture))
    while next < total, report.findings.count < ConformanceRun.mostFindings {
      if let seconds = plan.seconds, ChildProcess.milliseconds - started > Int64(seconds) * 1000 { break }
      let count = min(ConformanceRun.drawsOfOneProcess, total - next)
      let outcome = runOnce(image, corpus, ["\(next)", "\(count)"])
      if outcome.result.status == .skip {
        result.status = .skip
        result.detail = outcome.result.detail
        return result
      }
      guard outcome.result.status.isFailure else {
        learned = outcome.result.detail
        next += count
        continue
      }
      let product = outcome.product
      guard product.count > 8 else {
        result.status = outcome.result.status
        result.detail = outcome.result.detail
        return result
      }
      let draw = product.prefix(8).enumerated().reduce(0) { $0 | Int($1.element) << ($1.offset * 8) }
      next = draw + 1
      let signature = "\(outcome.result.status) " + outcome.result.detail.prefix { !$0.isNumber }
      if seen.contains(signature) { continue }
      seen.append(signature)
      guard let group = Corpus(decoding: Array(product.dropFirst(8))).groups.first else { continue }
      report.findings.append(minimise(group, outcome.result, draw, image))
    }
    result.milliseconds = Int(ChildProcess.milliseconds - started)
    if let first = report.findings.first {
      result.status = first.status
      result.detail =
        "\(report.findings.count) findings in \(next) draws; the first, of draw \(first.draw): \(first.detail)"
      var shorter = self
      shorter.fuzz = FuzzPlan(iterations: first.draw + 1)
      result.reproduce = shorter.reproduce(.fuzzCapture)
    } else {
      result.detail = "\(next) draws of 96 frames; learned: \(learned)"
      var shorter = self
      shorter.fuzz = FuzzPlan(iterations: next)
      result.reproduce = shorter.reproduce(.fuzzCapture)
    }
    return result
  }

  private func runOnce(_ image: AdapterImage, _ corpus: Corpus, _ extra: [String]) -> Outcome {
    let file = ChildProcess.file(corpus.encoded)
    defer { if file >= 0 { close(file) } }
    let child = start(Job(check: .fuzzCapture, extra: extra), image, file)
    while child?.poll() == false { usleep(500) }
    return outcome(of: child, .fuzzCapture)
  }

  /// Leaves out frames, then bytes of the last one, for as long as the end is of the same kind; each attempt is a
  /// process of its own.
  private func minimise(
    _ group: Corpus.Group, _ found: ConformanceResult, _ draw: Int, _ image: AdapterImage
  ) -> FuzzFinding {
    var trials = 0
    var detail = found.detail
    func breaks(_ frames: [Corpus.Entry]) -> Bool {
      // A hang is too slow to be tried often.
      guard !frames.isEmpty, trials < (found.status == .timeout ? 0 : ConformanceRun.mostTrials) else { return false }
      trials += 1
      var corpus = Corpus()
      corpus.groups = [.init(framing: group.framing, channel: group.channel, isReal: true, frames: frames)]
      let outcome = runOnce(image, corpus, ["replay"])
      guard outcome.result.status == found.status else { return false }
      detail = outcome.result.detail
      return true
    }
    var left = group.frames
    var size = max(1, left.count / 2)
    while size >= 1 {
      var start = 0
      while start < left.count {
        let without = Array(left[..<start]) + Array(left[min(start + size, left.count)...])
        if breaks(without) { left = without } else { start += size }
      }
      if size == 1 { break }
      size /= 2
    }
    if var last = left.last {
      var piece = max(1, last.bytes.count / 2)
      while piece >= 1 {
        var start = 0
        while start < last.bytes.count {
          var shorter = last
          shorter.bytes.removeSubrange(start..<min(start + piece, last.bytes.count))
          if breaks(Array(left.dropLast()) + [shorter]) { last = shorter } else { start += piece }
        }
        if piece == 1 { break }
        piece /= 2
      }
      left[left.count - 1] = last
    }
    let newline = UInt8(ascii: "\n")
    let isText = group.framing == .line && !left.contains { $0.bytes.contains(newline) }
    let capture = left.flatMap { entry in
      isText
        ? entry.bytes + [newline]
        : [UInt8(truncatingIfNeeded: entry.bytes.count >> 8), UInt8(truncatingIfNeeded: entry.bytes.count)]
          + entry.bytes
    }
    detail += "; \(left.count) frames suffice, the last one is \(hexadecimal(left.last?.bytes.prefix(64) ?? []))"
    return FuzzFinding(
      draw: draw, status: found.status, detail: detail, capture: capture, isText: isText,
      frames: left.count)
  }
}
