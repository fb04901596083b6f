// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import CLinux
internal import ExecutionIR

extension Trial {
  func determinismRepeat() throws -> String {
    let adapter = try load()
    let first = try completePass(adapter)
    let states = try states(adapter)
    for pattern: Int32 in [0x5A, 0xFF, 0x01] {
      // Fresh memory is filled with another pattern, so that reading it before writing shows.
      _ = linux_mallopt(LINUX_M_PERTURB, pattern)
      let again = try pass(adapter)
      let statesAgain = try self.states(adapter)
      _ = linux_mallopt(LINUX_M_PERTURB, 0)
      try compare(again, with: first, "with fresh memory full of 0x\(String(pattern ^ 0xFF, radix: 16))")
      guard statesAgain == states else { throw Finding.fail("the same frames lead to another saved state") }
    }
    return "\(first.reduce(0) { $0 + $1.events.count }) events, four times the same"
  }

  /// The saved state and the counters after each group.
  private func states(_ adapter: LoadedAdapter) throws -> [[UInt8]] {
    try groups().map { group in
      let session = try TrialSession.open(adapter, configuration(group), notes)
      defer { session.close() }
      _ = session.decode(group.frames)
      return try session.save()
        + session.counters().flatMap { value in
          (0..<8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
        }
    }
  }

  func determinismProcess() throws -> String {
    let adapter = try load()
    let streams = try completePass(adapter)
    let states = try states(adapter)
    value = Digest(of: streams.flatMap(\.digest) + states.flatMap { Digest(of: $0).bytes }).bytes
    return "same events and states in three processes, time zones, locales and directories"
  }

  func determinismBatching() throws -> String {
    let adapter = try load()
    let first = try completePass(adapter)
    let least = manifest.maxEvents
    let plans: [(String, () -> TrialSession.Call)] = [
      ("with one frame a call", { .init(frames: 1) }),
      ("with all frames in one call", { .init(frames: .max) }),
      ("with the least capacity", { .init(frames: 64, capacity: least) }),
      (
        "with calls of random size",
        { .init(frames: 1 + self.random.below(40), capacity: least + self.random.below(100)) }
      ),
    ]
    for (what, call) in plans {
      let streams = try groups().map { group in
        let session = try TrialSession.open(adapter, configuration(group), notes)
        defer { session.close() }
        return session.decode(group.frames, next: call)
      }
      try compare(streams, with: first, what)
    }
    return "\(plans.count) ways to cut the frames into calls"
  }

  func determinismPlacement() throws -> String {
    let adapter = try load()
    let first = try completePass(adapter)
    for (shift, filler) in [(1, UInt8(0xFF)), (3, 0x20), (7, 0x7D), (8, 0x00), (13, 0x31)] {
      let streams = try pass(adapter, .init(shift: shift, filler: filler))
      try compare(streams, with: first, "\(shift) bytes off, with 0x\(String(filler, radix: 16)) around the frames")
    }
    return "five alignments and surroundings"
  }
}
