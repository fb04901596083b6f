// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR
package import Governance
internal import SecureAggregation
internal import TransparencyLog

/// The first aggregator: it takes contributions, closes batches, and works each off with the helper.
///
/// Whatever it tells anybody is on the disk first, so that a leader that was killed goes on where it was. One call at a
/// time.
package final class Leader {
  package let contract: AggregationContract
  /// The helper.
  package let peer: AggregationContract.Aggregator
  let keys: AggregatorKeys
  let sums: SignalSums
  let costs: [PrivacyCost?]
  let files: PartyFiles
  var book: BatchBook
  private var windows: [Int: OpenWindow] = [:]
  /// Whether the helper has been asked how far it is since this process began.
  var hasGreeted = false
  /// How often in a row the helper has shown a share that it had not committed to, and how often it may.
  var falseShares = 0
  static let patience = 3
  /// How often in a row the books were different.
  var reconciliations = 0

  final class OpenWindow {
    let number: Int
    var reports: WindowReports

    init(_ number: Int, _ reports: consuming WindowReports) {
      self.number = number
      self.reports = reports
    }
  }

  package init(_ contract: AggregationContract, keys: AggregatorKeys, files: consuming PartyFiles) throws(ServiceError)
  {
    let peer = try contract.secondAggregator()
    guard keys.identity.verifier == contract.leader.verifier, keys.agreementKey == contract.leader.agreement else {
      throw .refused("\(keys.identity.verifier.shortName) with these keys is not the leader of \"\(contract.name)\"")
    }
    self.contract = contract
    self.peer = peer
    self.keys = keys
    try files.claim(contract)
    sums = try SignalSums(contract)
    costs = try contract.costs()
    book = try BatchBook.open(contract, path: files.book)
    self.files = files
    for window in try self.files.windows() {
      if window < contract.windows, isUnfinished(window) {
        _ = try open(window)
      } else {
        try self.files.remove(window)
      }
    }
  }

  /// What contributors seal to.
  package var keyList: KeyList { keys.list }
  /// All contexts so far.
  package var contexts: [SignedContext] { book.contexts }
  /// How many batches are closed.
  package var closedBatches: Int { book.entries.count }
  /// The windows that are not worked off, and how many reports are there for each.
  package var openWindows: [(window: Int, reports: Int)] {
    windows.keys.sorted().map { ($0, windows[$0]!.reports.reports.count) }
  }

  private func isUnfinished(_ window: Int) -> Bool {
    if let index = book.entry(window) { return book.isOpen(book.entries[index]) }
    return window > book.lastWindow ?? -1
  }

  func open(_ number: Int) throws(ServiceError) -> OpenWindow {
    if let window = windows[number] { return window }
    let window = OpenWindow(
      number, try WindowReports.open(files.window(number), contract: contract, sums: sums))
    windows[number] = window
    return window
  }

  func forget(_ number: Int) throws(ServiceError) {
    windows[number] = nil
    try files.remove(number)
  }

  /// The first window whose time has come, by this leader's clock.
  func nextToClose(_ now: Int64) -> OpenWindow? {
    guard let number = windows.keys.filter({ $0 > book.lastWindow ?? -1 }).min(), let window = windows[number] else {
      return nil
    }
    let isFull = contract.closesAt.map { window.reports.reports.count >= $0 } ?? false
    return window.reports.isFrozen || isFull || now >= contract.closing(number) ? window : nil
  }

  // MARK: Contributions

  /// Takes reports and says of each what became of it: nil where it is kept. A report that comes again is kept once.
  package func upload(_ reports: [[UInt8]], now: Int64) throws(ServiceError) -> [ReportRefusal?] {
    var answers: [ReportRefusal?] = []
    var new: [Int: [[UInt8]]] = [:]
    var digests: [Int: [UInt32: Digest]] = [:]
    var late: [ReportHeader] = []
    for bytes in reports {
      do throws(ReportRefusalError) {
        let report = try check(bytes, now)
        let number = Int(report.header.window)
        let digest = Digest(of: bytes)
        let contributor = report.header.contributor
        if let isSame = windows[number]?.reports.has(contributor, digest)
          ?? digests[number]?[contributor].map({ $0 == digest })
        {
          guard isSame else { throw ReportRefusalError(.second) }
        } else {
          guard !isLate(number, now) else {
            late.append(report.header)
            throw ReportRefusalError(isCounted(report) ? .counted : .late)
          }
          new[number, default: []].append(bytes)
          digests[number, default: [:]][contributor] = digest
        }
        answers.append(nil)
      } catch {
        answers.append(error.refusal)
      }
    }
    for number in new.keys.sorted() { try open(number).reports.add(new[number]!, sums) }
    // They are counted for as long as the count can still be told.
    for header in late { try windows[Int(header.window)]?.reports.add(late: header.contributor, sums) }
    return answers
  }

  private func check(_ bytes: [UInt8], _ now: Int64) throws(ReportRefusalError) -> ContributionReport {
    let report: ContributionReport
    do throws(MessageError) { report = try ContributionReport(decoding: bytes, sums: sums) } catch {
      throw ReportRefusalError(.malformed)
    }
    if let refusal = contract.refusal(
      of: report.header, publicShares: report.publicShares, leaderDigest: report.leaderDigest,
      helperShare: report.helperShare, signature: report.signature)
    {
      throw ReportRefusalError(refusal)
    }
    guard now >= contract.windowEnd(Int(report.header.window)) - contract.clockTolerance else {
      throw ReportRefusalError(.tooEarly)
    }
    guard keys.decryptionKey(report.leaderShare.key) != nil else { throw ReportRefusalError(.unknownKey) }
    return report
  }

  /// Whether the contributor has a report in the window's closed batch. Which one is not known any more.
  private func isCounted(_ report: ContributionReport) -> Bool {
    guard let index = book.entry(Int(report.header.window)) else { return false }
    return book.entries[index].batch.participants.contains(Int(report.header.contributor))
  }

  private func isLate(_ number: Int, _ now: Int64) -> Bool {
    number <= book.lastWindow ?? -1 || now >= contract.closing(number) || windows[number]?.reports.isFrozen ?? false
  }
}
