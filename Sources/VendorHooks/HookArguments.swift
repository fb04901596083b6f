// SPDX-License-Identifier: Apache-2.0

internal import AdapterBinder
internal import ExecutionIR

/// A task and a decision as `exprove/hooks.h` lays them out, in memory of their own.
@safe final class HookArguments {
  let task: UnsafeMutablePointer<exprove_task>
  let delta: UnsafeMutablePointer<exprove_plan_delta>
  private var owned: [UnsafeMutableRawBufferPointer] = unsafe []

  init(_ source: LocalExecutionTask, _ decision: PlanDelta) {
    unsafe task = .allocate(capacity: 1)
    unsafe delta = .allocate(capacity: 1)
    unsafe task.initialize(to: exprove_task())
    unsafe delta.initialize(to: exprove_plan_delta())
    fill(source)
    fill(decision)
  }

  deinit {
    unsafe owned.forEach { unsafe $0.deallocate() }
    unsafe task.deallocate()
    unsafe delta.deallocate()
  }

  private func text(_ text: String) -> exprove_hook_text {
    let bytes = Array(text.utf8)
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, bytes.count), alignment: 1)
    unsafe memory.copyBytes(from: bytes)
    unsafe owned.append(memory)
    return unsafe exprove_hook_text(
      bytes: memory.baseAddress?.assumingMemoryBound(to: CChar.self), size: UInt64(bytes.count))
  }

  /// A copy of a list, which the structs point to.
  private func list<Element>(_ elements: [Element]) -> UnsafePointer<Element>? {
    let memory = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(1, elements.count) * MemoryLayout<Element>.stride, alignment: MemoryLayout<Element>.alignment)
    unsafe owned.append(memory)
    let typed = unsafe memory.bindMemory(to: Element.self)
    _ = unsafe typed.initialize(from: elements)
    return unsafe UnsafePointer(typed.baseAddress)
  }

  private func fill(_ source: LocalExecutionTask) {
    unsafe task.pointee.struct_size = UInt32(MemoryLayout<exprove_task>.size)
    unsafe task.pointee.side = source.side == .buy ? 1 : 2
    switch source.objective {
    case .twap: unsafe task.pointee.objective = UInt8(EXPROVE_HOOK_TWAP.rawValue)
    case .vwap: unsafe task.pointee.objective = UInt8(EXPROVE_HOOK_VWAP.rawValue)
    case .implementationShortfall(let aversion):
      unsafe task.pointee.objective = UInt8(EXPROVE_HOOK_IMPLEMENTATION_SHORTFALL.rawValue)
      unsafe task.pointee.risk_aversion = aversion.units
      unsafe task.pointee.risk_aversion_scale = UInt32(aversion.scale)
    }
    unsafe task.pointee.has_limit = source.limit == nil ? 0 : 1
    unsafe task.pointee.limit = source.limit ?? 0
    unsafe task.pointee.id = text(source.id)
    unsafe task.pointee.account = text(source.account)
    unsafe task.pointee.instrument = text(source.instrument)
    unsafe task.pointee.currency = text(source.currency)
    unsafe task.pointee.quantity = source.quantity.units
    unsafe task.pointee.quantity_scale = UInt32(source.quantity.scale)
    unsafe task.pointee.start = source.window.start
    unsafe task.pointee.end = source.window.end
    unsafe task.pointee.participation = source.participation
    switch source.slicing {
    case .count(let count): unsafe task.pointee.slices = UInt32(count)
    case .duration(let nanoseconds): unsafe task.pointee.slice_duration = nanoseconds
    }
    let venues = unsafe source.venues.map { unsafe exprove_hook_venue(venue: text($0.venue), symbol: text($0.symbol)) }
    unsafe task.pointee.venue_count = UInt32(venues.count)
    unsafe task.pointee.venues = list(venues)
  }

  private func fill(_ decision: PlanDelta) {
    unsafe delta.pointee.struct_size = UInt32(MemoryLayout<exprove_plan_delta>.size)
    unsafe delta.pointee.current_slice = UInt32(clamping: decision.currentSlice)
    unsafe delta.pointee.sequence = decision.sequence
    unsafe delta.pointee.decided_at = decision.decidedAt
    unsafe delta.pointee.remaining = decision.remaining
    unsafe delta.pointee.unplaced = decision.unplaced
    unsafe delta.pointee.lot = decision.lot
    let changes = decision.changes.map {
      exprove_hook_change(slice: UInt32(clamping: $0.slice), venue: UInt32(clamping: $0.venue), quantity: $0.quantity)
    }
    let routes = decision.routing.map {
      exprove_hook_change(
        slice: UInt32(clamping: decision.currentSlice), venue: UInt32(clamping: $0.venue), quantity: $0.quantity)
    }
    unsafe delta.pointee.change_count = UInt32(changes.count)
    unsafe delta.pointee.changes = list(changes)
    unsafe delta.pointee.route_count = UInt32(routes.count)
    unsafe delta.pointee.routes = list(routes)
    unsafe delta.pointee.impact = HookArguments.wide(decision.terms.impact)
    unsafe delta.pointee.fees = HookArguments.wide(decision.terms.fees)
    unsafe delta.pointee.risk = HookArguments.wide(decision.terms.risk)
    unsafe delta.pointee.tracking = HookArguments.wide(decision.terms.tracking)
    unsafe delta.pointee.gap = HookArguments.wide(decision.gap)
    unsafe delta.pointee.term_unit = UInt32(clamping: decision.terms.unit)
  }

  private static func wide(_ value: Int128) -> exprove_hook_wide {
    exprove_hook_wide(low: UInt64(truncatingIfNeeded: value), high: Int64(truncatingIfNeeded: value >> 64))
  }
}
