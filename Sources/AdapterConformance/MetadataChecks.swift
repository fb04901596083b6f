// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import CExProveABI
internal import EventFlow

extension Trial {
  func metadataTable() throws -> String {
    notes.record(.load)
    let entry = unsafe try LoadedAdapter.load(image, enforcingRules: false)
    notes.record(.entry)
    let first = unsafe TableRegion.filled(by: entry, version: spokenVersion.rawValue)
    for _ in 0..<4 {
      let again = unsafe TableRegion.filled(by: entry, version: spokenVersion.rawValue)
      guard unsafe again.status == first.status else {
        throw Finding.fail("the entry answers differently the next time")
      }
      guard unsafe TableRegion.isSame(first.table, again.table) else {
        throw Finding.fail("the entry fills another table the next time")
      }
      guard let text = unsafe again.table.manifest,
        unsafe again.table.manifest_size == UInt64(image.manifestBytes.count),
        unsafe image.manifestBytes.elementsEqual(UnsafeRawBufferPointer(start: text, count: image.manifestBytes.count))
      else { throw Finding.fail("the entry gives another manifest the next time") }
    }
    return "the same table five times"
  }

  func metadataCounters() throws -> String {
    let adapter = try load()
    for session in try openings(adapter) {
      guard try session.counters().allSatisfy({ $0 == 0 }) else {
        throw Finding.fail("a new session's counters are not zero")
      }
      let count = manifest.messages.count
      for capacity in [0, 1, count - 1, count, count + 5] where capacity >= 0 {
        var values = [UInt64](repeating: 0x5A5A_5A5A, count: max(capacity, count) + 16)
        let status = unsafe values.withUnsafeMutableBufferPointer {
          unsafe session.counters($0.baseAddress, UInt32(capacity))
        }
        guard status == Status.ok else {
          throw Finding.fail("counters with room for \(capacity) answered \(describe(status, ""))")
        }
        let filled = min(capacity, count)
        guard values.dropFirst(filled).allSatisfy({ $0 == 0x5A5A_5A5A }) else {
          throw Finding.fail("counters with room for \(capacity) of \(count) values wrote more than \(filled)")
        }
        guard values.prefix(filled).allSatisfy({ $0 == 0 }) else {
          throw Finding.fail("counters with room for \(capacity) did not write \(filled) values")
        }
      }
      session.close()
    }
    var sum: UInt64 = 0
    for group in corpus.groups {
      let session = try TrialSession.open(adapter, configuration(group), notes)
      var last = try session.counters()
      for chunk in group.frames.chunks(of: 16) {
        _ = session.decode(chunk)
        let now = try session.counters()
        guard zip(now, last).allSatisfy({ $0 >= $1 }) else { throw Finding.fail("a counter fell") }
        last = now
      }
      sum += last.reduce(0, +)
      session.close()
    }
    return "\(manifest.messages.count) counters; \(sum) messages counted"
  }

  func metadataCombinations() throws -> String {
    let adapter = try load()
    let sessions = try openings(adapter)
    for framing in manifest.framings where !sessions.contains(where: { $0.configuration.framing == framing }) {
      throw Finding.fail("its manifest names framing \(framing.name), and no session of it can be opened")
    }
    for channel in manifest.channels where !sessions.contains(where: { $0.configuration.channel == channel }) {
      throw Finding.fail("its manifest names channel \(channel.name), and no session of it can be opened")
    }
    return "\(sessions.count) of \(combinations.count) combinations"
  }

  func metadataSettings() throws -> String {
    let adapter = try load()
    var opened = 0
    for setting in manifest.settings {
      var values = [setting.defaultValue]
      if case .choice(let options) = setting.kind { values += options }
      for value in values {
        var isTaken = false
        for combination in combinations {
          var configuration = combination
          configuration.settings.removeAll { $0.key == setting.key }
          configuration.settings.append(.init(key: setting.key, value: value))
          if let session = try TrialSession.offered(adapter, configuration, notes) {
            isTaken = true
            session.close()
          }
        }
        guard isTaken else {
          throw Finding.fail("setting \(setting.key)=\(value) is taken with no framing and channel")
        }
        opened += 1
      }
    }
    return manifest.settings.isEmpty ? "no settings" : "\(opened) values of \(manifest.settings.count) settings"
  }

  func metadataFrameTime() throws -> String {
    guard manifest.hasFrameTime else { throw Finding.skip("it does not tell frames' own times") }
    let adapter = try load()
    var known = 0
    for group in try groups() {
      let session = try TrialSession.open(adapter, configuration(group), notes)
      let fresh = try session.frameTimes(group.frames, together: true)
      guard try session.frameTimes(group.frames, together: false) == fresh else {
        throw Finding.fail("frame_time gives a frame another time when it is asked for it alone")
      }
      _ = session.decode(group.frames)
      let state = try session.save()
      guard try session.frameTimes(group.frames, together: true) == fresh else {
        throw Finding.fail("frame_time gives frames other times after they were decoded")
      }
      guard try session.save() == state else { throw Finding.fail("frame_time changes the session's state") }
      let hostile = (0..<64).map { _ in Corpus.Entry(bytes: (0..<random.below(64)).map { _ in random.byte() }) }
      _ = try session.frameTimes(hostile, together: true)
      known += fresh.count { $0 != .min }
      session.close()
    }
    return "\(known) frames have a time of their own"
  }
}

extension TableRegion {
  /// Slot for slot.
  @unsafe static func isSame(_ left: exprove_adapter, _ right: exprove_adapter) -> Bool {
    unsafe withUnsafeBytes(of: left) { left in
      unsafe withUnsafeBytes(of: right) { right in unsafe left.elementsEqual(right) }
    }
  }
}

extension Array {
  /// Slices of `size` elements, the last one shorter.
  func chunks(of size: Int) -> [ArraySlice<Element>] {
    stride(from: 0, to: count, by: size).map { self[$0..<Swift.min($0 + size, count)] }
  }
}
