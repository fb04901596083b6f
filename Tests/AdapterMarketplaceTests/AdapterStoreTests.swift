// SPDX-License-Identifier: Apache-2.0

import AdapterMarketplace
import DurableFiles
import ExecutionIR
import Governance
import Testing

/// A directory that ends with the test.
final class ScratchStore {
  let path: String

  init(_ name: String = #function) throws {
    let temporary = "/tmp"
    let parts = name.utf8.filter { ($0 | 32) >= 97 && ($0 | 32) <= 122 }
    path = "\(temporary)/exprove-store-\(String(decoding: parts, as: UTF8.self))-\(UInt32.random(in: 0 ... .max))"
    try Files.makeDirectory(path)
  }

  deinit {
    for entry in ((try? Files.tree(path)) ?? []).reversed() where entry.kind != .directory {
      try? Files.remove(path + "/" + entry.path)
    }
  }
}

@Suite struct AdapterStoreTests {
  @Test func isAbsentBeforeTheFirstInstall() throws {
    let scratch = try ScratchStore()
    #expect(try InstalledAdapters.open(home: scratch.path + "/none") == nil)
    #expect(try AdapterStore(home: scratch.path).lock() == AdapterLock())
    #expect(try AdapterStore(home: scratch.path).repositories().isEmpty)
  }

  @Test func showsWhatWasCommitted() throws {
    let scratch = try ScratchStore()
    let store = AdapterStore(home: scratch.path)
    let adapter = try locked("acme/itch")
    do {
      var change = try store.change(as: "test")
      change.lock.put(adapter)
      #expect(try InstalledAdapters.open(home: scratch.path) == nil)
      try change.commit()
    }
    let installed = try #require(try InstalledAdapters.open(home: scratch.path))
    #expect(installed.adapter(adapter.name) == adapter)
    #expect(installed.path(of: adapter) == "\(scratch.path)/files/\(adapter.digest).so")
    try installed.check(adapter, digest: adapter.digest)
    let other = Digest(of: [1])
    do throws(StoreError) {
      try installed.check(adapter, digest: other)
      Issue.record("other bytes were taken")
    } catch {
      #expect(error.description.contains("\(other)") && error.description.contains("install it again"))
    }
  }

  @Test func oneChangesAtATime() throws {
    let scratch = try ScratchStore()
    let store = AdapterStore(home: scratch.path)
    do {
      let change = try store.change(as: "exprove adapter install")
      var told: [String] = []
      do throws(StoreError) {
        _ = try store.change(as: "second", patience: 0) { told.append($0) }
        Issue.record("two change it at once")
      } catch {
        #expect(error.description.contains("(exprove adapter install)"), "\(error)")
      }
      #expect(told.count == 1)
      #expect(change.lock == change.committed)
    }
    _ = try store.change(as: "third", patience: 0)
  }

  /// What a repository says may be absurd; a lock file that could not be read again would be worse.
  @Test func refusesToWriteWhatItCouldNotRead() throws {
    let scratch = try ScratchStore()
    let store = AdapterStore(home: scratch.path)
    var change = try store.change(as: "test")
    let good = try locked("acme/itch")
    change.lock.put(good)
    try change.commit()
    let keys = (0..<1025).map { "key-\($0)" }
    for (keys, size) in [(keys, 5), (["ab"], JSON.largestInteger + 1)] as [([String], Int64)] {
      change.lock.put(
        LockedAdapter(
          name: good.name, version: good.version, platform: good.platform, digest: good.digest, length: 10,
          certificate: good.certificate, repository: "main",
          voucher: .init(role: "acme", keys: keys, threshold: 1, version: 3),
          log: .init(key: "k", index: 2, size: size), isPinned: false, range: .any, installed: 5,
          minimumABI: good.minimumABI, maximumABI: good.maximumABI))
      #expect(throws: StoreError.self) { try change.commit() }
      #expect(try store.lock().adapters == [good])
    }
  }

  /// What neither the state before nor the new one names goes; what a reader of the state before needs stays.
  @Test func sweepsWhatNobodyNames() throws {
    let scratch = try ScratchStore()
    let store = AdapterStore(home: scratch.path)
    var change = try store.change(as: "test")
    let versions = try ["1.2.0", "1.2.1", "1.2.2"].map { try locked("acme/itch", $0) }
    for adapter in versions {
      try Files.writeDurably([1], to: store.path(ofLibrary: adapter.digest))
      try Files.writeDurably([1], to: store.path(ofProof: adapter.publication))
    }
    try Files.writeDurably([1], to: store.path(ofLibrary: versions[0].digest) + ".part")
    change.lock.put(versions[0])
    try change.commit()
    #expect(!Files.exists(store.path(ofLibrary: versions[1].digest)))
    #expect(!Files.exists(store.path(ofLibrary: versions[0].digest) + ".part"))
    try Files.writeDurably([1], to: store.path(ofLibrary: versions[1].digest))
    change.lock.put(versions[1])
    try change.commit()
    #expect(Files.exists(store.path(ofLibrary: versions[0].digest)))
    try Files.writeDurably([1], to: store.path(ofLibrary: versions[2].digest))
    change.lock.put(versions[2])
    try change.commit()
    #expect(!Files.exists(store.path(ofLibrary: versions[0].digest)))
    #expect(!Files.exists(store.path(ofProof: versions[0].publication)))
    #expect(Files.exists(store.path(ofLibrary: versions[1].digest)))
  }

  @Test func aLinkInPlaceOfTheLockIsRefused() throws {
    let scratch = try ScratchStore()
    try Files.makeDirectory(scratch.path + "/adapters.lock")
    #expect(throws: StoreError.self) { try InstalledAdapters.open(home: scratch.path) }
  }
}

@Suite struct KnownRevocationsTests {
  private func revocation(_ byte: UInt8, _ repository: String, _ source: Revocation.Source) -> Revocation {
    Revocation(
      digest: Digest(of: [byte]), target: "acme/itch/1.2.0/linux-x86_64.so", reason: "a \"hole\"\n", at: 5,
      repository: repository, source: source)
  }

  @Test func readsWhatItWritesAndOnlyGrows() throws {
    var known = KnownRevocations()
    for entry in [(3, "main", .vendor), (1, "main", .operator), (1, "alt", .vendor)]
      as [(UInt8, String, Revocation.Source)]
    {
      known.add(revocation(entry.0, entry.1, entry.2))
    }
    known.note("main", Knowledge(refreshed: 100, timestamp: 7))
    let again = known
    known.add(revocation(1, "main", .operator))
    #expect(known == again)
    #expect(try KnownRevocations(decoding: known.encoded, path: "revoked.json") == known)
    #expect(known.all.count == 3)
    #expect(known.revocation(of: Digest(of: [1]))?.repository == "alt")
    #expect(known.revocation(of: Digest(of: [2])) == nil)
    #expect(known.knowledge(of: "main") == Knowledge(refreshed: 100, timestamp: 7))
    #expect(known.knowledge(of: "alt") == nil)
  }

  @Test func isReadAgainOnlyWhenItChanged() throws {
    let scratch = try ScratchStore()
    let store = AdapterStore(home: scratch.path)
    var change = try store.change(as: "test")
    let adapter = try locked("acme/itch", bytes: "x")
    change.lock.put(adapter)
    try change.commit()
    let installed = try #require(try InstalledAdapters.open(home: scratch.path))
    #expect(installed.revocation(of: adapter.digest) == nil)
    #expect(try installed.rereadRevocations().revocation(of: adapter.digest) == nil)
    var known = KnownRevocations()
    known.add(
      Revocation(
        digest: adapter.digest, target: adapter.path.library, reason: "hole", at: 9, repository: "main", source: .vendor
      ))
    known.note("main", Knowledge(refreshed: 10, timestamp: 2))
    try change.write(known)
    let later = try installed.rereadRevocations()
    #expect(later.revocation(of: adapter.digest)?.reason == "hole")
    #expect(later.knowledge(of: adapter) == Knowledge(refreshed: 10, timestamp: 2))
  }
}
