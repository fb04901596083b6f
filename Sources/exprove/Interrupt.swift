// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// Ctrl-C and SIGTERM ask a run to stop between two batches; a second one ends the process at once. A limit on file sizes
/// is an error of the write that meets it, like a full disk.
enum Interrupt {
  private static let flag = Atomic<Bool>(false)

  static var happened: Bool { flag.load(ordering: .relaxed) }

  /// For what needs no end of its own: whenever it is ended, what it has written holds.
  static func heedSizeLimit() { signal(SIGXFSZ, SIG_IGN) }

  static func listen() {
    heedSizeLimit()
    for number in [SIGINT, SIGTERM] {
      signal(number) { number in
        if Interrupt.flag.exchange(true, ordering: .relaxed) {
          signal(number, SIG_DFL)
          raise(number)
        }
      }
    }
  }
}
