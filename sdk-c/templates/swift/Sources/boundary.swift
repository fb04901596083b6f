// SPDX-License-Identifier: Apache-2.0
//
// Between the host and feed.swift: the table, the life of sessions and their saved state. XP-A-… are the numbers of
// ExProve's rules for adapters.

/// What stands behind the pointer that the host holds.
final class Session {
  var feed: Feed
  init(_ feed: Feed) { self.feed = feed }

  static func of(_ pointer: OpaquePointer?) -> Session {
    Unmanaged<Session>.fromOpaque(UnsafeRawPointer(pointer!)).takeUnretainedValue()
  }
}

/// The events of one frame.
struct Output {
  let events: UnsafeMutablePointer<exprove_event>
  let frame: UInt32
  private(set) var filled = 0
  var time: Int64?
  var sequence: UInt64 = 0

  init(_ events: UnsafeMutablePointer<exprove_event>, frame: UInt32) {
    self.events = events
    self.frame = frame
  }

  mutating func put(
    _ kind: exprove_kind, _ instrument: UInt32 = EXPROVE_NO_INSTRUMENT, _ fill: (inout exprove_event) -> Void
  ) {
    var event = exprove_event()
    event.kind = UInt8(kind.rawValue)
    event.instrument = instrument
    event.frame = frame
    event.venue_sequence = sequence
    event.event_time = time ?? 0
    event.flags = time == nil ? UInt16(EXPROVE_FLAG_NO_EVENT_TIME) : 0
    fill(&event)
    events[filled] = event
    filled += 1
  }

  mutating func gap(first: UInt64, count: UInt64) {
    put(EXPROVE_KIND_GAP) {
      $0.venue_sequence = first
      $0.aux = count
      $0.flags |= UInt16(EXPROVE_FLAG_LAST)
    }
  }

  /// The text of a symbol, which has less than 40 bytes and so takes one record.
  mutating func text(_ id: UInt32, _ symbol: Symbol) {
    var record = exprove_event_text()
    record.event_time = time ?? 0
    record.text_id = id
    record.frame = frame
    record.kind = UInt8(EXPROVE_KIND_TEXT.rawValue)
    record.flags = time == nil ? UInt16(EXPROVE_FLAG_NO_EVENT_TIME) : 0
    record.level = UInt16(symbol.count)
    withUnsafeMutableBytes(of: &record.bytes) {
      for index in 0..<symbol.count { $0[index] = Symbol.byte(symbol.field, index) }
    }
    UnsafeMutableRawPointer(events + filled).copyMemory(from: &record, byteCount: MemoryLayout<exprove_event>.size)
    filled += 1
  }

  mutating func refuse(_ fault: Malformed) {
    put(EXPROVE_KIND_MALFORMED) {
      $0.level = UInt16(fault.reason.rawValue)
      $0.aux = UInt64(fault.at)
    }
  }

  /// Up to eight letters as `aux` carries codes: the first one in the lowest byte.
  static func code(_ letters: StaticString) -> UInt64 {
    letters.withUTF8Buffer { buffer in
      buffer.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
  }
}

// MARK: Saved state: equal bytes for equal states, little-endian

private let mark: [UInt8] = Array("STATE001".utf8)
private let headSize = 8 + 8 * Feed.types.count + 8
private let eachSize = 2 + 1 + 4 + Symbol.size

private func append(_ value: some FixedWidthInteger, to out: inout [UInt8]) {
  withUnsafeBytes(of: value.littleEndian) { out.append(contentsOf: $0) }
}

private func state(of feed: Feed) -> [UInt8] {
  var out = mark
  out.reserveCapacity(headSize + feed.instruments.count * eachSize)
  for count in feed.counts { append(count, to: &out) }
  append(feed.next, to: &out)
  for instrument in feed.instruments {
    append(instrument.id, to: &out)
    append(instrument.scale, to: &out)
    append(instrument.tick, to: &out)
    append(instrument.symbol.field, to: &out)
  }
  return out
}

/// Saved bytes are hostile: nil for what decoding could not have made.
private func feed(from bytes: UnsafeRawBufferPointer, dayStart: Int64) -> Feed? {
  guard bytes.count >= headSize, (bytes.count - headSize) % eachSize == 0, bytes.starts(with: mark) else { return nil }
  func number<T: FixedWidthInteger>(_ at: Int, _: T.Type) -> T { T(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: T.self)) }
  var feed = Feed(dayStart: dayStart)
  for index in feed.counts.indices { feed.counts[index] = number(8 + 8 * index, UInt64.self) }
  feed.next = number(headSize - 8, UInt64.self)
  for at in stride(from: headSize, to: bytes.count, by: eachSize) {
    guard let symbol = Symbol(number(at + 7, UInt64.self)) else { return nil }
    let instrument = Instrument(
      id: number(at, UInt16.self), scale: number(at + 2, UInt8.self), tick: number(at + 3, UInt32.self), symbol: symbol)
    guard instrument.scale <= UInt8(EXPROVE_MAX_QUANTITY_SCALE), feed.numbers[instrument.id] == nil else { return nil }
    feed.enter(instrument)
  }
  return feed
}

// MARK: The table

private func say(_ error: UnsafeMutablePointer<exprove_text>?, _ status: Int, _ text: StaticString) -> exprove_status {
  if let error {
    let size = min(text.utf8CodeUnitCount, Int(error.pointee.capacity))
    text.withUTF8Buffer { buffer in
      for index in 0..<size { error.pointee.data[index] = CChar(bitPattern: buffer[index]) }
    }
    error.pointee.size = UInt32(size)
  }
  return exprove_status(status)
}

private func create(
  _ config: UnsafePointer<exprove_config>, _ session: UnsafeMutablePointer<OpaquePointer?>,
  _ error: UnsafeMutablePointer<exprove_text>?
) -> exprove_status {
  session.pointee = nil
  guard config.pointee.struct_size >= UInt32(MemoryLayout<exprove_config>.size) else {
    return say(error, EXPROVE_INVALID_ARGUMENT, "the configuration is cut")
  }
  guard config.pointee.settings_count == 0 else { return say(error, EXPROVE_INVALID_ARGUMENT, "there are no settings") }
  let framings = [EXPROVE_FRAMING_LENGTH16.rawValue, EXPROVE_FRAMING_MESSAGE.rawValue]
  guard framings.contains(config.pointee.framing), config.pointee.channel == EXPROVE_CHANNEL_MARKET_DATA.rawValue else {
    return say(error, EXPROVE_NOT_IMPLEMENTED, "market data in messages, and nothing else")
  }
  let dayStart = config.pointee.day_start
  guard dayStart >= 0, dayStart <= .max - Feed.day else {
    return say(error, EXPROVE_INVALID_ARGUMENT, "day_start must lie between 1970 and 2262")
  }
  session.pointee = OpaquePointer(Unmanaged.passRetained(Session(Feed(dayStart: dayStart))).toOpaque())
  return exprove_status(EXPROVE_OK)
}

private func decode(_ session: Session, _ batch: UnsafeMutablePointer<exprove_batch>) -> exprove_status {
  let work = batch.pointee
  guard work.struct_size >= UInt32(MemoryLayout<exprove_batch>.size), Int(work.event_capacity) >= Feed.maxEvents else {
    return exprove_status(EXPROVE_INVALID_ARGUMENT)
  }
  var used = 0
  var filled = 0
  while used < Int(work.frame_count), Int(work.event_capacity) - filled >= Feed.maxEvents {
    let frame = work.frames[used]
    let bytes = UnsafeBufferPointer(start: work.bytes + Int(frame.data), count: Int(frame.length))
    var out = Output(work.events + filled, frame: UInt32(used))
    session.feed.decode(Message(bytes: bytes), &out)
    work.events[filled + out.filled - 1].flags |= UInt16(EXPROVE_FLAG_LAST)
    filled += out.filled
    used += 1
  }
  batch.pointee.frames_used = UInt32(used)
  batch.pointee.events_filled = UInt32(filled)
  return exprove_status(EXPROVE_OK)
}

/// The one exported symbol. An older host knows fewer slots, and gets those.
@_cdecl("exprove_adapter_entry")
public func entry(_ version: UInt32, _ adapter: UnsafeMutablePointer<exprove_adapter>?) -> exprove_status {
  // ABI 1.1 and 1.0: major in the upper, minor in the lower 16 bits.
  guard version == 1 << 16 | 1 || version == 1 << 16 else { return exprove_status(EXPROVE_NOT_IMPLEMENTED) }
  guard let adapter, adapter.pointee.struct_size >= least_table else { return exprove_status(EXPROVE_INVALID_ARGUMENT) }
  var table = exprove_adapter()
  table.abi_version = version
  table.manifest = manifest_text()
  table.manifest_size = manifest_size()
  table.`init` = { host, error in
    guard let host, host.pointee.struct_size >= least_host, host.pointee.abi_version >> 16 == 1 else {
      return say(error, EXPROVE_NOT_IMPLEMENTED, "this adapter speaks ABI 1")
    }
    return exprove_status(EXPROVE_OK)
  }
  table.`deinit` = {}
  table.create = { create($0!, $1!, $2) }
  table.destroy = { session in
    guard let session else { return }
    Unmanaged<Session>.fromOpaque(UnsafeRawPointer(session)).release()
  }
  table.reset = { session in
    let session = Session.of(session)
    session.feed = Feed(dayStart: session.feed.dayStart)
    return exprove_status(EXPROVE_OK)
  }
  table.decode = { decode(Session.of($0), $1!) }
  table.counters = { session, values, capacity in
    let counts = Session.of(session).feed.counts
    for index in 0..<min(counts.count, Int(capacity)) { values![index] = counts[index] }
    return exprove_status(EXPROVE_OK)
  }
  table.save = { session, out, capacity, size in
    let bytes = state(of: Session.of(session).feed)
    size!.pointee = UInt64(bytes.count)
    guard capacity >= UInt64(bytes.count) else { return exprove_status(EXPROVE_TOO_SMALL) }
    out!.update(from: bytes, count: bytes.count)
    return exprove_status(EXPROVE_OK)
  }
  table.load = { session, bytes, size in
    let session = Session.of(session)
    let given = UnsafeRawBufferPointer(start: bytes, count: Int(truncatingIfNeeded: size))
    let taken = feed(from: given, dayStart: session.feed.dayStart)
    session.feed = taken ?? Feed(dayStart: session.feed.dayStart)
    return exprove_status(taken == nil ? EXPROVE_BAD_DATA : EXPROVE_OK)
  }
  table.frame_time = { session, bytes, _, frames, count, times in
    for index in 0..<Int(count) {
      let frame = frames![index]
      let message = Message(bytes: UnsafeBufferPointer(start: bytes! + Int(frame.data), count: Int(frame.length)))
      times![index] = (try? Session.of(session).feed.time(message)) ?? .min
    }
    return exprove_status(EXPROVE_OK)
  }
  // Whole slots, and no more than the host has room for.
  let size = min(Int(adapter.pointee.struct_size), MemoryLayout<exprove_adapter>.size) & ~7
  table.struct_size = UInt32(size)
  UnsafeMutableRawPointer(adapter).copyMemory(from: &table, byteCount: size)
  return exprove_status(EXPROVE_OK)
}
