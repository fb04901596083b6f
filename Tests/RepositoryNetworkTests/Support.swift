// SPDX-License-Identifier: Apache-2.0

import Foundation
import RepositoryNetwork
import Testing
import UpdateFramework

/// A server of files in Python, good and bad: `Tests/Independent/repository_server.py`.
final class FileServer {
  let port: Int
  private let process: Process
  private let input: Pipe

  convenience init(_ arguments: String...) throws {
    let script =
      URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().path
      + "/Independent/repository_server.py"
    try self.init(program: ["python3", script] + arguments)
  }

  /// Starts a program that prints its port and runs until its input ends.
  init(program: [String]) throws {
    process = Process()
    input = Pipe()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = program
    process.standardInput = input
    process.standardOutput = output
    // A client that hangs up makes Python talk.
    process.standardError = FileHandle.nullDevice
    try process.run()
    var line: [UInt8] = []
    while let byte = try output.fileHandleForReading.read(upToCount: 1)?.first, byte != UInt8(ascii: "\n") {
      line.append(byte)
    }
    port = try #require(Int(String(decoding: line, as: UTF8.self)))
  }

  deinit {
    try? input.fileHandleForWriting.close()
    process.waitUntilExit()
  }

  /// Its files, by http and a base of two steps.
  func source(_ limits: HTTPLimits = HTTPLimits()) throws -> HTTPSource {
    try HTTPSource(address("http://\(loopback):\(port)/some/base"), limits: limits)
  }

  /// What it has counted so far.
  func counts() throws -> [String: Int] {
    let text = String(decoding: try source().read("counts", limit: 1000), as: UTF8.self)
    let pairs = text.split(separator: " ").map { $0.split(separator: "=") }
    return Dictionary(uniqueKeysWithValues: pairs.map { (String($0[0]), Int($0[1]) ?? -1) })
  }
}

let loopback = "127.0.0.1"

func address(_ text: String) throws -> RepositoryAddress { try #require(RepositoryAddress(text)) }

/// The bytes of the server's files: byte i is i * 7 % 251.
func pattern(_ range: Range<Int>) -> [UInt8] { range.map { UInt8($0 * 7 % 251) } }

/// What a download gave: the bytes from where the first piece lay.
struct Downloaded {
  var start: Int?
  var bytes: [UInt8] = []
}

extension HTTPSource {
  /// All pieces of a download, each of which has to lie behind the one before; what came is kept where it fails.
  func downloaded(
    _ path: String, from offset: Int = 0, limit: Int = 1 << 20, into got: inout Downloaded
  ) throws(SourceError) {
    try download(path, from: offset, limit: limit) { piece, at throws(SourceError) in
      if got.start == nil { got.start = at }
      #expect(at == (got.start ?? 0) + got.bytes.count)
      #expect(!piece.isEmpty)
      got.bytes += piece
    }
  }

  func text(_ path: String) throws(SourceError) -> String {
    String(decoding: try read(path, limit: 1 << 20), as: UTF8.self)
  }

  /// The failure of a reading, as text of its kind and its reason.
  func failure(_ path: String, from offset: Int = 0, limit: Int = 1 << 20) -> String {
    var got = Downloaded()
    do throws(SourceError) {
      try downloaded(path, from: offset, limit: limit, into: &got)
      return "\(got.bytes.count) bytes"
    } catch {
      let kind =
        switch error {
        case .missing: "missing"
        case .tooLarge: "too large"
        case .tooSlow: "too slow"
        case .broken: "broken"
        case .unwritable: "unwritable"
        }
      return "\(kind): \(error)"
    }
  }
}

/// A directory that goes away with the value, and certificates made in it by OpenSSL.
final class Certificates {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.path + "/exprove-repository-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// A certificate that signed itself, for `names` (like `DNS:localhost`): the file with its key, and the file without.
  func make(_ name: String, for names: String, days: Int = 30) throws -> (whole: String, certificate: String) {
    let (whole, certificate, key) = (path + "/\(name).pem", path + "/\(name).crt", path + "/\(name).key")
    let (request, names) = (path + "/\(name).csr", ["subjectAltName=\(names)", "basicConstraints=critical,CA:TRUE"])
    try names.joined(separator: "\n").write(toFile: path + "/extensions", atomically: true, encoding: .utf8)
    try openSSL([
      "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=\(name)", "-keyout", key,
      "-out", request,
    ])
    try openSSL([
      "x509", "-req", "-in", request, "-signkey", key, "-days", String(days), "-extfile", path + "/extensions", "-out",
      certificate,
    ])
    let text = try String(contentsOfFile: key, encoding: .utf8) + String(contentsOfFile: certificate, encoding: .utf8)
    try text.write(toFile: whole, atomically: true, encoding: .utf8)
    return (whole, certificate)
  }

  private func openSSL(_ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["openssl"] + arguments
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
  }
}
