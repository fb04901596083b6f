// SPDX-License-Identifier: Apache-2.0

/// Saved state of a session as bytes, all numbers little-endian:
///
///     "ExPS" · u32 version 1 · u64 size · adapter's state
///     u32 count of texts · each: u32 size · bytes
///     u8 open text or not · u32 size · bytes
///     u32 count of instruments · each: u32 text size · bytes · u8 scale · i64 tick · i64 round lot
enum StateEnvelope {
  private static let magic: [UInt8] = Array("ExPS".utf8)
  private static let version: UInt32 = 1

  static func encode(_ state: [UInt8], _ definitions: StreamDefinitions) -> [UInt8] {
    var out = magic
    append(version, to: &out)
    append(UInt64(state.count), to: &out)
    out += state
    append(UInt32(definitions.texts.count), to: &out)
    for text in definitions.texts { append(text, to: &out) }
    out.append(definitions.openText == nil ? 0 : 1)
    append(definitions.openText ?? [], to: &out)
    append(UInt32(definitions.instruments.count), to: &out)
    for instrument in definitions.instruments {
      append(instrument.symbol, to: &out)
      out.append(instrument.quantityScale)
      append(UInt64(bitPattern: instrument.tick), to: &out)
      append(UInt64(bitPattern: instrument.roundLot), to: &out)
    }
    return out
  }

  /// Nil for bytes that `encode` would not have written.
  static func decode(_ bytes: [UInt8]) -> (state: [UInt8], definitions: StreamDefinitions)? {
    var rest = bytes[...]
    guard rest.starts(with: magic) else { return nil }
    rest = rest.dropFirst(4)
    guard number(&rest, as: UInt32.self) == version, let size = number(&rest, as: UInt64.self),
      size <= UInt64(rest.count)
    else { return nil }
    let state = Array(rest.prefix(Int(size)))
    rest = rest.dropFirst(Int(size))
    guard let textCount = number(&rest, as: UInt32.self), Int(textCount) <= rest.count else { return nil }
    var texts: [[UInt8]] = []
    for _ in 0..<textCount {
      guard let text = text(&rest) else { return nil }
      texts.append(text)
    }
    guard let isOpen = number(&rest, as: UInt8.self), isOpen <= 1, let open = text(&rest), isOpen == 1 || open.isEmpty,
      let count = number(&rest, as: UInt32.self), Int(count) <= rest.count
    else { return nil }
    var instruments: [InstrumentDefinition] = []
    for _ in 0..<count {
      guard let symbol = text(&rest), let scale = number(&rest, as: UInt8.self), scale <= 18,
        let tick = number(&rest, as: UInt64.self), let lot = number(&rest, as: UInt64.self)
      else { return nil }
      instruments.append(
        InstrumentDefinition(
          symbol: symbol, quantityScale: scale, tick: Int64(bitPattern: tick), roundLot: Int64(bitPattern: lot)))
    }
    guard rest.isEmpty, instruments.count <= StreamDefinitions.instrumentLimit else { return nil }
    return (
      state, StreamDefinitions(instruments: instruments, texts: texts, openText: isOpen == 1 ? open : nil)
    )
  }

  private static func append(_ value: some FixedWidthInteger & UnsignedInteger, to out: inout [UInt8]) {
    for shift in stride(from: 0, to: value.bitWidth, by: 8) { out.append(UInt8(truncatingIfNeeded: value >> shift)) }
  }

  private static func append(_ bytes: [UInt8], to out: inout [UInt8]) {
    append(UInt32(bytes.count), to: &out)
    out += bytes
  }

  private static func number<T: FixedWidthInteger & UnsignedInteger>(_ rest: inout ArraySlice<UInt8>, as: T.Type) -> T?
  {
    let size = T.bitWidth / 8
    guard rest.count >= size else { return nil }
    var value: T = 0
    for byte in rest.prefix(size).reversed() { value = T.bitWidth == 8 ? T(byte) : value << 8 | T(byte) }
    rest = rest.dropFirst(size)
    return value
  }

  private static func text(_ rest: inout ArraySlice<UInt8>) -> [UInt8]? {
    guard let size = number(&rest, as: UInt32.self), size <= UInt32(StreamDefinitions.textSizeLimit),
      Int(size) <= rest.count
    else { return nil }
    let text = Array(rest.prefix(Int(size)))
    rest = rest.dropFirst(Int(size))
    return text
  }
}
