// SPDX-License-Identifier: Apache-2.0

/// Files, digests and signatures that python-tuf 7.0.1 and securesystemslib 1.6 wrote, with the Ed25519 seed 00…1f and the
/// P-256 scalar 01…20.
enum PythonFacts {
  static let root =
    #"""
    {"signatures":[{"keyid":"63d00ee3cf4f5c61ad94efa696c68f13b608fe56ecea13fb144a6fd18e9235b9","sig":"c0\#
    253f3a401b2647ddeb00edb0d6150e7366c0b0953c861b5421a103d4d600d89a6fb2b34b20f8a8e88d15c433cd1e5535ef69\#
    9b7a57f08bd21680caa792f20c"},{"keyid":"673eba86c2f651036e40f6a801495a4d6704a1a6762edc295489d99d62bb7\#
    64a","sig":"30450220610e964923d2fa43f82186df9075de7576100232b2a7c9d23ef41e7850fe66d00221008944b0c47f\#
    289ae203f06ad5b34902d65523185d5725e846bdce47e58ab48b6b"}],"signed":{"_type":"root","consistent_snaps\#
    hot":true,"expires":"2031-02-03T04:05:06Z","keys":{"63d00ee3cf4f5c61ad94efa696c68f13b608fe56ecea13fb\#
    144a6fd18e9235b9":{"keytype":"ed25519","keyval":{"public":"03a107bff3ce10be1d70dd18e74bc09967e4d6309\#
    ba50d5f1ddc8664125531b8"},"scheme":"ed25519"},"673eba86c2f651036e40f6a801495a4d6704a1a6762edc295489d\#
    99d62bb764a":{"keytype":"ecdsa","keyval":{"public":"-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYI\#
    KoZIzj0DAQcDQgAEUVw9brnjlrkE0/7Kf1T9zQzB6Ze/\nN13KUVrQpsO0A19FNr46UPMY+/mlR1kCoiFQK+8NV+CMU7LMClbxfZ\#
    +TVA==\n-----END PUBLIC KEY-----\n"},"scheme":"ecdsa-sha2-nistp256"}},"roles":{"root":{"keyids":["63\#
    d00ee3cf4f5c61ad94efa696c68f13b608fe56ecea13fb144a6fd18e9235b9","673eba86c2f651036e40f6a801495a4d670\#
    4a1a6762edc295489d99d62bb764a"],"threshold":2},"snapshot":{"keyids":["63d00ee3cf4f5c61ad94efa696c68f\#
    13b608fe56ecea13fb144a6fd18e9235b9"],"threshold":1},"targets":{"keyids":["63d00ee3cf4f5c61ad94efa696\#
    c68f13b608fe56ecea13fb144a6fd18e9235b9"],"threshold":1},"timestamp":{"keyids":["63d00ee3cf4f5c61ad94\#
    efa696c68f13b608fe56ecea13fb144a6fd18e9235b9"],"threshold":1}},"spec_version":"1.0.31","version":3,"\#
    x-exprove":{"name":"example.com/market","note":"two\nlines"}}}
    """#
  /// SHA-256 of what is signed.
  static let rootSigned = "39d634ea0ca1af99a9e4d96c8f26ad49f54e9e2ef8ad292cc09527ac3b90f1ae"

  static let targets =
    #"""
    {"signatures":[{"keyid":"63d00ee3cf4f5c61ad94efa696c68f13b608fe56ecea13fb144a6fd18e9235b9","sig":"a0\#
    2108253047c8b56d51bc07495ed54639b2924419712b10beafefe2cc1f19dcf41845b2366616937ecf5fa0dff4750858e4e5\#
    de68fe0c2ed265151cc1daa808"}],"signed":{"_type":"targets","delegations":{"keys":{"63d00ee3cf4f5c61ad\#
    94efa696c68f13b608fe56ecea13fb144a6fd18e9235b9":{"keytype":"ed25519","keyval":{"public":"03a107bff3c\#
    e10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8"},"scheme":"ed25519"}},"roles":[{"keyids":["63\#
    d00ee3cf4f5c61ad94efa696c68f13b608fe56ecea13fb144a6fd18e9235b9"],"name":"acme","paths":["acme/*/*/*"\#
    ],"terminating":true,"threshold":1},{"keyids":["63d00ee3cf4f5c61ad94efa696c68f13b608fe56ecea13fb144a\#
    6fd18e9235b9"],"name":"bins","path_hash_prefixes":["0","8f"],"terminating":false,"threshold":1}]},"e\#
    xpires":"2031-02-03T04:05:06Z","spec_version":"1.0.31","targets":{"a/b":{"custom":{"a":["\u00e9"],"z\#
    ":1},"hashes":{"sha256":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad","sha512":\#
    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454\#
    d4423643ce80e2a9ac94fa54ca49f"},"length":3}},"version":7}}
    """#
  /// SHA-256 of what is signed.
  static let targetsSigned = "243ebeaf5a0b95fa72a7a34ee34cfefa28f72557b28900779513568058811bba"

  static let snapshot =
    #"""
    {"signatures":[{"keyid":"63d00ee3cf4f5c61ad94efa696c68f13b608fe56ecea13fb144a6fd18e9235b9","sig":"36\#
    c5224d05db689d03340c4de7e96c11a875ef24380d5298178e2beb19f63b832344442cb8a64672001976c28c81d8a26c3002\#
    fc4804cd3f55e81e86a943a803"}],"signed":{"_type":"snapshot","expires":"2031-02-03T04:05:06Z","meta":{\#
    "acme.json":{"hashes":{"sha256":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},\#
    "length":123,"version":2},"targets.json":{"version":7}},"spec_version":"1.0.31","version":9}}
    """#
  /// SHA-256 of what is signed.
  static let snapshotSigned = "623c16a5351f43448f8d00dcc63dc9d7d39c26ec709352c0afbcb23ee1067eaa"

  static let timestamp =
    #"""
    {"signatures":[{"keyid":"63d00ee3cf4f5c61ad94efa696c68f13b608fe56ecea13fb144a6fd18e9235b9","sig":"6b\#
    f9bbd0b5c9ffc8e4009928be339bb1099bc76b4116c4f36ad64b57b3abb419081a96b163501d1868c8e01527a3e18d5cb893\#
    e8e4fdfba1d9488209a2e64e0a"}],"signed":{"_type":"timestamp","expires":"2031-02-03T04:05:06Z","meta":\#
    {"snapshot.json":{"length":77,"version":9}},"spec_version":"1.0.31","version":11}}
    """#
  /// SHA-256 of what is signed.
  static let timestampSigned = "73effe2ede3bbe0607b94a9b0af32f1ddf3de03517b35c2631b43f31fd0e6890"

  static let seed = (0..<32).map { UInt8($0) }
  static let ed25519KeyID = "63d00ee3cf4f5c61ad94efa696c68f13b608fe56ecea13fb144a6fd18e9235b9"
  static let ed25519Signature =
    #"""
    83d5093e03bc540158872ed4f3d07834dcc5447e73564640d7ea22058759f7cf5a270d39c76c06d51108c53b8beeebffed20\#
    107ae889f65de5acd3b2cc05d607
    """#
  static let ecdsaKeyID = "673eba86c2f651036e40f6a801495a4d6704a1a6762edc295489d99d62bb764a"
  static let ecdsaSignature =
    #"""
    3045022100994553d19283b68590b053ad945729ae52bb47927bfefaccc40ed5a4037bc0800220136a5de33e33efab72decd\#
    b24530943440ce8a97fe9c5e5704ddeb718b2a7eba
    """#

  /// JSON, and the hexadecimal of securesystemslib's canonical bytes of it.
  static let canonical: [(json: String, bytes: String)] = [
    (
      #"""
      {"b":[1,-5,9007199254740991,true,false,null],"a":{},"":[],"A":"x"}
      """#,
      #"""
      7b22223a5b5d2c2241223a2278222c2261223a7b7d2c2262223a5b312c2d352c393030373139393235343734303939312c74\#
      7275652c66616c73652c6e756c6c5d7d
      """#
    ),
    (
      #"""
      {"k":"quote \" back \\ slash / line\nfeed tab\t nul\u0000 del\u007f \u00e9 \u2028 \ud83d\ude00 \u200\#
      b"}
      """#,
      #"""
      7b226b223a2271756f7465205c22206261636b205c5c20736c617368202f206c696e650a666565642074616209206e756c00\#
      2064656c7f20c3a920e280a820f09f988020e2808b227d
      """#
    ),
    (
      #"""
      {"\uff5e":1,"\ud83d\ude00":2,"z":3,"\u00e9":4,"\ue000":5,"a\nb":6,"a":7,"a\"":8,"a!":9,"e\u0301x":10\#
      }
      """#,
      #"""
      7b2261223a372c22610a62223a362c226121223a392c22615c22223a382c2265cc8178223a31302c227a223a332c22c3a922\#
      3a342c22ee8080223a352c22efbd9e223a312c22f09f9880223a327d
      """#
    ),
  ]
}
