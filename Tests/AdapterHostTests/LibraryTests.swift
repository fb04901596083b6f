// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import BrokenAdapters
internal import Crypto
internal import Foundation
internal import Testing

/// An adapter that needs a library beyond the system's, by digest: zlib, which every test machine has.
@Suite struct LibraryTests {
  private func adapter(_ name: String, manifest: String) throws -> AdapterImage {
    let path = try Workshop.text(
      "library_\(name)",
      """
      #include "base.h"
      #define MANIFEST_ABI "1.1"
      #define MANIFEST_MORE "\(manifest)"
      extern const char *zlibVersion(void);
      __attribute__((used)) static const char *version(void) { return zlibVersion(); }
      #include "entry.h"
      """, flags: ["-l:libz.so.1"])
    return try AdapterImage.read(path: path)
  }

  private func failure(_ image: AdapterImage) -> AdapterError? {
    do {
      _ = try LoadedAdapter(image)
      return nil
    } catch {
      return error
    }
  }

  @Test func aLibraryIsTakenByItsDigestAlone() throws {
    let bare = try #require(failure(try adapter("bare", manifest: "")))
    #expect(bare.code == .forbidden && bare.message.contains("libz.so.1") && bare.message.contains("XP-A-003"))

    // Its digest, as the loader finds it.
    let found = try LoadedAdapter(try adapter("bare", manifest: ""), enforcingRules: false).dependencies()
    let zlib = try #require(found.first { $0.name == "libz.so.1" })
    let line = "library: libz.so.1 sha256:\(hexadecimal(zlib.digest))\\n"
    let declared = try LoadedAdapter(try adapter("declared", manifest: line))
    #expect(try declared.dependencies().contains(zlib))

    var other = zlib.digest
    other[31] ^= 1
    let wrong = try #require(
      failure(try adapter("wrong", manifest: "library: libz.so.1 sha256:\(hexadecimal(other))\\n")), "it is loaded")
    #expect(wrong.code == .forbidden && wrong.message.contains("XP-A-012") && wrong.message.contains(zlib.path))
    #expect(wrong.message.contains(hexadecimal(zlib.digest)) && wrong.message.contains(hexadecimal(other)))

    let idle = try #require(
      failure(
        try adapter("idle", manifest: line + "library: libnone.so.9 sha256:\(hexadecimal(other))\\n")), "it is loaded")
    #expect(idle.code == .forbidden && idle.message.contains("libnone.so.9"), "\(idle)")
  }

  /// A library that this process does not have yet, and that notes when its code runs.
  @Test func ofAnotherDigestALibrarysCodeDoesNotRun() throws {
    let built = try Workshop.text(
      "noting",
      """
      #include <stdlib.h>
      __attribute__((constructor)) static void note(void) { setenv("EXPROVE_LIBRARY_NOTE", "it ran", 1); }
      int noting(void) { return 7; }
      """, flags: ["-Wl,-soname,libnoting.so.3", "-Wl,-z,noexecstack", "-fvisibility=default"])
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("exprove-library-\(getpid())").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try FileManager.default.copyItem(atPath: built, toPath: "\(folder)/libnoting.so.3")
    let digest = Array(SHA256.hash(data: try Data(contentsOf: URL(fileURLWithPath: built))))

    func image(_ name: String, _ digest: [UInt8]) throws -> AdapterImage {
      try AdapterImage.read(
        path: try Workshop.text(
          "library_\(name)",
          """
          #include "base.h"
          #define MANIFEST_ABI "1.1"
          #define MANIFEST_MORE "library: libnoting.so.3 sha256:\(hexadecimal(digest))\\n"
          extern int noting(void);
          __attribute__((used)) static int call(void) { return noting(); }
          #include "entry.h"
          """, flags: ["-L\(folder)", "-l:libnoting.so.3"]))
    }
    var other = digest
    other[0] ^= 1
    let wrong = try image("other_digest", other)
    for library in wrong.manifest.libraries {
      do {
        try library.open(for: wrong, in: [folder])
        Issue.record("it was loaded")
      } catch {
        #expect(error.code == .forbidden && error.message.contains(hexadecimal(digest)), "\(error.message)")
      }
    }
    #expect(ProcessInfo.processInfo.environment["EXPROVE_LIBRARY_NOTE"] == nil)

    let right = try image("right_digest", digest)
    for library in right.manifest.libraries { try library.open(for: right, in: [folder]) }
    #expect(ProcessInfo.processInfo.environment["EXPROVE_LIBRARY_NOTE"] == "it ran")
    // The loader finds no such file; it takes the copy for it.
    let needs = try LoadedAdapter(right).dependencies()
    #expect(needs.first { $0.name == "libnoting.so.3" }?.digest == digest)
    // And an adapter that names another one does not get this one.
    #expect(failure(wrong)?.code == .forbidden)
  }
}
