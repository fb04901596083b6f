// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import CExProveABI
internal import EventFlow

/// The text form of a capture's events that a vendor keeps under version control: a line an event, so that a difference
/// reads as one.
///
///     exprove-expected/1
///     FRAME KIND FIELD=VALUE…
///
/// FRAME counts the capture's frames from 0. Fields that are zero, and an instrument that there is none, are left out.
enum ExpectedEvents {
  static let header = "exprove-expected/1"

  static func text(_ stream: Stream) -> [UInt8] {
    var lines = [header]
    lines.reserveCapacity(stream.events.count + 1)
    for event in stream.events { lines.append(line(event)) }
    if let halt = stream.halt { lines.append("halted: \(halt)") }
    return Array((lines.joined(separator: "\n") + "\n").utf8)
  }

  static func line(_ event: Event) -> String {
    var text = "\(event.frame) \(event.eventKind?.name ?? "kind-\(event.kind)")"
    func add(_ name: String, _ value: some BinaryInteger) { if value != 0 { text += " \(name)=\(value)" } }
    add("time", event.event_time)
    if event.eventKind == .text {
      text += " number=\(event.instrument) bytes=\(hexadecimal(Trial.textBytes(event)))"
    } else {
      add("sequence", event.venue_sequence)
      add("order", event.order_id)
      add("price", event.price)
      add("quantity", event.quantity)
      add("aux", event.aux)
      if event.instrument != noInstrument { text += " instrument=\(event.instrument)" }
      add("level", event.level)
    }
    add("side", event.side)
    if event.flags != 0 { text += " flags=0x\(String(event.flags, radix: 16))" }
    add("reserved", event.reserved)
    return text
  }

  /// The first line that differs, from 1, with both texts; nil when they are equal.
  static func firstDifference(_ now: [UInt8], _ expected: [UInt8]) -> (line: Int, now: String?, expected: String?)? {
    let left = now.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    let right = expected.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    func text(_ lines: [ArraySlice<UInt8>], _ index: Int) -> String? {
      index < lines.count && !lines[index].isEmpty ? String(decoding: lines[index].prefix(400), as: UTF8.self) : nil
    }
    for index in 0..<max(left.count, right.count) {
      guard index < left.count, index < right.count, left[index] == right[index] else {
        return (index + 1, text(left, index), text(right, index))
      }
    }
    return nil
  }
}

extension Trial {
  /// Hands over the text of each capture's events: u64 size · text, in the order of the captures.
  func eventsExpected() throws -> String {
    let adapter = try load()
    var count = 0
    for group in corpus.groups where group.isReal && group.channel == .marketData {
      let session = try TrialSession.open(adapter, configuration(group), notes)
      let stream = session.decode(group.frames, .init(frames: 16))
      session.close()
      count += stream.events.count
      let text = ExpectedEvents.text(stream)
      let size = (0..<8).map { UInt8(truncatingIfNeeded: text.count >> ($0 * 8)) }
      ChildProcess.write(size + text, to: ChildProcess.Descriptor.product)
    }
    return "\(count) events"
  }
}

extension ConformanceRun {
  /// Holds each capture's events against what its expected-events file says, and puts them down for a blessing.
  func compareExpectations(
    _ image: AdapterImage, _ corpus: Corpus, _ report: inout ConformanceReport
  ) -> ConformanceResult {
    let outcome = conduct([Job(check: .eventsExpected)], image, corpus, { _ in })[.eventsExpected]
    guard var result = outcome?.result else {
      return ConformanceResult(
        check: .eventsExpected, status: .fail, detail: "the process was lost", milliseconds: 0,
        reproduce: reproduce(.eventsExpected))
    }
    guard result.status == .pass else { return result }
    var texts: [[UInt8]] = []
    var rest = (outcome?.product ?? [])[...]
    while rest.count >= 8 {
      let size = rest.prefix(8).enumerated().reduce(0) { $0 | Int($1.element) << ($1.offset * 8) }
      rest = rest.dropFirst(8)
      texts.append(Array(rest.prefix(size)))
      rest = rest.dropFirst(size)
    }
    guard texts.count == captures.count else {
      result.status = .fail
      result.detail = "\(texts.count) of \(captures.count) captures gave events"
      return result
    }
    var compared = 0
    for (index, capture) in captures.enumerated() {
      report.events[capture] = texts[index]
      guard let expected = expectations[capture] else { continue }
      compared += 1
      guard let difference = ExpectedEvents.firstDifference(texts[index], expected) else { continue }
      result.status = .fail
      result.detail = describe(difference, capture, corpus.groups[index])
      return result
    }
    if compared == 0 {
      result.status = .skip
      result.detail = "no capture has expected events; --bless writes them"
    } else {
      result.detail = "\(compared) captures give the events that are expected"
    }
    return result
  }

  private func describe(
    _ difference: (line: Int, now: String?, expected: String?), _ capture: String, _ group: Corpus.Group
  ) -> String {
    let frame = (difference.now ?? difference.expected).flatMap { $0.split(separator: " ").first.flatMap { Int($0) } }
    var text = "\(capture): line \(difference.line) of its expected events is "
    text += difference.expected.map { "“\($0)”" } ?? "missing"
    text += ", the adapter gives " + (difference.now.map { "“\($0)”" } ?? "nothing more")
    if let frame, group.frames.indices.contains(frame) {
      let bytes = group.frames[frame].bytes
      text += "; frame \(frame), \(bytes.count) bytes: \(hexadecimal(bytes.prefix(64)))\(bytes.count > 64 ? "…" : "")"
    }
    return text + "; if the new events are right, --bless writes them"
  }
}
