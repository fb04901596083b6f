// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL
private import Synchronization

/// A connection to a peer: checks whose certificate it shows, sends a request, gathers the answer; then the next.
final class ClientConnection: ChannelDuplexHandler {
  typealias InboundIn = HTTPClientResponsePart
  typealias OutboundIn = Asked
  typealias OutboundOut = HTTPClientRequestPart

  /// A request as it goes out.
  struct Call: Sendable {
    let head: HTTPRequestHead
    let body: [UInt8]
    let largestResponse: Int
  }

  /// A request, and whom to tell what came of it.
  struct Asked: Sendable {
    let call: Call
    let answered: EventLoopPromise<Answer>
  }

  struct Answer: Sendable {
    let response: ExchangeResponse
    let channel: any Channel
    /// Whether the connection takes a further request.
    let keepsAlive: Bool
  }

  enum Failure: Error {
    /// There was no connection, or it ended.
    case broken(String)
    /// The peer's certificate has another pin.
    case stranger(Digest)
    case late
    case tooLarge
    case malformed(String)
  }

  /// What the peer's certificate has to be, and what it was where it was another. A connection may have ended before
  /// anybody comes to ask it.
  final class Expectation: Sendable {
    let pin: Digest
    private let other = Mutex<Digest?>(nil)

    init(pin: Digest) { self.pin = pin }

    var stranger: Digest? { other.withLock { $0 } }

    fileprivate func isMet(by chain: [NIOSSLCertificate]) -> Bool {
      guard let certificate = chain.first, let bytes = try? certificate.toDERBytes() else { return false }
      let shown = Digest(of: bytes)
      if shown != pin { other.withLock { $0 = shown } }
      return shown == pin
    }
  }

  private var asked: Asked?
  private var head: HTTPResponseHead?
  private var body: [UInt8] = []

  /// Lays out what a new connection's bytes go through.
  static func furnish(_ channel: any Channel, context: NIOSSLContext, expectation: Expectation) throws {
    let tls = try NIOSSLClientHandler(context: context, serverHostname: nil) {
      (chain: [NIOSSLCertificate], verdict: EventLoopPromise<NIOSSLVerificationResult>) in
      verdict.succeed(expectation.isMet(by: chain) ? .certificateVerified : .failed)
    }
    var decoding = NIOHTTPDecoderLimitConfiguration()
    decoding.maxHeaderFieldSize = 16 << 10
    decoding.maxHeaderListSize = 16 << 10
    decoding.maxHeaderFieldCount = 64
    let decoder = ByteToMessageHandler(
      HTTPResponseDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: decoding), maximumBufferSize: 1 << 17)
    try channel.pipeline.syncOperations.addHandlers([tls, HTTPRequestEncoder(), decoder, ClientConnection()])
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    let next = ClientConnection.unwrapOutboundIn(data)
    guard asked == nil, context.channel.isActive else {
      promise?.fail(Failure.broken("the connection ended"))
      return
    }
    asked = next
    context.write(ClientConnection.wrapOutboundOut(.head(next.call.head)), promise: nil)
    if !next.call.body.isEmpty {
      let body = ByteBuffer(bytes: next.call.body)
      context.write(ClientConnection.wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
    }
    // Why a connection ends is told after the failure of what was being written.
    let sent = context.eventLoop.makePromise(of: Void.self)
    sent.futureResult.assumeIsolated().whenFailure { error in
      context.eventLoop.assumeIsolated().execute { self.end(.broken(reason(of: error)), context) }
    }
    context.write(ClientConnection.wrapOutboundOut(.end(nil)), promise: sent)
    promise?.succeed()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard let asked else { return end(.broken("it answers what was not asked"), context) }
    let limit = asked.call.largestResponse
    switch ClientConnection.unwrapInboundIn(data) {
    case .head(let head):
      let length = head.headers.first(name: "content-length").map { Int($0) ?? Int.max } ?? 0
      guard length <= limit else { return end(.tooLarge, context) }
      self.head = head
    case .body(let bytes):
      guard bytes.readableBytes <= limit - body.count else { return end(.tooLarge, context) }
      body.append(contentsOf: bytes.readableBytesView)
    case .end:
      guard let head else { return }
      let response = ExchangeResponse(
        status: Int(head.status.code), body: body, contentType: head.headers.first(name: "content-type") ?? "")
      self.asked = nil
      self.head = nil
      body = []
      asked.answered.succeed(Answer(response: response, channel: context.channel, keepsAlive: head.isKeepAlive))
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    switch error {
    case is HTTPParserError, is NIOHTTPDecoderError, is ByteToMessageDecoderError,
      is ByteToMessageDecoderError.PayloadTooLargeError:
      end(.malformed(reason(of: error)), context)
    default: end(.broken(reason(of: error)), context)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    end(.broken("the connection ended"), context)
    context.fireChannelInactive()
  }

  private func end(_ failure: Failure, _ context: ChannelHandlerContext) {
    let ended = asked
    asked = nil
    body = []
    ended?.answered.fail(failure)
    context.close(promise: nil)
  }
}
