// SPDX-License-Identifier: Apache-2.0

/// HTML under way. Elements and the keys of attributes are literals of the code that writes it; every other text is escaped
/// on its way, so that nothing which a run, a vendor or another stranger says can become markup.
package protocol EscapedMarkup {
  /// What is written so far. Only what is markup already may be added by other means than the methods below.
  var out: String { get set }
}

/// The value of an attribute.
package enum AttributeValue: ExpressibleByStringLiteral, ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral {
  case text(String)
  case number(Int)

  package init(stringLiteral value: String) { self = .text(value) }
  package init(integerLiteral value: Int) { self = .number(value) }
}

package typealias MarkupAttributes = KeyValuePairs<StaticString, AttributeValue>

extension EscapedMarkup {
  /// A style sheet of the page's room.
  package mutating func style(_ sheet: StaticString) { out += "<style>\(sheet)</style>\n" }

  /// Characters that do not show, or that turn the direction of what does, are shown by their numbers; line ends and tabs
  /// stay where the text is one of several lines.
  package mutating func text(_ text: String, lines: Bool = false) {
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": out += "&amp;"
      case "<": out += "&lt;"
      case ">": out += "&gt;"
      case "\"": out += "&quot;"
      case "'": out += "&#39;"
      case "\n" where lines, "\t" where lines: out.unicodeScalars.append(scalar)
      default:
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned:
          out += "\\u{" + String(scalar.value, radix: 16) + "}"
        default: out.unicodeScalars.append(scalar)
        }
      }
    }
  }

  private mutating func open(_ name: StaticString, _ attributes: MarkupAttributes) {
    out += "<\(name)"
    for (key, value) in attributes {
      out += " \(key)=\""
      switch value {
      case .text(let value): text(value)
      case .number(let value): out += String(value)
      }
      out += "\""
    }
    out += ">"
  }

  /// `<name …>body</name>`
  package mutating func element(_ name: StaticString, _ attributes: MarkupAttributes, _ body: (inout Self) -> Void) {
    open(name, attributes)
    body(&self)
    out += "</\(name)>"
  }

  package mutating func element(_ name: StaticString, _ body: (inout Self) -> Void) { element(name, [:], body) }

  package mutating func element(_ name: StaticString, _ attributes: MarkupAttributes, _ words: String) {
    element(name, attributes) { $0.text(words) }
  }

  package mutating func element(_ name: StaticString, _ words: String) { element(name, [:], words) }

  /// An element that has no end, such as `meta`.
  package mutating func void(_ name: StaticString, _ attributes: MarkupAttributes = [:]) { open(name, attributes) }
}
