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

  private func library() throws -> SealedLibrary { try SealedLibrary(path: try Workshop.library("hooks")) }

  private func function(
    _ symbol: String, _ signature: String, _ values: [Int64] = [], of library: SealedLibrary
  ) throws -> VendorFunction {
    try VendorFunction(
      name: "it", file: "hooks.so", library: Digest(bytes: library.digest)!, symbol: symbol,
      signature: HookSignature(parsing: signature), values: values)
  }

  private func ask(
    _ symbol: String, _ signature: String, _ values: [Int64] = [], _ worker: HookWorker
  ) throws -> Int64 {
    try VendorHook(function(symbol, signature, values, of: worker.library), worker).ask(task(), delta())
  }

  @Test func functionsAreAsked() throws {
    let worker = try HookWorker(try library())
    #expect(worker.sandbox.stoodBeforeLoad && worker.sandbox.seccomp == 2)
    let steps = "int32(const exprove_task *, const exprove_plan_delta *, int64 most)"
    #expect(try ask("small_steps", steps, [35], worker) == 0)
    #expect(try ask("small_steps", steps, [34], worker) == 1)
    #expect(try ask("nothing", "int64(void)", [], worker) == -7)
    #expect(try ask("nothing", "int64()", [], worker) == -7)
    // The upper half of the register is not the answer's.
    #expect(try ask("negative", "int32_t(int32_t a, int64_t b)", [-1, -(1 << 40)], worker) == -1)
  }

  /// Every field stands where the header says: the library adds them up, and so does this.
  @Test func everyFieldStandsInItsPlace() throws {
    let worker = try HookWorker(try library())
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
    let signature = "int64(const exprove_plan_delta *, int32 factor, const exprove_task *)"
    #expect(try ask("checksum", signature, [1], worker) == sum)
    #expect(try ask("checksum", signature, [-2], worker) == sum &* -2)
    // Whoever writes into it writes into a copy.
    #expect(try ask("scribbles", "int64(const exprove_task *, const exprove_plan_delta *)", [], worker) == 0)
    #expect(try ask("checksum", signature, [1], worker) == sum)
    #expect(delta.remaining == 700)
  }

  static let failures: [(symbol: String, kind: String, text: String)] = [
    ("spins", "overdue", "more than 0.2 s of processor time, in hook"),
    ("crashes", "crashed", "SIGSEGV at address 0x8"), ("leaves", "ended", "ended its process with code 0, in hook"),
    ("gives_up", "crashed", "SIGABRT"), ("looks_around", "forbidden-call", "it called openat, which no adapter may"),
    ("recurses", "crashed", "SIGSEGV"),
  ]

  /// What does not answer is named, and the next question is answered all the same, by a process that knows nothing of the
  /// one before.
  @Test(arguments: failures.indices) func failuresAreContained(index: Int) throws {
    let failure = VendorHookTests.failures[index]
    let worker = try HookWorker(try library(), deadline: Deadline(processor: 0.2, wall: 60))
    #expect(try ask("counts", "int64()", [], worker) == 0)
    #expect(try ask("counts", "int64()", [], worker) == 1)
    let takes = failure.symbol == "recurses"
    #expect {
      _ = try self.ask(failure.symbol, takes ? "int64(int64)" : "int64()", takes ? [0] : [], worker)
    } throws: { error in
      guard let error = error as? HookWorker.Failure else { return false }
      return error.kind == failure.kind && error.text.contains(failure.text)
    }
    #expect(try ask("counts", "int64()", [], worker) == 0)
  }

  @Test func wrongFunctionsAreNamed() throws {
    let library = try library()
    let worker = try HookWorker(library)
    #expect { _ = try self.ask("smal_steps", "int64()", [], worker) } throws: {
      "\($0)".contains("exports no function “smal_steps”, which “it” names; it exports checksum, counts, crashes")
    }
    #expect { _ = try self.ask("a_variable", "int64()", [], worker) } throws: {
      "\($0)".contains("exports no function “a_variable”")
    }
    #expect { _ = try self.function("negative", "int32(int32, int64)", [1], of: library) } throws: {
      "\($0)" == "values: int32(int32, int64) takes 2 integers beside the structs, and 1 are given"
    }
    #expect { _ = try self.function("negative", "int32(int32, int64)", [1 << 40, 0], of: library) } throws: {
      "\($0)".contains("does not fit the int32")
    }
    let other = try VendorFunction(
      name: "it", file: "hooks.so", library: VendorHookTests.digest, symbol: "nothing",
      signature: HookSignature(parsing: "int64()"), values: [])
    #expect { _ = try VendorHook(other, worker) } throws: {
      "\($0)".contains("“it” asks for \(VendorHookTests.digest)")
    }
    #expect { _ = try SealedLibrary(path: "/nowhere/libx.so") } throws: { "\($0)".contains("there is no such file") }
  }

  /// Distances that lead out of a request are refused where they would be followed.
  @Test func damagedRequests() throws {
    let library = try library()
    let worker = try HookWorker(library)
    let signature = "int64(const exprove_plan_delta *, int32 factor, const exprove_task *)"
    let whole = HookRequest(try function("checksum", signature, [1], of: library), try task(), delta()).bytes
    var state: UInt64 = 9
    func roll(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    var refused = 0
    var crashed = 0
    for _ in 0..<2_000 {
      var bytes = whole
      // The sizes of the head, or the image; what the types say, the host has checked.
      for _ in 0...roll(4) {
        let place = roll(4) == 0 ? 8 + roll(16) : 432 + roll(bytes.count - 432)
        bytes[place] = UInt8(roll(256))
      }
      do throws(HookWorker.Failure) { _ = try worker.call(bytes) } catch {
        if error.kind == "failed-call" { refused += 1 } else { crashed += 1 }
      }
    }
    #expect(refused > 100 && crashed == 0)
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
      $0 is HookSignatureError && "\($0)".contains(fault.place)
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
      do throws(HookSignatureError) {
        let signature = try HookSignature(parsing: String(decoding: bytes, as: UTF8.self))
        #expect(try HookSignature(parsing: signature.description) == signature)
        good += 1
      } catch {
        #expect("\(error)".contains("; "))
      }
    }
    #expect(good > 100)
  }
}
