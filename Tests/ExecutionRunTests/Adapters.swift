// SPDX-License-Identifier: Apache-2.0

import AdapterHost
import BrokenAdapters
import ExecutionRun
import Foundation

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
    FeedOpening(locator: AdapterLocator(directories: [try directory.get()]), isolation: .inProcess)
  }
}
