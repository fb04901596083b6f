// SPDX-License-Identifier: Apache-2.0

internal import ExecutionEngine
internal import ExecutionIR
internal import RunJournal

/// One self-contained page: no script, nothing loaded, the same bytes for the same report.
extension ExecutionReport {
  package var html: String {
    let task = description.task
    var page = Page()
    let title = "\(task.side.rawValue) \(task.quantity) \(task.instrument), \(description.fills.rawValue) fills"
    page.raw("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>")
    page.text(title)
    page.raw("</title><style>\(Page.style)</style></head><body><main>")
    verdictSection(&page)
    page.heading(1, title)
    page.table(
      ["Task", ""],
      [
        ["Id", task.id], ["Account, capacity", "\(task.account), \(task.capacity.rawValue)"],
        ["Objective", task.objective.name], ["Window, ns UTC", "\(task.window.start) to \(task.window.end)"],
        ["Limit", task.limit.map { FixedPoint.text($0, scale: priceScale) } ?? "none"],
        ["Fills are", "\(description.fills.rawValue): \(description.fillsDetail)"],
      ])
    shortfallSection(&page)
    scheduleSection(&page)
    priceSection(&page)
    fillSection(&page)
    decisionSection(&page)
    inputSection(&page)
    page.raw("</main></body></html>\n")
    return page.out
  }

  private func verdictSection(_ page: inout Page) {
    page.raw("<section class=\"\(verdict.holds ? "good" : "bad")\"><p class=\"verdict\">")
    page.text("Verification: \(verdict.text)")
    page.raw("</p>")
    page.list(verdict.findings)
    page.raw("<p>Not proven:</p>")
    page.list(verdict.notProven)
    page.raw("</section>")
  }

  /// Sorted, neighbours drawn together: `2 10–73 82`.
  private func leaves(_ list: [UInt64]) -> String {
    var runs: [(first: UInt64, last: UInt64)] = []
    for leaf in list.sorted() {
      if let run = runs.last, leaf <= run.last + 1 {
        runs[runs.count - 1].last = leaf
      } else {
        runs.append((leaf, leaf))
      }
    }
    if runs.isEmpty { return "none" }
    return runs.map { $0.first == $0.last ? String($0.first) : "\($0.first)–\($0.last)" }.joined(separator: " ")
  }

  private func quantity(_ value: Int64) -> String { FixedPoint.text(value, scale: scale) }
  private func price(_ value: Int128?) -> String { value.map { FixedPoint.text($0, scale: priceScale) } ?? "—" }

  private func shortfallSection(_ page: inout Page) {
    func amount(_ value: Int128?) -> String {
      value.flatMap { try? shortfall.ratio($0).text(places: 2) } ?? "— (a mid is missing)"
    }
    let behind = leaves(fillLeaves + journalLeaves)
    page.heading(2, "Implementation shortfall, \(description.task.currency) (\(description.fills.rawValue) fills)")
    page.table(
      ["Part", "Cost", "Ledger leaves"],
      [
        ["Delay", amount(shortfall.delay), behind], ["Trading", amount(shortfall.trading), behind],
        ["Opportunity", amount(shortfall.opportunity), behind], ["Fees", amount(shortfall.fees), leaves(fillLeaves)],
        ["Shortfall", amount(shortfall.total), behind],
        ["In basis points", shortfall.basisPoints?.text(places: 2) ?? "—", behind],
      ])
    page.table(
      ["Mid", "Price", "Ledger leaf"],
      [decision, arrival, close].map { mid in
        [
          mid.name, mid.mid.map { Ratio($0, 2_000_000_000).text(places: 9) } ?? "— (\(mid.reason ?? ""))",
          mid.leaf.map(String.init) ?? "none",
        ]
      })
    if decision.time == arrival.time { page.paragraph("Decision and admission are at one time, so delay is 0.") }
    page.table(
      ["Figure", "Value", "Ledger leaves"],
      [
        ["Ordered", quantity(ordered), "0"], ["Filled", quantity(Int64(shortfall.filled)), leaves(fillLeaves)],
        ["Average price", averagePrice?.text(places: 9) ?? "—", leaves(fillLeaves)],
        ["Interval VWAP, \(trades) trades of others", vwap?.text(places: 9) ?? "—", leaves(journalLeaves)],
        ["Participation, ppm", participation?.text(places: 3) ?? "—", behind],
      ])
  }

  private func scheduleSection(_ page: inout Page) {
    page.heading(2, "Schedule against fills (\(description.fills.rawValue))")
    let most = max(1, slices.reduce(Int64(0)) { max($0, $1.planned, $1.filled, $1.first) })
    page.raw("<svg viewBox=\"0 0 960 220\" role=\"img\">")
    let width = max(1, 940 / slices.count)
    for (index, slice) in slices.enumerated() {
      for (offset, value, name) in [(0, slice.planned, "planned"), (1, slice.filled, "filled")] {
        let height = Int(Int128(value) * 200 / Int128(most))
        let bar = max(1, width * 2 / 5)
        page.raw(
          "<rect class=\"\(name)\" x=\"\(10 + index * width + offset * bar)\" y=\"\(210 - height)\" width=\"\(bar)\" "
            + "height=\"\(height)\"><title>")
        page.text("slice \(index): \(name) \(quantity(value))")
        page.raw("</title></rect>")
      }
    }
    page.raw("</svg><p class=\"note\">Left planned when the slice began, right filled within it.</p>")
    page.table(
      ["Slice", "First plan", "Planned", "Filled", "Ledger leaves"],
      slices.enumerated().map {
        [String($0), quantity($1.first), quantity($1.planned), quantity($1.filled), leaves($1.leaves)]
      })
    page.paragraph("Filled after the window's end: \(quantity(filledAfter)).")
    page.heading(2, "Venues (\(description.fills.rawValue) fills)")
    page.table(
      ["Venue", "Orders", "Fills", "Filled", "Share, %", "Ledger leaves"],
      venues.map { venue in
        let share = shortfall.filled > 0 ? Ratio(Int128(venue.quantity) * 100, shortfall.filled).text(places: 2) : "—"
        return [
          "\(venue.listing.venue) \(venue.listing.symbol)", String(venue.orders), String(venue.fills),
          quantity(venue.quantity), share, leaves(venue.leaves),
        ]
      })
  }

  private func priceSection(_ page: inout Page) {
    let window = description.task.window
    let inside = fills.filter { $0.record.receivedAt >= window.start && $0.record.receivedAt <= window.end }
    let values = prices.compactMap(\.mid) + inside.map { 2 * Int128($0.record.price) }
    guard let low = values.min(), let high = values.max() else { return }
    page.heading(2, "Mid and \(description.fills.rawValue) fills")
    let range = max(1, high - low)
    func x(_ time: Int64) -> Int { 10 + Int(Int128(time - window.start) * 940 / Int128(window.end - window.start)) }
    func y(_ value: Int128) -> Int { 210 - Int((value - low) * 200 / range) }
    page.raw("<svg viewBox=\"0 0 960 220\" role=\"img\">")
    var path = ""
    var isOpen = false
    for point in prices {
      guard let mid = point.mid else {
        isOpen = false
        continue
      }
      path += "\(isOpen ? "L" : "M")\(x(point.time)) \(y(mid))"
      isOpen = true
    }
    page.raw("<path class=\"mid\" d=\"\(path)\"/>")
    for fill in inside {
      page.raw(
        "<circle class=\"fill\" cx=\"\(x(fill.record.receivedAt))\" cy=\"\(y(2 * Int128(fill.record.price)))\" r=\"3\"><title>"
      )
      page.text("\(quantity(fill.record.quantity)) at \(price(Int128(fill.record.price))), leaf \(fill.leaf)")
      page.raw("</title></circle>")
    }
    page.raw("</svg>")
    page.paragraph(
      "From \(Ratio(low, 2_000_000_000).text(places: 2)) to \(Ratio(high, 2_000_000_000).text(places: 2)).")
  }

  private func fillSection(_ page: inout Page) {
    page.heading(2, "Fills (\(description.fills.rawValue)): spread, and markouts doubled")
    page.table(
      ["Leaf", "Kind", "Venue", "Received, ns", "Price", "Quantity", "Fee", "Effective"]
        + ExecutionReport.horizons.map(\.name),
      fills.map { fill in
        [
          String(fill.leaf), description.fills.rawValue, fill.record.listing.venue, String(fill.record.receivedAt),
          price(Int128(fill.record.price)), quantity(fill.record.quantity),
          FixedPoint.text(fill.record.fee.amount, scale: Money.scale), price(fill.quality.effective),
        ] + fill.quality.markouts.map { price($0) }
      })
  }

  private func decisionSection(_ page: inout Page) {
    page.heading(2, "Decisions")
    page.table(
      ["Leaf", "Slice", "Remaining", "Why", "Runner-up costs more"],
      plans.map { leaf, delta in
        [
          String(leaf), String(delta.currentSlice), quantity(delta.remaining), delta.explanation.joined(separator: " "),
          delta.runnerUp.map { Ratio($0.costsMore, 1).text(places: 0) + " × 10^-\(delta.terms.unit)" } ?? "none",
        ]
      })
    page.heading(2, "Denials")
    if denials.isEmpty { return page.paragraph("None.") }
    page.table(
      ["Leaf", "Order", "Venue", "Reasons"],
      denials.map { leaf, denial in
        [
          String(leaf), String(denial.order.id), denial.order.listing.venue,
          denial.reasons.map { "\($0.control): \($0.measured), limit \($0.limit)" }.joined(separator: "; "),
        ]
      })
  }

  private func inputSection(_ page: inout Page) {
    page.heading(2, "Inputs")
    page.paragraph("\(events) events, \(gaps) gaps; reference data \(description.reference).")
    page.table(
      ["Feed", "Role", "Source", "Adapter", "SHA-256"],
      description.feeds.map { feed in
        [
          feed.venue, feed.isReference ? "reference" : "routed", feed.source,
          feed.adapter.map { "\($0.name) \($0.version)" } ?? "none",
          feed.adapter.map { $0.digest.description } ?? "",
        ]
      })
  }
}
