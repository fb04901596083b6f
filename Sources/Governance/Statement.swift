// SPDX-License-Identifier: Apache-2.0

package import ExecutionIR

/// A claim about artifacts that are named by digest (in-toto Statement v1).
package struct Statement: Equatable, Sendable {
  /// What the claim is about.
  package struct Subject: Equatable, Sendable {
    package let name: String
    package let digest: Digest

    package init(name: String, digest: Digest) {
      self.name = name
      self.digest = digest
    }
  }

  /// At least one.
  package let subjects: [Subject]
  /// A URI that tells how to read the predicate.
  package let predicateType: String
  package let predicate: JSON

  /// The `_type` of in-toto Statement v1.
  package static let type = "https://in-toto.io/Statement/v1"
  /// The most bytes that a signed statement, which is its envelope, may have.
  package static let largestSigned = 32_768

  package init(subjects: [Subject], predicateType: String, predicate: JSON) {
    self.subjects = subjects
    self.predicateType = predicateType
    self.predicate = predicate
  }

  /// The predicate type of this project's own kind of claim: `https://exprove.dev/<kind>/v1`.
  package static func predicateType(_ kind: String) -> String { "https://exprove.dev/\(kind)/v1" }

  package var json: JSON {
    .object([
      "_type": .string(Statement.type),
      "subject": .array(
        subjects.map {
          .object(["name": .string($0.name), "digest": .object(["sha256": .string($0.digest.description)])])
        }),
      "predicateType": .string(predicateType),
      "predicate": predicate,
    ])
  }

  /// The statement's one encoding: the payload of its envelope.
  package var encoded: [UInt8] { json.canonical }

  /// Reads a statement strictly: these members and no others, in the one encoding.
  package init(decoding bytes: [UInt8]) throws(EnvelopeError) {
    let json: JSON
    do throws(JSONError) { json = try JSON.parse(bytes) } catch {
      throw EnvelopeError("the statement is not JSON: \(error)")
    }
    guard let members = json.members, members.count == 4, let type = json["_type"]?.text,
      let list = json["subject"]?.elements, let predicateType = json["predicateType"]?.text,
      let predicate = json["predicate"]
    else { throw EnvelopeError("a statement has exactly _type, subject, predicateType and predicate") }
    guard type.utf8.elementsEqual(Statement.type.utf8) else {
      throw EnvelopeError("a statement of type \"\(type)\"; \(Statement.type) is read")
    }
    var subjects: [Subject] = []
    for item in list {
      guard item.members?.count == 2, let name = item["name"]?.text, let digests = item["digest"],
        digests.members?.count == 1, let digest = digests["sha256"]?.text.flatMap({ Digest(hexadecimal: $0) })
      else {
        throw EnvelopeError("a subject has exactly a name and a digest of 64 lower-case hexadecimal digits, sha256")
      }
      subjects.append(Subject(name: name, digest: digest))
    }
    self.init(subjects: subjects, predicateType: predicateType, predicate: predicate)
    try check()
    guard encoded == bytes else {
      throw EnvelopeError("the statement is not in its one encoding (RFC 8785: sorted keys, no white space)")
    }
  }

  /// Signs the statement; its envelope is at most `largestSigned` bytes.
  package func signed(by identity: Identity) throws(LedgerError) -> Envelope {
    do throws(EnvelopeError) { try check() } catch { throw .statement(error) }
    let envelope: Envelope
    do throws(IdentityError) { envelope = try Envelope(signing: encoded, by: identity) } catch {
      throw .identity(error)
    }
    let count = envelope.encoded.count
    guard count <= Statement.largestSigned else { throw .statementTooLarge(count) }
    return envelope
  }

  private func check() throws(EnvelopeError) {
    guard !subjects.isEmpty else { throw EnvelopeError("a statement names at least one subject") }
    guard subjects.allSatisfy({ !$0.name.isEmpty }) else { throw EnvelopeError("a subject has a name") }
    guard predicateType.utf8.starts(with: "https://".utf8) else {
      throw EnvelopeError("the predicate type \"\(predicateType)\" is no https URI")
    }
  }
}
