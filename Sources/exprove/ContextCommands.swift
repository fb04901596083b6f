// SPDX-License-Identifier: Apache-2.0

import AggregationNetwork
import AggregationService
import ArgumentParser
import DurableFiles
import ExecutionIR
import Governance
import RunJournal
import TransparencyLog

/// `exprove context`: what desks and venues know together and none of them alone.
struct ContextGroup: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "context",
    abstract: "Share signals with other desks without showing one's own: contribute, aggregate, show, verify.",
    discussion: """
      Contributors split each report into two shares; two aggregators that need not trust each other add them up and sign
      the sums. Nobody sees a contribution, the aggregators included, unless both work together. Those without a second
      aggregator can mask instead, with weaker promises: a contract without a helper.
      """,
    subcommands: [
      ContextAggregator.self, ContextContract.self, ContextAggregate.self, ContextContribute.self, ContextFetch.self,
      ContextShow.self, ContextVerify.self, ContextDelta.self, ContextSimulate.self, ContextStudyCommand.self,
      ContextDesks.self, ContextLoad.self,
    ])
}

/// What the commands about contexts have in common.
enum Contexts {
  static func home() throws(RunError) -> KeyHome {
    do throws(IdentityError) { return try KeyHome.standard() } catch { throw .identity(error) }
  }

  static func contract(_ path: String) throws(RunError) -> AggregationContract {
    let bytes = try read(path, limit: 16 << 20)
    do throws(RecordError) { return try AggregationContract.parse(bytes) } catch {
      throw .badInput("\(path): \(error)")
    }
  }

  static func context(_ path: String) throws(RunError) -> SignedContext {
    let bytes = try read(path, limit: SignedContext.largestFile)
    do throws(ContextRefusal) { return try SignedContext(decoding: bytes) } catch {
      throw .badInput("\(path) \(error)")
    }
  }

  static func read(_ path: String, limit: Int) throws(RunError) -> [UInt8] {
    do throws(FileError) { return try Files.readRegular(path, limit: limit) } catch {
      throw error.isMissing ? .missing(error.description) : .io(error.description)
    }
  }

  static func write(_ bytes: [UInt8], to path: String, mode: UInt32 = 0o644) throws(RunError) {
    do throws(FileError) { try Files.writeDurably(bytes, to: path, mode: mode) } catch { throw .io(error.description) }
  }

  static func identity(_ name: String, in home: KeyHome) throws(RunError) -> Identity {
    do throws(IdentityError) { return try Identity.load(name: name, home: home.path) } catch { throw .identity(error) }
  }

  /// The certificate of this name, made where there is none.
  static func certificate(_ name: String, in home: KeyHome) throws(RunError) -> TLSIdentity {
    do {
      return try TLSIdentity.loadOrCreate(name: name, home: home, now: Clock.now() / 1_000_000_000)
    } catch { throw failure(error) }
  }

  /// With the exit code that fits.
  static func failure(_ error: any Error) -> RunError {
    switch error {
    case let error as RunError: error
    case let error as IdentityError: .identity(error)
    case let error as ServiceError:
      switch error {
      case .malformed: .badInput(error.description)
      case .cryptography, .otherContract, .refused, .lies, .restored: .source(error.description, exitCode: 1)
      case .unreachable, .file: .io(error.description)
      }
    case let error as ExchangeError:
      switch error {
      case .address, .malformed, .tooLarge: .badInput(error.description)
      case .pinMismatch, .refused: .source(error.description, exitCode: 1)
      case .unbound, .unreachable, .timedOut, .identity: .io(error.description)
      }
    case let error as ContextRefusal: .badInput("what came \(error)")
    case let error as FileError: .io(error.description)
    case let error as LedgerError: .internalFault(error.description)
    default: .internalFault("\(error)")
    }
  }

  /// Repeats what the network or an aggregator that is away keeps from being done, with growing waits up to 5 s.
  ///
  /// - Parameter again: whether an answer asks to come back
  static func retrying<Value>(
    until deadline: ContinuousClock.Instant, _ body: (Duration) throws -> Value, again: (Value) -> Bool = { _ in false }
  ) throws -> Value {
    var wait = Duration.milliseconds(50)
    while true {
      let left = deadline - .now
      let isOver = left <= wait || Interrupt.happened
      do {
        let value = try body(max(left, .milliseconds(1)))
        if isOver || !again(value) { return value }
      } catch let error as ExchangeError {
        switch error {
        case .unreachable, .timedOut, .refused(_, 500..., _): if isOver { throw error }
        default: throw error
        }
      }
      pause(wait)
      wait = min(wait * 2, .seconds(5))
    }
  }

  /// Waits, and no longer when an interrupt comes.
  static func pause(_ length: Duration) {
    let end = ContinuousClock.now + length
    while !Interrupt.happened {
      let left = end - .now
      if left <= .zero { return }
      Clock.sleep(min(left, .milliseconds(50)))
    }
  }

  /// Units of 10⁻ᵖ as a decimal number with all its places.
  static func decimal(_ units: Int64, places: Int) -> String { FixedPoint.text(units, scale: places) }
}
