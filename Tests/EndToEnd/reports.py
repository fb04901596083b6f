# SPDX-License-Identifier: Apache-2.0
"""Reports of runs over real captures: what is filed and what is not, that every figure can be recomputed by another
program, that nothing which a report does harms a run, and the identities that sign.

usage: reports.py EXPROVE ADAPTERS CAPTURES
"""
import copy
import fcntl
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from fractions import Fraction
from html.parser import HTMLParser

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, HERE + "/../Independent"]

from market_books import read  # noqa: E402
from recompute_report import Recomputation, compare, vector  # noqa: E402
from report_runs import Bench  # noqa: E402

bench = Bench(*(os.path.abspath(argument) for argument in sys.argv[1:4]))
call, hold = bench.call, bench.hold
STRANGER = {"EXPROVE_HOME": bench.work + "/nobody"}


# What is filed


def check_filed():
    leaves = bench.object("verify", "spot")["leaves"]
    for number, form in enumerate(["html", "json", "csv"]):
        told = bench.object("report", "spot", "--format", form)
        hold((told["path"], told["leaf"], told["new"]) == (f"spot/reports/report.{form}", leaves + number, True), told)
    sound("spot")
    before = bench.tree("spot")
    # Again, in another order, by another way, with the signer's key: the same, and nothing is written.
    key = bench.verifier("spot")
    for form in ["csv", "html", "json"]:
        for further in [[], ["--vkey", key]]:
            told = bench.object("report", "./spot/", "--format", form, *further, TZ="Asia/Tokyo", LC_ALL="C")
            hold(not told["new"] and told["verdict"] == ("verified" if further else
                 "consistent, signer not authenticated"), told)
    hold("filed before" in call("report", "spot")[0], "an old report is called new")
    hold(bench.tree("spot") == before, "a report that was filed before changed the run")
    # The run's own command still finds the run that it began.
    call(*bench.options("spot", "BINANCE"))
    hold(bench.tree("spot") == before, "the run's own command changed a run with reports")
    sound("spot")
    sound("spot", "--from", "events")


def sound(run, *replay):
    found = bench.object("verify", run, "--vkey", bench.verifier(run))
    hold(found["verdict"] == "verified" and not found["findings"] and not found["tail"], found)
    hold(bench.object("replay", run, *replay)["identical"], run)


def check_strangers():
    """Who has no key gets the very bytes that were filed, outside the run, wherever the run lies and whoever asks."""
    before = bench.tree("spot")
    bench.copy("spot", "elsewhere")
    for form in ["html", "json", "csv"]:
        told = bench.object("report", "elsewhere", "--format", form, **STRANGER)
        hold(told["path"] == f"./elsewhere-report.{form}" and told["leaf"] is None, told)
        hold("no key of desk" in told["outside"], told)
        hold(bench.read(told["path"]) == before[f"reports/report.{form}"], f"a stranger's {form} differs")
        printed = call("report", "spot", "--format", form, "--out", "-", **STRANGER)[0].encode()
        hold(printed == before[f"reports/report.{form}"], "standard output differs")
    told = bench.object("report", "spot", "--vkey", bench.verifier("spot"), "--out", "mine.html")
    hold(told["verdict"] == "verified" and told["leaf"] is None, told)
    hold(b">Verified<" in bench.read("mine.html") and b"who signed" not in bench.read("mine.html"), "the reader's verdict")
    # Another key of the same name does not sign for this run.
    call("identity", "create", "desk", EXPROVE_HOME=bench.work + "/impostor")
    told = bench.object("report", "spot", EXPROVE_HOME=bench.work + "/impostor")
    hold("not the one that signed" in told["outside"], told)
    for place in ["spot/reports/mine.html", "spot/mine.html", "elsewhere/../spot/ledger/x"]:
        hold("lies within the run" in call("report", "spot", "--out", place, code=64)[1], place)
    call("report", "spot", "--out", "no/such/directory/x.html", code=74)
    call("report", "nothing", code=66)
    call("report", "spot", "--format", "pdf", code=64)
    call("report", "spot", "--vkey", "nonsense", code=64)
    call("report", "spot", "--json", "--out", "-", code=64)
    hold(bench.tree("spot") == before, "somebody's report changed the run")


def check_damaged():
    """A run that does not hold is reported outside, without a figure."""
    generator = random.Random(3)
    for number in range(12):
        bench.copy("spot", "bad")
        files = sorted(bench.tree("bad"))
        path = f"{bench.work}/bad/{generator.choice(files)}"
        with open(path, "r+b") as file:
            data = bytearray(file.read())
            data[generator.randrange(len(data))] ^= 1 << generator.randrange(8)
            file.seek(0)
            file.write(data)
        before = bench.tree("bad")
        form = ["html", "json", "csv"][number % 3]
        told = bench.object("report", "bad", "--format", form, code=1)
        hold(told["verdict"] == "failed" and told["findings"] and told["leaf"] is None, (path, told))
        hold(bench.tree("bad") == before, f"a report changed a damaged run: {path}")
        if form == "csv":
            hold(told["path"] is None, told)
            continue
        written = bench.read(told["path"]).decode()
        if form == "html":
            hold("Does not hold" in written and "<table" not in written and "<svg" not in written, path)
        else:
            hold(set(json.loads(written)) == {"format", "verdict", "task"}, path)
            hold(not json.loads(written)["verdict"]["holds"], path)
    key = call("identity", "create", "desk", EXPROVE_HOME=bench.work + "/another")[0].strip()
    before = bench.tree("spot")
    hold(bench.object("report", "spot", "--vkey", key, code=1)["leaf"] is None, "a report under another key was filed")
    hold(bench.tree("spot") == before, "a report under another key changed the run")


# Interruptions


def writes(before, after):
    """The files that filing one report wrote, in the order in which they come into being, and those it removes."""
    made = [path for path in after if before.get(path) != after[path]]

    def rank(path):
        return 0 if path.startswith("reports/") else 1 if "/entries/" in path else 3 if path.endswith("checkpoint") else 2
    return sorted(made, key=lambda path: (rank(path), path)), sorted(set(before) - set(after))


def check_every_stop():
    """Every state between two files, and every file half written, as an interrupted report leaves them."""
    bench.copy("sale", "start")
    call("report", "start")
    before, after = bench.tree("sale"), bench.tree("start")
    made, removed = writes(before, after)
    hold(made[0] == "reports/report.html" and made[-1] == "ledger/checkpoint" and removed, (made, removed))
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
        finished(after, sorted(state))


def finished(after, what):
    """Verification says at most that a command was interrupted; the same command then leaves what it always leaves."""
    done = subprocess.run([bench.exprove, "verify", "stopped", "--json"], cwd=bench.work, env=bench.base, capture_output=True)
    findings = json.loads(done.stdout)["findings"]
    hold(done.returncode == (1 if findings else 0), what)
    hold(all("interrupted" in finding for finding in findings), (what, findings))
    told = bench.object("report", "stopped")
    hold(told["verdict"].startswith("consistent") and bool(told["cleared"]) == bool(findings), (what, told))
    hold(bench.tree("stopped") == after, what)


def check_kills():
    """Killed at random moments, and given again."""
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
        finished(after, "killed")
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


def check_unfinished():
    """A run that was interrupted is reported outside, up to its last checkpoint, and goes on as if nothing had been."""
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
    agree("cut", told["path"])
    call(*bench.options("cut", "BINANCE"))
    sound("cut")
    whole = bench.object("verify", "spot")
    hold(bench.object("verify", "cut")["event_digest"] == whole["event_digest"], "the run went on differently")


def check_concurrency():
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
    sound("busy")


# What the report says


def events(run):
    with open(f"{bench.work}/{run}.jsonl", "wb") as file:
        subprocess.run([bench.exprove, "normalize", "--run", run], cwd=bench.work, env=bench.base, stdout=file, check=True)
    return f"{bench.work}/{run}.jsonl"


def agree(run, path):
    report = json.loads(bench.read(path))
    expected = Recomputation(f"{bench.work}/{run}", read(events(run))).report()
    lines = compare(expected, report)
    hold(not lines, (run, lines[:10]))
    return expected, report


def scalars(value, path=()):
    if isinstance(value, dict):
        for key in sorted(value):
            yield from scalars(value[key], path + (key,))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from scalars(item, path + (index,))
    else:
        yield path


def altered(value):
    if isinstance(value, bool) or value is None:
        return not value
    if isinstance(value, int):
        return value + 1
    return re.sub(r"\d", lambda digit: str((int(digit.group()) + 1) % 10), value, count=1) if re.search(r"\d", value) else (
        value + "x")


def check_recomputed():
    """Every figure by another program, over runs of four kinds; and each value of two reports, altered, is found out."""
    vector()
    for run in ["spot", "usdm", "sale", "shadow"]:
        expected, report = agree(run, bench.object("report", run, "--format", "json", "--out", run + ".json")["path"])
        if run == "sale":
            hold(report["denials"] and Fraction(report["filled"]) < Fraction(report["ordered"]), "the sale is too easy")
            hold(report["fills"][0]["fill"]["fee_currency"] == "BTC", "the sale's fees")
        if run in ("sale", "shadow"):
            alter(expected, report)


def alter(expected, report):
    # Of rows that are alike, a few are enough.
    report, expected = copy.deepcopy(report), copy.deepcopy(expected)
    report["fills"], expected["fills"] = report["fills"][:3], expected["fills"][:3]
    count = 0
    for path in scalars(report):
        if path[0] == "verdict" and path[1] in ("text", "tail", "not_proven"):
            continue
        place = report
        for key in path[:-1]:
            place = place[key]
        kept = place[path[-1]]
        place[path[-1]] = altered(kept)
        # Nothing over anything is nothing.
        if path[-1] != "denominator" or place["numerator"] != "0":
            assert compare(expected, report), f"an altered {path} is not found out"
        place[path[-1]] = kept
        count += 1
    hold(count > 300 and not compare(expected, report), count)


class Elements(HTMLParser):
    VOID = {"meta", "br"}

    def __init__(self):
        super().__init__()
        self.open, self.found, self.text, self.drawings = [], [], [], []

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)
        if tag == "svg":
            self.drawings.append("")

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, tag

    def handle_data(self, data):
        self.text.append(data)
        if "svg" in self.open:
            self.drawings[-1] += data + "\n"


def check_page():
    for run in ["sale", "shadow", "spot"]:
        page = call("report", run, "--out", "-", **STRANGER)[0]
        hold(page == call("report", run, "--out", "-", **STRANGER)[0], "the page is not the same twice")
        found = Elements()
        found.feed(page)
        found.close()
        hold(not found.open and page.startswith("<!doctype html>"), found.open)
        tags = {tag for tag, _ in found.found}
        hold(not tags & {"script", "img", "link", "iframe", "object", "form", "base"}, tags)
        names = {attributes["id"] for _, attributes in found.found if "id" in attributes}
        for tag, attributes in found.found:
            hold(not any(name.startswith("on") or name in ("src", "style") for name in attributes), attributes)
            if "href" in attributes:
                hold(attributes["href"].startswith("#") and attributes["href"][1:] in names, attributes)
        hold("http" not in page and "url(" not in page and "@import" not in page, "the page loads something")
        words = "".join(found.text)
        hold(words.index("Verification") < words.index("Implementation shortfall"), "the verdict is not first")
        if run != "shadow":
            hold(found.drawings and all("SIMULATED" in drawing for drawing in found.drawings), "a drawing does not say so")
            rows = re.findall(r"<tr>(?:(?!</tr>).)*</tr>", page.split("Fills</h2>")[1].split("Decisions</h2>")[0], re.S)
            hold(len(rows) > 50 and all("simulated" in row for row in rows if "<td" in row), "a fill does not say so")
        else:
            hold("SHADOW" in words and "SIMULATED" not in words, "a shadow run that does not say so")
        report = json.loads(call("report", run, "--format", "json", "--out", "-", **STRANGER)[0])
        for figure in [report["shortfall"]["total"], report["shortfall"]["basis_points"], report["average_price"],
                       report["interval"]["vwap"]]:
            hold(figure is None or figure["text"] in words, figure)
        for denial in report["denials"]:
            for reason in denial["denial"]["reasons"]:
                hold(f"{reason['control']}: {reason['measured']}, limit {reason['limit']}" in words, reason)
        if run == "sale":
            hold("<script>alert(1)</script>" in words and r"\u{202e}&" in words, "the account's name is not shown")


def check_exports():
    rows = call("normalize", "--run", "sale", "--format", "csv", "--limit", "500")[0].splitlines()
    lines = [json.loads(line) for line in call("normalize", "--run", "sale", "--limit", "500")[0].splitlines()]
    hold(len(rows) == 501 and len(lines) == 500, (len(rows), len(lines)))
    hold(rows[1].split(",")[0] == "0" and lines[499]["sequence"] == 499, rows[1])
    hold(sum(1 for _ in read(events("shadow"))) == bench.object("verify", "shadow")["events"], "events")
    call("normalize", "--run", "nothing", code=66)
    call("normalize", "--run", "sale", "--summary", code=64)
    call("normalize", "--run", "sale", "--feed", "X=binance:x", code=64)
    call("normalize", code=64)
    bench.copy("shadow", "bad")
    name = sorted(os.listdir(bench.work + "/bad/journal"))[0]
    with open(f"{bench.work}/bad/journal/{name}", "r+b") as file:
        file.seek(5000)
        byte = file.read(1)
        file.seek(5000)
        file.write(bytes([byte[0] ^ 1]))
    hold("does not match its hash" in call("normalize", "--run", "bad", code=65)[1], "a damaged journal was exported")


# Who signs


def check_identities():
    home = {"EXPROVE_HOME": bench.work + "/people"}
    hold("exprove identity create" in call("identity", "list", **home)[1], "an empty home")
    key = call("identity", "create", "example.com/desk", **home)[0].strip()
    hold(re.fullmatch(r"example\.com/desk\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}", key), key)
    hold(call("identity", "show", "example.com/desk", **home)[0].strip() == key, key)
    hold(bench.object("identity", "show", "example.com/desk", **home) == {
        "name": "example.com/desk", "verifier": key}, key)
    bench.object("identity", "create", "risk", **home)
    names = [entry["name"] for entry in bench.object("identity", "list", **home)["identities"]]
    hold(sorted(names) == ["example.com/desk", "risk"], names)
    hold("already" in call("identity", "create", "risk", code=65, **home)[1], "an identity was made twice")
    hold("identity create nobody" in call("identity", "show", "nobody", code=66, **home)[1], "an unknown identity")
    call("identity", "create", "../escape", code=64, **home)
    call("identity", "show", "two words", code=64, **home)
    secrets = [open(f"{bench.work}/people/{name}", encoding="utf-8").read().split("ed25519 ")[1].strip()
               for name in os.listdir(bench.work + "/people")]
    hold(len(secrets) == 2, secrets)
    for arguments in [["list"], ["list", "--json"], ["show", "risk"], ["show", "risk", "--json"]]:
        out, error = call("identity", *arguments, **home)
        hold(not any(secret in out + error for secret in secrets), "a private key was printed")
    os.chmod(bench.work + "/people", 0o755)
    hold("chmod 700" in call("identity", "list", code=74, **home)[1], "an open home was used")
    # A key that must not be used is a failure, and no reason to write elsewhere.
    os.chmod(bench.work + "/home", 0o755)
    hold("chmod 700" in call("report", "sale", code=74)[1], "an open home was used")
    os.chmod(bench.work + "/home", 0o700)


start = time.monotonic()
try:
    bench.make()
    for check in [globals()[a] for a in sys.argv[4:]] or [check_identities, check_recomputed, check_filed, check_strangers, check_damaged, check_every_stop, check_kills,
                  check_unfinished, check_concurrency, check_page, check_exports]:
        check()
        print(f"{check.__name__}: {time.monotonic() - start:.0f} s", flush=True)
    print(f"{bench.held} passed, 0 failed")
finally:
    bench.close()
