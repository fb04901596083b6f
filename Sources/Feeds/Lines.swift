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
      guard try deliverLine(length, isTruncated: isCut, into: &batch) else { return }
      window.consume(feedAt == nil ? length : length + 1)
      lines.searched = 0
      if isCut, let damage = window.damage { throw damage }
    }
  }

  private mutating func deliverLine(
    _ length: Int, isTruncated: Bool, into batch: inout EventBatch
  ) throws(FeedError) -> Bool {
    var end = length
    if end > 0, window.bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
    guard let (stamp, start) = LineStamp.read(window.bytes.extracting(0..<end)) else {
      return try deliver(at: 0, count: end, time: nil, isTruncated: isTruncated, into: &batch)
    }
    guard let clockOffset else {
      return try deliver(at: start, count: end - start, time: nil, isTruncated: isTruncated, into: &batch)
    }
    let (time, overflow) = stamp.addingReportingOverflow(clockOffset)
    return overflow
      ? try deliver(at: 0, count: end, time: nil, isTruncated: isTruncated, into: &batch)
      : try deliver(at: start, count: end - start, time: time, isTruncated: isTruncated, into: &batch)
  }
}

enum LineStamp {
  /// The number before the first space and where the payload begins; nil when that is not 1 to 19 digits that
  /// fit 64 bits.
  static func read(_ line: Span<UInt8>) -> (nanoseconds: Int64, payload: Int)? {
    // 19 digits fit 64 unsigned bits, so only the sum has to be looked at.
    var value: UInt64 = 0
    var index = 0
    let most = min(line.count, 19)
    while index < most {
      let digit = line[index] &- UInt8(ascii: "0")
      if digit > 9 { break }
      value = value &* 10 &+ UInt64(digit)
      index += 1
    }
    guard index > 0, index < line.count, line[index] == UInt8(ascii: " "), let time = Int64(exactly: value) else {
      return nil
    }
    return (time, index + 1)
  }
}
