# SPDX-License-Identifier: Apache-2.0
"""Adapters in workers: `kill -9` of a worker at any moment changes nothing that anybody can see but the incidents, which
stand in journal and ledger; a run that is itself killed and taken up again keeps them; and an adapter that fails at
the same place again and again is quarantined there, and the run says so.

usage: isolation.py EXPROVE ADAPTERS CAPTURES
"""
import json
import os
import random
import shutil
import signal
import subprocess
import threading
import time

import product
import verify_journal

SEED = 3
GOAL = 100


def children(process):
    """The workers of a running command, by their numbers."""
    try:
        with open(f"/proc/{process}/task/{process}/children", encoding="ascii") as file:
            return [int(word) for word in file.read().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def kill_workers(process, generator, seconds):
    """Kills workers at random moments for as long as the command runs."""
    while process.poll() is None:
        time.sleep(generator.uniform(0, seconds))
        workers = children(process.pid)
        if workers:
            try:
                os.kill(generator.choice(workers), signal.SIGKILL)
            except ProcessLookupError:
                pass


def work_over_all(bench):
    """Buys spot, with the perpetual and a day of ITCH as references."""
    work = product.pair_work(bench, "all")
    work.feeds.append(product.itch_feed(bench.itch) + ",role=reference")
    return work


def incidents_of(run):
    records = ((kind, payload) for kind, payload, _ in verify_journal.records(run + "/journal"))
    inputs = (json.loads(payload) for kind, payload in records if kind == verify_journal.INPUT)
    return [value["incident"] for value in inputs if "incident" in value]


def decisions(run):
    """The leaves that say what was decided: all but those that name places of the journal, or incidents."""
    found = [product.statement(leaf) for leaf in product.leaves(run)]
    return [statement for statement in found[1:] if product.kind(statement) not in ("incident", "journal")]


def examine(bench, run, whole):
    report = bench.json("verify", run, "--json", "--vkey", product.vkey(run))
    bench.hold(report["verdict"] == "verified" and report["finished"], report)
    bench.hold((report["events"], report["event_digest"]) == (whole["events"], whole["event_digest"]), report)
    found = incidents_of(run)
    leaves = [product.statement(leaf) for leaf in product.leaves(run)]
    filed = [leaf["predicate"] for leaf in leaves if product.kind(leaf) == "incident"]
    bench.hold(found == filed == report["incidents"], "journal and ledger tell of the same incidents")
    bench.hold(all(one["kind"] == "killed" and not one["quarantined"] for one in found), found)
    return len(found)


def kills_change_nothing(bench):
    work = work_over_all(bench)
    first = bench.path("whole")
    started = time.monotonic()
    bench.expect(0, *work.arguments(first))
    seconds = time.monotonic() - started
    whole = bench.json("verify", first, "--json")
    decided = decisions(first)
    in_process = bench.path("in-process")
    bench.expect(0, *work.arguments(in_process), "--isolation", "in-process")
    bench.hold(bench.json("verify", in_process, "--json")["event_digest"] == whole["event_digest"], "in process")

    def life(number):
        generator = random.Random(f"{SEED} {number}")
        run = bench.path(f"life-{number}")
        process = bench.start(*work.arguments(run))
        killer = threading.Thread(target=kill_workers, args=(process, generator, seconds / 3))
        killer.start()
        out, error = process.communicate(timeout=600)
        killer.join()
        bench.hold(process.returncode == 0, f"{process.returncode} {out} {error}")
        count = examine(bench, run, whole)
        bench.hold(decisions(run) == decided, f"{run}: other decisions than the undisturbed run's")
        if number % 8 == 0:
            bench.expect(0, "replay", run)
        shutil.rmtree(run)
        return count

    kills, number = 0, 0
    while kills < GOAL and number < 400:
        kills += sum(bench.parallel(life, range(number, number + product.WORKERS)))
        number += product.WORKERS
    print(f"  {kills} kills of workers in {number} runs", flush=True)
    bench.hold(kills >= GOAL, f"only {kills} kills")


def a_run_killed_too_keeps_its_incidents(bench):
    work = work_over_all(bench)
    first = bench.path("undisturbed")
    started = time.monotonic()
    bench.expect(0, *work.arguments(first))
    seconds = time.monotonic() - started
    whole = bench.json("verify", first, "--json")
    decided = decisions(first)

    def life(number):
        generator = random.Random(f"{SEED} both {number}")
        run = bench.path(f"both-{number}")
        for _ in range(3):
            process = bench.start(*work.arguments(run))
            killer = threading.Thread(target=kill_workers, args=(process, generator, seconds / 4))
            killer.start()
            try:
                process.communicate(timeout=generator.uniform(0.2, 1) * seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
            killer.join()
        before = incidents_of(run) if os.path.isdir(run + "/journal") else []
        bench.expect(0, *work.arguments(run))
        count = examine(bench, run, whole)
        bench.hold(incidents_of(run)[: len(before)] == before, "what was recorded stays")
        bench.hold(decisions(run) == decided, f"{run}: other decisions than the undisturbed run's")
        bench.expect(0, "replay", run)
        shutil.rmtree(run)
        return count

    counts = bench.parallel(life, range(8))
    print(f"  {sum(counts)} incidents kept in {len(counts)} runs that were killed themselves", flush=True)


def workers_of(command):
    """The processes of the worker's program that lies beside a command."""
    program = os.path.join(os.path.dirname(os.path.realpath(command)), "exprove-worker")
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{name}/exe") == program:
                found.append(int(name))
        except OSError:
            pass
    return found


def a_killed_host_leaves_nobody(bench):
    """However early a command is killed, its workers end too."""
    generator = random.Random(f"{SEED} early")
    for _ in range(200):
        process = bench.start("normalize", "--summary", "--feed", product.itch_feed(bench.itch))
        time.sleep(generator.uniform(0, 0.02))
        process.kill()
        process.communicate()
    deadline = time.monotonic() + 30
    while workers_of(bench.exprove) and time.monotonic() < deadline:
        time.sleep(0.1)
    left = workers_of(bench.exprove)
    for worker in left:
        os.kill(worker, signal.SIGKILL)
    bench.hold(not left, f"{len(left)} workers outlived their hosts")


def faulty(bench, messages, condition, name):
    """The ITCH adapter with a fault that one message brings out, told by its time stamp, while a condition in C holds; and how
    many messages come before it."""
    stamp = messages[5000][5:11]
    before = next(index for index, message in enumerate(messages) if message[5:11] == stamp)
    source = bench.write(name + ".c", """
        #include <string.h>
        #include <time.h>
        #include <exprove/adapter.h>
        void __real_nasdaq_decode_stream(exprove_session *s, exprove_batch *b);
        void __wrap_nasdaq_decode_stream(exprove_session *s, exprove_batch *b);
        void __wrap_nasdaq_decode_stream(exprove_session *s, exprove_batch *b) {
          static const uint8_t stamp[] = {%s};
          for (uint32_t i = 0; i < b->frame_count; i++)
            if (b->frames[i].length > 10 && !memcmp(b->bytes + b->frames[i].data + 5, stamp, 6) && (%s))
              *(volatile int *)8 = 1;
          __real_nasdaq_decode_stream(s, b);
        }
        """ % (", ".join(map(str, stamp)), condition))
    root = os.path.dirname(os.path.dirname(product.HERE))
    plugin = root + "/Plugins/nasdaq"
    library = bench.path(f"lib{name}.so")
    sources = sorted(f"{plugin}/{name}" for name in os.listdir(plugin) if name.endswith(".c"))
    subprocess.run(
        ["cc", "-std=c11", "-O2", "-fPIC", "-shared", "-fvisibility=hidden", f"-I{root}/sdk-c/include", f"-I{plugin}",
         f"-I{plugin}/include", "-Wl,--wrap=nasdaq_decode_stream", *sources, source, "-o", library, "-lm"], check=True)
    return library, before


def a_bad_adapter_is_quarantined(bench):
    messages = product.itch_messages(product.read(bench.itch))
    library, before = faulty(bench, messages, "1", "faulty")
    feed = f"XNAS={library}:{bench.itch},{product.ITCH_KEYS}"
    out, error = bench.expect(65, "normalize", "--summary", "--feed", feed)
    bench.hold(json.loads(out)["frames"] == before, f"{json.loads(out)['frames']} frames, not {before}")
    bench.hold("SIGSEGV at address 0x8" in error and "quarantined" in error, error)
    work = product.small_work(bench, "faulty")
    run = bench.path("faulty-run")
    _, error = bench.expect(65, *work.arguments(run, feeds=[feed]))
    bench.hold("quarantined" in error and "decodes no further" in error, error)
    report = bench.json("verify", run, "--json", "--vkey", product.vkey(run))
    bench.hold(report["incidents"][-1]["quarantined"] and report["incidents"][-1]["frames"]["count"] == 1, report)
    place = sum(2 + len(message) for message in messages[:before])
    offset = report["incidents"][-1]["frames"]["first_offset"]
    bench.hold(place <= offset <= place + 2, f"at byte {offset}, not {place}")
    told = bench.expect(0, "verify", run)[0]
    bench.hold("the feed was quarantined there" in told, told)


def a_quarantine_stays_where_it_was(bench):
    """A fault that is gone when the run is taken up: the feed still ends where it was given up."""
    messages = product.itch_messages(product.read(bench.itch))
    until = int(time.time()) + 20
    library, before = faulty(bench, messages, f"time(NULL) < {until}", "passing")
    feed = f"XNAS={library}:{bench.itch},{product.ITCH_KEYS}"
    work = product.small_work(bench, "passing")
    run = bench.path("passing-run")
    bench.expect(65, *work.arguments(run, feeds=[feed]))
    bench.hold(time.time() < until, "the first start was too slow for the fault")
    first = bench.json("verify", run, "--json", "--vkey", product.vkey(run))
    bench.hold(first["incidents"][-1]["quarantined"], first)
    time.sleep(max(0, until + 1 - time.time()))
    out, _ = bench.expect(0, "normalize", "--summary", "--feed", feed)
    bench.hold(json.loads(out)["frames"] == len(messages), "the fault is gone")
    _, error = bench.expect(65, *work.arguments(run, feeds=[feed]))
    bench.hold("given up at byte" in error and "when the run was started before" in error, error)
    bench.hold(bench.json("verify", run, "--json", "--vkey", product.vkey(run)) == first, "nothing has changed")
    bench.expect(0, "replay", run)


if __name__ == "__main__":
    product.prove(
        "isolation", kills_change_nothing, a_run_killed_too_keeps_its_incidents, a_killed_host_leaves_nobody,
        a_bad_adapter_is_quarantined, a_quarantine_stays_where_it_was)
