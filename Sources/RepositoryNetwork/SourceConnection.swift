// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import NIOHTTP1
internal import NIOSSL
internal import NIOTLS

/// A connection to a server: sends a request, passes its answer on as fast as the caller takes it; then the next.
final class SourceConnection: ChannelDuplexHandler {
  typealias InboundIn = HTTPClientResponsePart
  typealias OutboundIn = Asked
  typealias OutboundOut = HTTPClientRequestPart

  /// A request, and where its answer goes.
  struct Asked: Sendable {
    let head: HTTPRequestHead
    let answer: PendingAnswer
    /// Until when the connection has to be ready for it.
    let deadline: NIODeadline
  }

  private enum Phase {
    /// Not ready yet: TLS, or the way through a proxy.
    case opening(Asked?)
    case idle
    case asked(PendingAnswer)
    case receiving(PendingAnswer)
    case ended
  }

  private let limits: HTTPLimits
  /// Whom to tell why a new connection failed.
  private let first: PendingAnswer
  private let isSecure: Bool
  private var phase = Phase.opening(nil)
  private var pace: RetrievalPace
  private var timer: Scheduled<Void>?
  private var isHeld = false

  private init(limits: HTTPLimits, first: PendingAnswer, isSecure: Bool) {
    self.limits = limits
    self.first = first
    self.isSecure = isSecure
    pace = RetrievalPace(slowest: limits.slowest)
  }

  /// Lays out what a new connection's bytes go through. `tls`: what checks the server; nil where there is no TLS.
  static func furnish(_ channel: any Channel, limits: HTTPLimits, first: PendingAnswer, tls: NIOSSLClientHandler?)
    throws
  {
    var decoding = NIOHTTPDecoderLimitConfiguration()
    decoding.maxHeaderFieldSize = limits.headers
    decoding.maxHeaderListSize = limits.headers
    decoding.maxHeaderFieldCount = limits.headerFields
    let decoder = ByteToMessageHandler(
      HTTPResponseDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: decoding),
      maximumBufferSize: limits.headers + 65536)
    if let tls { try channel.pipeline.syncOperations.addHandler(tls) }
    try channel.pipeline.syncOperations.addHandlers([
      HTTPRequestEncoder(), decoder, SourceConnection(limits: limits, first: first, isSecure: tls != nil),
    ])
  }

  // MARK: The request

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    let asked = SourceConnection.unwrapOutboundIn(data)
    switch phase {
    case .opening:
      phase = .opening(asked)
      limit(asked.deadline - .now(), context) { .late("no connection in time") }
    case .idle: send(asked, context)
    case .asked, .receiving, .ended:
      promise?.fail(NetworkFailure.broken("the connection ended"))
      return
    }
    promise?.succeed()
  }

  private func send(_ asked: Asked, _ context: ChannelHandlerContext) {
    phase = .asked(asked.answer)
    let time = limits.answer
    limit(TimeAmount(time), context) { .late("no answer within \(time)") }
    context.write(SourceConnection.wrapOutboundOut(.head(asked.head)), promise: nil)
    context.writeAndFlush(SourceConnection.wrapOutboundOut(.end(nil)), promise: nil)
  }

  private func becomeReady(_ context: ChannelHandlerContext) {
    guard case .opening(let asked) = phase else { return }
    phase = .idle
    if let asked { send(asked, context) }
  }

  func handlerAdded(context: ChannelHandlerContext) {
    if context.channel.isActive, !isSecure { becomeReady(context) }
  }

  func channelActive(context: ChannelHandlerContext) {
    if !isSecure { becomeReady(context) }
    context.fireChannelActive()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case TLSUserEvent.handshakeCompleted = event { becomeReady(context) }
    context.fireUserInboundEventTriggered(event)
  }

  // MARK: The answer

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch (SourceConnection.unwrapInboundIn(data), phase) {
    case (.head(let head), .asked(let answer)):
      phase = .receiving(answer)
      pace.restart()
      watchPace(context)
      answer.begin(head)
    case (.body(var bytes), .receiving(let answer)):
      pace.count(bytes.readableBytes)
      answer.add(&bytes)
    case (.end, .receiving(let answer)):
      phase = .idle
      timer?.cancel()
      timer = nil
      answer.end()
    case (_, .ended): break
    default: end(.broken("the server answers what was not asked"), context)
    }
  }

  /// The caller sets the pace: while enough waits for it, nothing is read.
  func read(context: ChannelHandlerContext) {
    if case .receiving(let answer) = phase, answer.holds(context.channel) {
      isHeld = true
    } else {
      context.read()
    }
  }

  func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
    guard event is PendingAnswer.ReadOn else {
      return context.triggerUserOutboundEvent(event, promise: promise)
    }
    promise?.succeed()
    guard isHeld else { return }
    isHeld = false
    pace.restart()
    context.read()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // The connection may end before anybody comes to ask it.
    if case .opening(nil) = phase { first.fail(NetworkFailure(error)) }
    end(NetworkFailure(error), context)
  }

  func channelInactive(context: ChannelHandlerContext) {
    end(.broken("the connection ended before the answer was whole"), context)
    context.fireChannelInactive()
  }

  // MARK: Time and the end

  private func watchPace(_ context: ChannelHandlerContext) {
    timer?.cancel()
    timer = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(limits.window / RetrievalPace.parts)) {
      [self] in
      if !isHeld, pace.endPart() {
        return end(.late("fewer than \(limits.slowest) bytes within \(limits.window)"), context)
      }
      watchPace(context)
    }
  }

  private func limit(_ time: TimeAmount, _ context: ChannelHandlerContext, _ failure: @escaping () -> NetworkFailure) {
    timer?.cancel()
    timer = context.eventLoop.assumeIsolated().scheduleTask(in: time) { [self] in end(failure(), context) }
  }

  private func end(_ failure: NetworkFailure, _ context: ChannelHandlerContext) {
    timer?.cancel()
    timer = nil
    switch phase {
    case .opening(let asked): asked?.answer.fail(failure)
    case .asked(let answer), .receiving(let answer): answer.fail(failure)
    case .idle, .ended: break
    }
    phase = .ended
    context.close(promise: nil)
  }
}
