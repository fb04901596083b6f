// SPDX-License-Identifier: Apache-2.0

internal import AggregationService
internal import ExecutionIR
internal import Governance

/// What an aggregator can be asked for, and how it is written.
package enum AggregatorPath {
  /// The contract in its canonical encoding.
  static let contract = "/v1/contract"
  /// The signed list of the keys to seal to.
  static let keys = "/v1/keys"
  /// Which contexts there are; behind a further slash one of them, by its revision, or `latest`.
  static let contexts = "/v1/contexts"
  /// For those who run it.
  static let status = "/v1/status"
  /// The leader's: takes reports.
  static let reports = "/v1/reports"
  /// The only aggregator's: answers a contributor's request of a masked sum.
  static let masked = "/v1/masked"
  /// The helper's: answers the leader.
  static let peer = "/v1/peer"

  /// The most bytes of reports in one request, where one report is not larger by itself.
  static let largestUpload = 8 << 20
  /// The most bytes of an answer.
  static let largestAnswer = 64 << 20

  /// Reports as they go over the network: each behind its length in four bytes, the most significant first.
  static func encode(_ reports: some Collection<[UInt8]>) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(reports.reduce(0) { $0 + $1.count + 4 })
    for report in reports {
      for place in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: report.count >> place)) }
      bytes += report
    }
    return bytes
  }

  /// Nil where the bytes are not what `encode` gives.
  static func decode(_ bytes: [UInt8]) -> [[UInt8]]? {
    var reports: [[UInt8]] = []
    var rest = bytes[...]
    while !rest.isEmpty {
      guard rest.count >= 4 else { return nil }
      let length = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
      rest = rest.dropFirst(4)
      guard rest.count >= length else { return nil }
      reports.append(Array(rest.prefix(length)))
      rest = rest.dropFirst(length)
    }
    return reports
  }
}

/// What all aggregators answer to anybody: nothing of it is secret.
struct PublicAnswers: Sendable {
  let contract: AggregationContract
  let keyList: KeyList

  /// Nil where the path is none of these.
  func answer(
    _ request: ExchangeRequest, contexts: () -> [SignedContext], status: () -> JSON
  ) -> ExchangeResponse? {
    let path = request.path
    guard
      [AggregatorPath.contract, AggregatorPath.keys, AggregatorPath.contexts, AggregatorPath.status].contains(path)
        || path.hasPrefix(AggregatorPath.contexts + "/")
    else { return nil }
    guard request.method == "GET" else { return ExchangeResponse(status: 405, text: "\(path) answers GET alone") }
    switch path {
    case AggregatorPath.contract: return PublicAnswers.json(contract.json.canonical)
    case AggregatorPath.keys: return PublicAnswers.json(keyList.encoded)
    case AggregatorPath.status: return PublicAnswers.json(status().canonical)
    case AggregatorPath.contexts: return PublicAnswers.json(list(contexts()).canonical)
    default:
      let name = path.dropFirst(AggregatorPath.contexts.count + 1)
      let found = contexts()
      let context = name == "latest" ? found.last : found.first { String($0.context.revision) == name }
      return context.map { PublicAnswers.json($0.encoded) }
        ?? ExchangeResponse(status: 404, text: "there is no context \(name); there are \(found.count)")
    }
  }

  private func list(_ contexts: [SignedContext]) -> JSON {
    let list = contexts.map { signed -> JSON in
      let context = signed.context
      return .object([
        "revision": .wide(context.revision), "digest": .string(context.digest.description),
        "window": .wide((context.windowStart - contract.first) / contract.period),
        "contributors": .wide(context.contributors), "issued_at": .wide(context.issuedAt),
      ])
    }
    return .object(["contract": .string(contract.digest.description), "contexts": .array(list)])
  }

  static func json(_ bytes: [UInt8]) -> ExchangeResponse {
    ExchangeResponse(body: bytes, contentType: "application/json")
  }

  /// What is the same in both aggregators' status.
  func status(
    role: String, aggregator: String, closed: Int, contexts: Int, trouble: String?, counts: ExchangeCounts
  ) -> [String: JSON] {
    [
      "role": .string(role), "aggregator": .string(aggregator), "contract": .string(contract.digest.description),
      "name": .string(contract.name), "closed_batches": .integer(Int64(closed)),
      "contexts": .integer(Int64(contexts)), "trouble": trouble.map { .string($0) } ?? .null,
      "network": .object([
        "connections": .integer(Int64(counts.connections)), "turned_away": .integer(Int64(counts.turnedAway)),
        "handshakes_failed": .integer(Int64(counts.handshakesFailed)), "requests": .integer(Int64(counts.requests)),
        "refused": .integer(Int64(counts.refused)), "timed_out": .integer(Int64(counts.timedOut)),
      ]),
    ]
  }
}
