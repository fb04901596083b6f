#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the package's targets to rooms.txt, after planting violations in copies of its manifest. Ends with
`N passed, N failed`."""
import json
import os
import subprocess
import sys
import tempfile

from tree import Tree


def dump(folder):
    told = subprocess.run(["swift", "package", "--package-path", folder, "--manifest-cache", "none", "dump-package"],
                          capture_output=True, text=True, check=False)
    if told.returncode != 0:
        sys.exit(told.stderr)
    return json.loads(told.stdout)


def plan(lines):
    floors, allowed, kinds, never = {}, {}, {}, []
    for line in lines:
        words = line.replace(":", " ").split()
        if words[0] == "room":
            floors[words[2]], allowed[words[2]] = int(words[1]), set(words[3:])
        elif words[0] == "never":
            never.append((words[1], words[2]))
        else:
            kinds[words[1]] = words[0]
    return floors, allowed, kinds, never


def dependencies(target):
    for each in target["dependencies"]:
        (kind, value), = each.items()
        yield value[0]


def violations(package, table):
    floors, allowed, kinds, never = table
    found, arrows, tests = [], {}, {t["name"] for t in package["targets"] if t["type"] == "test"}
    for name, uses in allowed.items():
        found += [f"rooms.txt: {name} may use {use}, which is not below it" for use in sorted(uses)
                  if use in floors and floors[use] >= floors[name]]
    for target in package["targets"]:
        name, uses = target["name"], list(dependencies(target))
        arrows[name] = uses
        if name in kinds and kinds[name] == "plugin":
            found += [f"{name}: a plug-in depends on {use}" for use in uses]
        elif name in floors:
            for use in uses:
                if use in tests or use in kinds:
                    found.append(f"{name}: depends on {use}, which is no room")
                elif use in floors and floors[use] >= floors[name]:
                    found.append(f"{name}: the arrow to {use} doesn't go down")
                elif use not in allowed[name] and "*" not in allowed[name]:
                    found.append(f"{name}: may not depend on {use}")
        elif name not in tests and name not in kinds:
            found.append(f"{name}: not in rooms.txt")
        else:
            found += [f"{name}: depends on the tests {use}" for use in uses if use in tests]

    def reached(name, seen):
        for use in arrows.get(name, []):
            if use not in seen:
                seen.add(use)
                reached(use, seen)
        return seen

    return found + [f"{a}: reaches {b}" for a, b in never if b in reached(a, set())]


SEED = """
package.targets.append(.target(name: "Unlisted"))
@MainActor func seeded(_ name: String, _ use: String) {
  package.targets.first { $0.name == name }!.dependencies.append(.init(stringLiteral: use))
}
seeded("ExecutionIR", "RunJournal")
seeded("TransparencyLog", "ExecutionIR")
seeded("ExecutionSolver", "EventFlow")
seeded("NasdaqAdapter", "CExProveABI")
seeded("RunJournal", "AdapterHost")
"""
EXPECTED = [
    "Unlisted: not in rooms.txt", "ExecutionIR: the arrow to RunJournal doesn't go down",
    "ExecutionSolver: may not depend on EventFlow", "NasdaqAdapter: a plug-in depends on CExProveABI",
    "TransparencyLog: reaches ExecutionIR", "RunJournal: reaches AdapterHost",
]


def main():
    root = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
    tree = Tree(root)
    table = plan(tree.listing("rooms.txt"))
    found = violations(dump(root), table)
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "Package.swift"), "w", encoding="utf-8") as file:
            file.write(tree.text("Package.swift") + SEED)
        said = violations(dump(folder), table)
    missed = [f"the planted violation is not found: {line}" for line in EXPECTED if line not in said]
    for line in found + missed:
        print(line)
    print(f"{'1 passed, 0' if not found + missed else '0 passed, 1'} failed")
    return 1 if found or missed else 0


if __name__ == "__main__":
    sys.exit(main())
