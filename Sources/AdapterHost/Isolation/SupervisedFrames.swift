// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
internal import CWorkerLink
internal import EventFlow

/// Where frames lie that a worker is told of, and which of them are kept for the next one.
extension SupervisedSession {
  /// Frames that go through the link at once, and where their bytes lie.
  typealias Part = (frames: Range<Int>, bytes: Range<Int>)

  /// Where frames of a call lie in the inlet.
  struct Place {
    /// The first one, in the table.
    var frame: Int
    /// Where the bytes begin that they count from.
    var base: Int
    /// Where their own bytes begin and end.
    var byte: Int
    var end: Int
    /// They lie there already.
    var isLent: Bool
  }

  private static let smallestHistory = 4 << 20
  private static let largestHistory = 32 << 20
  /// Runs of fewer frames than that are put together.
  private static let shortRun = 256

  /// Empties a batch; where that is possible, what is then put into it lies where workers read it.
  func lend(_ batch: inout EventBatch) throws(AdapterError) {
    let inlet = calls.process.link.inlet
    let isOurs = batch.lender.map { $0 === loan } ?? false
    guard !isQuarantined, isOurs || loan == nil, batch.frameCapacity <= inlet.lent.frames.count,
      batch.byteCapacity <= StartedWorker.bytesAtOnce
    else { return batch.removeAll() }
    if isOurs { joinShortRun(inlet) }
    var end = history.end(of: inlet.lent.frames, from: (0, 0))
    if isLong || end.frame + batch.frameCapacity > inlet.lent.frames.upperBound
      || end.byte + batch.byteCapacity > inlet.lent.bytes.upperBound
    {
      _ = try save()
      end = (0, 0)
    }
    loan = inlet.lend(&batch, frame: end.frame, byte: end.byte)
  }

  /// A batch that is emptied needs its frames no more as they are.
  private func joinShortRun(_ inlet: WorkerInlet) {
    guard let last = history.runs.last, inlet.lent.frames.contains(last.first),
      var run = history.takeLast(shorterThan: SupervisedSession.shortRun)
    else { return }
    inlet.move(run.count, from: run.first, by: run.base)
    run.base = 0
    history.putBack(run)
  }

  /// Frames from `first` on that the link takes at once, the first one in any case.
  ///
  /// - Parameters:
  ///   - size: of the bytes in all; a frame that lies beyond ends the part.
  ///   - events: how many there is room for, of which each frame gives one at least.
  static func part(
    of frames: UnsafeBufferPointer<Frame>, _ size: Int, from first: Int, atMost events: Int = .max
  ) -> Part {
    let limit = min(frames.count - first, StartedWorker.framesAtOnce, max(1, events))
    if let bytes = unsafe span(UnsafeBufferPointer(rebasing: frames[first..<first + limit]), size) {
      return (first..<first + limit, bytes)
    }
    var low = unsafe Int(frames[first].data)
    var high = unsafe low + Int(frames[first].length)
    var end = first + 1
    while end < first + limit {
      let frame = unsafe frames[end]
      let newLow = min(low, Int(frame.data))
      let newHigh = max(high, Int(frame.data) + Int(frame.length))
      guard newHigh - newLow <= StartedWorker.bytesAtOnce, newHigh <= size else { break }
      (low, high) = (newLow, newHigh)
      end += 1
    }
    return (first..<end, low..<high)
  }

  /// Where the bytes of frames lie that stand in order; nil when they do not, or do not go through the link at once.
  private static func span(_ frames: UnsafeBufferPointer<Frame>, _ size: Int) -> Range<Int>? {
    // Without branches: negative as soon as one begins or ends before the one before it.
    var order: Int64 = 0
    var (start, end): (Int64, Int64) = (0, 0)
    for index in frames.indices {
      let next = unsafe Int64(frames[index].data)
      let nextEnd = unsafe next &+ Int64(frames[index].length)
      order |= (next &- start) | (nextEnd &- end)
      (start, end) = (next, nextEnd)
    }
    let low = unsafe Int64(frames[0].data)
    guard order >= 0, end - low <= Int64(StartedWorker.bytesAtOnce), end <= Int64(size) else { return nil }
    return Int(low)..<Int(end)
  }

  /// One frame at least goes through the link at once, and lies within the bytes that there are.
  func checkFrame(_ frame: Frame, _ size: Int) throws(AdapterError) {
    let name = plan.image.manifest.name
    guard Int(frame.data) + Int(frame.length) <= size else {
      throw AdapterError(.callFailed, "\(name): a frame of the batch lies outside its bytes")
    }
    guard Int(frame.length) > StartedWorker.bytesAtOnce else { return }
    throw AdapterError(
      .tooLarge,
      "\(name): the frame at byte \(frame.offset) has \(frame.length) bytes; a worker takes at most "
        + "\(StartedWorker.bytesAtOnce)")
  }

  /// Where the frames of a part are to lie. May save the state, so that there is room for them.
  func place(for part: Part, of lender: AnyObject?) throws(AdapterError) -> Place {
    let inlet = calls.process.link.inlet
    if let loan, loan === lender {
      return Place(
        frame: loan.frame + part.frames.lowerBound, base: loan.byte, byte: loan.byte + part.bytes.lowerBound,
        end: loan.byte + part.bytes.upperBound, isLent: true)
    }
    let area = inlet.copied
    let start = (frame: area.frames.lowerBound, byte: area.bytes.lowerBound)
    var end = history.end(of: area.frames, from: start)
    if isLong || end.frame + part.frames.count > area.frames.upperBound
      || end.byte + part.bytes.count > area.bytes.upperBound
    {
      _ = try save()
      end = start
    }
    return Place(
      frame: end.frame, base: start.byte, byte: end.byte, end: end.byte + part.bytes.count, isLent: false)
  }

  /// Whether the way from the last saved state has become long.
  private var isLong: Bool {
    let limit = min(max(SupervisedSession.smallestHistory, 2 * (state?.count ?? 0)), SupervisedSession.largestHistory)
    return history.size > limit
  }

  /// Copies a range of a part's frames to where the worker reads them, unless they lie there.
  func put(
    _ frames: UnsafeBufferPointer<Frame>, _ range: Range<Int>, _ bytes: UnsafePointer<UInt8>, _ part: Part,
    _ place: Place
  ) {
    guard !place.isLent else { return }
    unsafe calls.process.link.inlet.put(
      UnsafeBufferPointer(rebasing: frames[range]), at: place.frame + range.lowerBound, bytes,
      from: part.bytes.lowerBound, to: place.byte, base: place.base)
  }

  /// Tells the worker of them.
  func setFrames(_ place: Place, _ count: Int) {
    let orders = unsafe calls.process.link.orders
    unsafe orders.pointee.first = UInt32(place.frame)
    unsafe orders.pointee.frame_count = UInt32(count)
    unsafe orders.pointee.bytes_offset = UInt64(place.base)
    unsafe orders.pointee.bytes_size = UInt64(place.end - place.base)
  }

  /// Takes up the first `used` frames of a part as decoded.
  func keep(_ part: Part, _ place: Place, used: Int) {
    let inlet = calls.process.link.inlet
    let end = used == part.frames.count ? place.end : place.base + inlet.end(of: used, from: place.frame)
    history.append(
      FrameHistory.Run(first: place.frame, count: used, base: place.base, end: end), bytes: max(0, end - place.byte))
  }
}
