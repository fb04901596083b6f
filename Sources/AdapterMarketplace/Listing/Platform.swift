// SPDX-License-Identifier: Apache-2.0

/// What an adapter's file was built for, `system-machine`.
package struct Platform: Hashable, Sendable, CustomStringConvertible {
  package let description: String

  /// Systems and machines that have a name here.
  package static let known = ["linux-x86_64", "linux-aarch64"]

  /// Nil for a platform that has no name here.
  package init?(_ text: String) {
    guard Platform.known.contains(text) else { return nil }
    description = text
  }

  /// This host's.
  package static var host: Platform {
    #if arch(x86_64)
      Platform("linux-x86_64")!
    #elseif arch(arm64)
      Platform("linux-aarch64")!
    #endif
  }
}
