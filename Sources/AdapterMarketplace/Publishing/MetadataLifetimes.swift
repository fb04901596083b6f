// SPDX-License-Identifier: Apache-2.0

internal import UpdateFramework

/// For how long what is signed now holds, by role. Metadata that must be signed where the keys are offline hold for long;
/// how old a client's knowledge may be is decided by the timestamp.
package struct MetadataLifetimes: Equatable, Sendable {
  private var days: [String: Int64] = [
    "root": 365, "targets": 365, "revocations": 365, "vendor": 365, "catalog": 30, "snapshot": 30, "timestamp": 7,
  ]

  package init() {}

  /// The roles whose lifetime can be chosen; `vendor` is that of all vendors.
  package static let roles = ["root", "targets", "revocations", "vendor", "catalog", "snapshot", "timestamp"]
  package static let range: ClosedRange<Int64> = 1...3650

  /// Chooses a lifetime by `ROLE=DAYS`; false when it is none.
  package mutating func choose(_ text: String) -> Bool {
    let parts = text.split(separator: "=", omittingEmptySubsequences: false)
    guard parts.count == 2, MetadataLifetimes.roles.contains(String(parts[0])), let count = Int64(parts[1]),
      MetadataLifetimes.range.contains(count)
    else { return false }
    days[String(parts[0])] = count
    return true
  }

  private func seconds(_ role: String) -> Int64 { (days[role] ?? days["vendor"] ?? 365) * 86_400 }

  func expires(_ role: String, now: MetadataTime) -> MetadataTime {
    MetadataTime(seconds: now.seconds + seconds(role))
  }

  /// Whether less than half of the lifetime is left.
  func isDue(_ role: String, expires: MetadataTime, now: MetadataTime) -> Bool {
    expires.seconds - now.seconds < seconds(role) / 2
  }
}
