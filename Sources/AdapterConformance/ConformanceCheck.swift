// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost

/// Everything that is checked, in the order of the report. The identifiers stay what they are: reports, scripts and
/// `--only` refer to them.
package enum ConformanceCheck: String, CaseIterable, Sendable {
  // Before any code of the adapter runs.
  case staticFile = "static.file"
  case staticExports = "static.exports"
  case staticNeeded = "static.needed"
  case staticRunpath = "static.runpath"
  case staticTextrel = "static.textrel"
  case staticStack = "static.stack"
  case staticUnique = "static.unique"
  case staticVersions = "static.versions"
  case staticInitialisers = "static.initialisers"
  case staticTLS = "static.tls"
  case staticImports = "static.imports"
  // Each in a process of its own.
  case lifecycleLoad = "lifecycle.load"
  case lifecycleRepeat = "lifecycle.repeat"
  case lifecycleInitFailure = "lifecycle.init-failure"
  case lifecycleRefusal = "lifecycle.refusal"
  case lifecycleReset = "lifecycle.reset"
  case lifecycleSessions = "lifecycle.sessions"
  case lifecycleTraces = "lifecycle.traces"
  case lifecycleOutput = "lifecycle.output"
  case lifecycleFork = "lifecycle.fork"
  case abiVersions = "abi.versions"
  case abiTableSize = "abi.table-size"
  case abiHost = "abi.host"
  case abiErrorText = "abi.error-text"
  case abiExtension = "abi.extension"
  case metadataTable = "metadata.table"
  case metadataCounters = "metadata.counters"
  case metadataCombinations = "metadata.combinations"
  case metadataSettings = "metadata.settings"
  case metadataFrameTime = "metadata.frame-time"
  case metadataOrders = "metadata.orders"
  case determinismRepeat = "determinism.repeat"
  case determinismProcess = "determinism.process"
  case determinismBatching = "determinism.batching"
  case determinismPlacement = "determinism.placement"
  case malformedSearch = "malformed.search"
  case malformedEmpty = "malformed.empty"
  case malformedTruncated = "malformed.truncated"
  case malformedRandom = "malformed.random"
  case malformedMutated = "malformed.mutated"
  case malformedState = "malformed.state"
  case threadsParallel = "threads.parallel"
  case threadsHandover = "threads.handover"
  case threadsNone = "threads.none"
  case memoryBounds = "memory.bounds"
  case memoryInput = "memory.input"
  case memoryGrowth = "memory.growth"
  case memoryDescriptors = "memory.descriptors"
  case timeLarge = "time.large"
  case timeProgress = "time.progress"
  case eventsContract = "events.contract"
  case eventsAccounted = "events.accounted"
  case eventsOrders = "events.orders"
  case reloadResume = "reload.resume"
  case reloadSmall = "reload.small"
  case performanceLoad = "performance.load"
  case performanceDecode = "performance.decode"

  package var id: String { rawValue }
  package var group: String { String(rawValue.prefix { $0 != "." }) }
  package var isStatic: Bool { group == "static" }

  /// Processor seconds that its process may take.
  var processorSeconds: Int { self == .timeLarge ? 5 : 15 }

  /// What must hold, in one line.
  package var reason: String {
    switch self {
    case .staticFile: "the file is a shared library of this machine with an entry and a manifest"
    case .staticExports, .staticNeeded, .staticRunpath, .staticTextrel, .staticStack, .staticUnique, .staticVersions,
      .staticInitialisers, .staticTLS, .staticImports:
      staticRule?.reason ?? ""
    case .lifecycleLoad:
      "it loads from a sealed copy, agrees on a version, fills every required slot and opens a session"
    case .lifecycleRepeat: "init and deinit may follow each other any number of times"
    case .lifecycleInitFailure: "an init that failed leaves nothing behind"
    case .lifecycleRefusal: "create refuses what the manifest does not offer, and gives no session"
    case .lifecycleReset: "reset brings a session back to the state after create"
    case .lifecycleSessions: "sessions that take turns do not see each other"
    case .lifecycleTraces: "signals, mask, directory, umask, locale and environment stay as they were"
    case .lifecycleOutput: "nothing is written to standard output or standard error"
    case .lifecycleFork: "a forked process decodes as its parent does"
    case .abiVersions: "an ABI version that it does not know is answered with NOT_IMPLEMENTED"
    case .abiTableSize: "nothing is written beyond the table size that the host tells, shorter or longer"
    case .abiHost: "a host without a log, with a longer table or an odd cookie serves as well"
    case .abiErrorText: "no more is written to an error text than it has room for"
    case .abiExtension: "extension answers what the manifest names and nothing else"
    case .metadataTable: "the entry gives the same table and manifest each time"
    case .metadataCounters: "counters fill what fits, start at zero and never fall"
    case .metadataCombinations: "each framing and channel of the manifest can be opened"
    case .metadataSettings: "each setting takes its default and every choice"
    case .metadataFrameTime: "frame_time depends on the frame alone and leaves the session as it was"
    case .metadataOrders: "an encoded order decodes to the same order, and encoding leaves the session as it was"
    case .determinismRepeat: "the same frames give the same events, whatever lay in fresh memory"
    case .determinismProcess:
      "the same frames give the same events in other processes, time zones, locales and directories"
    case .determinismBatching: "the events do not depend on batch size and capacity"
    case .determinismPlacement: "the events do not depend on where the bytes lie and on what surrounds them"
    case .malformedSearch: "every message type grown byte by byte is decoded or called malformed"
    case .malformedEmpty: "an empty frame is malformed or unknown, not an error of the call"
    case .malformedTruncated: "a cut message never passes for the whole one"
    case .malformedRandom: "random bytes give well-formed events"
    case .malformedMutated: "flipped, swapped, repeated and reordered messages give well-formed events"
    case .malformedState: "a damaged saved state is refused, and the session is then as new"
    case .threadsParallel: "sessions on several threads at once decode as each does alone"
    case .threadsHandover: "a session may move from thread to thread"
    case .threadsNone: "no threads are started"
    case .memoryBounds: "nothing is read or written outside frames, frame table and events"
    case .memoryInput: "frames, bytes and the batch's inputs are left as they were"
    case .memoryGrowth: "memory does not grow with sessions opened and closed"
    case .memoryDescriptors: "no file descriptors are left open"
    case .timeLarge: "a frame of a megabyte takes less than two seconds"
    case .timeProgress: "each call consumes a frame at least and reports counts within its bounds"
    case .eventsContract: "every event keeps the contract of event.h"
    case .eventsAccounted: "a frame that raises no counter is called malformed, unknown, a gap or a notice"
    case .eventsOrders: "no order is executed or reduced beyond its quantity, or added while it lives"
    case .reloadResume: "a session that takes up a saved state goes on as the saved one does, byte for byte"
    case .reloadSmall: "save into too little room says so and writes nothing beyond it"
    case .performanceLoad: "loading and init take less than 100 ms of processor time"
    case .performanceDecode: "decoding market data reaches a million frames a second"
    }
  }
}
