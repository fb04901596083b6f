// SPDX-License-Identifier: Apache-2.0

internal import EventFlow
internal import ExecutionIR
internal import RunJournal

/// Holds what a journal says of shadows against what the recorded adapters give. That a shadow failed is taken as it is
/// recorded, since its cause may have been outside; that it gave an equal stream until then is not.
struct ShadowReplay {
  private var course: ShadowCourse
  /// A difference that the next frame must show.
  private var expected: ShadowRecord?

  init(_ description: RunDescription) {
    course = ShadowCourse(description)
  }

  /// Takes the journal's next input; the reason when it cannot be so. `decoders` are nil where no adapter runs.
  mutating func take(_ input: JSON, _ decoders: [FrameDecoder?]) -> String? {
    if let reason = course.take(input) { return reason }
    guard ShadowRecord.body(of: input) != nil, let record = course.pending, let decoder = decoders[Int(record.feed)]
    else { return nil }
    switch record.outcome {
    case .differs: expected = record
    case .failed: decoder.endShadow(isPromoted: false)
    case .promoted: decoder.endShadow(isPromoted: true)
    }
    return nil
  }

  /// Takes the journal's next batch.
  mutating func take(_ batch: borrowing EventBatch) -> String? { course.take(batch) }

  /// Asked after a frame of `feed` was decoded.
  mutating func check(_ decoder: FrameDecoder, feed: Int) -> String? {
    guard let found = decoder.takeShadowRecord() else {
      guard let expected, Int(expected.feed) == feed else { return nil }
      self.expected = nil
      return "its shadow is recorded to differ here, and gives the same"
    }
    guard found != expected else {
      expected = nil
      return nil
    }
    let isOther = expected?.feed == found.feed && expected?.place == found.place
    switch found.outcome {
    case .failed(let reason):
      return "its shadow fails at frame \(found.place.ordinal), which is not recorded: \(reason)"
    default:
      return "its shadow differs at frame \(found.place.ordinal) (byte \(found.place.offset)), "
        + (isOther ? "and otherwise than recorded" : "which is not recorded")
    }
  }
}
