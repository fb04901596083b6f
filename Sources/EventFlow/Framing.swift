// SPDX-License-Identifier: Apache-2.0

/// What a frame is; `exprove_framing` of `adapter.h`.
package enum Framing: UInt32, CaseIterable, Sendable {
  case length16 = 1
  case line, packet, message

  /// The word that manifests and feed options use.
  package var name: String {
    switch self {
    case .length16: "length16"
    case .line: "line"
    case .packet: "packet"
    case .message: "message"
    }
  }

  package init?(name: some StringProtocol) {
    guard let framing = Framing.allCases.first(where: { $0.name == name }) else { return nil }
    self = framing
  }
}
