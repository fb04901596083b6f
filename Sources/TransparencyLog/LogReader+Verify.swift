// SPDX-License-Identifier: Apache-2.0

private import DurableFiles

extension LogReader {
  /// Verifies the whole directory: the checkpoint's signatures, every bundle, every tile byte for byte against
  /// what the entries give, the root, and that no other file lies there. `visit` gets every leaf in order, before
  /// it is known whether the root covers it: what it derives counts only if the report is sound.
  package func verifyAll(
    _ visit: (_ index: UInt64, _ leaf: ArraySlice<UInt8>) -> Void = { _, _ in }
  ) -> LogReport {
    var report = LogReport()
    let checkpoint: Checkpoint
    do throws(LogError) {
      let (note, read) = try note(named: LogFiles.checkpoint)
      checkpoint = read
      report.checkpoint = read
      checkSignatures(of: note, &report)
    } catch {
      report.add(error, LogFiles.checkpoint)
      return report
    }
    checkTree(checkpoint, &report, visit)
    checkNames(checkpoint, &report)
    return report
  }

  private func checkSignatures(of note: SignedNote, _ report: inout LogReport) {
    do throws(NoteError) {
      report.signatures = try note.verified(by: verifiers)
    } catch {
      return report.add(.unauthenticated, LogFiles.checkpoint, error.reason)
    }
    for line in note.unknownSignatures(besides: verifiers) {
      report.add(.unauthenticated, LogFiles.checkpoint, "a signature by \"\(line.name)\", whose key was not given")
    }
  }

  private func checkTree(
    _ checkpoint: Checkpoint, _ report: inout LogReport,
    _ visit: (_ index: UInt64, _ leaf: ArraySlice<UInt8>) -> Void
  ) {
    var tree = HashTiles()
    var results = consume report
    defer { report = results }
    var index: UInt64 = 0
    while index < checkpoint.size {
      let tile = TileCoordinate.holding(item: index, of: .entries, inTree: checkpoint.size)
      let hashes: [MerkleHash]
      do throws(LogError) {
        let (bytes, entries) = try LogReader.bundle(tile, in: directory)
        hashes = entries.map { .leaf(bytes[$0]) }
        for (offset, entry) in entries.enumerated() { visit(index + UInt64(offset), bytes[entry]) }
      } catch {
        results.add(error, tile.path)
        // The tile of hashes stands in, so that the rest can still be checked.
        let row = TileCoordinate(row: .hashes(0), index: tile.index, width: tile.width)
        do throws(LogError) { hashes = try LogReader.hashes(of: row, in: directory) } catch {
          results.add(error, row.path)
          return results.add(.damaged, tile.path, "leaves from \(index) on were not checked against the root")
        }
      }
      for hash in hashes { tree.append(hash) { compare($0, with: $1, &results) } }
      index += UInt64(hashes.count)
    }
    for (level, bytes) in tree.edge.enumerated() {
      guard let tile = TileCoordinate.edge(of: .hashes(level), inTree: checkpoint.size) else { continue }
      compare(tile, with: bytes, &results)
    }
    if tree.range.root != checkpoint.root {
      results.add(.damaged, LogFiles.checkpoint, "the leaves give the root \(tree.range.root), not the one signed")
    }
  }

  private func compare(_ tile: TileCoordinate, with expected: [UInt8], _ report: inout LogReport) {
    let found: [UInt8]
    do throws(LogError) { found = try LogReader.tileBytes(tile, in: directory) } catch {
      return report.add(error, tile.path)
    }
    guard found != expected else { return }
    let same = zip(found, expected).prefix { $0 == $1 }.count
    report.add(
      .damaged, tile.path,
      found.count == expected.count
        ? "hash \(same / MerkleHash.byteCount) is not that of what lies below it"
        : "\(found.count) bytes; \(expected.count) should stand here")
  }

  /// Every file must be one that a log of this size has.
  private func checkNames(_ checkpoint: Checkpoint, _ report: inout LogReport) {
    var results = consume report
    defer { report = results }
    do throws(FileError) {
      try LogFiles.walk(directory) { path, kind, isEmpty in
        if kind == .directory, !isEmpty { return }
        if kind == .regular {
          if path.utf8.elementsEqual(LogFiles.checkpoint.utf8) { return }
          if TileCoordinate(path: path)?.standing(inTree: checkpoint.size) == .part { return }
        }
        if Leftover(path: path, kind: kind, size: checkpoint.size) != nil {
          addLeftover(path, kind, size: checkpoint.size, &results)
        } else {
          results.add(.extra, path, kind == .regular ? "belongs to no log" : "not a regular file of a log")
        }
      }
    } catch {
      results.add(.missing, ".", error.description)
    }
  }

  private func addLeftover(_ path: String, _ kind: LogFiles.Kind, size: UInt64, _ report: inout LogReport) {
    let source = "left by a writer that was interrupted"
    let tile = TileCoordinate(path: kind == .directory ? path + "/1" : path)
    if let tile, tile.standing(inTree: size) == .superseded {
      if kind == .directory {
        report.add(.superseded, path, "an empty directory of tiles that fuller ones replaced: \(source)")
      } else if isBeginning(tile, inTree: size) {
        report.add(.superseded, path, "a tile that a fuller one has replaced: \(source)")
      } else {
        report.add(.damaged, path, "does not hold what the fuller tile begins with")
      }
      return
    }
    let what = kind == .directory ? "an empty directory" : "not part of the tree that the checkpoint covers"
    report.add(.unfinished, path, "\(what): \(source)")
  }

  /// Whether a partial tile is the beginning of the one that the tree has in its place.
  private func isBeginning(_ tile: TileCoordinate, inTree size: UInt64) -> Bool {
    let fuller = TileCoordinate.holding(item: tile.index << 8, of: tile.row, inTree: size)
    do throws(LogError) {
      if tile.row == .entries {
        let (bytes, entries) = try LogReader.bundle(fuller, in: directory)
        let end = entries[tile.width - 1].upperBound
        return try LogReader.bundle(tile, in: directory).bytes.elementsEqual(bytes[..<end])
      }
      let bytes = try LogReader.tileBytes(fuller, in: directory)
      return try LogReader.tileBytes(tile, in: directory).elementsEqual(bytes.prefix(tile.width * MerkleHash.byteCount))
    } catch {
      return false
    }
  }
}
