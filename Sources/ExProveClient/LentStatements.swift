// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
internal import ExecutionIR
internal import Governance

/// A place in the ledger as C sees it.
@safe final class LentStatements {
  private let statements: ClientStatements
  /// What the last batch lent.
  private var memory = LentMemory()

  init(_ statements: ClientStatements) { self.statements = statements }

  /// The next batch; an empty one where the ledger ends.
  func next() throws(ClientError) -> exprove_statement_batch {
    let items = try statements.next()
    let memory = LentMemory()
    self.memory = memory
    var batch = unsafe exprove_statement_batch()
    unsafe batch.count = UInt32(items.count)
    unsafe batch.statements = memory.array(items.map { unsafe LentStatements.statement($0, memory) })
    unsafe batch.ledger_size = statements.ledgerSize
    return unsafe batch
  }

  private static func statement(_ item: ClientStatements.Item, _ memory: LentMemory) -> exprove_statement {
    let statement = item.recorded.statement
    let subject = statement.subjects[0]
    var result = unsafe exprove_statement()
    unsafe result.struct_size = UInt32(MemoryLayout<exprove_statement>.size)
    unsafe result.flags = item.isObject ? UInt32(EXPROVE_STATEMENT_IN_OBJECTS) : 0
    unsafe result.index = item.recorded.index
    unsafe result.predicate_type = memory.view(statement.predicateType)
    unsafe result.subject = memory.view(subject.name)
    unsafe result.subject_digest = digestBytes(subject.digest.bytes)
    unsafe result.body = memory.view(item.body)
    unsafe result.payload = memory.view(statement.encoded)
    return unsafe result
  }
}
