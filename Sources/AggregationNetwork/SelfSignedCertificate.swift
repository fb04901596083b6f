// SPDX-License-Identifier: Apache-2.0

private import CivilTime
internal import Crypto

/// The one form of X.509 certificate that a party shows: version 3, for a P-256 key, signed with that same key
/// (RFC 5280, RFC 5480), in DER (X.690). Peers know it by its digest, so nothing in it is believed but the key.
enum SelfSignedCertificate {
  /// The certificate's bytes.
  ///
  /// - Parameters:
  ///   - name: its subject and issuer: a common name, of which 64 bytes are kept (RFC 5280 appendix A.1)
  ///   - serial: bytes of a positive number, at most 20 (section 4.1.2.2)
  ///   - from, until: seconds since 1970-01-01T00:00:00Z, years 1950…9999
  static func der(
    key: P256.Signing.PrivateKey, name: String, serial: [UInt8], from: Int64, until: Int64
  ) throws -> [UInt8] {
    let commonName = sequence([set([sequence([identifier([2, 5, 4, 3]), utf8(name)])])])
    let algorithm = sequence([identifier([1, 2, 840, 10045, 4, 3, 2])])  // ecdsa-with-SHA256
    let body = sequence([
      element(0xA0, integer([2])),
      integer(serial),
      algorithm,
      commonName,
      sequence([try time(from), try time(until)]),
      commonName,
      Array(key.publicKey.derRepresentation),
      element(
        0xA3,
        sequence([
          // basicConstraints: not an authority. keyUsage: digitalSignature. extKeyUsage: serverAuth, clientAuth.
          try extensionField([2, 5, 29, 19], sequence([])),
          try extensionField([2, 5, 29, 15], element(0x03, [7, 0x80])),
          try extensionField(
            [2, 5, 29, 37],
            sequence([identifier([1, 3, 6, 1, 5, 5, 7, 3, 1]), identifier([1, 3, 6, 1, 5, 5, 7, 3, 2])])),
        ])),
    ])
    let signature = try key.signature(for: body)
    return sequence([body, algorithm, element(0x03, [0] + Array(signature.derRepresentation))])
  }

  private static func extensionField(_ arcs: [UInt64], _ value: [UInt8]) throws -> [UInt8] {
    sequence([identifier(arcs), element(0x01, [0xFF]), element(0x04, value)])
  }

  /// UTCTime up to 2049, GeneralizedTime from 2050 (RFC 5280 section 4.1.2.5).
  private static func time(_ seconds: Int64) throws -> [UInt8] {
    let (days, second) = Int(seconds).quotientAndRemainder(dividingBy: 86400)
    let date = try CivilDate(daysSinceEpoch: second < 0 ? days - 1 : days)
    let ofDay = second < 0 ? second + 86400 : second
    let rest = [date.month, date.day, ofDay / 3600, ofDay / 60 % 60, ofDay % 60].flatMap { digits($0, count: 2) }
    let isShort = (1950...2049).contains(date.year)
    let year = isShort ? digits(date.year % 100, count: 2) : digits(date.year, count: 4)
    return element(isShort ? 0x17 : 0x18, year + rest + [UInt8(ascii: "Z")])
  }

  private static func digits(_ value: Int, count: Int) -> [UInt8] {
    var rest = value
    var text: [UInt8] = []
    for _ in 0..<count {
      text.append(UInt8(ascii: "0") + UInt8(rest % 10))
      rest /= 10
    }
    return text.reversed()
  }

  private static func utf8(_ text: String) -> [UInt8] {
    var kept = text[...]
    while kept.utf8.count > 64 { kept.removeLast() }
    return element(0x0C, Array(kept.utf8))
  }

  /// A positive number from its bytes, the most significant first: no leading zeros but one that keeps it positive.
  private static func integer(_ bytes: [UInt8]) -> [UInt8] {
    let digits = Array(bytes.drop { $0 == 0 })
    guard let first = digits.first else { return element(0x02, [0]) }
    return element(0x02, first >= 0x80 ? [0] + digits : digits)
  }

  private static func identifier(_ arcs: [UInt64]) -> [UInt8] {
    var bytes: [UInt8] = []
    for arc in [arcs[0] * 40 + arcs[1]] + arcs[2...] {
      var septets = [UInt8(arc & 0x7F)]
      var rest = arc >> 7
      while rest > 0 {
        septets.append(UInt8(rest & 0x7F) | 0x80)
        rest >>= 7
      }
      bytes += septets.reversed()
    }
    return element(0x06, bytes)
  }

  private static func sequence(_ parts: [[UInt8]]) -> [UInt8] { element(0x30, parts.flatMap { $0 }) }

  private static func set(_ parts: [[UInt8]]) -> [UInt8] { element(0x31, parts.flatMap { $0 }) }

  private static func element(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
    var size: [UInt8] = []
    var rest = content.count
    while rest > 0 {
      size.append(UInt8(rest & 0xFF))
      rest >>= 8
    }
    let length = content.count < 0x80 ? [UInt8(content.count)] : [0x80 | UInt8(size.count)] + size.reversed()
    return [tag] + length + content
  }
}
