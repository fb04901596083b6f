// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import CExProveABI
internal import EventFlow

extension Trial {
  /// The first rule that a stream breaks, in words.
  func violation(_ stream: Stream) -> String? {
    if let halt = stream.halt { return halt }
    var validator = EventValidator()
    guard let violation = validator.firstViolation(stream.events, frames: stream.frames) else { return nil }
    return
      "\(violation.rule.id) is broken (\(violation.rule.reason)) by \(Stream.brief(stream.events[violation.event])) "
      + "of frame \(stream.events[violation.event].frame)"
  }

  /// Skips when good frames already break the contract, so that damage is not blamed for it.
  func demandGoodStart(_ adapter: LoadedAdapter) throws {
    for group in corpus.groups where !group.frames.isEmpty {
      let session = try TrialSession.open(adapter, configuration(group), notes)
      defer { session.close() }
      if let violation = violation(session.decode(group.frames)) {
        throw Finding.skip("frames that are not damaged break the contract already (events.contract): \(violation)")
      }
    }
  }

  func malformedEmpty() throws -> String {
    let adapter = try load()
    for session in try openings(adapter) {
      for flags: FrameFlags in [[], .outbound, .truncated] {
        let stream = session.decode([Corpus.Entry(bytes: [], flags: flags)])
        if let violation = violation(stream) { throw Finding.fail("an empty frame: \(violation)") }
        guard
          stream.events.contains(where: {
            $0.eventKind == .malformed || $0.eventKind == .unknown || $0.eventKind == .notice
          })
        else { throw Finding.fail("an empty frame gives \(stream.events.map(Stream.brief))") }
      }
      session.close()
    }
    return "empty frames are called malformed or unknown"
  }

  func malformedTruncated() throws -> String {
    let adapter = try load()
    try demandGoodStart(adapter)
    var cuts = 0
    for group in try groups() {
      let session = try TrialSession.open(adapter, configuration(group), notes)
      var validated: [Stream] = []
      for entry in group.frames.prefix(300 * effort) {
        // All lengths of a short frame, some of a long one.
        let lengths =
          entry.bytes.count <= 80
          ? Array(1..<max(1, entry.bytes.count))
          : (0..<40).map { _ in 1 + random.below(entry.bytes.count - 1) } + [entry.bytes.count - 1]
        var parts: [(Int, Stream)] = []
        for length in lengths {
          var part = entry
          part.bytes.removeLast(part.bytes.count - length)
          parts.append((length, session.decode([part], .init(frames: 1))))
          cuts += 1
        }
        let whole = session.decode([entry], .init(frames: 1))
        if let halt = whole.halt { throw Finding.skip("\(halt) (time.progress)") }
        let isJudged = whole.events.contains {
          $0.eventKind != .malformed && $0.eventKind != .unknown && $0.eventKind != .gap
        }
        for (length, part) in parts {
          if isJudged && meaning(part) == meaning(whole) {
            throw Finding.fail(
              "of a frame of \(entry.bytes.count) bytes the first \(length) give the same events as the whole: "
                + "\(whole.events.last.map(Stream.brief) ?? "")")
          }
        }
        validated += parts.map(\.1) + [whole]
      }
      var stream = Stream()
      for part in validated { stream.append(part) }
      if let violation = violation(stream) { throw Finding.fail("among cut frames: \(violation)") }
      session.close()
    }
    return "\(cuts) cuts"
  }

  /// What a stream says, without gaps that only depend on when it was sent.
  private func meaning(_ stream: Stream) -> [String] {
    stream.events.filter { $0.eventKind != .gap }.map(Stream.brief)
  }

  func malformedRandom() throws -> String {
    let adapter = try load()
    try demandGoodStart(adapter)
    var count = 0
    for session in try openings(adapter) {
      let heads = corpus.groups.flatMap { group in group.frames.prefix(200).compactMap(\.bytes.first) }
      var frames: [Corpus.Entry] = []
      for index in 0..<3000 * effort {
        let length = 1 + random.below(index % 50 == 0 ? 4096 : 200)
        var bytes = (0..<length).map { _ in random.byte() }
        if !heads.isEmpty && random.below(2) == 0 { bytes[0] = heads[random.below(heads.count)] }
        let flags: FrameFlags = session.configuration.channel == .orderEntry && random.below(2) == 0 ? .outbound : []
        frames.append(Corpus.Entry(bytes: bytes, flags: flags))
      }
      count += frames.count
      let stream = session.decode(frames)
      if let violation = violation(stream) { throw Finding.fail("random bytes: \(violation)") }
      session.close()
    }
    return "\(count) frames of random bytes"
  }

  func malformedMutated() throws -> String {
    let adapter = try load()
    try demandGoodStart(adapter)
    var mutator = Mutator(random: random)
    var count = 0
    for group in try groups() {
      for _ in 0..<4 * effort {
        let session = try TrialSession.open(adapter, configuration(group), notes)
        let (frames, whole) = mutator.stream(group.frames, count: 2000)
        count += frames.count
        let stream = session.decode(frames)
        if let violation = violation(stream) {
          // Damage is not blamed for what order alone does.
          let undamaged = try TrialSession.open(adapter, configuration(group), notes)
          defer { undamaged.close() }
          guard self.violation(undamaged.decode(whole)) == nil else {
            throw Finding.skip("the same messages undamaged, in the same order, break the contract (malformed.order)")
          }
          throw Finding.fail("damaged frames: \(violation); \(try minimised(frames, group, adapter))")
        }
        session.close()
      }
    }
    return "\(count) damaged frames"
  }

  /// Looks for a short list of frames that breaks the contract just as well, and shows the last one.
  func minimised(_ frames: [Corpus.Entry], _ group: Corpus.Group, _ adapter: LoadedAdapter) throws -> String {
    func breaks(_ frames: [Corpus.Entry]) throws -> Bool {
      let session = try TrialSession.open(adapter, configuration(group), notes)
      defer { session.close() }
      return violation(session.decode(frames)) != nil
    }
    var left = frames
    var size = left.count / 2
    while size >= 1 {
      var start = 0
      while start < left.count {
        let without = Array(left[..<start]) + Array(left[min(start + size, left.count)...])
        if !without.isEmpty, try breaks(without) { left = without } else { start += size }
      }
      size /= 2
    }
    return "\(left.count) frames suffice, the last one is \(hexadecimal(left.last?.bytes.prefix(64) ?? []))"
  }

  func malformedState() throws -> String {
    let adapter = try load()
    var refused = 0
    var tried = 0
    for group in try groups() {
      let session = try TrialSession.open(adapter, configuration(group), notes)
      let fresh = try session.save()
      _ = session.decode(group.frames)
      let state = try session.save()
      session.close()
      var damaged: [[UInt8]] = [[], [0], [UInt8](repeating: 0xFF, count: 64)]
      for cut in [state.count / 2, state.count - 1] where cut > 0 { damaged.append(Array(state.prefix(cut))) }
      damaged.append(state + [0])
      // Sparse states are mostly zeros: the bytes that carry something are damaged first.
      let telling = state.indices.filter { state[$0] != 0 }
      for round in 0..<300 * effort where !state.isEmpty {
        var bytes = state
        let place =
          round % 2 == 0 && !telling.isEmpty ? telling[random.below(telling.count)] : random.below(bytes.count)
        bytes[place] = round % 3 == 0 ? random.byte() : bytes[place] ^ 1 << UInt8(random.below(8))
        damaged.append(bytes)
      }
      for bytes in damaged where bytes != state {
        let other = try TrialSession.open(adapter, configuration(group), notes)
        defer { other.close() }
        _ = other.decode(group.frames.prefix(5))
        tried += 1
        let status = other.load(bytes)
        if status == Status.ok {
          _ = other.decode(group.frames.suffix(50))
          continue
        }
        guard status == Status.badData || status == Status.notImplemented else {
          throw Finding.fail("load of damaged bytes answered \(describe(status, "")), not EXPROVE_BAD_DATA")
        }
        refused += 1
        guard try other.save() == fresh else {
          throw Finding.fail("after load refused \(bytes.count) damaged bytes the session is not as after reset")
        }
      }
    }
    return "\(refused) of \(tried) damaged states refused, none did harm"
  }
}
