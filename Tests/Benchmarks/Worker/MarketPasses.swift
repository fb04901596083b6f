// SPDX-License-Identifier: Apache-2.0

internal import AdapterMarketplace
internal import BenchmarkLimits
internal import DurableFiles
internal import ExecutionIR
internal import RepositoryNetwork
internal import UpdateFramework

/// What a desk does with a marketplace of this host, whose server's port stands in `WORK/market-port`. Each client is a new
/// one with connections of its own, as a command has them.
final class MarketPass: Contestant {
  enum Part {
    /// The repository is made.
    case make
    /// Nothing: what a process needs that does nothing.
    case idle
    /// All is here already: is there something new?
    case refresh
    /// From the trusted root to one vendor's metadata and a target in it.
    case first
    /// One target, with all metadata on the disk.
    case lookup
    /// Words in the catalog.
    case search
  }

  private let part: Part
  private let work: String
  private let clock: () -> UInt64
  private var spent: UInt64 = 0
  /// A directory that stays from pass to pass.
  private var kept: String?
  private var directories = 0
  private var catalog: [UInt8] = []

  /// Nil for a name of others.
  static func named(_ name: String, _ work: String) -> MarketPass? {
    switch name {
    case "market repository": MarketPass(.make, work, limits_wall_time)
    case "market idle": MarketPass(.idle, work, limits_process_time)
    case "market refresh": MarketPass(.refresh, work, limits_wall_time)
    case "market refresh, processor": MarketPass(.refresh, work, limits_process_time)
    case "market first": MarketPass(.first, work, limits_wall_time)
    case "market first, processor": MarketPass(.first, work, limits_process_time)
    case "market lookup": MarketPass(.lookup, work, limits_process_time)
    case "market search": MarketPass(.search, work, limits_process_time)
    default: nil
    }
  }

  private init(_ part: Part, _ work: String, _ clock: @escaping () -> UInt64) {
    self.part = part
    self.work = work
    self.clock = clock
  }

  func pass() throws -> Pass {
    spent = 0
    switch part {
    case .idle: return Pass(units: 1, nanoseconds: 0, answer: "")
    case .make:
      try measure { try LargeMarket(directory: work + "/market").make() }
      return Pass(units: LargeMarket.vendors * LargeMarket.adapters, nanoseconds: spent, answer: "")
    case .refresh: return try repeated(20, refresh)
    case .first: return try repeated(3, first)
    case .lookup: return try repeated(5, lookup)
    case .search: return try search()
    }
  }

  private func measure<Value>(_ body: () throws -> Value) rethrows -> Value {
    let start = clock()
    defer { spent += clock() - start }
    return try body()
  }

  private func repeated(_ count: Int, _ body: () throws -> String) throws -> Pass {
    var answer = ""
    for _ in 0..<count { answer = try body() }
    return Pass(units: count, nanoseconds: spent, answer: answer)
  }

  private func refresh() throws -> String {
    let directory = try keptDirectory()
    let version = try measure {
      var client = try client(directory)
      _ = try client.refresh()
      return client.snapshot?.version ?? 0
    }
    return "snapshot \(version)"
  }

  private func first() throws -> String {
    let directory = try newDirectory()
    return try measure {
      var client = try client(directory)
      _ = try client.refresh()
      return try found(&client)
    }
  }

  private func lookup() throws -> String {
    var client = try client(try keptDirectory())
    _ = try client.refresh()
    return try measure { try found(&client) }
  }

  private func search() throws -> Pass {
    if catalog.isEmpty {
      var client = try client(try keptDirectory())
      _ = try client.refresh()
      guard let file = try client.target(Catalog.target) else { throw BenchmarkError("there is no catalog") }
      catalog = try client.read(Catalog.target, file, limit: Catalog.largestFile)
    }
    let result = measure { CatalogSearch(words: LargeMarket.words).find(in: catalog) }
    return Pass(
      units: LargeMarket.vendors * LargeMarket.adapters, bytes: catalog.count, nanoseconds: spent,
      answer: "\(result.entries.count) hits")
  }

  private func found(_ client: inout UpdateClient) throws -> String {
    guard let file = try client.target(LargeMarket.target) else { throw BenchmarkError("the target is not found") }
    return "\(file.length) bytes, \(file.sha256)"
  }

  private func client(_ directory: String) throws -> UpdateClient {
    let port = String(decoding: try Files.read(work + "/market-port"), as: UTF8.self)
    guard let address = RepositoryAddress("http://\(LargeMarket.host):\(port)"),
      let now = MetadataTime("2026-01-01T00:00:00Z")
    else { throw BenchmarkError("no server of the marketplace") }
    return try UpdateClient(directory: directory, source: try HTTPSource(address), now: now)
  }

  private func keptDirectory() throws -> String {
    if let kept { return kept }
    let directory = try newDirectory()
    var client = try client(directory)
    _ = try client.refresh()
    _ = try found(&client)
    kept = directory
    return directory
  }

  private func newDirectory() throws -> String {
    directories += 1
    let directory = "\(work)/market-\(part)-\(clock())-\(directories)"
    try Files.makeDirectory(directory)
    try UpdateClient.begin(directory: directory, root: Files.read(work + "/market/metadata/1.root.json"))
    return directory
  }
}
