// SPDX-License-Identifier: Apache-2.0

package import ExecutionIR
package import TransparencyLog

/// Why a certificate is not taken. Each says what is wrong with it, none what to do about it: that depends on who asks.
package enum CertificateRefusal: Error, Equatable, Sendable, CustomStringConvertible {
  /// Its bytes are none of a certificate's.
  case malformed(String)
  /// A statement about something else.
  case otherPredicate(String)
  /// A signature that claims a known key does not hold.
  case forged(String)
  /// Signed by nobody who is trusted.
  case unknownIdentity(String)
  /// Of another adapter's bytes.
  case otherAdapter(certified: Digest, loaded: Digest)
  case expired(at: Int64, now: Int64)
  case notYetValid(from: Int64, now: Int64)
  /// The harness found against the adapter.
  case failing(String)
  /// It was judged less strictly than is asked for.
  case tooLenient(level: Int, demanded: Int)

  package var description: String {
    switch self {
    case .malformed(let reason): "is no certificate: \(reason)"
    case .otherPredicate(let type): "is a statement of type \(type), not \(ConformanceCertificate.predicateType)"
    case .forged(let reason): "is forged: \(reason)"
    case .unknownIdentity(let reason): "is \(reason)"
    case .otherAdapter(let certified, let loaded):
      "is for the adapter sha256:\(certified), what is loaded is sha256:\(loaded)"
    case .expired(let at, let now): "expired at \(at) (nanoseconds UTC), it is \(now)"
    case .notYetValid(let from, let now): "holds from \(from) (nanoseconds UTC) on, it is \(now)"
    case .failing(let reason): "tells of an adapter that does not conform: \(reason)"
    case .tooLenient(let level, let demanded): "is of strictness \(level), at least \(demanded) is demanded"
    }
  }
}

/// What a run of the conformance harness found, signed by who ran it: an in-toto statement about the adapter's bytes in
/// a DSSE envelope. Whoever checks one needs neither the harness nor the adapter's code.
package struct ConformanceCertificate: Equatable, Sendable {
  /// A capture that the harness fed, as it lay.
  package struct Corpus: Equatable, Sendable {
    package let digest: Digest
    package let size: Int64

    package init(digest: Digest, size: Int64) {
      self.digest = digest
      self.size = size
    }
  }

  /// How one check ended.
  package struct Finding: Equatable, Sendable {
    package let check: String
    /// `pass`, `warn`, `skip`, or what counts against the adapter.
    package let status: String

    package init(check: String, status: String) {
      self.check = check
      self.status = status
    }
  }

  package static let predicateType = Statement.predicateType("conformance")
  package static let statuses = ["pass", "warn", "skip", "fail", "crash", "timeout"]
  private static let keys = [
    "version", "harness", "abi", "ir", "level", "seeds", "corpora", "verdict", "findings", "issued", "expires",
  ]

  /// The adapter's name and version as its manifest has them, and the digest of its file.
  package let adapter: String
  package let version: String
  package let digest: Digest
  package let harness: String
  /// Versions of the C ABI and of the event format.
  package let abi: String
  package let ir: String
  /// Strictness, 1 to 10.
  package let level: Int
  package let seeds: [UInt64]
  package let corpora: [Corpus]
  package let passes: Bool
  package let findings: [Finding]
  /// Nanoseconds since 1970: when it was run, and until when it holds.
  package let issued: Int64
  package let expires: Int64

  package init(
    adapter: String, version: String, digest: Digest, harness: String, abi: String, ir: String, level: Int,
    seeds: [UInt64], corpora: [Corpus], passes: Bool, findings: [Finding], issued: Int64, expires: Int64
  ) {
    self.adapter = adapter
    self.version = version
    self.digest = digest
    self.harness = harness
    self.abi = abi
    self.ir = ir
    self.level = level
    self.seeds = seeds
    self.corpora = corpora
    self.passes = passes
    self.findings = findings
    self.issued = issued
    self.expires = expires
  }

  package var statement: Statement {
    Statement(
      subjects: [Statement.Subject(name: adapter, digest: digest)],
      predicateType: ConformanceCertificate.predicateType,
      predicate: .object([
        "version": .string(version), "harness": .string(harness), "abi": .string(abi), "ir": .string(ir),
        "level": .integer(Int64(level)), "seeds": .array(seeds.map { .wide($0) }),
        "corpora": .array(
          corpora.map { .object(["digest": .string($0.digest.description), "size": .wide($0.size)]) }),
        "verdict": .string(passes ? "pass" : "fail"),
        "findings": .array(
          findings.map { .object(["check": .string($0.check), "status": .string($0.status)]) }),
        "issued": .wide(issued), "expires": .wide(expires),
      ]))
  }

  /// The certificate's file: an envelope in its one encoding. Only what passes is signed.
  package func signed(by identity: Identity) throws(LedgerError) -> [UInt8] {
    guard passes else {
      throw .statement(EnvelopeError("the adapter does not conform, and what does not conform earns no certificate"))
    }
    return try statement.signed(by: identity).encoded
  }

  /// Reads what a statement says, strictly.
  package init(_ statement: Statement) throws(CertificateRefusal) {
    guard statement.predicateType.utf8.elementsEqual(ConformanceCertificate.predicateType.utf8) else {
      throw .otherPredicate(statement.predicateType)
    }
    guard statement.subjects.count == 1 else {
      throw .malformed("it names \(statement.subjects.count) subjects, not one")
    }
    do throws(RecordError) {
      try self.init(statement.subjects[0], statement.predicate)
    } catch {
      throw .malformed(error.description)
    }
  }

  private init(_ subject: Statement.Subject, _ predicate: JSON) throws(RecordError) {
    let reader = try RecordReader(predicate, path: "predicate", keys: ConformanceCertificate.keys)
    let verdict = try reader.string("verdict")
    guard verdict == "pass" || verdict == "fail" else { throw reader.error("verdict", "pass or fail is expected here") }
    self.init(
      adapter: subject.name, version: try reader.string("version"), digest: subject.digest,
      harness: try reader.string("harness"), abi: try reader.string("abi"), ir: try reader.string("ir"),
      level: try reader.integer("level", in: 1...10),
      seeds: try reader.list("seeds", atMost: 64) { (json, path) throws(RecordError) in
        guard let seed: UInt64 = json.integer() else {
          throw RecordError(path: path, reason: "an integer of at most 64 bits is expected here")
        }
        return seed
      },
      corpora: try reader.list("corpora", atMost: 256) { (json, path) throws(RecordError) in
        let corpus = try RecordReader(json, path: path, keys: ["digest", "size"])
        return Corpus(digest: try corpus.digest("digest"), size: try corpus.integer("size", in: 0 ... .max))
      },
      passes: verdict == "pass",
      findings: try reader.list("findings", atMost: 1024) { (json, path) throws(RecordError) in
        let finding = try RecordReader(json, path: path, keys: ["check", "status"])
        let status = try finding.string("status")
        guard ConformanceCertificate.statuses.contains(status) else {
          throw finding.error(
            "status", "one of \(ConformanceCertificate.statuses.joined(separator: ", ")) is expected here")
        }
        return Finding(check: try finding.string("check"), status: status)
      },
      issued: try reader.integer("issued", in: 0 ... .max), expires: try reader.integer("expires", in: 0 ... .max))
    guard issued < expires else { throw reader.error("expires", "it ends before it begins") }
    // Two signatures over one run must be over one statement: numbers are written in one way only.
    guard statement.predicate == predicate else {
      throw RecordError(path: "predicate", reason: "it is not in its one encoding")
    }
  }

  // MARK: Checking

  /// What a certificate's file says of itself, whoever signed it: to find out which adapter it is about. Nothing of it is
  /// vouched for.
  package static func unverified(_ bytes: [UInt8]) throws(CertificateRefusal) -> (ConformanceCertificate, Envelope) {
    guard bytes.count <= Statement.largestSigned else {
      throw .malformed("it has \(bytes.count) bytes, more than \(Statement.largestSigned)")
    }
    let envelope: Envelope
    let statement: Statement
    do throws(EnvelopeError) {
      envelope = try Envelope(decoding: bytes)
      guard envelope.payloadType.utf8.elementsEqual(Envelope.statementType.utf8) else {
        throw EnvelopeError("its payload is “\(envelope.payloadType)”, not \(Envelope.statementType)")
      }
      statement = try Statement(decoding: envelope.payload)
    } catch {
      throw .malformed(error.reason)
    }
    return (try ConformanceCertificate(statement), envelope)
  }

  /// Checks a certificate's file from end to end: signature, signer, adapter, time, verdict and strictness, in this order.
  ///
  /// - Parameters:
  ///   - adapter: the digest of the very bytes that are loaded.
  ///   - trusted: whose certificates are taken.
  ///   - level: the least strictness.
  ///   - now: nanoseconds since 1970.
  package static func verify(
    _ bytes: [UInt8], adapter: Digest, trusted: [VerifierKey], level: Int, now: Int64
  ) throws(CertificateRefusal) -> ConformanceCertificate {
    let (certificate, envelope) = try unverified(bytes)
    do throws(EnvelopeError) {
      try envelope.verified(by: trusted)
    } catch {
      let isKnown = envelope.signatures.contains { signature in
        trusted.contains { $0.shortName.utf8.elementsEqual(signature.keyID.utf8) }
      }
      throw isKnown ? .forged(error.reason) : .unknownIdentity(error.reason)
    }
    guard certificate.digest == adapter else { throw .otherAdapter(certified: certificate.digest, loaded: adapter) }
    guard now < certificate.expires else { throw .expired(at: certificate.expires, now: now) }
    guard now >= certificate.issued else { throw .notYetValid(from: certificate.issued, now: now) }
    let against = certificate.findings.filter { ["fail", "crash", "timeout"].contains($0.status) }
    guard certificate.passes, !certificate.findings.isEmpty else {
      throw .failing(against.first.map { "\($0.check): \($0.status)" } ?? "its verdict is not pass")
    }
    guard certificate.level >= level else { throw .tooLenient(level: certificate.level, demanded: level) }
    return certificate
  }
}
