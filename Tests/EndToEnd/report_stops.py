# SPDX-License-Identifier: Apache-2.0
"""Reports that are interrupted between any two files, at random moments, or of runs that were."""
import fcntl
import json
import os
import random
import shutil
import signal
import subprocess
import time

from report_content import agree
from report_filing import sound


def writes(before, after):
    """The files that filing one report wrote, in the order in which they come into being, and those it removes."""
    made = [path for path in after if before.get(path) != after[path]]

    def rank(path):
        return 0 if path.startswith("reports/") else 1 if "/entries/" in path else 3 if path.endswith("checkpoint") else 2
    return sorted(made, key=lambda path: (rank(path), path)), sorted(set(before) - set(after))


def check_every_stop(bench):
    """Every state between two files, and every file half written, as an interrupted report leaves them."""
    call, hold = bench.call, bench.hold
    bench.copy("sale", "start")
    call("report", "start")
    before, after = bench.tree("sale"), bench.tree("start")
    made, removed = writes(before, after)
    hold(made[0] == "reports/report.html" and made[-1] == "ledger/checkpoint" and removed, (made, removed))
    times = [os.stat(f"{bench.work}/start/{path}").st_mtime_ns for path in made]
    hold(times == sorted(times), "written in another order than file, entries, tiles, checkpoint")
    states = []
    for count, path in enumerate(made):
        done = {name: after[name] for name in made[:count]}
        half = after[path][:len(after[path]) // 2]
        # Of the ledger and of everything else: how a file is named before it is renamed into its place.
        waiting = path + (".new" if path.startswith("ledger/") else ".tmp")
        states += [done, {**done, waiting: half}, {**done, waiting: after[path]}]
    # The checkpoint stands; the partial tiles that it makes obsolete go one by one.
    whole = {name: after[name] for name in made}
    states += [{**whole, **{name: None for name in removed[:count]}} for count in range(len(removed) + 1)]
    for state in states:
        bench.copy("sale", "stopped")
        for path, data in state.items():
            full = f"{bench.work}/stopped/{path}"
            if data is None:
                os.remove(full)
                continue
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "wb") as file:
                file.write(data)
        finished(bench, after, sorted(state))


def finished(bench, after, what):
    """Verification says at most that a command was interrupted; the same command then leaves what it always leaves."""
    hold = bench.hold
    done = subprocess.run([bench.exprove, "verify", "stopped", "--json"], cwd=bench.work, env=bench.base, capture_output=True)
    findings = json.loads(done.stdout)["findings"]
    hold(done.returncode == (1 if findings else 0), what)
    hold(all("interrupted" in finding for finding in findings), (what, findings))
    told = bench.object("report", "stopped")
    hold(told["verdict"].startswith("consistent") and bool(told["cleared"]) == bool(findings), (what, told))
    hold(bench.tree("stopped") == after, what)


def check_kills(bench):
    """Killed at random moments, and given again."""
    call, hold = bench.call, bench.hold
    generator, kills = random.Random(5), 0
    bench.copy("sale", "start")
    begin = time.monotonic()
    call("report", "start")
    length, after = time.monotonic() - begin, bench.tree("start")
    for _ in range(int(os.environ.get("KILLS", "20"))):
        bench.copy("sale", "stopped")
        process = bench.start("report", "stopped")
        time.sleep(generator.uniform(0.2, 1.1) * length)
        kills += process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.communicate()
        finished(bench, after, "killed")
    hold(kills > 0, "no process was killed")
    # A report that an interrupted command left is cleared away also when another form is asked for.
    bench.copy("sale", "stopped")
    os.makedirs(bench.work + "/stopped/reports", exist_ok=True)
    with open(bench.work + "/stopped/reports/report-2.csv", "w", encoding="utf-8") as file:
        file.write("leaf\r\n")
    hold(bench.object("report", "stopped")["cleared"] == ["reports/report-2.csv"], "a left report stayed")
    # What no report writes is not cleared away, and fails.
    with open(bench.work + "/stopped/reports/notes.txt", "w", encoding="utf-8") as file:
        file.write("by hand\n")
    hold("notes.txt" in bench.object("report", "stopped", code=1)["findings"][0], "a foreign file was taken")


def check_unfinished(bench):
    """A run that was interrupted is reported outside, up to its last checkpoint, and goes on as if nothing had been."""
    call, hold = bench.call, bench.hold
    shutil.copy(bench.work + "/spot.exprove", bench.work + "/cut.exprove")
    generator = random.Random(9)
    while True:
        shutil.rmtree(bench.work + "/cut", ignore_errors=True)
        process = bench.start(*bench.options("cut", "BINANCE"))
        time.sleep(generator.uniform(0.2, 0.8))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        if not os.path.exists(bench.work + "/cut/ledger/checkpoint"):
            continue
        found = json.loads(subprocess.run([bench.exprove, "verify", "cut", "--json"], cwd=bench.work, env=bench.base,
                                          capture_output=True).stdout)
        if found["verdict"] != "failed" and not found["finished"] and found["leaves"] > 20:
            break
    before = bench.tree("cut")
    told = bench.object("report", "cut", "--format", "json")
    hold("has not ended" in told["outside"] and told["path"] == "./cut-report.json", told)
    hold("UNFINISHED" in call("report", "cut", "--out", "-")[0], "the page does not say that the run has not ended")
    hold(bench.tree("cut") == before, "a report changed a run that has not ended")
    agree(bench, "cut", told["path"])
    call(*bench.options("cut", "BINANCE"))
    sound(bench, "cut")
    whole = bench.object("verify", "spot")
    hold(bench.object("verify", "cut")["event_digest"] == whole["event_digest"], "the run went on differently")


def check_concurrency(bench):
    call, hold = bench.call, bench.hold
    bench.copy("sale", "busy")
    before = bench.tree("busy")
    lock = os.open(bench.work + "/busy", os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    hold("another exprove writes" in call("report", "busy", code=74)[1], "a locked run was written to")
    call("report", "busy", "--out", "busy.html")
    os.close(lock)
    hold(bench.tree("busy") == before, "a locked run was changed")
    several = [bench.start("report", "busy", "--format", form) for form in ["html", "json", "csv"] * 3]
    codes = [process.wait() for process in several]
    for process in several:
        process.communicate()
    hold(set(codes) <= {0, 74} and 0 in codes, codes)
    for form in ["html", "json", "csv"]:
        call("report", "busy", "--format", form)
    hold(bench.object("verify", "busy")["leaves"] == bench.object("verify", "sale")["leaves"] + 3, "leaves")
    sound(bench, "busy")
