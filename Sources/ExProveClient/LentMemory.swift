// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
internal import EventFlow

/// Memory that is lent to C: what is put here keeps its place and content until the value ends.
@safe final class LentMemory {
  private var blocks: [UnsafeMutableRawPointer] = unsafe []

  deinit {
    unsafe blocks.forEach { unsafe $0.deallocate() }
  }

  /// A copy of `bytes`, with a zero behind the last one.
  func view(_ bytes: some Collection<UInt8>) -> exprove_view {
    let count = bytes.count
    let block = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: count + 1)
    unsafe blocks.append(UnsafeMutableRawPointer(block.baseAddress!))
    _ = unsafe block.initialize(fromContentsOf: Array(bytes))
    unsafe block[count] = 0
    return unsafe exprove_view(
      data: UnsafeRawPointer(block.baseAddress!).assumingMemoryBound(to: CChar.self), size: UInt64(count))
  }

  func view(_ text: String) -> exprove_view { unsafe view(text.utf8) }

  /// A copy of `values`, one after the other; never NULL.
  func array<Value: BitwiseCopyable>(_ values: [Value]) -> UnsafePointer<Value> {
    let block = UnsafeMutableBufferPointer<Value>.allocate(capacity: max(1, values.count))
    unsafe blocks.append(UnsafeMutableRawPointer(block.baseAddress!))
    _ = unsafe block.initialize(fromContentsOf: values)
    return unsafe UnsafePointer(block.baseAddress!)
  }

  func views(_ texts: [String]) -> UnsafePointer<exprove_view> { unsafe array(texts.map { unsafe view($0) }) }
}

/// The 32 bytes of a digest as C has them; zeros where there is none.
typealias DigestBytes = (
  UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8,
  UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8
)

func digestBytes(_ bytes: [UInt8]?) -> DigestBytes {
  let bytes = bytes ?? [UInt8](repeating: 0, count: 32)
  precondition(bytes.count == 32, "a digest has 32 bytes")
  return unsafe bytes.withUnsafeBytes { unsafe $0.loadUnaligned(as: DigestBytes.self) }
}

extension exprove_event_batch {
  /// Lends the batch's own memory, which stays in place until `batch` ends.
  init(lending batch: borrowing EventBatch) {
    unsafe self.init()
    unsafe event_count = UInt32(batch.eventCount)
    unsafe frame_count = UInt32(batch.frameCount)
    unsafe bytes_size = UInt64(batch.byteCount)
    unsafe events = batch.events.withUnsafeBufferPointer { $0.baseAddress }
    unsafe frames = batch.frames.withUnsafeBufferPointer { $0.baseAddress }
    unsafe bytes = batch.bytes.withUnsafeBufferPointer { $0.baseAddress }
  }
}
