# SPDX-License-Identifier: Apache-2.0
"""Holds the README to what it says: the demo's output, and the program that checks a ledger with nothing of ours.

usage: readme.py EXPROVE ADAPTERS
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

exprove, adapters = (os.path.abspath(a) for a in sys.argv[1:3])
root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
work = tempfile.mkdtemp(prefix="exprove-readme-")
environment = {"PATH": os.environ["PATH"], "HOME": work, "EXPROVE_HOME": work + "/home", "EXPROVE_ADAPTERS": adapters}
KEY = re.compile(r"demo\+[0-9a-f]{8}\+[\w+/=]+")
checks = 0


def hold(condition, text):
    global checks
    assert condition, text
    checks += 1


def block(first):
    """The README's block of code whose first line begins so."""
    fenced = re.split(r"^```.*\n", readme, flags=re.M)
    for found in fenced[1::2]:
        if found.startswith(first):
            return found
    raise AssertionError(f"README.md: no block begins with {first}")


def run(*arguments):
    return subprocess.run(arguments, capture_output=True, text=True, cwd=work, env=environment, timeout=300)


try:
    readme = open(root + "/README.md", encoding="utf-8").read()
    command, stated = block("$ ./run.sh demo").split("\n", 1)
    demo = run(exprove, *command.split()[2:])
    hold(demo.returncode == 0, demo.stderr[-500:])
    hold(KEY.sub("KEY", demo.stdout) == KEY.sub("KEY", stated), f"the demo prints\n{demo.stdout}")
    key = KEY.search(demo.stdout).group()
    for line in demo.stdout.split("\n")[5:]:
        if line.strip():
            told = run("sh", "-c", line.strip().replace("exprove ", f"'{exprove}' ", 1))
            hold(told.returncode == 0 and told.stdout, (line, told.stderr[-300:]))

    with open(work + "/check_ledger.py", "w", encoding="utf-8") as file:
        file.write(block("import base64"))
    whole = run(sys.executable, "check_ledger.py", "exprove-demo", key)
    hold(whole.returncode == 0 and "entries hold" in whole.stdout, whole.stderr[-300:])
    entries = [os.path.join(folder, name) for folder, _, names in os.walk(work + "/exprove-demo/ledger/tile/entries")
               for name in names]
    for path, offset in [(entries[0], 2000), (work + "/exprove-demo/ledger/checkpoint", 40)]:
        data = bytearray(open(path, "rb").read())
        data[offset] ^= 1
        open(path, "wb").write(data)
        hold(run(sys.executable, "check_ledger.py", "exprove-demo", key).returncode != 0, f"a changed {path} passes")
        data[offset] ^= 1
        open(path, "wb").write(data)
    other = run(exprove, "demo", "--out", "other", "--seed", "2", "--json")
    hold(other.returncode == 0, other.stderr[-300:])
    hold(run(exprove, "verify", "other", "--vkey", key).returncode == 0, "another seed's run")
    print(f"{checks} passed, 0 failed")
finally:
    shutil.rmtree(work, ignore_errors=True)
