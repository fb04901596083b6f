// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
package import EventFlow
package import RunJournal

/// The events of a run as its journal holds them, for programs that are not ours.
package struct RunEvents {
  private let directory: RunDirectory
  /// The venue of each feed, by number.
  package let feeds: [String]

  package init(_ directory: RunDirectory) throws(RunError) {
    self.directory = directory
    feeds = try directory.require().0.feeds.map(\.venue)
  }

  /// Gives each batch in order, until `body` says false. Every record's hash is checked on the way; what lies behind the
  /// last checkpoint of a run that was interrupted is given too.
  ///
  /// - Returns: bytes of an unfinished record at the end.
  package func forEach(_ body: (borrowing EventBatch) -> Bool) throws(RunError) -> Int {
    var batch = EventBatch(frames: 1 << 16, events: 1 << 17, bytes: 16 << 20)
    do throws(JournalError) {
      var reader = try JournalReader(directory: directory.journal)
      while true {
        switch try reader.next(into: &batch) {
        case .input: continue
        case .end(let torn): return torn
        case .batch: break
        }
        for index in 0..<batch.frameCount where Int(batch.frame(at: index).feed) >= feeds.count {
          throw JournalError.damaged(
            path: reader.path, offset: 0,
            reason: "record \(reader.position.records - 1) has a frame of a feed that run.json does not name")
        }
        guard body(batch) else { return 0 }
      }
    } catch {
      switch error {
      case .file(let text): throw .io(text)
      case .damaged, .diverged: throw .badInput(error.description)
      }
    }
  }
}
