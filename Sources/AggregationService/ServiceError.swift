// SPDX-License-Identifier: Apache-2.0

package import ExecutionIR

/// Why one contribution is not in a batch. The raw value stands in messages and in what an aggregator keeps.
package enum ReportRefusal: UInt8, CaseIterable, Sendable, CustomStringConvertible {
  /// Its bytes are none of a report's.
  case malformed = 1
  /// Made for another contract, or another version of this one.
  case otherContract = 2
  /// No contributor of the contract, or its signature does not hold.
  case notSigned = 3
  /// A window that the contract does not have.
  case unknownWindow = 4
  /// The window has not ended, by this aggregator's clock.
  case tooEarly = 5
  /// The window's batch is closed.
  case late = 6
  /// This contributor has reported for this window, with other bytes.
  case second = 7
  /// The contributor's privacy budget does not suffice.
  case budgetSpent = 8
  /// Sealed to a key that this aggregator does not have.
  case unknownKey = 9
  /// Not sealed to this aggregator, or altered.
  case unopened = 10
  /// What is inside has another size, or is no number of the field.
  case malformedShare = 11
  /// Not proven to be within what the contract allows, or different things told to the aggregators.
  case notProven = 12
  /// The window's batch is closed, and this contributor's report is in it: an answer was lost.
  case counted = 13

  package var description: String {
    switch self {
    case .malformed: "its bytes are none of a report's"
    case .otherContract: "it is made for another contract"
    case .notSigned: "no contributor of the contract has signed it"
    case .unknownWindow: "the contract has no such window"
    case .tooEarly: "its window has not ended by this aggregator's clock; send it again after that"
    case .late: "the batch of its window is closed"
    case .second: "this contributor has another report in this window"
    case .budgetSpent: "the contributor's privacy budget is spent"
    case .unknownKey: "it is sealed to a key that the aggregator does not have; fetch the keys anew"
    case .unopened: "its part for an aggregator does not open"
    case .malformedShare: "a share has the wrong size or no number of the field"
    case .notProven: "its proof does not hold"
    case .counted: "the batch of its window is closed, and this contributor's report is in it"
    }
  }
}

/// What stops a party. A report that is refused stops nobody: it has a `ReportRefusal`.
package enum ServiceError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A message that is none of the protocol's.
  case malformed(String)
  /// A key that can't be used.
  case cryptography(String)
  case otherContract(given: Digest, own: Digest)
  /// What was asked for does not go with what this party knows.
  case refused(String)
  /// The other aggregator told two different things, or something false; names it.
  case lies(aggregator: String, String)
  /// The other aggregator can't be reached or does not answer; the same call goes on where it stopped.
  case unreachable(String)
  /// Files of this party.
  case file(String)
  /// What this party has kept is older than what it once said: a backup was restored.
  case restored(String)

  package var description: String {
    switch self {
    case .malformed(let reason): "no message of this protocol: \(reason)"
    case .cryptography(let reason): reason
    case .otherContract(let given, let own): "it is about the contract \(given); this party works under \(own)"
    case .refused(let reason): reason
    case .lies(let aggregator, let reason): "\(aggregator) does not keep to the protocol: \(reason)"
    case .unreachable(let reason): reason
    case .file(let reason): reason
    case .restored(let reason): reason
    }
  }
}
