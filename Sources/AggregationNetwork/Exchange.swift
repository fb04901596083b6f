// SPDX-License-Identifier: Apache-2.0

package import ExecutionIR

/// What one party asks of another: an HTTP request, read whole.
package struct ExchangeRequest: Equatable, Sendable {
  /// GET, POST, PUT or DELETE.
  package var method: String
  /// The request's target as it was sent: begins with a slash, printable ASCII without spaces, a query included.
  package var path: String
  package var body: [UInt8]
  /// SHA-256 of the DER form of the certificate for which the client proved that it holds the key; nil where it showed
  /// none. Nobody vouches for it: whether this one may ask is for the handler to say.
  package var peerCertificate: Digest?

  package init(method: String, path: String, body: [UInt8] = [], peerCertificate: Digest? = nil) {
    self.method = method
    self.path = path
    self.body = body
    self.peerCertificate = peerCertificate
  }
}

/// The answer to one.
package struct ExchangeResponse: Equatable, Sendable {
  /// An HTTP status, 200…599.
  package var status: Int
  package var body: [UInt8]
  /// A media type.
  package var contentType: String

  package init(status: Int = 200, body: [UInt8] = [], contentType: String = "application/octet-stream") {
    self.status = status
    self.body = body
    self.contentType = contentType
  }

  /// Plain text, of a line that says what was done, or what is wrong and what helps.
  package init(status: Int, text: String) {
    self.init(status: status, body: Array((text + "\n").utf8), contentType: "text/plain; charset=utf-8")
  }
}

extension Digest {
  /// A certificate's pin as text: `sha256:` and 64 hexadecimal digits.
  package var pin: String { "sha256:\(self)" }

  /// Reads a certificate's pin; nil for anything else.
  package init?(pin text: String) {
    guard text.hasPrefix("sha256:") else { return nil }
    self.init(hexadecimal: text.dropFirst(7))
  }
}
