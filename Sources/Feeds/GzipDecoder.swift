// SPDX-License-Identifier: Apache-2.0

private import CZlib

/// gzip, RFC 1952: members one behind the other are one stream, and zeros behind the last one are padding.
@safe final class GzipDecoder: Decoder {
  private let stream: UnsafeMutablePointer<z_stream>
  private(set) var isBetweenFrames = false
  private var inPadding = false

  let name = "gzip"

  init(path: String) throws(FeedError) {
    unsafe stream = .allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    // 15 bits of window, and 16 for: gzip only.
    let status = unsafe inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard status == Z_OK else { throw .io(path: path, offset: 0, reason: "zlib cannot start (status \(status))") }
  }

  deinit {
    unsafe inflateEnd(stream)
    unsafe stream.deallocate()
  }

  func step(_ input: UnsafeBufferPointer<UInt8>, into output: UnsafeMutableBufferPointer<UInt8>) -> DecoderStep {
    if isBetweenFrames, !input.isEmpty {
      if unsafe inPadding || input[0] == 0 { return unsafe skipPadding(input) }
      unsafe inflateReset(stream)
      isBetweenFrames = false
    }
    unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
    unsafe stream.pointee.avail_in = UInt32(input.count)
    unsafe stream.pointee.next_out = output.baseAddress
    unsafe stream.pointee.avail_out = UInt32(min(output.count, Int(UInt32.max)))
    let room = unsafe stream.pointee.avail_out
    let status = unsafe inflate(stream, Z_NO_FLUSH)
    var step = unsafe DecoderStep(
      consumed: input.count - Int(stream.pointee.avail_in), produced: Int(room - stream.pointee.avail_out))
    switch status {
    case Z_OK, Z_BUF_ERROR: break
    case Z_STREAM_END: isBetweenFrames = true
    default: step.damage = unsafe stream.pointee.msg.map { unsafe String(cString: $0) } ?? "zlib status \(status)"
    }
    return step
  }

  private func skipPadding(_ input: UnsafeBufferPointer<UInt8>) -> DecoderStep {
    inPadding = true
    let zeros = unsafe input.firstIndex { $0 != 0 } ?? input.count
    return DecoderStep(
      consumed: zeros, produced: 0, damage: zeros < input.count ? "bytes that are not gzip behind the last member" : nil
    )
  }
}
