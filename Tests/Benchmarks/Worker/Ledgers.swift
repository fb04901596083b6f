// SPDX-License-Identifier: Apache-2.0

internal import BenchmarkLimits
internal import DurableFiles
internal import ExecutionIR
internal import Glibc
internal import Governance
internal import TransparencyLog

/// How a ledger's pass goes: entries, with a signed and durable checkpoint over each full bundle. The wall's time counts,
/// because most of it is waiting for the disk.
struct LedgerWork {
  static let origin = "benchmark"
  static let checkpoints = 40
  /// A bundle's worth between two checkpoints.
  static let entries = 256

  /// Whether each entry is a statement that is encoded, signed and wrapped, or bytes as they are.
  let signsEntries: Bool
  let identity: Identity
  let leaves: [[UInt8]]
  let statements: [Statement]

  init(signsEntries: Bool) throws {
    self.signsEntries = signsEntries
    identity = try Identity.ephemeral(name: LedgerWork.origin)
    let count = LedgerWork.entries * LedgerWork.checkpoints
    let statements = (0..<(signsEntries ? count : 0)).map(LedgerWork.statement)
    self.statements = statements
    let identity = identity
    leaves =
      try signsEntries
      ? statements.map { try $0.signed(by: identity).encoded }
      : (0..<count).map { index in (0..<1024).map { UInt8(truncatingIfNeeded: index &* 31 &+ $0) } }
  }

  /// About as long as a decision.
  private static func statement(_ index: Int) -> Statement {
    let text = String(repeating: "0123456789abcdef", count: 24)
    return Statement(
      subjects: [Statement.Subject(name: "entry-\(index)", digest: Digest(of: Array(text.utf8)))],
      predicateType: Statement.predicateType(LedgerWork.origin),
      predicate: .object(["index": .integer(Int64(index)), "text": .string(text)]))
  }

  /// Writes the whole log into a new directory and returns its size.
  func write(into directory: String) throws -> UInt64 {
    signsEntries ? try writeStatements(directory) : try writeLeaves(directory)
  }

  private func writeStatements(_ directory: String) throws -> UInt64 {
    var ledger = try AuditLedger(directory: directory, origin: LedgerWork.origin, identity: identity)
    for (index, statement) in statements.enumerated() {
      try ledger.append(statement)
      if index % LedgerWork.entries == LedgerWork.entries - 1 { try ledger.publish() }
    }
    return ledger.published.size
  }

  private func writeLeaves(_ directory: String) throws -> UInt64 {
    let sign: CheckpointSigner = { [identity] (body) throws(LogError) in
      do throws(IdentityError) { return [try identity.noteSignature(over: body, origin: LedgerWork.origin)] } catch {
        throw .signing(error.description)
      }
    }
    var log = try LogWriter.create(
      directory: directory, origin: LedgerWork.origin, verifier: identity.verifier(ofLog: LedgerWork.origin), sign: sign
    )
    for (index, leaf) in leaves.enumerated() {
      try log.append(leaf)
      if index % LedgerWork.entries == LedgerWork.entries - 1 { try log.publish(sign: sign) }
    }
    return log.published.size
  }
}

/// The ledger as a run writes it.
final class LedgerAppend: Contestant {
  private let work: LedgerWork
  private let directory: String
  private var passes = 0

  init(_ directory: String, signsEntries: Bool) throws {
    self.directory = directory
    work = try LedgerWork(signsEntries: signsEntries)
  }

  func pass() throws -> Pass {
    passes += 1
    let start = limits_wall_time()
    let size = try work.write(into: "\(directory)/ledger-\(work.signsEntries)-\(passes)")
    return Pass(units: work.leaves.count, nanoseconds: limits_wall_time() - start, answer: "\(size) entries")
  }
}

/// What cannot be left out: the hashes of the tree, the signatures, the bytes, and a sync before each checkpoint counts.
final class LedgerLimit: Contestant {
  private let work: LedgerWork
  private let directory: String
  /// By checkpoint.
  private let syncs: UInt64
  private var passes = 0

  /// With `sameSyncs` there are as many as the ledger makes, which is counted first; else one for a checkpoint.
  init(_ directory: String, signsEntries: Bool, sameSyncs: Bool) throws {
    self.directory = directory
    work = try LedgerWork(signsEntries: signsEntries)
    guard sameSyncs else {
      syncs = 1
      return
    }
    let before = limits_syncs()
    _ = try work.write(into: "\(directory)/ledger-\(signsEntries)-counted")
    syncs = (limits_syncs() - before) / UInt64(LedgerWork.checkpoints)
  }

  func pass() throws -> Pass {
    passes += 1
    let path = "\(directory)/limit-\(work.signsEntries)-\(syncs)-\(passes)"
    let start = limits_wall_time()
    let file = try OpenFile(path, flags: O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC)
    var end = 0
    for first in stride(from: 0, to: work.leaves.count, by: LedgerWork.entries) {
      let bundle = work.leaves[first..<first + LedgerWork.entries]
      let hashes = try hash(bundle)
      for bytes in [Array(bundle.joined())] + Array(repeating: hashes, count: Int(syncs) - 1) {
        try file.write(bytes, at: end)
        end += bytes.count
        try file.sync()
      }
    }
    return Pass(
      units: work.leaves.count, nanoseconds: limits_wall_time() - start, answer: "\(work.leaves.count) entries")
  }

  /// A leaf's hash and an inner node's for each entry, a signature for each where the ledger has one, and one more.
  private func hash(_ bundle: ArraySlice<[UInt8]>) throws -> [UInt8] {
    let node = [UInt8](repeating: 1, count: 65)
    var last = Digest(of: node)
    for leaf in bundle {
      last = Digest(of: leaf)
      _ = Digest(of: node)
      if work.signsEntries { _ = try work.identity.sign(leaf) }
    }
    return try work.identity.sign(last.bytes)
  }
}
