// SPDX-License-Identifier: Apache-2.0

internal import EscapedMarkup
internal import CivilTime
internal import ExecutionIR

/// Drawings as inline SVG. Coordinates are integers, tenths of a pixel, so that the same report gives the same bytes
/// everywhere.
struct Drawing {
  static let width = 9600
  let height: Int
  /// Who sees the picture alone must see this too.
  let watermark: String?
  /// For who cannot see it.
  let label: String

  func draw(on page: inout Page, _ body: (inout Page) -> Void) {
    page.element(
      "svg", ["viewBox": "0 0 \(Drawing.width) \(height)", "role": "img", "aria-label": .text(label)]
    ) { page in
      if let watermark {
        let size = min(900, height * 3 / 5)
        page.element(
          "text",
          [
            "class": "watermark", "x": .number(Drawing.width / 2), "y": .number(height / 2 + size / 3),
            "text-anchor": "middle", "font-size": .number(size),
          ], watermark)
      }
      body(&page)
    }
  }

  static func text(
    _ page: inout Page, _ words: String, x: Int, y: Int, anchor: Page.Value = "start", style: Page.Value = "tick"
  ) {
    page.element("text", ["class": style, "x": .number(x), "y": .number(y), "text-anchor": anchor], words)
  }

  static func line(_ page: inout Page, _ style: Page.Value, x1: Int, y1: Int, x2: Int, y2: Int) {
    page.element(
      "line", ["class": style, "x1": .number(x1), "y1": .number(y1), "x2": .number(x2), "y2": .number(y2)]
    ) { _ in }
  }

  static func bar(
    _ page: inout Page, _ style: Page.Value, x: Int, y: Int, width: Int, height: Int, title: String
  ) {
    page.element(
      "rect",
      ["class": style, "x": .number(x), "y": .number(y), "width": .number(width), "height": .number(height)]
    ) { $0.element("title", title) }
  }

  static func path(_ page: inout Page, _ style: Page.Value, _ data: String) {
    page.element("path", ["class": style, "d": .text(data)]) { _ in }
  }

  static func dot(_ page: inout Page, x: Int, y: Int, title: String) {
    page.element("circle", ["class": "dot", "cx": .number(x), "cy": .number(y), "r": 42]) {
      $0.element("title", title)
    }
  }

  enum Mark { case bar, line }

  /// Marks and what they stand for, in one row.
  static func legend(_ page: inout Page, x: Int, y: Int, _ entries: [(mark: Mark, style: Page.Value, words: String)]) {
    var left = x
    for entry in entries {
      switch entry.mark {
      case .bar:
        page.element(
          "rect", ["class": entry.style, "x": .number(left), "y": .number(y - 95), "width": 200, "height": 100]
        ) { _ in }
      case .line: line(&page, entry.style, x1: left, y1: y - 45, x2: left + 200, y2: y - 45)
      }
      text(&page, entry.words, x: left + 260, y: y)
      // A guess at the width of the words that errs to the wide side.
      left += 260 + entry.words.unicodeScalars.count * 68 + 240
    }
  }
}

/// Values along one axis of a drawing.
struct Axis {
  let low: Int128
  let high: Int128
  /// Where `low` and `high` stand.
  let start: Int
  let end: Int

  /// `high` is at least `low`; of both the same, everything stands at the start.
  init(low: Int128, high: Int128, from start: Int, to end: Int) {
    self.low = low
    self.high = max(low, high)
    self.start = start
    self.end = end
  }

  subscript(value: Int128) -> Int {
    let clamped = min(max(value, low), high)
    // Differences of 128-bit numbers fit 128 bits without a sign.
    var part = UInt128(truncatingIfNeeded: clamped &- low)
    var whole = UInt128(truncatingIfNeeded: high &- low)
    while whole >> 100 != 0 {
      part >>= 1
      whole >>= 1
    }
    let length = end - start
    guard whole > 0 else { return start }
    let distance = Int(part * UInt128(length.magnitude) / whole)
    return length < 0 ? start - distance : start + distance
  }

  /// Round numbers between low and high, at most about `count`: multiples of 1, 2 or 5 times a power of ten.
  func ticks(_ count: Int128) -> [Int128] {
    let whole = UInt128(truncatingIfNeeded: high &- low)
    guard whole > 0, whole >> 120 == 0, low.magnitude >> 120 == 0 else { return [low] }
    var step: Int128 = 1
    var index = 0
    while Int128(whole) / step > count {
      step = index % 3 == 1 ? step / 2 * 5 : step * 2
      index += 1
    }
    var ticks: [Int128] = []
    var tick = low / step * step
    if tick < low { tick += step }
    while tick <= high {
      ticks.append(tick)
      tick += step
    }
    return ticks
  }
}

/// Times for people.
enum PageTime {
  /// `2024-08-08 23:55:00 UTC`, with as many decimals as it has.
  static func moment(_ time: Int64) -> String {
    let text = TimeText.utc(time)
    return "\(text.prefix(10)) \(seconds(text)) UTC"
  }

  /// The time of day, UTC: `23:55:00.123`.
  static func time(_ time: Int64) -> String { seconds(TimeText.utc(time)) }

  /// The time of day to the nanosecond.
  static func exact(_ time: Int64) -> String { String(TimeText.utc(time).dropFirst(11).dropLast()) }

  private static func seconds(_ text: String) -> String {
    var time = Array(text.utf8.dropFirst(11).dropLast())
    while time.last == UInt8(ascii: "0") { time.removeLast() }
    if time.last == UInt8(ascii: ".") { time.removeLast() }
    return String(decoding: time, as: UTF8.self)
  }
}
