// SPDX-License-Identifier: Apache-2.0

internal import NIOHTTP1
package import UpdateFramework

/// A repository's files from a server, over HTTP/1.1; over https the server has to show a certificate of its name that the
/// system's authorities, or those that were named, vouch for. Nothing depends on that: whoever reads checks what came.
///
/// Calls block their thread and may come from several at once, but not from the network's own. Connections are kept from
/// file to file.
package final class HTTPSource: RepositorySource {
  package let address: RepositoryAddress
  private let limits: HTTPLimits
  private let connections: ServerConnections

  package var name: String { address.description }

  /// `authorities`: files of certificates (PEM) that are trusted besides the system's.
  package init(
    _ address: RepositoryAddress, authorities: [String] = [], proxies: ProxySettings = .direct,
    limits: HTTPLimits = HTTPLimits()
  ) throws(SourceError) {
    self.address = address
    self.limits = limits
    connections = try ServerConnections(limits: limits, proxies: proxies, authorities: authorities)
  }

  deinit { connections.closeKept() }

  package func read(_ path: String, limit: Int) throws(SourceError) -> [UInt8] {
    var bytes: [UInt8] = []
    try download(path, from: 0, limit: limit) { piece, _ throws(SourceError) in
      if bytes.isEmpty { bytes = piece } else { bytes += piece }
    }
    return bytes
  }

  /// A server that begins at 0 may send the `offset` bytes before on top of `limit`.
  package func download(
    _ path: String, from offset: Int, limit: Int, take: (_ piece: [UInt8], _ offset: Int) throws(SourceError) -> Void
  ) throws(SourceError) {
    guard let file = FileLocation(path, in: address), offset >= 0, limit >= 0 else {
      throw .broken(path, reason: "no path of a file in a repository")
    }
    var request = Request(file: file, path: path, offset: offset, limit: limit)
    var redirections = 0
    while true {
      let answer: ServerConnections.Answer
      do { answer = try connections.ask(request.location, fields(request)) } catch { throw request.error(error) }
      let status = answer.head.status.code
      switch status {
      case 200:
        return try receive(answer, at: 0, request, take)
      case 206 where request.offset > 0:
        return try receive(answer, at: request.offset, request, take)
      case 416 where request.offset > 0:
        // The file is shorter than what is here already.
        connections.finish(answer)
        request.beginAnew()
      case 301, 302, 303, 307, 308:
        connections.finish(answer)
        redirections += 1
        guard redirections <= limits.redirects else {
          throw request.broken("the server sends from place to place, more than \(limits.redirects) times")
        }
        try request.follow(answer.head.headers.first(name: "location"))
      case 403, 404, 410:
        connections.finish(answer)
        throw .missing(request.name)
      default:
        connections.finish(answer)
        throw request.broken("the server answers with status \(status)")
      }
    }
  }

  private func fields(_ request: Request) -> HTTPHeaders {
    var fields = HTTPHeaders([
      ("Host", request.location.server.authority), ("User-Agent", "exprove"), ("Accept", "*/*"),
      ("Accept-Encoding", "identity"),
    ])
    if request.offset > 0 { fields.add(name: "Range", value: "bytes=\(request.offset)-") }
    return fields
  }

  /// Passes on the body of an answer that begins at `start`.
  private func receive(
    _ answer: ServerConnections.Answer, at start: Int, _ request: Request,
    _ take: (_ piece: [UInt8], _ offset: Int) throws(SourceError) -> Void
  ) throws(SourceError) {
    var isTaken = false
    defer { if isTaken { connections.keep(answer) } else { connections.close(answer) } }
    try request.check(answer.head, at: start)
    var position = start
    while true {
      let piece: [UInt8]
      do { piece = try answer.pending.next() } catch { throw request.error(error) }
      if piece.isEmpty { break }
      guard piece.count <= request.end - position else { throw request.tooLarge }
      try take(piece, position)
      position += piece.count
    }
    isTaken = true
  }
}

/// One file that is asked for, from place to place.
private struct Request {
  private let file: FileLocation
  private let path: String
  private(set) var location: FileLocation
  private(set) var offset: Int
  /// Where the file ends at the latest.
  let end: Int

  init(file: FileLocation, path: String, offset: Int, limit: Int) {
    self.file = file
    self.path = path
    self.offset = offset
    location = file
    let (end, overflow) = offset.addingReportingOverflow(limit)
    self.end = overflow ? Int.max : end
  }

  /// The file as it was asked for, and where that led; the source's own name stands before it in messages.
  var name: String { location == file ? path : "\(path) (at \(location))" }

  var tooLarge: SourceError { .tooLarge(name, limit: end) }
  func broken(_ reason: String) -> SourceError { .broken(name, reason: reason) }

  func error(_ failure: NetworkFailure) -> SourceError {
    switch failure {
    case .broken(let reason): broken(reason)
    case .late(let reason): .tooSlow(name, reason: reason)
    }
  }

  mutating func beginAnew() { offset = 0 }

  mutating func follow(_ reference: String?) throws(SourceError) {
    guard let reference else { throw broken("the server sends elsewhere and does not say where") }
    guard let next = location.following(reference) else {
      throw broken("the server sends elsewhere, to what is no address of http or https")
    }
    guard next.server.isSecure || !location.server.isSecure else {
      throw broken("the server sends from https to http: that is refused")
    }
    location = next
  }

  /// Refuses an answer that can't be the file's bytes from `start` on, before any of them is read.
  func check(_ head: HTTPResponseHead, at start: Int) throws(SourceError) {
    for coding in head.headers[canonicalForm: "content-encoding"] where coding.lowercased() != "identity" {
      throw broken("the server sends it in the coding \"\(coding.prefix(20))\", which was not asked for")
    }
    let length = head.headers.first(name: "content-length").map { decimal($0) ?? Int.max }
    if let length, length > end - start { throw tooLarge }
    guard start > 0 else { return }
    guard let field = head.headers.first(name: "content-range"), let range = ContentRange(field) else {
      throw broken("the server sends a part of the file and does not say which")
    }
    let isRest = range.length.map { range.last == $0 - 1 } ?? true
    guard range.first == start, isRest, length.map({ $0 == range.last - range.first + 1 }) ?? true else {
      throw broken("the server sends another part of the file than that from byte \(start) on")
    }
    guard range.last < end else { throw tooLarge }
  }
}
