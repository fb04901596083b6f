// SPDX-License-Identifier: Apache-2.0

internal import DurableFiles
package import ExecutionIR

/// The names within a run directory.
package struct RunDirectory: Sendable {
  package let path: String

  package init(_ path: String) {
    self.path = path
  }

  package var description: String { path + "/run.json" }
  package var journal: String { path + "/journal" }
  package var ledger: String { path + "/ledger" }
  package var adapters: String { path + "/adapters" }
  package var objects: String { path + "/objects" }
  package var keys: String { path + "/keys" }
  package var reports: String { path + "/reports" }

  package func adapter(_ digest: Digest) -> String { "\(adapters)/\(digest).so" }
  package func object(_ digest: Digest) -> String { "\(objects)/\(digest)" }
  package var key: String { keys + "/ledger.vkey" }

  /// The directories that a run has, none of them nested but the ledger's.
  package static let folders = ["adapters", "journal", "keys", "ledger", "objects", "reports"]
  private static let names = folders + ["run.json", "run.json.tmp"]

  /// Creates the directory and those below it. One that holds anything else than a run is refused.
  package func create() throws(RunError) {
    do {
      if Files.exists(path) {
        guard Files.isDirectory(path) else {
          throw RunError.badInput("\(path): is not a directory; choose another --out")
        }
        if let stranger = try Files.names(in: path).first(where: { !RunDirectory.names.contains($0) }) {
          throw RunError.badInput(
            "\(path): holds '\(stranger)', which is no part of a run; choose an empty or a new directory with --out")
        }
      }
      for directory in [path, journal, ledger, adapters, objects, keys, reports] { try Files.makeDirectory(directory) }
      try Files.syncDirectory(of: journal)
    } catch let error as FileError {
      throw .io(error.description)
    } catch let error as RunError {
      throw error
    } catch {
      throw .internalFault("\(error)")
    }
  }

  /// `run.json`, and its bytes as they lie; nil when there is none.
  package func read() throws(RunError) -> (RunDescription, [UInt8])? {
    guard Files.exists(description) else { return nil }
    do {
      let bytes = try Files.readRegular(description, limit: 64 << 20)
      let json = try JSON.parse(bytes)
      guard json.canonical == bytes else { throw JSONError(offset: 0, reason: "not in canonical form") }
      return (try RunDescription(json: json), bytes)
    } catch let error as FileError {
      throw .io(error.description)
    } catch {
      throw .badInput("\(description): \(error)")
    }
  }

  /// `read`, where a missing run is an error.
  package func require() throws(RunError) -> (RunDescription, [UInt8]) {
    guard Files.isDirectory(path) else { throw .missing("\(path): there is no such directory") }
    guard let found = try read() else {
      throw .missing("\(path): there is no run.json, so this is no run directory")
    }
    return found
  }

  /// The reference data that a run names.
  package func reference(_ digest: Digest) throws(RunError) -> ReferenceData {
    do {
      let bytes = try Files.readRegular(object(digest), limit: 256 << 20)
      guard Digest(of: bytes) == digest else {
        throw RunError.badInput("\(object(digest)): does not have the digest of its name")
      }
      return try ReferenceData.parse(bytes, file: object(digest))
    } catch let error as RunError {
      throw error
    } catch let error as FileError {
      throw .io(error.description)
    } catch {
      throw .badInput("\(error)")
    }
  }

  /// Writes a body under its digest unless it lies there.
  package func write(object bytes: [UInt8]) throws(RunError) -> Digest {
    let digest = Digest(of: bytes)
    try write(bytes, to: object(digest))
    return digest
  }

  /// Writes a file unless one lies there; what lies there has been written whole.
  package func write(_ bytes: [UInt8], to file: String) throws(RunError) {
    guard !Files.exists(file) else { return }
    do throws(FileError) { try Files.writeDurably(bytes, to: file) } catch { throw .io(error.description) }
  }
}
