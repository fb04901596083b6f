// SPDX-License-Identifier: Apache-2.0

/// What a server grants to anybody who reaches it, before it knows whether they mean well.
package struct ExchangeLimits: Sendable {
  /// How many connections at once; further ones are closed as they come. Half of the files that a process may have open
  /// on most systems, so that some are left for what it keeps.
  package var connections = 512
  /// All bodies of requests that are being received or worked on, in bytes; what would exceed it is told to come back.
  package var bodiesAtOnce = 256 << 20
  /// A request's line and header fields together, in bytes.
  package var headers = 16 << 10
  package var headerFields = 64
  /// From a connection's acceptance to the end of its TLS handshake.
  package var handshake: Duration = .seconds(10)
  /// Until a request's header fields are whole, counted from the last answer.
  package var idle: Duration = .seconds(60)
  /// From the end of a request's header fields to the end of its body, however steadily it drips.
  package var receive: Duration = .seconds(60)
  /// For an answer to be taken.
  package var send: Duration = .seconds(60)
  /// How long a client that was refused in mid-request may go on sending, so that it gets to read why.
  package var linger: Duration = .seconds(5)

  package init() {}
}

/// What a server has seen since it began.
package struct ExchangeCounts: Equatable, Sendable {
  /// Connections accepted, those closed at once among them.
  package var connections = 0
  /// Connections closed at once, because there were too many.
  package var turnedAway = 0
  /// Connections that did not come to speak TLS 1.3.
  package var handshakesFailed = 0
  /// Requests given to the handler.
  package var requests = 0
  /// Requests refused before that: malformed, too large, or while too much was being received.
  package var refused = 0
  /// Connections ended after the handshake because they stood idle or took too long.
  package var timedOut = 0
}
