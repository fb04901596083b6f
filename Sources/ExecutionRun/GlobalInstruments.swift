// SPDX-License-Identifier: Apache-2.0

/// Gives each (venue, symbol) its number, dense from 0, at its first definition in the total order.
package struct GlobalInstruments: Sendable {
  package struct Listing: Hashable, Sendable {
    package let venue: String
    package let symbol: [UInt8]
  }

  private var numbers: [Listing: UInt32] = [:]
  package private(set) var listings: [Listing] = []

  package init() {}

  package mutating func number(venue: String, symbol: [UInt8]) -> UInt32 {
    let listing = Listing(venue: venue, symbol: symbol)
    if let number = numbers[listing] { return number }
    let number = UInt32(listings.count)
    numbers[listing] = number
    listings.append(listing)
    return number
  }
}
