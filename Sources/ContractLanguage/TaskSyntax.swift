// SPDX-License-Identifier: Apache-2.0

internal import CivilTime
internal import SourceDiagnostics

/// A value and where it stands.
struct Located<Value> {
  let value: Value
  let range: SourceRange
}

/// A task as it was written, before its values are judged. Each clause is nil where it is missing.
struct TaskSyntax {
  struct Window {
    let start: Located<CivilMoment>
    let end: Located<CivilMoment>
    let zone: Located<String>
  }

  struct Objective {
    let kind: Located<String>
    let riskAversion: Located<String>?
  }

  struct Venue {
    let name: Located<String>
    let symbol: Located<String>
  }

  /// A vendor's function that puts a price on decisions.
  struct Term {
    let name: Located<String>
    let file: Located<String>
    let digest: Located<String>
    let symbol: Located<String>
    let signature: Located<String>
    let values: [Located<String>]
  }

  let name: Located<String>
  var account: Located<String>?
  var capacity: Located<String>?
  var instrument: Located<String>?
  var currency: Located<String>?
  var side: Located<String>?
  var quantity: (amount: Located<String>, unit: Located<String>)?
  var window: Window?
  var objective: Objective?
  var slices: Located<String>?
  var slice: Located<String>?
  var participation: Located<String>?
  var limit: Located<String>?
  var venues: [Located<Venue>] = []
  var references: [Located<Venue>] = []
  var terms: [Located<Term>] = []
  /// Clauses that stand there, well formed or not: one with an error is not also missing.
  var seen: [Clause: SourceRange] = [:]
}

/// The words that begin a clause, in the order in which a well-kept file has them.
enum Clause: String, CaseIterable {
  case account, capacity, instrument, currency, side, quantity, window, objective, slices, slice, participation, limit
  case venue, reference, term

  /// Whether it may stand more than once.
  var repeats: Bool { self == .venue || self == .reference || self == .term }

  /// A valid one.
  var example: String {
    switch self {
    case .account: "account \"DESK-1\""
    case .capacity: "capacity agency"
    case .instrument: "instrument BTCUSDT"
    case .currency: "currency USDT"
    case .side: "side buy"
    case .quantity: "quantity 12.5 BTC"
    case .window: "window 2024-08-09T00:00:00 .. 2024-08-09T00:05:00 zone \"UTC\""
    case .objective: "objective twap, objective vwap or objective is { risk-aversion 0.000001 }"
    case .slices: "slices 10"
    case .slice: "slice 30s"
    case .participation: "participation 10%"
    case .limit: "limit 61900.00"
    case .venue: "venue BINANCE as BTCUSDT"
    case .reference: "reference BINANCE-UM as BTCUSDT"
    case .term:
      "term toxicity library \"terms.so\" sha256 \"<64 digits>\" symbol price signature "
        + "\"int64(const exprove_plan_delta *, int64)\" values 25"
    }
  }
}
