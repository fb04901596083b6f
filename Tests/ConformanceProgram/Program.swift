// SPDX-License-Identifier: Apache-2.0

internal import AdapterConformance
internal import Glibc

/// The process of one check, for tests that build no command line.
@main struct Program {
  static func main() {
    exit(ConformanceChild.main(Array(CommandLine.arguments.dropFirst(2))))
  }
}
