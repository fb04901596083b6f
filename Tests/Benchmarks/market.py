# SPDX-License-Identifier: Apache-2.0
"""The marketplace that the benchmarks ask: its server, and the memory of those who ask it."""
import json
import os
import re
import subprocess
import sys

HOST = "127.0.0.1"


class Marketplace:
    """The repository of 10,000 adapters, made once, and Python's own server of files in front of it."""

    def __init__(self, command, work, note):
        self.command = command
        self.work = work
        note("marketplace: signing the metadata of 10,000 adapters, 20 versions each")
        self.made, _ = one_pass(command, "market repository")
        self.server = subprocess.Popen(
            [sys.executable, "-u", "-m", "http.server", "--bind", HOST, "--directory", os.path.join(work, "market"), "0"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        port = re.search(r"port (\d+)", self.server.stdout.readline()).group(1)
        with open(os.path.join(work, "market-port"), "w", encoding="utf-8") as file:
            file.write(port)

    def close(self):
        self.server.terminate()
        self.server.wait()

    def sizes(self):
        """Bytes of all metadata, and of the largest file that a client reads."""
        folder = os.path.join(self.work, "market", "metadata")
        sizes = [os.path.getsize(os.path.join(folder, name)) for name in os.listdir(folder)]
        return sum(sizes), max(sizes)

    def memory(self, peers):
        """Peak memory of a process that goes from the trusted root to a vendor's target, ours and python-tuf's."""
        total, largest = self.sizes()
        peaks = {name: one_pass(command, name.removeprefix("python "))[1] for command, name in (
            (self.command, "market idle"), (self.command, "market first"), (peers, "python tuf idle"),
            (peers, "python tuf first"))}

        def megabytes(size):
            return f"{size / (1 << 20):.1f} MiB"
        ours, theirs = peaks["market first"], peaks["python tuf first"]
        return {
            "metadata_bytes": total, "largest_bytes": largest, "peaks": peaks,
            "text": f"marketplace of {self.made['units']:,} adapters, {megabytes(total)} of metadata: from the trusted root "
                    f"to a target, peak memory {megabytes(ours)} ({megabytes(ours - peaks['market idle'])} more than a process "
                    f"that does nothing; the largest metadata file has {megabytes(largest)}); python-tuf {megabytes(theirs)} "
                    f"({megabytes(theirs - peaks['python tuf idle'])} more)",
        }


def one_pass(command, name):
    """A process of its own for one pass: its answer, and its peak of memory in bytes."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        child.stdin.write(name + "\n")
        child.stdin.close()
        line = child.stdout.readline()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0 or not line:
        sys.exit(f"benchmarks: \"{name}\" ended with status {child.returncode}")
    return json.loads(line), usage.ru_maxrss << 10
