// SPDX-License-Identifier: Apache-2.0

import AdapterHost
import BrokenAdapters
import CExProveABI
import EventFlow
import ExecutionIR
import ExecutionRun
import Feeds
import Foundation
import RunJournal
import Testing

/// What becomes of a feed in mid-run when its adapter is revoked.
@Suite struct RevocationTests {
  private static let frames = 9000

  /// Additions of the made-up venue, each behind its length.
  private static func capture() -> [UInt8] {
    func number(_ value: Int, _ size: Int) -> [UInt8] { (0..<size).map { UInt8(value >> (8 * $0) & 0xFF) } }
    var bytes: [UInt8] = []
    for index in 0..<frames {
      let message =
        index == 0
        ? [UInt8(ascii: "S")] + number(1, 2) + [0, 2] + Array("SHADOW".utf8) + [0, 0]
        : [UInt8(ascii: "A")] + number(index + 1, 2) + [0, UInt8(ascii: "B")] + number(index, 4)
          + number(1000 + index, 4)
          + number(10, 4) + number(index, 4)
      bytes += [0, UInt8(message.count)] + message
    }
    return bytes
  }

  private static func input(_ path: String) throws -> (MergedInput, Digest) {
    try Data(capture()).write(to: URL(fileURLWithPath: path))
    var opening = try Adapters.opening()
    let adapter = try Workshop.adapter("correct")
    let feed = "XTST=\(adapter):\(path),framing=length16,date=2024-03-15,zone=America/New_York,time=venue+0ns"
    let (lane, setup) = try opening.open(FeedOptions(feed), index: 0, seed: 1)
    return (MergedInput(lanes: [lane]), Digest(bytes: setup.adapter.image.digest)!)
  }

  /// Hands on frames until the end, revokes before frame `first`, and tells the places of those that came behind it.
  private static func run(
    from first: Int, isEnding: Bool, other: Bool = false
  ) throws -> (before: [UInt64], incidents: [FeedIncident], after: [UInt64], finish: RunError?) {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("exprove-revoked-\(UUID()).bin").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let (input, digest) = try input(path)
    var batch = EventBatch(frames: 100, events: 1 << 12, bytes: 1 << 16)
    var before: [UInt64] = []
    var after: [UInt64] = []
    while before.count < first, try input.fill(&batch) {
      before += (0..<batch.frameCount).map { batch.frame(at: $0).offset }
    }
    let incidents = try input.revoke(other ? Digest(of: [1]) : digest, reason: "it lies", isEnding: isEnding)
    while try input.fill(&batch) { after += (0..<batch.frameCount).map { batch.frame(at: $0).offset } }
    do throws(RunError) { try input.finish() } catch { return (before, incidents, after, error) }
    return (before, incidents, after, nil)
  }

  /// At the beginning, within what is decoded ahead, just where that ends, and behind it.
  @Test(arguments: [0, 1000, 4096, 4100, 8900]) func aFeedIsGivenUpBeforeItsNextFrame(first: Int) throws {
    let whole = try Self.run(from: 0, isEnding: false, other: true)
    #expect(whole.after.count == Self.frames && whole.incidents.isEmpty && whole.finish == nil)
    let ended = try Self.run(from: first, isEnding: true)
    #expect(ended.before == Array(whole.after[..<ended.before.count]) && ended.after.isEmpty)
    let incident = try #require(ended.incidents.first)
    #expect(ended.incidents.count == 1 && incident.incident.isQuarantined && !incident.isShadow)
    #expect(incident.incident.cause.kind == "revoked" && incident.incident.text.contains("was revoked: it lies"))
    #expect(incident.incident.frames?.firstOffset == whole.after[ended.before.count])
    #expect(ended.finish?.exitCode == 1)

    let finished = try Self.run(from: first, isEnding: false)
    #expect(finished.before + finished.after == whole.after && finished.finish == nil)
    #expect(finished.incidents.count == 1 && finished.incidents[0].incident.isQuarantined == false)
  }

  @Test func aFeedThatHasEndedIsNotConcerned() throws {
    #expect(try Self.run(from: Self.frames, isEnding: true).incidents.isEmpty)
  }
}
