// SPDX-License-Identifier: Apache-2.0

internal import ExecutionEngine
internal import ExecutionIR
internal import RunJournal

/// The fills as CSV (RFC 4180): one row per fill, amounts exact, markouts doubled; a missing value is empty. A text that a
/// spreadsheet would take for a formula has an apostrophe before it.
extension ExecutionReport {
  package var csv: String {
    let head =
      [
        "leaf", "fills_are", "simulated", "order", "execution", "venue", "symbol", "side", "received_at", "sequence",
        "price", "quantity", "fee", "fee_currency", "doubled_mid", "effective_spread",
      ]
      + ["50ms", "1s", "15s", "1min", "5min"].flatMap {
        ["doubled_markout_\($0)", "realised_spread_\($0)", "impact_\($0)"]
      }
    func price(_ value: Int128?) -> String { value.map { FixedPoint.text($0, scale: priceScale) } ?? "" }
    var out = head.joined(separator: ",") + "\r\n"
    for fill in fills {
      let record = fill.record
      var row = [
        String(fill.leaf), description.fills.rawValue, description.fills.isSimulated ? "true" : "false",
        String(record.order), ExecutionReport.text(record.execution), ExecutionReport.text(record.listing.venue),
        ExecutionReport.text(record.listing.symbol), record.side.rawValue, String(record.receivedAt),
        String(record.sequence), price(Int128(record.price)), FixedPoint.text(record.quantity, scale: record.scale),
        FixedPoint.text(record.fee.amount, scale: Money.scale), ExecutionReport.text(record.fee.currency),
        price(fill.mid.mid), price(fill.quality.effective),
      ]
      for index in fill.later.indices {
        row.append(price(fill.quality.markouts[index]))
        row.append(price(fill.quality.realised[index]))
        row.append(price(fill.quality.impacts[index]))
      }
      out += row.map(CSV.field).joined(separator: ",") + "\r\n"
    }
    return out
  }

  private static func text(_ text: String) -> String {
    guard let first = text.utf8.first, "=+-@\t\r".utf8.contains(first) else { return text }
    return "'" + text
  }
}
