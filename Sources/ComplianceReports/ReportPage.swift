// SPDX-License-Identifier: Apache-2.0

internal import EscapedMarkup
internal import ExecutionEngine
internal import ExecutionIR
internal import RunJournal

/// One self-contained page: no script, nothing loaded, the same bytes for the same report.
extension ExecutionReport {
  package var html: String {
    var page = Page()
    page.document(title) { page in
      page.verification(verdict, basis: basis, signer: description.verifier)
      banners(&page)
      head(&page)
      cards(&page)
      costSection(&page)
      priceSection(&page)
      scheduleSection(&page)
      venueSection(&page)
      fillSection(&page)
      decisionSection(&page)
      sharedSection(&page)
      denialSection(&page)
      answerSection(&page)
      inputSection(&page)
      leafSection(&page)
      definitionSection(&page)
    }
    return page.out
  }

  private var title: String {
    let task = description.task
    return "\(task.side == .buy ? "Buy" : "Sell") \(task.quantity) \(task.instrument)"
  }

  // MARK: - Texts

  func quantityText(_ value: some FixedWidthInteger) -> String { FixedPoint.text(value, scale: scale) }

  /// A doubled amount of the shortfall in the currency.
  func amount(_ doubled: Int128?) -> String {
    doubled.flatMap { try? shortfall.ratio($0).text(places: 2) } ?? "—"
  }

  func price(_ value: Int128?) -> String { value.map { FixedPoint.text($0, scale: priceScale) } ?? "—" }

  /// A column of decimals with the points below each other: each has as many places as the one that needs the most.
  func column(_ values: [(some FixedWidthInteger)?], scale: Int) -> [Page.Cell] {
    let texts = values.map { $0.map { FixedPoint.text($0, scale: scale) } }
    func places(_ text: String) -> Int { text.split(separator: ".").dropFirst().first?.utf8.count ?? 0 }
    let most = texts.compactMap { $0.map(places) }.max() ?? 0
    return texts.map { text in
      guard let text else { return .number("—") }
      let missing = most - places(text)
      let point = missing > 0 && !text.contains(".") ? "." : ""
      return .number(text + point + String(repeating: "0", count: missing))
    }
  }

  private func midText(_ mid: ReportMid) -> String {
    mid.mid.map { Ratio($0, 2_000_000_000).shortest } ?? "— (\(mid.reason ?? "not known"))"
  }

  private func fillSet(and others: [UInt64] = []) -> LeafReference {
    LeafReference(set: "fills", brokenFills.isEmpty ? "of fills" : "of fills and breaks", of: fillLeaves, and: others)
  }

  // MARK: - Head

  private func banners(_ page: inout Page) {
    if description.fills.isSimulated {
      page.element("p", ["class": "banner"]) { page in
        page.element("strong", "SIMULATED")
        page.text(" No venue executed any of this. Fills: \(fillsLabel), \(description.fillsDetail).")
      }
    }
    if description.fills == .shadow {
      page.element("p", ["class": "banner"]) { page in
        page.element("strong", "SHADOW")
        page.text(" Decisions only: no order was sent, and nothing was filled.")
      }
    }
    if !verdict.isFinished {
      page.element("p", ["class": "banner"]) { page in
        page.element("strong", "UNFINISHED")
        page.text(" The run was interrupted. This covers what lies before its last checkpoint.")
      }
    }
  }

  private func head(_ page: inout Page) {
    let task = description.task
    page.element("h1", title)
    page.element(
      "p", ["class": "sub"], "\(PageTime.moment(task.window.start)) to \(PageTime.moment(task.window.end))")
    let venues = task.venues.map { "\($0.venue) \($0.symbol)" }.joined(separator: ", ")
    let reference = task.referenceVenues.map { "\($0.venue) \($0.symbol)" }.joined(separator: ", ")
    let facts = [
      ("Task", task.id), ("Account", "\(task.account), \(task.capacity.rawValue)"),
      ("Objective", "\(objective), \(slices.count) slices"),
      ("Limit", task.limit.map { "\(FixedPoint.text($0, scale: priceScale)) \(task.currency)" } ?? "none"),
      ("Participation cap", "\(Ratio(Int128(task.participation), 10_000).shortest) %"), ("Venues", venues),
      ("Reference only", reference.isEmpty ? "none" : reference),
      ("Algorithm", "\(task.algorithm.name) \(task.algorithm.version)"),
      ("Fills", fillsLabel),
    ]
    page.element("dl", ["class": "facts"]) { page in
      for (name, value) in facts {
        page.element("dt", name)
        page.element("dd", value)
      }
    }
  }

  private var objective: String {
    switch description.task.objective {
    case .twap: "TWAP"
    case .vwap: "VWAP"
    case .implementationShortfall(let riskAversion): "implementation shortfall, risk aversion \(riskAversion)"
    }
  }

  private func card(
    _ page: inout Page, _ label: String, _ value: String, _ detail: String, _ reference: LeafReference
  ) {
    page.element("div", ["class": "card"]) { page in
      page.element("div", ["class": "label"], label)
      page.element("div", ["class": "value"], value)
      page.element("div", ["class": "detail"], detail)
      page.element("div", ["class": "leaves"]) { page in
        page.text("leaves ")
        page.leaves(reference)
      }
    }
  }

  private func cards(_ page: inout Page) {
    let task = description.task
    let percent = Ratio(shortfall.filled * 100, Int128(ordered)).text(places: 2)
    let bp = shortfall.basisPoints.map { "\($0.text(places: 2)) bp" } ?? "—"
    let against = interval.slippageBasisPoints.map { "\($0.text(places: 2)) bp" } ?? "—"
    let share = interval.participation.flatMap { try? $0.divided(by: 10_000).text(places: 2) }
    page.element("div", ["class": "cards"]) { page in
      card(
        &page, "Filled", quantityText(shortfall.filled),
        "of \(quantityText(ordered)), \(percent) %; \(fillsLabel)", fillSet())
      card(
        &page, "Implementation shortfall", bp, "\(amount(shortfall.total)) \(task.currency); \(fillsLabel)",
        fillSet(and: midLeaves))
      card(
        &page, "Average price", averagePrice?.text(places: 4) ?? "—", "\(task.currency); \(fillsLabel)", fillSet())
      card(
        &page, "Interval VWAP of others", interval.vwap?.text(places: 4) ?? "—", "\(interval.trades) trades",
        LeafReference(intervalLeaves))
      card(
        &page, "Against the VWAP", against,
        "\(interval.slippage?.text(places: 4) ?? "—") \(task.currency) per unit; \(fillsLabel)",
        fillSet(and: intervalLeaves))
      card(
        &page, "Participation", share.map { "\($0) %" } ?? "—",
        "cap \(Ratio(Int128(task.participation), 10_000).shortest) %; \(fillsLabel)", fillSet(and: intervalLeaves))
    }
  }

  // MARK: - Cost and prices

  private func costSection(_ page: inout Page) {
    let currency = description.task.currency
    page.heading("Implementation shortfall")
    costChart(&page)
    let rows: [(String, Int128?, LeafReference)] = [
      ("Delay, decision to admission", shortfall.delay, fillSet(and: midLeaves)),
      ("Trading, admission to fills", shortfall.trading, fillSet(and: midLeaves)),
      ("Opportunity, what was not filled", shortfall.opportunity, fillSet(and: midLeaves)),
      ("Fees", shortfall.fees, fillSet()), ("Shortfall", shortfall.total, fillSet(and: midLeaves)),
    ]
    page.table(
      ["Part", currency, "Fills", "Ledger leaves"],
      rows.map { [.text($0.0), .number(amount($0.1)), .text(rowLabel), .leaves($0.2)] }, emphasised: 4)
    if let feesReason { page.paragraph("The fees have no sum: \(feesReason).") }
    if shortfall.total == nil {
      page.paragraph("A part is missing where a mid that it needs is, and with it the sum.", note: true)
    }
    page.table(
      ["Mid", "At", "Price", "Ledger leaf"],
      [decision, arrival, close].map { mid in
        [
          .text(mid.name), .text(PageTime.moment(mid.time)), .number(midText(mid)),
          .leaves(LeafReference(mid.leaf.map { [$0] } ?? [])),
        ]
      })
    if decision.time == arrival.time {
      page.paragraph("Decision and admission are at one time, so nothing was lost to delay.", note: true)
    }
  }

  private func priceSection(_ page: inout Page) {
    page.heading("Prices and fills")
    priceChart(&page)
    page.table(
      ["Figure", "Value", "Fills", "Ledger leaves"],
      [
        ["Average price", .number(averagePrice?.text(places: 9) ?? "—"), .text(rowLabel), .leaves(fillSet())],
        [
          "Interval VWAP, \(interval.trades) eligible trades of others",
          .number(interval.vwap?.text(places: 9) ?? "—"), "not in it", .leaves(LeafReference(intervalLeaves)),
        ],
        [
          "Volume of others", .number(FixedPoint.text(interval.volume, scale: interval.scale)), "not in it",
          .leaves(LeafReference(intervalLeaves)),
        ],
        [
          "Average price against VWAP, positive is cost", .number(interval.slippage?.text(places: 9) ?? "—"),
          .text(rowLabel), .leaves(fillSet(and: intervalLeaves)),
        ],
        [
          "Participation, parts per million", .number(interval.participation?.text(places: 3) ?? "—"),
          .text(rowLabel), .leaves(fillSet(and: intervalLeaves)),
        ],
      ])
  }

  // MARK: - Schedule and venues

  private func scheduleSection(_ page: inout Page) {
    page.heading("Schedule against fills")
    scheduleChart(&page)
    trajectoryChart(&page)
    let first = column(slices.map { Optional($0.first) }, scale: scale)
    let planned = column(slices.map { Optional($0.planned) }, scale: scale)
    let filled = column(slices.map { Optional($0.filled) }, scale: scale)
    page.table(
      ["Slice", "Begins, UTC", "First plan", "Planned", "Filled", "Fills", "Ledger leaves"],
      slices.enumerated().map { index, slice in
        [
          .number(String(index)), .text(PageTime.time(slice.start)), first[index], planned[index], filled[index],
          .text(rowLabel),
          .leaves(LeafReference(set: "slice-\(index)", "in this slice", of: slice.leaves)),
        ]
      })
    page.paragraph("Received after the window's end, on orders that were sent in it: \(quantityText(filledAfter)).")
  }

  private func venueSection(_ page: inout Page) {
    page.heading("Venues")
    venueChart(&page)
    let filled = column(venues.map { Optional($0.quantity) }, scale: scale)
    page.table(
      ["Venue", "Symbol", "Orders", "Fills", "Filled", "Share, %", "Fills are", "Ledger leaves"],
      venues.enumerated().map { index, venue in
        [
          .text(venue.listing.venue), .text(venue.listing.symbol), .number(String(venue.orders)),
          .number(String(venue.fills)), filled[index],
          .number(share(venue)?.text(places: 2) ?? "—"), .text(rowLabel),
          .leaves(LeafReference(set: "venue-\(index)", "of fills", of: venue.leaves)),
        ]
      })
  }
}
