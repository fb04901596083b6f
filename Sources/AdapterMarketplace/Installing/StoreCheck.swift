// SPDX-License-Identifier: Apache-2.0

internal import DurableFiles
internal import ExecutionIR
internal import Governance
internal import TransparencyLog

extension AdapterStore {
  /// The digest of a file that is read piece by piece; nil where there is none, or more than `limit` bytes.
  func digest(ofFile path: String, limit: Int64) throws(StoreError) -> Digest? {
    do throws(FileError) {
      let file = try OpenFile.regular(path)
      let size = try file.size()
      guard Int64(size) <= limit else { return nil }
      var at = 0
      return try Digest { () throws(FileError) -> [UInt8]? in
        let piece = try file.read(at: at, count: min(1 << 20, size - at))
        at += piece.count
        return piece.isEmpty ? nil : piece
      }
    } catch {
      if error.isMissing { return nil }
      throw .file(error)
    }
  }

  /// What is wrong with an installed adapter: its bytes, its certificate, its proof of publication, or that it was revoked.
  /// Empty when all holds as it did when it was installed. Reads nothing but this store.
  package func problems(of adapter: LockedAdapter, revocations: KnownRevocations) -> [String] {
    var problems: [String] = []
    if let revoked = revocations.revocation(of: adapter.digest) {
      problems.append(
        "it was revoked by the \(revoked.source.rawValue) of \(revoked.repository): \(revoked.reason); it never loads again: "
          + "exprove adapter upgrade \(adapter.name), or remove it")
    }
    if let problem = problem(ofLibrary: adapter) { problems.append(problem) }
    if let problem = problem(ofCertificate: adapter) { problems.append(problem) }
    if let problem = problem(ofProof: adapter) { problems.append(problem) }
    return problems
  }

  private func problem(ofLibrary adapter: LockedAdapter) -> String? {
    do throws(StoreError) {
      try checkLibrary(adapter)
      return nil
    } catch {
      return error.description
    }
  }

  private func checkLibrary(_ adapter: LockedAdapter) throws(StoreError) {
    let path = path(ofLibrary: adapter.digest)
    guard let found = try digest(ofFile: path, limit: Installation.largestLibrary) else { throw gone(path, adapter) }
    guard found == adapter.digest else { throw .altered(path: path, expected: adapter.digest, found: found) }
  }

  private func problem(ofCertificate adapter: LockedAdapter) -> String? {
    do throws(StoreError) {
      try checkCertificate(adapter)
      return nil
    } catch {
      return error.description
    }
  }

  private func checkCertificate(_ adapter: LockedAdapter) throws(StoreError) {
    let path = path(ofCertificate: adapter.certificate)
    guard let bytes = try read(path, limit: Installation.largestCertificate) else { throw gone(path, adapter) }
    let found = Digest(of: bytes)
    guard found == adapter.certificate else { throw .altered(path: path, expected: adapter.certificate, found: found) }
    do throws(CertificateRefusal) {
      let (certificate, _) = try ConformanceCertificate.unverified(bytes)
      guard certificate.digest == adapter.digest else {
        throw .otherAdapter(certified: certificate.digest, loaded: adapter.digest)
      }
    } catch {
      throw .malformed(path: path, reason: "the certificate \(error)")
    }
  }

  private func problem(ofProof adapter: LockedAdapter) -> String? {
    do throws(StoreError) {
      try checkProof(adapter)
      return nil
    } catch {
      return error.description
    }
  }

  private func checkProof(_ adapter: LockedAdapter) throws(StoreError) {
    guard let position = adapter.log else { return }
    let path = path(ofProof: adapter.publication)
    guard let bytes = try read(path, limit: Installation.largestProof) else { throw gone(path, adapter) }
    do throws(NoteError) {
      let key = try VerifierKey(parsing: position.key)
      let proof = try LogProof(parsing: bytes)
      let checkpoint = try proof.verify(leaf: adapter.publication.leaf, keys: [key])
      guard Int64(exactly: proof.index) == position.index, checkpoint.origin.utf8.elementsEqual(key.name.utf8) else {
        throw NoteError(offset: 0, reason: "it is of another place in the log than the lock says")
      }
    } catch {
      throw .malformed(path: path, reason: "the proof of publication does not hold: \(error.reason)")
    }
  }

  private func gone(_ path: String, _ adapter: LockedAdapter) -> StoreError {
    .missing(
      "\(path): it is gone, but \(adapter.name) is installed; install it again: exprove adapter install \(adapter.name)@\(adapter.version)"
    )
  }
}
