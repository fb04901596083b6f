// SPDX-License-Identifier: Apache-2.0

internal import EventFlow
import CivilTime
import Feeds
import Testing

@Suite struct FeedOptionsTests {
  @Test func everyKey() throws {
    let text =
      "XNAS=nasdaq-itch50:/data/a:b,c/day.bin.gz,zone=America/New_York,date=2020-01-30,clock=gps-1,offset=-2500ns,"
      + "uncertainty=1000us,role=reference,framing=length16,market=usdm,depth=a,b"
    let options = try FeedOptions(text)
    #expect(options.venue == "XNAS")
    #expect(options.adapter == "nasdaq-itch50")
    #expect(options.path == "/data/a:b,c/day.bin.gz")
    #expect(options.date?.description == "2020-01-30")
    #expect(options.zone == "America/New_York")
    #expect(options.clock == "gps-1")
    #expect(options.offset == -2500)
    #expect(options.uncertainty == 1_000_000)
    #expect(options.isReference)
    #expect(options.framing == .length16)
    #expect(options.venueLatency == nil)
    #expect(options.settings == [.init(key: "depth", value: "a,b"), .init(key: "market", value: "usdm")])
    // The canonical form reads back as the same and is its own canonical form.
    let canonical =
      "XNAS=nasdaq-itch50:/data/a:b,c/day.bin.gz,date=2020-01-30,zone=America/New_York,clock=gps-1,offset=-2500ns,"
      + "uncertainty=1ms,role=reference,framing=length16,depth=a,b,market=usdm"
    #expect(options.text == canonical)
    #expect(try FeedOptions(canonical) == options)
    let day = try #require(try options.dayStart())
    #expect(day.nanoseconds == 1_580_360_400_000_000_000)
    #expect(day.zone.bytes.starts(with: Array("TZif".utf8)))
  }

  @Test func defaults() throws {
    let options = try FeedOptions("my-venue=./build/x.so:capture=1.gz")
    #expect(options.venue == "my-venue" && options.adapter == "./build/x.so" && options.path == "capture=1.gz")
    #expect(options.keys.isEmpty && !options.isReference && options.offset == 0)
    #expect(try options.dayStart() == nil)
    #expect(try FeedOptions("A=b:c,time=venue+250us").venueLatency == 250_000)
    #expect(try FeedOptions("A=b:c,time=venue+0ns").text == "A=b:c,time=venue+0ns")
    // A value may be empty where the adapter allows it, and hold '=' and ':'.
    #expect(try FeedOptions("A=b:c,x=").settings == [.init(key: "x", value: "")])
    #expect(try FeedOptions("A=b:c,x=1=2:3").settings == [.init(key: "x", value: "1=2:3")])
  }

  @Test(arguments: [
    ("", "no '='"),
    ("XNAS", "no '='"),
    ("=b:c", "'' cannot name a venue"),
    ("X Y=b:c", "cannot name a venue"),
    (".X=b:c", "cannot name a venue"),
    ("XÄ=b:c", "cannot name a venue"),
    (String(repeating: "X", count: 33) + "=b:c", "cannot name a venue"),
    ("X=b", "no ':' between"),
    ("X=:c", "no adapter"),
    ("X=b:", "no path"),
    ("X=b:,date=2020-01-30", "no path"),
    ("X=b:c,date=2020-02-30,zone=UTC", "date=2020-02-30: there is no day"),
    ("X=b:c,date=yesterday,zone=UTC", "write one as 2020-01-30"),
    ("X=b:c,date=2020-01-30", "date= needs zone="),
    ("X=b:c,zone=UTC", "zone= needs date="),
    ("X=b:c,zone=../etc,date=2020-01-30", "zone=../etc: write a zone's name"),
    ("X=b:c,clock=", "clock=: a clock's name"),
    ("X=b:c,offset=5", "write one as 250us"),
    ("X=b:c,uncertainty=-5us", "write one as 250us"),
    ("X=b:c,role=routed", "the only role to give is reference"),
    ("X=b:c,time=0ns", "write time=venue+LATENCY"),
    ("X=b:c,time=venue+-1ns", "write one as 250us"),
    ("X=b:c,time=venue+10", "write one as 250us"),
    ("X=b:c,time=venue+1ns,offset=0ns", "put the sum into"),
    ("X=b:c,framing=lines", "one of length16, line, packet, message"),
    ("X=b:c,x=1,x=2", "x= is given twice"),
    ("X=b:c,offset=9223372037s", "outside"),
    ("X=b:c\n", "control character"),
  ])
  func refused(text: String, reason: String) {
    do {
      _ = try FeedOptions(text)
      Issue.record("'\(text)' was taken")
    } catch {
      #expect(error.category == .usage)
      #expect(error.description.contains(reason), "\(error)")
    }
  }

  @Test func aZoneThatIsNotThereIsAUsageError() throws {
    let options = try FeedOptions("X=b:c,date=2020-01-30,zone=Europe/Atlantis")
    #expect(throws: FeedError.self) { try options.dayStart() }
    // Midnight did not exist in São Paulo when daylight time began.
    let missing = try FeedOptions("X=b:c,date=2018-11-04,zone=America/Sao_Paulo")
    do {
      _ = try missing.dayStart()
      Issue.record("a midnight that never was")
    } catch {
      #expect(error.category == .usage && error.description.contains("did not exist"))
    }
  }

  @Test func noTextTraps() {
    var generator = Seeded(3)
    let alphabet = Array("XNAS=b:c,date2020-01z+usé.\u{0}\u{7F}".unicodeScalars)
    for _ in 0..<20_000 {
      var text = String.UnicodeScalarView()
      for _ in 0..<Int.random(in: 0..<40, using: &generator) { text.append(alphabet.randomElement(using: &generator)!) }
      guard let options = try? FeedOptions(String(text)) else { continue }
      #expect((try? FeedOptions(options.text)) == options, "\(text)")
    }
  }
}
