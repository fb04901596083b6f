// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR
internal import SourceDiagnostics

/// Judges a task's terms.
extension TaskChecker {
  mutating func terms(_ syntax: TaskSyntax) -> [VendorFunction] {
    var terms: [VendorFunction] = []
    for written in syntax.terms {
      if let first = syntax.terms.first(where: { $0.value.name.value == written.value.name.value }),
        first.range != written.range
      {
        report(
          written.value.name.range, "a second term '\(written.value.name.value)'", help: "give each a name of its own")
      } else if let term = term(written) {
        terms.append(term)
      }
    }
    return terms
  }

  private mutating func term(_ written: Located<TaskSyntax.Term>) -> VendorFunction? {
    let term = written.value
    let signature: HookSignature
    do throws(HookSignatureError) { signature = try HookSignature(parsing: term.signature.value) } catch {
      report(term.signature.range, error.description, help: "write it as: \(Clause.term.example)")
      return nil
    }
    guard let digest = Digest(hexadecimal: term.digest.value) else {
      report(
        term.digest.range, "a SHA-256 digest has 64 lower-case hexadecimal digits",
        help: "sha256sum \(term.file.value) prints it")
      return nil
    }
    var values: [Int64] = []
    for value in term.values {
      guard let number = Int64(value.value) else {
        report(value.range, "'\(value.value)' is no integer of 64 bits", help: "write it as: values 25 -3")
        return nil
      }
      values.append(number)
    }
    do throws(RecordError) {
      return try VendorFunction(
        name: term.name.value, file: term.file.value, library: digest, symbol: term.symbol.value, signature: signature,
        values: values)
    } catch {
      let range =
        switch error.path {
        case "name": term.name.range
        case "library": term.file.range
        case "symbol": term.symbol.range
        default: term.values.first?.range ?? term.signature.range
        }
      report(range, error.reason, help: "write it as: \(Clause.term.example)")
      return nil
    }
  }
}
