// SPDX-License-Identifier: Apache-2.0

private import CExProveABI
package import EventFlow

extension EventBatch {
  /// Receive times for a capture that has none: the venue's time of each frame plus `latency`, flagged
  /// `derivedTime`. `venueTimes` belong to the frames from `first` on; one that is `Int64.min`, which is what
  /// an adapter writes for a frame without a time, or whose sum leaves 64 bits, stays flagged `noTime`.
  /// Returns how many stayed so.
  package mutating func deriveReceiveTimes(from first: Int, venueTimes: Span<Int64>, latency: Int64) -> Int {
    precondition(first >= 0 && first + venueTimes.count == frameCount)
    var without = 0
    unsafe withStorage { frames, _, _, _ in
      for index in venueTimes.indices {
        let (time, overflow) = venueTimes[index].addingReportingOverflow(latency)
        if venueTimes[index] == .min || overflow {
          without += 1
          continue
        }
        unsafe frames[first + index].receive_time = time
        unsafe frames[first + index].flags &= ~EXPROVE_FRAME_NO_TIME
        unsafe frames[first + index].flags |= EXPROVE_FRAME_DERIVED_TIME
      }
    }
    return without
  }
}
