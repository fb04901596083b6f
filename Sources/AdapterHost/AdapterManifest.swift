// SPDX-License-Identifier: Apache-2.0

package import EventFlow
internal import CExProveABI

/// Which of a venue's conversations a session decodes; `exprove_channel` of `adapter.h`.
package enum Channel: UInt32, CaseIterable, Sendable {
  case marketData = 1
  case orderEntry = 2

  /// The word that manifests use.
  package var name: String {
    switch self {
    case .marketData: "market-data"
    case .orderEntry: "order-entry"
    }
  }

  package init?(name: some StringProtocol) {
    guard let channel = Channel.allCases.first(where: { $0.name == name }) else { return nil }
    self = channel
  }
}

/// What an adapter says of itself in its section `.exprove.manifest`; `adapter.h` lists the keys.
package struct AdapterManifest: Equatable, Sendable {
  package struct Version: Equatable, Comparable, Sendable, CustomStringConvertible {
    package var major: UInt16
    package var minor: UInt16

    package init(major: UInt16, minor: UInt16) {
      self.major = major
      self.minor = minor
    }

    package init(rawValue: UInt32) {
      self.init(major: UInt16(rawValue >> 16), minor: UInt16(truncatingIfNeeded: rawValue))
    }

    /// As `EXPROVE_ABI_VERSION` packs it.
    package var rawValue: UInt32 { UInt32(major) << 16 | UInt32(minor) }
    package var description: String { "\(major).\(minor)" }
    package static func < (left: Version, right: Version) -> Bool { left.rawValue < right.rawValue }
  }

  package struct Setting: Equatable, Sendable {
    package enum Kind: Equatable, Sendable {
      case integer
      case text
      case choice([String])
    }
    package var key: String
    package var kind: Kind
    package var defaultValue: String
    package var help: String
    /// What the manifest's `schema` lines add.
    package var schema = Schema()

    /// Whether `value` is one of this setting's type. Integers are decimal and fit 64 bits with sign.
    package func accepts(_ value: String) -> Bool {
      switch kind {
      case .integer: Int64(value).map { String($0) == value && schema.range?.contains($0) != false } ?? false
      case .text:
        !value.utf8.contains { $0 < 32 } && value.utf8.count <= 4096
          && schema.length?.contains(Int64(value.utf8.count)) != false
      case .choice(let options): options.contains(value)
      }
    }
  }

  /// What it cannot do without in a worker; `needs` of `adapter.h`.
  package enum Need: UInt32, CaseIterable, Sendable {
    /// getrandom(2), which runtimes of some languages call for their hash tables.
    case entropy = 1
    /// Its start-up does not work inside the sandbox, which then stands only after `init`.
    case earlyLoad = 2

    /// The word that manifests use.
    package var name: String {
      switch self {
      case .entropy: "entropy"
      case .earlyLoad: "early-load"
      }
    }
  }

  package var name = ""
  package var version = ""
  package var vendor = ""
  package var licence = ""
  package var summary = ""
  package var abi = Version(major: 0, minor: 0)
  package var protocols: [String] = []
  package var framings: [Framing] = []
  package var channels: [Channel] = []
  package var maxEvents = 0
  package var messages: [String] = []
  package var extensions: [String] = []
  package var hasFrameTime = false
  package var needs: [Need] = []
  /// MiB of address space that a session takes at most, besides what every worker has.
  package var memory = 1024
  package var settings: [Setting] = []
  /// What it needs beyond the system libraries that any adapter may need.
  package var libraries: [Library] = []

  /// The highest version that it and this host both speak; nil when it is of another major version.
  package var commonVersion: Version? { hostVersions.first { $0.major == abi.major && $0.minor <= abi.minor } }
}

/// The versions of the ABI that this host speaks, highest first.
package let hostVersions = [
  AdapterManifest.Version(major: 1, minor: 1), AdapterManifest.Version(major: 1, minor: 0),
]

/// The highest of them.
package var hostVersion: AdapterManifest.Version { hostVersions[0] }
