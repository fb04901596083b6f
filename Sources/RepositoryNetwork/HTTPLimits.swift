// SPDX-License-Identifier: Apache-2.0

/// How long a server may take and how much it may say. A server that keeps to none of this costs a client no more than this.
package struct HTTPLimits: Sendable {
  /// Until there is a connection: the name, TCP, a proxy and TLS together.
  package var connect = Duration.seconds(10)
  /// From then until the answer's header fields are whole.
  package var answer = Duration.seconds(20)
  /// A body of which fewer than `slowest` bytes come within any `window` comes too slowly.
  package var window = Duration.seconds(30)
  package var slowest = 30 << 10
  /// The most bytes of an answer's header fields, and of each of them.
  package var headers = 16 << 10
  package var headerFields = 64
  /// How many redirections a file may take.
  package var redirects = 5
  /// How many bytes of a body are held for a caller that does not take them. One reading more may come on top.
  package var held = 256 << 10
  /// How many connections are kept while nobody asks.
  package var keptConnections = 4

  package init() {}
}
