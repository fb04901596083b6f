// SPDX-License-Identifier: Apache-2.0

internal import DurableFiles
internal import ExecutionIR
internal import UpdateFramework

/// Metadata in `incoming/`: signed in part or whole, waiting for further signatures or for the operator. Whatever lies there
/// is a stranger's until its signatures are checked.
struct StagedMetadata {
  private(set) var root: SignedMetadata<RootMetadata>?
  /// `targets`, `revocations` and vendors.
  private(set) var roles: [String: SignedMetadata<TargetsMetadata>] = [:]
  /// What could not be read, and why.
  private(set) var refused: [String] = []

  private static let most = 10_000

  init(_ files: MarketFiles) throws(MarketError) {
    let directory = files.path("incoming")
    guard Files.isDirectory(directory) else { return }
    let names = try MarketError.files { () throws(FileError) in try Files.names(in: directory) }
    for name in names.prefix(StagedMetadata.most) where name.hasSuffix(".json") {
      let role = String(name.dropLast(5))
      guard role == "root" || role == "targets" || role == MarketFiles.revocationsRole || AdapterName.isVendor(role)
      else {
        refused.append("incoming/\(MarketText.printable(name)): it is the metadata of no role that takes any")
        continue
      }
      do throws(MarketError) {
        let bytes = try files.read(files.staged(role), limit: MarketFiles.limit(role))
        if role == "root" {
          root = try MarketState.decode(bytes, name, files)
        } else {
          roles[role] = try MarketState.decode(bytes, name, files)
        }
      } catch {
        refused.append("incoming/\(name): \(error)")
      }
    }
  }

  var targets: SignedMetadata<TargetsMetadata>? { roles["targets"] }

  mutating func remove(_ role: String) {
    if role == "root" { root = nil } else { roles[role] = nil }
  }
}

/// Text of strangers for one line of a message.
enum MarketText {
  static func printable(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.prefix(200).map { scalar in
          switch scalar.properties.generalCategory {
          case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: "?"
          default: scalar
          }
        }))
  }
}
