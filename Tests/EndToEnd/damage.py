# SPDX-License-Identifier: Apache-2.0
"""A thousand random damages to run directories, each found by `verify`: flipped bits, files cut short, deleted, longer,
added, renamed, exchanged, links, pipes and directories in all places, with the signer's key and without.

Damage is done in place and undone. The two workers have a copy each; after each share all must verify again, so that
no damage stays behind and hides the next.

usage: damage.py EXPROVE ADAPTERS CAPTURES
"""
import json
import os
import random
import shutil
import time

import product
import verify_journal

SEED = 7
DAMAGES = 700
WITH_BODIES = 300
INTERRUPTED = 200


class Directory:
    """A run directory that is damaged and put back, byte for byte."""

    def __init__(self, path):
        self.path = path
        self.content = {name: product.read(os.path.join(path, name)) for name in product.files_of(path)}
        self.names = sorted(self.content)
        self.folders = sorted(os.path.relpath(base, path) for base, _, _ in os.walk(path))
        self.touched = set()

    def at(self, name):
        return os.path.join(self.path, name)

    def put(self, name, data):
        self.touched.add(name)
        with open(self.at(name), "wb") as file:
            file.write(data)

    def remove(self, name):
        self.touched.add(name)
        full = self.at(name)
        if os.path.isdir(full) and not os.path.islink(full):
            shutil.rmtree(full)
        elif os.path.lexists(full):
            os.remove(full)

    def restore(self):
        for name in self.touched:
            self.remove(name)
        for name in self.touched:
            below = [known for known in self.names if known == name or known.startswith(name + "/")]
            for known in below:
                os.makedirs(os.path.dirname(self.at(known)), exist_ok=True)
                self.put_back(known)
            if name in self.folders:
                os.makedirs(self.at(name), exist_ok=True)
        self.touched.clear()

    def put_back(self, name):
        with open(self.at(name), "wb") as file:
            file.write(self.content[name])


# Each damage does one thing to the directory and says what, or None where it cannot be done there.


def flip(directory, name, generator):
    data = bytearray(directory.content[name])
    bit = generator.randrange(8 * len(data))
    data[bit // 8] ^= 1 << bit % 8
    directory.put(name, data)
    return f"bit {bit} of {name} flipped"


def overwrite(directory, name, generator):
    data = bytearray(directory.content[name])
    start = generator.randrange(len(data))
    end = min(len(data), start + generator.randrange(1, 65))
    data[start:end] = generator.randbytes(end - start)
    if data == directory.content[name]:
        return None
    directory.put(name, data)
    return f"bytes {start}..{end} of {name} overwritten"


def zero(directory, name, generator):
    """A block that the disk lost."""
    data = bytearray(directory.content[name])
    start = generator.randrange(len(data)) // 512 * 512
    data[start : start + 512] = bytes(len(data[start : start + 512]))
    if data == directory.content[name]:
        return None
    directory.put(name, data)
    return f"block at {start} of {name} zeroed"


def truncate(directory, name, generator):
    size = generator.randrange(len(directory.content[name]))
    directory.put(name, directory.content[name][:size])
    return f"{name} cut to {size} bytes"


def cut_out(directory, name, generator):
    data = directory.content[name]
    start = generator.randrange(len(data))
    end = min(len(data), start + generator.randrange(1, 1000))
    directory.put(name, data[:start] + data[end:])
    return f"bytes {start}..{end} cut out of {name}"


def insert(directory, name, generator):
    data = directory.content[name]
    start = generator.randrange(len(data) + 1)
    more = generator.choice([b"\0", b"\n", b" ", generator.randbytes(generator.randrange(1, 200))])
    directory.put(name, data[:start] + more + data[start:])
    return f"{len(more)} bytes added at {start} of {name}"


def repeat(directory, name, generator):
    directory.put(name, directory.content[name] * 2)
    return f"{name} twice"


def delete(directory, name, generator):
    directory.remove(name)
    return f"{name} deleted"


def rename(directory, name, generator):
    other = generator.choice([name + "x", os.path.join(generator.choice(directory.folders), os.path.basename(name))])
    if os.path.normpath(other) == name or os.path.normpath(other) in directory.content:
        return None
    directory.remove(name)
    directory.put(other, directory.content[name])
    return f"{name} renamed to {other}"


def exchange(directory, name, generator):
    other = generator.choice(directory.names)
    if directory.content[other] == directory.content[name]:
        return None
    directory.put(name, directory.content[other])
    directory.put(other, directory.content[name])
    return f"{name} and {other} exchanged"


def copy_over(directory, name, generator):
    other = generator.choice(directory.names)
    if directory.content[other] == directory.content[name]:
        return None
    directory.put(name, directory.content[other])
    return f"{name} replaced by a copy of {other}"


def add_copy(directory, name, generator):
    """A second file with a content that the ledger knows."""
    base, ending = os.path.splitext(name)
    other = generator.choice([base + "-2" + ending, name + ".bak", name + ".tmp", name + ".new", "." + name])
    other = os.path.normpath(other)
    if other in directory.content or not os.path.isdir(os.path.dirname(directory.at(other))):
        return None
    directory.put(other, directory.content[name])
    return f"{other}, a copy of {name}, added"


def link(directory, name, generator):
    """The same bytes, but elsewhere: not part of the directory any more."""
    outside = directory.path + "-outside"
    with open(outside, "wb") as file:
        file.write(directory.content[name])
    directory.remove(name)
    os.symlink(outside, directory.at(name))
    return f"{name} is a link to its bytes elsewhere"


def pipe(directory, name, generator):
    """Reading it would wait for ever."""
    directory.remove(name)
    os.mkfifo(directory.at(name))
    return f"{name} is a pipe"


def directory_instead(directory, name, generator):
    directory.remove(name)
    os.mkdir(directory.at(name))
    return f"{name} is a directory"


IN_FILES = [flip, flip, flip, flip, overwrite, zero, truncate, truncate, cut_out, insert, insert, repeat]
OF_FILES = [delete, delete, rename, exchange, copy_over, add_copy, link, pipe, directory_instead]


def new_name(directory, generator):
    folder = generator.choice(directory.folders)
    fitting = {"journal": "000001.seg", "ledger": "checkpoint.new", "objects": "0" * 64, "adapters": "0" * 64 + ".so",
               "keys": "other.vkey", "reports": "report.html"}
    likely = fitting.get(folder, "001")
    name = generator.choice(["x", ".hidden", "run.json.tmp", "000", "256", likely, "Run.json", "é"])
    name = os.path.normpath(os.path.join(folder, name))
    return None if os.path.lexists(directory.at(name)) else name


def add_file(directory, name, generator):
    directory.put(name, generator.choice([b"", b"more", generator.randbytes(100)]))
    return f"{name} added"


def add_folder(directory, name, generator):
    os.mkdir(directory.at(name))
    directory.touched.add(name)
    return f"empty directory {name} added"


def add_link(directory, name, generator):
    directory.touched.add(name)
    target = generator.choice(["/dev/null", "/", directory.at("run.json"), "nowhere", os.path.basename(name)])
    os.symlink(target, directory.at(name))
    return f"{name}, a link to {target}, added"


def add_pipe(directory, name, generator):
    directory.touched.add(name)
    os.mkfifo(directory.at(name))
    return f"{name}, a pipe, added"


def remove_folder(directory, name, generator):
    folder = generator.choice([f for f in directory.folders if f not in (".", "reports")])
    directory.remove(folder)
    return f"directory {folder} deleted"


ADDED = [add_file, add_file, add_folder, add_link, add_pipe]


def plan(names, count):
    """What is done, and to which file: every file is flipped once, every other damage is done to every kind of file,
    and the rest is drawn."""
    generator = random.Random(SEED)
    steps = [(flip, name) for name in names]
    kinds = {}
    for name in names:
        kinds.setdefault(os.path.dirname(name) or name, name)
    steps += [(damage, name) for damage in sorted(set(IN_FILES + OF_FILES), key=lambda d: d.__name__)
              for name in kinds.values()]
    while len(steps) < count:
        draw = generator.random()
        if draw < 0.7:
            steps.append((generator.choice(IN_FILES), generator.choice(names)))
        elif draw < 0.85:
            steps.append((generator.choice(OF_FILES), generator.choice(names)))
        elif draw < 0.87:
            steps.append((remove_folder, None))
        else:
            steps.append((generator.choice(ADDED), None))
    generator.shuffle(steps)
    return steps


def do(directory, damage, name, generator):
    """Does it; where it cannot be done, a like one."""
    while True:
        target = name
        if damage in ADDED:
            target = new_name(directory, generator)
            if target is None:
                continue
        said = damage(directory, target, generator)
        if said:
            return said
        directory.restore()
        name = generator.choice(directory.names)


def judge(bench, directory, said, key):
    """It is found, and the reason names what it is about; never a crash, never a hang."""
    arguments = ["verify", directory.path, "--json"] + (["--vkey", key] if key else [])
    code, out, error = bench.call(*arguments, timeout=60)
    if not os.path.exists(directory.at("run.json")):
        bench.hold(code == 66 and "run.json" in error, f"{said}: exit code {code}: {out[-300:]}{error[-300:]}")
        return
    report = json.loads(out) if code in (0, 1) else {}
    bench.hold(
        code == 1 and report["verdict"] == "failed" and report["findings"],
        f"{said}: exit code {code}: {out[-300:]}{error[-300:]}")


def share(bench, source, key, steps, number, judge):
    """Everything that does not behave as it should in one worker's share of the damages."""
    path = f"{source}-{number}"
    shutil.copytree(source, path, symlinks=True)
    directory = Directory(path)
    generator = random.Random(f"{SEED} {number}")
    missed, done = [], {}
    for index, (damage, name) in enumerate(steps):
        said = do(directory, damage, name, generator)
        try:
            judge(bench, directory, said, key if index % 2 else None)
        except AssertionError as error:
            missed.append(str(error))
        directory.restore()
        done[damage.__name__] = done.get(damage.__name__, 0) + 1
    report = bench.json("verify", path, "--json")
    bench.hold(report["verdict"].startswith("consistent") and not report["tail"], "the copy was not put back")
    return missed, done


def damages(bench, run, count, judge):
    key = product.vkey(run)
    steps = plan(product.files_of(run), count)
    shares = bench.parallel(
        lambda number: share(bench, run, key, steps[number :: product.WORKERS], number, judge), range(product.WORKERS))
    done = {}
    for _, counts in shares:
        for damage, times in counts.items():
            done[damage] = done.get(damage, 0) + times
    print("  " + ", ".join(f"{times} {damage}" for damage, times in sorted(done.items())), flush=True)
    missed = [text for texts, _ in shares for text in texts]
    bench.hold(not missed, f"{len(missed)} of {len(steps)} damages not found:\n" + "\n".join(missed[:20]))
    bench.hold(sum(done.values()) == count, f"{sum(done.values())} of {count} damages were done")


def finished_run(bench):
    run = bench.path("finished")
    bench.expect(0, *product.small_work(bench).arguments(run))
    damages(bench, run, DAMAGES, judge)


def run_with_bodies(bench):
    run = bench.path("bodies-run")
    bench.expect(0, *product.bodies_work(bench).arguments(run))
    bench.hold(len(os.listdir(run + "/objects")) > 2, "the run has no bodies in objects/")
    damages(bench, run, WITH_BODIES, judge)


def interrupted_run(bench):
    """A run that was killed: what its last checkpoint covers is held as strictly, and what lies behind is told."""
    damages(bench, killed(bench), INTERRUPTED, judge_interrupted)


def killed(bench):
    """A run that was killed in its midst, its journal cut back to the last place that the ledger commits to."""
    work = product.small_work(bench)
    for number in range(100):
        run = bench.path(f"killed-{number}")
        process = bench.start(*work.arguments(run))
        time.sleep(0.05 + 0.002 * number)
        process.kill()
        process.communicate()
        code, out, _ = bench.call("verify", run, "--json")
        if code or json.loads(out)["finished"] or not json.loads(out)["leaves"]:
            continue
        sizes = [len(payload) + 48 for _, payload, _ in verify_journal.records(run + "/journal")]
        os.truncate(run + "/journal/000000.seg", 48 + sum(sizes[: json.loads(out)["records"]]))
        report = bench.json("verify", run, "--json")
        if not report["tail"]:
            return run
    raise AssertionError("no kill hit the midst of the run")


def judge_interrupted(bench, directory, said, key):
    try:
        judge(bench, directory, said, key)
    except AssertionError:
        # What lies behind the last checkpoint is reported, and vouched for by nobody.
        report = bench.json("verify", directory.path, "--json")
        changed = [name for name in directory.touched if name in directory.content]
        behind = all(
            name.startswith("journal/") and product.read(directory.at(name)).startswith(directory.content[name])
            for name in changed)
        added = [name for name in directory.touched if name not in directory.content]
        told = all(any(text.startswith(name + ":") for text in report["tail"]) for name in added)
        if not (behind and told and report["tail"] and not report["finished"]):
            raise


if __name__ == "__main__":
    product.prove("damage", finished_run, run_with_bodies, interrupted_run)
