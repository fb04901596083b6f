// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import Foundation
internal import Testing

/// Programs that are started get nothing of ours but what they are given.
@Suite struct ProcessStartTests {
  @Test func onlyGivenDescriptorsArePassed() throws {
    let path = FileManager.default.temporaryDirectory.path + "/exprove-descriptors-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: path) }
    // As a library leaves them: without close-on-exec, low and high.
    let low = unsafe open("/dev/null", O_RDONLY)
    let high = fcntl(low, F_DUPFD, 200)
    let output = unsafe open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    defer { for descriptor in [low, high, output] { close(descriptor) } }
    #expect(low >= 0 && high >= 200 && output >= 0)
    let started = ProcessStart.spawn(
      "/bin/ls", arguments: ["/proc/self/fd"], environment: [], directory: "/",
      descriptors: [(from: output, to: 1), (from: output, to: 2)])
    let pid = try #require(started)
    var status: Int32 = 0
    let ended = unsafe waitpid(pid, &status, 0)
    #expect(ended == pid && status == 0)
    // The fourth is the directory that it lists.
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "0\n1\n2\n3\n")
  }
}
