// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL

/// Why one request got no whole answer.
enum NetworkFailure: Error {
  /// There was no connection, or it ended, or what came is no HTTP.
  case broken(String)
  case late(String)

  /// What a failure under NIO means to somebody who can do something about it.
  init(_ error: any Error) {
    switch error {
    case let error as NetworkFailure: self = error
    case ChannelError.connectTimeout: self = .late("no connection in time")
    default: self = .broken(NetworkFailure.reason(of: error))
    }
  }

  private static func reason(of error: any Error) -> String {
    switch error {
    case let error as IOError:
      // The function's name before the colon and the number behind the text say nothing to a reader.
      let text = error.description.split(separator: ": ", maxSplits: 1).last ?? ""
      var kept = text.prefix { $0 != "(" && $0 != ")" }
      while kept.last == " " { kept.removeLast() }
      return "no connection: " + kept
    case let error as NIOConnectionError:
      guard let first = error.connectionErrors.first else { return "no address found for \(error.host)" }
      return reason(of: first.error)
    case is ChannelError: return "the connection ended"
    case let error as NIOSSLError: return reason(ofTLS: error)
    case let error as NIOSSLExtraError where error == .failedToValidateHostname:
      return "the server's certificate is of another host: this is not the server that was named"
    case is NIOHTTPDecoderError,
      is ByteToMessageDecoderError.PayloadTooLargeError:
      return "the answer's header fields are too large"
    case let error as HTTPParserError where error == .headerOverflow:
      return "the answer's header fields are too large"
    case let error as HTTPParserError where error == .invalidEOFState:
      return "the connection ended before the answer was whole"
    case let error as HTTPParserError: return "the answer is not HTTP/1.1: \(error.debugDescription)"
    default: return String(describing: error)
    }
  }

  private static func reason(ofTLS error: NIOSSLError) -> String {
    switch error {
    case .handshakeFailed(.sslError(let stack)):
      let text = stack.map(\.description).joined(separator: ", ")
      guard text.contains("CERTIFICATE_VERIFY_FAILED") else { return "no TLS handshake: \(text)" }
      return "the server's certificate is of no authority that is trusted here, or out of date"
    case .handshakeFailed(let error): return "no TLS handshake: \(error)"
    case .unableToValidateCertificate:
      return "the server's certificate is of no authority that is trusted here, or out of date"
    case .uncleanShutdown: return "the connection ended before the answer was whole"
    default: return String(describing: error)
    }
  }
}
