// SPDX-License-Identifier: Apache-2.0

// The wire encoding. Every message begins with a version, its kind and the task's digest; that of a contributor goes on
// with the contributor's place and ends with its signature. Numbers stand lowest byte first, a table as the count of its rows
// and the rows in strictly rising order of the contributors that they are about: so each message has one encoding.

/// A contributor's message of each round, and the aggregator's answer.
enum MaskedSumKind: Equatable {
  case from(MaskedSumRound)
  case answer(MaskedSumRound)

  var code: UInt8 {
    switch self {
    case .from(let round): round.rawValue
    case .answer(let round): round.rawValue | 0x80
    }
  }

  init?(code: UInt8) {
    guard let round = MaskedSumRound(rawValue: code & 0x7F) else { return nil }
    self = code & 0x80 == 0 ? .from(round) : .answer(round)
  }

  var description: String {
    switch self {
    case .from(let round): "a contributor's message of the round of \(round)"
    case .answer(let round): "the aggregator's answer of the round of \(round)"
    }
  }
}

package struct MaskedSumMessage {
  static let version: UInt8 = 1
  private static let prefix = 2 + 32

  let kind: MaskedSumKind
  /// Nil for the aggregator.
  let from: Int?
  let payload: ArraySlice<UInt8>
  /// Empty for the aggregator.
  let signature: [UInt8]

  static func body(_ kind: MaskedSumKind, _ task: MaskedSumTask, from: Int?, _ payload: [UInt8]) -> [UInt8] {
    [version, kind.code] + task.digest + (from.map(encoded) ?? []) + payload
  }

  /// Reads a message of the kind that is due. A signature is checked, before anything is done with what it covers.
  init(_ bytes: [UInt8], due: MaskedSumKind, _ task: MaskedSumTask) throws(MaskedSumError) {
    guard bytes.count >= Self.prefix, bytes[0] == Self.version, let kind = MaskedSumKind(code: bytes[1]) else {
      throw .malformed("it has no header")
    }
    guard Array(bytes[2..<Self.prefix]) == task.digest else { throw .otherTask }
    guard kind == due else { throw .wrongRound(expected: due.description, actual: kind.description) }
    self.kind = kind
    guard case .from = kind else {
      from = nil
      payload = bytes[Self.prefix...]
      signature = []
      return
    }
    let size = ContributorSignature.size
    guard bytes.count >= Self.prefix + 2 + size else { throw .malformed("it has no place for a signature") }
    let from = Int(bytes[Self.prefix]) | Int(bytes[Self.prefix + 1]) << 8
    guard task.contributors.indices.contains(from) else { throw .noSuchContributor(from) }
    self.from = from
    signature = Array(bytes.suffix(size))
    payload = bytes[Self.prefix + 2..<bytes.count - size]
    let body = Array(bytes.dropLast(size))
    guard ContributorSignature.isValid(signature, of: body, by: task.contributors[from].signingKey) else {
      throw .badSignature(contributor: task.name(from))
    }
  }

  /// A contributor's message with another payload, without its signature, and what is to be signed of it: for what
  /// plays a liar. Nil for what is too short to be one.
  package static func changed(
    _ bytes: [UInt8], _ change: (inout [UInt8]) -> Void
  ) -> (body: [UInt8], signed: [UInt8])? {
    let head = prefix + 2
    guard bytes.count >= head + ContributorSignature.size else { return nil }
    var payload = Array(bytes[head..<bytes.count - ContributorSignature.size])
    change(&payload)
    let body = Array(bytes[..<head]) + payload
    return (body, ContributorSignature.signed(body))
  }

  /// The payload as a table with rows of so many bytes behind the place of a contributor.
  func rows(of size: Int, _ task: MaskedSumTask) throws(MaskedSumError) -> [MaskedSumRow] {
    let start = payload.startIndex
    guard payload.count >= 2 else { throw .malformed("a table has no length") }
    let count = Int(payload[start]) | Int(payload[start + 1]) << 8
    guard payload.count == 2 + count * (2 + size) else { throw .malformed("a table has another length than it says") }
    var rows: [MaskedSumRow] = []
    rows.reserveCapacity(count)
    var last = -1
    for number in 0..<count {
      let at = start + 2 + number * (2 + size)
      let index = Int(payload[at]) | Int(payload[at + 1]) << 8
      guard index > last else { throw .malformed("a table is not in order") }
      guard task.contributors.indices.contains(index) else { throw .noSuchContributor(index) }
      last = index
      rows.append(MaskedSumRow(index: index, bytes: Array(payload[at + 2..<at + 2 + size])))
    }
    return rows
  }

  static func table(_ rows: [MaskedSumRow]) -> [UInt8] {
    rows.reduce(into: encoded(rows.count)) { $0 += encoded($1.index) + $1.bytes }
  }
}

/// A row of a table: whom it is about, and what it says.
struct MaskedSumRow: Equatable {
  let index: Int
  let bytes: [UInt8]
}

/// What a contributor publishes of its secrets for this run, and signs.
struct AdvertisedKeys: Equatable {
  static let size = 2 * AgreementKey.size + XofTurboShake128.seedSize
  static let rowSize = size + ContributorSignature.size

  let index: Int
  /// To send it shares with.
  let boxKey: [UInt8]
  /// To agree on masks with.
  let maskKey: [UInt8]
  /// What the seed of its own mask is held against when it is put together from shares. The paper has no such thing: there
  /// a single false share gives a false sum.
  let commitment: [UInt8]
  let signature: [UInt8]

  init(index: Int, payload: some Collection<UInt8>, signature: [UInt8]) {
    self.index = index
    boxKey = Array(payload.prefix(AgreementKey.size))
    maskKey = Array(payload.dropFirst(AgreementKey.size).prefix(AgreementKey.size))
    commitment = Array(payload.dropFirst(2 * AgreementKey.size))
    self.signature = signature
  }

  var payload: [UInt8] { boxKey + maskKey + commitment }

  var row: MaskedSumRow { MaskedSumRow(index: index, bytes: payload + signature) }

  init(_ row: MaskedSumRow) {
    self.init(index: row.index, payload: row.bytes.prefix(Self.size), signature: Array(row.bytes.dropFirst(Self.size)))
  }

  func check(_ task: MaskedSumTask) throws(MaskedSumError) {
    let body = MaskedSumMessage.body(.from(.keys), task, from: index, payload)
    guard ContributorSignature.isValid(signature, of: body, by: task.contributors[index].signingKey) else {
      throw .badSignature(contributor: task.name(index))
    }
  }
}

/// What a contributor tells another of its secrets: both places, and a share of either secret.
enum SharedSecrets {
  static let plainSize = 4 + 2 * SecretSharing.shareSize
  static let boxSize = plainSize + SealedBox.overhead
}

/// Which of a contributor's two secrets a share is of. Never are shares of both given away.
enum UnmaskedSecret: UInt8 {
  /// Of the seed of its own mask: of those who stayed.
  case selfSeed = 0
  /// Of the key of its masks with others: of those who dropped out.
  case maskKey = 1

  static let rowSize = 1 + SecretSharing.shareSize
}
