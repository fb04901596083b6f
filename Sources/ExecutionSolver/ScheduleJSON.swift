// SPDX-License-Identifier: Apache-2.0

package import ExecutionIR

extension ScheduleProblem {
  /// Reads a problem as `exprove plan --problem` takes it: `slices`, `venues`, `lots`, `impact` and `cap` as one row per
  /// slice, `fee` as one value per venue or one row per slice, `risk` as one value or one per slice; and, where
  /// wanted, `floor`, `slice_cap`, `target` and `tracking`. `name`, `about`, `lot` and `optimum` may stand there and decide
  /// nothing. An integer too wide for a JSON number stands as a string of digits.
  package init(json: JSON) throws(ScheduleError) {
    do {
      let reader = try RecordReader(
        json, path: "",
        keys: [
          "name", "about", "slices", "venues", "lots", "lot", "impact", "fee", "cap", "floor", "risk", "slice_cap",
          "target", "tracking", "optimum",
        ])
      let slices: Int = try reader.integer("slices", in: 1...ScheduleProblem.mostSlices)
      let venues: Int = try reader.integer("venues", in: 1...ScheduleProblem.mostVenues)
      let fee: [Int128] =
        try reader.isNested("fee")
        ? try reader.rows("fee", slices, venues)
        : try Array(repeatElement(reader.row("fee", venues), count: slices).joined())
      let risk: [Int128] =
        try reader.value("risk").elements != nil
        ? try reader.row("risk", slices) : [Int128](repeating: try reader.integer("risk"), count: slices)
      try self.init(
        slices: slices, venues: venues, lots: reader.integer("lots"), impact: reader.rows("impact", slices, venues),
        fee: fee, cap: reader.rows("cap", slices, venues),
        floor: reader.has("floor") ? reader.rows("floor", slices, venues) : nil, risk: risk,
        sliceCap: reader.has("slice_cap") ? reader.row("slice_cap", slices) : nil,
        target: reader.has("target") ? reader.row("target", slices) : nil,
        tracking: reader.has("tracking") ? reader.integer("tracking") : 0)
    } catch let error as RecordError {
      throw .invalid(path: error.path, reason: error.reason)
    } catch let error as ScheduleError {
      throw error
    } catch {
      throw .invalid(path: "", reason: "\(error)")
    }
  }
}

extension ScheduleSolution {
  /// What `exprove plan --problem --json` prints; `quantities` has one row per slice.
  package func json(for problem: ScheduleProblem) -> JSON {
    let analysis = problem.analysis(of: self)
    var members: [String: JSON] = [
      "objective": .wide(objective), "optimal": .bool(optimal),
      "quantities": .array(
        (0..<problem.slices).map { slice in
          .array(quantities[slice * problem.venues..<(slice + 1) * problem.venues].map { .wide($0) })
        }),
      "terms": .object([
        "impact": .wide(terms.impact), "fees": .wide(terms.fees), "risk": .wide(terms.risk),
        "tracking": .wide(terms.tracking),
      ]),
      "binding": .array(
        analysis.bindings.map { binding in
          var members: [String: JSON] = [
            "slice": .integer(Int64(binding.slice)), "cap": .wide(binding.cap), "worth": .wide(binding.worth),
          ]
          if let venue = binding.venue { members["venue"] = .integer(Int64(venue)) }
          return .object(members)
        }),
    ]
    if let lower = analysis.lower, let upper = analysis.upper {
      members["multiplier"] = .object(["lower": .wide(lower), "upper": .wide(upper)])
    }
    if let runnerUp {
      members["runner_up"] = .object([
        "from": runnerUp.from.json, "to": runnerUp.to.json, "costs_more": .wide(runnerUp.cost),
      ])
    }
    return .object(members)
  }
}

extension ScheduleCell {
  fileprivate var json: JSON { .object(["slice": .integer(Int64(slice)), "venue": .integer(Int64(venue))]) }
}

extension RecordReader {
  fileprivate func isNested(_ key: String) throws(RecordError) -> Bool {
    try value(key).elements?.first?.elements != nil
  }

  /// `count` integers.
  fileprivate func row<T: FixedWidthInteger>(_ key: String, _ count: Int) throws(RecordError) -> [T] {
    try RecordReader.row(value(key), path: at(key), count)
  }

  /// `rows` times `columns` integers, row by row.
  fileprivate func rows<T: FixedWidthInteger>(_ key: String, _ rows: Int, _ columns: Int) throws(RecordError) -> [T] {
    let lists = try list(key) { (json, path) throws(RecordError) -> [T] in
      try RecordReader.row(json, path: path, columns)
    }
    guard lists.count == rows else { throw error(key, "\(lists.count) rows, not \(rows)") }
    return Array(lists.joined())
  }

  private static func row<T: FixedWidthInteger>(_ json: JSON, path: String, _ count: Int) throws(RecordError) -> [T] {
    guard let elements = json.elements else { throw RecordError(path: path, reason: "an array is expected here") }
    guard elements.count == count else {
      throw RecordError(path: path, reason: "\(elements.count) values, not \(count)")
    }
    var values: [T] = []
    values.reserveCapacity(count)
    for (index, element) in elements.enumerated() {
      guard let value: T = element.integer() else {
        throw RecordError(
          path: "\(path)[\(index)]",
          reason: "an integer of at most \(T.bitWidth) bits is expected here, as a number or as a string of digits")
      }
      values.append(value)
    }
    return values
  }
}
