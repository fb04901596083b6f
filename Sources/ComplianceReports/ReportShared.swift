// SPDX-License-Identifier: Apache-2.0

internal import EscapedMarkup
internal import ExecutionIR
internal import Governance
internal import RunJournal

/// A shared context that the run was given.
struct ReportSharedContext: Sendable {
  let leaf: UInt64
  let name: String
  let context: Digest
  /// The rest of what its leaf says.
  let statement: JSON
  /// The plans that went by it, by their leaves.
  let decisions: [UInt64]

  var revision: Int64 { statement["revision"]?.integer() ?? 0 }
}

/// What a decision did with the shared contexts that were given.
struct ReportSharedUse: Sendable {
  /// Of the plan.
  let leaf: UInt64
  let delta: PlanDelta
  let use: SharedUse
  /// What the policy said of it, where it requires one.
  let control: (leaf: UInt64, isDenied: Bool)?
}

/// Which shared contexts informed which decisions. Empty where none was given.
package struct ReportShared: Sendable {
  let contexts: [ReportSharedContext]
  let uses: [ReportSharedUse]

  init(_ records: LedgerRecords) {
    contexts = records.sharedContexts.compactMap { numbered in
      guard let subject = numbered.value.subjects.last else { return nil }
      return ReportSharedContext(
        leaf: numbered.leaf, name: subject.name, context: subject.digest, statement: numbered.value.predicate,
        decisions: records.plans.filter { $0.value.shared?.context.context == subject.digest }.map(\.leaf))
    }
    uses = zip(records.plans, records.sharedUses).map { plan, use in
      let control = records.controls.first { $0.value["decision"]?.text == plan.value.digest.description }
      return ReportSharedUse(
        leaf: plan.leaf, delta: plan.value, use: use,
        control: control.map { ($0.leaf, $0.value["verdict"]?.text != "allow") })
    }
  }
}

extension ReportSharedContext {
  var json: JSON {
    var members = statement.members ?? [:]
    members["leaf"] = .wide(leaf)
    members["name"] = .string(name)
    members["context"] = .string(context.description)
    members["decisions"] = .array(decisions.map { .wide($0) })
    return .object(members)
  }
}

extension ReportSharedUse {
  var json: JSON {
    var context = JSON.null
    var reason = JSON.null
    switch use {
    case .taken(let reference): context = .string(reference.context.description)
    case .notTaken(let text): reason = .string(text)
    }
    return .object([
      "leaf": .wide(leaf), "slice": .integer(Int64(delta.currentSlice)), "context": context, "not_taken": reason,
      "changes": .array((delta.shared?.changes ?? []).map(\.json)),
      "control": control.map {
        .object(["leaf": .wide($0.leaf), "verdict": .string($0.isDenied ? "deny" : "allow")])
      } ?? .null,
    ])
  }
}

extension ExecutionReport {
  /// Only where a run was given shared contexts.
  func sharedSection(_ page: inout Page) {
    guard !shared.contexts.isEmpty else { return }
    page.heading("Shared contexts")
    page.paragraph("Sums over contributors, signed by their aggregators; no contribution can be told from them.")
    page.table(
      ["Leaf", "Contract", "Revision", "Contributors", "Issued, UTC", "Context", "Batch", "Plans that go by it"],
      shared.contexts.enumerated().map { index, context in
        let said = context.statement
        return [
          .number(String(context.leaf)), .text(context.name), .number(String(context.revision)),
          .number(said["contributors"]?.integer(as: Int64.self).map { String($0) } ?? ""),
          .text(said["issued_at"]?.integer(as: Int64.self).map { PageTime.moment($0) } ?? ""),
          .text(String(context.context.description.prefix(16))), .text(String(said["batch"]?.text?.prefix(16) ?? "")),
          .leaves(LeafReference(set: "shared-\(index)", "of plans", of: context.decisions)),
        ]
      })
    page.table(
      ["Leaf", "Slice", "Goes by", "What it changed in the slice, or why none is used", "Policy"],
      shared.uses.map { use in
        [
          .number(String(use.leaf)), .number(String(use.delta.currentSlice)), .text(words(of: use.use)),
          .text(words(of: use)),
          .text(use.control.map { "\($0.isDenied ? "denied" : "allowed"), leaf \($0.leaf)" } ?? "asks for none"),
        ]
      })
    let names = shared.contexts.filter { !$0.decisions.isEmpty }.map { "\($0.name) r\($0.revision)" }
    let against = interval.slippageBasisPoints.map { "\($0.text(places: 2)) bp" } ?? "not known"
    page.paragraph(
      "Average price against the interval VWAP of others: \(against), "
        + (names.isEmpty ? "with none of them used." : "with \(names.joined(separator: ", "))."))
  }

  private func words(of use: SharedUse) -> String {
    switch use {
    case .taken(let reference): "\(reference.name) r\(reference.revision)"
    case .notTaken: "none"
    }
  }

  private func words(of use: ReportSharedUse) -> String {
    if case .notTaken(let reason) = use.use { return reason }
    let changes = (use.delta.shared?.changes ?? []).map { change in
      "\(change.quantity > 0 ? "+" : "")\(quantityText(change.quantity)) at "
        + description.task.venues[change.venue].venue
    }
    return changes.isEmpty ? "nothing" : changes.joined(separator: ", ")
  }
}
