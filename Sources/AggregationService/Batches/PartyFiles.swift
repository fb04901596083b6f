// SPDX-License-Identifier: Apache-2.0

internal import DurableFiles
internal import ExecutionIR
internal import Glibc

/// Where a party keeps what it knows: a directory for one contract, held by one process at a time, and beside its
/// keys, where no backup of that directory reaches, an anchor that tells how far it has come.
package struct PartyFiles: ~Copyable {
  package let directory: String
  private let anchorPath: String?
  private let lock: OpenFile

  private init(directory: String, anchor: String?, lock: consuming OpenFile) {
    self.directory = directory
    anchorPath = anchor
    self.lock = lock
  }

  /// - Parameters:
  ///   - directory: made where there is none, for nobody else to read.
  ///   - anchor: the file beside the party's keys; nil for a party that ends with the process.
  package static func open(directory: String, anchor: String?) throws(ServiceError) -> PartyFiles {
    do throws(FileError) {
      try Files.makeDirectory(directory, mode: 0o700)
      if let anchor { try Files.makeDirectory(Files.directory(of: anchor), mode: 0o700) }
      let lock = try OpenFile(directory + "/lock", flags: O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, mode: 0o600)
      guard try lock.lock() else {
        throw FileError(path: directory, operation: "hold it alone: another process works with it,", number: EBUSY)
      }
      return PartyFiles(directory: directory, anchor: anchor, lock: lock)
    } catch {
      throw .file(error.description)
    }
  }

  var book: String { directory + "/batches.log" }

  func window(_ window: Int) -> String {
    let digits = String(window)
    return "\(directory)/window-\(String(repeating: "0", count: max(0, 7 - digits.utf8.count)))\(digits).log"
  }

  /// The windows of which there are reports.
  func windows() throws(ServiceError) -> [Int] {
    do throws(FileError) {
      return try Files.names(in: directory).compactMap { name in
        guard name.hasPrefix("window-"), name.hasSuffix(".log") else { return nil }
        return Int(name.dropFirst(7).dropLast(4))
      }
    } catch {
      throw .file(error.description)
    }
  }

  func remove(_ window: Int) throws(ServiceError) {
    do throws(FileError) { try Files.remove(self.window(window)) } catch { throw .file(error.description) }
  }

  // MARK: The anchor

  /// What an anchor says: so many batches were closed, the last of them of this window, and the chain's digest after it.
  struct Anchor: Equatable {
    let closed: Int
    let chain: Digest
    let window: Int
  }

  /// `closed N CHAIN WINDOW`.
  func anchor() throws(ServiceError) -> Anchor? {
    guard let anchorPath else { return nil }
    return try PartyFiles.anchor(anchorPath)
  }

  private static func anchor(_ path: String) throws(ServiceError) -> Anchor? {
    guard Files.exists(path) else { return nil }
    let words = String(decoding: try read(path, limit: 4096), as: UTF8.self).split(whereSeparator: \.isWhitespace)
    guard words.count == 4, words[0] == "closed", let closed = Int(words[1]), closed >= 0,
      let chain = Digest(hexadecimal: words[2]), let window = Int(words[3])
    else { throw .file("\(path): is no anchor of an aggregation; restore it from a copy") }
    return Anchor(closed: closed, chain: chain, window: window)
  }

  func write(anchor standing: Standing, window: Int?) throws(ServiceError) {
    guard let anchorPath else { return }
    try PartyFiles.write(
      Array("closed \(standing.closed) \(standing.chain) \(window ?? -1)\n".utf8), to: anchorPath)
  }

  // MARK: One contract at a time

  /// Two sums of one signal over one time, with another set of desks each, would show what a single desk has contributed. So a
  /// party serves no contract that shares a signal with another whose time is not over; one that begins after all that
  /// was closed under the other takes its place, and the other is not served again.
  func claim(_ contract: AggregationContract) throws(ServiceError) {
    guard let anchorPath else { return }
    let home = Files.directory(of: anchorPath)
    let own = anchorPath + ".contract"
    guard !Files.exists(anchorPath + ".replaced") else {
      throw .refused(
        "\"\(contract.name)\" (\(contract.digest)) was replaced by a later contract, and is not served again")
    }
    let names: [String]
    do throws(FileError) { names = try Files.names(in: home) } catch { throw .file(error.description) }
    for name in names where name.hasSuffix(".contract") && home + "/" + name != own {
      let path = home + "/" + name
      guard let other = try? AggregationContract.parse(try PartyFiles.read(path, limit: 16 << 20)) else {
        throw .file("\(path): is no contract; restore it from a copy")
      }
      guard other.digest != contract.digest, contract.sharesSignal(with: other), contract.meets(other) else { continue }
      let otherAnchor = String(path.dropLast(".contract".count))
      let closed = try PartyFiles.anchor(otherAnchor)?.window ?? -1
      guard closed < 0 || contract.first >= other.windowEnd(closed) else {
        throw .refused(
          "this party has added up \"\(other.name)\" (\(other.digest)) with the same signal over the same time: two sums over "
            + "different desks would show what one of them has contributed. Begin at \(other.windowEnd(closed)) or later"
        )
      }
      try PartyFiles.write([], to: otherAnchor + ".replaced")
    }
    try PartyFiles.write(contract.json.canonical, to: own)
  }

  private static func read(_ path: String, limit: Int) throws(ServiceError) -> [UInt8] {
    do throws(FileError) { return try Files.readRegular(path, limit: limit) } catch { throw .file(error.description) }
  }

  private static func write(_ bytes: [UInt8], to path: String) throws(ServiceError) {
    do throws(FileError) { try Files.writeDurably(bytes, to: path, mode: 0o600) } catch {
      throw .file(error.description)
    }
  }
}

extension AggregationContract {
  fileprivate func sharesSignal(with other: AggregationContract) -> Bool {
    signals.contains { signal in
      other.signals.contains { $0.kind == signal.kind && $0.listing == signal.listing }
    }
  }

  /// Whether their times meet.
  fileprivate func meets(_ other: AggregationContract) -> Bool {
    first < other.windowEnd(other.windows - 1) && other.first < windowEnd(windows - 1)
  }
}
