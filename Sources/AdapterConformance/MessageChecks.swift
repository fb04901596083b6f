// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import CExProveABI
internal import EventFlow

extension Trial {
  func metadataMessages() throws -> String {
    let adapter = try load()
    var sums = [UInt64](repeating: 0, count: manifest.messages.count)
    for group in try groups() {
      let session = try TrialSession.open(adapter, configuration(group), notes)
      defer { session.close() }
      _ = session.decode(group.frames)
      for (index, value) in try session.counters().enumerated() { sums[index] &+= value }
    }
    let unmet = manifest.messages.indices.filter { sums[$0] == 0 }.map { manifest.messages[$0] }
    guard unmet.isEmpty else {
      let shown = unmet.prefix(8).joined(separator: ", ") + (unmet.count > 8 ? " and \(unmet.count - 8) more" : "")
      throw Finding.warn(
        "of \(manifest.messages.count) message types \(unmet.count) are not met: \(shown); give captures that have them"
      )
    }
    return "all \(manifest.messages.count) message types"
  }

  func malformedOrder() throws -> String {
    let adapter = try load()
    try demandGoodStart(adapter)
    var mutator = Mutator(random: random)
    var count = 0
    for group in try groups() {
      for _ in 0..<2 * effort {
        let frames = mutator.shuffled(group.frames, count: 2000)
        let session = try TrialSession.open(adapter, configuration(group), notes)
        count += frames.count
        if let violation = violation(session.decode(frames)) {
          throw Finding.fail(
            "messages out of order: \(violation); \(try minimised(frames, group, adapter))")
        }
        session.close()
      }
    }
    return "\(count) messages doubled, left out and out of order"
  }

  func malformedOversized() throws -> String {
    let adapter = try load()
    try demandGoodStart(adapter)
    var count = 0
    for group in try groups() {
      let session = try TrialSession.open(adapter, configuration(group), notes)
      defer { session.close() }
      // One of each beginning and length, so that every kind of message has its turn.
      var seen: Set<[UInt8]> = []
      let kinds = group.frames.filter { entry in
        seen.insert(Array(entry.bytes.prefix(1)) + [UInt8(truncatingIfNeeded: entry.bytes.count)]).inserted
      }
      for entry in kinds.prefix(40 * effort) {
        for extra in [1, 2, 8, 64, 1000, 5000, 32_768] {
          var grown = entry
          let filler: UInt8 = [0, 0xFF, 0x20, random.byte()][random.below(4)]
          grown.bytes += [UInt8](repeating: filler, count: extra)
          let stream = session.decode([grown], .init(frames: 1))
          count += 1
          // Alone: the definitions before it are another check's matter, so only the shape is looked at.
          if let violation = shapeViolation(stream) {
            throw Finding.fail("a frame of \(entry.bytes.count) bytes with \(extra) to spare: \(violation)")
          }
        }
      }
    }
    return "\(count) messages with bytes to spare"
  }

  /// As `violation`, for a stream from the middle of a session: rules that need what was defined before are left out.
  private func shapeViolation(_ stream: Stream) -> String? {
    if let halt = stream.halt { return halt }
    var validator = EventValidator()
    validator.definitions = StreamDefinitions()
    for event in stream.events {
      guard let kind = EventKind(rawValue: event.kind) else { return "kind \(event.kind) is none of exprove_kind" }
      if kind == .text || kind == .instrument { continue }
      if event.flags & ~EventFlags.all.rawValue != 0 || event.reserved != 0 || event.side > 2 || event.quantity < 0 {
        return "\(Stream.brief(event)) has a flag, side, quantity or reserved field out of bounds"
      }
    }
    guard stream.events.last?.has(.last) ?? true else { return "its last event has no EXPROVE_FLAG_LAST" }
    return nil
  }

  func malformedGaps() throws -> String {
    let real = real(.marketData).filter { $0.frames.count > 8 }
    guard !real.isEmpty else { throw Finding.skip("only a capture's messages are numbered; give one with --capture") }
    let adapter = try load()
    var dropped = 0
    for group in real {
      let session = try TrialSession.open(adapter, configuration(group), notes)
      let stream = session.decode(group.frames, .init(frames: 1))
      session.close()
      if let halt = stream.halt { throw Finding.skip("\(halt) (time.progress)") }
      var numbers = [UInt64](repeating: 0, count: group.frames.count)
      var broken = [Bool](repeating: false, count: group.frames.count)
      for event in stream.events where Int(event.frame) < numbers.count {
        if event.eventKind == .gap { broken[Int(event.frame)] = true }
        if event.eventKind != .gap, event.venue_sequence != 0 { numbers[Int(event.frame)] = event.venue_sequence }
      }
      let steps = numbers.indices.dropFirst().filter { numbers[$0 - 1] != 0 && numbers[$0] == numbers[$0 - 1] &+ 1 }
      // A venue whose messages follow one another by one, nearly always, is one that numbers them.
      guard steps.count * 10 > group.frames.count * 8 else { continue }
      for _ in 0..<16 {
        let at = 2 + random.below(group.frames.count - 4)
        guard numbers[at] == numbers[at - 1] &+ 1, numbers[at + 1] == numbers[at] &+ 1, !broken[at + 1] else {
          continue
        }
        var frames = Array(group.frames.prefix(at + 2))
        frames.remove(at: at)
        let other = try TrialSession.open(adapter, configuration(group), notes)
        let cut = other.decode(frames, .init(frames: 1))
        other.close()
        // Numbers that the adapter counts itself close up behind what is missing; nobody can know of it then.
        let kept = cut.events(of: at).contains { $0.eventKind != .gap && $0.venue_sequence == numbers[at + 1] }
        let isTold = cut.events(of: at).contains { $0.eventKind == .gap || $0.eventKind == .malformed }
        guard kept || isTold else { continue }
        dropped += 1
        guard isTold else {
          throw Finding.fail(
            "without message \(numbers[at]) (frame \(at)) message \(numbers[at] &+ 1) brings no gap: "
              + (cut.events(of: at).last.map(Stream.brief) ?? "no event"))
        }
      }
    }
    guard dropped > 0 else { throw Finding.skip("the venue does not number its messages one by one") }
    return "\(dropped) missing messages reported"
  }
}
