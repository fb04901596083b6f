// SPDX-License-Identifier: Apache-2.0

package import ExecutionIR
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL
private import Synchronization

/// Asks one peer, over HTTP/1.1 in TLS 1.3. The peer is whoever shows the certificate with the pin; no authority is trusted.
///
/// A call blocks its thread, not more. Connections are kept for the next call, also between calls of several threads. A
/// request that broke on a kept connection is sent once more on a fresh one: all requests between parties can be repeated.
package final class ExchangeClient: Sendable {
  package let peer: PeerAddress
  /// SHA-256 of the peer's certificate in DER.
  package let pin: Digest
  /// The most bytes that an answer's body may have.
  package let largestResponse: Int
  private let context: NIOSSLContext
  private let kept = Mutex<[any Channel]>([])

  /// How many connections are kept while nobody asks.
  private static let mostKept = 4

  /// - Parameters:
  ///   - identity: the certificate that is shown to the peer; nil shows none
  package init(
    peer: PeerAddress, pin: Digest, identity: TLSIdentity? = nil, largestResponse: Int = 16 << 20
  ) throws(ExchangeError) {
    self.peer = peer
    self.pin = pin
    self.largestResponse = largestResponse
    context = try TLSIdentity.clientContext(identity)
  }

  deinit { close() }

  /// The answer, of a status from 200 to 299; any other is thrown as `refused`. `limit` is the time for all of it, finding
  /// and reaching the peer included. Not to be called on the threads of the network itself.
  package func send(
    method: String = "POST", path: String, body: [UInt8] = [], within limit: Duration
  ) throws(ExchangeError) -> ExchangeResponse {
    guard path.hasPrefix("/"), path.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      throw .address(peer.description + path)
    }
    let call = ClientConnection.Call(
      head: head(method: method, path: path, count: body.count), body: body, largestResponse: largestResponse)
    let deadline = NIODeadline.now() + TimeAmount(limit)
    let response: ExchangeResponse
    do {
      response = try answer(call, deadline)
    } catch { throw named(error, limit) }
    guard (200...299).contains(response.status) else {
      throw .refused(peer: peer.description, status: response.status, text: ExchangeClient.text(response.body))
    }
    return response
  }

  /// Ends the connections that are kept.
  package func close() {
    for channel in takeKept() { channel.close(promise: nil) }
  }

  private func answer(_ call: ClientConnection.Call, _ deadline: NIODeadline) throws(ClientConnection.Failure)
    -> ExchangeResponse
  {
    if let channel = takeOne() {
      do throws(ClientConnection.Failure) {
        return try ask(call, channel.eventLoop.makeSucceededFuture(channel), deadline)
      } catch {
        guard case .broken = error else { throw error }
        // What was kept with it is likely as dead.
        close()
      }
    }
    let expectation = ClientConnection.Expectation(pin: pin)
    do throws(ClientConnection.Failure) {
      return try ask(call, connect(expectation, until: deadline), deadline)
    } catch {
      if let stranger = expectation.stranger { throw .stranger(stranger) }
      throw error
    }
  }

  private func ask(
    _ call: ClientConnection.Call, _ channel: EventLoopFuture<any Channel>, _ deadline: NIODeadline
  ) throws(ClientConnection.Failure) -> ExchangeResponse {
    let answered = channel.eventLoop.makePromise(of: ClientConnection.Answer.self)
    let timer = channel.eventLoop.scheduleTask(deadline: deadline) {
      answered.fail(ClientConnection.Failure.late)
      // Also one that comes about later.
      channel.whenSuccess { $0.close(promise: nil) }
    }
    channel.whenComplete { result in
      switch result {
      case .success(let channel):
        channel.writeAndFlush(ClientConnection.Asked(call: call, answered: answered)).whenFailure { error in
          answered.fail(error is ClientConnection.Failure ? error : ClientConnection.Failure.broken(reason(of: error)))
        }
      case .failure(let error):
        if case ChannelError.connectTimeout = error { return answered.fail(ClientConnection.Failure.late) }
        answered.fail(ClientConnection.Failure.broken(reason(of: error)))
      }
    }
    defer { timer.cancel() }
    do {
      let answer = try answered.futureResult.wait()
      if answer.keepsAlive { keep(answer.channel) } else { answer.channel.close(promise: nil) }
      return answer.response
    } catch let error as ClientConnection.Failure { throw error } catch { throw .broken(reason(of: error)) }
  }

  private func connect(_ expectation: ClientConnection.Expectation, until deadline: NIODeadline) -> EventLoopFuture<
    any Channel
  > {
    ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connectTimeout(max(.milliseconds(1), deadline - .now()))
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelInitializer { [context] channel in
        channel.eventLoop.makeCompletedFuture {
          try ClientConnection.furnish(channel, context: context, expectation: expectation)
        }
      }
      .connect(host: peer.host, port: peer.port)
  }

  private func takeOne() -> (any Channel)? {
    kept.withLock { kept in
      while let channel = kept.popLast() {
        if channel.isActive { return channel }
      }
      return nil
    }
  }

  private func takeKept() -> [any Channel] {
    kept.withLock { kept in
      defer { kept = [] }
      return kept
    }
  }

  private func keep(_ channel: any Channel) {
    let isKept = kept.withLock { kept in
      guard kept.count < ExchangeClient.mostKept else { return false }
      kept.append(channel)
      return true
    }
    if !isKept { channel.close(promise: nil) }
  }

  private func head(method: String, path: String, count: Int) -> HTTPRequestHead {
    var headers = HTTPHeaders([("Host", peer.authority), ("Content-Length", String(count))])
    if count > 0 { headers.add(name: "Content-Type", value: "application/octet-stream") }
    return HTTPRequestHead(
      version: .http1_1, method: HTTPMethod(rawValue: method), uri: peer.base + path, headers: headers)
  }

  private func named(_ failure: ClientConnection.Failure, _ limit: Duration) -> ExchangeError {
    let peer = peer.description
    return switch failure {
    case .broken(let reason): .unreachable(peer: peer, reason: reason)
    case .stranger(let got): .pinMismatch(peer: peer, got: got, want: pin)
    case .late: .timedOut(peer: peer, limit: limit)
    case .tooLarge: .tooLarge(peer: peer, limit: largestResponse)
    case .malformed(let reason): .malformed(peer: peer, reason: reason)
    }
  }

  /// The beginning of what a refusing peer says, fit for one line of a terminal.
  private static func text(_ body: [UInt8]) -> String {
    let text = String(decoding: body.prefix(1024), as: UTF8.self)
    let kept = text.unicodeScalars.map { scalar -> Character in
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned, .surrogate: " "
      default: Character(scalar)
      }
    }
    var line = String(kept)[...]
    while line.last == " " { line.removeLast() }
    return String(line)
  }
}
