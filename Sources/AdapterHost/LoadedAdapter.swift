// SPDX-License-Identifier: Apache-2.0

package import CExProveABI
internal import CLinux
internal import Glibc

/// An adapter whose code is in this process. It stays there: a library is never unloaded, because threads, handlers
/// or pointers of it could be left behind.
@safe package final class LoadedAdapter: @unchecked Sendable {
  package let image: AdapterImage
  /// What adapter and host agreed on.
  package let version: AdapterManifest.Version
  package let log = HostLog()
  /// Loaded from the file's path, for debuggers: what runs need not be what was digested.
  package let isByPath: Bool
  package var manifest: AdapterManifest { image.manifest }

  /// What the binder knows of a bound library; nil for an adapter that exports its entry itself.
  package let bound: BoundEntry?

  /// What the entry filled, zero beyond that.
  package let table: exprove_adapter
  private let host: UnsafeMutablePointer<exprove_host>
  private let thread: Int32
  private var isOpen = true

  /// Makes a sealed copy, loads it and agrees on a version. Runs the adapter's `init`.
  ///
  /// - Parameters:
  ///   - byPath: load the file itself instead of a sealed copy.
  ///   - enforcingRules: refuse what breaks a static rule; only the conformance harness does without.
  ///   - versions: what the host offers, highest first.
  package init(
    _ image: AdapterImage, byPath: Bool = false, enforcingRules: Bool = true,
    versions: [AdapterManifest.Version] = hostVersions
  ) throws(AdapterError) {
    let (entry, bound) = unsafe try LoadedAdapter.open(image, byPath: byPath, enforcingRules: enforcingRules)
    unsafe (version, table) = try LoadedAdapter.negotiate(image, entry, versions)
    self.bound = bound
    self.image = image
    isByPath = byPath
    thread = linux_gettid()
    unsafe host = .allocate(capacity: 1)
    unsafe host.initialize(
      to: exprove_host(
        struct_size: UInt32(MemoryLayout<exprove_host>.size), abi_version: version.rawValue,
        cookie: Unmanaged.passUnretained(log).toOpaque(), log: hostLogCallback))
    let (status, text) = unsafe withErrorText { unsafe table.`init`(host, $0) }
    guard status == Status.ok else {
      isOpen = false
      unsafe host.deallocate()
      throw AdapterError(.initFailed, "\(image.path): its init answered \(describe(status, text))")
    }
  }

  deinit {
    // Another thread must not call it; then the adapter stays as it is until the process ends.
    if thread == linux_gettid() { close() }
  }

  /// Calls the adapter's `deinit`, once, on the thread that loaded it and after the last session.
  private func close() {
    guard isOpen else { return }
    isOpen = false
    unsafe table.`deinit`()
    unsafe host.deallocate()
  }

  // MARK: Loading

  /// Makes a copy's code part of this process and returns its entry. Runs its constructors and nothing else.
  @unsafe package static func load(
    _ image: AdapterImage, byPath: Bool = false, enforcingRules: Bool = true
  ) throws(AdapterError) -> TableRegion.Entry {
    unsafe try open(image, byPath: byPath, enforcingRules: enforcingRules).entry
  }

  @unsafe private static func open(
    _ image: AdapterImage, byPath: Bool, enforcingRules: Bool
  ) throws(AdapterError) -> (entry: TableRegion.Entry, bound: BoundEntry?) {
    if enforcingRules { try checkRules(image) }
    let path = byPath ? try absolute(image.codePath) : try SealedCopy(of: image).path
    try openLibraries(of: image)
    let entry = image.bound.map { $0.functions.first ?? "" } ?? StaticRule.entry
    guard let handle = unsafe dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
      throw AdapterError(.loader, "\(image.path): the loader refuses it: \(loaderError())")
    }
    guard let symbol = unsafe dlsym(handle, entry) else {
      throw AdapterError(.noEntry, "\(image.path): the loader finds no “\(entry)”: \(loaderError())")
    }
    // The loader goes by names: make sure that it is this copy's code and not an earlier library's.
    var info = unsafe linux_dl_info()
    guard unsafe linux_dladdr(symbol, &info) != 0, let name = unsafe info.file_name,
      unsafe String(cString: name) == path
    else {
      throw AdapterError(.loader, "\(image.path): “\(entry)” does not lie in the copy that was loaded")
    }
    try checkLibraries(of: image)
    if let library = image.bound {
      let bound = unsafe try BoundEntry(library, loaded: handle, code: symbol, path: image.path)
      return unsafe (bound.entry, bound)
    }
    return unsafe (unsafeBitCast(symbol, to: TableRegion.Entry.self), nil)
  }

  /// What no adapter may be, before any of its code runs.
  static func checkRules(_ image: AdapterImage) throws(AdapterError) {
    for rule in StaticRule.allCases where rule.isEnforced {
      if let violation = rule.violation(image.facts, libraries: image.manifest.libraries.map(\.name)) {
        throw AdapterError(
          .forbidden, "\(image.path): \(violation) (\(rule.id), static.\(rule.rawValue): \(rule.reason))")
      }
    }
  }

  private static func absolute(_ path: String) throws(AdapterError) -> String {
    guard let resolved = unsafe realpath(path, nil) else {
      throw AdapterError(.missing, "\(path): \(systemError(errno))")
    }
    defer { unsafe free(resolved) }
    return unsafe String(cString: resolved)
  }

  static func loaderError() -> String {
    guard let message = unsafe dlerror() else { return "no reason given" }
    return unsafe String(cString: message)
  }

  // MARK: Negotiation

  private static func negotiate(
    _ image: AdapterImage, _ entry: TableRegion.Entry, _ versions: [AdapterManifest.Version]
  ) throws(AdapterError) -> (AdapterManifest.Version, exprove_adapter) {
    // What the manifest does not claim is not asked for.
    for version in versions where version <= image.manifest.abi {
      let answer = unsafe TableRegion.filled(by: entry, version: version.rawValue)
      if unsafe answer.status == Status.notImplemented { continue }
      guard unsafe answer.status == Status.ok else {
        throw AdapterError(
          .badTable, "\(image.path): its entry answered \(unsafe describe(answer.status, "")) to ABI \(version)")
      }
      unsafe try check(image, answer, version)
      return unsafe (version, answer.table)
    }
    throw unsupported(image, versions)
  }

  static func unsupported(_ image: AdapterImage, _ versions: [AdapterManifest.Version]) -> AdapterError {
    let known = versions.map(\.description).joined(separator: ", ")
    return AdapterError(
      .unsupportedVersion,
      "\(image.path): it implements ABI \(image.manifest.abi) and none that this exprove knows (\(known)); "
        + (image.manifest.abi > hostVersion
          ? "update exprove, or get an older build of the adapter" : "get a newer build of the adapter"))
  }

  private static func check(
    _ image: AdapterImage, _ answer: TableRegion.Answer, _ version: AdapterManifest.Version
  ) throws(AdapterError) {
    let table = unsafe answer.table
    func bad(_ reason: String) -> AdapterError { AdapterError(.badTable, "\(image.path): \(reason)") }
    guard unsafe answer.isIntact else { throw bad("its entry wrote beyond the table it was given") }
    let size = unsafe table.struct_size
    guard size >= TableRegion.requiredSize, size <= TableRegion.size else {
      throw bad(
        "its entry filled \(size) bytes of the table; \(TableRegion.requiredSize) to \(TableRegion.size) were asked for"
      )
    }
    guard unsafe table.abi_version == version.rawValue else {
      throw bad(
        "its entry agreed to ABI \(version) and filled \(unsafe AdapterManifest.Version(rawValue: table.abi_version))")
    }
    if let missing = unsafe TableRegion.missingSlot(table) { throw bad("the required slot “\(missing)” is NULL") }
    guard let manifest = unsafe table.manifest, unsafe table.manifest_size == UInt64(image.manifestBytes.count),
      unsafe image.manifestBytes.elementsEqual(
        UnsafeRawBufferPointer(start: manifest, count: image.manifestBytes.count))
    else { throw bad("the manifest in its table is not the one in its section .exprove.manifest") }
    guard unsafe (table.frame_time != nil) == image.manifest.hasFrameTime else {
      throw bad("its manifest says frame-time: \(image.manifest.hasFrameTime ? "yes" : "no"), its table says otherwise")
    }
    guard unsafe image.manifest.extensions.isEmpty || table.extension != nil else {
      throw bad("its manifest names extensions, and its slot “extension” is NULL")
    }
  }
}
