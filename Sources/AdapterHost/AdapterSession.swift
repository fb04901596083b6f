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

  package let image: AdapterImage
  package let configuration: Configuration
  package var manifest: AdapterManifest { image.manifest }
  var validator = EventValidator()
  let runner: Runner
  private var hasFailed = false

  /// Who makes the adapter's calls.
  enum Runner {
    case direct(DirectSession)
    case supervised(SupervisedSession)
  }

  /// Opens a session in this process. Settings that are not given have the manifest's defaults.
  package init(_ adapter: LoadedAdapter, _ configuration: Configuration) throws(AdapterError) {
    try self.init(.inProcess(adapter), configuration)
  }

  /// Opens a session where the module's code runs.
  package init(_ module: AdapterModule, _ configuration: Configuration) throws(AdapterError) {
    let runner = try AdapterSession.runner(module, configuration)
    image = module.image
    self.configuration = configuration
    self.runner = runner
  }

  /// What its worker did or suffered since this was last asked; nothing in process.
  package func takeIncidents() -> [AdapterIncident] {
    switch runner {
    case .direct: []
    case .supervised(let session): session.takeIncidents()
    }
  }

  /// Of its worker; nil in process.
  package var sandbox: SandboxLevel? {
    switch runner {
    case .direct: nil
    case .supervised(let session): session.sandbox
    }
  }

  /// The number of its worker's process, for tests that kill it.
  package var workerProcess: Int32? {
    switch runner {
    case .direct: nil
    case .supervised(let session): session.processNumber
    }
  }

  private static func runner(_ module: AdapterModule, _ configuration: Configuration) throws(AdapterError) -> Runner {
    try check(configuration, module.manifest)
    return switch module {
    case .inProcess(let adapter): .direct(try DirectSession(adapter, configuration))
    case .worker(let plan): .supervised(try SupervisedSession(plan, configuration))
    }
  }

  private static func check(_ configuration: Configuration, _ manifest: AdapterManifest) throws(AdapterError) {
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

  /// Empties a batch for frames that this session decodes next. With a worker they come to lie where it reads them, and
  /// need no copy; once decoded they are not to be changed before the batch is emptied again.
  ///
  /// `EventBatch.removeAll` serves as well, at that price.
  package func begin(_ batch: inout EventBatch) throws(AdapterError) {
    switch runner {
    case .direct: batch.removeAll()
    case .supervised(let session): try session.lend(&batch)
    }
  }

  /// Decodes the batch's frames from `firstFrame` on, whose bytes lie in the batch, and appends their events to it.
  ///
  /// - Returns: How many frames were consumed. They are fewer than there are when the batch's room for events is
  ///   less than the manifest's `max-events`; then empty the batch and go on. They are also fewer when a frame cannot be
  ///   handed over, or a worker is given up: then the next call, which begins there, throws.
  /// - Throws: `.contract` for what breaks a rule, after which the batch's events are those of the calls before; `.tooLarge`
  ///   for a frame that no worker takes; `.callFailed`, among others, for one that lies outside the batch's bytes.
  package mutating func decode(_ batch: inout EventBatch, from firstFrame: Int = 0) throws(AdapterError) -> Int {
    guard !hasFailed else {
      throw AdapterError(
        .sessionFailed, "\(manifest.name): the session broke its contract before; open a new one")
    }
    let most = manifest.maxEvents
    guard batch.eventCapacity >= most else {
      throw AdapterError(
        .callFailed,
        "\(manifest.name): one frame gives up to \(most) events, the batch holds \(batch.eventCapacity)")
    }
    let lender = batch.lender
    do {
      return unsafe try batch.withStorage {
        (frames, events, bytes, counts) throws(AdapterError) in
        precondition(firstFrame >= 0 && firstFrame <= counts.frames)
        var next = firstFrame
        switch runner {
        case .direct(let direct):
          while next < counts.frames && events.count - counts.events >= most {
            let offered = unsafe offer(frames.baseAddress! + next, counts.frames - next, bytes: counts.bytes)
            if offered == 0, next > firstFrame { break }
            next += unsafe try call(direct, frames, next, offered, events, bytes, &counts)
          }
        case .supervised(let session):
          unsafe try decode(in: session, lender, frames, &next, events, bytes, &counts)
        }
        return next - firstFrame
      }
    } catch {
      hasFailed = true
      throw error
    }
  }

  /// What a worker decoded before an error counts; the next call meets the error again.
  private mutating func decode(
    in session: SupervisedSession, _ lender: AnyObject?, _ frames: UnsafeMutableBufferPointer<Frame>, _ next: inout Int,
    _ events: UnsafeMutableBufferPointer<Event>, _ bytes: UnsafeMutableBufferPointer<UInt8>,
    _ counts: inout EventBatch.Counts
  ) throws(AdapterError) {
    guard next < counts.frames else { return }
    var work = unsafe SupervisedSession.Work(
      frames: UnsafeBufferPointer(start: frames.baseAddress!, count: counts.frames),
      bytes: UnsafePointer(bytes.baseAddress!), size: counts.bytes, lender: lender,
      events: events.baseAddress! + counts.events,
      room: events.count - counts.events, next: next)
    defer {
      unsafe counts.events += work.filled
      unsafe next = work.next
    }
    do {
      unsafe try session.decode(&work, &validator)
    } catch {
      guard unsafe work.next > next else { throw error }
    }
  }

  /// How many of the next frames one call takes. It is the host's own promise that each lies within the bytes.
  private func offer(_ frames: UnsafePointer<Frame>, _ count: Int, bytes: Int) -> Int {
    let offered = min(count, DirectSession.framesPerCall)
    // Negative as soon as one lies beyond.
    var room: Int64 = 0
    for index in 0..<offered {
      room |= unsafe Int64(bytes) &- (Int64(frames[index].data) &+ Int64(frames[index].length))
    }
    guard room < 0 else { return offered }
    return (0..<offered).first { unsafe Int(frames[$0].data) + Int(frames[$0].length) > bytes } ?? 0
  }

  /// One call of `decode` and the validation of what it filled.
  private mutating func call(
    _ direct: DirectSession, _ frames: UnsafeMutableBufferPointer<Frame>, _ first: Int, _ offered: Int,
    _ events: UnsafeMutableBufferPointer<Event>,
    _ bytes: UnsafeMutableBufferPointer<UInt8>, _ counts: inout EventBatch.Counts
  ) throws(AdapterError) -> Int {
    guard offered > 0 else {
      throw AdapterError(.callFailed, "\(manifest.name): a frame of the batch lies outside its bytes")
    }
    let output = unsafe direct.output
    let capacity = min(output.count, events.count - counts.events)
    var work = unsafe exprove_batch(
      struct_size: UInt32(MemoryLayout<exprove_batch>.size), frame_count: UInt32(offered), bytes: bytes.baseAddress,
      bytes_size: UInt64(counts.bytes), frames: frames.baseAddress! + first, events: output.baseAddress,
      event_capacity: UInt32(capacity), frames_used: 0, events_filled: 0, reserved: 0)
    let status = unsafe direct.adapter.table.decode(direct.pointer, &work)
    let offset = unsafe frames[first].offset
    guard status == Status.ok else {
      throw AdapterError(
        .callFailed, "\(manifest.name): decode of the frame at byte \(offset) answered \(describe(status, ""))")
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
      "\(manifest.name) \(manifest.version): \(place)frame at byte \(offset): \(rule.id) is broken: "
        + "\(rule.reason) (\(detail)); tell \(manifest.vendor), or run exprove conform on it", rule: rule)
  }

  /// Forgets all that was seen.
  package mutating func reset() throws(AdapterError) {
    hasFailed = true
    switch runner {
    case .direct(let direct):
      let status = unsafe direct.adapter.table.reset(direct.pointer)
      guard status == Status.ok else {
        throw AdapterError(.callFailed, "\(manifest.name): reset answered \(describe(status, ""))")
      }
    case .supervised(let session): try session.reset()
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
