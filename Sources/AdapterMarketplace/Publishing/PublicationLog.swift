// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR
internal import Governance
internal import TransparencyLog

/// The log of a repository: every library that it ever listed is a leaf. It lies in `log/`.
struct PublicationLog {
  let directory: String
  /// The key of its checkpoints, which root metadata name; its name is the log's origin.
  let verifier: VerifierKey

  var reader: LogReader { LogReader(directory: directory, verifiers: [verifier]) }

  /// Begins the log, or takes up one that was begun.
  func create(by identity: Identity) throws(MarketError) {
    if LogReader.statedOrigin(directory: directory) != nil {
      _ = try MarketError.log { () throws(LogError) in try reader.checkpoint() }
      return
    }
    _ = try MarketError.log { () throws(LogError) in
      try LogWriter.create(
        directory: directory, origin: verifier.name, verifier: verifier, sign: signer(identity))
    }
  }

  /// Makes these publications leaves where they are none yet, and returns a proof for each, in order. A leaf that an
  /// interrupted command left is found and not added twice.
  func publish(_ publications: [Publication], by identity: Identity) throws(MarketError) -> [[UInt8]] {
    guard !publications.isEmpty else { return [] }
    var places: [[UInt8]: UInt64] = [:]
    let leaves = publications.map(\.leaf)
    let wanted = Set(leaves)
    try MarketError.log { () throws(LogError) in
      var writer = try LogWriter.resume(directory: directory, origin: verifier.name, verifier: verifier)
      let checkpoint = writer.published
      for number in 0..<((checkpoint.size + LogReader.bundleWidth - 1) / LogReader.bundleWidth) {
        let held = try reader.provenLeaves(inBundle: number, of: checkpoint)
        for (offset, leaf) in held.enumerated() where wanted.contains(leaf) {
          places[leaf] = number * LogReader.bundleWidth + UInt64(offset)
        }
      }
      for leaf in leaves where places[leaf] == nil { places[leaf] = try writer.append(leaf) }
      try writer.publish(sign: signer(identity))
    }
    return try leaves.map { leaf throws(MarketError) in
      try MarketError.log { () throws(LogError) in try reader.proofFile(ofLeaf: places[leaf] ?? 0) }
    }
  }

  private func signer(_ identity: Identity) -> CheckpointSigner {
    { [verifier] body throws(LogError) in
      do throws(IdentityError) {
        return [try identity.noteSignature(over: body, origin: verifier.name)]
      } catch {
        throw .signing(error.description)
      }
    }
  }
}
