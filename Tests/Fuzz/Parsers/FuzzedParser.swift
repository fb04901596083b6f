// SPDX-License-Identifier: Apache-2.0

internal import AdapterBinding
internal import AdapterHost
internal import AdapterMarketplace
internal import AggregationService
internal import CExProveABI
internal import EventFlow
internal import ExecutionIR
internal import Feeds
internal import Governance
internal import SecureAggregation
internal import Synchronization
internal import TransparencyLog

/// The host's parsers of bytes that are anybody's. None may crash, hang or take memory beyond reason, whatever it is given;
/// and what it takes must be what it would write again, where it writes.
package enum FuzzedParser: String, CaseIterable, Sendable {
  /// The text of an adapter's section `.exprove.manifest`.
  case manifest
  /// A shared library, read without running it.
  case library
  /// A binding file.
  case binding
  /// A conformance certificate.
  case certificate
  /// A signed shared context.
  case context
  /// A contract of an aggregation.
  case contract
  /// What contributors send to the leader, and what the leader sends to the helper.
  case aggregation
  /// What contributors send to a single aggregator.
  case masking
  /// A capture: pcap, pcapng, gzip, zstd.
  case pcap
  /// A capture of length-prefixed messages or lines.
  case framing
  /// Metadata of a repository, of any kind.
  case metadata
  /// Any JSON, in both of its canonical forms.
  case canonical
  /// A marketplace's catalog.
  case catalog
  /// What an operator revoked, and what a host knows to be revoked.
  case revocations
  /// The lock file of installed adapters.
  case adapters
  /// What a vendor says of an adapter to people.
  case description
  /// Versions, ranges of them, and names, one a line.
  case range
  /// A repository's address, then what its server answers with: redirections and ranges, one a line.
  case address

  package func parse(_ bytes: [UInt8]) {
    switch self {
    case .manifest: _ = try? AdapterManifest(parsing: bytes)
    case .library: _ = try? AdapterImage(path: "fuzzed", bytes: bytes)
    case .binding: _ = BindingFile(bytes, file: "fuzzed").diagnostics
    case .certificate:
      _ = try? ConformanceCertificate.verify(bytes, adapter: Digest(of: []), trusted: [], level: 1, now: 0)
    case .context:
      guard let signed = try? SignedContext(decoding: bytes) else { return }
      precondition(signed.encoded == bytes, "a context in two encodings")
      _ = Policy.builtIn.refusal(of: signed)
    case .contract:
      guard let contract = try? AggregationContract.parse(bytes) else { return }
      precondition((try? AggregationContract.parse(contract.json.canonical)) == contract, "a contract in two encodings")
    case .aggregation: FuzzedParties.standing.withLock { $0.receive(bytes) }
    case .masking: FuzzedParties.standing.withLock { $0.receive(masked: bytes) }
    case .pcap:
      FuzzedParser.capture(bytes, [.packet])
      FuzzedParser.capture(bytes, [.message], isOrderSession: true)
    case .framing: FuzzedParser.capture(bytes, [.length16, .line, .message])
    case .metadata: FuzzedMarketplace.metadata(bytes)
    case .canonical: FuzzedMarketplace.canonical(bytes)
    case .catalog: FuzzedMarketplace.catalog(bytes)
    case .revocations: FuzzedMarketplace.revocations(bytes)
    case .adapters: FuzzedMarketplace.adapters(bytes)
    case .description: _ = try? AdapterDescription(decoding: bytes, path: "fuzzed")
    case .range: FuzzedMarketplace.range(bytes)
    case .address: FuzzedMarketplace.address(bytes)
    }
  }

  /// Reads a capture to its end or to its damage; each frame must lie within the batch's bytes.
  private static func capture(_ bytes: [UInt8], _ framings: [Framing], isOrderSession: Bool = false) {
    guard let file = MemoryFile(bytes) else { return }
    var options = FeedOptions(venue: "FUZZ", adapter: "fuzzed", path: file.path)
    options.venueLatency = 0
    options.isOrderSession = isOrderSession
    guard var reader = try? FeedReader.open(file.path, feed: 0, declared: framings, options: options) else { return }
    var batch = EventBatch(frames: 64, events: 1, bytes: 4 << 20)
    var rounds = 0
    while rounds < 10_000 {
      batch.removeAll()
      guard let count = try? reader.read(into: &batch, limit: 64), count > 0 else { return }
      let frames = batch.frames
      for index in frames.indices {
        precondition(Int(frames[index].data) + Int(frames[index].length) <= batch.byteCount, "a frame beyond its bytes")
      }
      rounds += 1
    }
  }
}
