// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import CExProveABI
internal import EventFlow

/// The events that came of some frames, as the adapter gave them; `frame` indexes the frames that were sent.
struct Stream: Equatable {
  var events: [Event] = []
  /// Frames that were consumed.
  var frames = 0
  /// Why the stream ends early: a call that broke the rules of calls.
  var halt: String?

  static func == (left: Stream, right: Stream) -> Bool {
    left.frames == right.frames && left.events.count == right.events.count && left.firstDifference(right) == nil
  }

  /// The events of one frame.
  func events(of frame: Int) -> [Event] { events.filter { $0.frame == UInt32(frame) } }

  private func firstDifference(_ other: Stream) -> Int? {
    for index in 0..<min(events.count, other.events.count) where !Stream.same(events[index], other.events[index]) {
      return index
    }
    return nil
  }

  static func same(_ left: Event, _ right: Event) -> Bool {
    left.event_time == right.event_time && left.venue_sequence == right.venue_sequence
      && left.order_id == right.order_id
      && left.price == right.price && left.quantity == right.quantity && left.aux == right.aux
      && left.instrument == right.instrument && left.frame == right.frame && left.kind == right.kind
      && left.side == right.side && left.flags == right.flags && left.level == right.level
      && left.reserved == right.reserved
  }

  /// Where two streams part, in words; nil when they are equal.
  func difference(from other: Stream) -> String? {
    if let index = firstDifference(other) {
      return "event \(index) (of frame \(events[index].frame)) is \(Stream.brief(events[index])), "
        + "before it was \(Stream.brief(other.events[index]))"
    }
    if events.count != other.events.count {
      return "there are \(events.count) events, before there were \(other.events.count)"
    }
    return frames != other.frames ? "\(frames) frames were consumed, before it were \(other.frames)" : nil
  }

  static func brief(_ event: Event) -> String {
    let kind = event.eventKind?.name ?? "kind \(event.kind)"
    return "\(kind){time \(event.event_time), sequence \(event.venue_sequence), order \(event.order_id), "
      + "price \(event.price), quantity \(event.quantity), aux \(event.aux), instrument \(event.instrument), "
      + "side \(event.side), flags \(event.flags), level \(event.level)}"
  }
}

/// A session that is called directly, so that each call's memory and sizes are the check's to choose.
@safe final class TrialSession {
  let adapter: LoadedAdapter
  let configuration: AdapterSession.Configuration
  let notes: ChildNotes
  private var session: OpaquePointer?
  private let memory: CallMemory
  /// Frames sent so far.
  var sent = 0
  /// For checks that make a call of their own.
  @unsafe var handle: OpaquePointer? { unsafe session }

  private init(
    _ adapter: LoadedAdapter, _ configuration: AdapterSession.Configuration, _ notes: ChildNotes,
    _ session: OpaquePointer
  ) {
    self.adapter = adapter
    self.configuration = configuration
    self.notes = notes
    unsafe self.session = session
    memory = CallMemory(events: max(adapter.manifest.maxEvents, 512))
  }

  deinit { close() }

  /// Opens a session; an answer other than OK is a finding.
  static func open(
    _ adapter: LoadedAdapter, _ configuration: AdapterSession.Configuration, _ notes: ChildNotes
  ) throws -> TrialSession {
    let (status, text, session) = unsafe attempt(adapter, configuration, notes)
    guard status == Status.ok, let session = unsafe session else {
      throw Finding.fail(
        "create with framing \(configuration.framing.name) and channel \(configuration.channel.name) answered "
          + describe(status, text) + (status == Status.ok ? " and gave no session" : ""))
    }
    return unsafe TrialSession(adapter, configuration, notes, session)
  }

  /// Opens a session; nil when the adapter does not offer this combination.
  static func offered(
    _ adapter: LoadedAdapter, _ configuration: AdapterSession.Configuration, _ notes: ChildNotes
  ) throws -> TrialSession? {
    let (status, text, session) = unsafe attempt(adapter, configuration, notes)
    if status == Status.notImplemented { return nil }
    guard status == Status.ok, let session = unsafe session else {
      throw Finding.fail(
        "create with framing \(configuration.framing.name) and channel \(configuration.channel.name) answered "
          + describe(status, text))
    }
    return unsafe TrialSession(adapter, configuration, notes, session)
  }

  private static func attempt(
    _ adapter: LoadedAdapter, _ configuration: AdapterSession.Configuration, _ notes: ChildNotes
  ) -> (exprove_status, String, OpaquePointer?) {
    let config = SessionConfig(configuration)
    var session: OpaquePointer?
    notes.record(.create)
    let (status, text) = unsafe withErrorText { unsafe adapter.table.create(config.pointer, &session, $0) }
    notes.settle()
    return unsafe (status, text, session)
  }

  func close() {
    guard let open = unsafe session else { return }
    unsafe session = nil
    notes.record(.destroy)
    unsafe adapter.table.destroy(open)
    notes.settle()
  }

  // MARK: Decoding

  /// One call's size: so many frames at most, so many events.
  struct Call {
    var frames = 64
    var capacity: Int?
    /// How far the bytes lie from an address that 64 divides.
    var shift = 0
    /// What lies between and around the frames.
    var filler: UInt8 = 0
  }

  /// Sends frames in calls of the same size.
  func decode(_ frames: some RandomAccessCollection<Corpus.Entry>, _ call: Call = Call()) -> Stream {
    decode(frames) { call }
  }

  /// Sends frames in calls of whatever size `next` says.
  func decode(_ frames: some RandomAccessCollection<Corpus.Entry>, next: () -> Call) -> Stream {
    var stream = Stream()
    var rest = Array(frames)[...]
    while let first = rest.first {
      let call = next()
      let batch = rest.prefix(max(1, call.frames))
      notes.record(.decode, frame: sent, size: first.bytes.count)
      let capacity = max(adapter.manifest.maxEvents, min(call.capacity ?? memory.eventCapacity, memory.eventCapacity))
      let answer = unsafe memory.call(adapter.table, session, batch, call, capacity: capacity)
      notes.settle()
      if let problem = answer.problem(frames: batch.count, capacity: capacity) {
        stream.halt = "\(problem), frame \(sent)"
        return stream
      }
      for var event in memory.events(answer.filled) {
        event.frame &+= UInt32(stream.frames)
        stream.events.append(event)
      }
      stream.frames += answer.used
      sent += answer.used
      rest = rest.dropFirst(answer.used)
    }
    return stream
  }

  /// What the last call left different in the memory that is not the adapter's to write.
  var inputChange: String? { memory.change }

  // MARK: Other calls

  func reset() throws {
    notes.record(.reset)
    let status = unsafe adapter.table.reset(session)
    notes.settle()
    guard status == Status.ok else { throw Finding.fail("reset answered \(describe(status, ""))") }
  }

  func counters() throws -> [UInt64] {
    var values = [UInt64](repeating: 0, count: adapter.manifest.messages.count)
    let capacity = UInt32(values.count)
    let status = unsafe values.withUnsafeMutableBufferPointer { unsafe counters($0.baseAddress, capacity) }
    guard status == Status.ok else { throw Finding.fail("counters answered \(describe(status, ""))") }
    return values
  }

  @unsafe func counters(_ values: UnsafeMutablePointer<UInt64>?, _ capacity: UInt32) -> exprove_status {
    notes.record(.counters)
    defer { notes.settle() }
    return unsafe adapter.table.counters(session, values, capacity)
  }

  /// The saved state, however the adapter answers to too little room.
  func save() throws -> [UInt8] {
    var state: [UInt8] = []
    for _ in 0..<3 {
      let (status, size) = save(into: &state)
      if status == Status.ok && size <= state.count { return Array(state.prefix(size)) }
      guard status == Status.ok || status == Status.tooSmall, size > state.count, size <= 1 << 30 else {
        throw Finding.fail("save with room for \(state.count) bytes answered \(describe(status, "")) and size \(size)")
      }
      // With room to spare, for one that writes without looking.
      state = [UInt8](repeating: 0, count: size + 64)
    }
    throw Finding.fail("save asks for more room each time")
  }

  func save(into state: inout [UInt8]) -> (status: exprove_status, size: Int) {
    var size: UInt64 = 0
    notes.record(.save)
    let status = unsafe state.withUnsafeMutableBufferPointer {
      unsafe adapter.table.save(session, $0.baseAddress, UInt64($0.count), &size)
    }
    notes.settle()
    return (status, Int(clamping: size))
  }

  func load(_ state: [UInt8]) -> exprove_status {
    notes.record(.takeUp)
    defer { notes.settle() }
    return unsafe state.withUnsafeBufferPointer { unsafe adapter.table.load(session, $0.baseAddress, UInt64($0.count)) }
  }

  /// Times of each frame alone or of all at once.
  func frameTimes(_ frames: [Corpus.Entry], together: Bool) throws -> [Int64] {
    notes.record(.frameTime)
    defer { notes.settle() }
    if together { return unsafe try memory.frameTimes(adapter.table, session, frames[...]) }
    return try frames.indices.flatMap { unsafe try memory.frameTimes(adapter.table, session, frames[$0...$0]) }
  }

  @unsafe func encode(
    _ entry: exprove_order_entry_v1, _ request: exprove_order_request, into out: inout [UInt8], capacity: Int
  ) -> (status: exprove_status, text: String, size: Int) {
    var request = request
    var size: UInt32 = 0
    notes.record(.encode)
    let (status, text) = unsafe withErrorText { error in
      unsafe out.withUnsafeMutableBufferPointer {
        unsafe entry.encode(session, &request, $0.baseAddress, UInt32(capacity), &size, error)
      }
    }
    notes.settle()
    return (status, text, Int(size))
  }
}
