// SPDX-License-Identifier: Apache-2.0

/// Why a step of a VDAF was refused. None of them says anything of a measurement but that it was not admitted.
package enum VDAFError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What is read from the outside, in the draft's words.
  package enum Part: String, Sendable {
    case nonce
    case randomness
    case verifyKey = "verify key"
    case publicShare = "public share"
    case inputShare = "input share"
    case verifierShare = "verifier share"
    case verifierMessage = "verifier message"
    case aggregateShare = "aggregate share"
    case measurement
    case noise
  }

  case badParameter(String)
  case measurementOutOfRange
  case wrongLength(Part, expected: Int, actual: Int)
  case notReduced(Part)
  case noSuchAggregator(Int)
  case wrongShareCount(Part, expected: Int, actual: Int)
  case contextTooLong(Int)
  case testPointIsRootOfUnity
  case proofRefused
  case jointRandomnessDiffers
  case badMeasurementCount(Int)
  case sumMayWrap
  case aggregateOutOfRange

  package var description: String {
    switch self {
    case .badParameter(let reason): reason
    case .measurementOutOfRange: "the measurement is out of range"
    case .wrongLength(let part, let expected, let actual):
      "the \(part.rawValue) has length \(actual) instead of \(expected)"
    case .notReduced(let part): "the \(part.rawValue) holds a number that is no element of the field"
    case .noSuchAggregator(let index): "there is no aggregator \(index)"
    case .wrongShareCount(let part, let expected, let actual):
      "the number of \(part.rawValue)s is \(actual) instead of \(expected)"
    case .contextTooLong(let count): "a context of \(count) bytes is too long"
    case .testPointIsRootOfUnity: "the point of the test is one of those that the proof was made from"
    case .proofRefused: "the proof is not valid"
    case .jointRandomnessDiffers: "the joint randomness is not what the client's share gives"
    case .badMeasurementCount(let count): "\(count) is no number of measurements"
    case .sumMayWrap: "so many measurements may pass the field's modulus"
    case .aggregateOutOfRange: "the aggregate is more than so many measurements can give"
    }
  }
}
