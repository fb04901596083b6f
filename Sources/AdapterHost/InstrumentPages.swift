// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI

/// What a session knows of one of its instruments now; `exprove_instrument_record` of `extensions.h`.
package struct InstrumentState: Equatable, Sendable {
  package enum Book: UInt32, Sendable {
    case unknown = 0
    case whole, partial
  }

  package var definition: InstrumentDefinition
  /// `exprove_trading_status`.
  package var status: UInt16
  package var book: Book
}

extension AdapterSession {
  /// The pages of `exprove.instruments/1`, each record held against what the stream defined; nil when the adapter has
  /// none. A tick or lot of 0 is the definition's.
  ///
  /// - Parameter page: How many are asked for at once.
  package func instrumentStates(page: Int = 256) throws(AdapterError) -> [InstrumentState]? {
    let id = "exprove.instruments/1"
    guard manifest.extensions.contains(id) else { return nil }
    func broken(_ detail: String) -> AdapterError { ExtensionRule.instrumentPages.broken(by: manifest, detail) }
    let stride = MemoryLayout<exprove_instrument_record>.stride
    let known = definitions.instruments
    var states: [InstrumentState] = []
    states.reserveCapacity(known.count)
    while true {
      var records = [exprove_instrument_record](repeating: exprove_instrument_record(), count: page)
      var filled: UInt32 = 0
      var total: UInt32 = 0
      let first = UInt32(states.count)
      let status: exprove_status
      switch runner {
      case .direct(let direct):
        let adapter = direct.adapter
        guard
          let table = unsafe try adapter.extensionTable(
            id, exprove_instruments_v1(), least: MemoryLayout<exprove_instruments_v1>.offset(of: \.page)! + 8)
        else { return nil }
        guard let ask = unsafe table.page else { throw adapter.lacksSlot(id, "page") }
        guard table.record_size >= UInt32(stride) else { throw broken("its records have \(table.record_size) bytes") }
        status = unsafe records.withUnsafeMutableBytes {
          unsafe ask(direct.pointer, first, $0.baseAddress, UInt32(stride), UInt32(page), &filled, &total)
        }
      case .supervised(let session):
        status = try session.page(from: first, into: &records, filled: &filled, total: &total)
      }
      guard status == Status.ok else {
        throw AdapterError(.callFailed, "\(manifest.name): instruments answered \(describe(status, ""))")
      }
      guard Int(total) == known.count else {
        throw broken("it tells of \(total) instruments, the stream defined \(known.count)")
      }
      guard Int(filled) == min(page, known.count - states.count) else {
        throw broken("from instrument \(first) on it gave \(filled) records of \(total)")
      }
      for record in records.prefix(Int(filled)) {
        let number = states.count
        guard Int(record.instrument) == number else {
          throw broken("instrument \(record.instrument) stands at the place of \(number)")
        }
        states.append(try state(record, known[number], broken))
      }
      if states.count == known.count { return states }
    }
  }

  private func state(
    _ record: exprove_instrument_record, _ definition: InstrumentDefinition, _ broken: (String) -> AdapterError
  ) throws(AdapterError) -> InstrumentState {
    let number = record.instrument
    guard Int(record.text) < definitions.texts.count, definitions.texts[Int(record.text)] == definition.symbol else {
      throw broken("instrument \(number): text \(record.text) is not its symbol")
    }
    guard record.quantity_scale == UInt32(definition.quantityScale) else {
      throw broken("instrument \(number): scale \(record.quantity_scale), defined with \(definition.quantityScale)")
    }
    guard record.tick == 0 || record.tick == definition.tick else {
      throw broken("instrument \(number): tick \(record.tick), defined with \(definition.tick)")
    }
    guard record.round_lot == 0 || record.round_lot == definition.roundLot else {
      throw broken("instrument \(number): lot \(record.round_lot), defined with \(definition.roundLot)")
    }
    guard record.status <= 9, record.reserved == 0, let book = InstrumentState.Book(rawValue: record.book) else {
      throw broken("instrument \(number): status \(record.status), book \(record.book), reserved \(record.reserved)")
    }
    return InstrumentState(definition: definition, status: UInt16(record.status), book: book)
  }
}
