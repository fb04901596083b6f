// SPDX-License-Identifier: Apache-2.0

/// The most that a repository may make a client read or do.
package struct UpdateLimits: Equatable, Sendable {
  /// Bytes of metadata files whose length no other file gives.
  package var root = 512_000
  package var timestamp = 16_384
  package var snapshot = 2_000_000
  package var targets = 5_000_000
  /// Bytes of a metadata file, whatever length is given for it.
  package var metadata = 64 << 20
  /// New versions of root in one refresh.
  package var rotations = 256
  /// Delegated roles that are asked for one target.
  package var delegations = 32
  /// Seconds by which the clock may stand before the time of an earlier refresh.
  package var clockSlack: Int64 = 300

  package init() {}
}
