// SPDX-License-Identifier: Apache-2.0
// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CExProveABI

// What `client.h` declares of events, where the meaning of each function is written. `@implementation` holds each
// against its declaration, and needs its name.

@c @implementation
public func exprove_events_open(
  _ run: OpaquePointer?, _ events: UnsafeMutablePointer<OpaquePointer?>?, _ error: UnsafeMutablePointer<exprove_text>?
) -> exprove_status {
  unsafe answer(error) { () throws(ClientError) in
    let handle = unsafe try CallerSlot(events, "events")
    unsafe handle.fill(nil)
    let lent = unsafe try Handle<LentRun>.object(run, "run")
    unsafe handle.fill(Handle.make(LentEvents(try lent.run.events())))
  }
}

@c @implementation
public func exprove_events_close(_ events: OpaquePointer?) { unsafe Handle<LentEvents>.close(events) }

@c @implementation
public func exprove_events_next(
  _ events: OpaquePointer?, _ batch: UnsafeMutablePointer<exprove_event_batch>?,
  _ error: UnsafeMutablePointer<exprove_text>?
) -> exprove_status {
  unsafe answer(error) { () throws(ClientError) in
    let lent = unsafe try Handle<LentEvents>.object(events, "events")
    let target = unsafe try CallerStruct(batch, "batch")
    let next = unsafe try lent.next()
    unsafe target.fill(next.batch)
    if unsafe next.isEnd { throw .notFound("no further events") }
  }
}

@c @implementation
public func exprove_events_instrument(
  _ events: OpaquePointer?, _ number: UInt32, _ instrument: UnsafeMutablePointer<exprove_instrument>?,
  _ error: UnsafeMutablePointer<exprove_text>?
) -> exprove_status {
  unsafe answer(error) { () throws(ClientError) in
    let lent = unsafe try Handle<LentEvents>.object(events, "events")
    unsafe try CallerStruct(instrument, "instrument").fill(try lent.instrument(number))
  }
}

@c @implementation
public func exprove_events_text(
  _ events: OpaquePointer?, _ feed: UInt32, _ id: UInt64, _ text: UnsafeMutablePointer<exprove_view>?,
  _ error: UnsafeMutablePointer<exprove_text>?
) -> exprove_status {
  unsafe answer(error) { () throws(ClientError) in
    let lent = unsafe try Handle<LentEvents>.object(events, "events")
    let target = unsafe try CallerSlot(text, "text")
    unsafe target.fill(try lent.text(feed: feed, id: id))
  }
}
