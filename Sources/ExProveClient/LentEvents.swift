// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
internal import EventFlow

/// A place in the events as C sees it.
@safe final class LentEvents {
  private let events: ClientEvents
  private let memory = LentMemory()
  /// By number, as far as somebody asked.
  private var instruments: [exprove_instrument] = unsafe []
  /// The text that was asked for last.
  private var textMemory = LentMemory()

  init(_ events: ClientEvents) { self.events = events }

  /// The next batch, and whether it is one: at the end it is empty.
  func next() throws(ClientError) -> (batch: exprove_event_batch, isEnd: Bool) {
    let step = try events.next()
    var batch = unsafe exprove_event_batch(lending: events.batch)
    unsafe batch.instrument_count = events.bounds.instrumentCount
    switch step {
    case .batch(let sequence):
      unsafe batch.sequence = sequence
      return unsafe (batch, false)
    case .end(let torn):
      unsafe batch.torn = UInt64(torn)
      return unsafe (batch, true)
    }
  }

  func instrument(_ number: UInt32) throws(ClientError) -> exprove_instrument {
    let known = events.bounds.directory.instruments
    guard number < known.count else { throw .notFound("instrument \(number): \(known.count) are defined so far") }
    for listed in unsafe known[instruments.count...] {
      var instrument = unsafe exprove_instrument()
      unsafe instrument.quantity_scale = UInt32(listed.scale)
      unsafe instrument.venue = memory.view(listed.venue)
      unsafe instrument.symbol = memory.view(listed.symbol)
      unsafe instruments.append(instrument)
    }
    return unsafe instruments[Int(number)]
  }

  func text(feed: UInt32, id: UInt64) throws(ClientError) -> exprove_view {
    guard let text = events.bounds.directory.text(feed: Int(feed), id: id) else {
      throw .notFound("feed \(feed) has introduced no text \(id) so far")
    }
    textMemory = LentMemory()
    return unsafe textMemory.view(text)
  }
}
