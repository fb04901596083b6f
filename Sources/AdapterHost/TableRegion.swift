// SPDX-License-Identifier: Apache-2.0

package import CExProveABI

/// Gives an adapter's entry a table with a margin around it and reads back what was filled, up to the size that
/// both know.
package enum TableRegion {
  package static let size = unsafe UInt32(MemoryLayout<exprove_adapter>.size)
  /// Up to and with the last required slot.
  package static let requiredSize = unsafe UInt32(MemoryLayout<exprove_adapter>.offset(of: \.extension)!)
  private static let margin = 64

  @unsafe package struct Answer {
    package var status: exprove_status
    /// Zero beyond what the adapter filled.
    package var table: exprove_adapter
    /// How much of the table the adapter says it filled.
    package var filled: UInt32
    /// Nothing beyond the given size was touched.
    package var isIntact: Bool
  }

  package typealias Entry = @convention(c) (UInt32, UnsafeMutablePointer<exprove_adapter>?) -> exprove_status

  /// Calls the entry with a table of which it is told `told` bytes.
  @unsafe package static func filled(by entry: Entry, version: UInt32, told: UInt32 = size) -> Answer {
    let total = Int(size) + margin
    let region = UnsafeMutableRawBufferPointer.allocate(byteCount: total, alignment: 16)
    defer { unsafe region.deallocate() }
    unsafe region.initializeMemory(as: UInt8.self, repeating: 0)
    for index in Int(told)..<total { unsafe region[index] = 0xA5 }
    unsafe region.storeBytes(of: told, as: UInt32.self)
    let table = unsafe region.baseAddress!.assumingMemoryBound(to: exprove_adapter.self)
    let status = unsafe entry(version, table)
    let isIntact = (max(4, Int(told))..<total).allSatisfy { unsafe region[$0] == 0xA5 }
    let filled = unsafe told >= 4 ? table.pointee.struct_size : 0
    for index in max(4, Int(min(filled, told)))..<total { unsafe region[index] = 0 }
    return unsafe Answer(status: status, table: table.pointee, filled: filled, isIntact: isIntact)
  }

  /// The name of a required slot that is NULL.
  @unsafe package static func missingSlot(_ table: exprove_adapter) -> String? {
    let slots: [(name: String, isMissing: Bool)] = unsafe [
      ("init", table.`init` == nil), ("deinit", table.`deinit` == nil), ("create", table.create == nil),
      ("destroy", table.destroy == nil), ("reset", table.reset == nil), ("decode", table.decode == nil),
      ("counters", table.counters == nil), ("save", table.save == nil), ("load", table.load == nil),
    ]
    return slots.first { $0.isMissing }?.name
  }
}
