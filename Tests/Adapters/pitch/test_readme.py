# SPDX-License-Identifier: Apache-2.0
"""The tutorial's commands, run as it has them in a copy of its folder, give what it says they give.

EXPROVE: the command; PITCH_COPY: the folder's copy, which is changed.
"""

import os
import re
import subprocess
import unittest

FOLDER = os.environ["PITCH_COPY"]


def blocks(text):
    """Each command of the console blocks with the output that follows it."""
    for block in re.findall(r"^```console\n(.*?)^```", text, re.S | re.M):
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, _, output = part.partition("\n")
            yield command, output


def plain(text):
    """Without digests, which each compiler makes anew."""
    return re.sub(r"\b[0-9a-f]{64}\b", "…", text)


class ReadmeTest(unittest.TestCase):
    def test_commands(self):
        with open(os.path.join(FOLDER, "README.md"), encoding="utf-8") as file:
            commands = list(blocks(file.read()))
        self.assertGreater(len(commands), 7)
        path = os.path.dirname(os.environ["EXPROVE"]) + ":" + os.environ["PATH"]
        kept = {k: v for k, v in os.environ.items() if k not in ("CC", "CFLAGS", "MAKEFLAGS", "MAKELEVEL")}
        for command, expected in commands:
            done = subprocess.run(["bash", "-c", command], cwd=FOLDER, env={**kept, "PATH": path}, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)
            self.assertEqual(plain(done.stdout), expected, command)


if __name__ == "__main__":
    unittest.main()
