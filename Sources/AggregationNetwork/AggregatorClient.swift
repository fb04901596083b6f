// SPDX-License-Identifier: Apache-2.0

package import AggregationService
internal import ExecutionIR
package import Governance

/// Asks an aggregator at the address and with the certificate that the contract states.
package final class AggregatorClient: Sendable {
  private let aggregator: AggregationContract.Aggregator
  private let client: ExchangeClient

  /// How long an answer may take. A helper checks a whole job in this time.
  private static let patience = Duration.seconds(60)
  private static let shortPatience = Duration.seconds(5)

  /// - Parameter identity: what is shown to it; a contributor needs none
  package init(
    _ aggregator: AggregationContract.Aggregator, identity: TLSIdentity? = nil
  ) throws(ExchangeError) {
    self.aggregator = aggregator
    client = try ExchangeClient(
      peer: PeerAddress(aggregator.address), pin: aggregator.certificate, identity: identity,
      largestResponse: AggregatorPath.largestAnswer)
  }

  package func close() { client.close() }

  /// What is to be sealed to, signed by the aggregator.
  package func keys(within limit: Duration) throws -> KeyList {
    let answer = try client.send(method: "GET", path: AggregatorPath.keys, within: limit)
    return try KeyList(decoding: answer.body, of: aggregator.verifier)
  }

  /// Sends reports to the leader; of each, nil where it is kept.
  package func upload(_ reports: [[UInt8]], within limit: Duration) throws -> [ReportRefusal?] {
    var answers: [ReportRefusal?] = []
    var rest = reports[...]
    while !rest.isEmpty {
      var size = 0
      let next = rest.prefix { report in
        size += report.count + 4
        return size <= AggregatorPath.largestUpload
      }
      let part = next.isEmpty ? rest.prefix(1) : next
      rest = rest.dropFirst(part.count)
      let answer = try client.send(path: AggregatorPath.reports, body: AggregatorPath.encode(part), within: limit)
      guard answer.body.count == part.count else {
        throw ServiceError.malformed("\(answer.body.count) answers to \(part.count) reports")
      }
      for code in answer.body {
        guard code == 0 || ReportRefusal(rawValue: code) != nil else {
          throw ServiceError.malformed("a refusal of kind \(code), which this version does not know")
        }
        answers.append(ReportRefusal(rawValue: code))
      }
    }
    return answers
  }

  /// The newest context, as its file has it, or the one of a revision; nothing is vouched for.
  package func context(_ revision: Int64?, within limit: Duration) throws -> SignedContext {
    let name = revision.map { String($0) } ?? "latest"
    let answer = try client.send(method: "GET", path: "\(AggregatorPath.contexts)/\(name)", within: limit)
    return try SignedContext(decoding: answer.body)
  }

  /// Whether the helper answers, and works under this contract: asked before the leader waits for it with all its state
  /// in hand.
  func check(_ contract: AggregationContract) throws(ServiceError) {
    let answer = try send(method: "GET", AggregatorPath.contract, [], AggregatorClient.shortPatience)
    let given = Digest(of: answer)
    guard given == contract.digest else { throw .otherContract(given: given, own: contract.digest) }
  }

  /// A contributor's request to the only aggregator.
  package func masked(_ request: [UInt8], within limit: Duration) throws -> [UInt8] {
    try client.send(path: AggregatorPath.masked, body: request, within: limit).body
  }

  /// The leader's requests to the helper.
  func ask(_ request: [UInt8]) throws(ServiceError) -> [UInt8] {
    try send(method: "POST", AggregatorPath.peer, request, AggregatorClient.patience)
  }

  private func send(
    method: String, _ path: String, _ body: [UInt8], _ limit: Duration
  ) throws(ServiceError) -> [UInt8] {
    do throws(ExchangeError) {
      return try client.send(method: method, path: path, body: body, within: limit).body
    } catch {
      switch error {
      case .unreachable, .timedOut: throw .unreachable(error.description)
      default: throw .refused(error.description)
      }
    }
  }
}
