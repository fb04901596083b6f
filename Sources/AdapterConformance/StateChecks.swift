// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import CExProveABI
internal import Glibc

extension Trial {
  /// Opens and closes one session by a table; the status that `create` answered.
  @unsafe private func openAndClose(_ table: exprove_adapter, _ stage: String) throws -> exprove_status {
    let config = SessionConfig(combinations[0])
    var session: OpaquePointer?
    notes.record(.create)
    let (status, _) = unsafe withErrorText { unsafe table.create(config.pointer, &session, $0) }
    notes.settle()
    guard let opened = unsafe session else {
      guard status != Status.ok else { throw Finding.fail("\(stage) create answered OK and gave no session") }
      return status
    }
    guard status == Status.ok else {
      throw Finding.fail("\(stage) create answered \(describe(status, "")) and gave a session all the same")
    }
    notes.record(.destroy)
    unsafe table.destroy(opened)
    notes.settle()
    return status
  }

  @unsafe private func initialise(_ table: exprove_adapter, _ host: HostTable) -> (exprove_status, String) {
    notes.record(.initialise)
    defer { notes.settle() }
    return unsafe withErrorText { unsafe table.`init`(host.pointer, $0) }
  }

  func lifecycleEarly() throws -> String {
    notes.record(.load)
    let entry = unsafe try LoadedAdapter.load(image, enforcingRules: false)
    notes.record(.entry)
    let answer = unsafe TableRegion.filled(by: entry, version: spokenVersion.rawValue)
    notes.settle()
    guard unsafe answer.status == Status.ok, unsafe TableRegion.missingSlot(answer.table) == nil else {
      throw Finding.skip("the entry does not fill the table (lifecycle.load)")
    }
    let table = unsafe answer.table
    let early = unsafe try openAndClose(table, "before init")
    let host = HostTable(version: spokenVersion)
    let (status, text) = unsafe initialise(table, host)
    guard status == Status.ok else {
      throw Finding.fail("init after a create that came too early answered \(describe(status, text))")
    }
    let later = unsafe try openAndClose(table, "after init")
    guard later == Status.ok || later == Status.notImplemented else {
      throw Finding.fail("after a create that came too early and init, create answered \(describe(later, ""))")
    }
    notes.record(.deinitialise)
    unsafe table.`deinit`()
    notes.settle()
    return "a create before init is \(early == Status.ok ? "served" : "refused")"
  }

  func lifecycleLate() throws -> String {
    let adapter = try load()
    notes.record(.deinitialise)
    unsafe adapter.table.`deinit`()
    notes.settle()
    let late = unsafe try openAndClose(adapter.table, "after deinit")
    let host = HostTable(version: adapter.version)
    let (status, text) = unsafe initialise(adapter.table, host)
    guard status == Status.ok else {
      throw Finding.fail("init after a create that came too late answered \(describe(status, text))")
    }
    for session in try openings(adapter) { session.close() }
    return "a create after deinit is \(late == Status.ok ? "served" : "refused")"
  }

  func lifecycleDoubleClose() throws -> String {
    let adapter = try load()
    let groups = corpus.groups.filter { !$0.frames.isEmpty }
    let first = groups.isEmpty ? [] : try completePass(adapter)
    let host = HostTable(version: adapter.version)
    let (again, _) = unsafe initialise(adapter.table, host)
    if !groups.isEmpty { try compare(try pass(adapter), with: first, "after a second init") }
    for _ in 0..<2 {
      notes.record(.deinitialise)
      unsafe adapter.table.`deinit`()
      notes.settle()
    }
    let (status, text) = unsafe initialise(adapter.table, HostTable(version: adapter.version))
    guard status == Status.ok else { throw Finding.fail("init after two deinit answered \(describe(status, text))") }
    for session in try openings(adapter) { session.close() }
    if !groups.isEmpty { try compare(try pass(adapter), with: first, "after two deinit and an init") }
    return "a second init is \(again == Status.ok ? "served" : "refused"), a second deinit ignored"
  }
}
