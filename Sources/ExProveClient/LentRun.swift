// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
internal import ExecutionIR
internal import Governance
internal import RunJournal

/// A run as C sees it.
@safe final class LentRun {
  let run: ClientRun
  let facts: exprove_facts
  let feeds: [exprove_feed]
  private let memory = LentMemory()
  /// What the last verification lent.
  private var verificationMemory = LentMemory()

  init(_ run: ClientRun) {
    self.run = run
    unsafe facts = LentRun.facts(run, memory)
    let lent = memory
    unsafe feeds = run.description.feeds.map { unsafe LentRun.feed($0, lent) }
  }

  private static func facts(_ run: ClientRun, _ memory: LentMemory) -> exprove_facts {
    let description = run.description
    var facts = unsafe exprove_facts()
    unsafe facts.fills = fills(description.fillsName)
    unsafe facts.started = description.started
    unsafe facts.seed = description.seed
    unsafe facts.feeds = UInt32(description.feeds.count)
    unsafe facts.program = memory.view(RunDescription.program)
    unsafe facts.identity = memory.view(description.identity)
    unsafe facts.verifier = memory.view(description.verifier)
    unsafe facts.origin = memory.view(description.origin)
    unsafe facts.fills_detail = memory.view(description.fillsDetail)
    unsafe facts.task = memory.view(description.task.json.canonical)
    unsafe facts.policy = memory.view(description.policy.json.canonical)
    unsafe facts.description = memory.view(run.descriptionBytes)
    unsafe facts.description_digest = digestBytes(Digest(of: run.descriptionBytes).bytes)
    unsafe facts.reference_digest = digestBytes(description.reference.bytes)
    return unsafe facts
  }

  private static func fills(_ name: String) -> UInt32 {
    switch name {
    case "shadow": EXPROVE_FILLS_SHADOW.rawValue
    case "model": EXPROVE_FILLS_MODEL.rawValue
    default: EXPROVE_FILLS_SIMULATED.rawValue
    }
  }

  private static func feed(_ description: FeedDescription, _ memory: LentMemory) -> exprove_feed {
    var feed = unsafe exprove_feed()
    unsafe feed.role = (description.isReference ? EXPROVE_ROLE_REFERENCE : EXPROVE_ROLE_ROUTED).rawValue
    unsafe feed.venue = memory.view(description.venue)
    unsafe feed.source = memory.view(description.source)
    unsafe feed.option = memory.view(description.option)
    unsafe feed.container = memory.view(description.container)
    unsafe feed.adapter = memory.view(description.adapter?.name ?? "")
    unsafe feed.adapter_version = memory.view(description.adapter?.version ?? "")
    unsafe feed.adapter_digest = digestBytes(description.adapter?.digest.bytes)
    return unsafe feed
  }

  /// Verifies, and lends the result until it is asked again.
  func verification(vkey: String?) throws(ClientError) -> exprove_verification {
    let report = try run.verify(vkey: vkey)
    let memory = LentMemory()
    verificationMemory = memory
    var result = unsafe exprove_verification()
    unsafe result.verdict = LentRun.verdict(report.verdict)
    unsafe result.finished = report.isFinished ? 1 : 0
    unsafe result.findings = UInt32(report.findings.count)
    unsafe result.tail = UInt32(report.tail.count)
    unsafe result.not_proven = UInt32(report.notProven.count)
    unsafe result.finding_texts = memory.views(report.findings.map(printable))
    unsafe result.tail_texts = memory.views(report.tail.map(printable))
    unsafe result.not_proven_texts = memory.views(report.notProven)
    unsafe result.leaves = report.leaves
    unsafe result.records = report.records
    unsafe result.events = report.events
    unsafe result.event_digest = digestBytes(report.eventDigest?.bytes)
    unsafe result.report = memory.view(report.json.canonical)
    return unsafe result
  }

  private static func verdict(_ verdict: VerificationReport.Verdict) -> UInt32 {
    switch verdict {
    case .failed: EXPROVE_VERDICT_FAILED.rawValue
    case .consistent: EXPROVE_VERDICT_CONSISTENT.rawValue
    case .verified: EXPROVE_VERDICT_VERIFIED.rawValue
    }
  }
}
