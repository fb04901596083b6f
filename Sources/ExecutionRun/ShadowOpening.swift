// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import ExecutionIR
internal import Feeds
internal import RunJournal

/// A feed's shadow as the record needs it; its session is set up as the feed's own.
struct ShadowSetup: Sendable {
  let adapter: AdapterModule
  /// What its worker had given up; nil in process.
  let sandbox: SandboxLevel?
  let promoteAfter: UInt64?
}

/// One `--shadow [VENUE=]ADAPTER`. VENUE ends at the first `=`; a path that begins like one is written with `./`.
private struct ShadowOption {
  let venue: String?
  let adapter: String

  init(_ text: String) {
    if let equals = text.firstIndex(of: "="), FeedOptions.isVenue(String(text[..<equals])) {
      venue = String(text[..<equals])
      adapter = String(text[text.index(after: equals)...])
    } else {
      venue = nil
      adapter = text
    }
  }
}

extension FeedOpening {
  /// Opens the shadows that a request names and gives them to the lanes that they are for.
  mutating func openShadows(
    _ request: RunRequest, _ lanes: [FeedLane], _ setups: inout [FeedSetup], _ earlier: EarlierEnds
  ) throws(RunError) {
    guard !request.shadows.isEmpty else {
      guard request.promoteAfter == nil else { throw .usage("--promote-after is given without a --shadow") }
      return
    }
    for text in request.shadows {
      let option = ShadowOption(text)
      let name = try image(option.adapter).manifest.name
      let fitting = setups.indices.filter { index in
        guard let venue = option.venue else { return setups[index].adapter.manifest.name == name }
        return lanes[index].venue == venue
      }
      guard !fitting.isEmpty else {
        let reason =
          option.venue.map { "no feed has the venue \($0)" }
          ?? "no feed's adapter is called \(name); name the feed it is for: --shadow VENUE=\(option.adapter)"
        throw .usage("--shadow \(text): \(reason)")
      }
      for index in fitting {
        guard setups[index].shadow == nil else {
          throw .usage("--shadow \(text): feed \(index) (\(lanes[index].venue)) has a shadow already")
        }
        try openShadow(text, option.adapter, lanes[index], &setups[index], request.promoteAfter, earlier.failedShadows)
      }
    }
  }

  private func image(_ nameOrPath: String) throws(RunError) -> AdapterImage {
    do throws(AdapterError) { return try locator.image(of: nameOrPath) } catch { throw .adapter(error) }
  }

  private mutating func openShadow(
    _ text: String, _ nameOrPath: String, _ lane: FeedLane, _ setup: inout FeedSetup, _ promoteAfter: UInt64?,
    _ failed: [ShadowRecord]
  ) throws(RunError) {
    let module = try adapter(nameOrPath, settings: setup.session.settings)
    guard module.image.digest != setup.adapter.image.digest else {
      throw .usage(
        "--shadow \(text): it is the very adapter of feed \(lane.index) (\(lane.venue)), sha256:\(module.image.digestText)"
      )
    }
    if setup.options.venueLatency != nil, !module.manifest.hasFrameTime {
      throw .usage(
        "--shadow \(text): feed \(lane.index) (\(lane.venue)) takes frames' times from its adapter, and "
          + "\(module.manifest.name) \(module.manifest.version) does not tell them")
    }
    if module.manifest.hasFrameTime, setup.zoneDigest == nil {
      throw .usage(
        "--shadow \(text): the times of \(module.manifest.name) \(module.manifest.version) have no date; add "
          + "date=YYYY-MM-DD,zone=America/New_York (the day and the venue's zone) to feed \(lane.index) (\(lane.venue))"
      )
    }
    let session: AdapterSession
    do throws(AdapterError) { session = try AdapterSession(module, setup.session) } catch { throw .adapter(error) }
    let sandbox = session.sandbox
    try check(sandbox, module.manifest)
    let subject = ShadowSession.Subject(
      feed: lane.index, venue: lane.venue, adapter: Digest(bytes: setup.adapter.image.digest)!,
      shadow: Digest(bytes: module.image.digest)!)
    lane.follow(
      ShadowSession(
        subject, session: session, venueLatency: setup.options.venueLatency, promoteAfter: promoteAfter,
        failedBefore: failed.first { $0.feed == UInt32(lane.index) && $0.shadow == subject.shadow }))
    setup.shadow = ShadowSetup(adapter: module, sandbox: sandbox, promoteAfter: promoteAfter)
  }
}
