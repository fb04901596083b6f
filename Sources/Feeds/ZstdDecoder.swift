// SPDX-License-Identifier: Apache-2.0

private import CZstd

/// zstd, RFC 8878: frames one behind the other are one stream. The window is at most 128 MiB, zstd's own
/// limit for streams, so a file cannot ask for more memory than that.
@safe final class ZstdDecoder: Decoder {
  private let context: OpaquePointer
  private(set) var isBetweenFrames = false
  /// How many bytes the decoder wants next. It is never given more: a block that is damaged then cannot take
  /// with it what was decoded in the same call before it.
  private var wanted = ZstdDecoder.frameStart

  /// The least bytes that tell a frame's header size.
  private static let frameStart = 5

  let name = "zstd"

  init(path: String) throws(FeedError) {
    guard let context = unsafe ZSTD_createDCtx() else {
      throw .io(path: path, offset: 0, reason: "zstd cannot start: out of memory")
    }
    unsafe self.context = context
  }

  deinit { unsafe ZSTD_freeDCtx(context) }

  func step(_ input: UnsafeBufferPointer<UInt8>, into output: UnsafeMutableBufferPointer<UInt8>) -> DecoderStep {
    var source = unsafe ZSTD_inBuffer(src: input.baseAddress, size: min(wanted, input.count), pos: 0)
    var target = unsafe ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
    let status = unsafe ZSTD_decompressStream(context, &target, &source)
    var step = unsafe DecoderStep(consumed: source.pos, produced: target.pos)
    if ZSTD_isError(status) != 0 {
      let reason = unsafe String(cString: ZSTD_getErrorName(status))
      step.damage =
        reason.hasPrefix("Frame requires")
        ? "its window is larger than 128 MiB, compress it again with zstd --long=27 or less" : reason
      return step
    }
    if step.consumed > 0 || step.produced > 0 { isBetweenFrames = status == 0 }
    wanted = status == 0 ? ZstdDecoder.frameStart : status
    return step
  }
}
