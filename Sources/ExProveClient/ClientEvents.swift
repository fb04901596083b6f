// SPDX-License-Identifier: Apache-2.0

internal import EventFlow
internal import RunJournal

/// A place in the events of a run, which are read batch by batch from its journal.
final class ClientEvents {
  enum Step {
    /// `batch` holds the next events; the first of them has this number.
    case batch(sequence: UInt64)
    /// Nothing follows but so many bytes of an unfinished record.
    case end(torn: Int)
  }

  private(set) var batch = EventBatch(frames: 1 << 16, events: 1 << 17, bytes: 16 << 20)
  private(set) var bounds: StreamBounds
  private var reader: JournalReader
  /// Where the events end that were verified; nil: where the journal ends.
  private let end: JournalPosition?
  private var sequence: UInt64 = 0
  /// What every further call answers.
  private var outcome: Result<Step, ClientError>?

  init(_ run: RunDirectory, _ description: RunDescription, end: JournalPosition?) throws(ClientError) {
    do throws(JournalError) { reader = try JournalReader(directory: run.journal) } catch { throw ClientError(error) }
    bounds = StreamBounds(venues: description.feeds.map(\.venue))
    self.end = end
  }

  /// Reads on to the next batch that is not empty.
  func next() throws(ClientError) -> Step {
    if let outcome { return try outcome.get() }
    do throws(ClientError) {
      let step = try read()
      if case .end = step { outcome = .success(step) }
      return step
    } catch {
      batch.removeAll()
      outcome = .failure(error)
      throw error
    }
  }

  private func read() throws(ClientError) -> Step {
    while true {
      if let end, reader.position.records == end.records {
        guard reader.position == end else { throw changed() }
        batch.removeAll()
        return .end(torn: 0)
      }
      let item: JournalReader.Item
      do throws(JournalError) { item = try reader.next(into: &batch) } catch { throw ClientError(error) }
      switch item {
      case .input: continue
      case .batch:
        if batch.frameCount == 0 { continue }
        if let reason = bounds.admit(batch) {
          throw .badData("\(reader.path): record \(reader.position.records - 1): \(reason)")
        }
        let first = sequence
        sequence += UInt64(batch.eventCount)
        return .batch(sequence: first)
      case .end(let torn):
        guard end == nil else { throw changed() }
        batch.removeAll()
        return .end(torn: torn)
      }
    }
  }

  private func changed() -> ClientError {
    .badData("\(reader.path): the journal is not the one that was verified; verify again")
  }
}
