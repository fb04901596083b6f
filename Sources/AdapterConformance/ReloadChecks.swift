// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import CExProveABI

extension Trial {
  func reloadResume() throws -> String {
    let adapter = try load()
    var cuts = 0
    for group in try groups() {
      for round in 0..<4 * effort {
        let cut = round == 0 ? group.frames.count / 2 : random.below(group.frames.count + 1)
        let original = try TrialSession.open(adapter, configuration(group), notes)
        _ = original.decode(group.frames.prefix(cut))
        let state = try original.save()
        guard try original.save() == state else { throw Finding.fail("saving twice gives other bytes") }
        let rest = original.decode(group.frames.dropFirst(cut))
        if let halt = rest.halt { throw Finding.skip("\(halt) (time.progress)") }
        let counters = try original.counters()
        let end = try original.save()
        original.close()
        let resumed = try TrialSession.open(adapter, configuration(group), notes)
        let status = resumed.load(state)
        guard status == Status.ok else {
          throw Finding.fail("load of what save gave after \(cut) frames answered \(describe(status, ""))")
        }
        guard try resumed.save() == state else {
          throw Finding.fail("saved, taken up and saved again after \(cut) frames the state has other bytes")
        }
        try compare([resumed.decode(group.frames.dropFirst(cut))], with: [rest], "resumed after \(cut) frames")
        guard try resumed.counters() == counters, try resumed.save() == end else {
          throw Finding.fail("resumed after \(cut) frames the session ends with other counters or another state")
        }
        resumed.close()
        cuts += 1
      }
    }
    return "\(cuts) sessions resumed"
  }

  func reloadSmall() throws -> String {
    let adapter = try load()
    for session in try openings(adapter) {
      for group in corpus.groups
      where group.framing == session.configuration.framing && group.channel == session.configuration.channel {
        _ = session.decode(group.frames)
      }
      let state = try session.save()
      for room in [0, 1, state.count / 2, state.count - 1] where room >= 0 && room < state.count {
        var memory = [UInt8](repeating: 0x5A, count: state.count + 256)
        var size: UInt64 = 0
        notes.record(.save)
        let status = unsafe memory.withUnsafeMutableBufferPointer {
          unsafe adapter.table.save(session.handle, $0.baseAddress, UInt64(room), &size)
        }
        notes.settle()
        guard memory.dropFirst(room).allSatisfy({ $0 == 0x5A }) else {
          throw Finding.fail("save with room for \(room) of \(state.count) bytes wrote beyond it")
        }
        guard status == Status.tooSmall, size == UInt64(state.count) else {
          throw Finding.fail(
            "save with room for \(room) of \(state.count) bytes answered \(describe(status, "")) and size \(size)")
        }
      }
      session.close()
    }
    return "too little room is told, with the size that is needed"
  }
}
