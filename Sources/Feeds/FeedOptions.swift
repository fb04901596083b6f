// SPDX-License-Identifier: Apache-2.0

package import CivilTime
package import EventFlow

/// One `--feed VENUE=ADAPTER:PATH[,key=value…]`.
///
/// How the text is split: VENUE ends at the first `=`, ADAPTER at the first `:` behind it, so PATH may hold further
/// colons, and an adapter that is given as a path may not. A comma begins a key only where `key=` follows
/// it (a lower-case letter, then lower-case letters, digits and `-`), so other commas belong to the path or value.
package struct FeedOptions: Equatable, Sendable {
  /// An ISO 10383 code or a name of one's own.
  package var venue: String
  /// A shipped adapter's name or a path to a shared library.
  package var adapter: String
  package var path: String
  /// `date=`: the local day of a capture whose times have none.
  package var date: CivilDate?
  /// `zone=`: whose midnight `date` begins with.
  package var zone: String?
  /// `clock=`: the name of the clock that stamped the receive times.
  package var clock: String?
  /// `offset=`: nanoseconds that are added to each receive time of the capture.
  package var offset: Int64 = 0
  /// `uncertainty=`: by how many nanoseconds the clock may be wrong, either way.
  package var uncertainty: Int64?
  /// `role=reference`: informs, and is never routed to.
  package var isReference = false
  /// `time=venue+LATENCY`: receive times are the venue's own plus so many nanoseconds.
  package var venueLatency: Int64?
  /// `framing=`: what the frames are, instead of finding out.
  package var framing: Framing?
  /// The capture is one of an order session: no key of the text, but what the host reads it for.
  ///
  /// Order sessions run over streams, so a packet of the link type that is left to users (147) is then one message as it
  /// lies, and one that its capture calls outbound is what was sent.
  package var isOrderSession = false
  /// Keys that are the adapter's, by key.
  package var settings: [Setting] = []

  package struct Setting: Equatable, Sendable {
    package var key: String
    package var value: String

    package init(key: String, value: String) {
      self.key = key
      self.value = value
    }
  }

  package init(venue: String, adapter: String, path: String) {
    self.venue = venue
    self.adapter = adapter
    self.path = path
  }

  /// Reads the option's text; the error says which part is wrong and what is valid there.
  package init(_ text: String) throws(FeedError) {
    func usage(_ reason: String) -> FeedError { .usage(feed: text, reason: reason) }
    guard text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) else {
      throw usage("it holds a control character")
    }
    let form = "write VENUE=ADAPTER:PATH, for example XNAS=nasdaq-itch50:day.bin.gz,date=2020-01-30"
    let bytes = text.utf8
    guard let equals = bytes.firstIndex(of: UInt8(ascii: "=")) else { throw usage("no '='; \(form)") }
    venue = String(text[..<equals])
    guard FeedOptions.isVenue(venue) else {
      throw usage(
        "'\(venue)' cannot name a venue: 1 to 32 letters, digits, '.', '_' and '-', the first a letter or digit")
    }
    let rest = text[text.index(after: equals)...]
    guard let colon = rest.utf8.firstIndex(of: UInt8(ascii: ":")) else {
      throw usage("no ':' between adapter and path; \(form)")
    }
    adapter = String(rest[..<colon])
    guard !adapter.isEmpty else { throw usage("no adapter before ':'; \(form)") }
    let pieces = FeedOptions.split(rest[rest.index(after: colon)...])
    path = String(pieces[0])
    guard !path.isEmpty else { throw usage("no path behind '\(adapter):'; \(form)") }

    var seen: [String] = []
    for piece in pieces.dropFirst() {
      let equals = piece.utf8.firstIndex(of: UInt8(ascii: "="))!
      let key = String(piece[..<equals])
      let value = String(piece[piece.index(after: equals)...])
      guard !seen.contains(key) else { throw usage("\(key)= is given twice") }
      seen.append(key)
      do {
        try set(key, value)
      } catch {
        throw usage("\(key)=\(value): \(error.text)")
      }
    }
    settings.sort { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    if date != nil, zone == nil { throw usage("date= needs zone=, for example zone=America/New_York") }
    if zone != nil, date == nil { throw usage("zone= needs date=, for example date=2020-01-30") }
    if venueLatency != nil, seen.contains("offset") {
      throw usage("offset= corrects receive times, and time= replaces them; put the sum into time=venue+LATENCY")
    }
  }

  private struct BadValue: Error {
    var text: String
    init(_ text: String) { self.text = text }
  }

  private mutating func set(_ key: String, _ value: String) throws(BadValue) {
    switch key {
    case "date":
      do { date = try TimeText.date(value) } catch { throw BadValue(error.description) }
    case "zone":
      guard Zone.isName(value) else { throw BadValue("write a zone's name as America/New_York") }
      zone = value
    case "clock":
      guard FeedOptions.isVenue(value) else {
        throw BadValue("a clock's name is 1 to 32 letters, digits, '.', '_' and '-'")
      }
      clock = value
    case "offset":
      do { offset = try TimeText.duration(value, signed: true) } catch { throw BadValue(error.description) }
    case "uncertainty":
      do { uncertainty = try TimeText.duration(value) } catch { throw BadValue(error.description) }
    case "role":
      guard value == "reference" else { throw BadValue("the only role to give is reference") }
      isReference = true
    case "time":
      let prefix = "venue+"
      guard value.hasPrefix(prefix) else { throw BadValue("write time=venue+LATENCY, for example time=venue+250us") }
      do {
        venueLatency = try TimeText.duration(value.dropFirst(prefix.count))
      } catch {
        throw BadValue(error.description)
      }
    case "framing":
      guard let framing = Framing(name: value) else {
        throw BadValue("one of \(Framing.allCases.map(\.name).joined(separator: ", "))")
      }
      self.framing = framing
    default:
      settings.append(Setting(key: key, value: value))
    }
  }

  /// Every key that was given, values in their canonical form: the host's keys in the order of the
  /// properties above, then the adapter's by key.
  package var keys: [Setting] {
    var keys: [Setting] = []
    func add(_ key: String, _ value: String?) {
      if let value { keys.append(Setting(key: key, value: value)) }
    }
    add("date", date?.description)
    add("zone", zone)
    add("clock", clock)
    add("offset", offset == 0 ? nil : TimeText.durationText(offset))
    add("uncertainty", uncertainty.map(TimeText.durationText))
    add("role", isReference ? "reference" : nil)
    add("time", venueLatency.map { "venue+" + TimeText.durationText($0) })
    add("framing", framing?.name)
    return keys + settings
  }

  /// The canonical text: it reads back as the same options.
  package var text: String {
    "\(venue)=\(adapter):\(path)" + keys.map { ",\($0.key)=\($0.value)" }.joined()
  }

  /// The day's local midnight, nil without `date=`; with the zone's file, whose digest is to be recorded.
  package func dayStart(
    zones directory: String = "/usr/share/zoneinfo"
  ) throws(FeedError) -> (nanoseconds: Int64, zone: Zone)? {
    guard let date, let name = zone else { return nil }
    do {
      let zone = try Zone.load(name, directory: directory)
      return (try zone.midnight(date), zone)
    } catch {
      throw .usage(feed: text, reason: "zone=\(name), date=\(date): \(error)")
    }
  }

  /// Whether it can name a venue.
  package static func isVenue(_ name: String) -> Bool {
    guard let first = name.utf8.first, isLetterOrDigit(first), name.utf8.count <= 32 else { return false }
    return name.utf8.allSatisfy { isLetterOrDigit($0) || ".-_".utf8.contains($0) }
  }

  private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }

  /// Cuts at each comma that `key=` follows.
  private static func split(_ text: Substring) -> [Substring] {
    var pieces: [Substring] = []
    var start = text.startIndex
    var index = text.startIndex
    while index < text.utf8.endIndex {
      if text.utf8[index] == UInt8(ascii: ","), startsWithKey(text.utf8[text.utf8.index(after: index)...]) {
        pieces.append(text[start..<index])
        start = text.utf8.index(after: index)
      }
      index = text.utf8.index(after: index)
    }
    return pieces + [text[start...]]
  }

  private static func startsWithKey(_ text: Substring.UTF8View) -> Bool {
    let lower = UInt8(ascii: "a")...UInt8(ascii: "z")
    guard let first = text.first, lower.contains(first) else { return false }
    let rest = text.drop { lower.contains($0) || $0 == UInt8(ascii: "-") || (UInt8(ascii: "0")...57).contains($0) }
    return rest.first == UInt8(ascii: "=")
  }
}
