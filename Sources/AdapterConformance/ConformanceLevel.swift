// SPDX-License-Identifier: Apache-2.0

/// What a finding of a check means for the verdict.
package enum ConformanceSeverity: String, CaseIterable, Sendable {
  /// Something that the contract forbids: the adapter does not conform.
  case error
  /// Something that a host cannot rely on: it counts from strictness 9 on.
  case warning
  /// Something to know; it never counts.
  case note
}

/// How strictly an adapter is judged, 1 to 10: which checks run, which findings count, and how often checks that draw
/// by chance do so.
///
/// 1: what an adapter must do to be loaded at all. 2: its life and the ABI. 3: what it declares, and the contract of
/// events. 4: determinism, bounds of memory. 5, the default: everything. 6 to 8: everything, with twice to four times the
/// draws. 9 and 10: four and eight times the draws, and warnings count.
package struct Strictness: Equatable, Sendable {
  package static let range = 1...10
  package static let usual = Strictness(level: 5)!
  package let level: Int

  /// Nil when there is no such level.
  package init?(level: Int) {
    guard Strictness.range.contains(level) else { return nil }
    self.level = level
  }

  package var warningsCount: Bool { level >= 9 }

  /// By how much the draws of the checks that draw by chance are multiplied.
  package var effort: Int {
    switch level {
    case ...5: 1
    case 6, 7: 2
    case 8, 9: 4
    default: 8
    }
  }

  /// Whether `result` speaks against the adapter. A crash or a hang does whatever the check is about.
  package func counts(_ result: ConformanceResult) -> Bool {
    switch result.status {
    case .crash, .timeout: true
    case .fail: result.check.severity != .note
    case .warn: warningsCount && result.check.severity != .note
    case .pass, .skip: false
    }
  }
}

extension ConformanceCheck {
  package var severity: ConformanceSeverity {
    switch self {
    case .staticVersions, .staticInitialisers, .staticTLS, .staticImports, .eventsBooks, .eventsTicks: .warning
    case .metadataMessages, .memoryAllocations, .performanceLoad, .performanceDecode, .performanceOpen,
      .performanceBatch:
      .note
    default: .error
    }
  }

  /// The lowest strictness at which it runs.
  package var level: Int {
    switch self {
    case .lifecycleLoad, .metadataTable, .abiVersions: 1
    case .metadataMessages, .malformedSearch: 3
    case .eventsContract, .eventsAccounted, .timeProgress: 3
    case .determinismRepeat, .determinismProcess, .determinismBatching, .memoryBounds, .memoryInput, .reloadResume: 4
    case .eventsExpected, .differentialAgainst: 1
    default:
      switch group {
      case "static": 1
      case "lifecycle", "abi": 2
      case "metadata": 3
      default: 5
      }
    }
  }

  /// Whether it needs something that must be asked for, such as another build to compare with.
  package var isOnDemand: Bool {
    switch self {
    case .eventsExpected, .fuzzCapture, .differentialAgainst, .sanitizerClean: true
    default: false
    }
  }

  /// Whether it runs more often the stricter the judgement is, and may take as much longer.
  var growsWithEffort: Bool {
    switch self {
    case .malformedTruncated, .malformedRandom, .malformedMutated, .malformedState, .malformedOrder,
      .malformedOversized, .reloadResume, .reloadCrash, .fuzzCapture:
      true
    default: false
    }
  }

  /// In how many processes it runs, whose findings are compared.
  var variants: Int {
    switch self {
    case .determinismProcess, .determinismMachine: 3
    default: 1
    }
  }

  /// Processor seconds that its process may take.
  func processorSeconds(effort: Int) -> Int {
    switch self {
    case .timeLarge: 5
    case .fuzzCapture, .sanitizerClean: 600
    default: growsWithEffort ? 15 * effort : 15
    }
  }

  /// Wall seconds for its whole process; generous, because the machine may be busy.
  func wallSeconds(effort: Int) -> Int64 { Int64(max(120, 8 * processorSeconds(effort: effort))) }
}
