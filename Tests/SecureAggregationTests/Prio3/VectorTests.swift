// SPDX-License-Identifier: Apache-2.0

import Foundation
import SecureAggregation
import Testing

/// The draft's own vectors: every step with every value that they give.
struct VectorTests {
  @Test func everyFileIsReplayed() throws {
    guard let folder = vectorFolder() else { return }
    let files = try FileManager.default.contentsOfDirectory(atPath: folder)
      .filter { $0.hasPrefix("Prio3") && $0.hasSuffix(".json") }.sorted()
    #expect(files.count >= 25)
    #expect(files.count { $0.contains("_bad_") } >= 8)
    for file in files {
      let vector = try object(folder + "/" + file)
      let operations = try #require(vector["operations"] as? [Any])
      let done = try replay(file, vector)
      #expect(done == operations.count && done > 0, "\(file)")
    }
  }

  /// Chooses the algorithm by the file's name. How many operations were compared.
  private func replay(_ file: String, _ vector: [String: Any]) throws -> Int {
    func number(_ name: String) throws -> Int { try #require(vector[name] as? Int) }
    let shares = try number("shares")
    func numbers<Number: FixedWidthInteger>(_ value: Any) throws -> [Number] {
      try #require(value as? [Int]).map { Number($0) }
    }
    switch try #require(file.split(separator: "_").first) {
    case "Prio3Count":
      return try Replay(Prio3Count(shares: shares), file, vector).run(
        measurement: { try #require($0 as? Int) == 1 }, result: { UInt64(try #require($0 as? Int)) })
    case "Prio3Sum":
      return try Replay(Prio3Sum(shares: shares, maximum: UInt64(try number("max_measurement"))), file, vector).run(
        measurement: { UInt64(try #require($0 as? Int)) }, result: { UInt64(try #require($0 as? Int)) })
    case "Prio3SumVec":
      let vdaf = try Prio3SumVec(
        shares: shares, length: try number("length"), maximum: UInt128(try number("max_measurement")),
        chunkLength: try number("chunk_length"))
      return try Replay(vdaf, file, vector).run(measurement: numbers, result: numbers)
    case "Prio3SumVecWithMultiproof":
      // The files don't say how many proofs there are, but their lengths do.
      let reports = try #require(vector["reports"] as? [[String: Any]])
      let length = try #require((reports[0]["verifier_shares"] as? [[String]])?[0][0]).count / 2
      for proofs in 2...8 {
        let vdaf = try Prio3SumVecWithMultiproof(
          shares: shares, proofs: proofs, length: try number("length"), maximum: UInt64(try number("max_measurement")),
          chunkLength: try number("chunk_length"))
        if vdaf.verifierShareSize == length {
          return try Replay(vdaf, file, vector).run(measurement: numbers, result: numbers)
        }
      }
      Issue.record("\(file): no number of proofs gives its lengths")
      return 0
    case "Prio3Histogram":
      let vdaf = try Prio3Histogram(
        shares: shares, length: try number("length"), chunkLength: try number("chunk_length"))
      return try Replay(vdaf, file, vector).run(measurement: { try #require($0 as? Int) }, result: numbers)
    case "Prio3MultihotCountVec":
      let vdaf = try Prio3MultihotCountVec(
        shares: shares, length: try number("length"), maximumWeight: try number("max_weight"),
        chunkLength: try number("chunk_length"))
      return try Replay(vdaf, file, vector).run(measurement: { try #require($0 as? [Bool]) }, result: numbers)
    case "Prio3HigherDegree":
      let vdaf = try Prio3(HigherDegree(), algorithm: 0xFFFF_FFFF, shares: shares)
      return try Replay(vdaf, file, vector).run(
        measurement: { [UInt64(try #require($0 as? Int))] }, result: { [UInt64(try #require($0 as? Int))] })
    default:
      Issue.record("\(file): an algorithm that is not known")
      return 0
    }
  }
}

private final class Replay<Circuit: ValidityCircuit> {
  private let vdaf: Prio3<Circuit>
  private let file: String
  private let vector: [String: Any]
  private var states: [[Int]: Kept<Circuit.Field>] = [:]
  private var aggregates: [Int: AggregateShare<Circuit.Field>] = [:]

  init(_ vdaf: Prio3<Circuit>, _ file: String, _ vector: [String: Any]) {
    self.vdaf = vdaf
    self.file = file
    self.vector = vector
  }

  func run(
    measurement: (Any) throws -> Circuit.Measurement, result: (Any) throws -> Circuit.AggregateResult
  ) throws -> Int {
    let context = bytes(hex: try #require(vector["ctx"] as? String))
    let reports = try #require(vector["reports"] as? [[String: Any]])
    let shares = try #require(vector["agg_shares"] as? [String])
    var done = 0
    for operation in try #require(vector["operations"] as? [[String: Any]]) {
      let succeeds = try #require(operation["success"] as? Bool)
      let aggregator = operation["aggregator_id"] as? Int ?? 0
      let index = operation["report_index"] as? Int ?? 0
      let report = reports[index]
      let nonce = bytes(hex: try #require(report["nonce"] as? String))
      let name = try #require(operation["operation"] as? String)
      switch name {
      case "shard":
        #expect(succeeds)
        let randomness = SecretBytes(copying: bytes(hex: try #require(report["rand"] as? String)))
        #expect(randomness.count == vdaf.randomnessSize)
        let sharded = try vdaf.shard(
          try measurement(try #require(report["measurement"])), context: context, nonce: nonce, randomness: randomness)
        #expect(hex(sharded.publicShare.encoded) == report["public_share"] as? String, "\(file)")
        let expected = try #require(report["input_shares"] as? [String])
        #expect(expected.count == vdaf.shares)
        for (index, share) in expected.enumerated() {
          #expect(hex(try sharded.inputShare(index).copiedBytes) == share, "\(file) input share \(index)")
        }
      case "verify_init":
        #expect(succeeds)
        let key = SecretBytes(copying: bytes(hex: try #require(vector["verify_key"] as? String)))
        let input = SecretBytes(copying: bytes(hex: try #require(report["input_shares"] as? [String])[aggregator]))
        let state = try vdaf.verifyInit(
          verifyKey: key, context: context, aggregator: aggregator, nonce: nonce,
          publicShare: vdaf.decodePublicShare(bytes(hex: try #require(report["public_share"] as? String))),
          inputShare: input)
        let kept = Kept(state)
        let expected = try #require((report["verifier_shares"] as? [[String]])?.first)[aggregator]
        #expect(hex(kept.verifierShare) == expected, "\(file) verifier share \(aggregator)")
        states[[index, aggregator]] = kept
      case "verifier_shares_to_message":
        let encoded = try #require((report["verifier_shares"] as? [[String]])?.first)
        let shares = try encoded.map { try vdaf.decodeVerifierShare(bytes(hex: $0)) }
        if succeeds {
          let message = try vdaf.verifierSharesToMessage(shares, context: context)
          #expect(hex(message.encoded) == (report["verifier_messages"] as? [String])?.first, "\(file)")
        } else {
          #expect(throws: VDAFError.proofRefused, "\(file)") {
            try self.vdaf.verifierSharesToMessage(shares, context: context)
          }
        }
      case "verify_next":
        guard let state = states[[index, aggregator]]?.take() else {
          Issue.record("\(file): a report that no verification was begun of")
          return done
        }
        let message = try vdaf.decodeVerifierMessage(
          bytes(hex: try #require((report["verifier_messages"] as? [String])?.first)))
        var refusal: VDAFError?
        do throws(VDAFError) {
          let output = try vdaf.verifyNext(state, message: message)
          let expected = (report["out_shares"] as? [String])?.dropFirst(aggregator).first
          #expect(hex(output.encoded.copiedBytes) == expected, "\(file)")
          var aggregate = aggregates[aggregator] ?? vdaf.aggregateInit()
          try vdaf.aggregateUpdate(&aggregate, output)
          aggregates[aggregator] = aggregate
        } catch {
          refusal = error
        }
        #expect(refusal == (succeeds ? nil : .jointRandomnessDiffers), "\(file)")
      case "aggregate":
        #expect(succeeds)
        let aggregate = try #require(aggregates[aggregator])
        #expect(hex(aggregate.encoded) == shares[aggregator], "\(file) aggregate share \(aggregator)")
      case "unshard":
        #expect(succeeds)
        let decoded = try shares.map { try vdaf.decodeAggregateShare(bytes(hex: $0)) }
        let expected = try result(try #require(vector["agg_result"]))
        #expect(try vdaf.unshard(decoded, measurements: reports.count) == expected, "\(file)")
      default:
        Issue.record("\(file): an operation that is not known: \(name)")
      }
      done += 1
    }
    return done
  }
}
