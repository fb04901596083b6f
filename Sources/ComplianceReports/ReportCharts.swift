// SPDX-License-Identifier: Apache-2.0

internal import EscapedMarkup
internal import ExecutionEngine
internal import ExecutionIR
internal import RunJournal

/// The report's drawings. Where fills are simulated, each says so across its whole width.
extension ExecutionReport {
  private static let left = 1100
  private static let right = Drawing.width - 100

  private func drawing(_ height: Int, _ label: String) -> Drawing {
    let isSimulated = description.fills.isSimulated
    return Drawing(
      height: height, watermark: isSimulated ? "SIMULATED" : nil,
      label: isSimulated ? "\(label) (simulated fills)" : label)
  }

  private func figure(_ page: inout Page, _ caption: String, _ body: (inout Page) -> Void) {
    page.element("figure") { page in
      body(&page)
      page.element("figcaption", "\(caption) Fills: \(fillsLabel).")
    }
  }

  private var window: TaskWindow { description.task.window }

  private func timeAxis() -> Axis {
    Axis(low: Int128(window.start), high: Int128(window.end), from: ExecutionReport.left, to: ExecutionReport.right)
  }

  /// Grid lines at the beginnings of slices, as many as have room for their times.
  private func timeGrid(_ page: inout Page, top: Int, bottom: Int) {
    let axis = timeAxis()
    let every = (slices.count + 7) / 8
    for (index, slice) in slices.enumerated() where index % every == 0 {
      let x = axis[Int128(slice.start)]
      Drawing.line(&page, "grid", x1: x, y1: top, x2: x, y2: bottom)
      Drawing.text(&page, PageTime.time(slice.start), x: x, y: bottom + 160, anchor: index == 0 ? "start" : "middle")
    }
    Drawing.line(&page, "axis", x1: ExecutionReport.left, y1: bottom, x2: ExecutionReport.right, y2: bottom)
  }

  private func valueGrid(_ page: inout Page, _ axis: Axis, _ text: (Int128) -> String) {
    for tick in axis.ticks(5) {
      let y = axis[tick]
      Drawing.line(&page, "grid", x1: ExecutionReport.left, y1: y, x2: ExecutionReport.right, y2: y)
      Drawing.text(&page, text(tick), x: ExecutionReport.left - 80, y: y + 40, anchor: "end")
    }
  }

  // MARK: - Prices

  func priceChart(_ page: inout Page) {
    let inside = fills.filter { $0.record.receivedAt <= window.end }
    let mids = prices.compactMap(\.mid)
    guard var low = (mids + inside.map { 2 * Int128($0.record.price) }).min(),
      var high = (mids + inside.map { 2 * Int128($0.record.price) }).max()
    else { return page.paragraph("No two-sided market was seen in the window, and nothing was filled.") }
    let margin = max(1, (high - low) / 12)
    low -= margin
    high += margin
    // In prices rather than doubled ones, so that the ticks are round.
    let axis = Axis(low: low / 2, high: (high + 1) / 2, from: 2700, to: 300)
    let times = timeAxis()
    figure(&page, "The mid over the task's venues, and each fill where and when it was received, UTC.") { page in
      drawing(2950, "Mid and fills over time").draw(on: &page) { page in
        valueGrid(&page, axis) { FixedPoint.text($0, scale: priceScale) }
        timeGrid(&page, top: 300, bottom: 2700)
        Drawing.path(&page, "mid", midPath(times, axis))
        for (style, ratio) in [("vwap", interval.vwap), ("average", averagePrice)] {
          guard let price = ratio?.rounded(scale: priceScale), price >= axis.low, price <= axis.high else { continue }
          Drawing.line(
            &page, .text(style), x1: ExecutionReport.left, y1: axis[price], x2: ExecutionReport.right, y2: axis[price])
        }
        for fill in inside {
          let record = fill.record
          Drawing.dot(
            &page, x: times[Int128(record.receivedAt)], y: axis[Int128(record.price)],
            title: "\(quantityText(record.quantity)) at \(FixedPoint.text(record.price, scale: priceScale)), "
              + "\(record.listing.venue), leaf \(fill.leaf), \(fillsLabel)")
        }
        var entries: [(Drawing.Mark, Page.Value, String)] = [(.line, "mid", "mid")]
        if !inside.isEmpty { entries.append((.bar, "filled", "fills, \(fillsLabel)")) }
        if averagePrice != nil { entries.append((.line, "average", "average price")) }
        if interval.vwap != nil { entries.append((.line, "vwap", "interval VWAP of others")) }
        Drawing.legend(&page, x: ExecutionReport.left, y: 140, entries)
      }
    }
  }

  private func midPath(_ times: Axis, _ axis: Axis) -> String {
    var path = ""
    var isOpen = false
    for point in prices {
      guard let mid = point.mid else {
        isOpen = false
        continue
      }
      path += "\(isOpen ? "L" : "M")\(times[Int128(point.time)]) \(axis[mid / 2])"
      isOpen = true
    }
    return path
  }

  // MARK: - Schedule

  func scheduleChart(_ page: inout Page) {
    let most = slices.reduce(Int64(1)) { max($0, $1.planned, $1.filled, $1.first) }
    let axis = Axis(low: 0, high: Int128(most), from: 2100, to: 300)
    let times = timeAxis()
    figure(&page, "Per slice: what was planned when it began, what was filled in it, and what the first plan had.") {
      page in
      drawing(2350, "Planned and filled quantity per slice").draw(on: &page) { page in
        valueGrid(&page, axis) { FixedPoint.text($0, scale: scale) }
        for (index, slice) in slices.enumerated() {
          let x = times[Int128(slice.start)]
          let width = max(4, times[Int128(slice.end)] - x)
          let half = max(2, width * 2 / 5)
          for (offset, value, style) in [(0, slice.planned, "planned"), (half, slice.filled, "filled")] {
            let y = axis[Int128(value)]
            Drawing.bar(
              &page, .text(style), x: x + width / 10 + offset, y: y, width: half, height: 2100 - y,
              title: "slice \(index): \(style) \(quantityText(value)), \(fillsLabel)")
          }
          let y = axis[Int128(slice.first)]
          Drawing.line(&page, "first", x1: x + width / 10, y1: y, x2: x + width / 10 + 2 * half, y2: y)
        }
        timeGrid(&page, top: 2100, bottom: 2100)
        Drawing.legend(
          &page, x: ExecutionReport.left, y: 140,
          [
            (.bar, "planned", "planned when the slice began"), (.bar, "filled", "filled, \(fillsLabel)"),
            (.line, "first", "first plan"),
          ])
      }
    }
  }

  func trajectoryChart(_ page: inout Page) {
    let last = slices.reduce(Int128(0)) { $0 + Int128($1.first) }
    let axis = Axis(low: 0, high: max(Int128(ordered), shortfall.filled, last, 1), from: 2100, to: 300)
    let times = timeAxis()
    figure(&page, "Added up over the window: the first plan, each slice evenly, and the fills as they were received.") {
      page in
      drawing(2350, "Planned and filled quantity, added up").draw(on: &page) { page in
        valueGrid(&page, axis) { FixedPoint.text($0, scale: scale) }
        timeGrid(&page, top: 300, bottom: 2100)
        var planned: Int128 = 0
        var plan = "M\(ExecutionReport.left) \(axis[0])"
        for slice in slices {
          planned += Int128(slice.first)
          plan += "L\(times[Int128(slice.end)]) \(axis[planned])"
        }
        Drawing.path(&page, "first", plan)
        var filled: Int128 = 0
        var own = "M\(ExecutionReport.left) \(axis[0])"
        for fill in fills.filter({ $0.record.receivedAt <= window.end })
          .sorted(by: { ($0.record.receivedAt, $0.leaf) < ($1.record.receivedAt, $1.leaf) })
        {
          let x = times[Int128(fill.record.receivedAt)]
          own += "L\(x) \(axis[filled])"
          filled += Int128(fill.record.quantity)
          own += "L\(x) \(axis[filled])"
        }
        own += "L\(ExecutionReport.right) \(axis[filled])"
        Drawing.path(&page, "own", own)
        Drawing.legend(
          &page, x: ExecutionReport.left, y: 140,
          [(.line, "first", "first plan"), (.line, "own", "filled, \(fillsLabel)")])
      }
    }
  }

  // MARK: - Venues and cost

  func venueChart(_ page: inout Page) {
    guard shortfall.filled > 0 else { return page.paragraph("Nothing was filled at any venue.") }
    let bars = Axis(low: 0, high: shortfall.filled, from: 2900, to: Drawing.width - 1900)
    figure(&page, "Of what was filled, by venue.") { page in
      drawing(260 * venues.count + 60, "Share of what was filled, by venue").draw(on: &page) { page in
        for (index, venue) in venues.enumerated() {
          let y = 260 * index + 40
          let end = bars[Int128(venue.quantity)]
          let share = share(venue)?.text(places: 2) ?? "0.00"
          Drawing.text(
            &page, clipped("\(venue.listing.venue) \(venue.listing.symbol)"), x: 2820, y: y + 130, anchor: "end",
            style: "name")
          Drawing.bar(
            &page, "filled", x: bars.start, y: y, width: max(4, end - bars.start), height: 180,
            title: "\(quantityText(venue.quantity)), \(fillsLabel)")
          Drawing.text(&page, "\(share) %, \(rowLabel)", x: end + 80, y: y + 130, style: "name")
        }
      }
    }
  }

  private func clipped(_ words: String) -> String {
    words.unicodeScalars.count <= 34 ? words : String(String.UnicodeScalarView(words.unicodeScalars.prefix(33))) + "…"
  }

  func costChart(_ page: inout Page) {
    let parts = [
      ("Delay", shortfall.delay), ("Trading", shortfall.trading), ("Opportunity", shortfall.opportunity),
      ("Fees", shortfall.fees), ("Shortfall", shortfall.total),
    ]
    let known = parts.compactMap(\.1)
    guard let low = known.min(), let high = known.max(), low < 0 || high > 0 else { return }
    let axis = Axis(low: min(0, low), high: max(0, high), from: 2600, to: Drawing.width - 1900)
    figure(&page, "In \(description.task.currency): to the right cost, to the left gain.") { page in
      drawing(260 * parts.count + 60, "Parts of the implementation shortfall").draw(on: &page) { page in
        for (index, part) in parts.enumerated() {
          let y = 260 * index + 40
          Drawing.text(&page, part.0, x: 1000, y: y + 130, anchor: "end", style: "name")
          guard let value = part.1 else {
            Drawing.text(&page, "not known", x: axis[0] + 80, y: y + 130)
            continue
          }
          let from = min(axis[0], axis[value])
          let to = max(axis[0], axis[value])
          let amount = amount(value)
          Drawing.bar(
            &page, value < 0 ? "gain" : "cost", x: from, y: y, width: max(4, to - from), height: 180,
            title: "\(amount), \(fillsLabel)")
          if value < 0 {
            Drawing.text(&page, amount, x: from - 80, y: y + 130, anchor: "end", style: "name")
          } else {
            Drawing.text(&page, amount, x: to + 80, y: y + 130, style: "name")
          }
        }
        Drawing.line(&page, "axis", x1: axis[0], y1: 0, x2: axis[0], y2: 260 * parts.count + 20)
      }
    }
  }
}
