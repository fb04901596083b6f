// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import CExProveABI
internal import EventFlow

/// A C record with a `struct_size` of the harness's choice: what lies beyond that size is poisoned, though it may be
/// read, because a compiler may fetch a whole record of which a program only looks at the size.
@safe private final class SizedRecord<Record> {
  private let memory: GuardedMemory
  private let told: Int
  @unsafe let start: UnsafeMutableRawPointer
  private static var pattern: UInt8 { 0xA5 }

  init(_ record: Record, told: Int) throws {
    let size = max(told, MemoryLayout<Record>.size)
    guard let memory = GuardedMemory(size: size) else { throw Finding.skip("there is no memory for it") }
    self.memory = memory
    self.told = told
    unsafe start = memory.atEnd(size)
    unsafe start.initializeMemory(as: UInt8.self, repeating: SizedRecord.pattern, count: size)
    unsafe withUnsafeBytes(of: record) { bytes in
      unsafe start.copyMemory(from: bytes.baseAddress!, byteCount: min(told, bytes.count))
    }
    unsafe start.storeBytes(of: UInt32(told), as: UInt32.self)
  }

  @unsafe var pointer: UnsafeMutablePointer<Record> { unsafe start.assumingMemoryBound(to: Record.self) }

  /// What lies behind the fields that are known today is as it was.
  var isTailIntact: Bool {
    let known = MemoryLayout<Record>.size
    guard told > known else { return true }
    return (known..<told).allSatisfy { unsafe start.load(fromByteOffset: $0, as: UInt8.self) == SizedRecord.pattern }
  }
}

extension Trial {
  func abiBatchSize() throws -> String {
    let adapter = try load()
    let full = unsafe MemoryLayout<exprove_batch>.size
    var calls = 0
    for group in try groups() {
      guard let first = group.frames.first else { continue }
      let plain = try TrialSession.open(adapter, configuration(group), notes)
      let expected = plain.decode([first], .init(frames: 1))
      plain.close()
      if let halt = expected.halt { throw Finding.skip("\(halt) (time.progress)") }
      for told in [0, 4, 8, full - 8, full + 8, full + 64] {
        let session = try TrialSession.open(adapter, configuration(group), notes)
        defer { session.close() }
        let (status, stream, isIntact) = unsafe try session.decodeOnce(first, batchSize: told)
        calls += 1
        if told < full {
          guard status != Status.ok else { throw Finding.fail("decode served a batch with a struct_size of \(told)") }
        } else {
          guard status == Status.ok, stream == expected else {
            throw Finding.fail(
              "a batch with a struct_size of \(told), from a newer host, is not served as one of \(full): "
                + (stream.difference(from: expected) ?? describe(status, "")))
          }
          guard isIntact else { throw Finding.fail("decode wrote behind the fields of a batch of \(told) bytes") }
        }
      }
    }
    return "\(calls) batches of 0 to \(full + 64) bytes"
  }

  func abiConfigSize() throws -> String {
    let adapter = try load()
    let full = unsafe MemoryLayout<exprove_config>.size
    var served = 0
    for combination in combinations {
      guard let offered = try TrialSession.offered(adapter, combination, notes) else { continue }
      offered.close()
      for told in [full + 8, full + 64] {
        let config = SessionConfig(combination)
        let record = unsafe try SizedRecord(config.pointer.pointee, told: told)
        var session: OpaquePointer?
        notes.record(.create)
        let (status, text) = unsafe withErrorText { unsafe adapter.table.create(record.pointer, &session, $0) }
        notes.settle()
        guard status == Status.ok, let opened = unsafe session else {
          throw Finding.fail(
            "a configuration with a struct_size of \(told), from a newer host, is answered \(describe(status, text))")
        }
        guard unsafe record.isTailIntact else {
          throw Finding.fail("create wrote behind the fields of its configuration")
        }
        notes.record(.destroy)
        unsafe adapter.table.destroy(opened)
        notes.settle()
        served += 1
      }
    }
    return "\(served) longer configurations served"
  }

  func abiOlderHost() throws -> String {
    let adapter = try load()
    notes.record(.deinitialise)
    unsafe adapter.table.`deinit`()
    notes.settle()
    // Without the slot `log`: where it would lie there is something that must not be called.
    let told = unsafe MemoryLayout<exprove_host>.offset(of: \.log)!
    let host = HostTable(version: adapter.version)
    unsafe host.pointer.pointee.struct_size = UInt32(told)
    unsafe UnsafeMutableRawPointer(host.pointer).storeBytes(of: 0xA5A5_A5A5_A5A5, toByteOffset: told, as: UInt.self)
    notes.record(.initialise)
    let (status, _) = unsafe withErrorText { unsafe adapter.table.`init`(host.pointer, $0) }
    notes.settle()
    if status == Status.ok {
      for session in try openings(adapter) {
        _ = session.decode([Corpus.Entry(bytes: [0]), Corpus.Entry(bytes: [])])
        session.close()
      }
      for group in corpus.groups where !group.frames.isEmpty {
        let session = try TrialSession.open(adapter, configuration(group), notes)
        _ = session.decode(group.frames)
        session.close()
      }
      notes.record(.deinitialise)
      unsafe adapter.table.`deinit`()
      notes.settle()
    }
    let right = HostTable(version: adapter.version)
    notes.record(.initialise)
    let (second, text) = unsafe withErrorText { unsafe adapter.table.`init`(right.pointer, $0) }
    notes.settle()
    guard second == Status.ok else {
      throw Finding.fail("after a host of \(told) bytes a correct init answered \(describe(second, text))")
    }
    return "a host of \(told) bytes is \(status == Status.ok ? "served" : "refused")"
  }

  func abiRequestSize() throws -> String {
    let adapter = try load()
    guard let entry = unsafe try adapter.orderEntry() else { throw Finding.skip("it sends no orders") }
    let full = MemoryLayout<exprove_order_request>.size
    var served = 0
    for configuration in combinations where configuration.channel == .orderEntry {
      guard let session = try TrialSession.offered(adapter, configuration, notes) else { continue }
      defer { session.close() }
      for order in sampleOrders {
        guard let request = order.record else { continue }
        var plain = [UInt8](repeating: 0, count: Int(entry.max_size))
        let (status, _, size) = unsafe session.encode(entry, request, into: &plain, capacity: plain.count)
        guard status == Status.ok else { continue }
        for told in [0, 8, 96, full + 8, full + 64] {
          let record = try SizedRecord(request, told: told)
          var out = [UInt8](repeating: 0, count: Int(entry.max_size))
          var filled: UInt32 = 0
          notes.record(.encode)
          let (answer, text) = unsafe withErrorText { error in
            unsafe out.withUnsafeMutableBufferPointer {
              unsafe entry.encode(session.handle, record.pointer, $0.baseAddress, UInt32($0.count), &filled, error)
            }
          }
          notes.settle()
          if told < full {
            guard answer != Status.ok else {
              throw Finding.fail("encode served a request with a struct_size of \(told)")
            }
          } else {
            guard answer == Status.ok, Int(filled) == size, out == plain, record.isTailIntact else {
              throw Finding.fail(
                "a request with a struct_size of \(told), from a newer host, is answered \(describe(answer, text)) "
                  + "or put in other words")
            }
          }
          served += 1
        }
        break
      }
    }
    guard served > 0 else { throw Finding.skip("it put none of the orders in the venue's words (metadata.orders)") }
    return "\(served) requests of 0 to \(full + 64) bytes"
  }
}

extension TrialSession {
  /// One frame in one call whose batch has a `struct_size` of `told`.
  @unsafe func decodeOnce(
    _ entry: Corpus.Entry, batchSize told: Int
  ) throws -> (status: exprove_status, stream: Stream, isIntact: Bool) {
    // One more than the least capacity, which is another check's matter.
    let most = adapter.manifest.maxEvents + 1
    guard let bytes = GuardedMemory(size: entry.bytes.count),
      let table = GuardedMemory(size: MemoryLayout<Frame>.stride),
      let events = GuardedMemory(size: most * MemoryLayout<Event>.stride)
    else { throw Finding.skip("there is no memory for it") }
    let place = unsafe bytes.atStart
    unsafe entry.bytes.withUnsafeBytes { source in
      if let base = source.baseAddress { unsafe place.copyMemory(from: base, byteCount: source.count) }
    }
    let row = unsafe table.atStart.bindMemory(to: Frame.self, capacity: 1)
    var frame = Frame()
    frame.length = UInt32(entry.bytes.count)
    frame.flags = entry.flags.rawValue
    frame.receive_time = entry.receiveTime
    unsafe row.pointee = frame
    let out = unsafe events.atEnd(most * MemoryLayout<Event>.stride).bindMemory(to: Event.self, capacity: most)
    let record = unsafe try SizedRecord(
      exprove_batch(
        struct_size: 0, frame_count: 1, bytes: UnsafePointer(place.assumingMemoryBound(to: UInt8.self)),
        bytes_size: UInt64(entry.bytes.count), frames: row, events: out, event_capacity: UInt32(most), frames_used: 0,
        events_filled: 0, reserved: 0), told: told)
    notes.record(.decode, frame: sent, size: entry.bytes.count)
    let status = unsafe adapter.table.decode(handle, record.pointer)
    notes.settle()
    var stream = Stream()
    if status == Status.ok, told >= (unsafe MemoryLayout<exprove_batch>.size) {
      let filled = unsafe Int(record.pointer.pointee.events_filled)
      stream.frames = unsafe Int(record.pointer.pointee.frames_used)
      guard filled <= most else { throw Finding.skip("decode filled \(filled) events (time.progress)") }
      for index in 0..<filled { stream.events.append(unsafe out[index]) }
    }
    return unsafe (status, stream, record.isTailIntact)
  }
}
