// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
package import EventFlow
internal import ExecutionIR

/// Events as text: JSON lines or CSV, decimals exact, times as integers. One row per event, in the total order. `aux` and
/// `level` stand as they are: `event.h` tells by kind what they mean, such as the match of a trade or the order that is
/// replaced.
package struct EventLines {
  package enum Format: String, CaseIterable, Sendable { case jsonl, csv }

  private let format: Format
  private var directory: InstrumentDirectory
  private let feeds: [String]
  private var sequence: UInt64 = 0

  /// `feeds` names the venue of each feed, by number.
  package init(format: Format, feeds: [String]) {
    self.format = format
    self.feeds = feeds
    directory = InstrumentDirectory(venues: feeds)
  }

  package static let columns = [
    "sequence", "venue_sequence", "event_time", "receive_time", "venue", "instrument", "kind", "side", "price",
    "quantity", "order_id", "flags", "feed", "offset", "length", "aux", "level",
  ]

  /// The columns that JSON lines have in one object, `source`.
  private static let source = 12..<15

  /// Appends the rows of a batch to `out`, at most `limit` of them; returns how many.
  package mutating func write(_ batch: borrowing EventBatch, limit: Int, to out: inout [UInt8]) -> Int {
    let events = batch.events
    let frames = batch.frames
    var written = 0
    for index in events.indices {
      let event = events[index]
      let frame = frames[Int(event.frame)]
      directory.learn(event, feed: Int(frame.feed))
      if written < limit {
        write(event, frame, to: &out)
        written += 1
      }
      sequence += 1
    }
    return written
  }

  private func write(_ event: Event, _ frame: Frame, to out: inout [UInt8]) {
    let values = self.values(event, frame)
    switch format {
    case .jsonl:
      out.append(UInt8(ascii: "{"))
      for (index, column) in EventLines.columns.enumerated() where !EventLines.source.contains(index) {
        JSON.string(column).write(to: &out)
        out.append(UInt8(ascii: ":"))
        values[index].write(to: &out)
        out.append(UInt8(ascii: ","))
      }
      out.append(contentsOf: "\"source\":".utf8)
      JSON.object(["feed": values[12], "offset": values[13], "length": values[14]]).write(to: &out)
      out.append(UInt8(ascii: "}"))
    case .csv:
      for (index, value) in values.enumerated() {
        if index > 0 { out.append(UInt8(ascii: ",")) }
        out.append(contentsOf: EventLines.cell(value).utf8)
      }
    }
    out.append(UInt8(ascii: "\n"))
  }

  /// What an event's numbers stand for, by whoever knows.
  struct Meaning {
    /// Its place in the total order; nil where that is not known.
    var sequence: UInt64?
    /// The venue of an event without an instrument.
    var venue: String
    var instrument: ListedInstrument?
    /// The text that the order's number names.
    var order: [UInt8]?
  }

  private func values(_ event: Event, _ frame: Frame) -> [JSON] {
    let isText = event.kind == EventKind.text.rawValue
    let number = Int(event.instrument)
    return EventLines.values(
      event, frame,
      Meaning(
        sequence: sequence, venue: feeds[Int(frame.feed)],
        instrument: isText || number >= directory.instruments.count ? nil : directory.instruments[number],
        order: event.has(.textID) ? directory.text(feed: Int(frame.feed), id: event.order_id) : nil))
  }

  /// One event by itself, as JSON lines have it but for the total order, in the form of the journal's inputs.
  static func object(_ event: Event, _ frame: Frame, _ meaning: Meaning) -> JSON {
    var members: [String: JSON] = [:]
    var source: [String: JSON] = [:]
    for (index, value) in values(event, frame, meaning).enumerated() {
      let value = if case .integer(let number) = value { JSON.wide(number) } else { value }
      if EventLines.source.contains(index) { source[columns[index]] = value } else { members[columns[index]] = value }
    }
    members["source"] = .object(source)
    return .object(members)
  }

  private static func values(_ event: Event, _ frame: Frame, _ meaning: Meaning) -> [JSON] {
    let isText = event.kind == EventKind.text.rawValue
    let instrument = meaning.instrument
    let hasPrice = !isText && !event.has(.noPrice) && !event.has(.restingPrice)
    let noReceiveTime = frame.flags & FrameFlags.noTime.rawValue != 0
    let order: JSON =
      if isText || event.order_id == 0 && !event.has(.textID) {
        .null
      } else if event.has(.textID) {
        meaning.order.map { .string(String(decoding: $0, as: UTF8.self)) } ?? .null
      } else {
        .string(String(event.order_id))
      }
    return [
      meaning.sequence.map { .wide($0) } ?? .null, isText ? .null : .wide(event.venue_sequence),
      event.has(.noEventTime) ? .null : .integerText(event.event_time),
      noReceiveTime ? .null : .integerText(frame.receive_time),
      // Reports of a fill model come by a feed of their own, on instruments of the venues.
      .string(instrument?.venue ?? meaning.venue),
      instrument.map { .string($0.symbol) } ?? .null, .string(event.eventKind?.name ?? "kind_\(event.kind)"),
      event.eventSide == .none ? .null : .string(event.eventSide == .buy ? "buy" : "sell"),
      hasPrice ? .string(FixedPoint.text(event.price, scale: priceScale)) : .null,
      isText ? .null : .string(FixedPoint.text(event.quantity, scale: instrument?.scale ?? 0)), order,
      .array(event.eventFlags.names.map { .string($0) }), .integer(Int64(frame.feed)), .wide(frame.offset),
      .integer(Int64(frame.length)), isText ? .null : .string(String(event.aux)),
      isText ? .null : .integer(Int64(event.level)),
    ]
  }

  /// RFC 4180: quoted where a comma, a quote or a line end stands in it.
  private static func cell(_ value: JSON) -> String {
    switch value {
    case .null: return ""
    case .integer(let number): return String(number)
    case .array(let values): return values.compactMap(\.text).joined(separator: " ")
    case .string(let text): return CSV.field(text)
    default: return String(decoding: value.canonical, as: UTF8.self)
    }
  }
}

extension JSON {
  /// A time in nanoseconds: an integer in the text, though beyond what every reader keeps exact.
  fileprivate static func integerText(_ value: Int64) -> JSON { .integer(value) }
}
