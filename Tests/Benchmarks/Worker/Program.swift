// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import ExecutionIR
internal import Glibc
internal import SecureAggregation

/// The worker of the benchmarks: `benchmarks CAPTURES WORK`. It makes its inputs in the directory WORK, then reads names of
/// contestants from standard input and answers each with a line about one pass.
@main struct Program {
  static func main() {
    guard CommandLine.arguments.count == 3 else {
      note("usage: benchmarks CAPTURES WORK; Tests/Benchmarks/run.sh runs it")
      exit(64)
    }
    do {
      let (captures, work) = (CommandLine.arguments[1], CommandLine.arguments[2])
      // Made for the first that needs them: the marketplace's contestants count their process's memory.
      var inputs: Inputs?
      var contestants: [String: any Contestant] = [:]
      func made() throws -> Inputs {
        let found = try inputs ?? Inputs(captures: captures, work: work)
        inputs = found
        return found
      }
      while let name = readLine() {
        let contestant = try contestants[name] ?? MarketPass.named(name, work) ?? make(name, made())
        contestants[name] = contestant
        print(String(decoding: try contestant.pass().json.canonical, as: UTF8.self))
        fflush(nil)
      }
    } catch {
      note("benchmarks: \(error)")
      exit(65)
    }
  }

  private static func note(_ text: String) {
    let bytes = Array((text + "\n").utf8)
    _ = unsafe bytes.withUnsafeBytes { unsafe write(2, $0.baseAddress, $0.count) }
  }

  private static func make(_ name: String, _ inputs: Inputs) throws -> any Contestant {
    switch name {
    case "itch decode": try ItchDecode(inputs.itch, timesReading: false)
    case "itch decode, many symbols": try ItchDecode(inputs.itchOfManySymbols, timesReading: false)
    case "itch read and decode": try ItchDecode(inputs.itch, timesReading: true)
    case "itch decode, wall": try IsolatedDecode(inputs.itch, .inProcess)
    case "itch decode, worker": try IsolatedDecode(inputs.itch, .worker)
    case "first event": try FirstEvent(inputs.capture, .inProcess)
    case "first event, worker": try FirstEvent(inputs.capture, .worker)
    case "worker restart": try WorkerRestart(inputs.capture)
    case "64 workers": WorkerMemory(inputs.capture, count: 64)
    case "itch copy": try CopyLimit(of: inputs.itch)
    case "itch walk": try WalkLimit(of: inputs.itch)
    case "itch fill": FillLimit(count: Inputs.repeats * inputs.captureMessages)
    case "itch book": try MarketBooks(.itch(inputs))
    case "itch book, map": try MapBooks(.itch(inputs))
    case "itch books of 200": try MarketBooks(.interleaved(inputs, symbols: 200))
    case "itch books of 200, map": try MapBooks(.interleaved(inputs, symbols: 200))
    case "itch bytes to book": try BytesToBook(inputs)
    case "binance book": try MarketBooks(.binance(inputs))
    case "binance book, map": try MapBooks(.binance(inputs))
    case "json spot": try JSONDecode(inputs.spot)
    case "json usdm": try JSONDecode(inputs.usdm)
    case "deep bound": try DeepDecode(inputs.deep(bound: true), framesPerCall: 128)
    case "deep compiled": try DeepDecode(inputs.deep(bound: false), framesPerCall: 128)
    case "deep bound, one": try DeepDecode(inputs.deep(bound: true), framesPerCall: 1)
    case "deep compiled, one": try DeepDecode(inputs.deep(bound: false), framesPerCall: 1)
    case "ledger log": try LedgerAppend(inputs.work, signsEntries: false)
    case "ledger log, same syncs": try LedgerLimit(inputs.work, signsEntries: false, sameSyncs: true)
    case "ledger log, limit": try LedgerLimit(inputs.work, signsEntries: false, sameSyncs: false)
    case "ledger statements": try LedgerAppend(inputs.work, signsEntries: true)
    case "ledger statements, limit": try LedgerLimit(inputs.work, signsEntries: true, sameSyncs: false)
    case "json spot, copy": try CopyLimit(of: inputs.spot)
    case "json usdm, copy": try CopyLimit(of: inputs.usdm)
    case "plan 48x4": try PlanSolve(inputs.problem("48x4"), withSetup: true)
    case "plan 48x4, solve": try PlanSolve(inputs.problem("48x4"), withSetup: false)
    case "plan 13x3": try PlanSolve(inputs.problem("13x3-caps"), withSetup: true)
    case "plan 13x3, solve": try PlanSolve(inputs.problem("13x3-caps"), withSetup: false)
    case "itch summary": try ItchSummary(inputs.itch)
    case "itch digest": DigestLimit(messages: Inputs.repeats * inputs.captureMessages)
    case "sum vector split": try ReportCircuit.sumVec.contestant(.shard, over: Field128.self, count: 200)
    case "sum vector split, products": try AggregationLimit(.sumVec, .shard, withPermutations: false)
    case "sum vector split, limit": try AggregationLimit(.sumVec, .shard, withPermutations: true)
    case "sum vector check": try ReportCircuit.sumVec.contestant(.verify, over: Field128.self, count: 200)
    case "sum vector check, products": try AggregationLimit(.sumVec, .verify, withPermutations: false)
    case "sum vector check, limit": try AggregationLimit(.sumVec, .verify, withPermutations: true)
    case "histogram split": try ReportCircuit.histogram.contestant(.shard, over: Field128.self, count: 200)
    case "histogram split, products": try AggregationLimit(.histogram, .shard, withPermutations: false)
    case "histogram split, limit": try AggregationLimit(.histogram, .shard, withPermutations: true)
    case "histogram check": try ReportCircuit.histogram.contestant(.verify, over: Field128.self, count: 200)
    case "histogram check, products": try AggregationLimit(.histogram, .verify, withPermutations: false)
    case "histogram check, limit": try AggregationLimit(.histogram, .verify, withPermutations: true)
    case "batch": try BatchPass()
    case "batch, products": try AggregationLimit(.minutes, .verify, withPermutations: false, isOnTwoCores: true)
    case "batch, limit": try AggregationLimit(.minutes, .verify, withPermutations: true, isOnTwoCores: true)
    default: throw BenchmarkError("there is no contestant \"\(name)\"")
    }
  }
}
