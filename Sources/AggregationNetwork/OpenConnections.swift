// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
private import Synchronization

/// The connections of one server, their number bounded, and what is counted over all of them.
final class OpenConnections: Sendable {
  private struct State {
    var channels: [ObjectIdentifier: any Channel] = [:]
    var isStopping = false
    var bodies = 0
    var counts = ExchangeCounts()
  }

  private let state = Mutex(State())
  private let limits: ExchangeLimits

  init(limits: ExchangeLimits) { self.limits = limits }

  /// Whether there is room for one more. What enters leaves when it closes.
  func enter(_ channel: any Channel) -> Bool {
    let key = ObjectIdentifier(channel)
    let isIn = state.withLock { state in
      state.counts.connections += 1
      guard !state.isStopping, state.channels.count < limits.connections else {
        state.counts.turnedAway += 1
        return false
      }
      state.channels[key] = channel
      return true
    }
    if isIn {
      channel.closeFuture.whenComplete { [self] _ in state.withLock { _ = $0.channels.removeValue(forKey: key) } }
    }
    return isIn
  }

  /// Lets no more in; those that are.
  func stop() -> [any Channel] {
    state.withLock { state in
      state.isStopping = true
      return Array(state.channels.values)
    }
  }

  /// Whether so many more bytes of bodies may be held; they must be given back.
  func hold(_ count: Int) -> Bool {
    state.withLock { state in
      guard count <= limits.bodiesAtOnce - state.bodies else { return false }
      state.bodies += count
      return true
    }
  }

  func giveBack(_ count: Int) { state.withLock { $0.bodies -= count } }

  func count(_ change: (inout ExchangeCounts) -> Void) { state.withLock { change(&$0.counts) } }

  var counts: ExchangeCounts { state.withLock { $0.counts } }

  /// Connections that are open now.
  var open: Int { state.withLock { $0.channels.count } }
}
