// SPDX-License-Identifier: Apache-2.0

/// Writes HTML: text is escaped, markup is only ever a literal of this room.
struct Page {
  private(set) var out = ""

  static let style = """
    :root{color-scheme:light dark;--ink:#1b1f24;--soft:#667;--line:#d9dde3;--paper:#fff;--plan:#b9c4d3;--fill:#1f6feb;\
    --good:#1a7f4b;--bad:#c0342b}\
    @media(prefers-color-scheme:dark){:root{--ink:#e6e9ee;--soft:#98a2b3;--line:#333b46;--paper:#12161c;--plan:#4a5668;\
    --fill:#6aa6ff;--good:#4cc38a;--bad:#ff7b72}}\
    body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}\
    main{max-width:1060px;margin:0 auto;padding:32px 24px}h1{font-size:26px;margin:28px 0 12px}\
    h2{font-size:17px;margin:36px 0 8px}section{border-left:4px solid var(--good);padding:2px 18px}\
    section.bad{border-color:var(--bad)}.verdict{font-size:20px;font-weight:600;margin:4px 0}\
    div.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;margin:8px 0 14px;font-size:13px;\
    font-variant-numeric:tabular-nums}th{text-align:left;color:var(--soft);font-weight:500}\
    th,td{padding:5px 14px 5px 0;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}\
    svg{width:100%;height:auto}.planned{fill:var(--plan)}.filled,.fill{fill:var(--fill)}\
    .mid{fill:none;stroke:var(--soft);stroke-width:1.5}.note,li{color:var(--soft)}\
    @media print{body{font-size:11px}main{max-width:none;padding:0}tr,svg{break-inside:avoid}}
    """

  mutating func raw(_ markup: String) { out += markup }

  mutating func text(_ text: String) {
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": out += "&amp;"
      case "<": out += "&lt;"
      case ">": out += "&gt;"
      case "\"": out += "&quot;"
      case "'": out += "&#39;"
      default: out.unicodeScalars.append(scalar.value < 32 ? " " : scalar)
      }
    }
  }

  mutating func heading(_ level: Int, _ words: String) {
    raw("<h\(level)>")
    text(words)
    raw("</h\(level)>")
  }

  mutating func paragraph(_ words: String) {
    raw("<p>")
    text(words)
    raw("</p>")
  }

  mutating func list(_ items: [String]) {
    guard !items.isEmpty else { return }
    raw("<ul>")
    for item in items {
      raw("<li>")
      text(item)
      raw("</li>")
    }
    raw("</ul>")
  }

  mutating func table(_ head: [String], _ rows: [[String]]) {
    raw("<div class=\"wide\"><table><thead><tr>")
    for cell in head {
      raw("<th>")
      text(cell)
      raw("</th>")
    }
    raw("</tr></thead><tbody>")
    for row in rows {
      raw("<tr>")
      for cell in row {
        raw("<td>")
        text(cell)
        raw("</td>")
      }
      raw("</tr>")
    }
    raw("</tbody></table></div>")
  }
}
