// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import CExProveABI
internal import EventFlow
internal import Glibc

extension Trial {
  /// Decodes the captures with this adapter and another, given by path and digest, and compares event by event.
  func differentialAgainst() throws -> String {
    guard extra.count == 2 else { throw Finding.skip("no other adapter was given") }
    let other = try AdapterImage.read(path: extra[0])
    guard other.digestText == extra[1] else { throw Finding.fail("the other file changed while it was compared") }
    let adapter = try load()
    notes.record(.load)
    let second = try LoadedAdapter(other, enforcingRules: false)
    notes.settle()
    var events = 0
    for group in try groups() where group.isReal {
      guard other.manifest.framings.contains(group.framing), other.manifest.channels.contains(group.channel) else {
        throw Finding.fail("\(extra[0]) does not take frames of \(group.framing.name)/\(group.channel.name)")
      }
      let left = try TrialSession.open(adapter, configuration(group), notes)
      let right = try TrialSession.open(second, configuration(group), notes)
      let call = TrialSession.Call(frames: 16)
      let (ours, theirs) = (left.decode(group.frames, call), right.decode(group.frames, call))
      left.close()
      right.close()
      events += ours.events.count
      guard let difference = Trial.parting(ours, theirs) else { continue }
      let entry = group.frames.indices.contains(difference.frame) ? group.frames[difference.frame].bytes : []
      throw Finding.fail(
        "\(difference.text); frame \(difference.frame), \(entry.count) bytes: \(hexadecimal(entry.prefix(64)))")
    }
    guard events > 0 else { throw Finding.skip("there is no capture to compare on; give one with --capture") }
    return "\(events) events, the same by \(other.manifest.name) \(other.manifest.version)"
  }

  private static func parting(_ ours: Stream, _ theirs: Stream) -> (text: String, frame: Int)? {
    for (index, (event, other)) in zip(ours.events, theirs.events).enumerated() where !Stream.same(event, other) {
      return (
        "event \(index) is \(Stream.brief(event)) here and \(Stream.brief(other)) there",
        Int(min(event.frame, other.frame))
      )
    }
    let shorter = min(ours.events.count, theirs.events.count)
    if ours.events.count != theirs.events.count {
      let next = ours.events.count > shorter ? ours.events[shorter] : theirs.events[shorter]
      return (
        "here are \(ours.events.count) events, there \(theirs.events.count); the first beyond is \(Stream.brief(next))",
        Int(next.frame)
      )
    }
    guard ours.halt == theirs.halt, ours.frames == theirs.frames else {
      return ("one of both stops early: \(ours.halt ?? theirs.halt ?? "")", min(ours.frames, theirs.frames))
    }
    return nil
  }

  /// Everything that reaches the adapter's code, once more, in a build that watches its memory and arithmetic.
  func sanitizerClean() throws -> String {
    notes.record(.load)
    let adapter = try LoadedAdapter(image, byPath: true, enforcingRules: false)
    notes.settle()
    var mutator = Mutator(random: random)
    var frames = 0
    for session in try openings(adapter) {
      for frame in [[], [0], [UInt8](repeating: 0xFF, count: 100)] {
        _ = session.decode([Corpus.Entry(bytes: frame)])
      }
      session.close()
    }
    for group in try groups() {
      for stream in [
        group.frames, mutator.stream(group.frames, count: 2000 * effort).damaged,
        mutator.shuffled(group.frames, count: 1000 * effort),
      ] {
        let session = try TrialSession.open(adapter, configuration(group), notes)
        _ = session.decode(stream)
        frames += stream.count
        let state = try session.save()
        _ = try session.counters()
        let other = try TrialSession.open(adapter, configuration(group), notes)
        _ = other.load(state)
        _ = other.decode(stream.suffix(50))
        for _ in 0..<50 {
          var damaged = state
          if !damaged.isEmpty { damaged[random.below(damaged.count)] ^= 1 << UInt8(random.below(8)) }
          _ = other.load(damaged)
        }
        if manifest.hasFrameTime { _ = try session.frameTimes(Array(stream.prefix(500)), together: true) }
        other.close()
        try session.reset()
        session.close()
      }
    }
    return "\(frames) frames, whole, damaged and out of order"
  }
}

extension ConformanceRun {
  func compareBuilds(_ image: AdapterImage, _ corpus: Corpus) throws(AdapterError) -> ConformanceResult {
    let other = try AdapterImage.read(path: against ?? "")
    let job = Job(check: .differentialAgainst, extra: [absolute(other.path), other.digestText])
    return conduct([job], image, corpus, { _ in })[.differentialAgainst]?.result
      ?? ConformanceResult(
        check: .differentialAgainst, status: .fail, detail: "the process was lost", milliseconds: 0,
        reproduce: reproduce(.differentialAgainst))
  }

  /// Runs a sanitizer build in a process that has its runtime loaded first, and reads what the runtime printed.
  func runSanitized(_ image: AdapterImage, _ corpus: Corpus) throws(AdapterError) -> ConformanceResult {
    func result(_ status: ConformanceStatus, _ detail: String, _ milliseconds: Int = 0) -> ConformanceResult {
      ConformanceResult(
        check: .sanitizerClean, status: status, detail: detail, milliseconds: milliseconds,
        reproduce: reproduce(.sanitizerClean))
    }
    let build = try AdapterImage.read(path: sanitized ?? "")
    guard build.manifest == image.manifest else {
      return result(.fail, "\(build.path): its manifest is another than that of \(path); build both from one source")
    }
    let runtimes = build.facts.needed.filter {
      $0.hasPrefix("libasan.so") || $0.hasPrefix("libubsan.so") || $0.hasPrefix("libclang_rt.")
    }
    guard let runtime = runtimes.first(where: { !$0.hasPrefix("libubsan") }) ?? runtimes.first else {
      return result(
        .skip,
        "\(build.path): it needs no sanitizer's runtime as a library; compile with -fsanitize=address,undefined (with clang: "
          + "-shared-libsan)")
    }
    let file = ChildProcess.file(corpus.encoded)
    defer { if file >= 0 { close(file) } }
    guard let child = start(Job(check: .sanitizerClean), build, file, preloading: runtime) else {
      return result(.fail, "no process could be started: \(executable)")
    }
    while !child.poll() { usleep(2000) }
    let printed = String(decoding: child.printed, as: UTF8.self)
    if printed.contains("LD_PRELOAD cannot be preloaded") || printed.contains("from LD_PRELOAD cannot be") {
      return result(.skip, "the runtime \(runtime) is not installed here", child.elapsed)
    }
    if let finding = ConformanceRun.sanitizerFinding(printed) {
      return result(.fail, "\(finding), \(child.notes.lastCall)", child.elapsed)
    }
    return outcome(of: child, .sanitizerClean).result
  }

  /// The line in which AddressSanitizer or UndefinedBehaviorSanitizer says what it found.
  static func sanitizerFinding(_ text: String) -> String? {
    for line in text.split(separator: "\n") {
      for word in ["ERROR: AddressSanitizer: ", "runtime error: ", "ERROR: LeakSanitizer: "] {
        guard let range = line.firstRange(of: word) else { continue }
        let reason = word.hasPrefix("runtime") ? line : line[range.lowerBound...]
        return String(reason.prefix(300)).map { $0.isASCII && !$0.isNewline ? String($0) : "?" }.joined()
      }
    }
    return nil
  }
}
