// SPDX-License-Identifier: Apache-2.0

/// Something that an adapter's worker did or suffered and that the run survived.
package struct AdapterIncident: Equatable, Sendable {
  package enum Cause: Equatable, Sendable {
    /// The signal's name, the address that was touched, and the instruction in the adapter's code; 0 where not known.
    case crashed(signal: String, address: UInt64, instruction: UInt64)
    /// SIGKILL from outside, or for want of memory.
    case killed
    /// A system call that the sandbox does not allow.
    case stopped(systemCall: String)
    /// The adapter ended its process.
    case ended(code: Int)
    case overdue(String)
    /// A rule of the contract, and how.
    case broke(ContractRule, String)
    /// A call that may not fail failed.
    case answered(String)
    /// After a restart the same frames gave other events than before.
    case changed
    /// Its marketplace revoked it while it ran, and why.
    case revoked(String)

    /// The word by which records and reports sort incidents.
    package var kind: String {
      switch self {
      case .crashed: "crashed"
      case .killed: "killed"
      case .stopped: "forbidden-call"
      case .ended: "ended"
      case .overdue: "overdue"
      case .broke: "broke-rule"
      case .answered: "failed-call"
      case .changed: "changed-answer"
      case .revoked: "revoked"
      }
    }

    package var text: String {
      switch self {
      case .crashed(let signal, let address, let instruction):
        "\(signal) at address 0x\(String(address, radix: 16))"
          + (instruction == 0 ? "" : ", at 0x\(String(instruction, radix: 16)) of the adapter's code")
      case .killed: "its process was killed from outside or for want of memory"
      case .stopped(let call): "it called \(call), which no adapter may"
      case .ended(let code): "it ended its process with code \(code)"
      case .overdue(let text): text
      case .broke(let rule, let detail): "\(rule.id) is broken: \(rule.reason) (\(detail))"
      case .answered(let text): text
      case .changed: "the same frames gave other events after a restart than before"
      case .revoked(let text): text
      }
    }
  }

  package var cause: Cause
  /// The function of the adapter that was being called, by its name in `adapter.h`; “none” between calls.
  package var call: String
  /// The frames of that call: how many, and the first one's place in the capture. Nil when it concerned none.
  package var frames: Frames?
  /// The feed is not decoded any further.
  package var isQuarantined: Bool

  package struct Frames: Equatable, Sendable {
    package var count: Int
    package var firstOffset: UInt64
    package var lastOffset: UInt64

    package init(count: Int, firstOffset: UInt64, lastOffset: UInt64) {
      self.count = count
      self.firstOffset = firstOffset
      self.lastOffset = lastOffset
    }
  }

  package init(cause: Cause, call: String, frames: Frames?, isQuarantined: Bool) {
    self.cause = cause
    self.call = call
    self.frames = frames
    self.isQuarantined = isQuarantined
  }

  package var text: String {
    if case .revoked = cause {
      return cause.text + (frames.map { ", before the frame at byte \($0.firstOffset)" } ?? "")
    }
    var place = call == "none" ? "between calls" : "in \(call)"
    if let frames {
      place += " of the frame at byte \(frames.firstOffset)"
      if frames.count > 1 { place += " or one of the \(frames.count - 1) behind it" }
    }
    return "\(cause.text), \(place)"
  }
}
