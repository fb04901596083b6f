// SPDX-License-Identifier: Apache-2.0

package import ExecutionIR

extension JSON {
  /// The bytes that TUF's signatures and key ids are made over: OLPC's canonical JSON. Keys are sorted by code points, only
  /// quotes and backslashes are escaped, and all other characters stand as they are, control characters too. So it is not
  /// RFC 8785, and what holds a bare line break is no JSON: files are written as `canonical`.
  package var canonicalForSigning: [UInt8] {
    var out: [UInt8] = []
    writeForSigning(to: &out)
    return out
  }

  private func writeForSigning(to out: inout [UInt8]) {
    switch self {
    case .null, .bool, .integer: write(to: &out)
    case .string(let text): JSON.writeForSigning(text, to: &out)
    case .array(let values):
      out.append(UInt8(ascii: "["))
      for (index, value) in values.enumerated() {
        if index > 0 { out.append(UInt8(ascii: ",")) }
        value.writeForSigning(to: &out)
      }
      out.append(UInt8(ascii: "]"))
    case .object(let members):
      out.append(UInt8(ascii: "{"))
      // The order of UTF-8 bytes is that of code points; that of `String` is another.
      let sorted = members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
      for (index, member) in sorted.enumerated() {
        if index > 0 { out.append(UInt8(ascii: ",")) }
        JSON.writeForSigning(member.key, to: &out)
        out.append(UInt8(ascii: ":"))
        member.value.writeForSigning(to: &out)
      }
      out.append(UInt8(ascii: "}"))
    }
  }

  private static func writeForSigning(_ text: String, to out: inout [UInt8]) {
    let (quote, backslash) = (UInt8(ascii: "\""), UInt8(ascii: "\\"))
    out.append(quote)
    if text.utf8.contains(where: { $0 == quote || $0 == backslash }) {
      for byte in text.utf8 {
        if byte == quote || byte == backslash { out.append(backslash) }
        out.append(byte)
      }
    } else {
      out.append(contentsOf: text.utf8)
    }
    out.append(quote)
  }
}
