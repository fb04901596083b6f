// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import CExProveABI
internal import EventFlow

/// One check in its process: the adapter, the frames to send, and where to note what is being done.
final class Trial {
  let image: AdapterImage
  let check: ConformanceCheck
  let corpus: Corpus
  let notes: ChildNotes
  let seed: UInt64
  /// Which of several processes whose findings are compared.
  let variant: Int
  /// By how much the draws are multiplied.
  let effort: Int
  /// What the check was asked for besides, such as another file.
  let extra: [String]
  var random: SplitMix
  /// What the harness compares between processes.
  var value: [UInt8] = []
  /// Scales of quantities by instrument, as an order session defined them.
  var scales: [UInt32: Int] = [:]

  /// A day like any other, so that times of day have a date: 2020-01-30T05:00:00Z.
  static let dayStart: Int64 = 1_580_360_400_000_000_000

  init(image: AdapterImage, corpus: Corpus, notes: ChildNotes, order: ChildOrder) {
    self.image = image
    check = order.check
    seed = order.seed
    variant = order.variant
    effort = order.effort
    extra = order.extra
    self.corpus = corpus
    self.notes = notes
    random = SplitMix(seed: order.seed, stream: order.check.id)
  }

  var manifest: AdapterManifest { image.manifest }

  /// Loads and initialises, as the host would, but for the static rules, which have checks of their own.
  func load() throws -> LoadedAdapter {
    notes.record(.load)
    let adapter = try LoadedAdapter(image, enforcingRules: false)
    notes.settle()
    CrashTrace.watch(adapter)
    if let bound = adapter.bound { notes.watch(bound) }
    return adapter
  }

  /// The groups of frames; a check that needs some is skipped without.
  func groups() throws -> [Corpus.Group] {
    let groups = corpus.groups.filter { !$0.frames.isEmpty }
    guard !groups.isEmpty else { throw Finding.skip("no frame is known that it takes; give a capture with --capture") }
    return groups
  }

  /// What captures of this channel hold.
  func real(_ channel: Channel) -> [Corpus.Group] {
    corpus.groups.filter { $0.isReal && $0.channel == channel && !$0.frames.isEmpty }
  }

  func configuration(_ group: Corpus.Group) -> AdapterSession.Configuration {
    .init(
      framing: group.framing, channel: group.channel, dayStart: Trial.dayStart, seed: seed,
      settings: manifest.requiredSettings)
  }

  /// Framings and channels that the manifest names, together.
  var combinations: [AdapterSession.Configuration] {
    manifest.framings.flatMap { framing in
      manifest.channels.map {
        .init(
          framing: framing, channel: $0, dayStart: Trial.dayStart, seed: seed, settings: manifest.requiredSettings)
      }
    }
  }

  /// Opens every combination that the adapter offers.
  func openings(_ adapter: LoadedAdapter) throws -> [TrialSession] {
    let sessions = try combinations.compactMap { try TrialSession.offered(adapter, $0, notes) }
    guard !sessions.isEmpty else { throw Finding.fail("no framing and channel of its manifest can be opened together") }
    return sessions
  }

  func perform() throws -> String {
    switch check {
    case .lifecycleLoad: try lifecycleLoad()
    case .lifecycleRepeat: try lifecycleRepeat()
    case .lifecycleInitFailure: try lifecycleInitFailure()
    case .lifecycleRefusal: try lifecycleRefusal()
    case .lifecycleReset: try lifecycleReset()
    case .lifecycleSessions: try lifecycleSessions()
    case .lifecycleTraces: try lifecycleTraces()
    case .lifecycleOutput: try lifecycleOutput()
    case .lifecycleFork: try lifecycleFork()
    case .abiVersions: try abiVersions()
    case .abiTableSize: try abiTableSize()
    case .abiHost: try abiHost()
    case .abiErrorText: try abiErrorText()
    case .abiExtension: try abiExtension()
    case .metadataTable: try metadataTable()
    case .metadataCounters: try metadataCounters()
    case .metadataCombinations: try metadataCombinations()
    case .metadataSettings: try metadataSettings()
    case .metadataFrameTime: try metadataFrameTime()
    case .metadataOrders: try metadataOrders()
    case .determinismRepeat: try determinismRepeat()
    case .determinismProcess: try determinismProcess()
    case .determinismBatching: try determinismBatching()
    case .determinismPlacement: try determinismPlacement()
    case .malformedSearch: try malformedSearch()
    case .malformedEmpty: try malformedEmpty()
    case .malformedTruncated: try malformedTruncated()
    case .malformedRandom: try malformedRandom()
    case .malformedMutated: try malformedMutated()
    case .malformedState: try malformedState()
    case .threadsParallel: try threadsParallel()
    case .threadsHandover: try threadsHandover()
    case .threadsNone: try threadsNone()
    case .memoryBounds: try memoryBounds()
    case .memoryInput: try memoryInput()
    case .memoryGrowth: try memoryGrowth()
    case .memoryDescriptors: try memoryDescriptors()
    case .timeLarge: try timeLarge()
    case .timeProgress: try timeProgress()
    case .eventsContract: try eventsContract()
    case .eventsAccounted: try eventsAccounted()
    case .eventsOrders: try eventsOrders()
    case .ordersState: try ordersState()
    case .ordersQuantity: try ordersQuantity()
    case .ordersExecutions: try ordersExecutions()
    case .ordersCorrections: try ordersCorrections()
    case .ordersUnknown: try ordersUnknown()
    case .reloadResume: try reloadResume()
    case .reloadSmall: try reloadSmall()
    case .performanceLoad: try performanceLoad()
    case .performanceDecode: try performanceDecode()
    case .lifecycleEarly: try lifecycleEarly()
    case .lifecycleLate: try lifecycleLate()
    case .lifecycleDoubleClose: try lifecycleDoubleClose()
    case .abiBatchSize: try abiBatchSize()
    case .abiConfigSize: try abiConfigSize()
    case .abiOlderHost: try abiOlderHost()
    case .abiRequestSize: try abiRequestSize()
    case .metadataMessages: try metadataMessages()
    case .determinismClock: try determinismClock()
    case .determinismMachine: try determinismMachine()
    case .malformedOrder: try malformedOrder()
    case .malformedOversized: try malformedOversized()
    case .malformedGaps: try malformedGaps()
    case .threadsCallbacks: try threadsCallbacks()
    case .threadsStrays: try threadsStrays()
    case .memoryBuffers: try memoryBuffers()
    case .memoryMappings: try memoryMappings()
    case .memoryAllocations: try memoryAllocations()
    case .timeCallbacks: try timeCallbacks()
    case .eventsExecutions: try eventsExecutions()
    case .eventsBooks: try eventsBooks()
    case .eventsVolume: try eventsVolume()
    case .eventsTicks: try eventsTicks()
    case .eventsSnapshot: try eventsSnapshot()
    case .reloadCrash: try reloadCrash()
    case .metamorphicRename: try metamorphicRename()
    case .metamorphicShift: try metamorphicShift()
    case .metamorphicInterleave: try metamorphicInterleave()
    case .performanceOpen: try performanceOpen()
    case .performanceBatch: try performanceBatch()
    case .eventsExpected: try eventsExpected()
    case .fuzzCapture: try fuzzCapture()
    case .differentialAgainst: try differentialAgainst()
    case .sanitizerClean: try sanitizerClean()
    case .staticFile, .staticExports, .staticNeeded, .staticRunpath, .staticTextrel, .staticStack, .staticUnique,
      .staticVersions, .staticInitialisers, .staticTLS, .staticImports:
      throw Finding.skip("it is checked without running the adapter")
    }
  }
}
