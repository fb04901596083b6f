// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR
internal import Governance
internal import TransparencyLog

/// Which contributors' reports a window's batch has: what all aggregators sign before any shows anything of a sum. No
/// window has a second one.
struct ClosedBatch: Equatable, Sendable {
  let contract: Digest
  let window: Int
  /// Of the accepted reports: SHA-256(contract ‖ window ‖ ids in their order). With one aggregator alone, of the survivors and
  /// their signatures: `MaskedSums.batch`.
  let batch: Digest
  /// The accepted reports' contributors, by their place in the contract's list, in rising order.
  let participants: [Int]
  /// By all aggregators.
  private(set) var envelope: Envelope

  static let predicateType = Statement.predicateType("closed-batch")

  static func name(_ contract: Digest, window: Int, reports: [[UInt8]]) -> Digest {
    var writer = MessageWriter()
    writer.write(fixed: contract.bytes)
    writer.write(UInt32(window))
    for id in reports.sorted(by: { $0.lexicographicallyPrecedes($1) }) { writer.write(fixed: id) }
    return Digest(of: writer.bytes)
  }

  private static func statement(_ contract: Digest, _ window: Int, _ batch: Digest, _ participants: [Int]) -> Statement
  {
    Statement(
      subjects: [Statement.Subject(name: "batch of window \(window)", digest: batch)], predicateType: predicateType,
      predicate: .object([
        "contract": .string(contract.description), "window": .integer(Int64(window)),
        // A bit each, so that a statement stays small however many there are.
        "participants": .string(Hexadecimal.encode(bits(participants))),
      ]))
  }

  private static func bits(_ participants: [Int]) -> [UInt8] {
    var bits = [UInt8](repeating: 0, count: participants.last.map { $0 / 8 + 1 } ?? 0)
    for participant in participants { bits[participant / 8] |= 1 << UInt8(participant % 8) }
    return bits
  }

  /// - Parameter participants: in rising order.
  init(
    contract: Digest, window: Int, batch: Digest, participants: [Int], signedBy identity: Identity
  ) throws(ServiceError) {
    self.contract = contract
    self.window = window
    self.batch = batch
    self.participants = participants
    do throws(LedgerError) {
      envelope = try ClosedBatch.statement(contract, window, batch, participants).signed(by: identity)
    } catch {
      throw .cryptography("the batch of window \(window) can't be signed: \(error)")
    }
  }

  mutating func addSignature(by identity: Identity) throws(ServiceError) {
    do throws(IdentityError) { try envelope.addSignature(by: identity) } catch { throw .cryptography("\(error)") }
  }

  var encoded: [UInt8] { envelope.encoded }
  /// Of what is signed, whoever has signed first.
  var payloadDigest: Digest { Digest(of: envelope.payload) }

  /// Reads one of this contract that all of `signers` have signed.
  init(
    decoding bytes: [UInt8], of terms: AggregationContract, signers: [VerifierKey]
  ) throws(ServiceError) {
    do {
      envelope = try Envelope(decoding: bytes)
      let verified = try envelope.verified(by: signers)
      for key in signers where !verified.contains(key) {
        throw RecordError(path: "", reason: "it is not signed by \(key.shortName)")
      }
      let statement = try Statement(decoding: envelope.payload)
      let reader = try RecordReader(
        statement.predicate, path: "predicate", keys: ["contract", "window", "participants"])
      contract = try reader.digest("contract")
      guard contract == terms.digest else { throw reader.error("contract", "is another than \(terms.digest)") }
      window = try reader.integer("window", in: 0...terms.windows - 1)
      guard let bits = Hexadecimal.decode(try reader.string("participants")),
        bits.count <= AggregationContract.mostContributors / 8
      else { throw reader.error("participants", "hexadecimal digits are expected here") }
      participants = (0..<bits.count * 8).filter { bits[$0 / 8] >> UInt8($0 % 8) & 1 == 1 }
      guard participants.last ?? 0 < terms.contributors.count else {
        throw reader.error("participants", "one is no contributor of the contract")
      }
      guard statement.subjects.count == 1 else { throw RecordError(path: "subject", reason: "one is expected here") }
      batch = statement.subjects[0].digest
      guard statement == ClosedBatch.statement(contract, window, batch, participants) else {
        throw RecordError(path: "predicate", reason: "it is not in its one encoding")
      }
    } catch {
      throw .refused("a closed batch: \(error)")
    }
  }
}
