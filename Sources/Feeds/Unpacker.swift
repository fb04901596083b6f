// SPDX-License-Identifier: Apache-2.0

/// The unpacked bytes of a capture, whatever it is packed with, in constant memory.
///
/// What is packed is found from the first bytes: gzip (RFC 1952, also several members one behind the other), zstd
/// (RFC 8878, also several frames), else the bytes as they are. Damage is thrown only once every byte before
/// it has been handed out.
@safe struct Unpacker: ~Copyable {
  private var file: CaptureFile
  private let input: UnsafeMutableBufferPointer<UInt8>
  private var next = 0
  private var end = 0
  private var coder: Coder
  private(set) var unpacked: UInt64 = 0
  private var failure: FeedError?

  private enum Coder {
    case plain
    case gzip(GzipDecoder)
    case zstd(ZstdDecoder)
  }

  static func open(_ path: String) throws(FeedError) -> Unpacker {
    var unpacker = Unpacker(try CaptureFile(path: path))
    try unpacker.findPacking()
    return unpacker
  }

  private init(_ file: consuming CaptureFile) {
    self.file = file
    unsafe input = .allocate(capacity: 1 << 17)
    unsafe input.initialize(repeating: 0)
    coder = .plain
  }

  private mutating func findPacking() throws(FeedError) {
    // A pipe may give less than was asked for.
    while end < 4 {
      let count = try unsafe file.read(into: .init(rebasing: input[end...]))
      if count == 0 { break }
      end += count
    }
    let first = (0..<min(end, 4)).map { unsafe input[$0] }
    if first.starts(with: [0x1F, 0x8B]) {
      coder = .gzip(try GzipDecoder(path: path))
    } else if first == [0x28, 0xB5, 0x2F, 0xFD]
      || first.count == 4 && first[0] & 0xF0 == 0x50 && first[1...] == [0x2A, 0x4D, 0x18]
    {
      coder = .zstd(try ZstdDecoder(path: path))
    }
  }

  deinit { unsafe input.deallocate() }

  var path: String { file.path }
  /// Bytes of the file that were read.
  var packed: UInt64 { file.offset }

  /// Up to `buffer.count` bytes, at least one; 0 at the end. The buffer has room.
  mutating func read(into buffer: UnsafeMutableBufferPointer<UInt8>) throws(FeedError) -> Int {
    if let failure { throw failure }
    var count = 0
    do {
      count =
        switch coder {
        case .plain: try unsafe copy(into: buffer)
        case .gzip(let decoder): try unsafe decode(into: buffer, with: decoder)
        case .zstd(let decoder): try unsafe decode(into: buffer, with: decoder)
        }
    } catch {
      failure = error
      throw error
    }
    unpacked += UInt64(count)
    return count
  }

  private mutating func copy(into buffer: UnsafeMutableBufferPointer<UInt8>) throws(FeedError) -> Int {
    // Only the bytes by which the packing was found pass through `input`.
    guard next < end else { return try unsafe file.read(into: buffer) }
    let count = min(end - next, buffer.count)
    unsafe buffer.baseAddress!.update(from: input.baseAddress! + next, count: count)
    next += count
    return count
  }

  private mutating func decode(
    into buffer: UnsafeMutableBufferPointer<UInt8>, with decoder: some Decoder
  ) throws(FeedError) -> Int {
    while true {
      var inputEnded = false
      if next == end {
        next = 0
        end = 0
        end = try unsafe file.read(into: input)
        inputEnded = end == 0
        if inputEnded, decoder.isBetweenFrames { return 0 }
      }
      let step = unsafe decoder.step(.init(rebasing: input[next..<end]), into: buffer)
      next += step.consumed
      if let reason = step.damage {
        failure = damaged(reason, unpacked: unpacked + UInt64(step.produced))
      }
      if step.produced > 0 { return step.produced }
      if let failure { throw failure }
      if inputEnded { throw damaged("the file ends before its \(decoder.name) data does", unpacked: unpacked) }
    }
  }

  private func damaged(_ reason: String, unpacked: UInt64) -> FeedError {
    .damagedCompression(path: path, offset: file.offset - UInt64(end - next), unpacked: unpacked, reason: reason)
  }
}

/// What undoes one kind of compression, piece by piece.
protocol Decoder: AnyObject {
  /// For messages.
  var name: String { get }
  /// Whether the input may end here.
  var isBetweenFrames: Bool { get }
  /// Takes some of `input` and fills some of `output`; with no input it hands out what it still holds.
  func step(_ input: UnsafeBufferPointer<UInt8>, into output: UnsafeMutableBufferPointer<UInt8>) -> DecoderStep
}

struct DecoderStep {
  var consumed: Int
  var produced: Int
  /// Why nothing more can come after what was produced.
  var damage: String?
}
