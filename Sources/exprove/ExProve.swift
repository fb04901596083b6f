// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

@main
struct ExProve: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "exprove",
    abstract: "Proves execution: from venue bytes to a ledger that strangers can verify.",
    version: "1.0.0",
    subcommands: [
      Demo.self, Run.self, Replay.self, Verify.self, Report.self, Normalize.self, Book.self, PlanCommand.self,
      AdapterGroup.self, Conform.self, ConformChild.self, ContextGroup.self, IdentityGroup.self,
      MarketGroup.self,
    ])
}
