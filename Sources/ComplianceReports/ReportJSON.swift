// SPDX-License-Identifier: Apache-2.0

internal import ExecutionEngine
package import ExecutionIR
internal import RunJournal

/// The report as JSON: keys are stable, quotients stand as numerator and denominator beside a rounded text.
extension ExecutionReport {
  package static let format = "exprove-report/1"

  package var json: JSON {
    .object([
      "format": .string(ExecutionReport.format), "verdict": verdictJSON,
      "fills_are": .string(description.fills.rawValue), "fills_detail": .string(description.fillsDetail),
      "task": description.task.json, "ordered": quantity(ordered), "filled": quantity(Int64(shortfall.filled)),
      "scale": .integer(Int64(scale)), "mids": .array([decision.json, arrival.json, close.json]),
      "shortfall": shortfallJSON, "average_price": figure(averagePrice, 9, fillLeaves),
      "interval_vwap": figure(vwap, 9, journalLeaves), "interval_trades": .integer(Int64(trades)),
      "others_volume": .string(FixedPoint.text(othersVolume, scale: scale)),
      "participation_ppm": figure(participation, 3, fillLeaves + journalLeaves),
      "participation_cap_ppm": .integer(description.task.participation),
      "slices": .array(slices.map(json)), "filled_after_window": quantity(filledAfter),
      "venues": .array(venues.map(json)), "fills": .array(fills.map(json)),
      "decisions": .array(plans.map { .object(["leaf": .wide($0.leaf), "plan": $0.delta.json]) }),
      "denials": .array(denials.map { .object(["leaf": .wide($0.leaf), "denial": $0.denial.json]) }),
      "cancels": .integer(Int64(cancels)),
      "summary": summary.map { .object(["leaf": .wide($0.leaf), "body": $0.body]) } ?? .null,
      "inputs": .object([
        "feeds": .array(description.feeds.map(\.json)), "reference": .string(description.reference.description),
        "events": .wide(events), "gaps": .wide(gaps),
      ]),
    ])
  }

  private var verdictJSON: JSON {
    .object([
      "text": .string(verdict.text), "holds": .bool(verdict.holds),
      "findings": .array(verdict.findings.map { .string($0) }),
      "not_proven": .array(verdict.notProven.map { .string($0) }),
    ])
  }

  private var shortfallJSON: JSON {
    func part(_ value: Int128?) -> JSON {
      guard let value, let ratio = try? shortfall.ratio(value) else { return .null }
      return figure(ratio, 2, fillLeaves + journalLeaves)
    }
    return .object([
      "currency": .string(description.task.currency), "delay": part(shortfall.delay),
      "trading": part(shortfall.trading), "opportunity": part(shortfall.opportunity), "fees": part(shortfall.fees),
      "total": part(shortfall.total),
      "basis_points": figure(shortfall.basisPoints, 2, fillLeaves + journalLeaves),
    ])
  }

  private func figure(_ ratio: Ratio?, _ places: Int, _ leaves: [UInt64]) -> JSON {
    guard let ratio, case .object(var members) = ratio.json else { return .null }
    members["text"] = .string(ratio.text(places: places))
    members["leaves"] = .array(leaves.map { .wide($0) })
    return .object(members)
  }

  private func quantity(_ value: Int64) -> JSON { .string(FixedPoint.text(value, scale: scale)) }

  private func json(_ slice: ReportSlice) -> JSON {
    .object([
      "start": .wide(slice.start), "end": .wide(slice.end), "first_plan": quantity(slice.first),
      "planned": quantity(slice.planned), "filled": quantity(slice.filled),
      "leaves": .array(slice.leaves.map { .wide($0) }),
    ])
  }

  private func json(_ venue: ReportVenue) -> JSON {
    .object([
      "listing": venue.listing.json, "orders": .integer(Int64(venue.orders)), "fills": .integer(Int64(venue.fills)),
      "filled": quantity(venue.quantity),
      "share": shortfall.filled > 0
        ? figure(Ratio(Int128(venue.quantity) * 100, shortfall.filled), 2, venue.leaves) : .null,
      "leaves": .array(venue.leaves.map { .wide($0) }),
    ])
  }

  private func json(_ fill: ReportFill) -> JSON {
    func price(_ value: Int128?) -> JSON { value.map { .string(FixedPoint.text($0, scale: priceScale)) } ?? .null }
    let horizons = fill.later.enumerated().map { index, later -> JSON in
      .object([
        "horizon": .string(later.name), "mid": later.json, "doubled_markout": price(fill.quality.markouts[index]),
        "realised_spread": price(fill.quality.realised[index]), "impact": price(fill.quality.impacts[index]),
      ])
    }
    return .object([
      "leaf": .wide(fill.leaf), "fills_are": .string(description.fills.rawValue), "fill": fill.record.json,
      "mid": fill.mid.json, "effective_spread": price(fill.quality.effective), "horizons": .array(horizons),
    ])
  }
}

extension ReportMid {
  package var json: JSON {
    .object([
      "name": .string(name), "time": .wide(time),
      "doubled_mid": mid.map { .string(FixedPoint.text($0, scale: priceScale)) } ?? .null,
      "reason": reason.map { .string($0) } ?? .null, "leaf": leaf.map { .wide($0) } ?? .null,
    ])
  }
}
