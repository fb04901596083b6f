// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR

/// Reads the members of an object that may have others: TUF lets a repository add its own (section 4.1).
struct MemberReader {
  let path: String
  let members: [String: JSON]

  init(_ json: JSON, path: String) throws(RecordError) {
    guard case .object(let members) = json else {
      throw RecordError(path: path, reason: "an object is expected here")
    }
    self.path = path
    self.members = members
  }

  func at(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  func error(_ key: String, _ reason: String) -> RecordError { RecordError(path: at(key), reason: reason) }

  func value(_ key: String) throws(RecordError) -> JSON {
    guard let value = members[key] else { throw error(key, "missing") }
    return value
  }

  func object(_ key: String) throws(RecordError) -> MemberReader { try MemberReader(try value(key), path: at(key)) }

  func string(_ key: String) throws(RecordError) -> String {
    guard case .string(let text) = try value(key) else { throw error(key, "a string is expected here") }
    return text
  }

  func boolean(_ key: String) throws(RecordError) -> Bool {
    guard case .bool(let value) = try value(key) else { throw error(key, "true or false is expected here") }
    return value
  }

  /// A number, not its digits in a string: other readers of TUF take no other.
  func integer(_ key: String, atLeast least: Int64) throws(RecordError) -> Int64 {
    guard case .integer(let value) = try value(key) else { throw error(key, "an integer is expected here") }
    guard value >= least else { throw error(key, "\(value) is less than \(least)") }
    return value
  }

  func array(_ key: String) throws(RecordError) -> [JSON] {
    guard case .array(let values) = try value(key) else { throw error(key, "an array is expected here") }
    return values
  }

  func strings(_ key: String) throws(RecordError) -> [String] {
    var result: [String] = []
    for (index, element) in try array(key).enumerated() {
      guard case .string(let text) = element else {
        throw RecordError(path: "\(at(key))[\(index)]", reason: "a string is expected here")
      }
      result.append(text)
    }
    return result
  }

  /// The members in the order of their names, so that the first of several errors is always the same one.
  var sorted: [(key: String, value: JSON)] {
    members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
  }
}
