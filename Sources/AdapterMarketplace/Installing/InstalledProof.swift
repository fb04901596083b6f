// SPDX-License-Identifier: Apache-2.0

package import TransparencyLog

extension InstalledAdapters {
  /// Throws unless the proof that lies beside the adapter leads to a log of one of `keys`: evidence that the marketplace
  /// published these very bytes under this name, whatever the lock file says.
  package func prove(_ adapter: LockedAdapter, by keys: [VerifierKey]) throws(StoreError) {
    let path = store.path(ofProof: adapter.publication)
    guard let bytes = try store.read(path, limit: 1 << 16) else {
      throw .missing(
        "\(path): there is no proof of its publication; install it again from a marketplace that keeps a log")
    }
    do throws(NoteError) {
      _ = try LogProof(parsing: bytes).verify(leaf: adapter.publication.leaf, keys: keys)
    } catch {
      throw .malformed(path: path, reason: error.description)
    }
  }
}
