// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import DurableFiles
internal import EventFlow
internal import ExecutionIR
internal import Feeds
internal import Glibc

/// What the contestants work on: real captures, made longer by repeating their messages.
struct Inputs {
  let captures: String
  /// A directory that may be filled and is removed afterwards.
  let work: String
  /// Messages of the ITCH capture.
  let captureMessages: Int
  /// The ITCH capture, and it `repeats` times over, as one stock's and as many stocks' messages.
  let capture: FeedOptions
  let itch: FeedOptions
  let itchOfManySymbols: FeedOptions
  /// The messages of many stocks without their definitions: what a longer stream repeats.
  let manySymbolsAgain: String

  /// How often the capture follows on itself.
  static let repeats = 100
  static let manySymbols = 8_000

  init(captures: String, work: String) throws {
    self.captures = captures
    self.work = work
    let bytes = try Files.read(captures + "/itch50/aapl-20200130-10k.bin")
    let messages = ItchMessages(bytes)
    captureMessages = messages.ranges.count
    capture = try Inputs.itchFeed(captures + "/itch50/aapl-20200130-10k.bin")
    itch = try Inputs.itchFeed(work + "/itch.bin")
    itchOfManySymbols = try Inputs.itchFeed(work + "/itch-definitions.bin")
    manySymbolsAgain = work + "/itch-messages.bin"
    try Inputs.write([UInt8]((0..<Inputs.repeats).map { _ in bytes }.joined()), to: itch.path)
    let (definitions, dealt) = try messages.dealt(to: Inputs.manySymbols, repeats: Inputs.repeats)
    try Inputs.write(definitions + dealt, to: itchOfManySymbols.path)
    try Inputs.write(dealt, to: manySymbolsAgain)
  }

  private static func itchFeed(_ path: String) throws -> FeedOptions {
    try FeedOptions("XNAS=nasdaq-itch50:\(path),date=2020-01-30,zone=America/New_York,time=venue+0ns")
  }

  private static func write(_ bytes: [UInt8], to path: String) throws {
    try OpenFile(path, flags: O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC).write(bytes, at: 0)
  }

  var spot: FeedOptions {
    get throws { try FeedOptions("BINANCE=binance:\(captures)/binance/spot_btcusdt_20240808.gz") }
  }

  var usdm: FeedOptions {
    get throws { try FeedOptions("BINANCE-UM=binance:\(captures)/binance/usdm_btcusdt_20240808.gz,market=usdm") }
  }

  /// DEEP by the example library: bound by declaration, or compiled into an adapter. run.sh builds both.
  func deep(bound: Bool) throws -> FeedOptions {
    let adapter = bound ? "\(AdapterLocator.standard.directories[0])/deep.binding" : "deep-compiled"
    return try FeedOptions("IEXG=\(adapter):\(captures)/iex/DEEP10.pcap.gz")
  }

  func problem(_ name: String) throws -> JSON {
    try JSON.parse(try Files.read("\(captures)/solver/\(name).json"))
  }
}

/// The messages of an ITCH file, and how to make one of many stocks from one of one stock.
struct ItchMessages {
  let bytes: [UInt8]
  /// Each with the length before it.
  let ranges: [Range<Int>]

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    var found: [Range<Int>] = []
    var next = 0
    while next + 2 <= bytes.count {
      let after = next + 2 + Int(bytes[next]) << 8 + Int(bytes[next + 1])
      guard after <= bytes.count else { break }
      found.append(next..<after)
      next = after
    }
    ranges = found
  }

  /// A definition for each stock, and the messages dealt out to them in an order without a pattern. Every stock has a
  /// locate of its own, and its name stands where the message has one, as in a venue's file.
  func dealt(to symbols: Int, repeats: Int) throws -> (definitions: [UInt8], messages: [UInt8]) {
    guard let definition = ranges.first(where: { bytes[$0.lowerBound + 2] == UInt8(ascii: "R") }) else {
      throw BenchmarkError("the ITCH capture defines no stock")
    }
    var definitions: [UInt8] = []
    for symbol in 1...symbols { append(definition, of: symbol, to: &definitions) }
    var dealt: [UInt8] = []
    dealt.reserveCapacity(bytes.count * repeats)
    var state: UInt64 = 88_172_645_463_325_252
    for _ in 0..<repeats {
      for range in ranges {
        // Xorshift: fixed, and with no pattern that a processor could learn.
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        append(range, of: 1 + Int(state >> 33) % symbols, to: &dealt)
      }
    }
    return (definitions, dealt)
  }

  private func append(_ range: Range<Int>, of symbol: Int, to out: inout [UInt8]) {
    let start = out.count + 2
    out += bytes[range]
    out[start + 1] = UInt8(truncatingIfNeeded: symbol >> 8)
    out[start + 2] = UInt8(truncatingIfNeeded: symbol)
    guard let name = ItchMessages.stockField(out[start]) else { return }
    let text = Array("S\(symbol)".utf8)
    for index in 0..<8 { out[start + name + index] = index < text.count ? text[index] : UInt8(ascii: " ") }
  }

  private static func stockField(_ type: UInt8) -> Int? {
    switch type {
    case UInt8(ascii: "A"), UInt8(ascii: "F"), UInt8(ascii: "P"): 24
    case UInt8(ascii: "R"), UInt8(ascii: "H"), UInt8(ascii: "Y"): 11
    case UInt8(ascii: "L"): 15
    default: nil
    }
  }
}
