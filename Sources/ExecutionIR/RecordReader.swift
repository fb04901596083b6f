// SPDX-License-Identifier: Apache-2.0

/// Where in a record, and why, a value was refused.
public struct RecordError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The way to the value from the root of the record, such as `venues[1].symbol`; empty for the root.
  public let path: String
  public let reason: String
  public var description: String { path.isEmpty ? reason : "\(path): \(reason)" }

  package init(path: String, reason: String) {
    self.path = path
    self.reason = reason
  }
}

/// Reads a JSON object strictly: a key that the record does not know is an error, as is one that it misses.
package struct RecordReader {
  package let path: String
  private let members: [String: JSON]

  /// Takes an object with no other keys than `keys`; which of them must be there shows when they are read.
  package init(_ json: JSON, path: String, keys: [String]) throws(RecordError) {
    guard let members = json.members else { throw RecordError(path: path, reason: "an object is expected here") }
    for key in members.keys.sorted() where !keys.contains(key) {
      throw RecordError(
        path: RecordReader.join(path, key), reason: "unknown key; known here are \(keys.joined(separator: ", "))")
    }
    self.path = path
    self.members = members
  }

  package func has(_ key: String) -> Bool { members[key] != nil }

  package func at(_ key: String) -> String { RecordReader.join(path, key) }

  package func error(_ key: String, _ reason: String) -> RecordError { RecordError(path: at(key), reason: reason) }

  package func value(_ key: String) throws(RecordError) -> JSON {
    guard let value = members[key] else { throw error(key, "missing") }
    return value
  }

  package func string(_ key: String) throws(RecordError) -> String {
    guard let text = try value(key).text else { throw error(key, "a string is expected here") }
    return text
  }

  package func boolean(_ key: String) throws(RecordError) -> Bool {
    guard let value = try value(key).boolean else { throw error(key, "true or false is expected here") }
    return value
  }

  package func integer<T: FixedWidthInteger>(_ key: String, as type: T.Type = T.self) throws(RecordError) -> T {
    guard let value: T = try value(key).integer() else {
      throw error(key, "an integer of at most \(T.bitWidth) bits is expected here")
    }
    return value
  }

  /// An integer within `range`.
  package func integer<T: FixedWidthInteger>(_ key: String, in range: ClosedRange<T>) throws(RecordError) -> T {
    let value: T = try integer(key)
    guard range.contains(value) else {
      throw error(key, "\(value) is not within \(range.lowerBound)...\(range.upperBound)")
    }
    return value
  }

  package func digest(_ key: String) throws(RecordError) -> Digest {
    guard let digest = Digest(hexadecimal: try string(key)) else {
      throw error(key, "64 lower-case hexadecimal digits are expected here")
    }
    return digest
  }

  package func decimal(_ key: String) throws(RecordError) -> ExactDecimal {
    let text = try string(key)
    guard let value = try? ExactDecimal(text), value.description == text else {
      throw error(key, "a decimal in its shortest form is expected here, such as \"12.5\"")
    }
    return value
  }

  package func choice<T: RawRepresentable & CaseIterable>(_ key: String, as type: T.Type = T.self) throws(RecordError)
    -> T where T.RawValue == String
  {
    guard let value = T(rawValue: try string(key)) else {
      throw error(key, "expected one of \(T.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return value
  }

  /// The elements of an array, each read by `read`, which is given its path.
  package func list<T>(
    _ key: String, atMost limit: Int = 65_536, _ read: (JSON, String) throws(RecordError) -> T
  ) throws(RecordError) -> [T] {
    guard let elements = try value(key).elements else { throw error(key, "an array is expected here") }
    guard elements.count <= limit else { throw error(key, "more than \(limit) elements") }
    var result: [T] = []
    result.reserveCapacity(elements.count)
    for (index, element) in elements.enumerated() { result.append(try read(element, "\(at(key))[\(index)]")) }
    return result
  }

  package func integers(_ key: String, atMost limit: Int = 65_536) throws(RecordError) -> [Int64] {
    try list(key, atMost: limit) { (json, path) throws(RecordError) -> Int64 in
      guard let value: Int64 = json.integer() else {
        throw RecordError(path: path, reason: "an integer of at most 64 bits is expected here")
      }
      return value
    }
  }

  private static func join(_ path: String, _ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }
}
