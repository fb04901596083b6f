// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI

/// What the host demands of an extension's answers; the numbers are those of `sdk-c/RULES.md`.
package enum ExtensionRule: Int, CaseIterable, Sendable {
  case orderRequest = 701
  case orderCapabilities
  case snapshotRequest
  case instrumentPages
  case configCheck
  case healthReport

  package var id: String { "XP-A-\(rawValue)" }

  package var reason: String {
    switch self {
    case .orderRequest: "encode gives 1 to max_size bytes, and the session stays as it was"
    case .orderCapabilities: "capabilities fills its record with known bits, and each request is one that it allows"
    case .snapshotRequest: "a snapshot's request has a known carrier and answer and 1 to max_size bytes"
    case .instrumentPages: "pages hold the session's instruments in order, each as its INSTRUMENT event told"
    case .configCheck: "check takes what create takes, and refuses with EXPROVE_INVALID_ARGUMENT or NOT_IMPLEMENTED"
    case .healthReport: "a health report fills its record, with a known sequence state and counts that fit together"
    }
  }

  func broken(by manifest: AdapterManifest, _ detail: String) -> AdapterError {
    AdapterError(
      .contract,
      "\(manifest.name) \(manifest.version): \(id) is broken: \(reason) (\(detail)); tell \(manifest.vendor), or run "
        + "exprove conform on it")
  }
}

extension LoadedAdapter {
  /// An extension's table, as far as both sides know it and zero beyond; nil when the manifest does not name it.
  ///
  /// - Parameters:
  ///   - empty: a table of zeros.
  ///   - least: how far it must reach: what its first version had.
  @unsafe func extensionTable<Table>(_ id: String, _ empty: Table, least: Int) throws(AdapterError) -> Table? {
    guard manifest.extensions.contains(id) else { return nil }
    guard let pointer = unsafe id.withCString({ unsafe table.extension($0) }) else {
      throw AdapterError(.badTable, "\(image.path): its manifest names \(id), its slot “extension” does not answer it")
    }
    let size = unsafe Int(pointer.load(as: UInt32.self))
    guard size >= least, size <= 65_536 else {
      throw AdapterError(
        .badTable, "\(image.path): its table of \(id) has \(size) bytes; \(least) are its first version's")
    }
    var copy = empty
    unsafe withUnsafeMutableBytes(of: &copy) {
      unsafe $0.copyMemory(from: UnsafeRawBufferPointer(start: pointer, count: min(size, $0.count)))
    }
    return copy
  }

  func lacksSlot(_ id: String, _ slot: String) -> AdapterError {
    AdapterError(.badTable, "\(image.path): its table of \(id) has no “\(slot)”")
  }

  /// Asks `exprove.config/1`, where there is one, whether `create` would take the configuration.
  @unsafe func checkConfiguration(_ config: UnsafePointer<exprove_config>) throws(AdapterError) {
    let id = "exprove.config/1"
    guard
      let schema = unsafe try extensionTable(
        id, exprove_config_v1(), least: MemoryLayout<exprove_config_v1>.offset(of: \.check)! + 8)
    else { return }
    guard let check = unsafe schema.check else { throw lacksSlot(id, "check") }
    let (status, text) = unsafe withErrorText { unsafe check(config, $0) }
    guard status != Status.ok else { return }
    guard status == Status.invalidArgument || status == Status.notImplemented else {
      throw ExtensionRule.configCheck.broken(by: manifest, "it answered \(describe(status, text))")
    }
    throw AdapterError(
      status == Status.notImplemented ? .notOffered : .badSetting,
      "\(manifest.name): it does not take this configuration: \(describe(status, text))")
  }
}
