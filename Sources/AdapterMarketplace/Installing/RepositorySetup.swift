// SPDX-License-Identifier: Apache-2.0

internal import DurableFiles
package import UpdateFramework

extension StoreChange {
  /// Makes a repository known: trusts its root, takes up what it shows, and only then lists it. What an attempt that ended early
  /// left is thrown away first.
  ///
  /// - Parameters:
  ///   - root: the root file that its operator published; it decides everything that is taken from there
  ///   - now: seconds since 1970
  package mutating func add(
    _ repository: KnownRepository, root: [UInt8], source: any RepositorySource, now: Int64
  ) throws(StoreError) -> RepositorySession.Refreshed {
    let name = repository.name
    guard KnownRepository.isName(name) else {
      throw .refused("\"\(name)\" is no name for a repository: up to 64 lower-case letters, digits and hyphens")
    }
    guard try store.repository(name) == nil else {
      throw .refused(
        "there is a repository \(name) already; choose another name, or first: exprove adapter repository remove \(name)"
      )
    }
    for vendor in repository.vendors { try checkVendor(vendor, goesTo: name) }
    let directory = store.path(ofRepository: name)
    let trusted = RepositorySession.trusted(name, in: store)
    try StoreError.wrap { () throws(FileError) in
      try Files.removeTree(directory)
      try Files.makeDirectory(trusted, mode: 0o700)
      try Files.syncDirectory(of: directory)
    }
    try StoreError.updating { () throws(UpdateError) in try UpdateClient.begin(directory: trusted, root: root) }
    var session = try RepositorySession(repository, store: store, source: source, now: now)
    var revocations = try store.revocations()
    let vendors = Set(lock.adapters.map(\.name.vendor).filter { repository.vendors.contains($0) }).sorted()
    let refreshed = try session.refresh(vendors: vendors, now: now, into: &revocations)
    try write(revocations)
    try session.settle()
    for vendor in repository.vendors { lock.bind(vendor, to: .init(repository: name, isChosen: true)) }
    try put(repository)
    try commit()
    return refreshed
  }

  /// A vendor has one repository that was chosen for it.
  private func checkVendor(_ vendor: String, goesTo name: String) throws(StoreError) {
    guard AdapterName.isVendor(vendor) else { throw .refused("\"\(vendor)\" is no vendor's name") }
    if let binding = lock.binding(ofVendor: vendor), binding.isChosen, binding.repository != name {
      throw .refused(
        "\(vendor) was given to the repository \(binding.repository); add \(name) without this vendor, and then change over: "
          + "exprove adapter repository bind \(name) \(vendor)")
    }
  }

  private func put(_ repository: KnownRepository) throws(StoreError) {
    let path = store.path(ofRepository: repository.name) + "/repository.json"
    try StoreError.wrap { () throws(FileError) in try Files.writeDurably(repository.encoded, to: path, mode: 0o600) }
  }

  /// Gives vendors to a repository, whatever was before: from now on their adapters come from there alone.
  package mutating func bind(_ vendors: [String], to name: String) throws(StoreError) {
    guard try store.repository(name) != nil else { throw unknown(name) }
    for vendor in vendors {
      guard AdapterName.isVendor(vendor) else { throw .refused("\"\(vendor)\" is no vendor's name") }
      lock.bind(vendor, to: .init(repository: name, isChosen: true))
    }
    try commit()
  }

  /// Forgets a repository from which nothing is installed. Its revocations still hold.
  package mutating func removeRepository(_ name: String) throws(StoreError) {
    guard try store.repository(name) != nil else { throw unknown(name) }
    let installed = lock.adapters.filter { $0.repository == name }.map(\.name.description)
    guard installed.isEmpty else {
      throw .refused(
        "from the repository \(name) there are installed: \(installed.joined(separator: ", ")); remove these first: "
          + "exprove adapter remove \(installed.joined(separator: " "))")
    }
    for (vendor, binding) in lock.vendors where binding.repository == name { lock.bind(vendor, to: nil) }
    let directory = store.path(ofRepository: name)
    try commit()
    try StoreError.wrap { () throws(FileError) in
      // First what lists it, so that a remainder is none.
      try Files.remove(directory + "/repository.json")
      try Files.removeTree(directory)
    }
  }

  private func unknown(_ name: String) -> StoreError {
    let known = ((try? store.repositories()) ?? []).map(\.name)
    return .missing(
      "there is no repository \"\(name)\" here; "
        + (known.isEmpty ? "none is known" : "known are \(known.joined(separator: ", "))"))
  }
}
