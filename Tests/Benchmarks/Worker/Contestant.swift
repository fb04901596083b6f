// SPDX-License-Identifier: Apache-2.0

internal import BenchmarkLimits
internal import ExecutionIR

/// One of those who do the same work: asked for one pass at a time, so that passes of several alternate.
protocol Contestant: AnyObject {
  func pass() throws -> Pass
}

/// What one pass did.
struct Pass {
  /// Messages, events, entries or plans.
  var units: Int
  /// Bytes of the input that were worked on, 0 where that says nothing.
  var bytes = 0
  var nanoseconds: UInt64
  /// The result in a word, empty where there is none: contestants of one comparison must give the same.
  var answer: String

  var json: JSON {
    .object([
      "units": .integer(Int64(units)), "bytes": .integer(Int64(bytes)), "nanoseconds": .wide(nanoseconds),
      "answer": .string(answer),
    ])
  }
}

/// Adds up the processor time of the parts of a pass.
struct Stopwatch {
  private(set) var nanoseconds: UInt64 = 0

  mutating func measure<Result>(_ body: () throws -> Result) rethrows -> Result {
    let start = limits_thread_time()
    defer { nanoseconds += limits_thread_time() - start }
    return try body()
  }
}

/// Why a benchmark cannot be run.
struct BenchmarkError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
