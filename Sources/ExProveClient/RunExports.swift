// SPDX-License-Identifier: Apache-2.0
// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CExProveABI
internal import ExecutionIR
internal import RunJournal

// What `client.h` declares of runs, where the meaning of each function is written. `@implementation` holds each
// against its declaration, and needs its name.

@c @implementation
public func exprove_client_version() -> UInt32 { currentVersion }

/// `EXPROVE_CLIENT_VERSION`, a macro that Swift does not see.
private let currentVersion: UInt32 = 1 << 16 | 0

@c @implementation
public func exprove_open(
  _ version: UInt32, _ directory: UnsafePointer<CChar>?, _ run: UnsafeMutablePointer<OpaquePointer?>?,
  _ error: UnsafeMutablePointer<exprove_text>?
) -> exprove_status {
  unsafe answer(error) { () throws(ClientError) in
    let handle = unsafe try CallerSlot(run, "run")
    unsafe handle.fill(nil)
    guard version >> 16 == currentVersion >> 16, version <= currentVersion else {
      throw .notImplemented(
        "client interface \(version >> 16).\(version & 0xFFFF) is not offered; this library implements "
          + "\(currentVersion >> 16).\(currentVersion & 0xFFFF)")
    }
    guard let path = unsafe try callerText(directory, "directory") else { throw .argument("directory is NULL") }
    unsafe handle.fill(Handle.make(LentRun(try ClientRun(directory: path))))
  }
}

@c @implementation
public func exprove_close(_ run: OpaquePointer?) { unsafe Handle<LentRun>.close(run) }

@c @implementation
public func exprove_describe(
  _ run: OpaquePointer?, _ facts: UnsafeMutablePointer<exprove_facts>?, _ error: UnsafeMutablePointer<exprove_text>?
) -> exprove_status {
  unsafe answer(error) { () throws(ClientError) in
    let lent = unsafe try Handle<LentRun>.object(run, "run")
    unsafe try CallerStruct(facts, "facts").fill(lent.facts)
  }
}

@c @implementation
public func exprove_feed_at(
  _ run: OpaquePointer?, _ index: UInt32, _ feed: UnsafeMutablePointer<exprove_feed>?,
  _ error: UnsafeMutablePointer<exprove_text>?
) -> exprove_status {
  unsafe answer(error) { () throws(ClientError) in
    let lent = unsafe try Handle<LentRun>.object(run, "run")
    let target = unsafe try CallerStruct(feed, "feed")
    guard unsafe index < lent.feeds.count else {
      throw .notFound("feed \(index): the run has \(lent.run.description.feeds.count)")
    }
    unsafe target.fill(lent.feeds[Int(index)])
  }
}

@c @implementation
public func exprove_verify(
  _ run: OpaquePointer?, _ vkey: UnsafePointer<CChar>?, _ verification: UnsafeMutablePointer<exprove_verification>?,
  _ error: UnsafeMutablePointer<exprove_text>?
) -> exprove_status {
  unsafe answer(error) { () throws(ClientError) in
    let lent = unsafe try Handle<LentRun>.object(run, "run")
    let target = unsafe try CallerStruct(verification, "verification")
    let key = unsafe try callerText(vkey, "vkey")
    unsafe target.fill(try lent.verification(vkey: key))
  }
}

@c @implementation
public func exprove_decimal(
  _ value: Int64, _ scale: UInt32, _ out: UnsafeMutablePointer<exprove_text>?
) -> exprove_status {
  guard let out = unsafe out, scale <= EXPROVE_MAX_QUANTITY_SCALE else {
    return exprove_status(EXPROVE_INVALID_ARGUMENT)
  }
  let text = FixedPoint.text(value, scale: Int(scale))
  guard unsafe out.pointee.data != nil, unsafe text.utf8.count <= out.pointee.capacity else {
    unsafe out.pointee.size = UInt32(text.utf8.count)
    return exprove_status(EXPROVE_TOO_SMALL)
  }
  unsafe copy(text, to: out)
  return exprove_status(EXPROVE_OK)
}
