// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import CExProveABI
internal import CLinux
internal import EventFlow
internal import Glibc

extension Trial {
  func reloadCrash() throws -> String {
    let adapter = try load()
    // This process decodes nothing before it takes up a state: what an adapter keeps beside its sessions is not there.
    var kills = 0
    for group in try groups() {
      let whole = try inAnotherProcess { _ in
        let session = try TrialSession.open(adapter, self.configuration(group), self.notes)
        return session.decode(group.frames, .init(frames: 1)).digests
      }
      for _ in 0..<3 * effort {
        let cut = random.below(group.frames.count + 1)
        let beyond = random.below(group.frames.count - cut + 1)
        let state = try inAnotherProcess { hand in
          let session = try TrialSession.open(adapter, self.configuration(group), self.notes)
          _ = session.decode(group.frames.prefix(cut), .init(frames: 1))
          hand(try session.save())
          // It goes on for a while after its last save, and never gets to an end.
          _ = session.decode(group.frames.dropFirst(cut).prefix(beyond), .init(frames: 1))
          kill(getpid(), SIGKILL)
          return []
        }
        // And the successor is one more process, so that each begins without a past.
        let rest = try inAnotherProcess { _ in
          let session = try TrialSession.open(adapter, self.configuration(group), self.notes)
          let status = session.load(state)
          guard status == Status.ok else {
            throw Finding.fail("load of the last saved state, of \(cut) frames, answered \(describe(status, ""))")
          }
          return session.decode(group.frames.dropFirst(cut), .init(frames: 1)).digests
        }
        guard rest.elementsEqual(whole.suffix(rest.count)), rest.count == (group.frames.count - cut) * 8 else {
          let frame = zip(rest.indices, zip(rest, whole.suffix(rest.count))).first { $0.1.0 != $0.1.1 }?.0 ?? 0
          throw Finding.fail(
            "killed after \(cut + beyond) frames, and gone on from the state after \(cut), frame \(cut + frame / 8) has "
              + "other events")
        }
        kills += 1
      }
    }
    return "\(kills) times killed and gone on"
  }

  /// Runs `body` in a forked process; what it handed over before it was killed, else what it returned.
  private func inAnotherProcess(_ body: (_ hand: ([UInt8]) -> Void) throws -> [UInt8]) throws -> [UInt8] {
    let file = ChildProcess.file([])
    guard file >= 0 else { throw Finding.skip("the system has no room for another file") }
    defer { close(file) }
    let pid = linux_fork()
    guard pid >= 0 else { throw Finding.skip("the system has no room for another process") }
    if pid == 0 {
      do {
        let result = try body { ChildProcess.write($0, to: file) }
        _exit(ChildProcess.write(result, to: file) ? 0 : 1)
      } catch let finding as Finding {
        ChildProcess.write(Array(finding.detail.utf8), to: file)
        _exit(finding.status == .skip ? 3 : 2)
      } catch {
        _exit(1)
      }
    }
    var status: Int32 = 0
    while unsafe waitpid(pid, &status, 0) < 0 && errno == EINTR {}
    let bytes = ChildProcess.contents(file, limit: 64 << 20)
    switch status & 0x7F {
    case 0 where status >> 8 & 0xFF == 0: return bytes
    case 0 where status >> 8 & 0xFF == 3: throw Finding.skip(String(decoding: bytes, as: UTF8.self))
    case 0 where status >> 8 & 0xFF == 2: throw Finding.fail(String(decoding: bytes, as: UTF8.self))
    case SIGKILL: return bytes
    default: throw Finding.fail("another process ended with signal \(status & 0x7F) on the same frames")
    }
  }
}

extension Stream {
  /// Eight bytes for the events of each frame, in order; shorter when the stream halts.
  fileprivate var digests: [UInt8] {
    var sums = [UInt64](repeating: 0xCBF2_9CE4_8422_2325, count: frames)
    for event in events where Int(event.frame) < frames {
      var event = event
      let frame = Int(event.frame)
      // The number of the frame differs with where the stream begins.
      event.frame = 0
      unsafe withUnsafeBytes(of: event) { bytes in
        for index in 0..<bytes.count { sums[frame] = (sums[frame] ^ UInt64(unsafe bytes[index])) &* 0x100_0000_01B3 }
      }
    }
    return sums.flatMap { sum in (0..<8).map { UInt8(truncatingIfNeeded: sum >> ($0 * 8)) } }
  }
}
