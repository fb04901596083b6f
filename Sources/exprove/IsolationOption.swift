// SPDX-License-Identifier: Apache-2.0

import AdapterHost
import ArgumentParser

/// `--isolation`, of every command that runs adapters.
struct IsolationOption: ParsableArguments {
  @Option(
    name: .customLong("isolation"),
    help: ArgumentHelp(
      "Where adapters run: worker (a process of its own, shut in before the adapter is loaded) or in-process.",
      valueName: "worker|in-process"))
  var choice: Isolation = .worker
}

extension Isolation: ExpressibleByArgument {}
