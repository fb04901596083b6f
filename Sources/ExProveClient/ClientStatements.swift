// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR
internal import Governance
internal import RunJournal
internal import TransparencyLog

/// A place in the ledger of a run, from which its statements are read in batches.
final class ClientStatements {
  struct Item {
    let recorded: RecordedStatement
    /// Canonical JSON.
    let body: [UInt8]
    /// Whether the body lies in `objects/`.
    let isObject: Bool
  }

  /// A batch ends with the statement that reaches one of these; so it holds at least one.
  private static let mostItems = 64
  private static let mostBytes = 16 << 20
  private static let largestObject = 64 << 20

  private let run: RunDirectory
  private var cursor: LedgerCursor
  private var failure: ClientError?

  /// Leaves that the checkpoint covers.
  var ledgerSize: UInt64 { cursor.checkpoint.size }

  /// - Parameter head: the ledger's head that was verified; nil: the one that is there now.
  init(
    _ run: RunDirectory, _ description: RunDescription, ofType predicateType: String?, first: UInt64,
    head: Checkpoint?
  ) throws(ClientError) {
    self.run = run
    let key: VerifierKey
    do throws(NoteError) { key = try VerifierKey(parsing: description.verifier) } catch {
      throw .badData("\(run.description): its verifier key is not one: \(error)")
    }
    let reader = AuditLedgerReader(directory: run.ledger, keys: [key])
    do throws(LedgerError) {
      cursor = try LedgerCursor(reader, first: first, predicateType: predicateType)
    } catch {
      throw ClientError(error, in: run.ledger)
    }
    guard head == nil || head == cursor.checkpoint else {
      throw .badData("\(run.ledger): the ledger is not the one that was verified; verify again")
    }
    guard cursor.checkpoint.origin.utf8.elementsEqual(description.origin.utf8) else {
      throw .badData("\(run.ledger)/checkpoint: is of another log than run.json names")
    }
  }

  /// The next statements; none where the ledger ends.
  func next() throws(ClientError) -> [Item] {
    if let failure { throw failure }
    var items: [Item] = []
    var size = 0
    do throws(ClientError) {
      while items.count < ClientStatements.mostItems, size < ClientStatements.mostBytes, let item = try read() {
        size += item.body.count
        items.append(item)
      }
    } catch {
      failure = error
      // What was read before it is handed out first.
      if items.isEmpty { throw error }
    }
    return items
  }

  private func read() throws(ClientError) -> Item? {
    let recorded: RecordedStatement?
    do throws(LedgerError) { recorded = try cursor.next() } catch { throw ClientError(error, in: run.ledger) }
    guard let recorded else { return nil }
    do throws(RunError) {
      let (body, isObject) = try run.body(of: recorded.statement, limit: ClientStatements.largestObject)
      return Item(recorded: recorded, body: body, isObject: isObject)
    } catch {
      throw ClientError(error)
    }
  }
}
