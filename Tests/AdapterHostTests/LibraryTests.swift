// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import BrokenAdapters
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
}
