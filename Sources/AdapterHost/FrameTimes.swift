// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
package import EventFlow

extension AdapterSession {
  /// Gives frames of a capture without receive times the venue's own time plus `latency`, flagged DERIVED_TIME. A
  /// frame that has no time of its own keeps 0 and is flagged NO_TIME.
  ///
  /// - Returns: How many frames have no time.
  /// - Throws: `.notOffered` when the manifest does not say `frame-time: yes`.
  package func frameTimes(
    _ batch: inout EventBatch, from firstFrame: Int = 0, latency: Int64 = 0
  ) throws(AdapterError) -> Int {
    guard manifest.hasFrameTime else {
      throw AdapterError(
        .notOffered, "\(manifest.name): it does not tell frames' own times; use a capture with receive times")
    }
    let lender = batch.lender
    return unsafe try batch.withStorage { (frames, _, bytes, counts) throws(AdapterError) in
      let count = counts.frames - firstFrame
      guard count > 0 else { return 0 }
      let times = unsafe try venueTimes(
        UnsafeBufferPointer(start: frames.baseAddress!, count: counts.frames), from: firstFrame, bytes.baseAddress!,
        counts.bytes, lender)
      var missing = 0
      for index in 0..<count {
        let (time, overflow) = times[index].addingReportingOverflow(latency)
        if times[index] == .min || overflow {
          missing += 1
          unsafe frames[firstFrame + index].receive_time = 0
          unsafe frames[firstFrame + index].flags |= FrameFlags.noTime.rawValue
        } else {
          unsafe frames[firstFrame + index].receive_time = time
          unsafe frames[firstFrame + index].flags &= ~FrameFlags.noTime.rawValue
          unsafe frames[firstFrame + index].flags |= FrameFlags.derivedTime.rawValue
        }
      }
      return missing
    }
  }

  private func venueTimes(
    _ frames: UnsafeBufferPointer<Frame>, from first: Int, _ bytes: UnsafePointer<UInt8>, _ size: Int,
    _ lender: AnyObject?
  ) throws(AdapterError) -> [Int64] {
    var times: [Int64] = []
    var status = Status.ok
    switch runner {
    case .direct(let direct):
      times = [Int64](repeating: .min, count: frames.count - first)
      status = unsafe times.withUnsafeMutableBufferPointer {
        unsafe direct.adapter.table.frame_time(
          direct.pointer, bytes, UInt64(size), frames.baseAddress! + first, UInt32($0.count), $0.baseAddress)
      }
    case .supervised(let session):
      while first + times.count < frames.count, status == Status.ok {
        let (answer, more) = unsafe try session.frameTimes(
          frames, bytes, size, lentBy: lender, from: first + times.count)
        status = answer
        times += more
      }
    }
    guard status == Status.ok else {
      throw AdapterError(.callFailed, "\(manifest.name): frame_time answered \(describe(status, ""))")
    }
    return times
  }
}
