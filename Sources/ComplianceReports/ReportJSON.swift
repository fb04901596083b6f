// SPDX-License-Identifier: Apache-2.0

internal import ExecutionEngine
package import ExecutionIR
internal import RunJournal
internal import TransparencyLog

/// The report as JSON: keys are stable, quotients stand as numerator and denominator beside a rounded text, each figure
/// names the ledger's leaves that it was computed from, and each row about fills says whether they are simulated.
extension ExecutionReport {
  package static let format = "exprove-report/1"

  package var json: JSON {
    var members = self.members
    // Reports of runs without shared contexts say nothing of them.
    if !shared.contexts.isEmpty {
      members["shared_contexts"] = .array(shared.contexts.map(\.json))
      members["shared_context_use"] = .array(shared.uses.map(\.json))
    }
    return .object(members)
  }

  private var members: [String: JSON] {
    [
      "format": .string(ExecutionReport.format), "verdict": verdictJSON,
      "fills_are": .string(description.fills.rawValue), "fills_detail": .string(description.fillsDetail),
      "simulated": simulated, "task": description.task.json, "ordered": quantity(ordered),
      "filled": quantity(shortfall.filled), "scale": .integer(Int64(scale)),
      "multiplier": .string(multiplier.description), "mids": .array([decision.json, arrival.json, close.json]),
      "shortfall": shortfallJSON, "average_price": figure(averagePrice, 9, fillLeaves), "interval": intervalJSON,
      "spreads": .array(spreads.indices.map(spreadJSON)),
      "slices": .array(slices.map(json)), "filled_after_window": quantity(filledAfter),
      "venues": .array(venues.map(json)), "fills": .array(fills.map(json)),
      "broken_fills": .array(brokenFills.map(json)),
      "decisions": .array(plans.map { .object(["leaf": .wide($0.leaf), "plan": $0.delta.json]) }),
      "denials": .array(denials.map { .object(["leaf": .wide($0.leaf), "denial": $0.denial.json]) }),
      "vendor_answers": .array(answers.map { .object(["leaf": .wide($0.leaf), "body": $0.body]) }),
      "cancels": ExecutionReport.leaves(cancels),
      "summary": summary.map { .object(["leaf": .wide($0.leaf), "body": $0.body]) } ?? .null,
      "inputs": .object([
        "feeds": .array(description.feeds.map(\.json)), "reference": .string(description.reference.description),
        "events": .wide(events), "gaps": .wide(gaps),
      ]),
    ]
  }

  private var simulated: JSON { .bool(description.fills.isSimulated) }

  private var verdictJSON: JSON {
    var members = verdict.members
    members["leaves"] = .wide(basis.leaves)
    members["root"] = .string(basis.root.description)
    members["signer"] = .string(description.verifier)
    return .object(members)
  }

  private var shortfallJSON: JSON {
    func part(_ value: Int128?, _ leaves: [UInt64]) -> JSON {
      guard let value, let ratio = try? shortfall.ratio(value) else { return .null }
      return figure(ratio, 2, leaves)
    }
    let both = fillLeaves + midLeaves
    return .object([
      "currency": .string(description.task.currency), "simulated": simulated, "delay": part(shortfall.delay, both),
      "trading": part(shortfall.trading, both), "opportunity": part(shortfall.opportunity, both),
      "fees": part(shortfall.fees, fillLeaves), "fees_reason": feesReason.map { .string($0) } ?? .null,
      "total": part(shortfall.total, both), "basis_points": figure(shortfall.basisPoints, 2, both),
    ])
  }

  private var intervalJSON: JSON {
    let both = fillLeaves + intervalLeaves
    return .object([
      "trades": .integer(Int64(interval.trades)),
      "volume": .string(FixedPoint.text(interval.volume, scale: interval.scale)),
      "vwap": figure(interval.vwap, 9, intervalLeaves), "slippage": figure(interval.slippage, 9, both),
      "slippage_basis_points": figure(interval.slippageBasisPoints, 2, both),
      "participation_ppm": figure(interval.participation, 3, both),
      "participation_cap_ppm": .integer(description.task.participation), "simulated": simulated,
    ])
  }

  private func figure(_ ratio: Ratio?, _ places: Int, _ leaves: [UInt64]) -> JSON {
    guard let ratio, case .object(var members) = ratio.json else { return .null }
    members["text"] = .string(ratio.text(places: places))
    members["leaves"] = ExecutionReport.leaves(leaves)
    return .object(members)
  }

  private static func leaves(_ leaves: [UInt64]) -> JSON { .array(leaves.map { .wide($0) }) }

  private func quantity(_ value: some FixedWidthInteger) -> JSON { .string(FixedPoint.text(value, scale: scale)) }

  private func price(_ value: Int128?) -> JSON {
    value.map { .string(FixedPoint.text($0, scale: priceScale)) } ?? .null
  }

  /// At the fills, and behind them at each horizon.
  private func spreadJSON(_ index: Int) -> JSON {
    let spread = spreads[index]
    var mids: [UInt64] = []
    for fill in fills {
      let later = index == 0 ? fill.mid : fill.later[index - 1]
      guard fill.mid.mid != nil, later.mid != nil else { continue }
      for case let leaf? in [fill.mid.leaf, later.leaf] where !mids.contains(leaf) { mids.append(leaf) }
    }
    let leaves = fillLeaves + mids.sorted()
    return .object([
      "after": .string(index == 0 ? "fill" : ExecutionReport.horizons[index - 1].name),
      "fills": .integer(Int64(spread.fills)), "effective": figure(spread.effective, 9, leaves),
      "realised": figure(spread.realised, 9, leaves), "impact": figure(spread.impact, 9, leaves),
      "simulated": simulated,
    ])
  }

  private func json(_ slice: ReportSlice) -> JSON {
    .object([
      "start": .wide(slice.start), "end": .wide(slice.end), "first_plan": quantity(slice.first),
      "planned": quantity(slice.planned), "filled": quantity(slice.filled), "simulated": simulated,
      "leaves": ExecutionReport.leaves(slice.leaves),
    ])
  }

  private func json(_ venue: ReportVenue) -> JSON {
    .object([
      "listing": venue.listing.json, "orders": .integer(Int64(venue.orders)), "fills": .integer(Int64(venue.fills)),
      "filled": quantity(venue.quantity), "simulated": simulated,
      "share_percent": figure(share(venue), 2, fillLeaves), "leaves": ExecutionReport.leaves(venue.leaves),
    ])
  }

  /// Of what was filled, in percent; nil without fills.
  func share(_ venue: ReportVenue) -> Ratio? {
    shortfall.filled > 0 ? Ratio(Int128(venue.quantity) * 100, shortfall.filled) : nil
  }

  private func json(_ fill: ReportFill) -> JSON {
    let horizons = fill.later.enumerated().map { index, later -> JSON in
      .object([
        "horizon": .string(later.name), "mid": later.json, "doubled_markout": price(fill.quality.markouts[index]),
        "realised_spread": price(fill.quality.realised[index]), "impact": price(fill.quality.impacts[index]),
      ])
    }
    return .object([
      "leaf": .wide(fill.leaf), "fills_are": .string(description.fills.rawValue), "simulated": simulated,
      "fill": fill.record.json, "mid": fill.mid.json, "effective_spread": price(fill.quality.effective),
      "horizons": .array(horizons),
    ])
  }

  private func json(_ broken: ReportBrokenFill) -> JSON {
    .object([
      "leaf": .wide(broken.leaf), "broken_by": .wide(broken.brokenBy), "fill": broken.record.json,
      "fills_are": .string(description.fills.rawValue), "simulated": simulated,
    ])
  }
}

extension ReportVerdict {
  var members: [String: JSON] {
    [
      "text": .string(text), "holds": .bool(holds), "finished": .bool(isFinished),
      "findings": .array(findings.map { .string($0) }), "tail": .array(tail.map { .string($0) }),
      "not_proven": .array(notProven.map { .string($0) }),
    ]
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
