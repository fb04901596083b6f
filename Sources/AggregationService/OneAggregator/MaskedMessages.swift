// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR
internal import Governance
internal import SecureAggregation
internal import TransparencyLog

/// What a contributor sends to the only aggregator: a message of a round, or the question what comes next. It is signed, so
/// who it is from needs no other proof; sent again, it gets the answer again.
///
/// Wire: `exprove masked request 1`, a line feed, contract (32 bytes), window and contributor (4 bytes each, big-endian), nonce
/// of the run (32 bytes, zeros before one is known), the round that was answered last (1 byte, 0 for none), the message behind
/// its length (4 bytes; empty in a question), and the contributor's Ed25519 signature over all of that.
struct MaskedRequest {
  let contract: Digest
  let window: Int
  let contributor: Int
  let nonce: [UInt8]
  let round: UInt8
  let message: [UInt8]

  static let noRun = [UInt8](repeating: 0, count: MaskedSums.nonceSize)
  private static let title = Array("exprove masked request 1\n".utf8)
  private static let signatureSize = 64
  /// Bytes of a request besides its message.
  private static let overhead = title.count + 32 + 8 + MaskedSums.nonceSize + 1 + 4 + signatureSize

  private var body: [UInt8] {
    var writer = MessageWriter()
    writer.write(fixed: MaskedRequest.title)
    writer.write(fixed: contract.bytes)
    writer.write(UInt32(window))
    writer.write(UInt32(contributor))
    writer.write(fixed: nonce)
    writer.write(round)
    writer.write(message)
    return writer.bytes
  }

  func signed(by identity: Identity) throws(ServiceError) -> [UInt8] {
    let body = body
    guard let signature = try? identity.sign(body) else {
      throw .cryptography("the key of \(identity.verifier.name) does not sign")
    }
    return body + signature
  }

  init(contract: Digest, window: Int, contributor: Int, nonce: [UInt8], round: UInt8, message: [UInt8]) {
    self.contract = contract
    self.window = window
    self.contributor = contributor
    self.nonce = nonce
    self.round = round
    self.message = message
  }

  /// Reads one of this contract, and checks who has signed it.
  init(decoding bytes: [UInt8], of terms: AggregationContract) throws(ServiceError) {
    do {
      var reader = MessageReader(bytes)
      guard try reader.fixed(MaskedRequest.title.count) == MaskedRequest.title else {
        throw reader.failure("it does not begin as a request of a contributor does")
      }
      contract = Digest(bytes: try reader.fixed(32))!
      window = Int(try reader.integer(UInt32.self))
      contributor = Int(try reader.integer(UInt32.self))
      nonce = try reader.fixed(MaskedSums.nonceSize)
      round = try reader.integer(UInt8.self)
      message = try reader.bytes(atMost: terms.largestMaskedMessage)
      let signature = try reader.fixed(MaskedRequest.signatureSize)
      try reader.end()
      guard contract == terms.digest else { throw ServiceError.otherContract(given: contract, own: terms.digest) }
      guard window < terms.windows else { throw ServiceError.refused("the contract has no window \(window)") }
      guard terms.contributors.indices.contains(contributor) else {
        throw ServiceError.refused("the contract has no contributor \(contributor)")
      }
      guard terms.contributors[contributor].isValid(signature, over: Array(bytes.dropLast(signature.count))) else {
        throw ServiceError.refused("\(terms.contributors[contributor].name) has not signed this")
      }
    } catch let error as ServiceError {
      throw error
    } catch {
      throw .malformed("\(error)")
    }
  }

  static func largest(_ contract: AggregationContract) -> Int { overhead + contract.largestMaskedMessage }
}

extension AggregationContract {
  /// The most bytes that a contributor's message of any round can have; only for one aggregator alone.
  var largestMaskedMessage: Int {
    let rows = contributors.count * 128
    return 256 + max(rows, 8 * buckets * signals.count)
  }

  /// The most bytes of a contributor's request to the only aggregator.
  package var largestMaskedRequest: Int { MaskedRequest.largest(self) }
}

/// What the only aggregator answers. Nothing in it is secret from other contributors but what is sealed.
enum MaskedAnswer: Equatable {
  /// Nothing yet: ask again.
  case wait
  /// This run of the window takes keys now.
  case run(nonce: [UInt8])
  /// The aggregator's message that follows the round.
  case message([UInt8])
  /// This run goes on without the contributor, and why. Another may begin.
  case left(String)
  /// The window is done, and what came of it.
  case released([UInt8])
  /// The window is done, and nothing is shown; why.
  case over(String)

  private static let longestReason = 1_024

  var encoded: [UInt8] {
    var writer = MessageWriter()
    func reason(_ text: String) -> [UInt8] { Array(text.utf8.prefix(MaskedAnswer.longestReason)) }
    switch self {
    case .wait: writer.write(UInt8(0))
    case .run(let nonce):
      writer.write(UInt8(1))
      writer.write(fixed: nonce)
    case .message(let bytes):
      writer.write(UInt8(2))
      writer.write(bytes)
    case .left(let text):
      writer.write(UInt8(3))
      writer.write(reason(text))
    case .released(let bytes):
      writer.write(UInt8(4))
      writer.write(bytes)
    case .over(let text):
      writer.write(UInt8(5))
      writer.write(reason(text))
    }
    return writer.bytes
  }

  init(decoding bytes: [UInt8]) throws(ServiceError) {
    var reader = MessageReader(bytes)
    func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
    do throws(MessageError) {
      let kind = try reader.integer(UInt8.self)
      switch kind {
      case 0: self = .wait
      case 1: self = .run(nonce: try reader.fixed(MaskedSums.nonceSize))
      case 2: self = .message(try reader.bytes(atMost: RecordLog.largestRecord))
      case 3: self = .left(text(try reader.bytes(atMost: MaskedAnswer.longestReason)))
      case 4: self = .released(try reader.bytes(atMost: SignedContext.largestFile))
      case 5: self = .over(text(try reader.bytes(atMost: MaskedAnswer.longestReason)))
      default: throw reader.failure("\(kind) is no kind of answer")
      }
      try reader.end()
    } catch {
      throw .malformed("the aggregator's answer: \(error)")
    }
  }
}
