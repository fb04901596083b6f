// SPDX-License-Identifier: Apache-2.0

internal import EscapedMarkup

/// A page of a marketplace's index.
struct MarkupWriter: EscapedMarkup {
  var out = "<!doctype html>\n"

  /// Text of several lines as it stands.
  mutating func block(_ words: String) { element("pre") { $0.text(words, lines: true) } }

  mutating func line() { out += "\n" }

  /// A table; its first column heads the rows.
  mutating func table(_ head: [String], _ rows: [[String]]) {
    element("table") { page in
      page.element("thead") { page in
        page.element("tr") { page in for title in head { page.element("th", ["scope": "col"], title) } }
      }
      page.element("tbody") { page in
        for row in rows {
          page.line()
          page.element("tr") { page in for cell in row { page.element("td", cell) } }
        }
      }
    }
  }

  /// A whole page.
  static func page(title: String, _ body: (inout MarkupWriter) -> Void) -> [UInt8] {
    var page = MarkupWriter()
    page.element("html", ["lang": "en"]) { page in
      page.line()
      page.element("head") { page in
        page.void("meta", ["charset": "utf-8"])
        page.void("meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"])
        page.void(
          "meta",
          [
            "http-equiv": "Content-Security-Policy",
            "content": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
          ])
        page.element("title", title)
        page.style(sheet)
      }
      page.line()
      page.element("body") { page in page.element("main") { body(&$0) } }
    }
    page.line()
    return Array(page.out.utf8)
  }

  private static let sheet: StaticString = """
    :root{color-scheme:light dark;--line:#8884;--dim:#777;--bad:#b3261e}
    body{margin:0;font:16px/1.5 system-ui,sans-serif}
    main{max-width:60rem;margin:0 auto;padding:2rem 1rem}
    h1{font-size:1.6rem;margin:0 0 .25rem}h2{font-size:1.1rem;margin:2rem 0 .5rem}
    table{border-collapse:collapse;width:100%;font-size:.9rem}
    th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid var(--line);
    overflow-wrap:anywhere}
    pre{padding:.75rem;border:1px solid var(--line);overflow-x:auto;font-size:.85rem}
    .note{color:var(--dim);font-size:.9rem}.bad{color:var(--bad)}
    """
}
