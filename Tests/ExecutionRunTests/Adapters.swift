// SPDX-License-Identifier: Apache-2.0

import AdapterHost
import AdapterMarketplace
import BrokenAdapters
import ExecutionRun
import Foundation
import Governance

/// The shipped adapters under their names, built from their sources.
enum Adapters {
  private static let directory = Result<String, any Error> {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("exprove-shipped-\(getpid())").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    for (folder, name) in [("nasdaq", "nasdaq-itch50"), ("binance", "binance")] {
      let link = "\(path)/lib\(name).so"
      if !FileManager.default.fileExists(atPath: link) {
        try FileManager.default.copyItem(atPath: try Workshop.plugin(folder), toPath: link)
      }
    }
    return path
  }

  static func opening() throws -> FeedOpening {
    try opening(nil, isolation: .inProcess)
  }

  /// One that asks what is installed, too.
  static func opening(_ installed: InstalledAdapters?, isolation: Isolation) throws -> FeedOpening {
    try FeedOpening(isolation: isolation, admission: admission(installed))
  }

  static func admission(
    _ installed: InstalledAdapters?, demand: MarketplaceDemand = .unsaid, now: Int64? = nil
  ) throws -> AdapterAdmission {
    AdapterAdmission(
      installed, others: AdapterLocator(directories: [try directory.get()]), demand: demand, now: now)
  }
}
