// SPDX-License-Identifier: Apache-2.0

import AdapterHost
import ArgumentParser
import ExecutionIR
import ExecutionRun
import RunJournal
import Feeds
import Glibc

/// Standard output for results, standard error for everything else.
enum Console {
  static let isTerminal = isatty(2) == 1

  static func write(_ bytes: [UInt8]) {
    put(bytes, to: 1)
  }

  static func print(_ text: String) {
    put(Array((text + "\n").utf8), to: 1)
  }

  /// What befell adapters' workers, a line each. The texts may be a stranger's.
  static func print(incidents: [JSON]) {
    for incident in incidents {
      let feed = (incident["feed"]?.integer() as Int64?).map { String($0) } ?? "?"
      let isShadow = incident["shadow"] == .bool(true)
      let given = isShadow ? "; it runs along no further" : "; the feed was quarantined there"
      let other = incident["kind"] == .string("revoked") ? "; the run went on" : "; it was restarted"
      let end = incident["quarantined"] == .bool(true) ? given : other
      print("incident: feed \(feed)\(isShadow ? ", its shadow" : ""): \(printable(incident["text"]?.text ?? ""))\(end)")
    }
  }

  static func printJSON(_ json: JSON) throws {
    put(json.canonical + [UInt8(ascii: "\n")], to: 1)
  }

  static func note(_ text: String) {
    put(Array((text + "\n").utf8), to: 2)
  }

  /// What befell an adapter's worker, as it is noticed.
  static func note(incident: FeedIncident) {
    let given = incident.isShadow ? "it runs along no further" : "the feed is quarantined"
    let other = if case .revoked = incident.incident.cause { "the run goes on" } else { "a new worker goes on" }
    let end = incident.incident.isQuarantined ? given : other
    note(
      "feed \(incident.feed)\(incident.isShadow ? ", its shadow" : ""): \(printable(incident.incident.text)); \(end)")
  }

  /// Progress, on a terminal only, on one line that the next text overwrites.
  static func progress(_ text: String) {
    if isTerminal { put(Array("\r\u{1B}[K\(text)".utf8), to: 2) }
  }

  private static func put(_ bytes: [UInt8], to descriptor: Int32) {
    var done = 0
    while done < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { buffer in
        unsafe Glibc.write(descriptor, buffer.baseAddress! + done, buffer.count - done)
      }
      if count < 0 {
        if errno == EINTR { continue }
        // Without a reader of notes the work goes on; without one of results there is nothing left to do.
        if descriptor == 2 { return }
        let number = errno
        if number == EPIPE { Glibc.exit(0) }
        unsafe note("exprove: standard output: cannot write: \(String(cString: strerror(number)))")
        Glibc.exit(74)
      }
      done += count
    }
  }
}

/// Turns what was thrown into one line on standard error and the documented exit code.
enum Failure {
  static func exit(_ body: () throws -> Void) throws {
    do {
      try body()
    } catch let error as RunError {
      Console.note("exprove: \(error)")
      throw ExitCode(error.exitCode)
    } catch let error as FeedError {
      Console.note("exprove: \(error)")
      throw ExitCode(RunError.feed(error).exitCode)
    } catch let error as ExitCode {
      throw error
    } catch let error as ValidationError {
      throw error
    } catch {
      Console.note("exprove: \(error); this is a mistake in exprove itself, please report it")
      throw ExitCode(70)
    }
  }
}
