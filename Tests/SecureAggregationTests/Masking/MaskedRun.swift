// SPDX-License-Identifier: Apache-2.0

import Crypto
import Foundation
import SecureAggregation
import Testing

/// One contributor of a test, where a class can keep what has one owner.
final class Seat {
  private var contributor: MaskedSumContributor

  init(_ contributor: consuming MaskedSumContributor) { self.contributor = contributor }

  func start() throws(MaskedSumError) -> [UInt8] { try contributor.start() }
  func answer(_ message: [UInt8]) throws(MaskedSumError) -> [UInt8] { try contributor.answer(message) }
  var hasEnded: Bool { contributor.hasEnded }
}

/// Signing keys, a task and everyone's vector; the same seed gives the same.
struct MaskedSetting {
  let signingKeys: [Curve25519.Signing.PrivateKey]
  let task: MaskedSumTask
  let vectors: [[UInt64]]
  private let randomness: [[UInt8]]

  init(
    count: Int, threshold: Int? = nil, length: Int = 3, maximum: UInt64 = 1_000_000, seed: UInt64 = 1, run: UInt8 = 0
  ) throws {
    var generator = SeededGenerator(state: seed)
    signingKeys = try (0..<count).map { _ in
      try Curve25519.Signing.PrivateKey(rawRepresentation: generator.bytes(32))
    }
    task = try MaskedSumTask(
      run: [run] + generator.bytes(31),
      contributors: signingKeys.enumerated().map {
        MaskedSumTask.Contributor(name: "desk \($0)", signingKey: Array($1.publicKey.rawRepresentation))
      }, threshold: threshold, length: length, maximum: maximum)
    vectors = (0..<count).map { _ in (0..<length).map { _ in generator.next() % (maximum + 1) } }
    randomness = (0..<count).map { _ in generator.bytes(32) }
  }

  func seat(_ index: Int) throws -> Seat {
    let vector = vectors[index]
    return try Seat(
      MaskedSumContributor(
        task, index: index, vector: SecretBuffer(copying: vector.span),
        randomness: SecretBytes(copying: randomness[index]),
        sign: { [key = signingKeys[index]] in Array(try key.signature(for: $0)) }))
  }

  func seats() throws -> [Seat] { try signingKeys.indices.map(seat) }

  func sum(_ contributors: [Int]) -> [UInt64] {
    (0..<task.length).map { place in contributors.reduce(0) { $0 + vectors[$1][place] } }
  }

  /// A message of a contributor with another payload, signed by it: what a liar sends.
  func forged(_ message: [UInt8], by index: Int, _ alter: (inout [UInt8]) -> Void) throws -> [UInt8] {
    var payload = Array(message[36..<message.count - 64])
    alter(&payload)
    let body = Array(message[..<36]) + payload
    return body + Array(try signingKeys[index].signature(for: Array("exprove masked sum 1\n".utf8) + body))
  }

  /// An answer of an aggregator that says what it likes.
  func answer(_ round: MaskedSumRound, _ rows: [(Int, [UInt8])]) -> [UInt8] {
    [1, round.rawValue | 0x80] + task.digest + rows.reduce(into: twoBytes(rows.count)) { $0 += twoBytes($1.0) + $1.1 }
  }

  func survivors(_ indices: [Int]) -> [UInt8] { answer(.input, indices.map { ($0, []) }) }
}

func twoBytes(_ number: Int) -> [UInt8] { [UInt8(number & 255), UInt8(number >> 8)] }

let allRounds: [MaskedSumRound] = [.keys, .shares, .input, .consistency, .unmasking]

/// A run from the first message to the sum, in which anyone may drop out, and any message may be altered on its way.
struct MaskedRun {
  let setting: MaskedSetting
  let seats: [Seat]
  var aggregator: MaskedSumAggregator
  /// What the contributors have sent.
  var sent: [[UInt8]] = []
  private var pending: [(from: Int, message: [UInt8])] = []

  init(_ setting: MaskedSetting) throws {
    self.setting = setting
    seats = try setting.seats()
    aggregator = MaskedSumAggregator(setting.task)
  }

  /// Each contributor sends its messages of the rounds before the one it leaves in.
  mutating func play(
    leaving: [Int: MaskedSumRound] = [:], until last: MaskedSumRound = .unmasking,
    alter: (MaskedSumRound, Int, [UInt8]) throws -> [UInt8] = { $2 },
    before: (inout MaskedSumAggregator, MaskedSumRound, Int, [UInt8]) throws -> Void = { _, _, _, _ in }
  ) throws {
    if aggregator.round == .keys && pending.isEmpty {
      for (index, seat) in seats.enumerated() where leaving[index] != .keys {
        pending.append((index, try seat.start()))
      }
    }
    for round in allRounds where round.rawValue >= aggregator.round.rawValue && round.rawValue <= last.rawValue {
      for (from, message) in pending {
        let message = try alter(round, from, message)
        sent.append(message)
        try before(&aggregator, round, from, message)
        let receiver = try aggregator.receive(message)
        #expect(receiver == from)
      }
      pending = []
      guard round != .unmasking, round != last else { return }
      for delivery in try aggregator.closeRound() where leaving[delivery.contributor]?.rawValue != round.rawValue + 1 {
        pending.append((delivery.contributor, try seats[delivery.contributor].answer(delivery.message)))
      }
    }
  }

  /// Closes the round, and gives what is sent to each.
  mutating func close() throws -> [Int: [UInt8]] {
    Dictionary(uniqueKeysWithValues: try aggregator.closeRound().map { ($0.contributor, $0.message) })
  }
}

/// Why something of a masked sum was refused; nil if it was not.
func maskedRefusal(_ body: () throws -> Void) -> MaskedSumError? {
  do {
    try body()
    return nil
  } catch let error as MaskedSumError {
    return error
  } catch {
    Issue.record("\(error)")
    return nil
  }
}

/// The secret that shares of holders give; nil if none.
func rebuilt(_ shares: [(Int, [UInt8])]) -> [UInt8]? {
  guard let secret = SecretSharing.secret(SecretBytes(copying: shares.flatMap(\.1)), holders: shares.map(\.0)) else {
    return nil
  }
  return secret.copiedBytes
}
