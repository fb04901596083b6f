// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Finds adapters: beside the running executable, in the directories of `$EXPROVE_ADAPTERS`, or by path.
package struct AdapterLocator: Sendable {
  package struct Entry: Equatable, Sendable {
    package var name: String
    package var path: String

    package init(name: String, path: String) {
      self.name = name
      self.path = path
    }
  }

  /// Where to look, in this order.
  package var directories: [String]

  /// What was installed from marketplaces, by names like `vendor/adapter`; they come before any path.
  package var installed: [Entry] = []

  package init(directories: [String]) { self.directories = directories }

  /// The directory of the executable, then those of `$EXPROVE_ADAPTERS`.
  package static var standard: AdapterLocator {
    var directories: [String] = []
    if let executable = executablePath, let slash = executable.lastIndex(of: "/") {
      directories.append(String(executable[..<slash]))
    }
    if let list = unsafe getenv("EXPROVE_ADAPTERS") {
      directories += unsafe String(cString: list).split(separator: ":").map(String.init)
    }
    return AdapterLocator(directories: directories)
  }

  /// The path of the program that runs.
  package static var executablePath: String? {
    guard let path = unsafe realpath("/proc/self/exe", nil) else { return nil }
    defer { unsafe free(path) }
    return unsafe String(cString: path)
  }

  /// The path of an adapter. What has a `/` or ends in `.so` or `.binding` is a path already; all else is a name, whose file is
  /// `lib<name>.so`.
  package func path(of nameOrPath: String) throws(AdapterError) -> String {
    if let entry = installed.first(where: { $0.name == nameOrPath }) { return entry.path }
    if nameOrPath.contains("/") || nameOrPath.hasSuffix(".so") || nameOrPath.hasSuffix(".binding") {
      guard unsafe access(nameOrPath, F_OK) == 0 else {
        throw AdapterError(.missing, "\(nameOrPath): there is no such file")
      }
      // The loader would search its own directories for a name without a slash.
      return nameOrPath.contains("/") ? nameOrPath : "./\(nameOrPath)"
    }
    for directory in directories {
      let path = "\(directory)/lib\(nameOrPath).so"
      if unsafe access(path, F_OK) == 0 { return path }
    }
    let known = all().map(\.name)
    throw AdapterError(
      .missing,
      "there is no adapter “\(nameOrPath)”; "
        + (known.isEmpty ? "none is installed" : "there are \(known.joined(separator: ", "))")
        + "; give the path of a .so or a .binding, or add its directory to EXPROVE_ADAPTERS")
  }

  /// Reads the adapter of that name or path.
  package func image(of nameOrPath: String) throws(AdapterError) -> AdapterImage {
    try AdapterImage.read(path: try path(of: nameOrPath))
  }

  /// Every file `lib*.so` in the directories that is an adapter, by name; the first of a name hides the others.
  package func all() -> [Entry] {
    var entries = installed
    for directory in directories {
      for file in AdapterLocator.files(in: directory) where file.hasPrefix("lib") && file.hasSuffix(".so") {
        let name = String(file.dropFirst(3).dropLast(3))
        let path = "\(directory)/\(file)"
        guard !entries.contains(where: { $0.name == name }), (try? AdapterImage.read(path: path)) != nil else {
          continue
        }
        entries.append(Entry(name: name, path: path))
      }
    }
    return entries.sorted { $0.name < $1.name }
  }

  private static func files(in directory: String) -> [String] {
    guard let stream = unsafe opendir(directory) else { return [] }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        unsafe UnsafeRawPointer(pointer).withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      names.append(name)
    }
    return names.sorted()
  }
}
