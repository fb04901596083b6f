// SPDX-License-Identifier: Apache-2.0

/// The solver's working state, in integers just wide enough: `Number` is Int64 where every sum provably fits, else
/// Int128. `ScheduleProblem.exactBound` proves it, so that the wrapping operators here never wrap.
///
/// A move takes `step` lots from one cell to another. Its price per lot is the difference of the two cells' marginal
/// costs and of what lies between their slices: taking lots from slice i to a later slice k leaves `step` more open
/// after each of i..<k. With prefix sums over slices the cheapest move of all is found in one pass.
struct ExchangeDescent<Number: FixedWidthInteger & SignedInteger> {
  /// A move and its price for each of its lots.
  struct Move {
    var price: Number
    var from: Int
    var to: Int
    /// Slices and venues are looked up in the caches, but for a swap within one slice, which knows its own.
    var isSwap: Bool
  }

  /// One slice as the passes see it. Prices are without the risk term.
  private struct Slice {
    /// Cheapest venue to add `step` lots at, and the dearest to take them from.
    var add: Number
    var drop: Number
    /// Cheapest exchange within the slice.
    var swap: Number
    /// 2 · risk · x_k, and risk · step.
    var open: Number
    var openStep: Number
    var addVenue: Int32 = -1
    var dropVenue: Int32 = -1
    var swapTo: Int32 = -1
    var swapFrom: Int32 = -1
    let risk: Number
    /// Lots still to do after the slice: x_k.
    var left: Number
    /// Lots that the slice's own cap leaves.
    var room: Number
    /// Lots beyond the target.
    var away: Number
  }

  private struct Cell {
    var impact: Number
    var fee: Number
    var quantity: Number
    var cap: Number
    var floor: Number
  }

  let venues: Int
  private var slices: [Slice]
  private var cells: [Cell]
  private let tracking: Number
  private(set) var unplaced: Number
  private(set) var step: Number = 1
  /// Larger than any price, and small enough to be added to a few of them.
  private let never: Number = Number.max >> 2

  /// Begins with `start`, which keeps the bounds of cells and slices and places no more than all lots.
  init(_ problem: ScheduleProblem, start: [Int64]) {
    venues = problem.venues
    let count = problem.slices
    tracking = Number(truncatingIfNeeded: problem.tracking)
    let blankCell = Cell(impact: 0, fee: 0, quantity: 0, cap: 0, floor: 0)
    cells = [Cell](repeating: blankCell, count: count * venues)
    let blank = Slice(add: 0, drop: 0, swap: 0, open: 0, openStep: 0, risk: 0, left: 0, room: 0, away: 0)
    slices = [Slice](repeating: blank, count: count)
    var open = Number(problem.lots)
    var index = 0
    for slice in 0..<count {
      var total: Number = 0
      for _ in 0..<venues {
        let cell = Cell(
          impact: Number(truncatingIfNeeded: problem.impact[index]),
          fee: Number(truncatingIfNeeded: problem.fee[index]),
          quantity: Number(truncatingIfNeeded: start[index]), cap: Number(truncatingIfNeeded: problem.cap[index]),
          floor: Number(truncatingIfNeeded: problem.floor[index]))
        cells[index] = cell
        total &+= cell.quantity
        index &+= 1
      }
      open &-= total
      slices[slice] = Slice(
        add: 0, drop: 0, swap: 0, open: 0, openStep: 0, risk: Number(truncatingIfNeeded: problem.risk[slice]),
        left: open, room: Number(problem.sliceCap?[slice] ?? .max) &- total,
        away: total &- Number(problem.target?[slice] ?? 0))
    }
    unplaced = open
  }

  var quantities: [Int64] { cells.map { Int64(truncatingIfNeeded: $0.quantity) } }

  /// The terms of the schedule, of a problem without targets whose `exactBound` fits 64 bits. That keeps each price of a
  /// cell, and the risk of a lot over all slices, below 2^57; what is summed up here is such a price times lots, which are
  /// 2^60 at most, so that nothing wraps.
  func settledTerms(lots: Int64) -> ScheduleTerms {
    precondition(unplaced == 0, "a schedule places all lots")
    var terms = ScheduleTerms()
    for cell in cells {
      let quantity = Int128(Int64(truncatingIfNeeded: cell.quantity))
      terms.impact &+= Int128(Int64(truncatingIfNeeded: cell.impact &* cell.quantity)) &* quantity
      terms.fees &+= Int128(Int64(truncatingIfNeeded: cell.fee)) &* quantity
    }
    for slice in slices {
      let price = Int64(truncatingIfNeeded: slice.risk &* slice.left)
      terms.risk &+= Int128(price) &* Int128(Int64(truncatingIfNeeded: slice.left))
    }
    terms.objective = terms.impact &+ terms.fees &+ terms.risk
    return terms
  }

  /// Sets the size of the next moves.
  mutating func use(step: Number) {
    self.step = step
    for index in 0..<slices.count {
      var slice = slices[index]
      slice.open = slice.risk &* slice.left &* 2
      slice.openStep = slice.risk &* step
      slices[index] = refreshed(slice, index)
    }
  }

  /// Finds a slice's cheapest additions and removals anew.
  private mutating func refresh(_ slice: Int) { slices[slice] = refreshed(slices[slice], slice) }

  private func refreshed(_ slice: Slice, _ index: Int) -> Slice {
    var firstAdd = never
    var secondAdd = never
    var firstDrop = 0 - never
    var secondDrop = 0 - never
    var addVenue: Int32 = -1
    var secondAddVenue: Int32 = -1
    var dropVenue: Int32 = -1
    var secondDropVenue: Int32 = -1
    let base = index &* venues
    for venue in 0..<venues {
      let cell = cells[base &+ venue]
      let twice = cell.quantity &* 2
      if cell.quantity &+ step <= cell.cap {
        let price = cell.impact &* (twice &+ step) &+ cell.fee
        if price < firstAdd {
          (secondAdd, secondAddVenue) = (firstAdd, addVenue)
          (firstAdd, addVenue) = (price, Int32(truncatingIfNeeded: venue))
        } else if price < secondAdd {
          (secondAdd, secondAddVenue) = (price, Int32(truncatingIfNeeded: venue))
        }
      }
      if cell.quantity &- step >= cell.floor {
        let price = cell.impact &* (twice &- step) &+ cell.fee
        if price > firstDrop {
          (secondDrop, secondDropVenue) = (firstDrop, dropVenue)
          (firstDrop, dropVenue) = (price, Int32(truncatingIfNeeded: venue))
        } else if price > secondDrop {
          (secondDrop, secondDropVenue) = (price, Int32(truncatingIfNeeded: venue))
        }
      }
    }
    var entry = slice
    entry.addVenue = addVenue
    entry.dropVenue = dropVenue
    entry.swap = firstAdd &- firstDrop
    entry.swapTo = addVenue
    entry.swapFrom = dropVenue
    if addVenue == dropVenue {
      // A lot that leaves a venue and comes back to it is no exchange.
      if secondAdd &- firstDrop <= firstAdd &- secondDrop {
        entry.swap = secondAdd &- firstDrop
        entry.swapTo = secondAddVenue
      } else {
        entry.swap = firstAdd &- secondDrop
        entry.swapFrom = secondDropVenue
      }
    }
    if entry.swapTo < 0 || entry.swapFrom < 0 { entry.swap = never }
    let pull = tracking &* slice.away &* 2
    let push = tracking &* step
    entry.add = addVenue >= 0 && slice.room >= step ? firstAdd &+ pull &+ push : never
    entry.drop = dropVenue >= 0 ? firstDrop &+ pull &- push : 0 - never
    return entry
  }

  /// Places `step` lots at a time where they cost least, as long as there are so many and they fit.
  mutating func place() {
    while unplaced >= step {
      var best = never
      var to = -1
      var path: Number = 0
      for slice in 0..<slices.count {
        let entry = slices[slice]
        let price = entry.add &+ path
        if price < best {
          best = price
          to = slice
        }
        path &+= entry.open &- entry.openStep
      }
      // An impossible addition costs `never` and a path; no possible one reaches half of that.
      guard to >= 0, slices[to].addVenue >= 0, slices[to].add < never >> 1 else { return }
      change(to, Int(slices[to].addVenue), by: step)
      unplaced &-= step
      shift(from: to, to: slices.count, by: 0 - step)
      refresh(to)
    }
  }

  /// The cheapest move there is; its price is `never` or more when there is none.
  func cheapestMove() -> Move {
    var best = Move(price: never, from: -1, to: -1, isSwap: false)
    // Prefix sums of what moving a lot over each slice costs, later and earlier.
    var later: Number = 0
    var earlier: Number = 0
    var dearest = 0 - never
    var dearestSlice = -1
    var cheapest = never
    var cheapestSlice = -1
    for slice in 0..<slices.count {
      let entry = slices[slice]
      let add = entry.add
      let drop = entry.drop
      let intoLater = add &+ later &- dearest
      if intoLater < best.price { best = Move(price: intoLater, from: dearestSlice, to: slice, isSwap: false) }
      let intoEarlier = cheapest &- drop &- earlier
      if intoEarlier < best.price { best = Move(price: intoEarlier, from: slice, to: cheapestSlice, isSwap: false) }
      if entry.swap < best.price { best = Move(price: entry.swap, from: slice, to: slice, isSwap: true) }
      if drop > 0 - never >> 1, drop &+ later > dearest {
        dearest = drop &+ later
        dearestSlice = slice
      }
      if add < never >> 1, add &+ earlier < cheapest {
        cheapest = add &+ earlier
        cheapestSlice = slice
      }
      later &+= entry.open &+ entry.openStep
      earlier &+= entry.open &- entry.openStep
    }
    return best
  }

  /// Places what is left and moves lots, one by one, until no move lowers the objective; nil when that takes more than
  /// `limit` of either.
  mutating func finish(within limit: Int) -> Move? {
    guard unplaced <= Number(limit) else { return nil }
    use(step: 1)
    place()
    let last = descend(within: limit)
    return last.price < 0 ? nil : last
  }

  /// Places and moves `first` lots at a time, then fewer by the factor `ratio`, and so on down to single lots.
  mutating func descend(from first: Int64, ratio: Number) -> Move {
    use(step: Number(first))
    place()
    var last = descend()
    while step > 1 {
      use(step: max(1, step / ratio))
      place()
      last = descend()
    }
    return last
  }

  /// Makes moves while one is cheaper than nothing, `limit` at most. At the end no move of `step` lots lowers the
  /// objective, unless the limit was reached and the cheapest one still does.
  private mutating func descend(within limit: Int = .max) -> Move {
    var count = 0
    while true {
      let move = cheapestMove()
      guard move.price < 0, count < limit else { return move }
      count += 1
      let (from, to) = cells(of: move)
      change(move.from, from, by: 0 - step)
      change(move.to, to, by: step)
      if move.from < move.to {
        shift(from: move.from, to: move.to, by: step)
      } else {
        shift(from: move.to, to: move.from, by: 0 - step)
      }
      refresh(move.from)
      if move.from != move.to { refresh(move.to) }
    }
  }

  /// The venues between which a move goes.
  func cells(of move: Move) -> (from: Int, to: Int) {
    if move.isSwap { return (Int(slices[move.from].swapFrom), Int(slices[move.from].swapTo)) }
    return (Int(slices[move.from].dropVenue), Int(slices[move.to].addVenue))
  }

  func isMove(_ move: Move) -> Bool { move.from >= 0 && move.price < never >> 1 }

  private mutating func change(_ slice: Int, _ venue: Int, by amount: Number) {
    cells[slice &* venues &+ venue].quantity &+= amount
    slices[slice].room &-= amount
    slices[slice].away &+= amount
  }

  /// Leaves `amount` more open after each slice of `from`..<`to`.
  private mutating func shift(from: Int, to: Int, by amount: Number) {
    for slice in from..<to {
      slices[slice].left &+= amount
      slices[slice].open &+= slices[slice].risk &* amount &* 2
    }
  }
}
