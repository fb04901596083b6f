// SPDX-License-Identifier: Apache-2.0

package import ExecutionIR

/// An installed adapter as the lock file has it: what was verified, and what made it acceptable then.
package struct LockedAdapter: Equatable, Sendable {
  /// Who vouched for it: the role of the repository that lists it.
  package struct Voucher: Equatable, Sendable {
    package let role: String
    /// The key ids of the role, and how many of them had to sign.
    package let keys: [String]
    package let threshold: Int
    /// The version of the role's metadata.
    package let version: Int64

    package init(role: String, keys: [String], threshold: Int, version: Int64) {
      self.role = role
      self.keys = keys
      self.threshold = threshold
      self.version = version
    }
  }

  /// Where the publication stands in the repository's log.
  package struct LogPosition: Equatable, Sendable {
    /// The log's verifier key (C2SP signed-note) as the root named it then.
    package let key: String
    package let index: Int64
    /// How many leaves the log had when the proof was made.
    package let size: Int64

    package init(key: String, index: Int64, size: Int64) {
      self.key = key
      self.index = index
      self.size = size
    }
  }

  package let name: AdapterName
  package let version: SemanticVersion
  package let platform: Platform
  package let digest: Digest
  package let length: Int64
  /// SHA-256 of the conformance certificate's file.
  package let certificate: Digest
  /// The name under which the repository is known here.
  package let repository: String
  package let voucher: Voucher
  /// Nil where the repository has no log.
  package let log: LogPosition?
  /// An upgrade leaves it as it is.
  package var isPinned: Bool
  /// What was asked for; an upgrade stays within it.
  package var range: VersionRange
  /// Seconds since 1970.
  package let installed: Int64
  package let minimumABI: ReleaseFacts.ABIVersion
  package let maximumABI: ReleaseFacts.ABIVersion

  package init(
    name: AdapterName, version: SemanticVersion, platform: Platform, digest: Digest, length: Int64,
    certificate: Digest, repository: String, voucher: Voucher, log: LogPosition?, isPinned: Bool, range: VersionRange,
    installed: Int64, minimumABI: ReleaseFacts.ABIVersion, maximumABI: ReleaseFacts.ABIVersion
  ) {
    self.name = name
    self.version = version
    self.platform = platform
    self.digest = digest
    self.length = length
    self.certificate = certificate
    self.repository = repository
    self.voucher = voucher
    self.log = log
    self.isPinned = isPinned
    self.range = range
    self.installed = installed
    self.minimumABI = minimumABI
    self.maximumABI = maximumABI
  }

  package var path: ReleasePath { ReleasePath(name: name, version: version, platform: platform) }

  /// What the repository's log says of it.
  package var publication: Publication {
    Publication(path: path, digest: digest, length: length, certificate: certificate)
  }

  // MARK: The lock file's form

  private static let keys = [
    "name", "version", "platform", "sha256", "length", "certificate", "repository", "voucher", "log", "pinned", "range",
    "installed", "abi",
  ]

  package var json: JSON {
    .object([
      "name": .string(name.description), "version": .string(version.description),
      "platform": .string(platform.description), "sha256": .string(digest.description), "length": .integer(length),
      "certificate": .string(certificate.description), "repository": .string(repository),
      "voucher": .object([
        "role": .string(voucher.role), "keys": .array(voucher.keys.map { .string($0) }),
        "threshold": .integer(Int64(voucher.threshold)), "version": .integer(voucher.version),
      ]),
      "log": log.map {
        .object(["key": .string($0.key), "index": .integer($0.index), "size": .integer($0.size)])
      } ?? .null,
      "pinned": .bool(isPinned), "range": .string(range.description), "installed": .integer(installed),
      "abi": .object(["minimum": .string(minimumABI.description), "maximum": .string(maximumABI.description)]),
    ])
  }

  init(_ json: JSON, path: String) throws(RecordError) {
    let reader = try RecordReader(json, path: path, keys: LockedAdapter.keys)
    func read<Value>(_ reader: RecordReader, _ key: String, _ what: String, _ read: (String) -> Value?)
      throws(RecordError) -> Value
    {
      guard let value = read(try reader.string(key)) else { throw reader.error(key, "\(what) is expected here") }
      return value
    }
    let abi = try RecordReader(try reader.value("abi"), path: reader.at("abi"), keys: ["minimum", "maximum"])
    let range = 0...JSON.largestInteger
    self.init(
      name: try read(reader, "name", "a name like vendor/adapter") { AdapterName($0) },
      version: try read(reader, "version", "a semantic version") { SemanticVersion($0) },
      platform: try read(reader, "platform", "one of \(Platform.known.joined(separator: ", "))") { Platform($0) },
      digest: try reader.digest("sha256"), length: try reader.integer("length", in: range),
      certificate: try reader.digest("certificate"),
      repository: try read(reader, "repository", "a repository's name") {
        KnownRepository.isName($0) ? $0 : nil
      },
      voucher: try LockedAdapter.voucher(reader), log: try LockedAdapter.log(reader),
      isPinned: try reader.boolean("pinned"),
      range: try read(reader, "range", "a range of versions") { VersionRange($0) },
      installed: try reader.integer("installed", in: range),
      minimumABI: try read(abi, "minimum", "a version like 1.1") { ReleaseFacts.ABIVersion($0) },
      maximumABI: try read(abi, "maximum", "a version like 1.1") { ReleaseFacts.ABIVersion($0) })
  }

  private static func voucher(_ reader: RecordReader) throws(RecordError) -> Voucher {
    let voucher = try RecordReader(
      try reader.value("voucher"), path: reader.at("voucher"), keys: ["role", "keys", "threshold", "version"])
    return Voucher(
      role: try voucher.string("role"),
      keys: try voucher.list("keys", atMost: 1024) { (json, path) throws(RecordError) in
        guard let text = json.text else { throw RecordError(path: path, reason: "a key id is expected here") }
        return text
      },
      threshold: try voucher.integer("threshold", in: 1...1024),
      version: try voucher.integer("version", in: 0...JSON.largestInteger))
  }

  private static func log(_ reader: RecordReader) throws(RecordError) -> LogPosition? {
    guard try !reader.value("log").isNull else { return nil }
    let log = try RecordReader(try reader.value("log"), path: reader.at("log"), keys: ["key", "index", "size"])
    return LogPosition(
      key: try log.string("key"), index: try log.integer("index", in: 0...JSON.largestInteger),
      size: try log.integer("size", in: 0...JSON.largestInteger))
  }
}
