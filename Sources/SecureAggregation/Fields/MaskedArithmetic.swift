// SPDX-License-Identifier: Apache-2.0

// Differences and sums with what is borrowed or carried as a number. A `Bool` in its place would be compiled to a jump
// where the processor's prediction looks cheap, and the time would tell the operands.

/// The difference, and all ones if it is negative, else zero.
@inlinable @inline(__always)
package func subtract(_ left: UInt64, _ right: UInt64) -> (difference: UInt64, negative: UInt64) {
  let wide = UInt128(left) &- UInt128(right)
  return (UInt64(truncatingIfNeeded: wide), UInt64(truncatingIfNeeded: wide >> 64))
}

@inlinable @inline(__always)
package func subtract(_ left: UInt128, _ right: UInt128) -> (difference: UInt128, negative: UInt64) {
  let (low, borrow) = subtract(UInt64(truncatingIfNeeded: left), UInt64(truncatingIfNeeded: right))
  let high = (left >> 64) &- (right >> 64) &- UInt128(borrow & 1)
  return (high &<< 64 | UInt128(low), UInt64(truncatingIfNeeded: high >> 64))
}

/// The sum, and one if it passes 128 bits, else zero.
@inlinable @inline(__always)
package func add(_ left: UInt128, _ right: UInt128) -> (sum: UInt128, carry: UInt64) {
  let low = UInt128(UInt64(truncatingIfNeeded: left)) &+ UInt128(UInt64(truncatingIfNeeded: right))
  let high = (left >> 64) &+ (right >> 64) &+ (low >> 64)
  return (high &<< 64 | UInt128(UInt64(truncatingIfNeeded: low)), UInt64(truncatingIfNeeded: high >> 64))
}

/// The same mask for both words.
@inlinable @inline(__always)
package func twice(_ mask: UInt64) -> UInt128 { UInt128(mask) &<< 64 | UInt128(mask) }
