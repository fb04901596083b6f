// SPDX-License-Identifier: Apache-2.0
// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CExProveABI

// What `client.h` declares of the ledger's statements, where the meaning of each function is written. `@implementation` holds each
// against its declaration, and needs its name.

@c @implementation
public func exprove_statements_open(
  _ run: OpaquePointer?, _ predicateType: UnsafePointer<CChar>?, _ first: UInt64,
  _ statements: UnsafeMutablePointer<OpaquePointer?>?, _ error: UnsafeMutablePointer<exprove_text>?
) -> exprove_status {
  unsafe answer(error) { () throws(ClientError) in
    let handle = unsafe try CallerSlot(statements, "statements")
    unsafe handle.fill(nil)
    let lent = unsafe try Handle<LentRun>.object(run, "run")
    let type = unsafe try callerText(predicateType, "predicate_type")
    let opened = try lent.run.statements(ofType: type, first: first)
    unsafe handle.fill(Handle.make(LentStatements(opened)))
  }
}

@c @implementation
public func exprove_statements_close(_ statements: OpaquePointer?) {
  unsafe Handle<LentStatements>.close(statements)
}

@c @implementation
public func exprove_statements_next(
  _ statements: OpaquePointer?, _ batch: UnsafeMutablePointer<exprove_statement_batch>?,
  _ error: UnsafeMutablePointer<exprove_text>?
) -> exprove_status {
  unsafe answer(error) { () throws(ClientError) in
    let lent = unsafe try Handle<LentStatements>.object(statements, "statements")
    let target = unsafe try CallerStruct(batch, "batch")
    let next = unsafe try lent.next()
    unsafe target.fill(next)
    if unsafe next.count == 0 { throw .notFound("no further statements") }
  }
}
