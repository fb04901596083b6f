// SPDX-License-Identifier: Apache-2.0

package import AdapterHost
package import ExecutionIR
internal import Glibc

extension ConformanceReport {
  /// A capture that the frames came from.
  package struct Capture: Equatable, Sendable {
    package var path: String
    /// What it is a capture of.
    package var channel: Channel
    /// Of the file as it lies, whole, although only its beginning is fed.
    package var digest: Digest
    package var size: Int

    /// Reads the file piece by piece: captures may be larger than memory.
    init(path: String, _ channel: Channel) throws(AdapterError) {
      self.path = path
      self.channel = channel
      let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { throw AdapterError(.unreadable, "\(path): it cannot be opened to be digested") }
      defer { close(descriptor) }
      var total = 0
      digest = try Digest { () throws(AdapterError) -> [UInt8]? in
        var piece = [UInt8](repeating: 0, count: 1 << 20)
        var count = 0
        repeat {
          count = unsafe piece.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
        } while count < 0 && errno == EINTR
        guard count >= 0 else { throw AdapterError(.unreadable, "\(path): reading failed at byte \(total)") }
        guard count > 0 else { return nil }
        piece.removeLast(piece.count - count)
        total += count
        return piece
      }
      size = total
    }
  }
}
