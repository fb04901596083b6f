// SPDX-License-Identifier: Apache-2.0

/// An aggregator's share of the sum. A value as any other, whose memory is overwritten when its last copy is gone.
package struct AggregateShare<Field: PrimeField>: Equatable, Sendable {
  /// Changed by a share that has it for itself alone.
  private final class Storage: @unchecked Sendable {
    var sum: SecretBuffer<Field>

    init(_ sum: consuming SecretBuffer<Field>) { self.sum = sum }
  }

  private var storage: Storage

  init(_ sum: consuming SecretBuffer<Field>) { storage = Storage(sum) }

  package var count: Int { storage.sum.count }

  /// For what is no secret any more: the numbers of the array are not overwritten.
  package var elements: [Field] { (0..<count).map { storage.sum[$0] } }

  /// As `elements`.
  package var encoded: [UInt8] {
    var bytes: [UInt8] = []
    Field.encode(elements, into: &bytes)
    return bytes
  }

  package static func == (left: AggregateShare, right: AggregateShare) -> Bool {
    guard left.count == right.count else { return false }
    var isEqual = true
    for index in 0..<left.count where left.storage.sum[index] != right.storage.sum[index] { isEqual = false }
    return isEqual
  }

  private mutating func makeOwn() {
    guard !isKnownUniquelyReferenced(&storage) else { return }
    var copy = SecretBuffer<Field>(repeating: .zero, count: count)
    for index in 0..<count { copy[index] = storage.sum[index] }
    storage = Storage(copy)
  }

  /// As many elements as the share has.
  @inline(__always)
  mutating func add(_ elements: borrowing SecretBuffer<Field>) {
    precondition(elements.count == count)
    makeOwn()
    for index in 0..<elements.count { storage.sum[index] += elements[index] }
  }

  @inline(__always)
  mutating func add(_ other: AggregateShare) { add(other.storage.sum) }

  mutating func add(_ element: Field, at index: Int) {
    makeOwn()
    storage.sum[index] += element
  }
}
