#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What is installed stays whole: installs that are killed at any moment, run side by side or out of room, files that somebody
altered, a source that is slow or gone, copies of repositories, and repositories that another program wrote.

usage: installed.py EXPROVE ADAPTERS
"""
import fcntl
import json
import os
import random
import shutil
import signal
import subprocess
import time

import product
from desk import Desk, Server, digest
from foreign import foreign
from install import ITCH, publish
from market_site import Site, Stranger

SEED = 7
KILLS = 120


def founded(bench):
    bench.site = site = Site(bench, "market")
    site.add("acme")
    publish(site, "acme", range(4))
    bench.root = site.path + "/metadata/1.root.json"
    bench.server = Server(bench.work)
    bench.address = bench.server.address
    bench.there = bench.address + "/market"


def altered(bench):
    """Whatever is altered in the store is found, and an install mends it."""
    desk = Desk(bench, "altered")
    desk.trust("main", bench.site.path, bench.root)
    desk.call(0, "install", f"{ITCH}@1.0.1")
    entry = desk.installed()[ITCH]
    certificate = f"{desk.files}/{entry['certificate']}.certificate"
    proof = next(f"{desk.files}/{name}" for name in os.listdir(desk.files) if name.endswith(".proof"))
    for path, word in ((desk.library(), "it was altered"), (certificate, "it was altered"), (proof, "proof of publication")):
        whole = product.read(path)
        middle = bytearray(whole)
        middle[len(middle) // 2] ^= 1
        for damaged in (bytes(middle), whole[:-1], whole + b"\0", b""):
            with open(path, "wb") as file:
                file.write(damaged)
            out = desk.call(1, "verify")[0]
            bench.hold("not sound" in out and word in out and path in out, out)
            report = desk.json("verify", code=1)
            bench.hold(not report["sound"] and len(report["adapters"][0]["problems"]) >= 1, report)
        os.remove(path)
        bench.hold("it is gone" in desk.call(1, "verify")[0], "a file that is gone is not told of")
        os.symlink("/etc/hostname", path)
        bench.hold("not sound" in desk.call(1, "verify")[0], "a link is followed")
        os.remove(path)
        desk.call(0, "install", f"{ITCH}@1.0.1")
        bench.hold(product.read(path) == whole, "the install did not mend it")
        desk.call(0, "verify")
    for change in (lambda data: data[:-2], lambda data: data.replace(b'"pinned":true', b'"pinned":false,"x":1'),
                   lambda data: data.replace(b":", b": ", 1), lambda data: b"\0" * len(data), lambda data: b"[" * 100000):
        data = desk.lock()
        with open(desk.state, "wb") as file:
            file.write(change(data))
        for command in (("verify",), ("list",), ("install", ITCH), ("refresh",)):
            error = desk.call(65, *command)[1]
            bench.hold(desk.state in error and "restore it from a copy" in error, error)
        with open(desk.state, "wb") as file:
            file.write(data)
    desk.call(0, "verify")


def side_by_side(bench):
    """One waits for the other, and says for whom; both are done in the end."""
    publish(bench.site, "acme", [1], name="acme/other")
    desk = Desk(bench, "side")
    desk.trust("main", bench.there, bench.root)
    bench.server.pause = 0.02
    processes = [desk.start("install", name) for name in (ITCH, "acme/other", f"{ITCH}@1.0.2", "acme/other")]
    told = [process.communicate(timeout=60) for process in processes]
    bench.server.pause = 0
    bench.hold([process.returncode for process in processes] == [0] * 4, told)
    bench.hold(sum(b"waits for process" in error and b"(exprove adapter install)" in error for _, error in told) >= 1, told)
    desk.whole()
    bench.hold(set(desk.installed()) == {ITCH, "acme/other"}, desk.installed())
    # Somebody who holds the store and does nothing is named, and the state may be read all the while.
    with open(desk.store + "/store.lock", "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        process = desk.start("remove", "acme/other")
        time.sleep(0.5)
        bench.hold(process.poll() is None, "it did not wait")
        desk.call(0, "verify")
        desk.call(0, "list")
        fcntl.flock(file, fcntl.LOCK_UN)
    bench.hold(process.wait(30) == 0 and set(desk.installed()) == {ITCH}, desk.installed())


def out_of_room(bench):
    """A disk that is full at any place of an install leaves the old state, and the same command goes on when there is room."""
    desk = Desk(bench, "full")
    desk.trust("main", bench.site.path, bench.root)
    desk.call(0, "install", f"{ITCH}@1.0.0")
    size = os.path.getsize(desk.library()) // 1024
    failed = 0
    for blocks in sorted({0, 1, 2, 3, 5, 8, 16, size // 2, size - 1, size + 2}):
        before = desk.lock()
        code, _, error = bench.call(
            "adapter", "install", f"{ITCH}@1.0.1", wrapper=["bash", "-c", f'ulimit -f {blocks}; exec "$@"', "limited"],
            EXPROVE_HOME=desk.home)
        if code == 0:
            bench.hold(blocks > size, f"{size} KiB were installed within {blocks}")
            continue
        failed += 1
        bench.hold(code == 74 and "ulimit -f" in error and desk.lock() == before, f"{blocks}: {code}: {error}")
        desk.whole()
        desk.call(0, "verify")
    bench.hold(failed >= 5, f"only {failed} failed")
    desk.call(0, "install", f"{ITCH}@1.0.1")
    bench.hold(desk.version() == "1.0.1", desk.version())
    desk.whole()
    if os.geteuid() == 0:
        on_a_small_disk(bench)


def on_a_small_disk(bench):
    place = bench.path("small")
    os.makedirs(place)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k,mode=700", "none", place], capture_output=True).returncode:
        return print("out_of_room: no file system can be mounted here; the limit on file sizes stood in for it")
    try:
        desk = Desk(bench, "small")
        desk.trust("main", bench.site.path, bench.root)
        desk.call(0, "install", f"{ITCH}@1.0.0")
        before = desk.lock()
        error = desk.call(74, "install", f"{ITCH}@1.0.1")[1]
        bench.hold("No space left" in error and "make room there" in error and desk.lock() == before, error)
        desk.whole()
        desk.call(0, "verify")
        desk.call(0, "remove", ITCH)
        desk.call(0, "repository", "remove", "main")
    finally:
        subprocess.run(["umount", place], check=True)
    return None


def killed(bench):
    """Killed at any moment, an install leaves the old state or the new one, and nothing that the lock names is missing a byte."""
    desk = Desk(bench, "killed")
    desk.trust("main", bench.there, bench.root)
    desk.call(0, "install", f"{ITCH}@1.0.0")
    started = time.monotonic()
    desk.call(0, "install", f"{ITCH}@1.0.1")
    length = time.monotonic() - started
    generator = random.Random(SEED)
    ended = {"old": 0, "new": 0}
    span = 1.2 * length
    for number in range(KILLS):
        before, wanted = desk.version(), f"1.0.{(number + 1) % 4}"
        process = desk.start("install", f"{ITCH}@{wanted}")
        moment = generator.uniform(0, span)
        time.sleep(moment)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        bench.hold(desk.version() in (before, wanted), f"neither {before} nor {wanted}: {desk.version()}")
        ended["new" if desk.version() == wanted and wanted != before else "old"] += 1
        # On a busier machine than at the first install the last moments are not late enough.
        if desk.version() == before != wanted and moment > 0.9 * span:
            span *= 1.2
        desk.whole()
    print(f"killed: {KILLS} times, {ended['old']} before and {ended['new']} behind the commit; an install takes {length:.3f} s")
    bench.hold(ended["old"] >= 10 and ended["new"] >= 5, f"the moments are one-sided: {ended}")
    desk.call(0, "verify")
    desk.call(0, "install", f"{ITCH}@1.0.3")
    bench.hold(desk.version() == "1.0.3", desk.version())
    # What is left over goes with the next change but one.
    desk.call(0, "install", f"{ITCH}@1.0.2")
    desk.whole()
    bench.hold(len(os.listdir(desk.files)) <= 6, os.listdir(desk.files))


def goes_on(bench):
    """A download that broke off goes on where it was; a part that is wrong is thrown away."""
    desk = Desk(bench, "resumed")
    desk.trust("main", bench.there, bench.root)

    def broken_off():
        bench.server.pause = 0.05
        process = desk.start("install", f"{ITCH}@1.0.2")
        part = None
        while process.poll() is None and not (part and os.path.getsize(part) > 50_000):
            parts = [name for name in os.listdir(desk.files) if name.endswith(".part")] if os.path.isdir(desk.files) else []
            part = f"{desk.files}/{parts[0]}" if parts else None
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        bench.server.pause = 0
        bench.server.asked.clear()
        bench.hold(desk.installed() == {}, "it was installed before all of it came")
        return part

    part = broken_off()
    have = os.path.getsize(part)
    desk.call(0, "install", f"{ITCH}@1.0.2")
    ranges = [wanted for path, wanted in bench.server.asked if path.endswith(".so")]
    bench.hold(ranges == [f"bytes={have}-"], (ranges, have))
    bench.hold(not os.path.exists(part) and digest(desk.library()) == digest(bench.path("acme-2.so")), "other bytes")
    shutil.rmtree(desk.store)
    desk.trust("main", bench.there, bench.root)
    part = broken_off()
    with open(part, "r+b") as file:
        file.write(b"\0" * 100)
    desk.call(0, "install", f"{ITCH}@1.0.2")
    ranges = [wanted for path, wanted in bench.server.asked if path.endswith(".so")]
    bench.hold(len(ranges) == 2 and ranges[1] is None, ranges)
    desk.whole()


def offline(bench):
    """Without the source, what is stored serves, and how old it is is said."""
    server = Server(bench.work)
    desk = Desk(bench, "offline")
    desk.trust("main", server.address + "/market", bench.root)
    desk.call(0, "install", f"{ITCH}@1.0.1")
    desk.call(0, "install", f"{ITCH}@1.0.2")
    server.end()
    error = desk.call(74, "install", f"{ITCH}@1.0.3")[1]
    bench.hold(server.address in error, error)
    desk.call(74, "refresh")
    desk.call(74, "upgrade", ITCH) if not desk.installed()[ITCH]["pinned"] else desk.call(0, "upgrade", ITCH)
    for command in (("search", "itch"), ("why", ITCH), ("verify",), ("list",), ("outdated", "--offline"), ("repository", "list")):
        desk.call(0, *command)
    out, error = desk.call(0, "install", f"{ITCH}@1.0.1", "--offline")
    bench.hold("main: as of 20" in error and desk.version() == "1.0.1", error)
    desk.whole()
    desk.refuses("off line nothing is fetched", "install", f"{ITCH}@1.0.0", "--offline", code=74)
    lonely = Desk(bench, "lonely")
    code, _, error = bench.call("adapter", "repository", "add", "main", server.address, "--root", bench.root,
                                EXPROVE_HOME=lonely.home)
    bench.hold(code == 74 and lonely.json("repository", "list")["repositories"] == [], error)


def mirrored(bench):
    """A copy is a repository again, for us and for python-tuf, and is brought up to date by what is new."""
    desk, copy = Desk(bench, "copier"), bench.path("copy")
    desk.trust("main", bench.there, bench.root)
    first = desk.json("mirror", copy)
    bench.hold(first["files"] > 20, first)
    bench.hold(desk.json("mirror", copy)["files"] == 0, "a copy of what is there")
    info, data = Stranger(bench.site, "copy").find("acme/itch/1.0.3/linux-x86_64.so", copy)
    bench.hold(data == product.read(bench.path("acme-3.so")) and info.length == len(data), "other bytes for python-tuf")
    far = Desk(bench, "far")
    far.trust("carried", copy, bench.root)
    far.call(0, "install", ITCH)
    bench.hold(far.version() == "1.0.3" and far.installed()[ITCH]["log"]["index"] == 3, far.installed())
    far.whole()
    publish(bench.site, "acme", [5])
    later = desk.json("mirror", copy)
    bench.hold(0 < later["files"] < first["files"], later)
    far.call(0, "upgrade")
    bench.hold(far.version() == "1.0.5", far.version())
    # A copy of a copy, and one that somebody altered.
    second = bench.path("copy-of-copy")
    far.call(0, "mirror", second)
    with open(f"{second}/targets/acme/itch/1.0.3/{digest(bench.path('acme-3.so'))}.linux-x86_64.so", "r+b") as file:
        file.write(b"\0\0\0\0")
    third = Desk(bench, "third")
    third.trust("bad", second, bench.root)
    third.refuses("it is not the file that its publisher signed", "install", f"{ITCH}@1.0.3")
    third.call(0, "install", ITCH)


def large(bench):
    """Ten thousand adapters are searched, and the right one is found."""
    desk = Desk(bench, "large")
    desk.trust("main", bench.site.path, bench.root)
    lines = [json.dumps({
        "latest": "1.2.0", "licence": "Apache-2.0", "name": f"vendor{n // 50}/adapter{n}", "platforms": ["linux-x86_64"],
        "protocols": ["ITCH 5.0", "OUCH 5.0"], "summary": f"Market data and order entry of venue number {n}, with everything",
        "updated": 1700000000, "versions": 20}, sort_keys=True, separators=(",", ":")) for n in range(10_000)]
    with open(desk.store + "/repositories/main/catalog.jsonl", "w", encoding="utf-8") as file:
        file.write("\n".join(sorted(lines)) + "\n")

    found = desk.json("search", "adapter7777", "venue")
    bench.hold(found["found"] == 1 and found["adapters"][0]["name"] == "vendor155/adapter7777", found)
    bench.hold(desk.json("search", "nowhere")["found"] == 0, "what is not there is found")


if __name__ == "__main__":
    product.prove("installed", founded, altered, side_by_side, out_of_room, killed, goes_on, offline, mirrored, foreign, large)
