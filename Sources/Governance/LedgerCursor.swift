// SPDX-License-Identifier: Apache-2.0

package import TransparencyLog

/// A place in a ledger that may be anybody's, from which it is read statement by statement. Each is proven to stand at
/// its index under one checkpoint, and its signatures hold, before it is returned.
package struct LedgerCursor {
  /// What everything is proven against.
  package let checkpoint: Checkpoint
  private let reader: AuditLedgerReader
  private let log: LogReader
  /// The predicate type that is wanted; nil for all.
  private let predicateType: String?
  /// Index of the leaf that is looked at next.
  private var index: UInt64
  /// The entries of the bundle in which `index` lies, once read.
  private var bundle: (number: UInt64, entries: [[UInt8]])?

  /// At leaf `first`; the checkpoint is read here, once.
  package init(_ reader: AuditLedgerReader, first: UInt64 = 0, predicateType: String? = nil) throws(LedgerError) {
    self.reader = reader
    self.predicateType = predicateType
    log = reader.log
    index = first
    do throws(LogError) { checkpoint = try log.checkpoint() } catch { throw .log(error) }
  }

  /// The next statement of the wanted type; nil where the checkpoint's tree ends. After an error the place is still
  /// that of the leaf that gave it.
  package mutating func next() throws(LedgerError) -> RecordedStatement? {
    while index < checkpoint.size {
      let leaf = try leaf(at: index)
      let recorded: RecordedStatement?
      do throws(EnvelopeError) {
        recorded = try reader.recorded(leaf, index: index, ofType: predicateType)
      } catch {
        throw .leaf(index: index, error)
      }
      index += 1
      if let recorded { return recorded }
    }
    return nil
  }

  private mutating func leaf(at index: UInt64) throws(LedgerError) -> [UInt8] {
    let number = index / LogReader.bundleWidth
    if bundle?.number != number {
      do throws(LogError) {
        bundle = (number, try log.provenLeaves(inBundle: number, of: checkpoint))
      } catch {
        throw .log(error)
      }
    }
    return bundle!.entries[Int(index % LogReader.bundleWidth)]
  }
}
