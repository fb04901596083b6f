// SPDX-License-Identifier: Apache-2.0

/// Two inputs of a decision that were stamped by different clocks, so close together that they may have happened in the
/// other order.
public struct OrderUncertainty: Hashable, Sendable {
  /// Numbers of the run's feeds, in their order.
  public let feeds: [Int]
  /// How those clocks are called; empty for the one that the unnamed feeds share.
  public let clocks: [String]
  /// Nanoseconds between the last frames of the two feeds.
  public let apart: Int64
  /// How far both clocks together may be wrong, nanoseconds; nil where one of them did not say.
  public let uncertainty: Int64?

  public init(feeds: [Int], clocks: [String], apart: Int64, uncertainty: Int64?) {
    self.feeds = feeds
    self.clocks = clocks
    self.apart = apart
    self.uncertainty = uncertainty
  }

  var explanation: String {
    let known = uncertainty.map { "known to \($0) ns" } ?? "by an uncertainty that nobody stated"
    return "order uncertain: feeds \(feeds[0]) and \(feeds[1]) were last heard \(apart) ns apart, by clocks "
      + "'\(clocks[0])' and '\(clocks[1])', \(known)"
  }
}

extension OrderUncertainty {
  package var json: JSON {
    .object([
      "feeds": .array(feeds.map { .integer(Int64($0)) }), "clocks": .array(clocks.map { .string($0) }),
      "apart": .wide(apart), "uncertainty": uncertainty.map { .wide($0) } ?? .null,
    ])
  }

  package init(json: JSON, path: String) throws(RecordError) {
    let reader = try RecordReader(json, path: path, keys: ["feeds", "clocks", "apart", "uncertainty"])
    let clocks = try reader.list("clocks", atMost: 2) { (json, path) throws(RecordError) -> String in
      guard let text = json.text else { throw RecordError(path: path, reason: "a string is expected here") }
      return text
    }
    let feeds = try reader.integers("feeds", atMost: 2)
    guard feeds.count == 2, clocks.count == 2, feeds.allSatisfy({ (0..<4096).contains($0) }) else {
      throw RecordError(path: path, reason: "two feeds and their two clocks are expected here")
    }
    self.init(
      feeds: feeds.map { Int($0) }, clocks: clocks, apart: try reader.integer("apart", in: 0 ... .max),
      uncertainty: try reader.value("uncertainty").isNull ? nil : try reader.integer("uncertainty", in: 0 ... .max))
  }
}
