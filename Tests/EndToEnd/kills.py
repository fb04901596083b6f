# SPDX-License-Identifier: Apache-2.0
"""`kill -9` at any moment: the run resumes to the same digests and leaves, and no two checkpoints ever disagree.

Kills at random times spread over a run's whole life, several in one life, and kills where the process changes the
file system, by a preloaded library (kill_at.c) that also tears writes in two. After each kill the checkpoint that lies
there is kept, the waiting one too; each must be signed, none smaller than one before it, and a prefix of the tree that
the run ends with, its root computed again from the final leaves by code that is not the product's.

usage: kills.py EXPROVE ADAPTERS CAPTURES
"""
import json
import os
import random
import shutil
import signal
import subprocess
import time

import product
import verify_ledger

SEED = 11


class Life:
    """One run directory through its kills."""

    def __init__(self, bench, name, work, whole):
        self.bench, self.work, self.whole = bench, work, whole
        self.path = bench.path(name)
        self.arguments = work.arguments(self.path)
        self.seen, self.kills, self.states = [], 0, {}

    def start(self, wrapper=(), **environment):
        return self.bench.start(*self.arguments, wrapper=wrapper, **environment)

    def wait(self, process, seconds=None):
        """Whether it ended by itself within the time; else it is killed."""
        try:
            process.communicate(timeout=seconds)
            return True
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return False

    def examine(self):
        """What lies there after a kill."""
        self.kills += 1
        state = self.state()
        self.states[state] = self.states.get(state, 0) + 1
        code, out, error = self.bench.call("verify", self.path, "--json")
        if state == "nothing":
            self.bench.hold(code == 66 and "there is no" in error, f"{self.path}: {code} {out} {error}")
            return
        report = json.loads(out)
        if state == "begun":
            self.bench.hold(
                code == 1 and len(report["findings"]) == 1 and "covers no leaf yet" in report["findings"][0],
                f"{self.path} has no leaf behind its checkpoint: {code} {out} {error}")
            return
        self.bench.hold(
            code == 0 and report["verdict"].startswith("consistent") and report["leaves"] == self.seen[-1][0],
            f"{self.path}: {code} {out} {error}")
        self.bench.hold(report["finished"] or state != "finished", report)

    def state(self):
        if not os.path.exists(self.path + "/run.json"):
            return "nothing"
        self.keep(self.path + "/ledger/checkpoint.new", waiting=True)
        if not self.keep(self.path + "/ledger/checkpoint", waiting=False) or self.seen[-1][0] == 0:
            return "begun"
        return "finished" if self.seen[-1][0] == len(self.whole.leaves) else "midway"

    def keep(self, path, waiting):
        """Takes note of a checkpoint. A waiting one may be torn; one in its place may not."""
        try:
            data = product.read(path)
        except FileNotFoundError:
            return False
        try:
            _, size, root = verify_ledger.parse_checkpoint(verify_ledger.open_note(data, product.log_key(self.path)))
        except verify_ledger.Bad:
            self.bench.hold(waiting, f"{path} is not whole")
            return False
        if not waiting:
            last = max((s for s, _, early in self.seen if not early), default=0)
            self.bench.hold(size >= last, f"{path}: {size} leaves after {last}")
        self.seen.append((size, root, waiting))
        return True

    def finish(self):
        """The end of it all: the leaves of a run that nobody disturbed, and every checkpoint seen a prefix of them."""
        leaves = product.leaves(self.path)
        self.bench.hold(leaves[1:] == self.whole.leaves[1:], f"{self.path}: other leaves than the undisturbed run's")
        hashes = [verify_ledger.leaf_hash(leaf) for leaf in leaves]
        for size, root, _ in self.seen:
            self.bench.hold(
                size <= len(leaves) and verify_ledger.mth(hashes[:size]) == root,
                f"{self.path}: the checkpoint of {size} leaves disagrees with the {len(leaves)} at the end")
        report = self.bench.json("verify", self.path, "--json", "--vkey", product.vkey(self.path))
        self.bench.hold(report["finished"] and not report["tail"] and not report["findings"], report)
        self.bench.hold(
            (report["events"], report["event_digest"]) == (self.whole.events, self.whole.digest), "the event digest")
        self.bench.hold(product.files_of(self.path) == self.files(), "other files than the undisturbed run's")
        shutil.rmtree(self.path)

    def files(self):
        return self.whole.files


class Whole:
    """The run that nobody disturbs."""

    def __init__(self, bench, name, work):
        self.path = bench.path(name)
        bench.expect(0, *work.arguments(self.path))
        self.leaves = product.leaves(self.path)
        self.files = product.files_of(self.path)
        report = bench.json("verify", self.path, "--json")
        self.events, self.digest = report["events"], report["event_digest"]
        started = time.monotonic()
        bench.expect(0, *work.arguments(bench.path(name + "-again")))
        self.seconds = time.monotonic() - started


def told(bench, what, lives):
    states = {}
    for life in lives:
        for state, count in life.states.items():
            states[state] = states.get(state, 0) + count
    kills = sum(life.kills for life in lives)
    checkpoints = sum(len(life.seen) for life in lives)
    print(f"  {what}: {kills} kills in {len(lives)} lives, "
          + ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
          + f"; {checkpoints} checkpoints kept", flush=True)
    return kills, states


def live(bench, name, work, whole, seed, goal):
    """Lives with kills at random times, until there are enough and half of them fell in the midst of the run, however fast
    the machine is at the moment; a life goes on until the run ends."""
    generator = random.Random(f"{SEED} {name} {seed}")
    lives = []
    while (sum(life.kills for life in lives) < goal
           or sum(life.states.get("midway", 0) for life in lives) < goal // 2):
        life = Life(bench, f"{name}-{seed}-{len(lives)}", work, whole)
        lives.append(life)
        # After some kills the run may end in peace.
        for _ in range(generator.randrange(1, 6)):
            if life.wait(life.start(), generator.uniform(0, 1.1 * whole.seconds)):
                break
            life.examine()
            if "finished" in life.states:
                break
        code, out, error = bench.call(*life.arguments)
        bench.hold(code == 0, f"{life.path}: {code} {out} {error}")
        life.finish()
    return lives


def random_moments(bench, name, work, goal):
    whole = Whole(bench, name, work)
    shares = bench.parallel(
        lambda seed: live(bench, name, work, whole, seed, goal // product.WORKERS), range(product.WORKERS))
    kills, states = told(bench, name, [life for share in shares for life in share])
    bench.hold(kills >= goal and states["midway"] >= goal // 2, states)


def large_run(bench):
    random_moments(bench, "pair", product.pair_work(bench), 60)


def small_run(bench):
    random_moments(bench, "small", product.small_work(bench), 60)


def every_change_of_the_disk(bench):
    """A kill at every call that changes the file system, in two passes over the run's life by two workers: a life is
    killed at call after call, so that most kills hit a run that was resumed."""
    library = bench.path("kill_at.so")
    subprocess.run(["gcc", "-std=c11", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", library,
                    product.HERE + "/kill_at.c"], check=True)
    work = product.small_work(bench, slices=3)
    whole = Whole(bench, "calls", work)
    count = bench.path("count")
    bench.expect(0, *work.arguments(bench.path("counted")), LD_PRELOAD=library, KILL_COUNT=count)
    calls = int(product.read(count))

    def life_of(start):
        """Killed at this call of a new run, and again at the same call of the resumed one, until it gets through."""
        life = Life(bench, f"calls-{start}", work, whole)
        while True:
            process = life.start(LD_PRELOAD=library, KILL_AT=str(start if not life.kills else start // 2 + life.kills))
            process.communicate()
            if process.returncode == 0:
                break
            bench.hold(process.returncode == -signal.SIGKILL, f"call {start}: exit code {process.returncode}")
            life.examine()
            if life.kills == 3:
                bench.expect(0, *life.arguments)
                break
        life.finish()
        return life

    lives = bench.parallel(life_of, range(0, calls, 3))
    kills, states = told(bench, f"{calls} calls", lives)
    bench.hold(kills >= len(lives), f"{kills} kills at {calls} calls")
    bench.hold(set(states) == {"nothing", "begun", "midway", "finished"}, states)


def a_key_half_made(bench):
    """The identity's own file is whole or absent too."""
    work = product.small_work(bench, slices=2)
    home = bench.path("new-home")
    for call in range(8):
        shutil.rmtree(home, ignore_errors=True)
        process = bench.start(*work.arguments(bench.path(f"key-{call}")), LD_PRELOAD=bench.path("kill_at.so"),
                              KILL_AT=str(call), EXPROVE_HOME=home)
        process.communicate()
        bench.hold(process.returncode == -signal.SIGKILL, f"call {call}: exit code {process.returncode}")
        bench.expect(0, *work.arguments(bench.path(f"key-{call}")), EXPROVE_HOME=home)


def interrupted(bench):
    """Ctrl-C: the process says what holds and how to go on, ends with 130, and the same command goes on."""
    work = product.pair_work(bench)
    whole = Whole(bench, "whole", work)
    done = 0
    generator = random.Random(SEED)
    while done < 4:
        life = Life(bench, f"interrupted-{done}", work, whole)
        process = bench.begun(life.arguments, life.path)
        time.sleep(generator.uniform(0, 0.7) * whole.seconds)
        process.send_signal(signal.SIGINT if done % 2 else signal.SIGTERM)
        _, error = process.communicate(timeout=60)
        if process.returncode == 0:
            shutil.rmtree(life.path)
            continue
        bench.hold(process.returncode == 130 and b"the same command goes on" in error, (process.returncode, error))
        life.examine()
        code, _, error = bench.call(*life.arguments)
        bench.hold(code == 0 and "goes on with the run" in error, error)
        life.finish()
        done += 1


if __name__ == "__main__":
    product.prove("kills", every_change_of_the_disk, a_key_half_made, small_run, large_run, interrupted)
