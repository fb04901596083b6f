// SPDX-License-Identifier: Apache-2.0

package import AdapterMarketplace
package import ExecutionIR
package import Governance

/// Looks, while a run goes on, whether an adapter of it was revoked since it was loaded. What is known changes when the
/// desk asks its repositories: `exprove adapter refresh`, from a timer as a rule.
package struct RevocationWatch {
  package struct News: Equatable, Sendable {
    package let adapter: Digest
    package let reason: String
  }

  private var installed: InstalledAdapters
  /// Those of which nothing was told yet.
  private var adapters: [Digest]
  let action: MarketplaceDemand.Revocation
  private var isBlind = false

  package init(_ installed: InstalledAdapters, adapters: [Digest], action: MarketplaceDemand.Revocation) {
    self.installed = installed
    self.adapters = adapters
    self.action = action
  }

  /// What came to be known since this was last asked. Costs a look at one file's status where nothing did.
  ///
  /// - Parameter warn: told once when what is known can't be read any more.
  package mutating func news(warn: (String) -> Void) -> [News] {
    do throws(StoreError) {
      installed = try installed.rereadRevocations()
      isBlind = false
    } catch {
      if !isBlind { warn("what was revoked can't be read any more, so that the run goes on without: \(error)") }
      isBlind = true
      return []
    }
    var news: [News] = []
    for adapter in adapters {
      if let revocation = installed.revocation(of: adapter) {
        news.append(News(adapter: adapter, reason: revocation.told))
      }
    }
    adapters.removeAll { adapter in news.contains { $0.adapter == adapter } }
    return news
  }
}
