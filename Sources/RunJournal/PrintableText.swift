// SPDX-License-Identifier: Apache-2.0

/// `text` with every character that could steer a terminal or hide what is written (controls, line ends, marks of
/// direction) as its number: names in a run directory may be anybody's.
package func printable(_ text: String) -> String {
  var result = ""
  for scalar in text.unicodeScalars {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator:
      result += "\\u{" + String(scalar.value, radix: 16) + "}"
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result
}
