// SPDX-License-Identifier: Apache-2.0

package import ExecutionIR

extension FeedDescription {
  /// A second version of a feed's adapter that runs along on the same frames.
  package struct Shadow: Equatable, Sendable {
    package var adapter: Adapter
    /// After so many frames with equal streams it takes over; nil: it never does.
    package var promoteAfter: UInt64?

    package init(adapter: Adapter, promoteAfter: UInt64?) {
      self.adapter = adapter
      self.promoteAfter = promoteAfter
    }
  }

  /// The feed's own, and its shadow's.
  package var adapters: [Adapter] { [adapter, shadow?.adapter].compactMap { $0 } }
}

extension FeedDescription.Shadow {
  package var json: JSON {
    .object(["adapter": adapter.json, "promote_after": promoteAfter.map { .wide($0) } ?? .null])
  }

  package init(json: JSON, path: String) throws(RecordError) {
    let reader = try RecordReader(json, path: path, keys: ["adapter", "promote_after"])
    self.init(
      adapter: try FeedDescription.Adapter(json: reader.value("adapter"), path: reader.at("adapter")),
      promoteAfter: try reader.value("promote_after").isNull ? nil : try reader.integer("promote_after", in: 1 ... .max)
    )
  }
}
