// SPDX-License-Identifier: Apache-2.0

internal import Crypto
package import ExecutionIR
package import Governance
private import NIOCore
internal import NIOSSL
private import TransparencyLog

/// Whom a party shows itself as on the network: a P-256 key and a certificate that it signed itself. Peers know it by
/// its pin. The private key stays inside; what is printed or thrown shows name and pin only.
package struct TLSIdentity: Sendable {
  package let name: String
  /// In DER.
  package let certificate: [UInt8]
  /// SHA-256 of the certificate's DER form.
  package let pin: ExecutionIR.Digest
  private let key: P256.Signing.PrivateKey

  /// How long a certificate is valid: ten years of 365.25 days, in seconds. A pin is what counts; a certificate that
  /// is out of date still fits it.
  private static let validity: Int64 = 315_576_000

  /// A new identity with a fresh key, kept nowhere. `now`: seconds since 1970-01-01T00:00:00Z, when it begins to be valid.
  package static func ephemeral(name: String, now: Int64) throws(ExchangeError) -> TLSIdentity {
    guard Identity.isName(name) else { throw .identity(name: name, reason: "not a name") }
    let key = P256.Signing.PrivateKey()
    // 16 bytes that nobody could foresee, the first bit clear and the second set: positive, and none shorter.
    var serial = Array(SHA256.hash(data: key.publicKey.rawRepresentation).prefix(16))
    serial[0] = serial[0] & 0x7F | 0x40
    let (until, overflow) = now.addingReportingOverflow(validity)
    guard !overflow,
      let certificate = try? SelfSignedCertificate.der(key: key, name: name, serial: serial, from: now, until: until)
    else { throw .identity(name: name, reason: "no certificate can begin at \(now) seconds after 1970") }
    return try TLSIdentity(name: name, certificate: certificate, key: key)
  }

  private init(name: String, certificate: [UInt8], key: P256.Signing.PrivateKey) throws(ExchangeError) {
    self.name = name
    self.certificate = certificate
    self.key = key
    pin = ExecutionIR.Digest(of: certificate)
    // Finds a certificate that is none and a key that is another's.
    _ = try serverContext()
  }

  /// What a server says of itself: TLS 1.3 only. A client may show any certificate or none.
  func serverContext() throws(ExchangeError) -> NIOSSLContext {
    try wrap { [self] in
      var configuration = TLSConfiguration.makeServerConfiguration(
        certificateChain: try chain(), privateKey: try privateKey())
      configuration.minimumTLSVersion = .tlsv13
      configuration.certificateVerification = .optionalVerification
      configuration.trustRoots = .certificates([])
      configuration.shutdownTimeout = .seconds(2)
      return try NIOSSLContext(configuration: configuration)
    }
  }

  /// What a client says of itself, without an identity nothing: TLS 1.3 only, and every certificate has to be verified.
  static func clientContext(_ identity: TLSIdentity?) throws(ExchangeError) -> NIOSSLContext {
    let name = identity?.name ?? "client"
    return try wrap(name) {
      var configuration = TLSConfiguration.makeClientConfiguration()
      configuration.minimumTLSVersion = .tlsv13
      configuration.certificateVerification = .noHostnameVerification
      configuration.trustRoots = .certificates([])
      configuration.shutdownTimeout = .seconds(2)
      if let identity {
        configuration.certificateChain = try identity.chain()
        configuration.privateKey = try identity.privateKey()
      }
      return try NIOSSLContext(configuration: configuration)
    }
  }

  private func chain() throws -> [NIOSSLCertificateSource] {
    [.certificate(try NIOSSLCertificate(bytes: certificate, format: .der))]
  }

  private func privateKey() throws -> NIOSSLPrivateKeySource {
    .privateKey(try NIOSSLPrivateKey(bytes: Array(key.derRepresentation), format: .der))
  }

  private func wrap<Value>(_ body: () throws -> Value) throws(ExchangeError) -> Value {
    try TLSIdentity.wrap(name, body)
  }

  private static func wrap<Value>(_ name: String, _ body: () throws -> Value) throws(ExchangeError) -> Value {
    do { return try body() } catch { throw .identity(name: name, reason: reason(of: error)) }
  }
}

/// On disk: `NAME.tls` beside the private keys of identities, with the same care, and in it what OpenSSL and Python's
/// `load_cert_chain` read: the key as PKCS #8 and the certificate, both as PEM (RFC 7468).
extension TLSIdentity {
  /// The identity of this name in `home`; made, with a fresh key, where there is none. Two that make the same one at
  /// the same time both get the one that came first. `now`: seconds since 1970-01-01T00:00:00Z.
  package static func loadOrCreate(
    name: String, home: KeyHome, now: Int64
  ) throws -> TLSIdentity {
    guard Identity.isName(name) else { throw IdentityError.name(name) }
    if try home.exists(), let identity = try load(name: name, home: home) { return identity }
    try home.make()
    _ = try home.create(file(name), bytes: try ephemeral(name: name, now: now).pem)
    guard let identity = try load(name: name, home: home) else {
      throw IdentityError.file(path: home.path(of: file(name)), reason: "vanished while it was made")
    }
    return identity
  }

  /// The identity of this name in `home`, nil where there is none.
  package static func load(name: String, home: KeyHome) throws -> TLSIdentity? {
    guard let bytes = try home.read(file(name), limit: 1 << 16) else { return nil }
    func malformed(_ reason: String) -> IdentityError { .malformed(path: home.path(of: file(name)), reason: reason) }
    guard let key = block("PRIVATE KEY", in: bytes), let certificate = block("CERTIFICATE", in: bytes) else {
      throw malformed("not a private key (PKCS #8) and a certificate as PEM")
    }
    guard let key = try? P256.Signing.PrivateKey(derRepresentation: key) else {
      throw malformed("its key is none of P-256")
    }
    do throws(ExchangeError) { return try TLSIdentity(name: name, certificate: certificate, key: key) } catch {
      throw malformed("its certificate is none, or of another key")
    }
  }

  private static func file(_ name: String) -> String { Identity.fileName(name) + ".tls" }

  private var pem: [UInt8] {
    Array((TLSIdentity.text("PRIVATE KEY", Array(key.derRepresentation)) + certificatePEM).utf8)
  }

  /// The certificate as PEM, for others' tools. It holds no secret.
  package var certificatePEM: String { TLSIdentity.text("CERTIFICATE", certificate) }

  private static func text(_ label: String, _ bytes: [UInt8]) -> String {
    var text = "-----BEGIN \(label)-----\n"
    var rest = Base64.encode(bytes)[...]
    while !rest.isEmpty {
      text += rest.prefix(64) + "\n"
      rest = rest.dropFirst(64)
    }
    return text + "-----END \(label)-----\n"
  }

  /// The bytes of the first block of this label, nil where there is none that can be read.
  private static func block(_ label: String, in bytes: [UInt8]) -> [UInt8]? {
    let lines = bytes.split(separator: UInt8(ascii: "\n")).map { $0.last == UInt8(ascii: "\r") ? $0.dropLast() : $0 }
    guard let first = lines.firstIndex(where: { $0.elementsEqual("-----BEGIN \(label)-----".utf8) }),
      let last = lines[first...].firstIndex(where: { $0.elementsEqual("-----END \(label)-----".utf8) })
    else { return nil }
    return Base64.decode(lines[(first + 1)..<last].flatMap { $0 }[...])
  }
}

extension TLSIdentity: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { "\(name) \(pin.pin)" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: ["pin": pin.pin]) }
}
