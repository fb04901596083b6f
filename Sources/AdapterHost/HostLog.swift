// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// What an adapter wrote through the host's `log`: the first lines, and how many there were.
package final class HostLog: Sendable {
  package enum Level: UInt32, Sendable {
    case error = 0
    case warning, note
  }

  package struct Line: Equatable, Sendable {
    package var level: Level
    package var text: String
  }

  private struct State {
    var lines: [Line] = []
    var count = 0
  }

  private let state = Mutex(State())

  /// Further lines are counted and dropped, so that an adapter cannot fill the host's memory.
  package static let lineLimit = 1000
  package static let lengthLimit = 1024

  package init() {}

  package var lines: [Line] { state.withLock { $0.lines } }
  /// All lines, kept or dropped.
  package var count: Int { state.withLock { $0.count } }

  /// Takes a line of an adapter: bad UTF-8 is repaired, control characters become a dot.
  func append(level: UInt32, bytes: some Collection<UInt8>) {
    let text = String(
      decoding: bytes.prefix(HostLog.lengthLimit).map { $0 < 32 || $0 == 127 ? 0x2E : $0 }, as: UTF8.self)
    state.withLock { state in
      state.count += 1
      guard state.lines.count < HostLog.lineLimit else { return }
      state.lines.append(Line(level: Level(rawValue: level) ?? .error, text: text))
    }
  }
}
