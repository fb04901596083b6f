// SPDX-License-Identifier: Apache-2.0

import SecureAggregation
import Testing

struct PrivacyBudgetTests {
  private func cost(_ units: UInt64) -> PrivacyCost { PrivacyCost(units: units) }

  private func random(_ generator: inout SeededGenerator, count: Int = 12) -> PrivacyBudget {
    var budget = PrivacyBudget()
    for _ in 0..<count {
      let contributor = "desk \(generator.next() % 5)", signal = ["spread", "volume"][Int(generator.next() % 2)]
      budget.setLimit(cost(generator.next() % 1000), contributor: contributor, signal: signal)
      try? budget.spend(cost(generator.next() % 100), contributor: contributor, signal: signal)
    }
    return budget
  }

  /// What is spent is the sum of what was admitted, never more than the limit, and what is refused changes nothing.
  @Test func spending() throws {
    var generator = SeededGenerator(state: 1)
    for _ in 0..<200 {
      let limit = generator.next() >> (generator.next() % 60)
      var budget = PrivacyBudget(), sum: UInt128 = 0
      budget.setLimit(cost(limit), contributor: "a", signal: "s")
      budget.setLimit(.largest, contributor: "b", signal: "s")
      for _ in 0..<20 {
        let needs = cost(generator.next() >> (generator.next() % 64)), before = budget
        let isAdmitted = sum + UInt128(needs.units) <= UInt128(limit)
        #expect(budget.canSpend(needs, contributor: "a", signal: "s") == isAdmitted)
        do throws(PrivacyBudgetError) {
          try budget.spend(needs, contributor: "a", signal: "s")
          sum += UInt128(needs.units)
          #expect(isAdmitted)
        } catch {
          #expect(!isAdmitted && budget == before)
          #expect(
            error == .spent(contributor: "a", signal: "s", has: cost(UInt64(sum)), needs: needs, limit: cost(limit)))
        }
        #expect(budget.entry(contributor: "a", signal: "s")?.spent == cost(UInt64(sum)))
        #expect(budget.entry(contributor: "b", signal: "s")?.spent == .nothing)
      }
    }
  }

  @Test func sumsDoNotWrap() throws {
    var budget = PrivacyBudget()
    budget.setLimit(.largest, contributor: "a", signal: "s")
    try budget.spend(.largest, contributor: "a", signal: "s")
    #expect(!budget.canSpend(cost(1), contributor: "a", signal: "s"))
    #expect(throws: PrivacyBudgetError.self) { try budget.spend(cost(1), contributor: "a", signal: "s") }
    #expect(throws: PrivacyBudgetError.self) { try budget.spend(.largest, contributor: "a", signal: "s") }
    #expect(throws: Never.self) { try budget.spend(.nothing, contributor: "a", signal: "s") }
  }

  @Test func refusals() throws {
    var budget = PrivacyBudget()
    let missing = PrivacyBudgetError.noAccount(contributor: "a", signal: "s")
    #expect(throws: missing) { try budget.spend(.nothing, contributor: "a", signal: "s") }
    #expect(!budget.canSpend(.nothing, contributor: "a", signal: "s"))
    budget.setLimit(cost(10), contributor: "a", signal: "s")
    #expect(throws: PrivacyBudgetError.noAccount(contributor: "a", signal: "t")) {
      try budget.spend(.nothing, contributor: "a", signal: "t")
    }
    budget.setLimit(cost(5), contributor: "b", signal: "s")
    // All pay, or nobody does.
    let before = budget
    #expect(throws: PrivacyBudgetError.self) { try budget.spend(cost(6), contributors: ["a", "b"], signal: "s") }
    #expect(budget == before)
    try budget.spend(cost(5), contributors: ["a", "b"], signal: "s")
    #expect(budget.entries.map(\.spent) == [cost(5), cost(5)])
    #expect(throws: PrivacyBudgetError.self) { try budget.spend(cost(3), contributors: ["a", "a"], signal: "s") }
    // A lowered limit leaves what was spent.
    budget.setLimit(cost(1), contributor: "a", signal: "s")
    #expect(budget.entry(contributor: "a", signal: "s")?.spent == cost(5))
    #expect(!budget.canSpend(.nothing, contributor: "a", signal: "s"))
    let error = PrivacyBudgetError.spent(
      contributor: "a", signal: "s", has: cost(1_500_000_000_000), needs: cost(1), limit: cost(2_000_000_000_000))
    #expect(
      error.description
        == "the privacy budget of a for s is spent: 1.5 of 2 are gone and 0.000000000001 are needed; "
        + "raise the limit, add more noise or leave a out")
  }

  @Test func orderAndRestoring() throws {
    var generator = SeededGenerator(state: 2)
    for _ in 0..<100 {
      let budget = random(&generator)
      let names = budget.entries.map { [Array($0.contributor.utf8), Array($0.signal.utf8)] }
      for (left, right) in zip(names, names.dropFirst()) {
        let place = left[0] == right[0] ? 1 : 0
        #expect(left[place].lexicographicallyPrecedes(right[place]))
      }
      var shuffled = budget.entries
      shuffled.shuffle(using: &generator)
      #expect(try PrivacyBudget(entries: shuffled) == budget)
      let doubled = budget.entries + [budget.entries[0]]
      #expect(throws: PrivacyBudgetError.self) { try PrivacyBudget(entries: doubled) }
    }
    // Swift takes these two texts for equal; their bytes are not.
    var budget = PrivacyBudget()
    budget.setLimit(cost(7), contributor: "caf\u{E9}", signal: "s")
    budget.setLimit(cost(8), contributor: "cafe\u{301}", signal: "s")
    #expect(budget.entries.map(\.limit) == [cost(8), cost(7)])
    try budget.spend(cost(8), contributor: "cafe\u{301}", signal: "s")
    #expect(!budget.canSpend(cost(8), contributor: "caf\u{E9}", signal: "s"))
    #expect(try PrivacyBudget(entries: budget.entries) == budget)
  }

  private func merged(_ left: PrivacyBudget, _ right: PrivacyBudget) -> PrivacyBudget {
    var merged = left
    merged.merge(max: right)
    return merged
  }

  @Test func merging() throws {
    var generator = SeededGenerator(state: 3)
    for _ in 0..<200 {
      let a = random(&generator), b = random(&generator, count: 4), c = random(&generator, count: 8)
      #expect(merged(a, b) == merged(b, a))
      #expect(merged(a, merged(b, c)) == merged(merged(a, b), c))
      #expect(merged(a, a) == a && merged(a, PrivacyBudget()) == a && merged(PrivacyBudget(), a) == a)
      let both = merged(a, b)
      #expect(try PrivacyBudget(entries: both.entries) == both)
      for entry in both.entries {
        let first = a.entry(contributor: entry.contributor, signal: entry.signal)
        let second = b.entry(contributor: entry.contributor, signal: entry.signal)
        #expect(entry.spent == max(first?.spent ?? .nothing, second?.spent ?? .nothing))
        #expect(entry.limit == min(first?.limit ?? .largest, second?.limit ?? .largest))
      }
    }
  }

  /// A backup from before some releases is brought up again by a peer's account; what was spent stays spent.
  @Test func restoredBackup() throws {
    var account = PrivacyBudget()
    account.setLimit(cost(10), contributor: "a", signal: "s")
    try account.spend(cost(4), contributor: "a", signal: "s")
    let backup = account.entries
    try account.spend(cost(6), contributor: "a", signal: "s")
    var restored = try PrivacyBudget(entries: backup)
    #expect(restored.canSpend(cost(6), contributor: "a", signal: "s"))
    restored.merge(max: account)
    #expect(!restored.canSpend(cost(1), contributor: "a", signal: "s"))
  }
}
