# SPDX-License-Identifier: Apache-2.0
"""Rules about the text of the sources. Each is a function from a tree to its violations, with seeds: files that break it
and what it must say of each."""
import os
import re

from tree import matches, swift_code

SOURCE = (".swift", ".c", ".h", ".hpp", ".cpp", ".py", ".sh")
# The policy's evaluation is the engine's; the rest of Governance holds keys and files.
ENGINE = ("ExecutionIR", "EventFlow", "MarketModel", "ExecutionSolver", "ExecutionEngine", "VenueSimulator")

BANNED = [
    (r"\b(Double|Float|CGFloat|Float16|Float32|Float64|Float80|TimeInterval|NSNumber)\b", "floating point"),
    (r"(?<![\w.$])\d[\d_]*\.\d[\d_]*", "a floating-point literal"),
    (r"(?<![\w.])\d[\d_]*[eE][+-]?\d+\b", "a floating-point literal"),
    (r"\bimport\s+(Foundation\w*|Dispatch|Synchronization)\b", "an import that brings clocks or threads"),
    (r"\b(Date\s*\(|clock_gettime|gettimeofday|ContinuousClock|SuspendingClock|DispatchTime|clock\s*\(\s*\)|time\s*\(\s*nil)",
     "a clock"),
    (r"\b(SystemRandomNumberGenerator|arc4random\w*|getrandom|getentropy|drand48|UUID)\b|\.random\s*\(|"
     r"\.randomElement\s*\(|\.shuffled?\s*\(", "randomness"),
    (r"\b(hashValue|Hasher|ObjectIdentifier)\b", "a value that differs between processes"),
    (r"\b(getenv|ProcessInfo|CommandLine|setlocale|Locale)\b", "the environment"),
]
KEYED = [
    (r"\b(Dictionary|Set|NSDictionary|NSSet)\b\s*[<(.]|\[\s*(?:[\w.<>?]+|\[\w+\])\s*:(?!:)(?=[^\]\n]*\])|\[:\]|:\s*Set\b",
     "a table whose order is not its own"),
]


def engine_files(tree):
    return [
        name for name in tree.under("Sources")
        if name.split("/")[1] in ENGINE or name.startswith("Sources/Governance/Policy")
    ]


def engine_names(tree):
    found = []
    for name in engine_files(tree):
        found += matches(name, swift_code(tree.text(name)), BANNED)
    return found


def hash_order(tree):
    allowed = {line.split(" ", 1)[0] for line in tree.listing("keyed-tables.txt")}
    found = []
    for name in engine_files(tree):
        code = swift_code(tree.text(name))
        if name not in allowed:
            # The members of a JSON object are excepted: only the canonical encoder writes them, sorted.
            found += matches(name, re.sub(r"\[String: JSON\](\s*=\s*\[:\])?", "JSON", code), KEYED)
        # Where one is allowed it is looked up, never walked.
        tables = set(re.findall(r"\b(\w+)\s*:\s*\[\s*(?:\w+|\[\w+\])\s*:", code))
        tables |= set(re.findall(r"\.object\(let (\w+)\)", code))
        for table in sorted(tables):
            found += matches(name, code, [
                (rf"\bin\s+(self\.)?{table}(\.(keys|values))?\s*(\{{|where\b)", "walks a table in hash order"),
                (rf"(?<!\.)\b{table}\.(keys\.|values\.)?(map|flatMap|compactMap|forEach|reduce|enumerated|makeIterator"
                 rf"|first|filter|mapValues|randomElement|popFirst)\b", "walks a table in hash order"),
                (rf"\bArray\s*\(\s*{table}\b", "walks a table in hash order"),
            ])
    return found


def unsafe_code(tree):
    listed = tree.listing("unsafe-files.txt")
    seen = [
        name for name in tree.under("Sources", "Tests") if re.search(r"\bunsafe\b", swift_code(tree.text(name)))
    ]
    new = [f"{name}: unsafe code in a file that Tests/Rules/unsafe-files.txt doesn't name" for name in seen
           if name not in listed]
    return new + [f"{name}: named in Tests/Rules/unsafe-files.txt without unsafe code" for name in listed
                  if name not in seen]


def testable(tree):
    found = []
    for name in tree.under("Sources", "Tests"):
        found += matches(name, swift_code(tree.text(name)), [(r"@testable\b", "use `package`")])
    return found


# Put together from halves, so that this file doesn't break its own rule.
WORDS = [
    (r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"]) + r")\b", "unfinished"),
    (r"(?i)\b(place" + r"holder|not (yet )?imple" + r"mented|for n" + r"ow|simpli" + r"fied)\b", "unfinished"),
]
PLACES = [
    (r"(?<![\w.}$~*)/])/(work|home|root|Users|mnt|opt)/[\w.]", "a path of one machine"),
    (r"https?://[\w.:-]*(pypi|npmjs|crates|registry|mirror|proxy|artifactory|nexus)", "a package registry"),
    (r"--(extra-)?index" + r"-url", "a package registry"),
    (r"https?://(10|127|192\.168|172\.(1[6-9]|2\d|3[01]))\.[\d.]+", "a machine's address"),
]
TEMPORARY = [(r"(?<![\w.}$)])/tmp/", "a path of one machine")]
# One of these phrases is also the ABI's word for an answer to an unknown version.
ANSWERS = re.compile(r"(?i)versions? (is|are) not imple" + "mented|_NOT_IMPLE" + "MENTED")


def spoken(tree):
    names = tree.under("Sources", "Plugins", "sdk-c", "Tests", endings=SOURCE + (".md", ".txt", ".modulemap"))
    return names + [n for n in tree.files if n in (
        "README.md", "test.sh", "run.sh", ".packages.sh", "Package.swift", ".ci/run", "CONTRIBUTING.md")]


def words(tree):
    found = []
    for name in spoken(tree):
        found += matches(name, ANSWERS.sub("", tree.text(name)), WORDS)
    return found


def places(tree):
    found = []
    for name in spoken(tree):
        patterns = PLACES if name.startswith("Tests/") else PLACES + TEMPORARY
        found += matches(name, tree.text(name), patterns)
    return [line for line in found if not line.startswith("Tests/Rules/source_rules.py")]


def licence(tree):
    names = [name for name in tree.files if name.endswith(SOURCE) and not name.startswith(".build")]
    return [f"{name}: no SPDX-License-Identifier in its first three lines" for name in names
            if "SPDX-License-Identifier: Apache-2.0" not in "\n".join(tree.text(name).split("\n")[:3])]


LONGEST = 450


def lengths(tree):
    found = []
    for name in tree.under("Sources", "Plugins", "sdk-c", "Tests", endings=SOURCE):
        lines = tree.text(name).count("\n")
        if lines > LONGEST:
            found.append(f"{name}: {lines} lines, more than {LONGEST}: cut it by concern")
    return found


def tracked(tree):
    found = []
    for name in tree.tracked():
        path = os.path.join(tree.root, name)
        if os.path.basename(name) == "Package.resolved":
            found.append(f"{name}: tracked; versions stand in Package.swift")
        if name.startswith((".build/", ".swiftpm/")) or name.endswith((".o", ".so", ".pyc")):
            found.append(f"{name}: something built is tracked")
        if os.path.isfile(path) and os.path.getsize(path) > 1 << 20:
            found.append(f"{name}: {os.path.getsize(path)} bytes, more than 1 MiB")
    return found


HEAD = "// SPDX-License-Identifier: Apache-2.0\n"
IR, ENG, SIM = "Sources/ExecutionIR/Seeded.swift", "Sources/ExecutionEngine/Seeded.swift", "Sources/VenueSimulator/Seeded.swift"
RULES = [
    ("engine: no floating point, clock, randomness", engine_names, [
        (IR, HEAD + "let price: Double = 0\n", f"{IR}:2: floating point"),
        (ENG, HEAD + 'let text = "\\(2.5)"\n', f"{ENG}:2: a floating-point literal"),
        (SIM, HEAD + "internal import Foundation\n", f"{SIM}:2: an import"),
        (ENG, HEAD + "let now = ContinuousClock.now\n", f"{ENG}:2: a clock"),
        ("Sources/Governance/PolicySeeded.swift", HEAD + "let x = Int.random(in: 0...1)\n", "PolicySeeded.swift:2: randomness"),
        ("Sources/EventFlow/Seeded.swift", HEAD + "let x = 1.hashValue\n", "Seeded.swift:2: a value that differs"),
        (IR, HEAD + "// a Double in a comment\nlet a = \"Double 1.5\"\n", None),
    ]),
    ("engine: no hash order", hash_order, [
        ("Sources/MarketModel/Seeded.swift", HEAD + "var table: [UInt64: Int] = [:]\n", "Seeded.swift:2: a table"),
        ("Sources/ExecutionSolver/Seeded.swift", HEAD + "var seen = Set<Int>()\n", "Seeded.swift:2: a table"),
        ("Sources/VenueSimulator/FillModel.swift",
         HEAD + "var index: [UInt64: Int] = [:]\nfunc f() { for pair in index { print(pair) } }\n", "FillModel.swift:3: walks"),
        ("Sources/VenueSimulator/FillModel.swift",
         HEAD + "var index: [UInt64: Int] = [:]\nlet all = index.values.map { $0 }\n", "FillModel.swift:3: walks"),
        ("Sources/MarketModel/Seeded.swift", HEAD + "let a = flag ? [x] : [y]\nlet b = values[flag ? 1 : 0]\n", None),
    ]),
    ("unsafe code is confined", unsafe_code, [
        ("Sources/ExecutionSolver/Seeded.swift", HEAD + "let x = unsafe p.pointee\n", "Seeded.swift: unsafe code"),
        ("Sources/EventFlow/EventBatch.swift", HEAD, "EventBatch.swift: named"),
    ]),
    ("no @testable", testable, [
        ("Tests/FeedsTests/Seeded.swift", HEAD + "@testable import Feeds\n", "Seeded.swift:2: use `package`"),
    ]),
    ("words", words, [
        ("Sources/Feeds/Seeded.swift", HEAD + "// TO" + "DO: later\n", "Seeded.swift:2: unfinished"),
        ("Plugins/nasdaq/seeded.c", "/* enough for n" + "ow */\n", "seeded.c:1: unfinished"),
        ("sdk-c/include/exprove/seeded.h", "/* simpli" + "fied */\n", "seeded.h:1: unfinished"),
    ]),
    ("places", places, [
        ("Sources/Feeds/Seeded.swift", HEAD + 'let p = "/ho' + 'me/me/data"\n', "Seeded.swift:2: a path"),
        ("Sources/Feeds/Seeded.swift", HEAD + 'let p = "/t' + 'mp/data"\n', "Seeded.swift:2: a path"),
        ("Tests/seeded.sh", "pip install --index" + "-url x\n", "seeded.sh:1: a package registry"),
    ]),
    ("licence", licence, [("Sources/Feeds/Seeded.swift", "let x = 1\n", "Seeded.swift: no SPDX")]),
    ("file length", lengths, [("Sources/Feeds/Seeded.swift", HEAD + "\n" * 450, "Seeded.swift: 451 lines")]),
    ("tracked files", tracked, [
        ("Package.resolved", "{}\n", "Package.resolved: tracked"),
        ("Tests/seeded.bin", "0" * ((1 << 20) + 1), "seeded.bin: 1048577 bytes"),
        ("Plugins/seeded.so", "", "seeded.so: something built"),
    ]),
]
