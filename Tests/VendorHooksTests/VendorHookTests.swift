// SPDX-License-Identifier: Apache-2.0

import AdapterHost
import BrokenAdapters
import ExecutionIR
import Testing
import VendorHooks

@Suite struct VendorHookTests {
  private static let digest = Digest(of: Array("sample".utf8))

  private func task() throws -> LocalExecutionTask {
    try LocalExecutionTask(
      id: "buy-é", account: "DESK-1", capacity: .agency, instrument: "BTCUSDT", currency: "USDT", side: .sell,
      quantity: ExactDecimal(units: 125, scale: 1),
      window: TaskWindow(
        start: 1_723_161_600_000_000_000, end: 1_723_161_900_000_000_000, zone: "UTC", zoneDigest: nil),
      objective: .implementationShortfall(riskAversion: ExactDecimal(units: 3, scale: 6)), slicing: .count(10),
      participation: 100_000, limit: 61_900_000_000_000,
      venues: [TaskVenue(venue: "BINANCE", symbol: "BTCUSDT"), TaskVenue(venue: "XY", symbol: "b")],
      referenceVenues: [], algorithm: Algorithm(name: "a", version: "1"))
  }

  private func delta() -> PlanDelta {
    PlanDelta(
      sequence: 3, task: VendorHookTests.digest, context: VendorHookTests.digest, previousPlan: VendorHookTests.digest,
      plan: VendorHookTests.digest, decidedAt: 1_723_161_600_000_000_002, currentSlice: 1, remaining: 700, unplaced: 1,
      lot: 5,
      changes: [PlanChange(slice: 1, venue: 0, quantity: 30), PlanChange(slice: 2, venue: 1, quantity: -20)],
      routing: [PlanRoute(venue: 0, quantity: 30), PlanRoute(venue: 1, quantity: 5)],
      terms: PlanTerms(unit: 18, impact: (1 << 100) + 7, fees: -(1 << 90) + 2, risk: 9 << 64, tracking: 0),
      gap: 4 << 64, bindings: [], runnerUp: nil, explanation: [])
  }

  private func hook(_ symbol: String, _ signature: String) throws -> VendorHook {
    try VendorHook(
      SealedLibrary(path: try Workshop.library("hooks")), symbol: symbol, signature: HookSignature(parsing: signature))
  }

  @Test func hooksAreAsked() throws {
    let steps = try hook("small_steps", "int32(const exprove_task *, const exprove_plan_delta *, int64 most)")
    #expect(try steps.ask(task(), delta(), [35]) == 0)
    #expect(try steps.ask(task(), delta(), [34]) == 1)
    #expect(try hook("nothing", "int64(void)").ask(task(), delta()) == -7)
    #expect(try hook("nothing", "int64()").ask(task(), delta()) == -7)
    // The upper half of the register is not the answer's.
    #expect(try hook("negative", "int32_t(int32_t a, int64_t b)").ask(task(), delta(), [-1, -(1 << 40)]) == -1)
  }

  /// Every field stands where the header says: the library adds them up, and so does this.
  @Test func everyFieldStandsInItsPlace() throws {
    let checksum = try hook("checksum", "int64(const exprove_plan_delta *, int32 factor, const exprove_task *)")
    let (task, delta) = (try task(), delta())
    var sum: Int64 = 2 + 3 * 3 + 5 + 7 * 125 + 11 + 13 * 10 + 17 * 100_000 + 19 * 61_900_000_000_000 + 23 * 3 + 29 * 6
    sum &+= 37 * 300_000_000_000
    for byte in task.id.utf8 { sum &+= Int64(Int8(bitPattern: byte)) }
    for byte in task.currency.utf8 { sum &+= 2 * Int64(byte) }
    sum &+= 7 + 700 + 2 + 100
    sum &+= 41 + 43 * 3
    sum &+= 47 &* 1_723_161_600_000_000_002
    sum &+= 53 * 700 + 59 + 61 * 5 + 1 * 30 * 2 + 2 * -20 * 3
    sum &+= 7 + 3 * (1 << 36) + 2 + 5 * 9 + 4 + 18
    #expect(try checksum.ask(task, delta, [1]) == sum)
    #expect(try checksum.ask(task, delta, [-2]) == sum &* -2)
  }

  @Test func wrongCallsAreNamed() throws {
    #expect { _ = try self.hook("smal_steps", "int64()") } throws: {
      "\($0)".contains("exports no function “smal_steps”; it exports checksum, negative, nothing, small_steps")
    }
    #expect { _ = try self.hook("a_variable", "int64()") } throws: {
      "\($0)".contains("exports no function “a_variable”")
    }
    let negative = try hook("negative", "int32(int32, int64)")
    #expect { _ = try negative.ask(self.task(), self.delta(), [1]) } throws: {
      "\($0)".contains("takes 2 integers beside the structs, not 1: int32(int32, int64)")
    }
    #expect { _ = try negative.ask(self.task(), self.delta(), [1 << 40, 0]) } throws: {
      "\($0)".contains("does not fit 32 bits")
    }
    #expect { _ = try SealedLibrary(path: "/nowhere/libx.so") } throws: { "\($0)".contains("there is no such file") }
  }

  static let faults: [(text: String, place: String)] = [
    ("", "column 1: a type is missing"),
    ("double(int64)", "column 1: “double” is no type of result"),
    ("int64", "column 6: “(” is missing"),
    ("int64(const exprove_tsk *)", "column 13: “exprove_tsk” is no type of argument"),
    ("int64(exprove_task *)", "column 7: “const” is missing"),
    ("int64(const exprove_task)", "column 25: “*” is missing"),
    ("int64(const exprove_task *, const exprove_task *)", "a second const exprove_task *"),
    ("int64(int64 int64 int64)", "“)” or “,” is missing"),
    ("int64(int64) x", "column 14: something follows the “)”"),
    ("int64(int64,)", "column 13: a type is missing"),
    ("int64(" + Array(repeating: "int64", count: 17).joined(separator: ",") + ")", "too many arguments"),
    ("int64(" + String(repeating: " ", count: 600) + ")", "more than 512 bytes"),
    ("int64(void, int64)", "“void” is no type of argument"),
  ]

  @Test(arguments: faults.indices) func wrongSignaturesAreNamed(index: Int) {
    let fault = VendorHookTests.faults[index]
    #expect { _ = try HookSignature(parsing: fault.text) } throws: {
      ($0 as? HookError)?.code == .signature && "\($0)".contains(fault.place) || "\($0)" == "\(fault.place)"
    }
  }

  @Test func signaturesHaveOneWriting() throws {
    let written = try HookSignature(
      parsing: "int64_t( const  exprove_task*task ,int32_t x,const exprove_plan_delta * )")
    #expect(written.description == "int64(const exprove_task *, int32, const exprove_plan_delta *)")
    #expect(try HookSignature(parsing: written.description) == written)
    #expect(try HookSignature(parsing: "int32(void)").description == "int32()")
  }

  @Test func damagedSignatures() throws {
    let whole = Array("int64(const exprove_task *, const exprove_plan_delta *, int64 most, int32)".utf8)
    var state: UInt64 = 5
    func roll(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % max(1, bound)
    }
    var good = 0
    for _ in 0..<10_000 {
      var bytes = whole
      for _ in 0...roll(3) {
        switch roll(3) {
        case 0: bytes[roll(bytes.count)] = UInt8(roll(256))
        case 1: bytes.remove(at: roll(bytes.count))
        default: bytes.insert(contentsOf: bytes[..<roll(bytes.count)], at: roll(bytes.count))
        }
      }
      do throws(HookError) {
        let signature = try HookSignature(parsing: String(decoding: bytes, as: UTF8.self))
        #expect(try HookSignature(parsing: signature.description) == signature)
        good += 1
      } catch {
        #expect(error.code == .signature && error.message.contains("; "))
      }
    }
    #expect(good > 100)
  }
}
