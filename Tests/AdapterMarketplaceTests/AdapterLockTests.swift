// SPDX-License-Identifier: Apache-2.0

import AdapterMarketplace
import DurableFiles
import ExecutionIR
import Testing

/// A locked adapter as tests need one.
func locked(
  _ name: String, _ version: String = "1.2.0", repository: String = "main", bytes: String? = nil, isPinned: Bool = false
) throws -> LockedAdapter {
  LockedAdapter(
    name: try #require(AdapterName(name)), version: try #require(SemanticVersion(version)), platform: .host,
    digest: Digest(of: Array((bytes ?? name + version).utf8)), length: 10, certificate: Digest(of: Array(name.utf8)),
    repository: repository,
    voucher: .init(role: "acme", keys: ["ab"], threshold: 1, version: 3),
    log: .init(key: "example.com/log+00000000+AAAA", index: 2, size: 5), isPinned: isPinned,
    range: try #require(VersionRange("^1.2")), installed: 1_700_000_000, minimumABI: .init(major: 1, minor: 0),
    maximumABI: .init(major: 1, minor: 1))
}

@Suite struct AdapterLockTests {
  private func filled() throws -> AdapterLock {
    var lock = AdapterLock()
    for name in ["zeta/itch", "acme/itch", "acme/ouch"] { lock.put(try locked(name)) }
    lock.bind("acme", to: .init(repository: "main", isChosen: false))
    lock.bind("zeta", to: .init(repository: "main", isChosen: true))
    return lock
  }

  @Test func readsWhatItWrites() throws {
    let lock = try filled()
    #expect(try AdapterLock(decoding: lock.encoded, path: "adapters.lock") == lock)
    #expect(lock.adapters.map(\.name.description) == ["acme/itch", "acme/ouch", "zeta/itch"])
    for adapter in lock.adapters { #expect(lock.adapter(adapter.name) == adapter) }
    #expect(lock.adapter(try #require(AdapterName("acme/none"))) == nil)
  }

  @Test func keepsOneVersionAndTheBinding() throws {
    var lock = try filled()
    lock.put(try locked("acme/itch", "1.3.0"))
    #expect(lock.adapters.count == 3)
    #expect(lock.adapter(try #require(AdapterName("acme/itch")))?.version.description == "1.3.0")
    lock.remove(try #require(AdapterName("acme/itch")))
    lock.remove(try #require(AdapterName("acme/ouch")))
    #expect(lock.adapters.count == 1)
    #expect(lock.binding(ofVendor: "acme")?.repository == "main")
  }

  /// Each breaks one rule of the file, by a text that stands in it.
  @Test(arguments: [
    ("exprove-adapters/1", "exprove-adapters/2"), ("\"pinned\":false", "\"pinned\":0"), ("\"1.2.0\"", "\"1.2\""),
    ("\"name\":\"acme/itch\"", "\"name\":\"acme/../itch\""), ("\"name\":\"acme/itch\"", "\"name\":\"zz/itch\""),
    ("\"name\":\"acme/itch\"", "\"name\":\"acme/ouch\""), ("\"repository\":\"main\"", "\"repository\":\"../main\""),
    ("\"length\":10", "\"length\":-1"), ("\"length\":10", "\"length\":10.0"),
    ("\"vendor\":\"zeta\"", "\"vendor\":\"acme\""),
    ("\"vendor\":\"zeta\"", "\"vendor\":\"root\""), ("\"range\":\"^1.2\"", "\"range\":\"newest\""),
    ("{\"adapters\"", "{ \"adapters\""), ("\"format\"", "\"extra\":1,\"format\""), ("\"sha256\":\"", "\"sha256\":\"A"),
    ("\"threshold\":1", "\"threshold\":0"), ("\"chosen\":true", "\"chosen\":1"),
    ("\"platform\":\"", "\"platform\":\"other-"),
    ("\"vendors\":", "\"adapters\":[],\"vendors\":"),
  ])
  func refuses(text: String, instead: String) throws {
    let whole = String(decoding: try filled().encoded, as: UTF8.self)
    let range = try #require(whole.firstRange(of: text))
    let altered = whole.replacingCharacters(in: range, with: instead)
    do throws(StoreError) {
      _ = try AdapterLock(decoding: Array(altered.utf8), path: "home/adapters.lock")
      Issue.record("\(instead) was taken")
    } catch {
      #expect(error.description.hasPrefix("home/adapters.lock: "), "\(error)")
    }
  }

  @Test func everyCutIsRefused() throws {
    let bytes = try filled().encoded
    for count in 0..<bytes.count {
      #expect(throws: StoreError.self) { try AdapterLock(decoding: Array(bytes.prefix(count)), path: "l") }
    }
  }
}

extension String {
  fileprivate func firstRange(of text: String) -> Range<String.Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
      start = index(after: start)
    }
    return nil
  }

  fileprivate func replacingCharacters(in range: Range<String.Index>, with text: String) -> String {
    String(self[..<range.lowerBound]) + text + String(self[range.upperBound...])
  }
}
