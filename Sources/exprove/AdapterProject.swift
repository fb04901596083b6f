// SPDX-License-Identifier: Apache-2.0

import CAdapterTemplates
import DurableFiles
import RunJournal

/// A vendor's new project: the files of `sdk-c/templates`, which are inside this command, with a name of their own.
struct AdapterProject {
  enum Language: String, CaseIterable {
    case c, cpp, rust, swift
  }

  struct File {
    var path: String
    var bytes: [UInt8]
  }

  let name: String
  let language: Language

  /// The name in the templates.
  private static let templateName = "my-venue"
  /// Where a template's README has what its language says of itself, and the file that says it.
  private static let languageMark = "<!-- language -->"
  private static let languageFile = "language.md"

  /// A manifest's name, which here must begin with a letter, so that compilers and package managers take it too.
  init(name: String, language: Language) throws(RunError) {
    let bytes = Array(name.utf8)
    let isGood = bytes.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }
    guard isGood, let first = bytes.first, (97...122).contains(first), bytes.last != 45, bytes.count <= 64 else {
      throw .usage(
        "“\(name)” is no adapter's name: lower-case letters, digits and “-”, a letter first, no “-” last, at most 64; "
          + "for example my-venue")
    }
    self.name = name
    self.language = language
  }

  /// What the project consists of, paths within it.
  var files: [File] {
    let own = AdapterProject.embedded(group: language.rawValue)
    let about = own.first { $0.path == AdapterProject.languageFile }.map { String(decoding: $0.bytes, as: UTF8.self) }
    let all = AdapterProject.embedded(group: "every") + own + AdapterProject.embedded(group: "include")
    return all.compactMap { file in
      guard file.path != AdapterProject.languageFile else { return nil }
      guard var text = String(validating: file.bytes, as: UTF8.self), !file.path.hasPrefix("include/") else {
        return file
      }
      if file.path == "README.md", let about {
        text = replacing(text, AdapterProject.languageMark + "\n", with: about)
      }
      return File(path: file.path, bytes: Array(replacing(text, AdapterProject.templateName, with: name).utf8))
    }
  }

  /// Writes the project into a directory that is not there yet.
  func write(to directory: String) throws {
    guard !Files.exists(directory) else {
      throw RunError.usage("\(directory): it is there already; choose another place with --out, or remove it")
    }
    do {
      for file in files {
        let path = "\(directory)/\(file.path)"
        try Files.makeDirectory(Files.directory(of: path))
        try Files.writeDurably(file.bytes, to: path, mode: file.path.hasSuffix(".py") ? 0o755 : 0o644)
      }
    } catch {
      throw RunError.io("\(error)")
    }
  }

  private func replacing(_ text: String, _ old: String, with new: String) -> String {
    text.split(separator: old, omittingEmptySubsequences: false).joined(separator: new)
  }

  private static func embedded(group: String) -> [File] {
    var found: [File] = []
    var next = unsafe adapter_template_files_start()
    while let file = unsafe next, let itsGroup = unsafe file.pointee.group {
      if unsafe String(cString: itsGroup) == group, let path = unsafe file.pointee.path {
        let bytes = unsafe UnsafeBufferPointer(start: file.pointee.bytes, count: file.pointee.size)
        unsafe found.append(File(path: String(cString: path), bytes: Array(bytes)))
      }
      unsafe next = file + 1
    }
    return found
  }
}
