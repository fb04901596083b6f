// SPDX-License-Identifier: Apache-2.0

package import ExecutionIR
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL

/// Why a request got no answer, or a server does not serve. `peer` is the address as it was given.
package enum ExchangeError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Not an address of a peer.
  case address(String)
  /// The server cannot listen there.
  case unbound(address: String, reason: String)
  /// The peer is not there, or the connection broke before the answer was whole.
  case unreachable(peer: String, reason: String)
  /// Somebody else's certificate: nothing was sent.
  case pinMismatch(peer: String, got: Digest, want: Digest)
  /// No whole answer within the time that was given.
  case timedOut(peer: String, limit: Duration)
  /// The peer's answer is a refusal; `text` is the beginning of what it says.
  case refused(peer: String, status: Int, text: String)
  /// The peer's answer has more bytes than `limit`.
  case tooLarge(peer: String, limit: Int)
  /// The peer's answer is not HTTP.
  case malformed(peer: String, reason: String)
  /// Certificate or key cannot be used.
  case identity(name: String, reason: String)

  package var description: String {
    switch self {
    case .address(let text):
      "\"\(text)\" is no address of a peer: write https://HOST:PORT, like https://helper.example:8443"
    case .unbound(let address, let reason):
      "cannot listen at \(address): \(reason); choose an address of this machine and a free port, or port 0 for any"
    case .unreachable(let peer, let reason):
      "\(peer) does not answer: \(reason); see that it runs and can be reached, and ask again: nothing is done twice"
    case .pinMismatch(let peer, let got, let want):
      "\(peer) shows the certificate \(got.pin), not \(want.pin): this is not the party that was named, or it has a new certificate; get its pin by a way that you trust"
    case .timedOut(let peer, let limit):
      "\(peer) gave no answer within \(limit); ask again: nothing is done twice"
    case .refused(let peer, let status, let text): "\(peer) refuses with \(status): \(text)"
    case .tooLarge(let peer, let limit): "the answer of \(peer) has more than \(limit) bytes"
    case .malformed(let peer, let reason): "the answer of \(peer) can't be read: \(reason)"
    case .identity(let name, let reason):
      "the certificate of \"\(name)\" cannot be used: \(reason); move its file away to have a new one made"
    }
  }
}

extension String {
  fileprivate func trimmingSuffix(_ character: Character) -> String {
    var rest = self[...]
    while rest.last == character { rest.removeLast() }
    return String(rest)
  }
}

/// What a failure under NIO means to somebody who can do something about it.
func reason(of error: any Error) -> String {
  switch error {
  case let error as IOError:
    // The function's name before the colon and the number behind the text say nothing to a reader.
    let text = error.description.split(separator: ": ", maxSplits: 1).last ?? ""
    return String(text.prefix { $0 != "(" && $0 != ")" }).trimmingSuffix(" ")
  case let error as NIOConnectionError:
    if let first = error.connectionErrors.first { return reason(of: first.error) }
    return "no address found for \(error.host)"
  case ChannelError.connectTimeout: return "no connection in time"
  case let error as NIOSSLError:
    switch error {
    case .handshakeFailed(.sslError(let stack)):
      return "no TLS 1.3 handshake: \(stack.map(\.description).joined(separator: ", "))"
    case .handshakeFailed(let error): return "no TLS 1.3 handshake: \(error)"
    case .uncleanShutdown: return "the connection broke"
    default: return String(describing: error)
    }
  case let error as HTTPParserError: return error.debugDescription
  default: return String(describing: error)
  }
}
