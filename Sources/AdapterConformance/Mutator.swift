// SPDX-License-Identifier: Apache-2.0

/// Damages frames in the ways that lines, disks and people do.
struct Mutator {
  var random: SplitMix

  /// A frame with one to four of its bytes changed, cut, doubled or swapped.
  mutating func damaged(_ bytes: [UInt8]) -> [UInt8] {
    var result = bytes
    for _ in 0...random.below(4) {
      guard !result.isEmpty else { return [random.byte()] }
      let place = random.below(result.count)
      switch random.below(8) {
      case 0: result[place] ^= 1 << UInt8(random.below(8))
      case 1: result[place] = random.byte()
      case 2: result[place] = [0, 0xFF, 0x7F, 0x80, 0x20, 0x30][random.below(6)]
      case 3: result.swapAt(place, random.below(result.count))
      case 4: result.remove(at: place)
      case 5: result.insert(random.byte(), at: place)
      case 6:
        let count = min(8, result.count - place)
        for index in place..<place + count { result[index] = 0xFF }
      default:
        // A number or a word twice.
        let count = min(1 + random.below(8), result.count - place)
        if result.count < 4096 { result.insert(contentsOf: result[place..<place + count], at: place) }
      }
    }
    return result.isEmpty ? [0] : result
  }

  /// Frames as they were, damaged, doubled, left out and out of order; `whole` are the undamaged ones of the same order.
  mutating func stream(_ frames: [Corpus.Entry], count: Int) -> (damaged: [Corpus.Entry], whole: [Corpus.Entry]) {
    var result: [Corpus.Entry] = []
    var whole: [Corpus.Entry] = []
    var next = 0
    while result.count < count {
      var entry = frames[next % frames.count]
      let source = entry
      next += 1
      switch random.below(8) {
      case 0, 1, 2:
        entry.bytes = damaged(entry.bytes)
        result.append(entry)
      case 3: result += [entry, entry]
      case 4: next += random.below(5)
      case 5:
        let other = frames[random.below(frames.count)]
        result.append(other)
        whole.append(other)
        continue
      case 6:
        let other = frames[random.below(frames.count)].bytes
        let cut = random.below(entry.bytes.count + 1)
        entry.bytes = Array(entry.bytes.prefix(cut) + other.suffix(random.below(other.count + 1)))
        if !entry.bytes.isEmpty { result.append(entry) }
      default: result.append(entry)
      }
      while whole.count < result.count { whole.append(source) }
    }
    return (result, whole)
  }

  /// Undamaged frames: doubled, left out, delayed and brought forward, now and then as a whole stretch.
  mutating func shuffled(_ frames: [Corpus.Entry], count: Int) -> [Corpus.Entry] {
    var result: [Corpus.Entry] = []
    var next = 0
    while result.count < count {
      let entry = frames[next % frames.count]
      next += 1
      switch random.below(10) {
      case 0: result += [entry, entry]
      case 1: next += 1 + random.below(5)
      case 2: result.insert(entry, at: max(0, result.count - random.below(4)))
      case 3: result.append(frames[random.below(frames.count)])
      case 4 where random.below(8) == 0:
        let start = random.below(frames.count)
        result += frames[start..<min(frames.count, start + 20)].reversed()
      default: result.append(entry)
      }
    }
    return result
  }
}
