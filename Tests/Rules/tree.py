# SPDX-License-Identifier: Apache-2.0
"""What every rule starts from: the checkout's files, and Swift source without comments and literal text."""
import functools
import os
import re
import subprocess


class Tree:
    """The files under `root` that are tracked, or would be if they were added."""

    def __init__(self, root, files=None):
        self.root = root
        if files is None:
            listed = subprocess.run(
                ["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                capture_output=True, check=True).stdout
            files = sorted({name for name in listed.decode().split("\0") if name})
        self.files = [name for name in files if os.path.isfile(os.path.join(root, name))]

    def tracked(self):
        """The files that git itself holds."""
        listed = subprocess.run(
            ["git", "-C", self.root, "ls-files", "-z"], capture_output=True, check=True).stdout
        return [name for name in listed.decode().split("\0") if name]

    def text(self, name):
        with open(os.path.join(self.root, name), encoding="utf-8", errors="replace") as file:
            return file.read()

    def under(self, *folders, endings=(".swift",)):
        return [
            name for name in self.files
            if name.endswith(endings) and any(name == f or name.startswith(f.rstrip("/") + "/") for f in folders)
        ]

    def listing(self, name):
        """The lines of a rule's own table, without comments."""
        here = os.path.dirname(os.path.abspath(__file__))
        with open(os.path.join(here, name), encoding="utf-8") as file:
            return [line.strip() for line in file if line.strip() and not line.startswith("#")]


@functools.cache
def swift_code(text):
    """Swift source with comments and the text of literals blanked; lines stay where they are. What is interpolated
    into a string is code and stays."""
    out, at, end = [], 0, len(text)

    def blank(upto):
        nonlocal at
        out.append(re.sub(r"[^\n]", " ", text[at:upto]))
        at = upto

    def literal():
        nonlocal at
        opening = re.compile(r'(#*)("""|")').match(text, at)
        hashes, quote = opening.group(1), opening.group(2)
        blank(opening.end())
        while at < end:
            if text.startswith(quote + hashes, at):
                blank(at + len(quote) + len(hashes))
                return
            if text.startswith("\\" + hashes + "(", at):
                blank(at + 2 + len(hashes))
                code(")")
            elif text.startswith("\\" + hashes, at):
                blank(min(end, at + 2 + len(hashes)))
            elif text[at] == "\n" and quote == '"':
                return
            else:
                blank(at + 1)

    def code(closing):
        nonlocal at
        depth = 0
        while at < end:
            if text.startswith("//", at):
                stop = text.find("\n", at)
                blank(end if stop < 0 else stop)
            elif text.startswith("/*", at):
                nested, here = 1, at + 2
                while here < end and nested:
                    if text.startswith("/*", here):
                        nested, here = nested + 1, here + 2
                    elif text.startswith("*/", here):
                        nested, here = nested - 1, here + 2
                    else:
                        here += 1
                blank(here)
            elif re.compile(r'#*"').match(text, at):
                literal()
            else:
                if closing:
                    if text[at] == "(":
                        depth += 1
                    elif text[at] == ")":
                        if depth == 0:
                            blank(at + 1)
                            return
                        depth -= 1
                out.append(text[at])
                at += 1

    code(None)
    return "".join(out)


def matches(name, code, patterns):
    """A line for each place where one of the patterns (expression, what it means) stands."""
    return [
        f"{name}:{number}: {meaning}: {found.group(0).strip()}"
        for number, line in enumerate(code.split("\n"), 1)
        for expression, meaning in patterns
        for found in re.finditer(expression, line)
    ]
