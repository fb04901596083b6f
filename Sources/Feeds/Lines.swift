// SPDX-License-Identifier: Apache-2.0

internal import EventFlow

/// How far the search for the end of the line at the front has come.
struct LineState {
  var searched = 0
}

/// Lines of the form `<nanoseconds since 1970> <payload>`, ended by LF or CRLF; the last one may lack its end. A line
/// that does not begin so is given whole and without a time, so that the adapter reports it.
extension FeedReader {
  mutating func readLines(into batch: inout EventBatch, target: Int) throws(FeedError) {
    // A stamp has at most 19 digits and a space, and CR and LF end the line.
    let longest = batch.byteCapacity + 22
    while batch.frameCount < target {
      var feedAt = window.lineFeed(from: lines.searched)
      while feedAt == nil {
        lines.searched = window.count
        guard window.count <= longest else {
          throw .frameTooLong(path: path, offset: window.offset, limit: batch.byteCapacity)
        }
        guard window.fetch() else { break }
        feedAt = window.lineFeed(from: lines.searched)
      }
      let length: Int
      if let feedAt {
        length = feedAt
      } else {
        guard window.count > 0 else {
          if let damage = window.damage { throw damage }
          return
        }
        length = window.count
      }
      let isCut = feedAt == nil && window.damage != nil
      guard try deliverLine(length, flags: isCut ? .truncated : [], into: &batch) else { return }
      window.consume(feedAt == nil ? length : length + 1)
      lines.searched = 0
      if isCut, let damage = window.damage { throw damage }
    }
  }

  private mutating func deliverLine(
    _ length: Int, flags: FrameFlags, into batch: inout EventBatch
  ) throws(FeedError) -> Bool {
    var end = length
    if end > 0, window.bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
    guard let (stamp, start) = LineStamp.read(window.bytes.extracting(0..<end)) else {
      return try deliver(at: 0, count: end, time: nil, flags: flags.union(.noTime), into: &batch)
    }
    guard let clockOffset else {
      return try deliver(at: start, count: end - start, time: nil, flags: flags, into: &batch)
    }
    let (time, overflow) = stamp.addingReportingOverflow(clockOffset)
    return overflow
      ? try deliver(at: 0, count: end, time: nil, flags: flags, into: &batch)
      : try deliver(at: start, count: end - start, time: time, flags: flags, into: &batch)
  }
}

enum LineStamp {
  /// The number before the first space and where the payload begins; nil when that is not 1 to 19 digits that
  /// fit 64 bits.
  static func read(_ line: Span<UInt8>) -> (nanoseconds: Int64, payload: Int)? {
    var value: Int64 = 0
    var index = 0
    while index < min(line.count, 20) {
      let digit = line[index] &- UInt8(ascii: "0")
      guard digit <= 9 else {
        return index > 0 && line[index] == UInt8(ascii: " ") ? (value, index + 1) : nil
      }
      let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = tens.addingReportingOverflow(Int64(digit))
      if overflow || carry { return nil }
      value = sum
      index += 1
    }
    return nil
  }
}
