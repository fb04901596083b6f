// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Where an adapter's code runs.
package enum Isolation: String, CaseIterable, Sendable {
  case inProcess = "in-process"
  /// In a process of its own, shut in before the adapter is loaded.
  case worker
}

/// What a worker had given up before a stranger's code ran in it.
package struct SandboxLevel: Equatable, Sendable {
  package var hasNoNewPrivileges = false
  package var hasLimits = false
  /// Version of Landlock's interface; 0 where the kernel has none: then files could be opened.
  package var landlock = 0
  /// 0 none, 1 the filter of loading, 2 that of running.
  package var seccomp = 0
  /// Whether it stood before the adapter was loaded, or only after its start.
  package var stoodBeforeLoad = false

  package init() {}

  /// Nothing is missing that a kernel of today has.
  package var isWhole: Bool { hasNoNewPrivileges && hasLimits && landlock > 0 && seccomp == 2 && stoodBeforeLoad }

  /// In a few words, for people.
  package var text: String {
    let parts = [
      landlock > 0 ? "Landlock \(landlock)" : "no Landlock", seccomp == 2 ? "seccomp" : "no seccomp",
      hasNoNewPrivileges ? nil : "privileges may be gained", hasLimits ? nil : "no limits",
      stoodBeforeLoad ? nil : "only after its start",
    ]
    return parts.compactMap { $0 }.joined(separator: ", ")
  }
}

/// How long an adapter may take.
package struct Deadline: Equatable, Sendable {
  /// Processor seconds of one call.
  package var processor: Double
  /// Seconds by the clock without any call coming to its end, generous because the machine may be busy.
  package var wall: Double

  package init(processor: Double = 10, wall: Double = 120) {
    self.processor = processor
    self.wall = wall
  }
}

/// An adapter for use: its image, and how its sessions are to run.
package enum AdapterModule: Sendable {
  case inProcess(LoadedAdapter)
  case worker(WorkerPlan)

  /// Loads the adapter into this process, or prepares workers for it, whose code then never is in this process.
  package init(_ image: AdapterImage, _ isolation: Isolation) throws(AdapterError) {
    switch isolation {
    case .inProcess: self = .inProcess(try LoadedAdapter(image))
    case .worker: self = .worker(try WorkerPlan(image))
    }
  }

  package var isolation: Isolation {
    switch self {
    case .inProcess: .inProcess
    case .worker: .worker
    }
  }

  package var image: AdapterImage {
    switch self {
    case .inProcess(let adapter): adapter.image
    case .worker(let plan): plan.image
    }
  }

  package var manifest: AdapterManifest { image.manifest }
}

/// What it takes to start workers for an adapter.
package struct WorkerPlan: Sendable {
  package let image: AdapterImage
  /// The worker's program.
  package let program: String
  package var deadline = Deadline()
  /// Workers stay on the processor of whoever calls them, where the system allows it.
  package var staysBesideCaller = true
  let sealed: SealedCopy
  /// What the binder runs, of a bound library.
  let binding: SealedCopy?
  /// Of the libraries that the manifest names by digest.
  let libraries: [SealedCopy]

  /// - Throws: what breaks a static rule, `.missing` when the worker's program is not there.
  package init(_ image: AdapterImage, program: String? = nil) throws(AdapterError) {
    try LoadedAdapter.checkRules(image)
    self.image = image
    self.program = if let program { program } else { try WorkerPlan.installedProgram() }
    sealed = try SealedCopy(of: image)
    binding =
      if let bound = image.bound {
        try SealedCopy(name: image.manifest.name, path: image.path, bytes: bound.program)
      } else { nil }
    libraries = try image.manifest.libraries.map { (library) throws(AdapterError) in try library.sealed(for: image) }
  }

  /// The program beside the running executable.
  static func installedProgram() throws(AdapterError) -> String {
    guard let executable = AdapterLocator.executablePath, let slash = executable.lastIndex(of: "/") else {
      throw AdapterError(.missing, "the path of the running program is not known, so exprove-worker is not found")
    }
    let path = "\(executable[..<slash])/exprove-worker"
    guard unsafe access(path, X_OK) == 0 else {
      throw AdapterError(
        .missing,
        "\(path): there is no such program; build the package anew, or run adapters that you trust with "
          + "--isolation in-process")
    }
    return path
  }
}
