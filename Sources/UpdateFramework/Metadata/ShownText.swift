// SPDX-License-Identifier: Apache-2.0

/// A message in which there may be text of a repository's: what could steer a terminal stands as its number, and what is very long
/// is cut.
struct ShownText {
  private static let longest = 2_000

  let text: String

  init(_ message: String) {
    var shown = String.UnicodeScalarView()
    var count = 0
    for scalar in message.unicodeScalars {
      guard count < ShownText.longest else {
        shown.append(contentsOf: "…".unicodeScalars)
        break
      }
      count += 1
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator:
        shown.append(contentsOf: "\\u{\(String(scalar.value, radix: 16))}".unicodeScalars)
      default: shown.append(scalar)
      }
    }
    text = String(shown)
  }
}
