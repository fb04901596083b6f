// SPDX-License-Identifier: Apache-2.0

import Crypto
import ExecutionIR
import Foundation
import Synchronization
import UpdateFramework

/// A directory that is removed with the last one who holds it.
final class Scratch: Sendable {
  let path: String
  init() throws {
    path = FileManager.default.temporaryDirectory.path + "/exprove-updates-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }
  deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// The signer whose Ed25519 seed is `number` 32 times.
func signer(_ number: UInt8) throws -> MetadataSigner {
  let secret = try Curve25519.Signing.PrivateKey(rawRepresentation: [UInt8](repeating: number, count: 32))
  return MetadataSigner(key: MetadataKey(ed25519: Array(secret.publicKey.rawRepresentation))) {
    Array(try secret.signature(for: $0))
  }
}

/// A repository in memory, as its operator holds it: what is published, and the keys. Everything in `files` can be altered
/// afterwards, as an attacker would.
struct TestRepository {
  static let start: Int64 = 1_900_000_000

  var root: RootMetadata
  /// Numbers of the signers of each role.
  var signers: [TopRole: [UInt8]]
  /// Those who sign the next root besides its own.
  var earlierRootSigners: [UInt8] = []
  var targets: TargetsMetadata
  /// Delegated roles by name, with the numbers of their signers.
  var roles: [String: (body: TargetsMetadata, signers: [UInt8])] = [:]
  var snapshotVersion: Int64 = 1
  var timestampVersion: Int64 = 1
  var listsHashes = true
  var files: [String: [UInt8]] = [:]

  static let later = MetadataTime(seconds: start + 1_000_000)

  /// Root of keys 1 and 2, both needed; timestamp 3, snapshot 4, targets 5; the vendor `acme` with key 6.
  init() throws {
    signers = [.root: [1, 2], .timestamp: [3], .snapshot: [4], .targets: [5]]
    root = RootMetadata(version: 1, expires: TestRepository.later, keys: [:], roles: [:])
    targets = TargetsMetadata(version: 1, expires: TestRepository.later)
    targets.delegations = Delegations(keys: [:], roles: [])
    try setRootKeys()
    try delegate("acme", to: [6], paths: ["acme/*/*/*"])
    try add("acme/itch/1.0.0/linux-x86_64.so", Array("library".utf8), role: "acme")
  }

  static func keys(_ numbers: [UInt8], threshold: Int? = nil) throws -> RoleKeys {
    let keyIDs = try numbers.map { try signer($0).key.keyID }
    guard let keys = RoleKeys(keyIDs: keyIDs, threshold: threshold ?? numbers.count) else {
      throw CocoaError(.coderInvalidValue)
    }
    return keys
  }

  /// Puts the keys of `signers` into root.
  mutating func setRootKeys() throws {
    root.keys = [:]
    for (role, numbers) in signers {
      root.roles[role] = try TestRepository.keys(numbers)
      for number in numbers {
        let key = try signer(number).key
        root.keys[key.keyID] = key
      }
    }
  }

  mutating func delegate(
    _ name: String, to numbers: [UInt8], paths: [String], isTerminating: Bool = true, threshold: Int? = nil
  ) throws {
    var delegations = targets.delegations ?? Delegations(keys: [:], roles: [])
    for number in numbers {
      let key = try signer(number).key
      delegations.keys[key.keyID] = key
    }
    delegations.roles.append(
      DelegatedRole(
        name: name, keys: try TestRepository.keys(numbers, threshold: threshold), isTerminating: isTerminating,
        paths: .patterns(paths)))
    targets.delegations = delegations
    roles[name] = (TargetsMetadata(version: 1, expires: TestRepository.later), numbers)
  }

  mutating func add(_ path: String, _ bytes: [UInt8], role: String) throws {
    let file = TargetFile(length: Int64(bytes.count), sha256: Digest(of: bytes))
    roles[role]?.body.targets[path] = file
    files[RepositoryPath.target(path, sha256: root.consistentSnapshot ? file.sha256 : nil)] = bytes
  }

  static func sign(_ body: some MetadataBody, _ numbers: [UInt8]) throws -> [UInt8] {
    try SignedMetadata.sign(body, by: try numbers.map(signer))
  }

  /// Writes and signs all metadata as they stand.
  mutating func publish() throws {
    let consistent = root.consistentSnapshot
    let rootSigners = signers[.root, default: []]
    let others = earlierRootSigners.filter { !rootSigners.contains($0) }
    files[RepositoryPath.metadata("root", version: root.version)] = try TestRepository.sign(root, rootSigners + others)
    var listed: [String: MetadataFile] = [:]
    func entry(_ version: Int64, _ bytes: [UInt8]) -> MetadataFile {
      listsHashes ? MetadataFile(version: version, of: bytes) : MetadataFile(version: version)
    }
    let top = try TestRepository.sign(targets, signers[.targets, default: []])
    files[RepositoryPath.metadata("targets", version: consistent ? targets.version : nil)] = top
    listed["targets.json"] = entry(targets.version, top)
    for (name, role) in roles {
      let bytes = try TestRepository.sign(role.body, role.signers)
      files[RepositoryPath.metadata(name, version: consistent ? role.body.version : nil)] = bytes
      listed[name + ".json"] = entry(role.body.version, bytes)
    }
    try publish(snapshot: listed)
  }

  mutating func publish(snapshot listed: [String: MetadataFile]) throws {
    let snapshot = SnapshotMetadata(version: snapshotVersion, expires: TestRepository.later, files: listed)
    let bytes = try TestRepository.sign(snapshot, signers[.snapshot, default: []])
    files[RepositoryPath.metadata("snapshot", version: root.consistentSnapshot ? snapshotVersion : nil)] = bytes
    try publish(
      timestamp: listsHashes
        ? MetadataFile(version: snapshotVersion, of: bytes) : MetadataFile(version: snapshotVersion))
  }

  mutating func publish(timestamp snapshot: MetadataFile, expires: MetadataTime = later) throws {
    files["metadata/timestamp.json"] = try TestRepository.sign(
      TimestampMetadata(version: timestampVersion, expires: expires, snapshot: snapshot),
      signers[.timestamp, default: []])
  }

  /// The next version of what changes with every publication.
  mutating func advance() throws {
    snapshotVersion += 1
    timestampVersion += 1
    try publish()
  }

  /// The next version of root, signed by the last one's keys and by its own.
  mutating func rotate(_ change: (inout TestRepository) throws -> Void) throws {
    earlierRootSigners = signers[.root, default: []]
    root.version += 1
    try change(&self)
    try setRootKeys()
  }

  var rootFile: [UInt8] { files["metadata/1.root.json"] ?? [] }
}

/// A source over files in memory that counts what is read.
final class MemorySource: RepositorySource {
  let name = "memory"
  struct State: Sendable {
    var files: [String: [UInt8]]
    var read: [String] = []
    /// Downloads end after so many bytes.
    var breaksAfter: Int?
    /// Whether downloads can begin elsewhere than at the beginning.
    var resumes = true
    var pieceSize = 7
  }
  let state: Mutex<State>

  init(_ files: [String: [UInt8]]) { state = Mutex(State(files: files)) }

  var files: [String: [UInt8]] {
    get { state.withLock { $0.files } }
    set { state.withLock { $0.files = newValue } }
  }

  /// What was read since the last call.
  func takeRead() -> [String] {
    state.withLock { state in
      defer { state.read = [] }
      return state.read
    }
  }

  func read(_ path: String, limit: Int) throws(SourceError) -> [UInt8] {
    let bytes = state.withLock { state in
      state.read.append(path)
      return state.files[path]
    }
    guard let bytes else { throw .missing(path) }
    guard bytes.count <= limit else { throw .tooLarge(path, limit: limit) }
    return bytes
  }

  func download(
    _ path: String, from offset: Int, limit: Int, take: (_ piece: [UInt8], _ offset: Int) throws(SourceError) -> Void
  ) throws(SourceError) {
    let state = state.withLock { state in
      state.read.append(path)
      return state
    }
    guard let bytes = state.files[path] else { throw .missing(path) }
    var at = state.resumes && offset <= bytes.count ? offset : 0
    let end = min(bytes.count, at + (state.breaksAfter ?? .max - at))
    while at < end {
      let piece = Array(bytes[at..<min(at + state.pieceSize, end)])
      try take(piece, at)
      at += piece.count
    }
    if end < bytes.count { throw .broken(path, reason: "the connection ended") }
  }
}

/// A client of a repository in memory.
struct TestClient {
  let scratch: Scratch
  let source: MemorySource
  var directory: String { scratch.path + "/client" }

  init(_ repository: TestRepository) throws {
    scratch = try Scratch()
    source = MemorySource(repository.files)
    try UpdateClient.begin(directory: directory, root: repository.rootFile)
  }

  func client(at seconds: Int64 = 0, limits: UpdateLimits = .init(), stepsLeft: Int? = nil) throws -> UpdateClient {
    try UpdateClient(
      directory: directory, source: source, now: MetadataTime(seconds: TestRepository.start + seconds), limits: limits,
      stepsLeft: stepsLeft)
  }

  @discardableResult
  func refresh(at seconds: Int64 = 0, limits: UpdateLimits = .init()) throws -> RefreshReport {
    var client = try client(at: seconds, limits: limits)
    return try client.refresh()
  }

  /// What a refresh from `repository` is refused for; nil when it succeeds.
  func refusal(_ repository: TestRepository, at seconds: Int64 = 0) throws -> UpdateError? {
    source.files = repository.files
    var client = try client(at: seconds)
    do {
      _ = try client.refresh()
      return nil
    } catch {
      return error
    }
  }
}
