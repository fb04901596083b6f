// SPDX-License-Identifier: Apache-2.0

import ExecutionIR
import RunJournal

extension Console {
  /// What became of a second version that ran along, as a verification has it. The texts may be a stranger's.
  ///
  /// - Parameter directory: where to look on; nil for who wants all of it here.
  static func print(shadow: JSON, directory: String?) {
    let feed = "\(number(shadow["feed"])) (\(printable(shadow["venue"]?.text ?? "")))"
    let record = shadow["record"] ?? .null
    let frames = number(shadow["equal_frames"])
    let place = "frame \(number(record["frame"]?["ordinal"])) (byte \(number(record["frame"]?["offset"])))"
    var text = "shadow: feed \(feed): \(name(shadow["shadow"])) "
    switch shadow["outcome"]?.text {
    case "promoted": text += "took over from \(name(shadow["adapter"])) at \(place), after \(frames) equal frames"
    case "differs":
      text += "differs from \(name(shadow["adapter"])) at \(place)"
      text += record["event"]?.isNull ?? true ? ", in the frame's time" : ", event \(number(record["event"]))"
    case "failed":
      text += "failed behind \(frames) equal frames, at \(place): \(printable(record["reason"]?.text ?? ""))"
    default: text += "gives the same as \(name(shadow["adapter"])) over \(frames) frames"
    }
    guard shadow["outcome"]?.text == "differs" else { return print(text) }
    if let directory { return print(text + "; look at it with: exprove verify \(directory)") }
    print(text)
    let length = number(record["frame"]?["length"])
    let bytes = record["bytes"]?.text ?? ""
    let isWhole = record["frame"]?["length"]?.integer(as: Int.self) == bytes.utf8.count / 2
    print("  bytes: \(printable(bytes))\(isWhole ? "" : "… of \(length)")")
    print("  adapter gives: \(given(record["adapter_gives"]))")
    print("  shadow gives: \(given(record["shadow_gives"]))")
  }

  private static func given(_ value: JSON?) -> String {
    guard let value, !value.isNull else { return "none" }
    return printable(String(decoding: (value["line"] ?? value).canonical, as: UTF8.self))
  }

  private static func name(_ adapter: JSON?) -> String {
    printable("\(adapter?["name"]?.text ?? "?") \(adapter?["version"]?.text ?? "?")")
  }

  private static func number(_ value: JSON?) -> String {
    (value?.integer() as UInt64?).map { String($0) } ?? "?"
  }
}
