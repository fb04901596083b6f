// SPDX-License-Identifier: Apache-2.0

package import ExecutionIR
package import Governance

/// A vendor's library whose functions the policy or the task has asked.
package struct FunctionLibrary: Equatable, Sendable {
  package var library: Digest
  /// What its worker had given up.
  package var isolation: AdapterIsolation

  package init(library: Digest, isolation: AdapterIsolation) {
    self.library = library
    self.isolation = isolation
  }
}

extension FunctionLibrary {
  package var json: JSON { .object(["library": .string(library.description), "worker": isolation.json]) }

  package init(json: JSON, path: String) throws(RecordError) {
    let reader = try RecordReader(json, path: path, keys: ["library", "worker"])
    self.init(
      library: try reader.digest("library"),
      isolation: try AdapterIsolation(json: reader.value("worker"), path: reader.at("worker")))
  }

  /// In the order of the policy's hooks, then of the task's terms.
  package static func digests(of policy: Policy, _ task: LocalExecutionTask) -> [Digest] {
    var digests: [Digest] = []
    for function in policy.hooks + task.terms where !digests.contains(function.library) {
      digests.append(function.library)
    }
    return digests
  }
}
