// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import CLinux
internal import Glibc

/// What a child is to do, as its command line says it.
struct ChildOrder {
  var check: ConformanceCheck
  var path: String
  var digest: String
  var seed: UInt64
  var variant: Int
  var effort: Int
  var extra: [String]

  var arguments: [String] { [check.id, path, digest, "\(seed)", "\(variant)", "\(effort)"] + extra }

  init(
    check: ConformanceCheck, path: String, digest: String, seed: UInt64, variant: Int, effort: Int, extra: [String]
  ) {
    self.check = check
    self.path = path
    self.digest = digest
    self.seed = seed
    self.variant = variant
    self.effort = effort
    self.extra = extra
  }

  /// Nil when it is no call of the harness.
  init?(_ arguments: [String]) {
    guard arguments.count >= 6, let check = ConformanceCheck(rawValue: arguments[0]), let seed = UInt64(arguments[3]),
      let variant = Int(arguments[4]), let effort = Int(arguments[5]), effort >= 1
    else { return nil }
    self.init(
      check: check, path: arguments[1], digest: arguments[2], seed: seed, variant: variant, effort: effort,
      extra: Array(arguments.dropFirst(6)))
  }
}

/// The process of one check. The command line calls `main` for its hidden subcommand `conform-child`.
package enum ConformanceChild {
  /// Runs one check and writes its finding to the page that the harness shares.
  ///
  /// - Parameter arguments: those of a `ChildOrder`, as `ConformanceRun` gives them.
  /// - Returns: 0 when the check came to an end, whatever its finding; 64 when this was no call of the harness.
  package static func main(_ arguments: [String]) -> Int32 {
    guard let order = ChildOrder(arguments), let notes = ChildNotes(descriptor: ChildProcess.Descriptor.notes) else {
      return 64
    }
    // Whoever interrupts the harness does not leave checks behind.
    _ = linux_die_with_parent()
    limit(order)
    let corpus = Corpus(decoding: ChildProcess.contents(ChildProcess.Descriptor.corpus, limit: 256 << 20))
    do {
      let image = try AdapterImage.read(path: order.path)
      guard image.digestText == order.digest else { throw Finding.fail("the file changed while it was checked") }
      let trial = Trial(image: image, corpus: corpus, notes: notes, order: order)
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

  private static func limit(_ order: ChildOrder) {
    func set(_ resource: __rlimit_resource, _ soft: Int, _ hard: Int) {
      var limit = rlimit(rlim_cur: rlim_t(soft), rlim_max: rlim_t(hard))
      _ = unsafe setrlimit(__rlimit_resource_t(resource.rawValue), &limit)
    }
    let seconds = order.check.processorSeconds(effort: order.effort)
    set(RLIMIT_CPU, seconds, seconds + 1)
    set(RLIMIT_CORE, 0, 0)
    set(RLIMIT_NOFILE, 256, 256)
    set(RLIMIT_FSIZE, 512 << 20, 512 << 20)
    // A sanitizer keeps a shadow of the whole address space.
    if order.check != .sanitizerClean { set(RLIMIT_AS, 8 << 30, 8 << 30) }
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
