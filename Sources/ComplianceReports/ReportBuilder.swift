// SPDX-License-Identifier: Apache-2.0

internal import ExecutionEngine
internal import ExecutionIR
package import RunJournal

/// Builds the report of a run from its directory alone; writes nothing.
package enum ReportBuilder {
  /// How many mids the price chart has, less one.
  private static let chartPoints: Int64 = 240

  /// - Parameter verification: of the same directory; a run that does not hold has no report.
  package static func build(
    _ directory: RunDirectory, verification: VerificationReport
  ) throws(RunError) -> ExecutionReport {
    guard verification.verdict != .failed else {
      throw .badInput("\(directory.path): does not hold, and nothing computed from it would be evidence")
    }
    let (description, _) = try directory.require()
    let records = try LedgerRecords(directory, description)
    do {
      return try ReportDraft(directory, description, records).report(ReportVerdict(verification))
    } catch let error as RunError { throw error } catch is MetricOverflow {
      throw .badInput("\(directory.path): a figure of the report leaves the bits that it is computed in")
    } catch {
      throw .badInput("\(directory.path): \(error)")
    }
  }

  /// Evenly over the window, both ends among them.
  static func chartTimes(_ window: TaskWindow) -> [Int64] {
    (0...chartPoints).map { point in
      window.start + Int64(Int128(window.end - window.start) * Int128(point) / Int128(chartPoints))
    }
  }
}

/// One report in the making: what is asked of the market, and the answers put together.
struct ReportDraft {
  private let directory: RunDirectory
  private let description: RunDescription
  private let records: LedgerRecords
  private let scale: Int
  private let instrument: ReferenceInstrument
  private let walk: MarketWalk
  private let decided: Int64
  private let chartTimes: [Int64]

  private var task: LocalExecutionTask { description.task }
  private var window: TaskWindow { description.task.window }
  private static let perFill = 1 + ExecutionReport.horizons.count
  private static let firstFill = 3

  init(_ directory: RunDirectory, _ description: RunDescription, _ records: LedgerRecords) throws {
    self.directory = directory
    self.description = description
    self.records = records
    (scale, instrument) = try ReportDraft.terms(directory, description)
    decided = records.plans.first?.value.decidedAt ?? description.task.window.start
    chartTimes = ReportBuilder.chartTimes(description.task.window)
    var own: Set<OwnPrint> = []
    var samples = [
      MidSample(place: .before(decided), venue: nil),
      MidSample(place: .before(description.task.window.start), venue: nil),
      MidSample(place: .through(description.task.window.end), venue: nil),
    ]
    for fill in records.fills {
      guard fill.value.scale == scale, let venue = description.task.venues.firstIndex(of: fill.value.listing) else {
        throw RunError.badInput("\(directory.ledger): leaf \(fill.leaf): a fill that is not of this task")
      }
      samples.append(MidSample(place: .event(fill.value.sequence), venue: venue))
      for horizon in ExecutionReport.horizons {
        samples.append(MidSample(place: .through(ReportDraft.time(fill.value, plus: horizon.length)), venue: venue))
      }
    }
    // Only a venue that matches own orders prints them on its tape.
    if description.fills == .simulated {
      for fill in records.fills.map(\.value) + records.brokenFills.map(\.fill) {
        guard let venue = description.task.venues.firstIndex(of: fill.listing), let match = UInt64(fill.execution)
        else { continue }
        own.insert(OwnPrint(venue: venue, match: match))
      }
    }
    samples += chartTimes.map { MidSample(place: .through($0), venue: nil) }
    walk = try MarketWalk(
      directory, description, records: records.committedRecords, samples: samples, own: own)
  }

  /// The engine's own scale, the finest of the lots and of the parent's quantity; and what is traded.
  private static func terms(
    _ directory: RunDirectory, _ description: RunDescription
  ) throws -> (Int, ReferenceInstrument) {
    let task = description.task
    let reference = try directory.reference(description.reference)
    var scale = task.quantity.scale
    for venue in task.venues {
      let terms = try reference.terms(venue: venue.venue, symbol: venue.symbol, at: task.window.start)
      scale = max(scale, try terms.lot().scale)
    }
    let first = task.venues[0]
    let instrument = try reference.terms(venue: first.venue, symbol: first.symbol, at: task.window.start).instrument
    guard instrument.quote == instrument.settlement else {
      throw RunError.badInput(
        "\(directory.path): \(instrument.name) is priced in \(instrument.quote) and settled in \(instrument.settlement); "
          + "its cost is not linear in the price, and this report has no figures for it")
    }
    return (scale, instrument)
  }

  private static func time(_ fill: FillRecord, plus length: Int64) -> Int64 {
    let (time, overflow) = fill.receivedAt.addingReportingOverflow(length)
    return overflow ? .max : time
  }

  private func mid(_ index: Int, _ name: String, at time: Int64) -> ReportMid {
    let answer = walk.answers[index]
    let leaf = answer.mid == nil || answer.sequence == 0 ? nil : records.journalLeaf(ofEvent: answer.sequence - 1)
    return ReportMid(name: name, time: time, mid: answer.mid, reason: answer.reason, leaf: leaf)
  }

  func report(_ verdict: ReportVerdict) throws -> ExecutionReport {
    let decision = mid(0, "decision", at: decided)
    let arrival = mid(1, "arrival", at: window.start)
    let close = mid(2, "close", at: window.end)
    let fills = fills()
    let (shortfall, feesReason) = try shortfall(decision, arrival, close)
    let notional = try records.fills.reduce(Int128(0)) { (sum, fill) throws(MetricOverflow) in
      try Checked.add(sum, Int128(fill.value.price) * Int128(fill.value.quantity))
    }
    let weighted = fills.map { (quantity: $0.record.quantity, quality: $0.quality) }
    let horizons: [Int?] = [nil] + ExecutionReport.horizons.indices.map { $0 }
    let chartStart = ReportDraft.firstFill + fills.count * ReportDraft.perFill
    return ExecutionReport(
      description: description, verdict: verdict, basis: ReportBasis(leaves: records.leaves, root: records.root),
      filed: records.filed, scale: scale, multiplier: instrument.multiplier,
      ordered: try task.quantity.units(atScale: scale), decision: decision, arrival: arrival, close: close,
      shortfall: shortfall, feesReason: feesReason, fills: fills,
      brokenFills: records.brokenFills.map {
        ReportBrokenFill(record: $0.fill, leaf: $0.leaf, brokenBy: $0.brokenBy)
      },
      averagePrice: shortfall.filled > 0
        ? Ratio(notional, try Checked.multiply(shortfall.filled, Checked.power(priceScale))) : nil,
      interval: try interval(notional, shortfall.filled),
      spreads: try horizons.map { (horizon) throws(MetricOverflow) in try SpreadAverages(weighted, horizon: horizon) },
      slices: try slices(), filledAfter: try filled { $0.receivedAt > window.end }, venues: try venues(),
      plans: records.plans.map { ($0.leaf, $0.value) }, denials: records.denials.map { ($0.leaf, $0.value) },
      answers: records.answers.map { ($0.leaf, $0.value) },
      shared: ReportShared(records), cancels: records.cancels, summary: records.summary.map { ($0.leaf, $0.value) },
      prices: chartTimes.enumerated().map { mid(chartStart + $0, "mid", at: $1) }, events: walk.events,
      gaps: walk.gaps)
  }

  private func fills() -> [ReportFill] {
    records.fills.enumerated().map { number, fill in
      let base = ReportDraft.firstFill + number * ReportDraft.perFill
      let record = fill.value
      let at = mid(base, "fill", at: record.receivedAt)
      let later = ExecutionReport.horizons.enumerated().map { index, horizon in
        mid(base + 1 + index, horizon.name, at: ReportDraft.time(record, plus: horizon.length))
      }
      let quality = FillQuality(sign: task.side.sign, price: record.price, mid: at.mid, later: later.map(\.mid))
      return ReportFill(record: record, leaf: fill.leaf, mid: at, later: later, quality: quality)
    }
  }

  // MARK: - Cost

  private func shortfall(
    _ decision: ReportMid, _ arrival: ReportMid, _ close: ReportMid
  ) throws -> (Shortfall, String?) {
    // A fee in what is bought counts at the fill's own price; one in a third currency has no price here.
    let feeScale = Money.scale + priceScale
    var reason: String? = nil
    var fees: [Int128?] = []
    for fill in records.fills {
      let fee = fill.value.fee
      if fee.amount == 0 || fee.currency == task.currency {
        fees.append(try Checked.multiply(fee.amount, Checked.power(priceScale)))
      } else if fee.currency == instrument.base {
        fees.append(try Checked.multiply(fee.amount, Int128(fill.value.price)))
      } else {
        reason = "a fee in \(fee.currency) has no price in \(task.currency)"
        fees.append(nil)
      }
    }
    let (scaled, places) = ReportDraft.shortest(fees, scale: feeScale)
    let result = try Shortfall(
      sign: task.side.sign, ordered: try task.quantity.units(atScale: scale),
      fills: zip(records.fills, scaled).map {
        Shortfall.Fill(price: $0.value.price, quantity: $0.value.quantity, fee: $1)
      }, decision: decision.mid, arrival: arrival.mid, close: close.mid, scale: scale,
      multiplier: instrument.multiplier, feeScale: places)
    return (result, reason)
  }

  /// The same values at the smallest scale that keeps them all exact.
  private static func shortest(_ values: [Int128?], scale: Int) -> ([Int128?], Int) {
    var values = values
    var scale = scale
    while scale > 0, values.allSatisfy({ ($0 ?? 0) % 10 == 0 }) {
      values = values.map { $0.map { $0 / 10 } }
      scale -= 1
    }
    return (values, scale)
  }

  private func interval(_ notional: Int128, _ filled: Int128) throws(MetricOverflow) -> ReportInterval {
    let total = try walk.tape.total(scales: walk.scales, scale: scale)
    let unit = try Checked.power(priceScale)
    let power = try Checked.power(total.scale - scale)
    let own = try Checked.multiply(filled - Int128(try self.filled { $0.receivedAt > window.end }), power)
    let everything = try Checked.add(own, total.volume)
    var slippage: Ratio? = nil
    var basisPoints: Ratio? = nil
    if filled > 0, total.volume > 0 {
      let sign = Int128(task.side.sign)
      let average = (try Checked.multiply(notional, power), try Checked.multiply(filled, power))
      let difference = try Ratio(difference: average.0, average.1, less: total.notional, total.volume)
      slippage = try difference.times(sign).divided(by: unit)
      if total.notional > 0 {
        // (N/F − n/v) / (n/v) = N·v/(F·n) − 1
        let relative = try Ratio(
          product: average.0, total.volume, over: average.1, total.notional
        ).minusOne()
        basisPoints = try relative.times(sign * 10_000)
      }
    }
    return ReportInterval(
      trades: total.trades, volume: total.volume, scale: total.scale,
      vwap: total.volume > 0 ? Ratio(total.notional, try Checked.multiply(total.volume, unit)) : nil,
      slippage: slippage, slippageBasisPoints: basisPoints,
      participation: everything > 0 ? Ratio(try Checked.multiply(own, 1_000_000), everything) : nil,
      leaf: walk.windowEnd > 0 ? records.journalLeaf(ofEvent: walk.windowEnd - 1) : nil)
  }

  // MARK: - Schedule and venues

  private func filled(where isWanted: (FillRecord) -> Bool) throws(MetricOverflow) -> Int64 {
    var sum: Int64 = 0
    for fill in records.fills where isWanted(fill.value) {
      let (next, overflow) = sum.addingReportingOverflow(fill.value.quantity)
      guard !overflow else { throw MetricOverflow() }
      sum = next
    }
    return sum
  }

  /// The window's end belongs to its last slice.
  private func slice(of fill: FillRecord) -> Int? {
    fill.receivedAt == window.end ? task.sliceCount - 1 : task.slice(at: fill.receivedAt)
  }

  /// Follows the plans from one to the next; each delta names the plan that it starts from and the one it leads to.
  private func slices() throws -> [ReportSlice] {
    var plan = Plan(slices: task.sliceCount, venues: task.venues.count, scale: scale)
    var first: [Int64] = Array(repeating: 0, count: task.sliceCount)
    var planned = first
    var leaves: [[UInt64]] = Array(repeating: [], count: task.sliceCount)
    func total(_ slice: Int) throws(MetricOverflow) -> Int64 {
      let sum = task.venues.indices.reduce(Int128(0)) { $0 + Int128(plan[slice, $1]) }
      guard let fitting = Int64(exactly: sum) else { throw MetricOverflow() }
      return fitting
    }
    for (index, numbered) in records.plans.enumerated() {
      plan = try plan.applying(numbered.value)
      if index == 0 { for slice in first.indices { first[slice] = try total(slice) } }
      let current = numbered.value.currentSlice
      guard (0..<task.sliceCount).contains(current) else { continue }
      planned[current] = try total(current)
      leaves[current].append(numbered.leaf)
    }
    var filled = first.map { _ in Int128(0) }
    for fill in records.fills {
      guard let slice = slice(of: fill.value) else { continue }
      filled[slice] += Int128(fill.value.quantity)
      leaves[slice].append(fill.leaf)
    }
    return try (0..<task.sliceCount).map { index in
      guard let quantity = Int64(exactly: filled[index]) else { throw MetricOverflow() }
      return ReportSlice(
        start: task.sliceStart(index), end: task.sliceStart(index + 1), first: first[index], planned: planned[index],
        filled: quantity, leaves: leaves[index])
    }
  }

  private func venues() throws(MetricOverflow) -> [ReportVenue] {
    try task.venues.map { (listing) throws(MetricOverflow) in
      let fills = records.fills.filter { $0.value.listing == listing }
      return ReportVenue(
        listing: listing, orders: records.orders.filter { $0.value.listing == listing }.count,
        quantity: try filled { $0.listing == listing }, fills: fills.count, leaves: fills.map(\.leaf))
    }
  }
}
