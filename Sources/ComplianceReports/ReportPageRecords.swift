// SPDX-License-Identifier: Apache-2.0

internal import EscapedMarkup
internal import ExecutionEngine
internal import ExecutionIR
internal import Governance
internal import RunJournal

/// The page's long tables: every fill, decision and denial, the inputs, and where each figure leads.
extension ExecutionReport {
  func fillSection(_ page: inout Page) {
    page.heading("Fills")
    guard !fills.isEmpty else {
      page.paragraph("None. Fills: \(fillsLabel).")
      return brokenTable(&page)
    }
    let prices = column(fills.map { Optional($0.record.price) }, scale: priceScale)
    let quantities = column(fills.map { Optional($0.record.quantity) }, scale: scale)
    // Half of a doubled mid has a place more.
    let mids = column(fills.map { $0.mid.mid.map { $0 * 5 } }, scale: priceScale + 1)
    let effective = column(fills.map(\.quality.effective), scale: priceScale)
    page.table(
      ["Leaf", "Fill", "Order", "Venue", "Received, UTC", "Price", "Quantity", "Fee", "Mid", "Effective spread"],
      fills.enumerated().map { index, fill in
        let record = fill.record
        let fee = Ratio(record.fee.amount, Int128(FixedPoint.power(Money.scale))).text(places: 4)
        return [
          .number(String(fill.leaf)), .text(rowLabel), .number(String(record.order)), .text(record.listing.venue),
          .text(PageTime.exact(record.receivedAt)), prices[index], quantities[index],
          .number("\(fee) \(record.fee.currency)"), mids[index], effective[index],
        ]
      })
    page.paragraph(
      "Effective spread, realised spread and impact are per unit and twice the distance, as spreads are; positive is cost. "
        + "Effective is realised plus impact. A markout is half the realised spread with the opposite sign.", note: true
    )
    laterTable(&page)
    let lacking = Set(fills.flatMap { [$0.mid.reason] + $0.later.map(\.reason) }.compactMap { $0 }).sorted()
    if !lacking.isEmpty {
      page.paragraph("— stands where there is no mid: \(lacking.joined(separator: "; ")).", note: true)
    }
    brokenTable(&page)
  }

  private func laterTable(_ page: inout Page) {
    let names = ExecutionReport.horizons.map(\.name)
    let realised = names.indices.map { horizon in column(fills.map { $0.quality.realised[horizon] }, scale: priceScale)
    }
    let impacts = names.indices.map { horizon in column(fills.map { $0.quality.impacts[horizon] }, scale: priceScale) }
    page.table(
      ["Leaf", "Fill"] + names.map { "Realised \($0)" } + names.map { "Impact \($0)" },
      fills.enumerated().map { index, fill in
        [.number(String(fill.leaf)), .text(rowLabel)] + (realised + impacts).map { $0[index] }
      } + [averages], emphasised: fills.count)
  }

  private var averages: [Page.Cell] {
    let later = spreads.dropFirst()
    return [.text("Average"), .text(rowLabel)]
      + later.map { .number($0.realised?.text(places: 4) ?? "—") }
      + later.map { .number($0.impact?.text(places: 4) ?? "—") }
  }

  private func brokenTable(_ page: inout Page) {
    guard !brokenFills.isEmpty else { return }
    page.paragraph("Fills that the venue took back; they count nowhere:")
    page.table(
      ["Leaf", "Taken back by leaf", "Fill", "Order", "Venue", "Price", "Quantity"],
      brokenFills.map { broken in
        let record = broken.record
        return [
          .number(String(broken.leaf)), .number(String(broken.brokenBy)), .text(rowLabel),
          .number(String(record.order)), .text(record.listing.venue), .number(price(Int128(record.price))),
          .number(quantityText(record.quantity)),
        ]
      })
  }

  func decisionSection(_ page: inout Page) {
    page.heading("Decisions")
    guard !plans.isEmpty else { return page.paragraph("None.") }
    page.table(
      ["Leaf", "Slice", "At, UTC", "Remaining", "Why", "Runner-up costs more"],
      plans.map { leaf, delta in
        [
          .number(String(leaf)), .number(String(delta.currentSlice)), .text(PageTime.time(delta.decidedAt)),
          .number(quantityText(delta.remaining)), .lines(delta.explanation),
          .number(delta.runnerUp.map { runnerUp(costs: $0.costsMore, unit: delta.terms.unit) } ?? "none"),
        ]
      })
  }

  private func runnerUp(costs more: Int128, unit: Int) -> String {
    "\(FixedPoint.text(more, scale: unit)) \(description.task.currency)"
  }

  func denialSection(_ page: inout Page) {
    page.heading("Denials")
    guard !denials.isEmpty else { return page.paragraph("None: every order that was proposed passed every control.") }
    var counts: [(control: String, number: Int)] = []
    for reason in denials.flatMap(\.denial.reasons) {
      if let index = counts.firstIndex(where: { $0.control == reason.control }) {
        counts[index].number += 1
      } else {
        counts.append((reason.control, 1))
      }
    }
    page.paragraph(
      "\(denials.count) orders were not sent, by control: "
        + counts.map { "\($0.control) \($0.number)" }.joined(separator: ", ") + ".")
    page.table(
      ["Leaf", "At, UTC", "Slice", "Venue", "Order", "Control: measured, limit"],
      denials.map { leaf, denial in
        let order = denial.order
        let limit = order.limit.map { " at \(FixedPoint.text($0, scale: priceScale))" } ?? ""
        return [
          .number(String(leaf)), .text(PageTime.time(denial.deniedAt)), .number(String(order.slice)),
          .text(order.listing.venue), .text("\(FixedPoint.text(order.quantity, scale: order.scale))\(limit)"),
          .lines(denial.reasons.map { "\($0.control): \($0.measured), limit \($0.limit)" }),
        ]
      })
  }

  /// Only where a policy's hooks or a task's terms were asked.
  func answerSection(_ page: inout Page) {
    guard !answers.isEmpty else { return }
    let denied = answers.count { $0.body["verdict"]?.text == "deny" }
    page.heading("Vendors' functions")
    page.paragraph(
      "\(answers.count) times one was asked about a decision; \(denied) times what it said, or its silence, denied it.")
    page.table(
      ["Leaf", "Function", "Library", "Purpose", "Said", "Verdict"],
      answers.map { leaf, body in
        let question = body["question"]
        let function = question?["function"]
        let outcome = body["outcome"].flatMap { try? HookOutcome(json: $0, path: "outcome") }
        return [
          .number(String(leaf)), .text("\(function?["name"]?.text ?? "") (\(function?["symbol"]?.text ?? ""))"),
          .text(String(function?["sha256"]?.text?.prefix(16) ?? "")), .text(question?["purpose"]?.text ?? ""),
          .text(outcome?.words ?? ""), .text(body["verdict"]?.text ?? ""),
        ]
      })
  }

  func inputSection(_ page: inout Page) {
    page.heading("Inputs")
    page.table(
      ["Feed", "Role", "Source", "Adapter", "Adapter's SHA-256"],
      description.feeds.map { feed in
        [
          .text(feed.venue), .text(feed.isReference ? "reference only" : "routed"), .text(feed.source),
          .text(feed.adapter.map { "\($0.name) \($0.version)" } ?? "none"),
          .text(feed.adapter.map { $0.digest.description } ?? ""),
        ]
      })
    page.paragraph(
      "\(events) events, \(gaps) gaps in the venues' numbering. Reference data \(description.reference). "
        + "Policy \(description.policy.name) \(description.policy.version), \(description.policy.json.digest).")
  }

  /// The sets that figures above name, in full.
  func leafSection(_ page: inout Page) {
    page.heading("Ledger leaves")
    page.paragraph(
      "Leaf n is entry n of the ledger, a signed statement. A journal position commits to every event before it, so a figure "
        + "from market data names the first position behind its last event.", note: true)
    var sets: [(id: String, words: String, leaves: [UInt64])] = [
      ("fills", brokenFills.isEmpty ? "Fills" : "Fills, and what took some back", fillLeaves)
    ]
    for (index, venue) in venues.enumerated() {
      sets.append(("venue-\(index)", "Fills at \(venue.listing.venue) \(venue.listing.symbol)", venue.leaves))
    }
    for (index, slice) in slices.enumerated() where LeafReference.ranges(slice.leaves).count > 4 {
      sets.append(("slice-\(index)", "Plan and fills of slice \(index)", slice.leaves))
    }
    for (index, context) in shared.contexts.enumerated() where LeafReference.ranges(context.decisions).count > 4 {
      sets.append(("shared-\(index)", "Plans that go by \(context.name) r\(context.revision)", context.decisions))
    }
    sets.append(("cancels", "Cancels that were sent", cancels))
    if let summary { sets.append(("summary", "Summary of the run", [summary.leaf])) }
    page.element("dl", ["class": "facts"]) { page in
      for set in sets {
        page.element("dt", ["id": "leaves-\(set.id)"], set.words)
        page.element("dd", set.leaves.isEmpty ? "none" : LeafReference.ranges(set.leaves).joined(separator: " "))
      }
    }
  }

  func definitionSection(_ page: inout Page) {
    page.heading("Definitions")
    page.list([
      "s is +1 for a buy and −1 for a sell; positive is cost. D, A and C are the mids at decision, at admission and at the "
        + "window's end, over all venues of the task with a two-sided book; Q is ordered, F filled.",
      "Delay s·F·(A − D). Trading s·Σ q·(p − A). Opportunity s·(Q − F)·(C − D). Their sum with the fees is the shortfall; "
        + "in basis points of Q·D.",
      "Interval VWAP: eligible trades received after admission and not after the window's end, own and broken ones left out.",
      "Effective spread 2s·(p − m), realised 2s·(p − m′), impact 2s·(m′ − m), with the venue's own mid m before the fill "
        + "and m′ after the time that is named.",
      "Every figure is an exact fraction, rounded half to even where it is shown; the JSON form of this report has "
        + "numerator and denominator.",
    ])
    page.heading("How to check")
    page.paragraph("In the directory that holds the run, with the signer's key from the signer:")
    page.element("p") { page in
      for line in ["exprove verify RUN --vkey KEY", "exprove replay RUN", "exprove report RUN --format json"] {
        page.element("code", line)
        page.void("br")
      }
    }
  }
}
