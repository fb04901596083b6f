// SPDX-License-Identifier: Apache-2.0

internal import DurableFiles
package import ExecutionIR

/// What is installed here, as a host asks before it loads anything.
package struct InstalledAdapters: Sendable {
  let store: AdapterStore
  private let lock: AdapterLock
  private let revocations: KnownRevocations
  /// Of the file of revocations when it was read.
  private let stamp: Files.Stamp?

  /// Reads a store; nil where there is none.
  package static func open(home: String) throws(StoreError) -> InstalledAdapters? {
    let store = AdapterStore(home: home)
    guard let bytes = try store.read(store.lockPath, limit: AdapterLock.largest) else { return nil }
    let lock = try AdapterLock(decoding: bytes, path: store.lockPath)
    return try InstalledAdapters(store: store, lock: lock)
  }

  private init(store: AdapterStore, lock: AdapterLock) throws(StoreError) {
    self.store = store
    self.lock = lock
    // Before reading, so that a change in between is seen the next time.
    stamp = Files.stamp(store.revocationsPath)
    revocations = try store.revocations()
  }

  /// Sorted by name.
  package var all: [LockedAdapter] { lock.adapters }

  /// As the lock has it.
  package func adapter(_ name: AdapterName) -> LockedAdapter? { lock.adapter(name) }

  package func path(of adapter: LockedAdapter) -> String { store.path(ofLibrary: adapter.digest) }

  /// Where its conformance certificate lies.
  package func certificatePath(of adapter: LockedAdapter) -> String {
    store.path(ofCertificate: adapter.certificate)
  }

  /// Throws unless `digest`, that of the bytes which were read, is that of the lock.
  package func check(_ adapter: LockedAdapter, digest: Digest) throws(StoreError) {
    guard digest == adapter.digest else {
      throw .altered(path: path(of: adapter), expected: adapter.digest, found: digest)
    }
  }

  /// Why these bytes must not load; nil when nobody is known to have revoked them.
  package func revocation(of digest: Digest) -> Revocation? { revocations.revocation(of: digest) }

  /// When the revocations of its repository were last known to be fresh; nil when they never were.
  package func knowledge(of adapter: LockedAdapter) -> Knowledge? { revocations.knowledge(of: adapter.repository) }

  /// The same adapters with the revocations that are known by now; cheap where none came. A run in progress asks so.
  package func rereadRevocations() throws(StoreError) -> InstalledAdapters {
    guard Files.stamp(store.revocationsPath) != stamp else { return self }
    return try InstalledAdapters(store: store, lock: lock)
  }
}
