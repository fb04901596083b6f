// SPDX-License-Identifier: Apache-2.0

package import ExecutionIR
internal import Governance
internal import SecureAggregation
internal import TransparencyLog

/// What stands in the open in a report.
package struct ReportHeader: Equatable, Sendable {
  package let contract: Digest
  package let window: UInt32
  /// 16 random bytes: the nonce of the proofs.
  package let id: [UInt8]
  /// The place in the contract's list of contributors.
  package let contributor: UInt32

  var encoded: [UInt8] {
    var writer = MessageWriter()
    write(to: &writer)
    return writer.bytes
  }

  func write(to writer: inout MessageWriter) {
    writer.write(fixed: contract.bytes)
    writer.write(window)
    writer.write(fixed: id)
    writer.write(contributor)
  }

  package init(contract: Digest, window: UInt32, id: [UInt8], contributor: UInt32) {
    self.contract = contract
    self.window = window
    self.id = id
    self.contributor = contributor
  }

  init(from reader: inout MessageReader) throws(MessageError) {
    contract = Digest(bytes: try reader.fixed(32))!
    window = try reader.integer()
    id = try reader.fixed(16)
    contributor = try reader.integer()
  }
}

/// One contributor's report for one window: a share for each aggregator, sealed to it, and a signature over all.
package struct ContributionReport: Equatable, Sendable {
  package let header: ReportHeader
  /// The public shares of all signals, one after the other.
  let publicShares: [UInt8]
  let leaderShare: SealedShare
  let helperShare: SealedShare
  /// 64 bytes.
  let signature: [UInt8]

  static let payloadType = "application/vnd.exprove.contribution.v1"

  /// What is signed, framed as DSSE frames it, so that it is no signature of another kind. The leader's share goes in
  /// by digest: the helper checks the signature without having it.
  static func signedBytes(
    _ header: ReportHeader, publicShares: [UInt8], leaderDigest: Digest, helperShare: SealedShare
  ) -> [UInt8] {
    var writer = MessageWriter()
    header.write(to: &writer)
    writer.write(publicShares)
    writer.write(fixed: leaderDigest.bytes)
    helperShare.write(to: &writer)
    return Envelope.preAuthentication(type: payloadType, payload: writer.bytes)
  }

  var leaderDigest: Digest { Digest(of: leaderShare.encoded) }

  package var encoded: [UInt8] {
    var writer = MessageWriter()
    header.write(to: &writer)
    writer.write(publicShares)
    leaderShare.write(to: &writer)
    helperShare.write(to: &writer)
    writer.write(fixed: signature)
    return writer.bytes
  }

  init(
    header: ReportHeader, publicShares: [UInt8], leaderShare: SealedShare, helperShare: SealedShare, signature: [UInt8]
  ) {
    self.header = header
    self.publicShares = publicShares
    self.leaderShare = leaderShare
    self.helperShare = helperShare
    self.signature = signature
  }

  /// Reads a report of exactly the sizes that `sums` gives.
  init(decoding bytes: [UInt8], sums: SignalSums) throws(MessageError) {
    var reader = MessageReader(bytes)
    header = try ReportHeader(from: &reader)
    publicShares = try reader.bytes(atMost: sums.publicSize)
    leaderShare = try SealedShare(from: &reader, atMost: sums.leaderSize + SealedShare.overhead)
    helperShare = try SealedShare(from: &reader, atMost: sums.helperSize + SealedShare.overhead)
    signature = try reader.fixed(64)
    try reader.end()
  }
}

/// One report as the leader passes it on: without its own share.
struct HelperReport: Equatable, Sendable {
  let header: ReportHeader
  let publicShares: [UInt8]
  let leaderDigest: Digest
  let helperShare: SealedShare
  let signature: [UInt8]

  init(_ report: ContributionReport) {
    header = report.header
    publicShares = report.publicShares
    leaderDigest = report.leaderDigest
    helperShare = report.helperShare
    signature = report.signature
  }

  func write(to writer: inout MessageWriter) {
    header.write(to: &writer)
    writer.write(publicShares)
    writer.write(fixed: leaderDigest.bytes)
    helperShare.write(to: &writer)
    writer.write(fixed: signature)
  }

  init(from reader: inout MessageReader, sums: SignalSums) throws(MessageError) {
    header = try ReportHeader(from: &reader)
    publicShares = try reader.bytes(atMost: sums.publicSize)
    leaderDigest = Digest(bytes: try reader.fixed(32))!
    helperShare = try SealedShare(from: &reader, atMost: sums.helperSize + SealedShare.overhead)
    signature = try reader.fixed(64)
  }
}

extension AggregationContract {
  /// Checks the parts of a report that need nothing secret: contract, window, signer. The times are for the caller.
  func refusal(
    of header: ReportHeader, publicShares: [UInt8], leaderDigest: Digest, helperShare: SealedShare, signature: [UInt8]
  ) -> ReportRefusal? {
    guard header.contract == digest else { return .otherContract }
    guard header.window < UInt32(windows) else { return .unknownWindow }
    guard header.contributor < UInt32(contributors.count) else { return .notSigned }
    let signed = ContributionReport.signedBytes(
      header, publicShares: publicShares, leaderDigest: leaderDigest, helperShare: helperShare)
    return contributors[Int(header.contributor)].isValid(signature, over: signed) ? nil : .notSigned
  }

  /// HPKE's `info`: who opens it, as what, under which contract.
  func sealingInfo(isLeader: Bool) -> [UInt8] {
    Array("exprove contribution 1 \(isLeader ? "leader" : "helper") ".utf8) + digest.bytes
  }

  /// HPKE's associated data: all that stands in the open.
  static func associated(_ header: ReportHeader, _ publicShares: [UInt8]) -> [UInt8] {
    header.encoded + publicShares
  }
}
