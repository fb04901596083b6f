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
    guard adapter.manifest.hasFrameTime else {
      throw AdapterError(
        .notOffered, "\(adapter.manifest.name): it does not tell frames' own times; use a capture with receive times")
    }
    var times = [Int64](repeating: .min, count: batch.frameCount - firstFrame)
    return unsafe try batch.withStorage { (frames, _, bytes, counts) throws(AdapterError) in
      let count = counts.frames - firstFrame
      guard count > 0 else { return 0 }
      let status = unsafe times.withUnsafeMutableBufferPointer {
        unsafe adapter.table.frame_time(
          session, bytes.baseAddress, UInt64(counts.bytes), frames.baseAddress! + firstFrame, UInt32(count),
          $0.baseAddress)
      }
      guard status == Status.ok else {
        throw AdapterError(.callFailed, "\(adapter.manifest.name): frame_time answered \(describe(status, ""))")
      }
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
}
