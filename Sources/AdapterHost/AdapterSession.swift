// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
package import EventFlow

/// One conversation with a venue, decoded by an adapter. Calls do not overlap; it may move between threads.
///
/// What the adapter returns is copied once and validated in the copy. After a violation the session is not used
/// again: what an adapter does after it broke its word is not worth knowing.
@safe package struct AdapterSession: ~Copyable {
  package struct Configuration: Equatable, Sendable {
    package var framing: Framing
    package var channel: Channel
    /// The venue's local midnight, nanoseconds since 1970; 0 when its times have a date.
    package var dayStart: Int64
    package var seed: UInt64
    package var settings: [Setting]

    package struct Setting: Equatable, Sendable {
      package var key: String
      package var value: String
      package init(key: String, value: String) {
        self.key = key
        self.value = value
      }
    }

    package init(
      framing: Framing, channel: Channel = .marketData, dayStart: Int64 = 0, seed: UInt64 = 0, settings: [Setting] = []
    ) {
      self.framing = framing
      self.channel = channel
      self.dayStart = dayStart
      self.seed = seed
      self.settings = settings
    }
  }

  package let adapter: LoadedAdapter
  package let configuration: Configuration
  var validator = EventValidator()
  let session: OpaquePointer
  private let output: UnsafeMutableBufferPointer<Event>
  private var hasFailed = false

  /// Frames that one call is offered: few enough that their bytes, what they give and its copy lie in the first-level
  /// cache together.
  /// By the contract the events are the same for any number.
  private static let framesPerCall = 128
  /// Events that one call may fill at least.
  private static let outputCapacity = 1024

  /// Opens a session. Settings that are not given have the manifest's defaults.
  package init(_ adapter: LoadedAdapter, _ configuration: Configuration) throws(AdapterError) {
    try AdapterSession.check(configuration, adapter)
    let config = SessionConfig(configuration)
    unsafe try adapter.checkConfiguration(config.pointer)
    var created: OpaquePointer?
    let (status, text) = unsafe withErrorText { unsafe adapter.table.create(config.pointer, &created, $0) }
    guard status == Status.ok else {
      throw AdapterError(
        status == Status.notImplemented ? .notOffered : .createFailed,
        "\(adapter.manifest.name): it opens no session of framing “\(configuration.framing.name)” and channel "
          + "“\(configuration.channel.name)”: \(describe(status, text))")
    }
    guard let created = unsafe created else {
      throw AdapterError(.createFailed, "\(adapter.manifest.name): create answered EXPROVE_OK and gave no session")
    }
    unsafe session = created
    self.adapter = adapter
    self.configuration = configuration
    unsafe output = .allocate(capacity: max(AdapterSession.outputCapacity, adapter.manifest.maxEvents))
    unsafe output.initialize(repeating: Event())
  }

  deinit {
    unsafe adapter.table.destroy(session)
    unsafe output.deallocate()
  }

  private static func check(_ configuration: Configuration, _ adapter: LoadedAdapter) throws(AdapterError) {
    let manifest = adapter.manifest
    guard manifest.framings.contains(configuration.framing) else {
      let offered = manifest.framings.map(\.name).joined(separator: ", ")
      throw AdapterError(
        .notOffered, "\(manifest.name): it does not take framing “\(configuration.framing.name)”; it takes \(offered)")
    }
    guard manifest.channels.contains(configuration.channel) else {
      throw AdapterError(.notOffered, "\(manifest.name): it has no channel “\(configuration.channel.name)”")
    }
    try manifest.check(configuration.settings)
  }

  /// What the stream introduced so far: symbols and scales by the session's own numbers.
  package var definitions: StreamDefinitions { validator.definitions }
  package var instruments: [InstrumentDefinition] { validator.definitions.instruments }
  /// Interned texts by their ids.
  package var texts: [[UInt8]] { validator.definitions.texts }

  // MARK: Decoding

  /// Decodes the batch's frames from `firstFrame` on, whose bytes lie in the batch, and appends their events to it.
  ///
  /// - Returns: How many frames were consumed. They are fewer than there are when the batch's room for events is
  ///   less than the manifest's `max-events`; then empty the batch and go on.
  /// - Throws: `.contract` for what breaks a rule, after which the batch's events are those of the calls before.
  package mutating func decode(_ batch: inout EventBatch, from firstFrame: Int = 0) throws(AdapterError) -> Int {
    guard !hasFailed else {
      throw AdapterError(
        .sessionFailed, "\(adapter.manifest.name): the session broke its contract before; open a new one")
    }
    let most = adapter.manifest.maxEvents
    guard batch.eventCapacity >= most else {
      throw AdapterError(
        .callFailed,
        "\(adapter.manifest.name): one frame gives up to \(most) events, the batch holds \(batch.eventCapacity)")
    }
    var next = firstFrame
    do {
      unsafe try batch.withStorage {
        (frames, events, bytes, counts) throws(AdapterError) in
        precondition(firstFrame >= 0 && firstFrame <= counts.frames)
        while next < counts.frames && events.count - counts.events >= most {
          let used = unsafe try call(frames, next, events, bytes, &counts)
          next += used
        }
      }
    } catch {
      hasFailed = true
      throw error
    }
    return next - firstFrame
  }

  /// The host's own promise: each frame lies within the bytes.
  private func checkFrames(_ frames: UnsafePointer<Frame>, count: Int, bytes: Int) throws(AdapterError) {
    // Negative as soon as one lies beyond.
    var room: Int64 = 0
    for index in 0..<count {
      let frame = unsafe frames + index
      room |= unsafe Int64(bytes) &- (Int64(frame.pointee.data) &+ Int64(frame.pointee.length))
    }
    guard room >= 0 else {
      throw AdapterError(.callFailed, "\(adapter.manifest.name): a frame of the batch lies outside its bytes")
    }
  }

  /// One call of `decode` and the validation of what it filled.
  private mutating func call(
    _ frames: UnsafeMutableBufferPointer<Frame>, _ first: Int, _ events: UnsafeMutableBufferPointer<Event>,
    _ bytes: UnsafeMutableBufferPointer<UInt8>, _ counts: inout EventBatch.Counts
  ) throws(AdapterError) -> Int {
    let offered = min(counts.frames - first, AdapterSession.framesPerCall)
    let capacity = unsafe min(output.count, events.count - counts.events)
    unsafe try checkFrames(frames.baseAddress! + first, count: offered, bytes: counts.bytes)
    var work = unsafe exprove_batch(
      struct_size: UInt32(MemoryLayout<exprove_batch>.size), frame_count: UInt32(offered), bytes: bytes.baseAddress,
      bytes_size: UInt64(counts.bytes), frames: frames.baseAddress! + first, events: output.baseAddress,
      event_capacity: UInt32(capacity), frames_used: 0, events_filled: 0, reserved: 0)
    let status = unsafe adapter.table.decode(session, &work)
    let offset = unsafe frames[first].offset
    guard status == Status.ok else {
      throw AdapterError(
        .callFailed, "\(adapter.manifest.name): decode of the frame at byte \(offset) answered \(describe(status, ""))")
    }
    let used = unsafe Int(work.frames_used)
    let filled = unsafe Int(work.events_filled)
    guard (1...offered).contains(used) else {
      throw violation(.framesUsed, event: nil, offset: offset, "it used \(used) of \(offered) frames")
    }
    guard (used...capacity).contains(filled) else {
      throw violation(
        .eventsFilled, event: nil, offset: offset, "it filled \(filled) events for \(used) frames, capacity \(capacity)"
      )
    }
    do {
      unsafe try validator.admit(
        output.baseAddress!, count: filled, framesUsed: used, into: events.baseAddress! + counts.events,
        frames: frames.baseAddress! + first, firstFrame: first)
    } catch {
      // The frame that the adapter names, where there is one such, else the call's first.
      let named = unsafe Int(output[error.event].frame)
      let frame = named < used ? first + named : first
      throw unsafe violation(
        error.rule, event: error.event, offset: frames[frame].offset, unsafe EventText.brief(output[error.event]))
    }
    counts.events += filled
    return used
  }

  private func violation(_ rule: ContractRule, event: Int?, offset: UInt64, _ detail: String) -> AdapterError {
    let place = event.map { "event \($0) of the call, " } ?? ""
    return AdapterError(
      .contract,
      "\(adapter.manifest.name) \(adapter.manifest.version): \(place)frame at byte \(offset): \(rule.id) is broken: "
        + "\(rule.reason) (\(detail)); tell \(adapter.manifest.vendor), or run exprove conform on it", rule: rule)
  }

  /// Forgets all that was seen.
  package mutating func reset() throws(AdapterError) {
    let status = unsafe adapter.table.reset(session)
    guard status == Status.ok else {
      hasFailed = true
      throw AdapterError(.callFailed, "\(adapter.manifest.name): reset answered \(describe(status, ""))")
    }
    validator = EventValidator()
    hasFailed = false
  }
}

/// An event in a few words, for messages.
enum EventText {
  static func brief(_ event: Event) -> String {
    let kind = event.eventKind?.name ?? "kind \(event.kind)"
    return "\(kind), frame \(event.frame), instrument \(event.instrument), side \(event.side), "
      + "flags 0x\(String(event.flags, radix: 16)), level \(event.level), quantity \(event.quantity)"
  }
}
