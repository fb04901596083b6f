// SPDX-License-Identifier: Apache-2.0

/// Which of `paths` each pattern covers, as python-tuf 7.0.1 has it (`DelegatedRole._is_target_in_pathpattern`).
enum PatternFacts {
  static let paths: [String] = [
    "", "a", "b", "ab", "abc", "aXbYc", "a/b", "a/", "/a", "acme/itch/1.2.0/linux-x86_64.so",
    "acme/itch/1.2.0", "acme//1/x", "c", "d", "cx", "dx", "]", "[a", "a-b", "-", "a*b", "foo-version-2.tgz",
    "targets/foo.tgz", "targets/a/foo.tgz", "é1", "e", "x.so", ".so", "[", "[]", "^", "a[", "5", "a\nb",
  ]

  static let covered: [(pattern: String, paths: [String])] = [
    (
      "*",
      [
        "", "a", "b", "ab", "abc", "aXbYc", "c", "d", "cx", "dx", "]", "[a", "a-b", "-", "a*b",
        "foo-version-2.tgz", "é1", "e", "x.so", ".so", "[", "[]", "^", "a[", "5", "a\nb",
      ]
    ),
    ("a*", ["a", "ab", "abc", "aXbYc", "a-b", "a*b", "a[", "a\nb"]),
    ("*a", ["a", "[a"]),
    ("a*b*c", ["abc", "aXbYc"]),
    ("?", ["a", "b", "c", "d", "]", "-", "e", "[", "^", "5"]),
    ("??", ["ab", "cx", "dx", "[a", "é1", "[]", "a["]),
    ("a/?", ["a/b"]),
    ("a/*", ["a/b", "a/"]),
    ("*/*", ["a/b", "a/", "/a", "targets/foo.tgz"]),
    ("acme/*/*/*", ["acme/itch/1.2.0/linux-x86_64.so", "acme//1/x"]),
    ("[abc]", ["a", "b", "c"]),
    ("[!abc]", ["d", "]", "-", "e", "[", "^", "5"]),
    ("[a-c]x", ["cx"]),
    ("[]]", ["]"]),
    ("[!]]", ["a", "b", "c", "d", "-", "e", "[", "^", "5"]),
    ("[a", ["[a"]),
    ("[z-a]", []),
    ("a[-]b", ["a-b"]),
    ("[a-]", ["a", "-"]),
    ("[-a]", ["a", "-"]),
    (
      "**",
      [
        "", "a", "b", "ab", "abc", "aXbYc", "c", "d", "cx", "dx", "]", "[a", "a-b", "-", "a*b",
        "foo-version-2.tgz", "é1", "e", "x.so", ".so", "[", "[]", "^", "a[", "5", "a\nb",
      ]
    ),
    ("a**b", ["ab", "a-b", "a*b", "a\nb"]),
    ("foo-version-?.tgz", ["foo-version-2.tgz"]),
    ("targets/*.tgz", ["targets/foo.tgz"]),
    ("", [""]),
    ("[[]", ["["]),
    ("[a-c-e]", ["a", "b", "c", "-", "e"]),
    ("é?", ["é1"]),
    ("*.so", ["x.so", ".so"]),
    (
      "[!a-c]*",
      [
        "d", "dx", "]", "[a", "-", "foo-version-2.tgz", "é1", "e", "x.so", ".so", "[", "[]", "^",
        "5",
      ]
    ),
    ("[!]", []),
    ("[]", ["[]"]),
    ("a[", ["a["]),
    ("[^a]", ["a", "^"]),
    ("[a-z0-9]", ["a", "b", "c", "d", "e", "5"]),
  ]
}
