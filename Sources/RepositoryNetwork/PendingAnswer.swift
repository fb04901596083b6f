// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import NIOHTTP1
private import NIOPosix
private import Synchronization

/// An answer on its way from the connection's thread to the caller's: the bounded queue between them. It outlives the
/// connection, so that what came before the end is never lost.
final class PendingAnswer: Sendable {
  private struct State {
    var head: HTTPResponseHead?
    var body = ByteBuffer()
    var isWhole = false
    var failure: NetworkFailure?
    /// Whom to wake.
    var waiting: EventLoopPromise<Void>?
    /// The connection that reads no further until the caller takes what there is.
    var held: (any Channel)?
  }

  /// The event by which a held connection reads on.
  struct ReadOn: Sendable {}

  private let state = Mutex(State())
  private let most: Int

  /// `most`: how many bytes may wait before the connection is held.
  init(most: Int) { self.most = most }

  // MARK: From the connection

  func begin(_ head: HTTPResponseHead) { wake { $0.head = head } }

  func add(_ bytes: inout ByteBuffer) { wake { $0.body.writeBuffer(&bytes) } }

  func end() { wake { $0.isWhole = true } }

  /// The first failure counts, and none after the end.
  func fail(_ failure: NetworkFailure) {
    wake { if !$0.isWhole, $0.failure == nil { $0.failure = failure } }
  }

  /// Whether so much waits that `channel` has to stop reading; `ReadOn` tells it to go on.
  func holds(_ channel: any Channel) -> Bool {
    state.withLock { state in
      guard state.body.readableBytes >= most, state.failure == nil else { return false }
      state.held = channel
      return true
    }
  }

  private func wake(_ change: (inout State) -> Void) {
    let waiting = state.withLock { state in
      change(&state)
      defer { state.waiting = nil }
      return state.waiting
    }
    waiting?.succeed()
  }

  // MARK: From the caller

  /// Waits for the answer's beginning.
  func head() throws(NetworkFailure) -> HTTPResponseHead {
    try wait { state throws(NetworkFailure) in
      if let head = state.head { return head }
      if let failure = state.failure { throw failure }
      return nil
    }
  }

  /// Waits for the next bytes of the body; empty: it is whole.
  func next() throws(NetworkFailure) -> [UInt8] {
    var held: (any Channel)?
    let bytes = try wait { state throws(NetworkFailure) -> [UInt8]? in
      if state.body.readableBytes > 0 {
        let bytes = state.body.readBytes(length: state.body.readableBytes)
        state.body.clear()
        (held, state.held) = (state.held, nil)
        return bytes
      }
      if let failure = state.failure { throw failure }
      return state.isWhole ? [] : nil
    }
    held?.triggerUserOutboundEvent(ReadOn(), promise: nil)
    return bytes
  }

  /// Looks, as often as something changes, until there is something.
  private func wait<Value>(_ look: (inout State) throws(NetworkFailure) -> Value?) throws(NetworkFailure) -> Value {
    while true {
      let changed = MultiThreadedEventLoopGroup.singleton.next().makePromise(of: Void.self)
      let found = state.withLock { state -> Result<Value?, NetworkFailure> in
        do throws(NetworkFailure) {
          let value = try look(&state)
          if value == nil { state.waiting = changed }
          return .success(value)
        } catch { return .failure(error) }
      }
      switch found {
      case .success(nil): do { try changed.futureResult.wait() } catch { throw NetworkFailure(error) }
      case .success(let value?):
        changed.succeed()
        return value
      case .failure(let failure):
        changed.succeed()
        throw failure
      }
    }
  }
}
