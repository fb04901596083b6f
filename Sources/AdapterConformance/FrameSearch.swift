// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import CExProveABI
internal import EventFlow

/// Finds frames that an adapter takes, knowing nothing but what it answers: a MALFORMED event tells the byte that is
/// wrong, so a frame can be grown and mended until it passes.
struct FrameSearch {
  let session: TrialSession
  let maxEvents: Int
  var found: [Corpus.Entry] = []
  var tried = 0

  /// Longest frame, and the most frames tried for one beginning.
  private static let lengthLimit = 96
  private static let stepLimit = 400
  /// Frames in all; more teach nothing.
  private static let triesLimit = 150_000
  /// Further ones for each place at which the type may stand besides the first.
  private static let triesPerPlace = 40_000
  private static let foundLimit = 400

  /// What a frame of one message type is filled with at first.
  private static let fills: [UInt8] = [0, 1, 0x20, 0x30, 0x41]

  private enum Answer {
    case taken
    case unknown
    case malformed(reason: UInt16, offset: Int)
    case halted
  }

  mutating func run(flags: FrameFlags) {
    // Most venues' messages begin with their type; where none is taken, it may stand further behind.
    for place in 0...8 {
      // Twice, because what was found in the first round (definitions) opens the way for the second.
      let limit = place == 0 ? FrameSearch.triesLimit : tried + FrameSearch.triesPerPlace
      for round in 0..<2 where round == 0 || !found.isEmpty {
        for type in 0..<256 where tried < limit && found.count < FrameSearch.foundLimit {
          for fill in FrameSearch.fills {
            if !mend([UInt8](repeating: fill, count: place) + [UInt8(type)], fill, flags) { break }
          }
        }
      }
      if !found.isEmpty { return }
    }
  }

  private mutating func ask(_ bytes: [UInt8], _ flags: FrameFlags) -> Answer {
    tried += 1
    let stream = session.decode([Corpus.Entry(bytes: bytes, flags: flags)], .init(frames: 1))
    if stream.halt != nil { return .halted }
    var answer = Answer.unknown
    for event in stream.events {
      switch event.eventKind {
      case .unknown, .gap: continue
      case .malformed: return .malformed(reason: event.level, offset: Int(clamping: event.aux))
      default: answer = .taken
      }
    }
    return answer
  }

  /// Grows and mends a frame of one type. False when the type is not known, so that other fills are no use.
  private mutating func mend(_ beginning: [UInt8], _ fill: UInt8, _ flags: FrameFlags) -> Bool {
    var bytes = beginning
    var offset = -1
    var candidate = 0
    var steps = 0
    while steps < FrameSearch.stepLimit, bytes.count <= FrameSearch.lengthLimit {
      steps += 1
      switch ask(bytes, flags) {
      case .taken:
        found.append(Corpus.Entry(bytes: bytes, flags: flags))
        return true
      case .unknown: return steps > 1
      case .halted: return false
      case .malformed(let reason, let place):
        switch reason {
        case 1:
          bytes += [UInt8](repeating: fill, count: max(1, min(place - bytes.count, 64)))
          offset = -1
        case 2 where place > 0 && place < bytes.count: bytes.removeLast(bytes.count - place)
        case 2: return true
        default:
          guard place < bytes.count else {
            bytes.append(fill)
            continue
          }
          // Every other value of the byte that is wrong; of a number that is out of range all bytes are cleared.
          if place != offset {
            offset = place
            candidate = 0
            if reason == 4 {
              for index in place..<min(bytes.count, place + 8) { bytes[index] = 0 }
              continue
            }
          }
          guard candidate < 256 else { return true }
          bytes[place] = UInt8(candidate)
          candidate += 1
        }
      }
    }
    return true
  }
}

extension Trial {
  func malformedSearch() throws -> String {
    let adapter = try load()
    var tried = 0
    var lines: [String] = []
    var sum = 0
    for session in try openings(adapter) {
      let configuration = session.configuration
      let isKnown = corpus.groups.contains {
        $0.framing == configuration.framing && $0.channel == configuration.channel && !$0.frames.isEmpty
      }
      let directions: [FrameFlags] = configuration.channel == .orderEntry ? [.outbound, []] : [[]]
      var found: [Corpus.Entry] = []
      for flags in directions {
        var search = FrameSearch(session: session, maxEvents: manifest.maxEvents)
        search.run(flags: flags)
        tried += search.tried
        found += search.found
      }
      found += try encodedOrders(adapter, session)
      session.close()
      sum += found.count
      lines.append("\(found.count) of \(configuration.framing.name)/\(configuration.channel.name)")
      // A capture's frames are better than found ones.
      guard !isKnown else { continue }
      // Even frames that are all refused must be refused alike, within bounds and so on.
      if found.isEmpty { found = blindFrames() }
      // At once, so that it is not lost when the next session falls over.
      var product = Corpus()
      product.groups.append(
        .init(framing: configuration.framing, channel: configuration.channel, isReal: false, frames: found))
      ChildProcess.write(product.encoded, to: ChildProcess.Descriptor.product)
    }
    guard sum > 0 || corpus.groups.contains(where: { !$0.frames.isEmpty }) else {
      throw Finding.skip(
        "\(tried) frames tried, and none is taken: the other checks know none that it takes; give a capture with --capture"
      )
    }
    return "\(tried) frames tried; taken: \(lines.joined(separator: ", "))"
  }

  /// What the adapter itself makes of orders: on the order-entry channel its own words are the best frames.
  private func encodedOrders(_ adapter: LoadedAdapter, _ session: TrialSession) throws -> [Corpus.Entry] {
    guard session.configuration.channel == .orderEntry, let entry = unsafe try adapter.orderEntry() else { return [] }
    var found: [Corpus.Entry] = []
    for order in sampleOrders {
      guard let record = order.record else { continue }
      var out = [UInt8](repeating: 0, count: Int(entry.max_size))
      let (status, _, size) = unsafe session.encode(entry, record, into: &out, capacity: out.count)
      guard status == Status.ok, (1...out.count).contains(size) else { continue }
      found.append(Corpus.Entry(bytes: Array(out.prefix(size)), flags: .outbound))
    }
    return found
  }

  /// Bytes and text of every look, none of which is meant to be taken.
  private func blindFrames() -> [Corpus.Entry] {
    let words = [
      "{\"e\":\"trade\",\"p\":\"1.5\"}", "{}", "[1,2]", "8=FIX.4.2|9=5|35=0|10=000|", "{\"type\":\"l2update\"}",
      "A,1,2,3",
    ]
    return (0..<200).map { index in
      let bytes =
        index % 2 == 0
        ? Array(words[random.below(words.count)].utf8) : (0...random.below(60)).map { _ in random.byte() }
      return Corpus.Entry(bytes: bytes)
    }
  }
}
