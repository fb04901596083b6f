// SPDX-License-Identifier: Apache-2.0

internal import NIOCore

/// Has a proxy open the way to a server (RFC 9110, section 9.3.6), then makes room for what talks with that server.
final class ProxyTunnel: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let server: RepositoryAddress
  private let mostBytes: Int
  private let opened: EventLoopPromise<Void>
  private var answer = ByteBuffer()
  private var isDone = false

  /// `opened` is told when the way is open, or why not; a time limit is the caller's matter.
  init(to server: RepositoryAddress, mostBytes: Int, opened: EventLoopPromise<Void>) {
    self.server = server
    self.mostBytes = mostBytes
    self.opened = opened
  }

  func handlerAdded(context: ChannelHandlerContext) { if context.channel.isActive { ask(context) } }

  func channelActive(context: ChannelHandlerContext) {
    ask(context)
    context.fireChannelActive()
  }

  private func ask(_ context: ChannelHandlerContext) {
    let host = server.host.contains(":") ? "[\(server.host)]" : server.host
    let target = "\(host):\(server.port)"
    let request = ByteBuffer(string: "CONNECT \(target) HTTP/1.1\r\nHost: \(target)\r\n\r\n")
    context.writeAndFlush(ProxyTunnel.wrapOutboundOut(request), promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !isDone else { return context.fireChannelRead(data) }
    var bytes = ProxyTunnel.unwrapInboundIn(data)
    answer.writeBuffer(&bytes)
    let text = answer.readableBytesView
    guard let end = text.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound else {
      if text.count > mostBytes { fail("the proxy's answer is too large", context) }
      return
    }
    let words = String(decoding: text.prefix { $0 != UInt8(ascii: "\r") }, as: UTF8.self).split(separator: " ")
    guard let status = words.dropFirst().first.flatMap(decimal), words[0] == "HTTP/1.1" || words[0] == "HTTP/1.0" else {
      return fail("the proxy's answer is not HTTP/1.1", context)
    }
    guard (200...299).contains(status) else {
      return fail("the proxy opens no way to \(server.authority): it answers with status \(status)", context)
    }
    // Whoever asked speaks first in TLS.
    guard end == text.endIndex else { return fail("the proxy says more than was asked", context) }
    isDone = true
    opened.succeed()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    opened.fail(NetworkFailure(error))
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    opened.fail(NetworkFailure.broken("the proxy ended the connection"))
    context.fireChannelInactive()
  }

  private func fail(_ reason: String, _ context: ChannelHandlerContext) {
    isDone = true
    opened.fail(NetworkFailure.broken(reason))
    context.close(promise: nil)
  }
}
