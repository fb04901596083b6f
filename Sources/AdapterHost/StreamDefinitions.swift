// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
internal import EventFlow

/// An instrument as a session's stream defined it.
package struct InstrumentDefinition: Equatable, Sendable {
  /// The venue's name for it.
  package var symbol: [UInt8]
  /// Decimal places of its quantities, 0 to 18.
  package var quantityScale: UInt8
  /// At 1e-9, 0 when the venue does not tell.
  package var tick: Int64
  /// At the quantity's scale, 0 when the venue does not tell.
  package var roundLot: Int64

  package init(symbol: [UInt8], quantityScale: UInt8, tick: Int64, roundLot: Int64) {
    self.symbol = symbol
    self.quantityScale = quantityScale
    self.tick = tick
    self.roundLot = roundLot
  }
}

/// The texts and instruments that a stream has introduced so far, numbered from 0.
package struct StreamDefinitions: Equatable, Sendable {
  package private(set) var instruments: [InstrumentDefinition] = []
  /// Complete texts.
  package private(set) var texts: [[UInt8]] = []
  /// The bytes of a text whose end is still to come.
  package private(set) var openText: [UInt8]?

  package static let instrumentLimit = 1 << 20
  package static let textLimit = 1 << 24
  package static let textSizeLimit = 4096

  package init() {}

  /// Goes on from a saved state, with which the host keeps its definitions.
  package init(instruments: [InstrumentDefinition], texts: [[UInt8]], openText: [UInt8]?) {
    self.instruments = instruments
    self.texts = texts
    self.openText = openText
  }

  /// How far a stream has come, so that what a call introduced before it failed can be taken back.
  struct Mark {
    fileprivate var instruments: Int
    fileprivate var texts: Int
    fileprivate var openText: [UInt8]?
  }

  var mark: Mark { Mark(instruments: instruments.count, texts: texts.count, openText: openText) }

  mutating func rollBack(to mark: Mark) {
    instruments.removeLast(instruments.count - mark.instruments)
    texts.removeLast(texts.count - mark.texts)
    openText = mark.openText
  }

  mutating func define(instrument event: Event) -> ContractRule? {
    guard Int(event.instrument) == instruments.count else { return .instrumentDense }
    guard event.level <= 18, event.price >= 0 else { return .instrumentFields }
    guard event.aux < UInt64(texts.count) else { return .textUndefined }
    guard instruments.count < StreamDefinitions.instrumentLimit else { return .limit }
    instruments.append(
      InstrumentDefinition(
        symbol: texts[Int(event.aux)], quantityScale: UInt8(event.level), tick: event.price, roundLot: event.quantity))
    return nil
  }

  /// `bytes` are the record's 40, of which `used` count.
  mutating func define(text id: UInt32, bytes: [UInt8], used: UInt16) -> ContractRule? {
    guard Int(id) == texts.count else { return .textDense }
    guard used <= 40, bytes.dropFirst(Int(used)).allSatisfy({ $0 == 0 }) else { return .textLength }
    let whole = (openText ?? []) + bytes.prefix(Int(used))
    guard whole.count <= StreamDefinitions.textSizeLimit, texts.count < StreamDefinitions.textLimit else {
      return .limit
    }
    guard used < 40 else {
      openText = whole
      return nil
    }
    guard String(validating: whole, as: UTF8.self) != nil else { return .textLength }
    texts.append(whole)
    openText = nil
    return nil
  }
}
