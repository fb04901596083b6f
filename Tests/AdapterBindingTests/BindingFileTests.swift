// SPDX-License-Identifier: Apache-2.0

internal import AdapterBinding
internal import BrokenAdapters
internal import Foundation
internal import SourceDiagnostics
internal import Testing

/// Errors of binding files point at the place, with the reason and the way out.
@Suite struct BindingFileTests {
  static let small = """
    binding 1;
    library "libx.so";
    manifest {
      max-events: 8
      framing: message
      channel: market-data
      message: T
    }
    typedef struct x x;
    typedef struct { int64_t price; double ratio; char name[9]; uint8_t side; const char *text; } x_trade;
    typedef void (*x_on)(void *user, const x_trade *trade);
    x *x_open(x_on on, void *user);
    int x_feed(x *self, const uint8_t *bytes, size_t size);
    void x_close(x *self);
    on trade: x_on(user, trade) {
      count "T";
      event TRADE { symbol = trade->name; price = trade->price @ 4; }
    }
    session {
      open x_open(trade, user);
      feed x_feed(self, bytes, size) { 0: OK, else: SHORT };
      close x_close(self);
      state none;
    }
    """

  static func read(_ text: String) -> BindingFile { BindingFile(Array(text.utf8), file: "x.binding") }

  @Test func goodFilesAreCompiled() throws {
    let file = BindingFileTests.read(BindingFileTests.small)
    #expect(file.diagnostics == [])
    #expect(file.library == "libx.so")
    #expect(ProgramCheck.fault(file.program) == nil)
    #expect(
      String(decoding: file.manifest, as: UTF8.self)
        == "exprove-manifest/1\nmax-events: 8\nframing: message\nchannel: market-data\nmessage: T\n")
    #expect(file.functionNames == ["x_open", "x_feed", "x_close"])
    for name in ["ticker", "keeper"] {
      let path = "\(Workshop.root)/Tests/BrokenAdapters/libraries/\(name).binding"
      let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
      #expect(BindingFile(bytes, file: path).diagnostics == [])
      // The same bytes each time.
      #expect(BindingFile(bytes, file: "elsewhere").program == BindingFile(bytes, file: path).program)
    }
  }

  /// What is replaced by what, and the error that comes of it.
  static let faults: [(old: String, new: String, place: String, message: String)] = [
    ("binding 1;", "binding 2;", "1:9", "this version of the language is not known"),
    ("binding 1;", "", "2:1", "“library” stands here, where “binding 1;” belongs"),
    ("\"libx.so\"", "\"/usr/lib/libx.so\"", "2:9", "is no file beside the binding"),
    ("\"libx.so\"", "\"../libx.so\"", "2:9", "is no file beside the binding"),
    ("\"libx.so\"", "\"libx.so", "2:9", "the quote is not closed"),
    ("library \"libx.so\";", "", "24:2", "the library is missing"),
    ("max-events: 8", "max-events: 1", "4:3", "is not 2 to 65536"),
    (
      "channel: market-data", "channel: market-data\n  frame-time: yes", "7:3",
      "names no function that tells a frame's time"
    ),
    (
      "channel: market-data", "channel: market-data\n  extension: exprove.health/1", "7:3",
      "a bound library has no “extension”"
    ),
    ("int64_t price", "int65_t price", "10:18", "“int65_t” is no type; did you mean “int64_t”?"),
    ("int64_t price", "int64_t price : 3", "10:32", "bit fields cannot be declared"),
    ("int64_t price", "union { int a; } price", "10:18", "unions cannot be declared"),
    ("typedef void (*x_on)", "union x_any { int a; };\ntypedef void (*x_on)", "11:1", "unions cannot be declared"),
    ("int64_t price", "x price", "10:20", "“price” is of a type without a size"),
    ("char name[9]", "char name[0]", "10:57", "0 is no number of elements"),
    ("char name[9]", "char name[99999999]", "10:57", "99999999 is no number of elements"),
    ("char name[9]", "char price[9]", "10:52", "a second field “price”"),
    ("typedef void (*x_on)(void *user", "typedef x_trade (*x_on)(void *user", "15:11", "cannot be bound"),
    ("size_t size);", "size_t size, ...);", "13:56", "functions with any number of arguments cannot be bound"),
    ("int x_feed(", "int x_fed(", "21:8", "there is no function “x_feed”; did you mean “x_fed”?"),
    ("on trade: x_on", "on trade: x_in", "15:11", "“x_in” is no type of callback; did you mean “x_on”?"),
    ("x_on(user, trade)", "x_on(user)", "15:20", "“x_on” has 2 parameters"),
    ("count \"T\"", "count \"Q\"", "16:9", "the manifest above has no message “Q”"),
    ("event TRADE", "event TRAED", "17:9", "“TRAED” is no kind of event; did you mean “TRADE”?"),
    ("event TRADE", "event LEVEL", "17:3", "a LEVEL has a side"),
    ("symbol = trade->name;", "", "17:3", "a TRADE concerns an instrument"),
    ("symbol = trade->name", "symbol = trade->price", "17:26", "int64_t is no text"),
    ("symbol = trade->name", "symbol = trade.name", "17:32", "has no fields that are declared"),
    ("symbol = trade->name", "symbol = trade->nme", "17:33", "has no field “nme”; did you mean “name”?"),
    ("trade->price @ 4", "trade->price", "17:47", "how many decimals does this have?"),
    ("trade->price @ 4", "trade->ratio @ 4", "17:47", "floating point cannot become an event"),
    ("trade->price @ 4", "trade->price @ 19", "17:62", "19 is no number of decimals"),
    ("trade->price @ 4", "tade->price @ 4", "17:47", "there is no “tade” here; did you mean “trade”?"),
    ("trade->price @ 4", "trade->name @ 4", "17:47", "is no integer"),
    (
      "price = trade->price @ 4", "side = match trade->side { 'B': BYU }", "17:71",
      "“BYU” means nothing here; did you mean “BUY”?"
    ),
    ("price = trade->price @ 4", "side = match trade->side { 1: BUY, 1: SELL }", "17:74", "1 stands twice"),
    ("price = trade->price @ 4", "cost = 1", "17:39", "an event has no field “cost”"),
    ("price = trade->price @ 4;", "symbol = trade->text;", "17:39", "a second “symbol”"),
    ("x_open(trade, user)", "x_open(user, user)", "20:15", "“user” cannot stand here"),
    ("x_open(trade, user)", "x_open(trade)", "20:20", "“)” stands here, where “,” belongs"),
    ("x_feed(self,", "x_feed(size,", "21:15", "“size” cannot stand here"),
    (" { 0: OK, else: SHORT }", "", "21:33", "what do the results of “x_feed” mean?"),
    ("0: OK", "0: FINE", "21:39", "“FINE” means nothing here"),
    ("else: SHORT", "else: SHORT | FIELD | UNKNOWN", "21:34", "a result means one thing"),
    ("state none;", "", "24:2", "what becomes of the library's state is missing"),
    ("state none;", "state some;", "23:9", "“some” stands here, where “none” belongs"),
    (
      "state none;", "state none; time x_feed(self, bytes, size) @ 9;", "19:1", "does not say that frames have times"
    ),
    ("state none;", "save x_feed(self, out, capacity); state none;", "19:1", "save and load belong together"),
    ("close x_close(self);", "close x_close(self)", "23:3", "“state” stands here, where “;” belongs"),
    ("event TRADE {", "event TRADE { § ", "17:17", "“§” has no meaning here"),
    ("trade->price @ 4", "08 @ 4", "17:47", "is no integer of 64 bits"),
    ("trade->price @ 4", "99999999999999999999 @ 4", "17:47", "is no integer of 64 bits"),
    ("void x_close(x *self);", "void x_close(x *self); /* ", "14:24", "this comment has no end"),
  ]

  @Test(arguments: faults.indices) func errorsNameThePlace(index: Int) {
    let fault = BindingFileTests.faults[index]
    let text = BindingFileTests.small.replacingOccurrences(of: fault.old, with: fault.new)
    #expect(text != BindingFileTests.small, "“\(fault.old)” is not there")
    let file = BindingFileTests.read(text)
    let found = file.diagnostics.map { "\($0.line):\($0.column): \($0.message)" }
    #expect(
      file.diagnostics.contains { "\($0.line):\($0.column)" == fault.place && $0.message.contains(fault.message) },
      "\(fault.new): expected \(fault.place) \(fault.message), found \(found)")
    #expect(file.diagnostics.allSatisfy { !$0.help.isEmpty })
    #expect(file.program.isEmpty)
  }

  @Test func errorsAreShownWithTheirLine() {
    let text = BindingFileTests.small.replacingOccurrences(of: "trade->price @ 4", with: "trade->price")
    #expect(
      BindingFileTests.read(text).diagnostics.map(\.description) == [
        """
        x.binding:17:47: error: how many decimals does this have?
        17 |   event TRADE { symbol = trade->name; price = trade->price; }
           |                                               ^^^^^^^^^^^^
           = write x @ 4 for integers at 1e-4
        """
      ])
  }

  @Test func allErrorsAreFoundInOneRun() {
    let text = BindingFileTests.small
      .replacingOccurrences(of: "int64_t price", with: "int65_t price")
      .replacingOccurrences(of: "void x_close(x *self);", with: "void x_close(y *self);")
      .replacingOccurrences(of: "state none", with: "state some")
    let lines = BindingFileTests.read(text).diagnostics.map(\.line)
    #expect(lines.contains(10) && lines.contains(14) && lines.contains(23) && lines == lines.sorted())
  }

  /// Whatever the bytes are, reading ends: with errors that lie within the file, or with a program that runs.
  private func check(_ bytes: [UInt8]) -> Bool {
    let file = BindingFile(bytes, file: "x.binding")
    #expect(file.diagnostics.isEmpty != file.program.isEmpty)
    let lines = bytes.count { $0 == 10 } + 1
    for diagnostic in file.diagnostics {
      #expect((1...lines).contains(diagnostic.line) && diagnostic.column >= 1 && !diagnostic.help.isEmpty)
      // The binder must take whatever the compiler makes.
      #expect(!diagnostic.message.contains("the binder does not take"), "\(diagnostic)")
    }
    #expect(file.diagnostics.count <= 51)
    return file.diagnostics.isEmpty
  }

  @Test func damagedFiles() throws {
    var sources = [Array(BindingFileTests.small.utf8)]
    for path in ["Tests/BrokenAdapters/libraries/ticker.binding", "sdk-c/examples/binding/deep.binding"] {
      sources.append([UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(Workshop.root)/\(path)"))))
    }
    // Pieces of the language, so that some of what comes out is nearly right.
    let words = [
      "{", "}", "(", ")", ";", ",", "->", ".", "*", "&", "|", "==", "@ 9", "@ 18", "[2]", "0", "-1", "'B'", "match",
      "else",
      "if (1) { } else", "event NOTICE { }", "count \"T\";", "self", "user", "bytes", "const", "struct", "int64_t",
      "char",
      "x_on", "trade", "void", "typedef", "enum { A }", "sizeof(x_trade)", "user", "\0", "é", "\u{FEFF}",
    ].map { Array($0.utf8) }
    var dice = Dice(7)
    var good = 0
    for _ in 0..<6_000 {
      var bytes = sources[dice.roll(10) < 8 ? 0 : 1 + dice.roll(2)]
      for _ in 0...dice.roll(3) {
        let at = dice.roll(bytes.count)
        switch dice.roll(6) {
        case 0: bytes.remove(at: at)
        case 1: bytes[at] = UInt8(dice.roll(256))
        case 2: bytes.removeSubrange(at..<min(bytes.count, at + dice.roll(20)))
        case 3: bytes.insert(contentsOf: words[dice.roll(words.count)], at: at)
        case 4: bytes.insert(contentsOf: bytes[at..<min(bytes.count, at + dice.roll(80))], at: dice.roll(bytes.count))
        default:
          let length = dice.roll(12)
          bytes.replaceSubrange(at..<min(bytes.count, at + length), with: words[dice.roll(words.count)])
        }
        if bytes.isEmpty { bytes = [10] }
      }
      if check(bytes) { good += 1 }
    }
    #expect(good > 100, "only \(good) of the damaged files were still good")
  }

  @Test func pilesOfOneThing() {
    let small = BindingFileTests.small
    for piece in [
      "{", "}", "(", "(*", "*", "struct a { ", "typedef ", "enum {", "if (1) {", "else ", "match 1 {", "trade->", "[1]",
      "1 + ", "|", "- ", "\"", "'", "/*", "//", "@", "#define A 1\n", "char a[9];", "on a: b(", "manifest {",
      "event NOTICE { }",
      "struct s { int a; };", "é",
    ] {
      let pile = String(repeating: piece, count: 5_000)
      _ = check(Array(pile.utf8))
      _ = check(Array("binding 1;\(pile)".utf8))
      _ = check(Array(small.replacingOccurrences(of: "trade->price @ 4", with: pile).utf8))
      _ = check(Array(small.replacingOccurrences(of: "count \"T\";", with: pile).utf8))
      _ = check(Array(small.replacingOccurrences(of: "int64_t price;", with: "int64_t price; \(pile)").utf8))
    }
    _ = check([UInt8](repeating: 32, count: (1 << 20) + 1))
    _ = check([0xFF])
  }
}
