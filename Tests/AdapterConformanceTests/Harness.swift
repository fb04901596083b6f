// SPDX-License-Identifier: Apache-2.0

internal import AdapterConformance
internal import AdapterHost
internal import BrokenAdapters
internal import Foundation

/// Runs the harness from a test.
enum Harness {
  /// The little program that runs one check; it is built beside the tests.
  static let program: String = {
    let own = AdapterLocator.executablePath ?? ""
    return URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent("conformance-program").path
  }()

  static func run(
    _ path: String, captures: [String] = [], orders: [String] = [], seed: UInt64 = 1, only: String? = nil,
    level: Int = 5,
    _ change: (inout ConformanceRun) -> Void = { _ in }
  ) throws -> ConformanceReport {
    var run = try ConformanceRun(
      path: path, executable: program, captures: captures, seed: seed, only: only,
      strictness: Strictness(level: level)!)
    run.orderCaptures = orders
    change(&run)
    return try run.run()
  }

  /// A capture of the made-up venue: length-prefixed frames of every type, a gap, orders that live and end.
  static let capture: String = {
    var bytes: [UInt8] = []
    for frame in MadeUpDay.frames {
      bytes += [UInt8(frame.count >> 8), UInt8(frame.count & 255)] + frame
    }
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("made-up-\(getpid()).bin").path
    _ = FileManager.default.createFile(atPath: path, contents: Data(bytes))
    return path
  }()

  /// A capture of an order session with it: orders that are filled, cancelled, replaced, rejected, filled late and whose
  /// fills are broken.
  static let orders: String = {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("made-up-\(getpid()).pcapng").path
    _ = FileManager.default.createFile(atPath: path, contents: Data(OrderCapture.bytes(MadeUpSession.messages)))
    return path
  }()
}

/// A day of the venue of `Tests/BrokenAdapters/adapters/base.h`.
enum MadeUpDay {
  static let frames: [[UInt8]] = {
    var frames: [[UInt8]] = []
    var sequence: UInt64 = 0
    func number(_ value: UInt64, _ size: Int) -> [UInt8] {
      (0..<size).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }
    func send(_ type: Character, _ body: [UInt8]) {
      sequence += 1
      frames.append([type.asciiValue!] + number(sequence, 2) + body)
    }
    for (index, name) in ["ABC", "LONGNAME", "Z"].enumerated() {
      send(
        "S", [UInt8(index), UInt8(index * 3)] + Array(name.utf8) + [UInt8](repeating: 0, count: 8 - name.utf8.count))
      send("H", [UInt8(index), 3])
    }
    for order in 0..<120 {
      let symbol = UInt8(order % 3)
      let second = number(34_200 + UInt64(order), 4)
      let id = number(1000 + UInt64(order), 4)
      // Bids below asks: the book never crosses.
      let price: UInt64 = order % 2 == 0 ? 1_000_000 - UInt64(order) * 100 : 1_000_100 + UInt64(order) * 100
      send(
        "A",
        [symbol, order % 2 == 0 ? 0x42 : 0x53] + id + number(price, 4) + number(300, 4) + second)
      if order % 3 == 0 {
        send("Q", [symbol] + number(1_000_000, 4) + number(200, 4) + number(1_000_100, 4) + number(100, 4))
      }
      if order % 4 == 1 { send("E", [symbol] + id + number(100, 4) + second) }
      if order % 4 == 2 { send("E", [symbol] + id + number(300, 4) + second) }
      if order % 4 == 3 { send("D", [symbol] + id + second) }
      if order == 60 { sequence += 4 }
    }
    return frames
  }()
}
