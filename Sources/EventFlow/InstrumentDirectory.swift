// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI

/// One (venue, symbol), as the stream defined it.
package struct ListedInstrument: Equatable, Sendable {
  package let venue: String
  package let symbol: String
  /// Places behind the point of the venue's quantities.
  package let scale: Int

  package init(venue: String, symbol: String, scale: Int) {
    self.venue = venue
    self.symbol = symbol
    self.scale = scale
  }
}

/// Learns from the stream which text and which instrument each number stands for, as every later reader of
/// the journal can. Numbers are dense, so lookups are by index and nothing depends on hashes.
package struct InstrumentDirectory: Sendable {
  private var texts: [[[UInt8]]]
  private var openTexts: [[UInt8]]
  private let venues: [String]
  /// By global number.
  package private(set) var instruments: [ListedInstrument] = []

  /// `venues` names the venue of each feed, by the feed's number.
  package init(venues: [String]) {
    self.venues = venues
    texts = Array(repeating: [], count: venues.count)
    openTexts = Array(repeating: [], count: venues.count)
  }

  /// Takes in a TEXT or INSTRUMENT event of `feed`; others are left alone.
  package mutating func learn(_ event: Event, feed: Int) {
    switch event.eventKind {
    case .text: learnText(event, feed: feed)
    case .instrument:
      let number = Int(event.instrument)
      // A second feed of the same venue defines it again, under the same number.
      guard number == instruments.count, let symbol = text(feed: feed, id: event.aux) else { return }
      instruments.append(
        ListedInstrument(
          venue: venues[feed], symbol: String(decoding: symbol, as: UTF8.self), scale: Int(event.level)))
    default: break
    }
  }

  /// An interned text of a feed; nil before it was introduced.
  package func text(feed: Int, id: UInt64) -> [UInt8]? {
    guard feed < texts.count, let index = Int(exactly: id), index < texts[feed].count else { return nil }
    return texts[feed][index]
  }

  /// The number of an instrument; nil before its definition.
  package func number(venue: String, symbol: String) -> Int? {
    instruments.firstIndex { $0.venue == venue && $0.symbol == symbol }
  }

  private mutating func learnText(_ event: Event, feed: Int) {
    guard feed < texts.count, Int(event.instrument) == texts[feed].count else { return }
    let count = min(Int(event.level), Int(EXPROVE_TEXT_BYTES))
    unsafe withUnsafeBytes(of: event) { bytes in
      unsafe openTexts[feed].append(contentsOf: bytes[8..<(8 + count)])
    }
    if count < Int(EXPROVE_TEXT_BYTES) {
      texts[feed].append(openTexts[feed])
      openTexts[feed].removeAll()
    }
  }
}
