// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
internal import CWorkerLink
internal import EventFlow

/// A session in a worker, with the host's care for it: when the worker fails, another one takes its place, is brought to
/// the same state, and the stream of events goes on without loss or duplicate. After repeated failure at one
/// place the session is quarantined there.
@safe final class SupervisedSession {
  let plan: WorkerPlan
  private let configuration: AdapterSession.Configuration
  var calls: WorkerCalls
  let sandbox: SandboxLevel

  /// The adapter's state when it was last saved; nil: as after `create`.
  private(set) var state: [UInt8]?
  var history = FrameHistory()
  /// What a batch has at present of the inlet; nil when that batch gave it back.
  weak var loan: WorkerInlet.Loan?

  /// Failures since the last frame that was decoded after one, and in the last stretch of frames.
  var attempts = 0
  private var recentFailures = 0
  private var decodedSinceFailure = 0
  private(set) var isQuarantined = false
  private var incidents: [AdapterIncident] = []
  /// What the adapter said through the host's log, of all its processes.
  let log = HostLog()

  private static let attemptLimit = 3
  private static let recentLimit = 64
  /// A failure is forgotten after so many frames.
  private static let forgivingFrames = 256
  /// Frames that one call of the adapter is offered: few enough that what they give, and its copy, lie in the
  /// first-level cache together.
  private static let framesPerCall = 256

  init(_ plan: WorkerPlan, _ configuration: AdapterSession.Configuration) throws(AdapterError) {
    self.plan = plan
    self.configuration = configuration
    while true {
      do throws(StartedWorker.Failure) {
        let started = try StartedWorker.start(plan, configuration)
        calls = started.calls
        sandbox = started.sandbox
        return
      } catch {
        // Whoever kills a process that starts says nothing of the adapter.
        guard case .worker(let failure) = error, failure.cause == .killed,
          incidents.count + 1 < SupervisedSession.attemptLimit
        else { throw SupervisedSession.refusal(error, plan) }
        incidents.append(
          AdapterIncident(cause: failure.cause, call: failure.call, frames: nil, isQuarantined: false))
      }
    }
  }

  private static func refusal(_ failure: StartedWorker.Failure, _ plan: WorkerPlan) -> AdapterError {
    switch failure {
    case .adapter(let error): return error
    case .worker(let failure):
      let incident = AdapterIncident(cause: failure.cause, call: failure.call, frames: nil, isQuarantined: false)
      return AdapterError(.loader, "\(plan.image.path): its worker failed: \(incident.text)")
    }
  }

  /// What happened since this was last asked.
  func takeIncidents() -> [AdapterIncident] {
    defer { incidents.removeAll() }
    return incidents
  }

  /// The number of its process now, for tests that kill it.
  var processNumber: Int32 { calls.process.number }

  // MARK: Decoding

  /// What a batch is to the session: its frames, their bytes, and room for events.
  @unsafe struct Work {
    var frames: UnsafeBufferPointer<Frame>
    var bytes: UnsafePointer<UInt8>
    /// How many there are.
    var size: Int
    /// Whose memory frames and bytes lie in.
    var lender: AnyObject?
    var events: UnsafeMutablePointer<Event>
    var room: Int
    /// The next frame, and the events so far.
    var next: Int
    var filled = 0
  }

  /// Decodes from `work.next` on as far as there is room for a frame's most events, whatever becomes of the worker. What
  /// was decoded before an error counts.
  func decode(_ work: inout Work, _ validator: inout EventValidator) throws(AdapterError) {
    try checkUsable()
    let most = plan.image.manifest.maxEvents
    while unsafe work.next < work.frames.count && work.room - work.filled >= most {
      let start = unsafe work.next
      unsafe try checkFrame(work.frames[start], work.size)
      let part = unsafe SupervisedSession.part(
        of: work.frames, work.size, from: start, atMost: work.room - work.filled)
      let place = unsafe try place(for: part, of: work.lender)
      do throws(WorkerFailure) {
        unsafe try decode(part, place, &work, &validator)
      } catch {
        try unsafe recover(from: error, UnsafeBufferPointer(rebasing: work.frames[start...]))
      }
    }
  }

  /// One call to the worker.
  private func decode(
    _ part: Part, _ place: Place, _ work: inout Work, _ validator: inout EventValidator
  ) throws(WorkerFailure) {
    let link = calls.process.link
    let perCall = attempts > 1 ? 1 : SupervisedSession.framesPerCall
    let budget = unsafe work.room - work.filled
    unsafe hand(
      over: UnsafeBufferPointer(rebasing: work.frames[part.frames]), work.bytes, part, place, perCall: perCall,
      budget: budget)
    defer { unsafe keep(part, place, used: work.next - part.frames.lowerBound) }
    var left = budget
    while let slot = try calls.nextSlot() {
      let offered = unsafe min(part.frames.upperBound - work.next, perCall)
      let capacity = min(Int(link.setup.slot_events), left)
      let (used, filled) = try check(slot, offered, capacity, at: unsafe work.next - part.frames.lowerBound)
      let mark = validator.definitions.mark
      var mix = history.mix
      do throws(EventValidator.Violation) {
        unsafe try validator.admit(
          calls.events(of: slot, capacity: capacity), count: filled, framesUsed: used, into: work.events + work.filled,
          frames: work.frames.baseAddress! + work.next, firstFrame: work.next, mixing: &mix)
      } catch {
        validator.definitions.rollBack(to: mark)
        let event = unsafe work.events[work.filled + error.event]
        calls.process.end()
        throw WorkerFailure(
          cause: .broke(error.rule, EventText.brief(event)), call: "decode",
          frames: unsafe work.next - part.frames.lowerBound..<work.next - part.frames.lowerBound + used)
      }
      history.mix = mix
      calls.release()
      unsafe work.next += used
      unsafe work.filled += filled
      left -= filled
      succeed(used)
    }
    _ = try calls.answer()
    drainLog()
  }

  /// Asks for frames to be decoded. A worker that runs at the same time begins with the first ones while the others are
  /// copied.
  private func hand(
    over frames: UnsafeBufferPointer<Frame>, _ bytes: UnsafePointer<UInt8>, _ part: Part, _ place: Place, perCall: Int,
    budget: Int
  ) {
    var next = 0
    if place.isLent || calls.follow() {
      unsafe put(frames, 0..<frames.count, bytes, part, place)
      next = frames.count
    }
    post(place, frames.count, perCall: perCall, budget: budget, available: next)
    while next < frames.count {
      let end = min(frames.count, next + SupervisedSession.framesPerCall)
      unsafe put(frames, next..<end, bytes, part, place)
      calls.publish(frames: end)
      next = end
    }
  }

  private func post(_ place: Place, _ frames: Int, perCall: Int, budget: Int, available: Int) {
    let orders = unsafe calls.process.link.orders
    setFrames(place, frames)
    unsafe orders.pointee.available = UInt32(available)
    unsafe orders.pointee.frames_per_call = UInt32(perCall)
    unsafe orders.pointee.budget = UInt64(budget)
    calls.post(WORKER_CALL_DECODE)
  }

  /// How many frames and events a slot has, once that is possible.
  private func check(
    _ slot: WorkerCalls.Slot, _ offered: Int, _ capacity: Int, at first: Int
  ) throws(WorkerFailure) -> (used: Int, filled: Int) {
    let used = Int(slot.head.used)
    let filled = Int(slot.head.filled)
    var cause: AdapterIncident.Cause?
    if slot.head.status != Status.ok {
      cause = .answered("decode answered \(describe(slot.head.status, ""))")
    } else if !(1...max(1, offered)).contains(used) || offered < 1 {
      cause = .broke(.framesUsed, "it used \(used) of \(offered) frames")
    } else if filled < used || filled > capacity {
      cause = .broke(.eventsFilled, "it filled \(filled) events for \(used) frames, capacity \(capacity)")
    }
    if let cause {
      calls.process.end()
      throw WorkerFailure(cause: cause, call: "decode", frames: first..<first + max(1, offered))
    }
    return (used, filled)
  }

  /// A new worker from now on begins with `state`.
  func begin(with state: [UInt8]?) {
    self.state = state
    history = FrameHistory()
  }

  // MARK: Failure

  func checkUsable() throws(AdapterError) {
    if isQuarantined { throw quarantine }
  }

  private var quarantine: AdapterError {
    AdapterError(
      .quarantined,
      "\(plan.image.manifest.name) \(plan.image.manifest.version): its worker failed again and again at one place, and "
        + "decodes no further; tell \(plan.image.manifest.vendor), or run exprove conform on it")
  }

  private func succeed(_ frames: Int) {
    guard recentFailures > 0 else { return }
    attempts = 0
    decodedSinceFailure += frames
    if decodedSinceFailure >= SupervisedSession.forgivingFrames {
      recentFailures = 0
      decodedSinceFailure = 0
    }
  }

  /// Notes the failure and puts a new worker in the place of the old one, in the state of the last frame that was decoded.
  ///
  /// - Parameter frames: the frames that the failed call was given.
  func recover(from first: WorkerFailure, _ frames: UnsafeBufferPointer<Frame>?) throws(AdapterError) {
    var failure = first
    var isFirst = true
    while true {
      attempts += 1
      recentFailures += 1
      isQuarantined =
        attempts >= SupervisedSession.attemptLimit || recentFailures >= SupervisedSession.recentLimit
      drainLog()
      calls.process.end()
      incidents.append(
        AdapterIncident(
          cause: failure.cause, call: failure.call,
          frames: isFirst ? unsafe SupervisedSession.places(failure.frames, frames) : nil, isQuarantined: isQuarantined)
      )
      if isQuarantined { throw quarantine }
      do throws(StartedWorker.Failure) {
        calls = try StartedWorker.start(plan, configuration, calls.process.link.inlet).calls
        do throws(WorkerFailure) { return try restore() } catch { throw .worker(error) }
      } catch {
        guard case .worker(let again) = error else { throw SupervisedSession.refusal(error, plan) }
        failure = again
        isFirst = false
      }
    }
  }

  private static func places(_ failed: Range<Int>?, _ frames: UnsafeBufferPointer<Frame>?) -> AdapterIncident.Frames? {
    guard let failed, let frames = unsafe frames, failed.lowerBound < frames.count else { return nil }
    let last = min(failed.upperBound, frames.count) - 1
    return unsafe AdapterIncident.Frames(
      count: last - failed.lowerBound + 1, firstOffset: frames[failed.lowerBound].offset,
      lastOffset: frames[last].offset)
  }

  /// Brings a new worker to where the old one was: the saved state, then the frames behind it, whose events must be the
  /// same as before.
  private func restore() throws(WorkerFailure) {
    if let state { try load(state) }
    var mix = StreamMix()
    let link = calls.process.link
    let perCall = SupervisedSession.framesPerCall
    for run in history.runs {
      let place = Place(frame: run.first, base: run.base, byte: run.base, end: run.end, isLent: true)
      post(place, run.count, perCall: perCall, budget: .max, available: run.count)
      var next = 0
      while let slot = try calls.nextSlot() {
        let offered = min(run.count - next, perCall)
        let capacity = Int(link.setup.slot_events)
        let (used, filled) = try check(slot, offered, capacity, at: next)
        unsafe mix.add(calls.events(of: slot, capacity: capacity), count: filled)
        calls.release()
        next += used
      }
      _ = try calls.answer()
    }
    if mix != history.mix { throw WorkerFailure(cause: .changed, call: "decode", frames: nil) }
  }

  private var logged: (process: Int32, count: Int) = (0, 0)

  /// Takes up what the adapter wrote to the host's log.
  func drainLog() {
    let link = calls.process.link
    let count = min(Int(link.answer.log_count), Int(WORKER_LOG_LINES))
    if logged.process != processNumber { logged = (processNumber, 0) }
    while logged.count < count {
      let line = link.logLine(logged.count)
      log.append(level: line.level, bytes: line.bytes)
      logged.count += 1
    }
  }
}
