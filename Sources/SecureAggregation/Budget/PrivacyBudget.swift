// SPDX-License-Identifier: Apache-2.0

/// What each contributor has spent of its privacy on each signal, and how much it may spend. A value; whoever keeps it
/// has to write it down before a release that was paid for is given away, or a crash gives it away twice.
package struct PrivacyBudget: Equatable, Sendable {
  /// Names are compared by their UTF-8 bytes.
  package struct Entry: Equatable, Sendable {
    package let contributor: String
    package let signal: String
    package internal(set) var spent: PrivacyCost
    package internal(set) var limit: PrivacyCost

    package init(contributor: String, signal: String, spent: PrivacyCost = .nothing, limit: PrivacyCost) {
      self.contributor = contributor
      self.signal = signal
      self.spent = spent
      self.limit = limit
    }

    package static func == (left: Entry, right: Entry) -> Bool {
      left.order(right.contributor, right.signal) == 0 && left.spent == right.spent && left.limit == right.limit
    }

    /// Negative if this entry comes before the account, positive if after it.
    fileprivate func order(_ contributor: String, _ signal: String) -> Int {
      let first = compare(self.contributor, contributor)
      return first == 0 ? compare(self.signal, signal) : first
    }
  }

  /// In the order of the contributors' names, then of the signals'.
  package private(set) var entries: [Entry] = []

  package init() {}

  /// In any order; an account may be there once. More may be spent than the limit: it may have been lowered.
  package init(entries: [Entry]) throws(PrivacyBudgetError) {
    let sorted = entries.sorted { $0.order($1.contributor, $1.signal) < 0 }
    for (entry, next) in zip(sorted, sorted.dropFirst()) where entry.order(next.contributor, next.signal) == 0 {
      throw .accountTwice(contributor: entry.contributor, signal: entry.signal)
    }
    self.entries = sorted
  }

  /// The place of the account, or where it would be.
  private func place(_ contributor: String, _ signal: String) -> (index: Int, isThere: Bool) {
    var low = 0, high = entries.count
    while low < high {
      let middle = low + (high - low) / 2
      let order = entries[middle].order(contributor, signal)
      if order == 0 { return (middle, true) }
      if order < 0 { low = middle + 1 } else { high = middle }
    }
    return (low, false)
  }

  package func entry(contributor: String, signal: String) -> Entry? {
    let (index, isThere) = place(contributor, signal)
    return isThere ? entries[index] : nil
  }

  /// Opens the account where there is none. What was spent stays spent.
  package mutating func setLimit(_ limit: PrivacyCost, contributor: String, signal: String) {
    let (index, isThere) = place(contributor, signal)
    if isThere {
      entries[index].limit = limit
    } else {
      entries.insert(Entry(contributor: contributor, signal: signal, limit: limit), at: index)
    }
  }

  package func canSpend(_ cost: PrivacyCost, contributor: String, signal: String) -> Bool {
    guard let entry = entry(contributor: contributor, signal: signal), let sum = entry.spent.adding(cost) else {
      return false
    }
    return sum <= entry.limit
  }

  package mutating func spend(
    _ cost: PrivacyCost, contributor: String, signal: String
  ) throws(PrivacyBudgetError) {
    let (index, isThere) = place(contributor, signal)
    guard isThere else { throw .noAccount(contributor: contributor, signal: signal) }
    let entry = entries[index]
    guard let sum = entry.spent.adding(cost), sum <= entry.limit else {
      throw .spent(contributor: contributor, signal: signal, has: entry.spent, needs: cost, limit: entry.limit)
    }
    entries[index].spent = sum
  }

  /// For all contributors of a release, or for none: a contributor named twice pays twice.
  package mutating func spend(
    _ cost: PrivacyCost, contributors: [String], signal: String
  ) throws(PrivacyBudgetError) {
    var after = self
    for contributor in contributors { try after.spend(cost, contributor: contributor, signal: signal) }
    self = after
  }

  /// Brings an account that was restored from a backup up again by one that has seen the same releases: of what was
  /// spent the larger counts, of limits the smaller, and an account that only one of them has is taken as it is. Not for
  /// two that have seen different releases: their costs would have to be added.
  package mutating func merge(max other: PrivacyBudget) {
    var merged: [Entry] = []
    merged.reserveCapacity(max(entries.count, other.entries.count))
    var own = entries[...], others = other.entries[...]
    while let entry = own.first, let otherEntry = others.first {
      let order = entry.order(otherEntry.contributor, otherEntry.signal)
      if order < 0 {
        merged.append(entry)
        own.removeFirst()
      } else if order > 0 {
        merged.append(otherEntry)
        others.removeFirst()
      } else {
        var both = entry
        both.spent = max(entry.spent, otherEntry.spent)
        both.limit = min(entry.limit, otherEntry.limit)
        merged.append(both)
        own.removeFirst()
        others.removeFirst()
      }
    }
    entries = merged + own + others
  }
}

private func compare(_ left: String, _ right: String) -> Int {
  if left.utf8.elementsEqual(right.utf8) { return 0 }
  return left.utf8.lexicographicallyPrecedes(right.utf8) ? -1 : 1
}
