// SPDX-License-Identifier: Apache-2.0

import DurableFiles
import ExecutionIR
import Foundation
import Synchronization
import Testing
import UpdateFramework

@Suite struct DownloadTests {
  private let path = "acme/itch/1.0.0/linux-x86_64.so"
  private let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 * 7) }

  private struct Download {
    let test: TestClient
    let file: TargetFile
    let client: UpdateClient
    let place: String
    var destination: String { test.scratch.path + "/library.so" }
    var part: [UInt8]? { read(destination + ".part") }
    var result: [UInt8]? { read(destination) }
    private func read(_ path: String) -> [UInt8]? {
      (try? Data(contentsOf: URL(fileURLWithPath: path))).map(Array.init)
    }
    func leave(_ bytes: [UInt8]) throws {
      try Data(bytes).write(to: URL(fileURLWithPath: destination + ".part"))
    }
    func set(_ change: (inout MemorySource.State) -> Void) { test.source.state.withLock { change(&$0) } }
  }

  private func prepared() throws -> Download {
    var repository = try TestRepository()
    try repository.add(path, bytes, role: "acme")
    try repository.publish()
    let test = try TestClient(repository)
    var client = try test.client()
    let file = try #require(try client.target(path))
    return Download(
      test: test, file: file, client: client, place: RepositoryPath.target(path, sha256: file.sha256))
  }

  @Test func aTargetComesWhole() throws {
    let download = try prepared()
    var told: [Int64] = []
    try download.client.download(path, download.file, to: download.destination) { told.append($0) }
    #expect(download.result == bytes)
    #expect(download.part == nil)
    #expect(told.last == 1000 && told == told.sorted() && told.first == 7)
  }

  @Test(arguments: [true, false]) func aBrokenDownloadGoesOn(resumes: Bool) throws {
    let download = try prepared()
    download.set {
      $0.breaksAfter = 400
      $0.resumes = resumes
    }
    #expect(throws: UpdateError.self) {
      try download.client.download(path, download.file, to: download.destination)
    }
    #expect(download.result == nil)
    #expect(download.part == Array(bytes.prefix(400)))
    download.set { $0.breaksAfter = nil }
    var told: [Int64] = []
    try download.client.download(path, download.file, to: download.destination) { told.append($0) }
    #expect(download.result == bytes)
    #expect(told.first == (resumes ? 407 : 7))
  }

  @Test func aPartThatIsWrongIsBegunAnewOnce() throws {
    let download = try prepared()
    for part in [[UInt8](repeating: 0, count: 300), [UInt8](repeating: 0, count: 1000), bytes + bytes] {
      try download.leave(part)
      try download.client.download(path, download.file, to: download.destination)
      #expect(download.result == bytes)
      #expect(download.part == nil)
    }
    // Of a source whose bytes are wrong nothing is left, and it isn't asked for ever.
    download.set { $0.files[download.place] = [UInt8](repeating: 9, count: 1000) }
    try download.leave(Array(bytes.prefix(300)))
    _ = download.test.source.takeRead()
    #expect(throws: UpdateError.self) {
      try download.client.download(path, download.file, to: download.destination)
    }
    #expect(download.test.source.takeRead().count == 2)
    #expect(download.part == nil)
    #expect(download.result == bytes)
  }

  /// What came whole before a crash is not fetched again.
  @Test func aWholePartIsOnlyVerified() throws {
    let download = try prepared()
    try download.leave(bytes)
    download.set { $0.files[download.place] = nil }
    try download.client.download(path, download.file, to: download.destination)
    #expect(download.result == bytes)
  }

  @Test func aSourceThatSendsTooMuchOrTooLittleIsRefused() throws {
    let download = try prepared()
    for other in [bytes + [1], Array(bytes.dropLast()), [], bytes + bytes] {
      download.set { $0.files[download.place] = other }
      #expect(throws: UpdateError.self) {
        try download.client.download(path, download.file, to: download.destination)
      }
      #expect(download.result == nil)
      #expect((download.part ?? []).count <= 1000)
      try? FileManager.default.removeItem(atPath: download.destination + ".part")
    }
  }

  @Test func whatFailsHereIsNotTheSourcesFault() throws {
    let download = try prepared()
    let client = download.client
    let destination = download.test.scratch.path + "/missing/library.so"
    let error = try refusal { try client.download(path, download.file, to: destination) }
    guard case .file(let error) = error else {
      Issue.record("not an error of a file: \(error)")
      return
    }
    #expect(error.isMissing && error.path == destination + ".part")
  }

  private func refusal(_ work: () throws -> Void) throws -> UpdateError {
    let error = #expect(throws: UpdateError.self) { try work() }
    return try #require(error)
  }

  @Test func aLinkInPlaceOfThePartIsNotFollowed() throws {
    let download = try prepared()
    let outside = download.test.scratch.path + "/outside"
    try Data("mine".utf8).write(to: URL(fileURLWithPath: outside))
    try FileManager.default.createSymbolicLink(
      atPath: download.destination + ".part", withDestinationPath: outside)
    #expect(throws: UpdateError.self) {
      try download.client.download(path, download.file, to: download.destination)
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: outside)) == Data("mine".utf8))
  }

  @Test func anEmptyTargetIsATarget() throws {
    var repository = try TestRepository()
    try repository.add(path, [], role: "acme")
    try repository.publish()
    let test = try TestClient(repository)
    var client = try test.client()
    let file = try #require(try client.target(path))
    try client.download(path, file, to: test.scratch.path + "/empty")
    #expect(try client.read(path, file, limit: 0).isEmpty)
    #expect(FileManager.default.fileExists(atPath: test.scratch.path + "/empty"))
  }
}

@Suite struct DirectorySourceTests {
  private func prepared() throws -> Scratch {
    let scratch = try Scratch()
    let repository = scratch.path + "/repository"
    try FileManager.default.createDirectory(atPath: repository + "/a/b", withIntermediateDirectories: true)
    try Data((0..<100).map { UInt8($0) }).write(to: URL(fileURLWithPath: repository + "/a/file"))
    try Data("secret".utf8).write(to: URL(fileURLWithPath: scratch.path + "/secret"))
    for (link, to) in [("a/out", "../../secret"), ("up", ".."), ("a/in", "file"), ("a/gone", "nothing")] {
      try FileManager.default.createSymbolicLink(atPath: repository + "/" + link, withDestinationPath: to)
    }
    return scratch
  }

  @Test func filesAreReadWhole() throws {
    let scratch = try prepared()
    let source = DirectorySource(scratch.path + "/repository")
    #expect(try source.read("a/file", limit: 100).count == 100)
    #expect(try source.read("a/in", limit: 100).count == 100)
    #expect(throws: SourceError.tooLarge("a/file", limit: 99)) { try source.read("a/file", limit: 99) }
    for (offset, expected) in [(0, 0), (60, 60), (100, 100), (101, 0)] {
      var (first, count) = (-1, 0)
      try source.download("a/file", from: offset, limit: 100) { piece, at in
        if first < 0 { first = at }
        count += piece.count
      }
      #expect(count == 100 - expected)
      #expect(first == (count == 0 ? -1 : expected))
    }
  }

  @Test(arguments: ["a/none", "none/none", "a/file/x", "a/gone"]) func whatIsNotThereIsMissing(_ path: String) throws {
    let scratch = try prepared()
    #expect(throws: SourceError.missing(path)) {
      try DirectorySource(scratch.path + "/repository").read(path, limit: 100)
    }
  }

  @Test(arguments: [
    "../secret", "a/../../secret", "/etc/passwd", "a//file", "./a/file", "a/", "", "a/\u{0}file", "a/out", "up/secret",
    "a/b", "a", "up/repository/../secret",
  ])
  func nothingOutsideAndNothingButFilesIsRead(_ path: String) throws {
    let scratch = try prepared()
    let error = #expect(throws: SourceError.self) {
      try DirectorySource(scratch.path + "/repository").read(path, limit: 100)
    }
    #expect(error?.isMissing == false)
  }
}
