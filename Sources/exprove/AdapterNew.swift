// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ExecutionIR
import ExecutionRun

extension AdapterProject.Language: ExpressibleByArgument {}

extension AdapterGroup {
  /// `exprove adapter new`: a project that builds, conforms and waits for its venue.
  struct New: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write a new adapter's project, which builds with the language's own tools and conforms at once.",
      discussion: """
        It decodes a made-up feed: definitions, orders, executions, trades, sequence numbers. Replace the decoding and
        the manifest; its README says how. No network is needed.

        EXAMPLE
          exprove adapter new my-venue --language cpp
          make -C my-venue conform
        """)

    @Argument(help: ArgumentHelp("The adapter's name: lower-case letters, digits and “-”.", valueName: "name"))
    var name: String

    @Option(help: "What it is written in: c, cpp, rust or swift.")
    var language: AdapterProject.Language

    @Option(help: ArgumentHelp("Where it goes; the default is a directory of its name here.", valueName: "directory"))
    var out: String?

    @Flag(help: "One JSON object on standard output.")
    var json = false

    func run() throws {
      try Failure.exit {
        let project = try AdapterProject(name: name, language: language)
        let directory = out ?? name
        try project.write(to: directory)
        if json {
          return try Console.printJSON(
            .object([
              "name": .string(name), "language": .string(language.rawValue), "directory": .string(directory),
              "files": .array(project.files.map(\.path).sorted().map { .string($0) }),
            ]))
        }
        Console.print("\(directory): \(project.files.count) files; README.md says what to replace")
        Console.print("  make -C \(directory)            # lib\(name).so")
        Console.print("  make -C \(directory) conform    # the harness, with the sample capture")
      }
    }
  }
}
