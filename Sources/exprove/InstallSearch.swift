// SPDX-License-Identifier: Apache-2.0

import AdapterMarketplace
import ArgumentParser
import DurableFiles
import ExecutionIR
import RunJournal

extension AdapterGroup {
  /// `exprove adapter search`.
  struct Search: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Find adapters in the stored catalogs by words of their names, summaries, licences and protocols.",
      discussion: """
        Nothing is fetched: exprove adapter refresh brings newer catalogs. What a catalog says helps to find; an install goes \
        by the vendor's own signed metadata.

        EXAMPLE
          exprove adapter search itch nasdaq
        """)

    @Argument(help: "All of them must stand in what is said of an adapter.") var words: [String] = []
    @Option(help: ArgumentHelp("At most so many.", valueName: "number")) var limit = 50
    @Flag(help: "One JSON object on standard output.") var json = false

    func validate() throws {
      guard limit > 0 else { throw ValidationError("--limit is 1 or more") }
    }

    func run() throws {
      try Installs.exit {
        let store = try Installs.store()
        let repositories = try store.repositories()
        guard !repositories.isEmpty else {
          throw RunError.missing(
            "no repository is known here; add one: exprove adapter repository add NAME ADDRESS --root FILE")
        }
        let search = CatalogSearch(words: words)
        var found: [(repository: String, entry: CatalogEntry)] = []
        var count = 0
        for repository in repositories {
          guard let bytes = try catalog(of: repository.name, store) else { continue }
          let result = search.find(in: bytes, limit: limit)
          count += result.found
          found += result.entries.map { (repository.name, $0) }
          if result.unreadable > 0 {
            Console.note(
              "exprove: warning: \(repository.name): \(result.unreadable) lines of its catalog can't be read by this version"
            )
          }
        }
        if json { return try Console.printJSON(answer(found, count)) }
        for (repository, entry) in found.prefix(limit) {
          Console.print(
            "\(entry.name) \(entry.latest)\t\(repository)\t\(entry.platforms.map(printable).joined(separator: ", "))\t"
              + printable(entry.summary))
        }
        if count > limit { Console.note("\(count - limit) more; --limit shows them") }
        if found.isEmpty { Console.note("nothing found; exprove adapter refresh brings newer catalogs") }
      }
    }

    private func catalog(of repository: String, _ store: AdapterStore) throws(RunError) -> [UInt8]? {
      do throws(FileError) {
        return try Files.readRegular(store.path(ofCatalog: repository), limit: Catalog.largestFile)
      } catch {
        if error.isMissing { return nil }
        throw .io(error.description)
      }
    }

    private func answer(_ found: [(repository: String, entry: CatalogEntry)], _ count: Int) -> JSON {
      let list = found.prefix(limit).map { repository, entry -> JSON in
        guard case .object(var members) = entry.json else { return .null }
        members["repository"] = .string(repository)
        return .object(members)
      }
      return .object(["found": .integer(Int64(count)), "adapters": .array(list)])
    }
  }
}
