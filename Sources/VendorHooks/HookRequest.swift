// SPDX-License-Identifier: Apache-2.0

internal import AdapterBinder
package import ExecutionIR

/// A call in bytes, as `AdapterBinder/hook.h` lays them out: which function, its integers, and an image of the task and the
/// decision as `exprove/hooks.h` has them. In the image a pointer is a distance from its beginning.
@safe package struct HookRequest {
  package private(set) var bytes: [UInt8]
  private var image: [UInt8] = []

  package init(_ function: VendorFunction, _ task: LocalExecutionTask, _ delta: PlanDelta) {
    bytes = []
    let place = unsafe (MemoryLayout<exprove_task>.size + 7) & ~7
    image = unsafe [UInt8](repeating: 0, count: place + MemoryLayout<exprove_plan_delta>.size)
    let first = unsafe record(of: task)
    let second = unsafe record(of: delta)
    unsafe put(first, at: 0)
    unsafe put(second, at: place)
    var head = hook_request()
    let types = [function.signature.result.rawValue] + function.signature.arguments.map(\.rawValue)
    head.type_count = UInt32(types.count)
    head.number_count = UInt32(function.values.count)
    head.image_size = UInt64(image.count)
    head.delta = UInt64(place)
    unsafe withUnsafeMutableBytes(of: &head.types) { unsafe $0.copyBytes(from: types) }
    unsafe withUnsafeMutableBytes(of: &head.numbers) { numbers in
      unsafe function.values.withUnsafeBytes { unsafe numbers.copyBytes(from: $0) }
    }
    // Its terminator is one of the zeros behind it: a symbol has at most 255 bytes.
    unsafe withUnsafeMutableBytes(of: &head.symbol) { unsafe $0.copyBytes(from: function.symbol.utf8) }
    bytes = unsafe withUnsafeBytes(of: head) { unsafe Array($0) } + image
  }

  private mutating func put<Record: BitwiseCopyable>(_ record: Record, at place: Int) {
    let source = unsafe withUnsafeBytes(of: record) { unsafe Array($0) }
    image.replaceSubrange(place..<place + source.count, with: source)
  }

  /// Appends bytes at a multiple of eight; where they lie.
  private mutating func append(_ more: [UInt8]) -> Int {
    image.append(contentsOf: repeatElement(0, count: -image.count & 7))
    defer { image += more }
    return image.count
  }

  private mutating func text(_ text: String) -> exprove_hook_text {
    let bytes = Array(text.utf8)
    return unsafe exprove_hook_text(bytes: UnsafePointer(bitPattern: append(bytes)), size: UInt64(bytes.count))
  }

  /// A list behind the structs that point to it.
  private mutating func list<Element: BitwiseCopyable>(_ elements: [Element]) -> UnsafePointer<Element>? {
    unsafe UnsafePointer(bitPattern: append(elements.withUnsafeBytes { unsafe Array($0) }))
  }

  private mutating func record(of source: LocalExecutionTask) -> exprove_task {
    var task = unsafe exprove_task()
    unsafe task.struct_size = UInt32(MemoryLayout<exprove_task>.size)
    unsafe task.side = source.side == .buy ? 1 : 2
    switch source.objective {
    case .twap: unsafe task.objective = UInt8(EXPROVE_HOOK_TWAP.rawValue)
    case .vwap: unsafe task.objective = UInt8(EXPROVE_HOOK_VWAP.rawValue)
    case .implementationShortfall(let aversion):
      unsafe task.objective = UInt8(EXPROVE_HOOK_IMPLEMENTATION_SHORTFALL.rawValue)
      unsafe task.risk_aversion = aversion.units
      unsafe task.risk_aversion_scale = UInt32(aversion.scale)
    }
    unsafe task.has_limit = source.limit == nil ? 0 : 1
    unsafe task.limit = source.limit ?? 0
    unsafe task.id = text(source.id)
    unsafe task.account = text(source.account)
    unsafe task.instrument = text(source.instrument)
    unsafe task.currency = text(source.currency)
    unsafe task.quantity = source.quantity.units
    unsafe task.quantity_scale = UInt32(source.quantity.scale)
    unsafe task.start = source.window.start
    unsafe task.end = source.window.end
    unsafe task.participation = source.participation
    switch source.slicing {
    case .count(let count): unsafe task.slices = UInt32(count)
    case .duration(let nanoseconds): unsafe task.slice_duration = nanoseconds
    }
    var venues: [exprove_hook_venue] = unsafe []
    for venue in source.venues {
      unsafe venues.append(exprove_hook_venue(venue: text(venue.venue), symbol: text(venue.symbol)))
    }
    unsafe task.venue_count = UInt32(venues.count)
    unsafe task.venues = list(venues)
    return unsafe task
  }

  private mutating func record(of decision: PlanDelta) -> exprove_plan_delta {
    var delta = unsafe exprove_plan_delta()
    unsafe delta.struct_size = UInt32(MemoryLayout<exprove_plan_delta>.size)
    unsafe delta.current_slice = UInt32(clamping: decision.currentSlice)
    unsafe delta.sequence = decision.sequence
    unsafe delta.decided_at = decision.decidedAt
    unsafe delta.remaining = decision.remaining
    unsafe delta.unplaced = decision.unplaced
    unsafe delta.lot = decision.lot
    let changes = decision.changes.map {
      exprove_hook_change(slice: UInt32(clamping: $0.slice), venue: UInt32(clamping: $0.venue), quantity: $0.quantity)
    }
    let routes = decision.routing.map {
      exprove_hook_change(
        slice: UInt32(clamping: decision.currentSlice), venue: UInt32(clamping: $0.venue), quantity: $0.quantity)
    }
    unsafe delta.change_count = UInt32(changes.count)
    unsafe delta.changes = list(changes)
    unsafe delta.route_count = UInt32(routes.count)
    unsafe delta.routes = list(routes)
    unsafe delta.impact = HookRequest.wide(decision.terms.impact)
    unsafe delta.fees = HookRequest.wide(decision.terms.fees)
    unsafe delta.risk = HookRequest.wide(decision.terms.risk)
    unsafe delta.tracking = HookRequest.wide(decision.terms.tracking)
    unsafe delta.gap = HookRequest.wide(decision.gap)
    unsafe delta.term_unit = UInt32(clamping: decision.terms.unit)
    return unsafe delta
  }

  private static func wide(_ value: Int128) -> exprove_hook_wide {
    exprove_hook_wide(low: UInt64(truncatingIfNeeded: value), high: Int64(truncatingIfNeeded: value >> 64))
  }
}
