// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import CExProveABI

extension Trial {
  /// The highest version that host and manifest both speak.
  var spokenVersion: AdapterManifest.Version { manifest.commonVersion ?? hostVersion }

  /// The code, loaded, and its entry; nothing was called yet.
  @unsafe private func entry() throws -> TableRegion.Entry {
    notes.record(.load)
    let entry = unsafe try LoadedAdapter.load(image, enforcingRules: false)
    notes.record(.entry)
    return unsafe entry
  }

  func abiVersions() throws -> String {
    let entry = unsafe try entry()
    let unknown: [AdapterManifest.Version] = [
      .init(major: 0, minor: 0), .init(major: 2, minor: 0), .init(major: 99, minor: 7),
      .init(major: 0xFFFF, minor: 0xFFFF),
    ].filter { $0.major != manifest.abi.major }
    for version in unknown {
      let answer = unsafe TableRegion.filled(by: entry, version: version.rawValue)
      guard unsafe answer.status == Status.notImplemented else {
        throw Finding.fail(
          "asked for ABI \(version), of which its manifest does not speak, the entry answered "
            + "\(unsafe describe(answer.status, "")); answer EXPROVE_NOT_IMPLEMENTED")
      }
    }
    let known = unsafe TableRegion.filled(by: entry, version: spokenVersion.rawValue)
    guard unsafe known.status == Status.ok else {
      throw Finding.fail(
        "after unknown versions the entry answered \(unsafe describe(known.status, "")) to \(spokenVersion)")
    }
    return "\(unknown.count) unknown versions are not implemented"
  }

  func abiTableSize() throws -> String {
    let entry = unsafe try entry()
    for told in [0, 4, 8, 24, TableRegion.requiredSize - 8] {
      let answer = unsafe TableRegion.filled(by: entry, version: spokenVersion.rawValue, told: told)
      guard unsafe answer.isIntact else {
        throw Finding.fail("told that the table has \(told) bytes, the entry wrote beyond them")
      }
    }
    for told in [TableRegion.requiredSize, TableRegion.requiredSize + 8, TableRegion.size] {
      let answer = unsafe TableRegion.filled(by: entry, version: spokenVersion.rawValue, told: told)
      guard unsafe answer.isIntact else {
        throw Finding.fail("told that the table has \(told) bytes, the entry wrote beyond them")
      }
      guard unsafe answer.status == Status.ok, unsafe answer.table.struct_size <= told else {
        throw Finding.fail(
          "told that the table has \(told) bytes, which is all that is required, the entry answered "
            + "\(unsafe describe(answer.status, "")) and struct_size \(unsafe answer.table.struct_size)")
      }
    }
    for extra: UInt32 in [8, 48] {
      let told = TableRegion.size + extra
      let answer = unsafe TableRegion.filled(by: entry, version: spokenVersion.rawValue, told: told)
      guard unsafe answer.isIntact, unsafe answer.status == Status.ok, unsafe answer.filled <= told,
        unsafe answer.filled >= TableRegion.requiredSize
      else {
        throw Finding.fail(
          "a newer host whose table has \(told) bytes is not served: \(unsafe describe(answer.status, ""))")
      }
    }
    return "tables of 0 to \(TableRegion.size + 48) bytes"
  }

  func abiHost() throws -> String {
    let adapter = try load()
    let before = corpus.groups.contains { !$0.frames.isEmpty } ? try completePass(adapter) : []
    let cookie: UInt = 0xDEAD_BEEF_CAFE_F00D
    let hosts: [(String, HostTable)] = [
      ("without a log", HostTable(version: adapter.version, log: false)),
      ("with an odd cookie", HostTable(version: adapter.version, cookie: cookie)),
      ("with a longer table", HostTable(version: adapter.version, margin: 64, cookie: cookie)),
    ]
    for (what, host) in hosts {
      notes.record(.deinitialise)
      unsafe adapter.table.`deinit`()
      notes.record(.initialise)
      let (status, text) = unsafe withErrorText { unsafe adapter.table.`init`(host.pointer, $0) }
      notes.settle()
      guard status == Status.ok else { throw Finding.fail("init by a host \(what) answered \(describe(status, text))") }
      for session in try openings(adapter) { session.close() }
      if !before.isEmpty { try compare(try pass(adapter), with: before, "by a host \(what)") }
    }
    let odd = unsafe HostTable.cookies.filter { $0 != cookie }
    guard odd.isEmpty else {
      throw Finding.fail("log got the cookie \(String(odd[0], radix: 16)), not the host's \(String(cookie, radix: 16))")
    }
    return "\(hosts.count) kinds of host; \(unsafe HostTable.cookies.count) lines logged"
  }

  func abiErrorText() throws -> String {
    let adapter = try load()
    for capacity in [0, 1, 7, 64] {
      let config = SessionConfig(combinations[0])
      unsafe config.pointer.pointee.framing = 99
      var memory = [CChar](repeating: 0x5A, count: capacity + 4096)
      var size: UInt32 = 0
      notes.record(.create)
      unsafe memory.withUnsafeMutableBufferPointer { buffer in
        var text = unsafe exprove_text(data: buffer.baseAddress, capacity: UInt32(capacity), size: 0)
        var session: OpaquePointer?
        _ = unsafe adapter.table.create(config.pointer, &session, &text)
        size = unsafe text.size
      }
      notes.settle()
      guard memory.dropFirst(capacity).allSatisfy({ $0 == 0x5A }) else {
        throw Finding.fail("create wrote beyond an error text of \(capacity) bytes")
      }
      guard size <= UInt32(capacity) else {
        throw Finding.fail("create set the size of an error text of \(capacity) bytes to \(size)")
      }
      guard
        String(validating: memory.prefix(Int(size)).map { UInt8(bitPattern: $0) }, as: UTF8.self) != nil
          || capacity == 1
      else { throw Finding.fail("create's error text is not UTF-8") }
    }
    return "room for 0 to 64 bytes"
  }

  func abiExtension() throws -> String {
    let adapter = try load()
    guard unsafe adapter.table.extension != nil else {
      guard manifest.extensions.isEmpty else { throw Finding.fail("its manifest names extensions, its slot is NULL") }
      return "no extensions"
    }
    func ask(_ id: String) -> UInt {
      notes.record(.extend)
      defer { notes.settle() }
      return unsafe UInt(bitPattern: id.withCString { unsafe adapter.table.extension($0) })
    }
    for id in manifest.extensions {
      let first = ask(id)
      guard first != 0 else { throw Finding.fail("its manifest names \(id), extension answers NULL") }
      guard ask(id) == first else { throw Finding.fail("extension gives another table for \(id) each time") }
    }
    let known = [
      "exprove.order_entry/1", "exprove.order_entry/2", "exprove.order_entry/10", "exprove.order_entry/", "",
    ]
    let strange =
      known + [
        "exprove.order_entry", "EXPROVE.ORDER_ENTRY/1", "exprove.unheard_of/1", String(repeating: "x", count: 4096),
      ]
    for id in strange where !manifest.extensions.contains(id) {
      guard ask(id) == 0 else {
        throw Finding.fail("extension answers “\(id.prefix(40))”, which its manifest does not name")
      }
    }
    if unsafe try adapter.orderEntry() == nil && manifest.extensions.contains("exprove.order_entry/1") {
      throw Finding.fail("exprove.order_entry/1 has no table")
    }
    return manifest.extensions.isEmpty ? "no extensions" : manifest.extensions.joined(separator: ", ")
  }
}
