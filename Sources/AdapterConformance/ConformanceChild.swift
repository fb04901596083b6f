// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import CLinux
internal import Glibc

/// The process of one check. The command line calls `main` for its hidden subcommand `conform-child`.
package enum ConformanceChild {
  /// Runs one check and writes its finding to the page that the harness shares.
  ///
  /// - Parameter arguments: check, path, digest and seed, as `ConformanceRun` gives them.
  /// - Returns: 0 when the check came to an end, whatever its finding; 64 when this was no call of the harness.
  package static func main(_ arguments: [String]) -> Int32 {
    guard arguments.count == 4, let check = ConformanceCheck(rawValue: arguments[0]), let seed = UInt64(arguments[3]),
      let notes = ChildNotes(descriptor: ChildProcess.Descriptor.notes)
    else { return 64 }
    // Whoever interrupts the harness does not leave checks behind.
    _ = linux_die_with_parent()
    limit(check)
    let corpus = Corpus(decoding: ChildProcess.contents(ChildProcess.Descriptor.corpus, limit: 256 << 20))
    do {
      let image = try AdapterImage.read(path: arguments[1])
      guard image.digestText == arguments[2] else { throw Finding.fail("the file changed while it was checked") }
      let trial = Trial(image: image, check: check, seed: seed, corpus: corpus, notes: notes)
      let detail = try trial.perform()
      notes.finish(.pass, detail, value: trial.value)
    } catch let finding as Finding {
      notes.finish(finding.status, finding.detail)
    } catch let error as AdapterError {
      notes.finish(.fail, error.message)
    } catch {
      notes.finish(.fail, "\(error)")
    }
    return 0
  }

  private static func limit(_ check: ConformanceCheck) {
    func set(_ resource: __rlimit_resource, _ soft: Int, _ hard: Int) {
      var limit = rlimit(rlim_cur: rlim_t(soft), rlim_max: rlim_t(hard))
      _ = unsafe setrlimit(__rlimit_resource_t(resource.rawValue), &limit)
    }
    set(RLIMIT_CPU, check.processorSeconds, check.processorSeconds + 1)
    set(RLIMIT_CORE, 0, 0)
    set(RLIMIT_NOFILE, 256, 256)
    set(RLIMIT_FSIZE, 512 << 20, 512 << 20)
    set(RLIMIT_AS, 8 << 30, 8 << 30)
  }
}

/// What a check found other than that all is well.
struct Finding: Error {
  var status: ConformanceStatus
  var detail: String

  static func fail(_ detail: String) -> Finding { Finding(status: .fail, detail: detail) }
  static func warn(_ detail: String) -> Finding { Finding(status: .warn, detail: detail) }
  static func skip(_ detail: String) -> Finding { Finding(status: .skip, detail: detail) }
}
