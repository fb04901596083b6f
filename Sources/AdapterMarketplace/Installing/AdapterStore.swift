// SPDX-License-Identifier: Apache-2.0

internal import DurableFiles
package import ExecutionIR
private import Glibc

/// The directory in which adapters are installed:
///
///     adapters.lock                     what is installed: the one state
///     files/<sha256>.so                 the adapters, by digest; what the lock does not name may go
///     files/<sha256>.certificate        their conformance certificates, by their own digest
///     files/<sha256>.proof              the log's proofs, by the digest of the leaf
///     repositories/<name>/              what is known of a repository
///     revoked.json                      revocations of all repositories, and how fresh that knowledge is
///     store.lock                        held by whoever changes anything
package struct AdapterStore: Sendable {
  package let home: String

  package init(home: String) { self.home = home }

  var lockPath: String { home + "/adapters.lock" }
  var revocationsPath: String { home + "/revoked.json" }
  var filesPath: String { home + "/files" }
  var repositoriesPath: String { home + "/repositories" }

  package func path(ofLibrary digest: Digest) -> String { "\(filesPath)/\(digest).so" }
  package func path(ofCertificate digest: Digest) -> String { "\(filesPath)/\(digest).certificate" }
  package func path(ofProof publication: Publication) -> String {
    "\(filesPath)/\(Digest(of: publication.leaf)).proof"
  }
  package func path(ofCatalog repository: String) -> String { path(ofRepository: repository) + "/catalog.jsonl" }
  func path(ofRepository name: String) -> String { "\(repositoriesPath)/\(name)" }

  // MARK: Reading

  /// What is installed; nothing where there is no store yet.
  package func lock() throws(StoreError) -> AdapterLock {
    guard let bytes = try read(lockPath, limit: AdapterLock.largest) else { return AdapterLock() }
    return try AdapterLock(decoding: bytes, path: lockPath)
  }

  package func revocations() throws(StoreError) -> KnownRevocations {
    guard let bytes = try read(revocationsPath, limit: KnownRevocations.largest) else { return KnownRevocations() }
    return try KnownRevocations(decoding: bytes, path: revocationsPath)
  }

  /// The repositories, in the order in which they are asked.
  package func repositories() throws(StoreError) -> [KnownRepository] {
    guard Files.isDirectory(repositoriesPath) else { return [] }
    let directory = repositoriesPath
    var found: [KnownRepository] = []
    for name in try StoreError.wrap({ () throws(FileError) in try Files.names(in: directory) })
    where KnownRepository.isName(name) {
      if let repository = try repository(name) { found.append(repository) }
    }
    return found.sorted(by: KnownRepository.isAskedBefore)
  }

  /// A repository by its name here; nil where there is none, or none that was added to its end.
  package func repository(_ name: String) throws(StoreError) -> KnownRepository? {
    let path = path(ofRepository: name) + "/repository.json"
    guard KnownRepository.isName(name), let bytes = try read(path, limit: KnownRepository.largest) else { return nil }
    return try KnownRepository(decoding: bytes, name: name, path: path)
  }

  /// Nil where there is no such file.
  func read(_ path: String, limit: Int) throws(StoreError) -> [UInt8]? {
    do throws(FileError) { return try Files.readRegular(path, limit: limit) } catch {
      if error.isMissing { return nil }
      throw .file(error)
    }
  }

  // MARK: Changing

  /// The right to change the store; whoever holds it already is waited for.
  ///
  /// - Parameters:
  ///   - purpose: what others are told who wait, such as the command's name
  ///   - patience: how long another process is waited for, in seconds
  ///   - waiting: told once who is in the way
  package func change(
    as purpose: String, patience: Int = 30, waiting: (String) -> Void = { _ in }
  ) throws(StoreError) -> StoreChange {
    let directories = [home, filesPath, repositoriesPath]
    let path = home + "/store.lock"
    let file = try StoreError.wrap { () throws(FileError) in
      for directory in directories { try Files.makeDirectory(directory, mode: 0o700) }
      return try OpenFile(path, flags: O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, mode: 0o600)
    }
    var tries = 0
    while try !StoreError.wrap({ () throws(FileError) in try file.lock() }) {
      let holder = try? file.read(at: 0, count: 256)
      let name = String(decoding: (holder ?? []).prefix { $0 >= 32 && $0 < 127 }, as: UTF8.self)
      let text = name.isEmpty ? "another process" : name
      if tries == 0 { waiting("\(path): waits for \(text)") }
      guard tries < patience * 20 else { throw .inUse(path: path, by: text) }
      tries += 1
      usleep(50_000)
    }
    try StoreError.wrap { () throws(FileError) in
      try file.truncate(to: 0)
      try file.write(Array("process \(getpid()) (\(purpose))\n".utf8), at: 0)
    }
    return StoreChange(store: self, lock: try lock(), file: file)
  }
}

/// The right to change a store, held until this value ends. Nothing is installed, removed or bound before `commit`.
package struct StoreChange: ~Copyable {
  package let store: AdapterStore
  /// What will be installed.
  package var lock: AdapterLock
  /// What is.
  package private(set) var committed: AdapterLock
  private let file: OpenFile

  fileprivate init(store: AdapterStore, lock: AdapterLock, file: consuming OpenFile) {
    self.store = store
    self.lock = lock
    committed = lock
    self.file = file
  }

  /// Makes `lock` the state of the store by one rename. Files that neither it nor the state before names go; a process that
  /// has read the state before still finds its own.
  package mutating func commit() throws(StoreError) {
    guard lock != committed else { return }
    // First, since on a full disk it makes the room that the lock file needs.
    try sweep(keeping: committed.adapters + lock.adapters)
    let path = store.lockPath
    let bytes = lock.encoded
    guard bytes.count <= AdapterLock.largest else {
      throw .refused("\(path): no more adapters fit into the lock file; remove some")
    }
    // Some of it comes from repositories: what would not be read again must not be written.
    guard (try? AdapterLock(decoding: bytes, path: path)) == lock else {
      throw .refused(
        "\(path): what a repository says of an adapter does not fit into the lock file; nothing is changed")
    }
    try StoreError.wrap { () throws(FileError) in try Files.writeDurably(bytes, to: path, mode: 0o600) }
    committed = lock
  }

  private func sweep(keeping adapters: [LockedAdapter]) throws(StoreError) {
    var kept: Set<String> = []
    for adapter in adapters {
      kept.insert(store.path(ofLibrary: adapter.digest))
      kept.insert(store.path(ofCertificate: adapter.certificate))
      kept.insert(store.path(ofProof: adapter.publication))
    }
    let directory = store.filesPath
    try StoreError.wrap { () throws(FileError) in
      for name in try Files.names(in: directory) where !kept.contains("\(directory)/\(name)") {
        try Files.remove("\(directory)/\(name)")
      }
    }
  }

  /// Replaces what is known to be revoked.
  package func write(_ revocations: KnownRevocations) throws(StoreError) {
    let path = store.revocationsPath
    let bytes = revocations.encoded
    guard bytes.count <= KnownRevocations.largest else {
      throw .refused("\(path): more revocations than \(KnownRevocations.largest) bytes hold; remove repositories")
    }
    try StoreError.wrap { () throws(FileError) in try Files.writeDurably(bytes, to: path, mode: 0o600) }
  }
}
