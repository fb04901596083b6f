// SPDX-License-Identifier: Apache-2.0

internal import AdapterConformance
internal import AdapterHost
internal import BrokenAdapters
internal import Foundation
internal import Testing

/// `sdk-c/RULES.md` and the code tell of the same rules.
@Suite struct RuleDocumentTests {
  private struct Row {
    var id: String
    var text: String
    var check: String
  }

  private func rows() throws -> [Row] {
    let text = try String(contentsOfFile: "\(Workshop.root)/sdk-c/RULES.md", encoding: .utf8)
    return text.split(separator: "\n").filter { $0.hasPrefix("| XP-A-") }.compactMap { line in
      let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      guard cells.count == 4 else {
        Issue.record("not four cells: \(line)")
        return nil
      }
      return Row(id: cells[0], text: "\(cells[1]) | \(cells[2])", check: String(cells[3].dropFirst().dropLast()))
    }
  }

  @Test func numbersAreThereOnceAndInOrder() throws {
    let ids = try rows().map(\.id)
    #expect(ids == ids.sorted() && Set(ids).count == ids.count)
    #expect(ids.allSatisfy { $0.count == 8 && Int($0.dropFirst(5)) != nil })
  }

  @Test func eachRuleOfTheCodeIsInTheDocumentInItsOwnWords() throws {
    let rows = try rows()
    let code =
      StaticRule.allCases.map { ($0.id, $0.reason) } + ContractRule.allCases.map { ($0.id, $0.reason) }
      + ExtensionRule.allCases.map { ($0.id, $0.reason) }
    #expect(Set(code.map(\.0)).count == code.count)
    for (id, reason) in code {
      #expect(rows.contains { $0.id == id && $0.text.contains(reason) }, "\(id): \(reason)")
    }
    // And the reverse, for the ranges that are the code's.
    let known = Set(code.map(\.0))
    for row in rows where ("XP-A-300"..<"XP-A-400").contains(row.id) || row.id > "XP-A-700" {
      #expect(known.contains(row.id), "\(row.id) is no rule of the code")
    }
  }

  @Test func eachCheckFindsARuleAndEachRuleHasItsCheck() throws {
    let named = Set(try rows().map(\.check))
    for check in ConformanceCheck.allCases { #expect(named.contains(check.id), "no rule names \(check.id)") }
    for id in named { #expect(ConformanceCheck(rawValue: id) != nil, "\(id) is no check") }
  }

  /// What headers, sources and messages refer to is there.
  @Test func everyNumberThatIsReferredToIsThere() throws {
    let ids = Set(try rows().map(\.id))
    var seen = 0
    for folder in ["sdk-c", "Sources", "Plugins"] {
      let root = URL(fileURLWithPath: "\(Workshop.root)/\(folder)")
      let files = FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil)
      while let file = files?.nextObject() as? URL {
        guard ["h", "hpp", "c", "cpp", "rs", "swift", "md"].contains(file.pathExtension),
          let text = try? String(contentsOf: file, encoding: .utf8)
        else { continue }
        for part in text.components(separatedBy: "XP-A-").dropFirst() {
          let digits = part.prefix(3)
          guard digits.count == 3, digits.allSatisfy(\.isNumber) else { continue }
          seen += 1
          #expect(ids.contains("XP-A-\(digits)"), "\(file.path): XP-A-\(digits)")
        }
      }
    }
    #expect(seen > 100)
  }
}
