// SPDX-License-Identifier: Apache-2.0

/// Mutates frames by what the capture itself shows of their structure: which frames are of one kind, which of their bytes
/// vary and which never do, what lengths there are, and in text where numbers and words stand.
struct FuzzMutator {
  /// Frames of one length and beginning.
  private struct Kind {
    var members: [Int] = []
    /// Runs of bytes that vary among the members, which are fields or parts of them.
    var fields: [Range<Int>] = []
    /// Where all members agree.
    var constants: [Int] = []
  }

  private let frames: [Corpus.Entry]
  private var kinds: [Kind] = []
  private var kindOf: [Int] = []
  private var lengths: [Int] = []
  /// Places where kinds differ from each other while their members agree: where the type may stand.
  private var typePlaces: [Int] = []
  private let isText: Bool

  init(learning frames: [Corpus.Entry]) {
    self.frames = frames
    let sample = frames.prefix(200).flatMap { $0.bytes.prefix(64) }
    isText = !sample.isEmpty && sample.count { $0 >= 0x20 && $0 < 0x7F } * 100 > sample.count * 95
    var index: [[UInt8]: Int] = [:]
    for (number, entry) in frames.enumerated() {
      let length = isText ? 0 : entry.bytes.count
      let key =
        Array(entry.bytes.prefix(isText ? 12 : 1)) + (0..<4).map { UInt8(truncatingIfNeeded: length >> ($0 * 8)) }
      let kind = index[key] ?? kinds.count
      if kind == kinds.count {
        index[key] = kind
        kinds.append(Kind())
      }
      kinds[kind].members.append(number)
      kindOf.append(kind)
    }
    lengths = Array(Set(frames.map(\.bytes.count))).sorted()
    for kind in kinds.indices { learn(kind) }
    let heads = kinds.compactMap { kind in kind.members.first.map { frames[$0].bytes } }
    typePlaces = (0..<16).filter { place in
      kinds.allSatisfy { $0.constants.contains(place) || $0.members.count < 3 }
        && Set(heads.compactMap { place < $0.count ? $0[place] : nil }).count > 1
    }
  }

  private mutating func learn(_ kind: Int) {
    let members = kinds[kind].members.prefix(200)
    guard let first = members.first.map({ frames[$0].bytes }), members.count > 1, !isText else { return }
    let varies = first.indices.map { place in members.contains { frames[$0].bytes[place] != first[place] } }
    var start: Int?
    for place in 0...first.count {
      let isField = place < first.count && varies[place]
      if isField, start == nil { start = place }
      if !isField, let from = start {
        kinds[kind].fields.append(from..<place)
        start = nil
      }
      if place < first.count && !varies[place] { kinds[kind].constants.append(place) }
    }
  }

  /// What was learned, for the report.
  var summary: String {
    "\(kinds.count) kinds of \(isText ? "text" : "frames"), \(kinds.reduce(0) { $0 + $1.fields.count }) fields, "
      + "\(lengths.count) lengths"
  }

  /// Some frames as they are, so that there is a state to break, with mutated ones among them.
  func stream(_ random: inout SplitMix, count: Int) -> [Corpus.Entry] {
    // The beginning defines what later messages refer to.
    var result = Array(frames.prefix(24))
    var next = random.below(frames.count)
    while result.count < count {
      let number = next % frames.count
      next += 1
      if random.below(3) == 0 {
        result.append(frames[number])
      } else {
        var entry = frames[number]
        for _ in 0...random.below(3) { mutate(&entry.bytes, kindOf[number], &random) }
        result.append(entry)
      }
      if random.below(16) == 0 { next = random.below(frames.count) }
    }
    return result
  }

  private func mutate(_ bytes: inout [UInt8], _ kind: Int, _ random: inout SplitMix) {
    guard !bytes.isEmpty else { return }
    if isText && random.below(4) != 0 { return mutateText(&bytes, &random) }
    let fields = kinds[kind].fields
    switch random.below(7) {
    case 0 where !fields.isEmpty:
      // A field of another frame of the same kind.
      let field = fields[random.below(fields.count)]
      let other = frames[kinds[kind].members[random.below(kinds[kind].members.count)]].bytes
      guard field.upperBound <= min(bytes.count, other.count) else { return }
      bytes.replaceSubrange(field, with: other[field])
    case 1 where !fields.isEmpty, 2 where !fields.isEmpty:
      // An extreme value; its neighbours vary too little to be told from it, so that the field may be wider.
      let field = fields[random.below(fields.count)]
      let from = max(0, field.lowerBound - random.below(4))
      let to = min(bytes.count, field.upperBound)
      guard from < to else { return }
      let extreme: (first: UInt8, rest: UInt8) = [
        (0, 0), (0xFF, 0xFF), (0x7F, 0xFF), (0x80, 0), (0, 1), (0xFF, 0xFE), (0x20, 0x20), (0x39, 0x39),
      ][random.below(8)]
      let isReversed = random.below(2) == 0
      for place in from..<to {
        bytes[place] = place == (isReversed ? to - 1 : from) ? extreme.first : extreme.rest
      }
    case 3 where !typePlaces.isEmpty:
      // The type of one kind with the body of another.
      let place = typePlaces[random.below(typePlaces.count)]
      let other = frames[random.below(frames.count)].bytes
      if place < bytes.count, place < other.count { bytes[place] = other[place] }
    case 4:
      // As long as another kind is.
      let length = lengths[random.below(lengths.count)]
      if length < bytes.count {
        bytes.removeLast(bytes.count - length)
      } else {
        bytes += [UInt8](repeating: random.byte(), count: length - bytes.count)
      }
    case 5:
      let other = frames[random.below(frames.count)].bytes
      let cut = random.below(min(bytes.count, other.count) + 1)
      bytes = Array(bytes.prefix(cut) + other.dropFirst(cut))
    default:
      var mutator = Mutator(random: random)
      bytes = mutator.damaged(bytes)
      random = mutator.random
    }
  }

  private static let numbers = [
    "0", "-1", "-0", "1", "9223372036854775807", "9223372036854775808", "18446744073709551616", "1e309",
    "0.000000000000000001",
    "99999999999999999999999999.99999999", "00012", "1.", ".5", "NaN", "", "0x10", "1e-400", "4294967296",
  ].map { Array($0.utf8) }
  private static let pieces = [
    "\"", "\\", "{", "}", "[", "]", ",", ":", "null", "\\u0000", "\\ud800", "=", "|", "\u{1}", " ",
  ]
  .map { Array($0.utf8) }

  private func mutateText(_ bytes: inout [UInt8], _ random: inout SplitMix) {
    let words = FuzzMutator.words(bytes)
    guard !words.isEmpty else { return }
    let word = words[random.below(words.count)]
    switch random.below(6) {
    case 0, 1: bytes.replaceSubrange(word, with: FuzzMutator.numbers[random.below(FuzzMutator.numbers.count)])
    case 2:
      let other = words[random.below(words.count)]
      bytes.replaceSubrange(word, with: Array(bytes[other]))
    case 3: bytes.insert(contentsOf: FuzzMutator.pieces[random.below(FuzzMutator.pieces.count)], at: word.lowerBound)
    case 4:
      // What lies between two words, twice or not at all.
      let end = min(bytes.count, word.upperBound + random.below(24))
      if random.below(2) == 0 {
        bytes.removeSubrange(word.lowerBound..<end)
      } else {
        bytes.insert(contentsOf: Array(bytes[word.lowerBound..<end]), at: end)
      }
    default:
      let piece = [UInt8](repeating: UInt8(ascii: "1") + UInt8(random.below(9)), count: 1 + random.below(80))
      bytes.replaceSubrange(word, with: piece)
    }
  }

  /// Runs of letters, digits, points and signs.
  private static func words(_ bytes: [UInt8]) -> [Range<Int>] {
    var result: [Range<Int>] = []
    var start: Int?
    for place in 0...bytes.count {
      let isWord =
        place < bytes.count
        && ((UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[place])
          || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(bytes[place] | 0x20)
          || [UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_")].contains(bytes[place]))
      if isWord, start == nil { start = place }
      if !isWord, let from = start {
        result.append(from..<place)
        start = nil
      }
    }
    return result
  }
}
