// SPDX-License-Identifier: Apache-2.0

import AdapterMarketplace
import ArgumentParser
import ExecutionIR
import RunJournal

extension AdapterGroup {
  /// `exprove adapter mirror`.
  struct Mirror: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Copy a repository into a directory, which is a repository again.",
      discussion: """
        For a site without a network: carry the directory over and add it there with the same root file. Everything is \
        verified while it is copied. The same command brings the copy up to date and copies only what is new.

        EXAMPLE
          exprove adapter mirror /media/disk/adapters --repository main
        """)

    @Argument(help: "Where the copy lies.") var directory: String
    @Option(help: ArgumentHelp("Which repository; may be left out where there is one.", valueName: "name"))
    var repository: String?
    @Flag(help: "One JSON object on standard output.") var json = false

    func run() throws {
      try Installs.exit {
        var installation = try Installs.begin("mirror", offline: false)
        let names = installation.repositories.map(\.name)
        guard let name = repository ?? (names.count == 1 ? names[0] : nil) else {
          throw ValidationError(
            names.isEmpty
              ? "no repository is known here; see exprove adapter repository add --help"
              : "say which with --repository: \(names.joined(separator: ", "))")
        }
        let (files, bytes) = try installation.mirror(name, to: directory) { Console.progress(printable($0)) }
        Console.progress("")
        if json {
          return try Console.printJSON(
            .object([
              "repository": .string(name), "directory": .string(directory), "files": .integer(Int64(files)),
              "bytes": .integer(bytes),
            ]))
        }
        Console.print("\(directory): a copy of \(name); \(files) files of \(bytes) bytes are new")
      }
    }
  }
}
