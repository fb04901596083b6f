# SPDX-License-Identifier: Apache-2.0
"""Peak memory of `exprove normalize` over a capture of any length, which is made while it is read."""
import json
import os
import subprocess
import sys
import threading
import time

GOAL = 512 << 20


def feed(path, work, size):
    """Writes `size` bytes of whole messages into the pipe: definitions, and then the same day again and again."""
    with open(os.path.join(work, "itch-definitions.bin"), "rb") as file:
        first = file.read()
    with open(os.path.join(work, "itch-messages.bin"), "rb") as file:
        again = memoryview(file.read())
    try:
        with open(path, "wb", buffering=0) as pipe:
            left, block = size, memoryview(first)
            while left > 0:
                done = 0
                while done < len(block):
                    done += pipe.write(block[done:])
                left -= len(block)
                block = again
    except BrokenPipeError:
        return  # The reader ended early, and says why itself.


def run_normalize(build, path):
    """The summary of a capture, and what the process used."""
    option = f"XNAS=nasdaq-itch50:{path},date=2020-01-30,zone=America/New_York,time=venue+0ns"
    # What the child inherits of this process counts as its peak, so this one stays small.
    with subprocess.Popen([os.path.join(build, "exprove"), "normalize", "--summary", "--feed", option],
                          stdout=subprocess.PIPE, text=True) as child:
        summary = child.stdout.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"benchmarks: exprove normalize ended with status {child.returncode}")
    return json.loads(summary), usage


def normalize(build, path):
    """A contestant: the command itself, from its start to its end, in processor time."""
    told, usage = run_normalize(build, path)
    return {"units": told["frames"], "bytes": told["bytes"], "answer": told["event_digest"],
            "nanoseconds": round((usage.ru_utime + usage.ru_stime) * 1e9)}


def peak_memory(build, work, digest_ns, large, note):
    size = 10_000_000_000 if large else 500_000_000
    note(f"peak memory: {size / 1e9:g} GB through a pipe")
    pipe = os.path.join(work, "stream.bin")
    os.mkfifo(pipe)
    writer = threading.Thread(target=feed, args=(pipe, work, size), daemon=True)
    writer.start()
    start = time.monotonic()
    told, usage = run_normalize(build, pipe)
    seconds = time.monotonic() - start
    writer.join()
    os.remove(pipe)
    peak = usage.ru_maxrss << 10
    # The digest covers 32 bytes of each frame and 64 of each event.
    digested = (32 * told["frames"] + 64 * told["events"]) * digest_ns * 1e-9
    used = usage.ru_utime + usage.ru_stime
    return {
        "capture_bytes": size, "frames": told["frames"], "events": told["events"], "peak_bytes": peak,
        "goal_bytes": GOAL, "seconds": seconds, "processor_seconds": used, "digest_seconds": digested,
        "text": f"normalize --summary over {size / 1e9:g} GB of ITCH, {told['frames'] / 1e6:.0f} M messages of "
                f"{told['instruments']:,} stocks: peak memory {peak / (1 << 20):.0f} MiB (goal: below {GOAL >> 20} MiB), "
                f"{size / used / 1e6:.0f} MB and {told['frames'] / used / 1e6:.1f} M messages per second of "
                f"processor time; its digest alone takes {100 * digested / used:.0f} % of that at SHA-256's own speed"
                + ("" if large else " (--large: 10 GB)"),
    }
