// SPDX-License-Identifier: Apache-2.0

internal import EscapedMarkup
package import ExecutionIR
package import RunJournal
internal import TransparencyLog

/// The report of a run that does not hold: what is wrong, and no figure, as none would be evidence.
package struct FailedReport: Sendable {
  package let verdict: ReportVerdict
  /// As `run.json` has it, if it can be read.
  package let task: LocalExecutionTask?

  package init(_ directory: RunDirectory, verification: VerificationReport) {
    verdict = ReportVerdict(verification)
    task = (try? directory.read())?.0.task
  }

  package var json: JSON {
    .object([
      "format": .string(ExecutionReport.format), "verdict": .object(verdict.members), "task": task?.json ?? .null,
    ])
  }

  package var html: String {
    var page = Page()
    page.document("Does not hold") { page in
      page.verification(verdict, basis: nil, signer: nil)
      page.element("h1", task.map { "Task \($0.id)" } ?? "A run that cannot be read")
      page.paragraph("This run does not hold, so this report has no figures: none of them would be evidence.")
    }
    return page.out
  }
}

extension Page {
  /// The whole document.
  mutating func document(_ title: String, _ body: (inout Page) -> Void) {
    element("html", ["lang": "en"]) { page in
      page.element("head") { page in
        page.void("meta", ["charset": "utf-8"])
        page.void("meta", ["name": "viewport", "content": "width=device-width,initial-scale=1"])
        page.element("title", title)
        page.style(Page.sheet)
      }
      page.element("body") { $0.element("main", body) }
    }
    end()
  }

  /// The first thing on every page.
  mutating func verification(_ verdict: ReportVerdict, basis: ReportBasis?, signer: String?) {
    element("section", ["class": .text(verdict.holds ? "verification" : "verification bad")]) { page in
      page.element("h2", "Verification")
      page.element("p", ["class": "verdict"], verdict.holds ? Page.sentence(verdict.text) : "Does not hold")
      if let basis, let signer {
        page.element("p") { page in
          page.text("As of the first \(basis.leaves) leaves of the ledger, root ")
          page.element("code", basis.root.description)
          page.text(", signed with ")
          page.element("code", signer)
          page.text(".")
        }
      }
      page.list(verdict.findings)
      if !verdict.tail.isEmpty {
        page.paragraph("Behind the last checkpoint, and not covered:")
        page.list(verdict.tail)
      }
      page.element("h2", "Not proven")
      page.element("ul", ["class": "open"]) { page in
        for item in verdict.notProven { page.element("li", item) }
      }
    }
  }

  private static func sentence(_ words: String) -> String { words.prefix(1).uppercased() + words.dropFirst() }
}
