// SPDX-License-Identifier: Apache-2.0

internal import EscapedMarkup
internal import ExecutionIR

/// The pages of a repository: an index and one per adapter, static and without scripts. They are for reading only; what a
/// desk installs goes by the signed metadata.
struct AdapterPages {
  /// An adapter with all its releases, as a page shows it.
  struct Adapter {
    let name: AdapterName
    /// Of the version that the catalog names, or of the latest where all are withdrawn.
    let description: AdapterDescription?
    /// Latest first.
    let releases: [Release]
  }

  struct Release {
    let path: ReleasePath
    let digest: Digest
    let length: Int64
    let facts: ReleaseFacts
    let isRevokedByOperator: Bool

    var state: String {
      if let revoked = facts.revoked { return "revoked: \(revoked.reason)" }
      if isRevokedByOperator { return "revoked by this repository's operator" }
      if let yanked = facts.yanked { return "yanked: \(yanked.reason)" }
      return ""
    }
  }

  /// The repository's name, as its root metadata say it.
  let repository: String

  static let index = "index.html"
  static func path(of name: AdapterName) -> String { "adapters/\(name).html" }

  func index(_ catalog: Catalog) -> [UInt8] {
    MarkupWriter.page(title: "Adapters of \(repository)") { page in
      page.element("h1", "Adapters of \(repository)")
      page.element(
        "p", ["class": "note"],
        "Whether a file is the vendor's own is decided by signed metadata, not by this page: exprove adapter install.")
      guard !catalog.entries.isEmpty else { return page.element("p", "No adapter has been published yet.") }
      page.element("table") { page in
        page.element("thead") { page in
          page.element("tr") { page in
            for title in ["Adapter", "What it is", "Protocols", "Latest", "Platforms", "Licence"] {
              page.element("th", ["scope": "col"], title)
            }
          }
        }
        page.element("tbody") { page in
          for entry in catalog.entries {
            page.line()
            page.element("tr") { page in
              page.element("td") { page in
                page.element("a", ["href": .text(AdapterPages.path(of: entry.name))], entry.name.description)
              }
              for cell in [
                entry.summary, entry.protocols.joined(separator: ", "), entry.latest.description,
                entry.platforms.joined(separator: ", "), entry.licence,
              ] {
                page.element("td", cell)
              }
            }
          }
        }
      }
    }
  }

  func page(_ adapter: Adapter) -> [UInt8] {
    MarkupWriter.page(title: "\(adapter.name) in \(repository)") { page in
      page.element("p", ["class": "note"]) {
        $0.element("a", ["href": "../../index.html"], "Adapters of \(repository)")
      }
      page.element("h1", adapter.description?.title ?? adapter.name.description)
      page.element("p", ["class": "note"], adapter.name.description)
      if let description = adapter.description { describe(description, adapter.name, &page) }
      page.element("h2", "Releases")
      page.table(
        ["Version", "Platform", "ABI", "Licence", "SHA-256", ""],
        adapter.releases.map { release in
          [
            release.path.version.description, release.path.platform.description,
            "\(release.facts.minimumABI) to \(release.facts.maximumABI)", release.facts.licence,
            release.digest.description, release.state,
          ]
        })
    }
  }

  private func describe(_ description: AdapterDescription, _ name: AdapterName, _ page: inout MarkupWriter) {
    page.element("p", description.summary)
    page.element("p", "By \(description.who)")
    if !description.protocols.isEmpty {
      page.element("p", "Protocols: \(description.protocols.joined(separator: ", "))")
    }
    if !description.links.isEmpty {
      page.element("ul") { page in
        for link in description.links {
          page.element("li") { $0.element("a", ["href": .text(link), "rel": "noopener noreferrer nofollow"], link) }
        }
      }
    }
    page.element("h2", "Install")
    page.block("exprove adapter install \(name)")
    if !description.example.isEmpty {
      page.element("h2", "Example")
      page.block(description.example)
    }
    for (title, contracts) in [("Produces", description.produces), ("Requires", description.requires)]
    where !contracts.isEmpty {
      page.element("h2", title)
      page.table(["Contract", "SHA-256"], contracts.map { [$0.name, $0.digest.description] })
    }
  }
}
