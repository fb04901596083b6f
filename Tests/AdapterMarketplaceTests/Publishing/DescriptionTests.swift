// SPDX-License-Identifier: Apache-2.0

import AdapterMarketplace
import ExecutionIR
import Testing

@Suite struct DescriptionTests {
  private func read(_ text: String) throws(MarketError) -> AdapterDescription {
    try AdapterDescription(decoding: Array(text.utf8), path: "d.json")
  }

  @Test func readsAllMembers() throws {
    let digest = String(repeating: "ab", count: 32)
    let description = try read(
      """
      {"name": "Acme", "summary": "A feed", "who": "Acme Ltd", "links": ["https://a.example/?x=1&y=%22"],
       "protocols": ["ITCH"], "example": "line\\nline", "contracts": {"produces": [{"name": "c", "sha256": "\(digest)"}]}}
      """)
    #expect(description.title == "Acme" && description.links == ["https://a.example/?x=1&y=%22"])
    #expect(description.produces.map(\.digest.description) == [digest] && description.requires.isEmpty)
    #expect(description.example == "line\nline")
  }

  @Test func takesWhatMayBeLeftOut() throws {
    let description = try read(#"{"name": "a", "summary": "b", "who": "c"}"#)
    #expect(description.links.isEmpty && description.protocols.isEmpty && description.example.isEmpty)
  }

  @Test(arguments: [
    (#"{"name": "a", "summary": "b"}"#, "who: missing"),
    (#"{"name": "a", "summary": "b", "who": "c", "extra": 1}"#, "extra: unknown key"),
    (#"{"name": "", "summary": "b", "who": "c"}"#, "name: 1 to 100 bytes"),
    (#"{"name": 1, "summary": "b", "who": "c"}"#, "name: a string"),
    (#"{"name": "a", "name": "a", "summary": "b", "who": "c"}"#, "byte "),
    (#"{"name": "a", "summary": "b", "who": "c", "links": ["javascript:alert(1)"]}"#, "links[0]"),
    (#"{"name": "a", "summary": "b", "who": "c", "links": ["http://a", "https://a b"]}"#, "links[1]"),
    (#"{"name": "a", "summary": "b", "who": "c", "links": ["https://"]}"#, "links[0]"),
    (#"{"name": "a", "summary": "b", "who": "c", "links": ["https://ä.example"]}"#, "links[0]"),
    (#"{"name": "a", "summary": "b", "who": "c", "links": [1]}"#, "links[0]"),
    (#"{"name": "a", "summary": "b", "who": "c", "protocols": [""]}"#, "protocols[0]"),
    (
      #"{"name": "a", "summary": "b", "who": "c", "contracts": {"produces": [{"name": "x", "sha256": "1"}]}}"#,
      "contracts.produces[0].sha256"
    ),
  ])
  func refuses(text: String, reason: String) {
    do throws(MarketError) {
      _ = try read(text)
      Issue.record("\(text) was taken")
    } catch {
      #expect(error.description.contains("d.json") && error.description.contains(reason), "\(error)")
    }
  }

  @Test func isBounded() {
    let long = String(repeating: "x", count: 301)
    #expect(throws: MarketError.self) { try read(#"{"name": "a", "summary": "\#(long)", "who": "c"}"#) }
    let link = #""https://a.example""#
    let links = Array(repeating: link, count: 17).joined(separator: ",")
    #expect(throws: MarketError.self) { try read(#"{"name": "a", "summary": "b", "who": "c", "links": [\#(links)]}"#) }
    let space = String(repeating: " ", count: AdapterDescription.largestFile)
    #expect(throws: MarketError.self) { try read(#"{"name": "a", "summary": "b", "who": "c"}"# + space) }
  }
}

@Suite struct CatalogTests {
  private let line =
    #"{"latest":"1.2.0","licence":"MIT","name":"acme/itch","platforms":["linux-x86_64"],"protocols":["ITCH"],"summary":"A feed","updated":7,"versions":20}"#

  @Test func isReadAsItIsWritten() throws {
    let second = line.replacing("acme/itch", with: "zeta/itch")
    let bytes = Array("\(line)\n\(second)\n".utf8)
    let catalog = try Catalog(decoding: bytes, path: "c")
    #expect(catalog.entries.map(\.name.description) == ["acme/itch", "zeta/itch"])
    #expect(catalog.bytes == bytes)
    #expect(try Catalog(decoding: [], path: "c").bytes.isEmpty)
  }

  @Test func refusesWhatIsOutOfOrder() {
    let first = line.replacing("acme/itch", with: "zeta/itch")
    #expect(throws: MarketError.self) { try Catalog(decoding: Array("\(first)\n\(line)\n".utf8), path: "c") }
    #expect(throws: MarketError.self) { try Catalog(decoding: Array("\(line)\n\(line)\n".utf8), path: "c") }
    let other = line.replacing("1.2.0", with: "1.2")
    #expect(throws: MarketError.self) { try Catalog(decoding: Array(other.utf8), path: "c") }
  }

  @Test func listOfRevocationsIsStrict() throws {
    let digests = ["aa", "bb"].map { String(repeating: $0, count: 32) }
    func list(_ digests: [String]) -> [UInt8] {
      let entries = digests.map {
        #"{"at":5,"reason":"r","sha256":"\#($0)","target":"acme/itch/1.0.0/linux-x86_64.so"}"#
      }
      return Array(#"{"revoked":[\#(entries.joined(separator: ","))]}"#.utf8)
    }
    let read = try RevocationList(decoding: list(digests), path: "r")
    #expect(read.bytes == list(digests) && read.entries.count == 2)
    #expect(throws: MarketError.self) { try RevocationList(decoding: list(digests.reversed()), path: "r") }
    #expect(throws: MarketError.self) { try RevocationList(decoding: list([digests[0], digests[0]]), path: "r") }
    #expect(throws: MarketError.self) { try RevocationList(decoding: list(["aa"]), path: "r") }
  }
}
