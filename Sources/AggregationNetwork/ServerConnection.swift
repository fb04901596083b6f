// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL
private import NIOTLS

/// One client's connection: gathers a request, has it worked on, sends the answer; then the next. Every phase but the work
/// ends at a time of its own, which no dripping of bytes puts off.
final class ServerConnection: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  /// What all connections of a server share.
  struct Service: Sendable {
    let limits: ExchangeLimits
    let connections: OpenConnections
    let threads: NIOThreadPool
    let largestBody: ExchangeServer.LargestBody
    let handler: ExchangeServer.Handler
  }

  /// There are too many connections.
  struct TurnedAway: Error {}

  /// The event that ends a connection at once.
  struct CutOff: Sendable {}

  private enum Phase {
    case handshaking
    /// Between requests, or in the midst of a request's header fields.
    case idle
    case receiving(HTTPRequestHead)
    case working
    case sending
    /// The last answer is on its way. What still comes is thrown away, so that a client that was refused in the midst of a
    /// request gets to read why; the connection ends when both the answer is sent and the request has ended.
    case ending(isSent: Bool, hasEnded: Bool)
    case closed
  }

  private let service: Service
  private let tls: NIOSSLServerHandler
  private var phase = Phase.handshaking
  private var body: [UInt8] = []
  private var largestBody = 0
  /// How many bytes of bodies are held for this connection.
  private var held = 0
  private var peer: Digest?
  private var keepsAlive = true
  private var timer: Scheduled<Void>?

  private init(service: Service, tls: NIOSSLServerHandler) {
    self.service = service
    self.tls = tls
  }

  /// Lays out what a new connection's bytes go through.
  static func furnish(_ channel: any Channel, context: NIOSSLContext, service: Service) throws {
    let limits = service.limits
    // Who may ask is the handler's matter. That the client holds the certificate's key, TLS has checked.
    let tls = NIOSSLServerHandler(context: context) { (_, verdict: EventLoopPromise<NIOSSLVerificationResult>) in
      verdict.succeed(.certificateVerified)
    }
    var decoding = NIOHTTPDecoderLimitConfiguration()
    decoding.maxHeaderFieldSize = limits.headers
    decoding.maxHeaderListSize = limits.headers
    decoding.maxHeaderFieldCount = limits.headerFields
    let decoder = ByteToMessageHandler(
      HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: decoding),
      maximumBufferSize: limits.headers + 65536)
    try channel.pipeline.syncOperations.addHandlers([
      tls, HTTPResponseEncoder(), decoder, HTTPServerPipelineHandler(), NIOHTTPResponseHeadersValidator(),
      ServerConnection(service: service, tls: tls),
    ])
  }

  // MARK: What comes

  func handlerAdded(context: ChannelHandlerContext) { limit(service.limits.handshake, context) }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event {
    case TLSUserEvent.handshakeCompleted:
      peer = (try? tls.peerCertificate?.toDERBytes()).map { Digest(of: $0) }
      if case .handshaking = phase { enter(.idle, within: service.limits.idle, context) }
    case is CutOff: cut(context)
    default: context.fireUserInboundEventTriggered(event)
    }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch (ServerConnection.unwrapInboundIn(data), phase) {
    case (.head(let head), .idle): begin(head, context)
    case (.body(let bytes), .receiving): gather(bytes, context)
    case (.end, .receiving(let head)): work(head, context)
    case (.end, .ending(let isSent, _)):
      phase = .ending(isSent: isSent, hasEnded: true)
      if isSent { close(context) }
    default: break
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    switch (error, phase) {
    case (_, .handshaking): cut(context)
    case (HTTPParserError.headerOverflow, .idle), (HTTPParserError.headerOverflow, .receiving):
      refuse(431, "header fields of more than \(service.limits.headers) bytes", context)
    case (let error as HTTPParserError, .idle), (let error as HTTPParserError, .receiving):
      refuse(400, "not a request of HTTP/1.1: \(error.debugDescription)", context)
    // One who is not heard any more may go on as it likes.
    case (is HTTPParserError, .ending), (is ByteToMessageDecoderError, .ending),
      (is ByteToMessageDecoderError.PayloadTooLargeError, .ending):
      break
    default: cut(context)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    if case .handshaking = phase { service.connections.count { $0.handshakesFailed += 1 } }
    if case .working = phase {} else { giveBack() }
    timer?.cancel()
    timer = nil
    phase = .closed
    context.fireChannelInactive()
  }

  // MARK: A request

  private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
    enter(.receiving(head), within: service.limits.receive, context)
    keepsAlive = head.isKeepAlive && !head.headers.contains(name: "upgrade")
    guard head.uri.hasPrefix("/"), head.uri.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      return refuse(400, "the request's target must be a path", context)
    }
    guard [.GET, .POST, .PUT, .DELETE].contains(head.method) else {
      return refuse(501, "only GET, POST, PUT and DELETE are answered", context)
    }
    guard let limit = service.largestBody(head.uri, peer) else {
      let whose = peer.map { "this is not for the certificate \($0.pin)" }
      return refuse(403, whose ?? "this is for a certificate that is known here, and none was shown", context)
    }
    largestBody = max(0, limit)
    let length = head.headers.first(name: "content-length").map { Int($0) ?? Int.max } ?? 0
    guard length <= largestBody else { return refuseLargeBody(context) }
    if head.headers.contains(name: "expect") {
      guard head.headers[canonicalForm: "expect"].allSatisfy({ $0.lowercased() == "100-continue" }) else {
        return refuse(417, "no expectation but 100-continue is met", context)
      }
      context.writeAndFlush(
        ServerConnection.wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .continue))), promise: nil)
    }
  }

  private func gather(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
    guard bytes.readableBytes <= largestBody - body.count else { return refuseLargeBody(context) }
    guard service.connections.hold(bytes.readableBytes) else {
      return refuse(503, "too much is being received; ask again", context)
    }
    held += bytes.readableBytes
    body.append(contentsOf: bytes.readableBytesView)
  }

  private func refuseLargeBody(_ context: ChannelHandlerContext) {
    refuse(413, "a body for this path may have \(largestBody) bytes", context)
  }

  private func work(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
    let request = ExchangeRequest(
      method: head.method.rawValue, path: head.uri, body: body, peerCertificate: peer)
    body = []
    enter(.working, within: nil, context)
    service.connections.count { $0.requests += 1 }
    let channel = context.channel
    let work = service.threads.runIfActive(eventLoop: context.eventLoop) { [service, held] in
      defer { service.connections.giveBack(held) }
      // Nobody waits for this answer any more; who still wants it asks again.
      guard channel.isActive else { return ExchangeResponse(status: 503) }
      return service.handler(request)
    }
    work.assumeIsolated().whenComplete { [held] result in
      switch result {
      case .success(let response):
        self.held = 0
        self.answer(response, context)
      case .failure:
        // The threads have ended: it was not begun.
        self.service.connections.giveBack(held)
        self.held = 0
        self.cut(context)
      }
    }
  }

  // MARK: The answer

  private func answer(_ response: ExchangeResponse, _ context: ChannelHandlerContext) {
    guard case .working = phase else { return }
    enter(.sending, within: service.limits.send, context)
    send(response, context) { [self] in
      guard case .sending = phase else { return }
      if keepsAlive {
        enter(.idle, within: service.limits.idle, context)
      } else {
        enter(.ending(isSent: true, hasEnded: true), within: service.limits.linger, context)
      }
    }
  }

  private func refuse(_ status: Int, _ text: String, _ context: ChannelHandlerContext) {
    service.connections.count { $0.refused += 1 }
    keepsAlive = false
    body = []
    giveBack()
    enter(.ending(isSent: false, hasEnded: false), within: service.limits.linger, context)
    send(ExchangeResponse(status: status, text: text), context) { [self] in
      guard case .ending(_, let hasEnded) = phase else { return }
      phase = .ending(isSent: true, hasEnded: hasEnded)
    }
  }

  /// Sends all of an answer before it tells the pipeline that this is the end: with that, the next request comes.
  private func send(_ response: ExchangeResponse, _ context: ChannelHandlerContext, then: @escaping () -> Void) {
    var headers = HTTPHeaders([
      ("Content-Type", response.contentType), ("Content-Length", String(response.body.count)),
      ("Cache-Control", "no-store"),
    ])
    if !keepsAlive { headers.add(name: "Connection", value: "close") }
    let head = HTTPResponseHead(
      version: .http1_1, status: HTTPResponseStatus(statusCode: response.status), headers: headers)
    context.write(ServerConnection.wrapOutboundOut(.head(head)), promise: nil)
    let sent = context.eventLoop.makePromise(of: Void.self)
    sent.futureResult.assumeIsolated().whenSuccess { [self] in
      then()
      guard context.channel.isActive else { return }
      context.writeAndFlush(ServerConnection.wrapOutboundOut(.end(nil)), promise: nil)
      if case .ending(isSent: true, hasEnded: true) = phase { close(context) }
    }
    context.writeAndFlush(
      ServerConnection.wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: response.body)))), promise: sent)
  }

  // MARK: Time

  private func enter(_ next: Phase, within limit: Duration?, _ context: ChannelHandlerContext) {
    timer?.cancel()
    timer = nil
    if case .closed = phase { return }
    phase = next
    if let limit { self.limit(limit, context) }
  }

  private func limit(_ limit: Duration, _ context: ChannelHandlerContext) {
    timer = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(limit)) { [self] in
      switch phase {
      case .idle, .receiving, .sending: service.connections.count { $0.timedOut += 1 }
      case .handshaking, .working, .ending, .closed: break
      }
      cut(context)
    }
  }

  private func giveBack() {
    service.connections.giveBack(held)
    held = 0
  }

  /// Says goodbye, and waits a little for the peer's.
  private func close(_ context: ChannelHandlerContext) {
    timer?.cancel()
    timer = nil
    context.close(promise: nil)
  }

  /// Closes the connection without a goodbye.
  private func cut(_ context: ChannelHandlerContext) {
    timer?.cancel()
    timer = nil
    // From the handler of TLS towards the network, so that it doesn't wait for the peer.
    if let outer = try? context.pipeline.syncOperations.context(handler: tls) { outer.close(promise: nil) }
  }
}
