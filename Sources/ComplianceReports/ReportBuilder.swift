// SPDX-License-Identifier: Apache-2.0

internal import ExecutionEngine
internal import ExecutionIR
package import RunJournal

/// Builds the report of a run from its directory alone; writes nothing.
package enum ReportBuilder {
  /// How many mids the price chart has.
  private static let chartPoints: Int64 = 240

  /// - Parameter verdict: what a verification of the same directory said.
  package static func build(
    directory: RunDirectory, verdict: ReportVerdict
  ) throws(RunError) -> ExecutionReport {
    let (description, _) = try directory.require()
    let records = try LedgerRecords(directory, description)
    do { return try build(directory, description, records, verdict) } catch let error as RunError {
      throw error
    } catch is MetricOverflow {
      throw .badInput("\(directory.path): a figure of the report leaves 128 bits")
    } catch {
      throw .badInput("\(directory.path): \(error)")
    }
  }

  /// The engine's own scale: the finest of the lots and of the parent's quantity.
  private static func scale(_ directory: RunDirectory, _ description: RunDescription) throws -> Int {
    let task = description.task
    let reference = try directory.reference(description.reference)
    var scale = task.quantity.scale
    for venue in task.venues {
      let terms = try reference.terms(venue: venue.venue, symbol: venue.symbol, at: task.window.start)
      scale = max(scale, try terms.lot().scale)
    }
    return scale
  }

  private static func build(
    _ directory: RunDirectory, _ description: RunDescription, _ records: LedgerRecords, _ verdict: ReportVerdict
  ) throws -> ExecutionReport {
    let task = description.task
    let scale = try scale(directory, description)
    let ordered = try task.quantity.units(atScale: scale)
    let decided = records.plans.first?.value.decidedAt ?? task.window.start
    var samples = [
      MidSample(place: .before(decided), venue: nil), MidSample(place: .before(task.window.start), venue: nil),
      MidSample(place: .through(task.window.end), venue: nil),
    ]
    var own: Set<String> = []
    for fill in records.fills {
      guard fill.value.scale == scale, let venue = task.venues.firstIndex(of: fill.value.listing) else {
        throw RunError.badInput("\(directory.ledger): leaf \(fill.leaf): a fill that is not of this task")
      }
      samples.append(MidSample(place: .event(fill.value.sequence), venue: venue))
      for horizon in ExecutionReport.horizons {
        let (time, overflow) = fill.value.receivedAt.addingReportingOverflow(horizon.length)
        samples.append(MidSample(place: .through(overflow ? .max : time), venue: venue))
      }
      // Only a venue that matches own orders prints them on its tape.
      if description.fills == .simulated { own.insert("\(venue)/\(fill.value.execution)") }
    }
    let chartStart = samples.count
    for point in 0...chartPoints {
      let length = Int128(task.window.end - task.window.start) * Int128(point) / Int128(chartPoints)
      samples.append(MidSample(place: .through(task.window.start + Int64(length)), venue: nil))
    }
    let walk = try MarketWalk(directory, description, samples: samples, own: own, scale: scale)
    func mid(_ index: Int, _ name: String, at time: Int64) -> ReportMid {
      let answer = walk.answers[index]
      let leaf = answer.mid == nil || answer.sequence == 0 ? nil : records.journalLeaf(ofEvent: answer.sequence - 1)
      return ReportMid(name: name, time: time, mid: answer.mid, reason: answer.reason, leaf: leaf)
    }
    let decision = mid(0, "decision", at: decided)
    let arrival = mid(1, "arrival", at: task.window.start)
    let close = mid(2, "close", at: task.window.end)
    let perFill = 1 + ExecutionReport.horizons.count
    var fills: [ReportFill] = []
    for (number, fill) in records.fills.enumerated() {
      let base = 3 + number * perFill
      let record = fill.value
      let at = mid(base, "fill", at: record.receivedAt)
      let later = ExecutionReport.horizons.enumerated().map { index, horizon in
        mid(base + 1 + index, horizon.name, at: record.receivedAt.addingReportingOverflow(horizon.length).partialValue)
      }
      let quality = FillQuality(
        sign: task.side.sign, price: record.price, mid: at.mid, later: later.map(\.mid))
      fills.append(ReportFill(record: record, leaf: fill.leaf, mid: at, later: later, quality: quality))
    }
    let shortfall = try Shortfall(
      sign: task.side.sign, ordered: ordered,
      fills: records.fills.map {
        Shortfall.Fill(price: $0.value.price, quantity: $0.value.quantity, fee: $0.value.fee.amount)
      }, decision: decision.mid, arrival: arrival.mid, close: close.mid, scale: scale, feeScale: Money.scale)
    var notional: Int128 = 0
    var filledAfter: Int64 = 0
    for fill in records.fills {
      notional = try Checked.add(notional, Int128(fill.value.price) * Int128(fill.value.quantity))
      if fill.value.receivedAt >= task.window.end { filledAfter += fill.value.quantity }
    }
    let ownInWindow = shortfall.filled - Int128(filledAfter)
    let everything = try Checked.add(ownInWindow, walk.volume)
    let unit: Int128 = try Checked.power(priceScale)
    return ExecutionReport(
      description: description, verdict: verdict, scale: scale, ordered: ordered, decision: decision, arrival: arrival,
      close: close, shortfall: shortfall, fills: fills,
      averagePrice: shortfall.filled > 0 ? Ratio(notional, try Checked.multiply(shortfall.filled, unit)) : nil,
      vwap: walk.volume > 0 ? Ratio(walk.notional, try Checked.multiply(walk.volume, unit)) : nil, trades: walk.trades,
      othersVolume: walk.volume,
      participation: everything > 0 ? Ratio(try Checked.multiply(ownInWindow, 1_000_000), everything) : nil,
      slices: try slices(task, records, scale), filledAfter: filledAfter, venues: venues(task, records),
      plans: records.plans.map { ($0.leaf, $0.value) }, denials: records.denials.map { ($0.leaf, $0.value) },
      cancels: records.cancels, summary: records.summary.map { ($0.leaf, $0.value) },
      prices: (0...Int(chartPoints)).map { point in
        let length = Int128(task.window.end - task.window.start) * Int128(point) / Int128(chartPoints)
        return mid(chartStart + point, "mid", at: task.window.start + Int64(length))
      }, events: walk.events, gaps: walk.gaps)
  }

  /// Follows the plans from one to the next; each delta names the plan that it starts from and the one it leads to.
  private static func slices(
    _ task: LocalExecutionTask, _ records: LedgerRecords, _ scale: Int
  ) throws -> [ReportSlice] {
    var plan = Plan(slices: task.sliceCount, venues: task.venues.count, scale: scale)
    var first: [Int64] = Array(repeating: 0, count: task.sliceCount)
    var planned = first
    var filled = first
    var leaves: [[UInt64]] = Array(repeating: [], count: task.sliceCount)
    func total(_ slice: Int) -> Int64 { task.venues.indices.reduce(0) { $0 + plan[slice, $1] } }
    for (index, numbered) in records.plans.enumerated() {
      plan = try plan.applying(numbered.value)
      if index == 0 { for slice in first.indices { first[slice] = total(slice) } }
      guard numbered.value.currentSlice < task.sliceCount else { continue }
      planned[numbered.value.currentSlice] = total(numbered.value.currentSlice)
      leaves[numbered.value.currentSlice].append(numbered.leaf)
    }
    for fill in records.fills {
      guard let slice = task.slice(at: fill.value.receivedAt) else { continue }
      filled[slice] += fill.value.quantity
      leaves[slice].append(fill.leaf)
    }
    return (0..<task.sliceCount).map { slice in
      ReportSlice(
        start: task.sliceStart(slice), end: task.sliceStart(slice + 1), first: first[slice], planned: planned[slice],
        filled: filled[slice], leaves: leaves[slice])
    }
  }

  private static func venues(_ task: LocalExecutionTask, _ records: LedgerRecords) -> [ReportVenue] {
    task.venues.map { listing in
      let fills = records.fills.filter { $0.value.listing == listing }
      return ReportVenue(
        listing: listing, orders: records.orders.filter { $0.value.listing == listing }.count,
        quantity: fills.reduce(0) { $0 + $1.value.quantity }, fills: fills.count, leaves: fills.map(\.leaf))
    }
  }
}
