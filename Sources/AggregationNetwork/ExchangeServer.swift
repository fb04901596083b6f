// SPDX-License-Identifier: Apache-2.0

package import ExecutionIR
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL
private import Synchronization

/// Answers the requests of other parties over HTTP/1.1 (RFC 9112) in TLS 1.3 (RFC 8446).
///
/// The handshake takes any client certificate, or none; the handler is told which and decides. It runs on threads of its
/// own, by default on one, so that a party's state needs no lock. A client that is slow, greedy or malformed is refused
/// and cut off; it costs what `ExchangeLimits` grants.
package final class ExchangeServer: Sendable {
  /// Answers a request.
  package typealias Handler = @Sendable (ExchangeRequest) -> ExchangeResponse
  /// The most bytes that a request for this path, by a client with this certificate, may have in its body; nil where it
  /// may not ask that at all. It is asked on the thread that moves all bytes, and so has to be quick.
  package typealias LargestBody = @Sendable (_ path: String, _ peerCertificate: Digest?) -> Int?

  private let listener: any Channel
  private let threads: NIOThreadPool
  private let connections: OpenConnections
  private let hasStopped = Mutex(false)
  /// The port that it listens at, told by the system where 0 was asked for.
  package let port: Int

  /// Listens from now on.
  ///
  /// - Parameters:
  ///   - host: a name or address of this machine
  ///   - port: 0…65535; 0 for any that is free
  ///   - threads: how many requests the handler works on at once
  package init(
    host: String, port: Int, identity: TLSIdentity, limits: ExchangeLimits = ExchangeLimits(), threads: Int = 1,
    largestBody: @escaping LargestBody = { _, _ in 1 << 20 }, handler: @escaping Handler
  ) throws(ExchangeError) {
    let address = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    guard (0...65535).contains(port), threads >= 1 else {
      throw .unbound(address: address, reason: "no such port, or no thread")
    }
    let context = try identity.serverContext()
    let pool = NIOThreadPool(numberOfThreads: threads)
    let connections = OpenConnections(limits: limits)
    let service = ServerConnection.Service(
      limits: limits, connections: connections, threads: pool, largestBody: largestBody, handler: handler)
    let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.backlog, value: 512)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelOption(.maxMessagesPerRead, value: 1)
      .childChannelInitializer { channel in
        guard connections.enter(channel) else {
          return channel.eventLoop.makeFailedFuture(ServerConnection.TurnedAway())
        }
        return channel.eventLoop.makeCompletedFuture {
          try ServerConnection.furnish(channel, context: context, service: service)
        }
      }
    do {
      listener = try bootstrap.bind(host: host, port: port).wait()
    } catch { throw .unbound(address: address, reason: reason(of: error)) }
    pool.start()
    self.port = listener.localAddress?.port ?? port
    self.threads = pool
    self.connections = connections
  }

  deinit { stop(within: .zero) }

  /// What came so far.
  package var counts: ExchangeCounts { connections.counts }

  /// How many connections are open now.
  package var openConnections: Int { connections.open }

  /// Takes no more connections and requests, lets those that are being received or worked on be answered, and cuts off
  /// what has not ended after `grace`. Afterwards the handler runs no more. Not to be called by the handler.
  package func stop(within grace: Duration = .seconds(10)) {
    hasStopped.withLock { stopped in
      guard !stopped else { return }
      stopped = true
      try? listener.close().wait()
      let open = connections.stop()
      for channel in open { channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
      let loop = MultiThreadedEventLoopGroup.singleton.any()
      let force = loop.scheduleTask(in: TimeAmount(grace)) {
        for channel in open { channel.pipeline.fireUserInboundEventTriggered(ServerConnection.CutOff()) }
      }
      try? EventLoopFuture.andAllComplete(open.map(\.closeFuture), on: loop).wait()
      force.cancel()
      try? threads.syncShutdownGracefully()
    }
  }
}
