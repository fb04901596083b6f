// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL
private import Synchronization
internal import UpdateFramework

/// Connections to servers: opened where needed, kept for the next file, given to one caller at a time.
final class ServerConnections: Sendable {
  private struct Kept {
    let server: RepositoryAddress
    let channel: any Channel
  }

  /// An answer that has begun, and the connection that it comes by.
  struct Answer {
    let head: HTTPResponseHead
    let pending: PendingAnswer
    let server: RepositoryAddress
    let channel: any Channel
  }

  private let limits: HTTPLimits
  private let proxies: ProxySettings
  private let authorities: [NIOSSLAdditionalTrustRoots]
  private let tls = Mutex<NIOSSLContext?>(nil)
  private let kept = Mutex<[Kept]>([])

  /// `authorities`: files of certificates (PEM) that are trusted besides the system's.
  init(limits: HTTPLimits, proxies: ProxySettings, authorities: [String]) throws(SourceError) {
    self.limits = limits
    self.proxies = proxies
    var trusted: [NIOSSLAdditionalTrustRoots] = []
    for path in authorities {
      let certificates = try? NIOSSLCertificate.fromPEMFile(path)
      guard let certificates, !certificates.isEmpty else {
        throw .broken(path, reason: "it can't be read as certificates of authorities in PEM")
      }
      trusted.append(.certificates(certificates))
    }
    self.authorities = trusted
  }

  /// What checks servers, made for the first that has to be: reading the system's authorities takes its time.
  private func tlsContext() throws(NetworkFailure) -> NIOSSLContext {
    let made = tls.withLock { tls -> Result<NIOSSLContext, any Error> in
      if let tls { return .success(tls) }
      var configuration = TLSConfiguration.makeClientConfiguration()
      configuration.minimumTLSVersion = .tlsv12
      configuration.applicationProtocols = ["http/1.1"]
      configuration.shutdownTimeout = .seconds(2)
      configuration.additionalTrustRoots = authorities
      let made = Result { try NIOSSLContext(configuration: configuration) }
      tls = try? made.get()
      return made
    }
    do { return try made.get() } catch { throw .broken("TLS can't be set up: \(error)") }
  }

  /// Asks for `location`. What broke on a kept connection before an answer came is asked once more on a fresh one.
  func ask(_ location: FileLocation, _ fields: HTTPHeaders) throws(NetworkFailure) -> Answer {
    if let channel = takeOne(location.server) {
      do throws(NetworkFailure) { return try ask(location, fields, kept: channel) } catch {
        guard case .broken = error else { throw error }
        // What was kept with it is likely as dead.
        closeKept(to: location.server)
      }
    }
    return try ask(location, fields, kept: nil)
  }

  private func ask(
    _ location: FileLocation, _ fields: HTTPHeaders, kept: (any Channel)?
  ) throws(NetworkFailure) -> Answer {
    let pending = PendingAnswer(most: limits.held)
    let deadline = NIODeadline.now() + TimeAmount(limits.connect)
    let channel: any Channel
    if let kept { channel = kept } else { channel = try open(location.server, pending, until: deadline) }
    let server = location.server
    let isRelayed = !server.isSecure && proxies.proxy(for: server) != nil
    let head = HTTPRequestHead(
      version: .http1_1, method: .GET, uri: isRelayed ? location.description : location.target, headers: fields)
    let asked = SourceConnection.Asked(head: head, answer: pending, deadline: deadline)
    channel.writeAndFlush(asked).whenFailure { pending.fail(NetworkFailure($0)) }
    do throws(NetworkFailure) {
      return Answer(head: try pending.head(), pending: pending, server: server, channel: channel)
    } catch {
      channel.close(promise: nil)
      throw error
    }
  }

  /// The connection of an answer that is not needed any more: kept if the answer's rest is small and comes.
  func finish(_ answer: Answer) {
    let length = answer.head.headers.first(name: "content-length").flatMap(decimal)
    guard answer.head.isKeepAlive, let length, length <= 16 << 10 else { return close(answer) }
    do throws(NetworkFailure) {
      while try !answer.pending.next().isEmpty {}
      keep(answer)
    } catch { close(answer) }
  }

  /// The connection of an answer that was taken to its end.
  func keep(_ answer: Answer) {
    guard answer.head.isKeepAlive, answer.channel.isActive else { return close(answer) }
    let isKept = kept.withLock { kept in
      kept.removeAll { !$0.channel.isActive }
      guard kept.count < limits.keptConnections else { return false }
      kept.append(Kept(server: answer.server, channel: answer.channel))
      return true
    }
    if !isKept { close(answer) }
  }

  func close(_ answer: Answer) { answer.channel.close(promise: nil) }

  /// Ends the connections that nobody uses, to `server` or all.
  func closeKept(to server: RepositoryAddress? = nil) {
    let closed = kept.withLock { kept in
      let closed = kept.filter { server == nil || $0.server == server }
      kept.removeAll { server == nil || $0.server == server }
      return closed
    }
    for connection in closed { connection.channel.close(promise: nil) }
  }

  private func takeOne(_ server: RepositoryAddress) -> (any Channel)? {
    kept.withLock { kept in
      while let index = kept.lastIndex(where: { $0.server == server }) {
        let channel = kept.remove(at: index).channel
        if channel.isActive { return channel }
      }
      return nil
    }
  }

  // MARK: Opening

  private func open(
    _ server: RepositoryAddress, _ pending: PendingAnswer, until deadline: NIODeadline
  ) throws(NetworkFailure) -> any Channel {
    let proxy = proxies.proxy(for: server)
    let isAddress = (try? SocketAddress(ipAddress: server.host, port: 0)) != nil
    // The name of such a server would be checked against the proxy's own address.
    guard !(server.isSecure && isAddress && proxy != nil) else {
      throw .broken(
        "a server at an address without a name can't be asked through a proxy by https; put it into no_proxy")
    }
    let name = isAddress ? nil : server.host
    let reached = proxy ?? server
    let context = server.isSecure ? try tlsContext() : nil
    let connected = bootstrap(until: deadline) { [limits] channel in
      guard proxy == nil || !server.isSecure else { return }
      let tls = try context.map { try NIOSSLClientHandler(context: $0, serverHostname: name) }
      try SourceConnection.furnish(channel, limits: limits, first: pending, tls: tls)
    }.connect(host: reached.host, port: reached.port)
    let channel = try wait(connected, until: deadline)
    guard let context, proxy != nil else { return channel }
    let loop = channel.eventLoop
    let opened = loop.makePromise(of: Void.self)
    let ready = loop.submit { [limits] in
      try channel.pipeline.syncOperations.addHandler(
        ProxyTunnel(to: server, mostBytes: limits.headers, opened: opened), name: "tunnel")
    }
    ready.cascadeFailure(to: opened)
    let furnished = opened.futureResult.flatMapThrowing { [limits] in
      let tls = try NIOSSLClientHandler(context: context, serverHostname: name)
      try SourceConnection.furnish(channel, limits: limits, first: pending, tls: tls)
    }
    _ = try wait(furnished.map { channel }, until: deadline, closing: channel)
    return channel
  }

  private func bootstrap(
    until deadline: NIODeadline, _ furnish: @escaping @Sendable (any Channel) throws -> Void
  ) -> ClientBootstrap {
    ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connectTimeout(max(.milliseconds(1), deadline - .now()))
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try furnish(channel) }
      }
  }

  /// What `future` gives until `deadline`; what it gives later is closed.
  private func wait(
    _ future: EventLoopFuture<any Channel>, until deadline: NIODeadline, closing opened: (any Channel)? = nil
  ) throws(NetworkFailure) -> any Channel {
    let promise = future.eventLoop.makePromise(of: (any Channel).self)
    future.cascade(to: promise)
    let timer = future.eventLoop.scheduleTask(deadline: deadline) {
      promise.fail(NetworkFailure.late("no connection in time"))
      opened?.close(promise: nil)
      future.whenSuccess { $0.close(promise: nil) }
    }
    defer { timer.cancel() }
    do { return try promise.futureResult.wait() } catch {
      opened?.close(promise: nil)
      throw NetworkFailure(error)
    }
  }
}
