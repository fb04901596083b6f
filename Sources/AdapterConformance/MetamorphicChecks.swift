// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import CExProveABI
internal import EventFlow

/// Checks that know no right answer, but how the answer must change when the question does.
extension Trial {
  private func realGroups() throws -> [Corpus.Group] {
    let real = real(.marketData)
    guard !real.isEmpty else { throw Finding.skip("it takes a capture; give one with --capture") }
    return real
  }

  private func decoded(
    _ frames: [Corpus.Entry], _ group: Corpus.Group, _ adapter: LoadedAdapter, dayStart: Int64 = Trial.dayStart
  ) throws -> Stream {
    var configuration = configuration(group)
    configuration.dayStart = dayStart
    let session = try TrialSession.open(adapter, configuration, notes)
    defer { session.close() }
    // One by one: what depends on the batch is another check's matter.
    let stream = session.decode(frames, .init(frames: 1))
    if let halt = stream.halt { throw Finding.skip("\(halt) (time.progress)") }
    return stream
  }

  // MARK: Names

  func metamorphicRename() throws -> String {
    let adapter = try load()
    var lines: [String] = []
    var reasons: [String] = []
    for group in try realGroups() {
      let first = try decoded(group.frames, group, adapter)
      for symbol in symbols(first).prefix(4) {
        guard let name = otherName(symbol) else {
          reasons.append("“\(Trial.text(symbol))” has no letters or digits to change")
          continue
        }
        var touched = 0
        let frames = group.frames.map { entry in
          var renamed = entry
          touched += Trial.replace(symbol, by: name, in: &renamed.bytes)
          return renamed
        }
        guard touched > 0 else {
          reasons.append("“\(Trial.text(symbol))” does not stand in the frames as it is")
          continue
        }
        let second = try decoded(frames, group, adapter)
        // Names that are checked elsewhere, by a check sum or a list, cannot be changed alone.
        guard troubles(second) == troubles(first) else {
          reasons.append("frames with “\(Trial.text(name))” for “\(Trial.text(symbol))” are not taken")
          continue
        }
        if let difference = renamedDifference(second, first, symbol, name) {
          throw Finding.fail("with “\(Trial.text(name))” for “\(Trial.text(symbol))”: \(difference)")
        }
        lines.append("“\(Trial.text(symbol))” in \(touched) places")
      }
    }
    guard !lines.isEmpty else { throw Finding.skip(reasons.first ?? "no symbol is defined") }
    return lines.joined(separator: ", ")
  }

  /// The texts that instrument definitions name, of three bytes at least: shorter ones stand everywhere.
  private func symbols(_ stream: Stream) -> [[UInt8]] {
    var texts: [UInt32: [UInt8]] = [:]
    var found: [[UInt8]] = []
    for event in stream.events {
      if event.eventKind == .text {
        texts[event.instrument, default: []] += Trial.textBytes(event)
      } else if event.eventKind == .instrument, let text = texts[UInt32(truncatingIfNeeded: event.aux)],
        text.count >= 3,
        !found.contains(text)
      {
        found.append(text)
      }
    }
    return found
  }

  static func textBytes(_ event: Event) -> [UInt8] {
    let words = [
      event.venue_sequence, event.order_id, UInt64(bitPattern: event.price), UInt64(bitPattern: event.quantity),
      event.aux,
    ]
    let bytes = words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } }
    return Array(bytes.prefix(Int(event.level)))
  }

  /// As long, of the same kinds of characters; the last letter or digit is another.
  private func otherName(_ symbol: [UInt8]) -> [UInt8]? {
    var name = symbol
    for index in name.indices.reversed() {
      switch name[index] {
      case UInt8(ascii: "Z"): name[index] = UInt8(ascii: "Q")
      case UInt8(ascii: "z"): name[index] = UInt8(ascii: "q")
      case UInt8(ascii: "9"): name[index] = UInt8(ascii: "1")
      case UInt8(ascii: "A")..<UInt8(ascii: "Z"), UInt8(ascii: "a")..<UInt8(ascii: "z"),
        UInt8(ascii: "0")..<UInt8(ascii: "9"):
        name[index] += 1
      default: continue
      }
      return name
    }
    return nil
  }

  private static func replace(_ old: [UInt8], by new: [UInt8], in bytes: inout [UInt8]) -> Int {
    var count = 0
    var at = 0
    while at + old.count <= bytes.count {
      if bytes[at] == old[0], bytes[at..<at + old.count].elementsEqual(old) {
        bytes.replaceSubrange(at..<at + old.count, with: new)
        count += 1
        at += old.count
      } else {
        at += 1
      }
    }
    return count
  }

  private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  /// How many events tell of something amiss.
  private func troubles(_ stream: Stream) -> Int {
    stream.events.count { [.malformed, .unknown, .gap].contains($0.eventKind) }
  }

  private func renamedDifference(_ second: Stream, _ first: Stream, _ old: [UInt8], _ new: [UInt8]) -> String? {
    guard second.events.count == first.events.count else {
      return "there are \(second.events.count) events, before there were \(first.events.count)"
    }
    for (now, before) in zip(second.events, first.events) where !Stream.same(now, before) {
      if now.eventKind == .text, before.eventKind == .text, now.level == before.level,
        now.instrument == before.instrument
      {
        var expected = Trial.textBytes(before)
        _ = Trial.replace(old, by: new, in: &expected)
        if Trial.textBytes(now) == expected { continue }
      }
      return "\(Stream.brief(now)) of frame \(now.frame), before it was \(Stream.brief(before))"
    }
    return nil
  }

  // MARK: Days

  func metamorphicShift() throws -> String {
    let adapter = try load()
    let day: Int64 = 86_400_000_000_000
    var shifted = 0
    var dated = 0
    for group in try realGroups() {
      let first = try decoded(group.frames, group, adapter)
      let second = try decoded(group.frames, group, adapter, dayStart: Trial.dayStart + day)
      guard second.events.count == first.events.count else {
        throw Finding.fail(
          "on the next day there are \(second.events.count) events, before there were \(first.events.count)")
      }
      var step: Int64?
      for (now, before) in zip(second.events, first.events) {
        var moved = now
        moved.event_time = before.event_time
        let change = now.event_time - before.event_time
        let isTimed = !before.has(.noEventTime) && before.eventKind != .text && before.event_time != 0
        guard Stream.same(moved, before), change == 0 || change == day, !isTimed || step == nil || step == change else {
          throw Finding.fail(
            "on the next day \(Stream.brief(before)) of frame \(before.frame) is \(Stream.brief(now)); times of others "
              + "move by \(step.map { "\($0) ns" } ?? "a day")")
        }
        guard isTimed else { continue }
        step = change
        if change == day { shifted += 1 } else { dated += 1 }
      }
    }
    return "\(shifted) times moved by a day, \(dated) have a date of their own"
  }

  // MARK: Disjoint instruments

  func metamorphicInterleave() throws -> String {
    let adapter = try load()
    var moved = 0
    var reason = "the capture has messages of one instrument only"
    for group in try realGroups() {
      let first = try decoded(group.frames, group, adapter)
      var owners = [UInt32](repeating: noInstrument, count: group.frames.count)
      for event in first.events where Int(event.frame) < owners.count {
        // A frame that defines, or that concerns several or none, stays where it is.
        let isOwn = event.instrument != noInstrument && event.eventKind != .text && event.eventKind != .instrument
        let before = owners[Int(event.frame)]
        if event.eventKind == .gap { continue }
        owners[Int(event.frame)] =
          isOwn && (before == noInstrument || before == event.instrument) ? event.instrument : .max - 1
      }
      var order = Array(group.frames.indices)
      var swaps = 0
      for round in 0..<3 {
        for index in order.indices.dropLast() where random.below(3) > round / 2 {
          let (left, right) = (owners[order[index]], owners[order[index + 1]])
          guard left != right, left < .max - 1, right < .max - 1 else { continue }
          order.swapAt(index, index + 1)
          swaps += 1
        }
      }
      guard swaps > 0 else { continue }
      let second = try decoded(order.map { group.frames[$0] }, group, adapter)
      let before = streams(first, owners, Array(group.frames.indices))
      let now = streams(second, owners, order)
      guard now.allSatisfy({ $0.value.count == before[$0.key]?.count }) else {
        reason = "the venue's messages are refused out of order"
        continue
      }
      // Where messages are numbered, one that comes late is told as a repeat.
      let isRefused = now.contains { instrument, events in
        zip(events, before[instrument] ?? []).contains { $0.eventKind == .notice && $1.eventKind != .notice }
      }
      guard !isRefused else {
        reason = "the venue's messages are refused out of order"
        continue
      }
      for (instrument, events) in now.sorted(by: { $0.key < $1.key }) {
        for (event, earlier) in zip(events, before[instrument] ?? []) where !Stream.same(event, earlier) {
          throw Finding.fail(
            "with messages of other instruments moved, instrument \(instrument) has \(Stream.brief(event)), before it had "
              + Stream.brief(earlier))
        }
      }
      moved += swaps
    }
    guard moved > 0 else { throw Finding.skip(reason) }
    return "\(moved) messages moved past those of other instruments"
  }

  /// The events of each instrument, gaps left out, with the frame's first number in the capture.
  private func streams(_ stream: Stream, _ owners: [UInt32], _ order: [Int]) -> [UInt32: [Event]] {
    var result: [UInt32: [Event]] = [:]
    for var event in stream.events where Int(event.frame) < order.count && event.eventKind != .gap {
      let frame = order[Int(event.frame)]
      guard owners[frame] < .max - 1 else { continue }
      event.frame = UInt32(frame)
      result[owners[frame], default: []].append(event)
    }
    return result
  }
}
