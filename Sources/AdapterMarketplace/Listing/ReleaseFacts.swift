// SPDX-License-Identifier: Apache-2.0

package import ExecutionIR

/// What a vendor's signed metadata say of an adapter's file besides its length and digest: the target's `custom` object.
package struct ReleaseFacts: Equatable, Sendable {
  /// A contract by name and digest.
  package struct Contract: Equatable, Sendable {
    package let name: String
    package let digest: Digest
    package init(name: String, digest: Digest) {
      self.name = name
      self.digest = digest
    }
  }

  /// Why and when a release was withdrawn.
  package struct Withdrawal: Equatable, Sendable {
    /// One line for those who have it installed.
    package let reason: String
    /// Seconds since 1970-01-01T00:00:00Z.
    package let at: Int64
    package init(reason: String, at: Int64) {
      self.reason = reason
      self.at = at
    }
  }

  /// A version of the C ABI.
  package struct ABIVersion: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let major: UInt16
    package let minor: UInt16
    package init(major: UInt16, minor: UInt16) {
      self.major = major
      self.minor = minor
    }
    package init?(_ text: String) {
      let parts = text.split(separator: ".", omittingEmptySubsequences: false)
      guard parts.count == 2, let major = UInt16(parts[0]), let minor = UInt16(parts[1]), "\(major).\(minor)" == text
      else {
        return nil
      }
      self.init(major: major, minor: minor)
    }
    package var description: String { "\(major).\(minor)" }
    package static func < (left: ABIVersion, right: ABIVersion) -> Bool {
      (left.major, left.minor) < (right.major, right.minor)
    }
  }

  /// The versions of the C ABI with which it works: from the first of its major version that it needs to the one it was
  /// built for.
  package var minimumABI: ABIVersion
  package var maximumABI: ABIVersion
  package var produces: [Contract]
  package var requires: [Contract]
  /// Channels and extensions, as its manifest names them.
  package var capabilities: [String]
  /// SHA-256 of the conformance certificate's file, which is a target beside it.
  package var certificate: Digest
  /// SPDX expression.
  package var licence: String
  /// Installs only when pinned.
  package var yanked: Withdrawal?
  /// Never loads again.
  package var revoked: Withdrawal?

  package init(
    minimumABI: ABIVersion, maximumABI: ABIVersion, produces: [Contract], requires: [Contract], capabilities: [String],
    certificate: Digest, licence: String, yanked: Withdrawal? = nil, revoked: Withdrawal? = nil
  ) {
    self.minimumABI = minimumABI
    self.maximumABI = maximumABI
    self.produces = produces
    self.requires = requires
    self.capabilities = capabilities
    self.certificate = certificate
    self.licence = licence
    self.yanked = yanked
    self.revoked = revoked
  }

  /// The revocation in a target's `custom`, whatever else that says: what a later version has added, or a revocation that
  /// can't be read whole, revokes all the same.
  package static func revocation(in custom: JSON?) -> Withdrawal? {
    guard let said = custom?["revoked"], !said.isNull else { return nil }
    let at: Int64? = said["at"]?.integer()
    return Withdrawal(
      reason: said["reason"]?.text ?? "without a reason that can be read",
      at: at.map { min(max($0, 0), JSON.largestInteger) } ?? 0)
  }

  private static let keys = ["abi", "contracts", "capabilities", "certificate", "licence", "yanked", "revoked"]

  /// `custom` of the target.
  package var json: JSON {
    func list(_ contracts: [Contract]) -> JSON {
      .array(contracts.map { .object(["name": .string($0.name), "sha256": .string($0.digest.description)]) })
    }
    var members: [String: JSON] = [
      "abi": .object(["minimum": .string(minimumABI.description), "maximum": .string(maximumABI.description)]),
      "contracts": .object(["produces": list(produces), "requires": list(requires)]),
      "capabilities": .array(capabilities.map { .string($0) }), "certificate": .string(certificate.description),
      "licence": .string(licence),
    ]
    if let yanked { members["yanked"] = ReleaseFacts.json(yanked) }
    if let revoked { members["revoked"] = ReleaseFacts.json(revoked) }
    return .object(members)
  }

  private static func json(_ withdrawal: Withdrawal) -> JSON {
    .object(["reason": .string(withdrawal.reason), "at": .integer(withdrawal.at)])
  }

  /// Reads `custom` strictly; `path` names it in errors.
  package init(_ json: JSON, path: String) throws(RecordError) {
    let reader = try RecordReader(json, path: path, keys: ReleaseFacts.keys)
    let abi = try RecordReader(try reader.value("abi"), path: reader.at("abi"), keys: ["minimum", "maximum"])
    let contracts = try RecordReader(
      try reader.value("contracts"), path: reader.at("contracts"), keys: ["produces", "requires"])
    func version(_ key: String) throws(RecordError) -> ABIVersion {
      guard let version = ABIVersion(try abi.string(key)) else { throw abi.error(key, "expected a version like 1.1") }
      return version
    }
    func list(_ key: String) throws(RecordError) -> [Contract] {
      try contracts.list(key, atMost: 64) { (json, path) throws(RecordError) in
        let contract = try RecordReader(json, path: path, keys: ["name", "sha256"])
        return Contract(name: try contract.string("name"), digest: try contract.digest("sha256"))
      }
    }
    func withdrawal(_ key: String) throws(RecordError) -> Withdrawal? {
      guard reader.has(key) else { return nil }
      let withdrawal = try RecordReader(try reader.value(key), path: reader.at(key), keys: ["reason", "at"])
      return Withdrawal(
        reason: try withdrawal.string("reason"), at: try withdrawal.integer("at", in: 0...JSON.largestInteger))
    }
    self.init(
      minimumABI: try version("minimum"), maximumABI: try version("maximum"), produces: try list("produces"),
      requires: try list("requires"),
      capabilities: try reader.list("capabilities", atMost: 64) { (json, path) throws(RecordError) in
        guard let text = json.text else { throw RecordError(path: path, reason: "a string is expected here") }
        return text
      },
      certificate: try reader.digest("certificate"), licence: try reader.string("licence"),
      yanked: try withdrawal("yanked"), revoked: try withdrawal("revoked"))
    guard minimumABI <= maximumABI, minimumABI.major == maximumABI.major else {
      throw abi.error("maximum", "it is below the minimum, or of another major version")
    }
  }
}
