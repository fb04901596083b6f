// SPDX-License-Identifier: Apache-2.0

import CivilTime
import ContractLanguage
import SourceDiagnostics
import ExecutionIR
import Testing

@Suite struct TaskFileTests {
  static let whole = """
    // A parent order.
    task buy-btc {
      account "DESK-1"  capacity agency
      instrument BTCUSDT  currency USDT
      side buy  quantity 12.50 BTC
      window 2024-08-09T00:00:00 .. 2024-08-09T00:05:00 zone "UTC"
      objective is { risk-aversion 0.000001 }   // or twap, vwap
      slices 10
      participation 10%
      limit 61900.00
      venue BINANCE as BTCUSDT
      reference "BINANCE-UM" as BTCUSDT
      term toxicity library "terms.so" sha256 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
        symbol price_of signature "int64( const exprove_plan_delta *delta, int64 )" values -25
    }
    """

  static func read(_ text: String) -> TaskFile {
    TaskFile(
      Array(text.utf8), file: "buy.exprove",
      environment: TaskEnvironment(
        algorithm: Algorithm(name: "schedule", version: "1"), units: { $0 == "BTCUSDT" ? ["BTC"] : [] },
        zone: { (name: String) throws(ZoneError) -> Zone in try Zone.load(name) }))
  }

  @Test func readsAWholeTask() throws {
    let file = TaskFileTests.read(TaskFileTests.whole)
    #expect(file.diagnostics == [])
    let task = try #require(file.tasks.first)
    let expected = try LocalExecutionTask(
      id: "buy-btc", account: "DESK-1", capacity: .agency, instrument: "BTCUSDT", currency: "USDT", side: .buy,
      quantity: ExactDecimal("12.5"),
      window: TaskWindow(
        start: 1_723_161_600_000_000_000, end: 1_723_161_900_000_000_000, zone: "UTC", zoneDigest: nil),
      objective: .implementationShortfall(riskAversion: ExactDecimal("0.000001")), slicing: .count(10),
      participation: 100_000, limit: 61_900_000_000_000, venues: [TaskVenue(venue: "BINANCE", symbol: "BTCUSDT")],
      referenceVenues: [TaskVenue(venue: "BINANCE-UM", symbol: "BTCUSDT")],
      algorithm: Algorithm(name: "schedule", version: "1"),
      terms: [
        VendorFunction(
          name: "toxicity", file: "terms.so",
          library: Digest(hexadecimal: String(repeating: "0123456789abcdef", count: 4))!, symbol: "price_of",
          signature: HookSignature(parsing: "int64(const exprove_plan_delta *, int64)"), values: [-25])
      ])
    #expect(task == expected)
    #expect(try LocalExecutionTask(json: JSON.parse(task.json.canonical)) == task)
  }

  /// Each change of one clause: what it says, where, and that it is said once.
  @Test(arguments: [
    ("capacity agency", "capacity agent", "3:30", "unknown capacity 'agent'"),
    ("capacity agency", "capacity prinicpal", "3:30", "did you mean 'principal'?"),
    ("capacity agency", "capcity agency", "3:21", "did you mean 'capacity'?"),
    ("values -25", "values 2.5", "14:88", "'2.5' is no integer of 64 bits"),
    ("values -25", "", "14:31", "takes 1 integers beside the structs, and 0 are given"),
    ("symbol price_of", "function price_of", "14:5", "expected 'symbol' and its function, found 'function'"),
    ("\"terms.so\"", "\"/tmp/terms.so\"", "13:25", "without a directory"),
    ("int64( const", "int( const", "14:31", "“int” is no type of result"),
    ("\"0123", "\"123", "13:43", "64 lower-case hexadecimal digits"),
    ("side buy", "side long", "5:8", "unknown side 'long'"),
    ("side buy", "side \"buy", "5:8", "the quote is not closed"),
    ("12.50 BTC", "12.50 BCT", "5:28", "unknown unit 'BCT'; did you mean 'BTC'?"),
    ("12.50 BTC", "12.50", "6:3", "expected a unit, found 'window'"),
    ("12.50 BTC", "0.0 BTC", "5:22", "a quantity is above 0"),
    ("12.50 BTC", "-1 BTC", "5:22", "a quantity is above 0"),
    ("12.50 BTC", "0.0000000000000000001 BTC", "5:22", "more than 18 decimals"),
    ("12.50 BTC", "99999999999999999999 BTC", "5:22", "too large for 64 bits"),
    ("12.50 BTC", "12.5x BTC", "5:22", "is not a decimal"),
    ("instrument BTCUSDT", "instrument ETHUSDT", "4:14", "knows no instrument 'ETHUSDT'"),
    ("00:05:00 zone", "00:00:00 zone", "6:33", "ends before it begins"),
    ("T00:05:00", "T25:00:00", "6:33", "there is no time of day 25:00:00"),
    ("2024-08-09T00:05:00", "2024-02-30T00:05:00", "6:33", "there is no day 2024-02-30"),
    ("zone \"UTC\"", "zone \"Mars/Olympus\"", "6:58", "'Mars/Olympus' cannot be read"),
    ("zone \"UTC\"", "zone \"../etc/passwd\"", "6:58", "is not the name of a time zone"),
    ("zone \"UTC\"", "", "7:3", "expected the zone of these times, found 'objective'"),
    ("T00:05:00 zone", "T00:05:00+02:00 zone", "6:33", "the offset of UTC is 0"),
    ("objective is", "objective iss", "7:13", "unknown objective 'iss'; did you mean 'is'?"),
    ("objective is { risk-aversion 0.000001 }", "objective is", "7:13", "needs a risk aversion"),
    ("objective is {", "objective twap {", "7:34", "twap has no risk aversion"),
    ("0.000001 }", "-0.1 }", "7:32", "a risk aversion is not below 0"),
    ("0.000001 }", "0.000001", "8:3", "expected '}', found 'slices'"),
    ("slices 10", "slices 0", "8:10", "slices are 1 to 4096"),
    ("slices 10", "slices ten", "8:10", "expected a count, found 'ten'"),
    ("slices 10", "slice 30 sec", "8:9", "unknown unit 'sec'"),
    ("slices 10", "slice 30", "8:9", "a duration without a unit"),
    ("slices 10", "slice 99999999999999h", "8:9", "at most 292 years"),
    ("slices 10", "slice 1us", "8:3", "must be above 0 and cut the window into at most 4096"),
    ("slices 10", "slices 10 slice 30s", "8:13", "both say how the window is cut"),
    ("participation 10%", "participation 100.1%", "9:17", "above 0% and at most 100%"),
    ("participation 10%", "participation 0%", "9:17", "above 0% and at most 100%"),
    ("participation 10%", "participation 1.00001%", "9:17", "more than 4 decimals"),
    ("participation 10%", "participation 10", "10:3", "expected '%', found 'limit'"),
    ("limit 61900.00", "limit 0", "10:9", "a limit is above 0"),
    ("limit 61900.00", "limit 1.0000000001", "10:9", "more than 9 decimals"),
    ("limit 61900.00", "limit 1 limit 2", "10:11", "a second 'limit'; the first one is in line 10"),
    ("venue BINANCE as BTCUSDT", "venue BINANCE BTCUSDT", "11:17", "expected 'as'"),
    ("venue BINANCE as BTCUSDT", "venue BINANCE as BTCUSDT venue BINANCE as BTCUSDT", "11:34", "stands twice"),
    ("venue BINANCE as BTCUSDT", "", "2:6", "has no 'venue'"),
    ("participation 10%", "", "2:6", "has no 'participation'"),
    ("slices 10", "", "2:6", "has neither 'slices' nor 'slice'"),
    ("task buy-btc", "tsk buy-btc", "2:1", "expected a task, found 'tsk'; did you mean 'task'?"),
    ("task buy-btc {", "task buy-btc", "3:3", "expected '{'"),
    ("currency USDT", "currency", "5:3", "expected the currency, found 'side'"),
    ("slices 10", "slices 10 €", "8:13", "'€' has no meaning here"),
  ])
  func saysWhatIsWrongWhereItIs(old: String, new: String, place: String, message: String) throws {
    #expect(TaskFileTests.whole.contains(old))
    let file = TaskFileTests.read(TaskFileTests.whole.replacing(old, with: new, maxReplacements: 1))
    #expect(file.tasks.isEmpty)
    let found = file.diagnostics.map { "\($0.line):\($0.column): \($0.message)" }
    #expect(
      file.diagnostics.contains { "\($0.line):\($0.column)" == place && $0.message.contains(message) }, "\(found)")
    #expect(file.diagnostics.allSatisfy { !$0.help.isEmpty })
  }

  @Test func showsTheLineACaretAndTheWayOut() throws {
    let file = TaskFileTests.read(TaskFileTests.whole.replacing("12.50 BTC", with: "12.50 BCT"))
    #expect(
      file.diagnostics.map(\.description) == [
        """
        buy.exprove:5:28: error: unknown unit 'BCT'; did you mean 'BTC'?
        5 |   side buy  quantity 12.50 BCT
          |                            ^^^
          = BTCUSDT is counted in BTC, as in: quantity 12.5 BTC
        """
      ])
  }

  @Test func oneRunFindsAllErrors() {
    let file = TaskFileTests.read(
      """
      task a {
        capacity broker
        side by
        quantity 1 BTC
        window 2024-08-09 .. 2024-08-10T00:00:00 zone "UTC"
        objective twap
        slices 0
        participation 400%
        colour red
      }
      task a { }
      """)
    #expect(file.tasks.isEmpty)
    #expect(file.diagnostics.count > 15)
    let lines = file.diagnostics.map(\.line)
    #expect(lines == lines.sorted())
    for line in [2, 3, 5, 7, 8, 9, 11] { #expect(lines.contains(line)) }
  }

  @Test func localTimesFollowTheZone() throws {
    func window(_ text: String) -> TaskFile {
      TaskFileTests.read(
        TaskFileTests.whole.replacing("2024-08-09T00:00:00 .. 2024-08-09T00:05:00 zone \"UTC\"", with: text))
    }
    // New York, 2020-03-08: 02:30 never came. 2020-11-01: 01:30 came twice.
    let plain = window("2020-01-30T09:30:00 .. 2020-01-30T16:00:00 zone \"America/New_York\"")
    let task = try #require(plain.tasks.first)
    #expect(task.window.start == 1_580_394_600_000_000_000)
    #expect(task.window.end - task.window.start == 23_400_000_000_000)
    #expect(task.window.zoneDigest == Digest(of: try Zone.load("America/New_York").bytes))
    let gone = window("2020-03-08T02:30:00 .. 2020-03-08T16:00:00 zone \"America/New_York\"")
    #expect(gone.diagnostics.first?.message.contains("did not exist") == true)
    let twice = window("2020-11-01T01:30:00 .. 2020-11-01T16:00:00 zone \"America/New_York\"")
    #expect(twice.diagnostics.first?.message.contains("came more than once") == true)
    #expect(twice.diagnostics.first?.message.contains("-04:00 or -05:00") == true)
    let first = window("2020-11-01T01:30:00-04:00 .. 2020-11-01T01:30:00-05:00 zone \"America/New_York\"")
    #expect(first.tasks.first.map { $0.window.end - $0.window.start } == 3_600_000_000_000)
    let wrong = window("2020-01-30T09:30:00+01:00 .. 2020-01-30T16:00:00 zone \"America/New_York\"")
    #expect(wrong.tasks.isEmpty && wrong.diagnostics.count == 1)
  }

  @Test func otherFormsOfClauses() throws {
    func task(_ old: String, _ new: String) throws -> LocalExecutionTask {
      let file = TaskFileTests.read(TaskFileTests.whole.replacing(old, with: new, maxReplacements: 1))
      #expect(file.diagnostics == [])
      return try #require(file.tasks.first)
    }
    #expect(try task("slices 10", "slice 30s").slicing == .duration(30_000_000_000))
    #expect(try task("slices 10", "slice 500 ms").slicing == .duration(500_000_000))
    #expect(try task("slices 10", "slice 2min").sliceCount == 3)
    #expect(try task("participation 10%", "participation 2.5 %").participation == 25_000)
    #expect(try task("participation 10%", "participation 0.0001%").participation == 1)
    #expect(try task("limit 61900.00", "").limit == nil)
    #expect(try task("objective is { risk-aversion 0.000001 }", "objective vwap").objective == .vwap)
    #expect(try task("venue BINANCE as BTCUSDT", "venue XTKS as 7203 venue XNAS as \"BRK B\"").venues.count == 2)
    #expect(try task("\"DESK-1\"", #""a \"b\" \\ é""#).account == #"a "b" \ é"#)
    #expect(try task("BTCUSDT  currency USDT", "BTCUSDT currency \"limit\"").currency == "limit")
    let two = TaskFileTests.whole + "\n" + TaskFileTests.whole.replacing("buy-btc", with: "other")
    #expect(TaskFileTests.read(two).tasks.map(\.id) == ["buy-btc", "other"])
    #expect(TaskFileTests.read(TaskFileTests.whole.replacing("\n", with: "\r\n")).tasks.count == 1)
  }

  @Test func filesThatAreNone() {
    #expect(TaskFileTests.read("").diagnostics.first?.message == "there is no task in the file")
    #expect(TaskFileTests.read("// nothing\n").tasks.isEmpty)
    func bytes(_ bytes: [UInt8]) -> Diagnostic? {
      TaskFile(
        bytes, file: "x",
        environment: TaskEnvironment(
          algorithm: Algorithm(name: "a", version: "1"), units: nil,
          zone: { (name: String) throws(ZoneError) -> Zone in throw .badName(name) })
      ).diagnostics.first
    }
    #expect(bytes(Array("task é".utf8) + [0xFF, 0x20])?.message == "byte 7 is not valid UTF-8")
    #expect(bytes([0xED, 0xA0, 0x80])?.message == "byte 0 is not valid UTF-8")
    #expect(bytes([UInt8](repeating: 32, count: (1 << 20) + 1))?.message == "the file is larger than 1 MiB")
    #expect(bytes([0x1F, 0x8B, 8, 0])?.message.contains("UTF-8") == true)
    // Control characters reach no terminal.
    let hostile = bytes(Array("task \u{1B}[2J\u{202E} {".utf8))?.description ?? ""
    #expect(!hostile.isEmpty && !hostile.contains("\u{1B}") && !hostile.contains("\u{202E}"))
  }
}
