// SPDX-License-Identifier: Apache-2.0

internal import DurableFiles
internal import ExecutionIR
internal import Glibc

/// Where an aggregator keeps what it knows: a directory for one contract, held by one process at a time, and beside its
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

  /// `closed N CHAIN`: so many batches were closed, and the chain's digest after the last.
  func anchor() throws(ServiceError) -> (closed: Int, chain: Digest)? {
    guard let anchorPath, Files.exists(anchorPath) else { return nil }
    let bytes: [UInt8]
    do throws(FileError) { bytes = try Files.readRegular(anchorPath, limit: 4096) } catch {
      throw .file(error.description)
    }
    let words = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
    guard words.count == 3, words[0] == "closed", let closed = Int(words[1]), closed >= 0,
      let chain = Digest(hexadecimal: words[2])
    else { throw .file("\(anchorPath): is no anchor of an aggregation; restore it from a copy") }
    return (closed, chain)
  }

  func write(anchor standing: Standing) throws(ServiceError) {
    guard let anchorPath else { return }
    do throws(FileError) {
      try Files.writeDurably(
        Array("closed \(standing.closed) \(standing.chain)\n".utf8), to: anchorPath, mode: 0o600)
    } catch {
      throw .file(error.description)
    }
  }
}
