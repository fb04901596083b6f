#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the sources to the rules of source_rules.py. Each rule first has to find, in a copy of the tree, every violation
that is planted for it. Ends with `N passed, N failed`."""
import os
import shutil
import subprocess
import sys
import tempfile

from source_rules import RULES
from tree import Tree


def copy_of(tree, to):
    """A git repository of its own with the same files."""
    for name in tree.files:
        os.makedirs(os.path.dirname(os.path.join(to, name)) or to, exist_ok=True)
        shutil.copy(os.path.join(tree.root, name), os.path.join(to, name))
    subprocess.run(["git", "-C", to, "init", "-q"], check=True)
    subprocess.run(["git", "-C", to, "add", "-A"], check=True)
    return Tree(to)


def undetected(check, seeds, copy):
    """What the rule fails to say of its seeds. A seed that expects nothing is innocent: it must stay unmentioned."""
    missed, before = [], set(check(copy))
    for name, text, expected in seeds:
        path = os.path.join(copy.root, name)
        kept = copy.text(name) if os.path.exists(path) else None
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        subprocess.run(["git", "-C", copy.root, "add", "-f", name], check=True)
        said = [line for line in check(Tree(copy.root)) if line not in before]
        if expected is None and said:
            missed.append(f"an innocent {name} is accused: {said[0]}")
        if expected is not None and not any(expected in line for line in said):
            missed.append(f"the violation planted in {name} is not found: {text[-60:]!r}")
        subprocess.run(["git", "-C", copy.root, "rm", "-q", "-f", "--cached", name], check=True)
        os.remove(path)
        if kept is not None:
            with open(path, "w", encoding="utf-8") as file:
                file.write(kept)
            subprocess.run(["git", "-C", copy.root, "add", "-f", name], check=True)
    return missed


def main():
    root = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
    tree, passed, failed = Tree(root), 0, 0
    with tempfile.TemporaryDirectory() as folder:
        copy = copy_of(tree, folder)
        for name, check, seeds in RULES:
            wrong = check(tree) + undetected(check, seeds, copy)
            for line in wrong:
                print(line)
            print(f"{'FAILED' if wrong else 'ok'}: {name} ({len(seeds)} seeds)")
            passed, failed = passed + (not wrong), failed + bool(wrong)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
