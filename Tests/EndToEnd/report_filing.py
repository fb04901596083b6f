# SPDX-License-Identifier: Apache-2.0
"""What a report files in a run and what it leaves alone: idempotence, strangers, damage, writers at the same time."""
import json
import random


def check_filed(bench):
    call, hold = bench.call, bench.hold
    leaves = bench.object("verify", "spot")["leaves"]
    for number, form in enumerate(["html", "json", "csv"]):
        told = bench.object("report", "spot", "--format", form)
        hold((told["path"], told["leaf"], told["new"]) == (f"spot/reports/report.{form}", leaves + number, True), told)
    sound(bench, "spot")
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
    sound(bench, "spot")
    sound(bench, "spot", "--from", "events")


def sound(bench, run, *replay):
    hold = bench.hold
    found = bench.object("verify", run, "--vkey", bench.verifier(run))
    hold(found["verdict"] == "verified" and not found["findings"] and not found["tail"], found)
    hold(bench.object("replay", run, *replay)["identical"], run)


def check_strangers(bench):
    """Who has no key gets the very bytes that were filed, outside the run, wherever the run lies and whoever asks."""
    call, hold = bench.call, bench.hold
    before = bench.tree("spot")
    bench.copy("spot", "elsewhere")
    for form in ["html", "json", "csv"]:
        told = bench.object("report", "elsewhere", "--format", form, **bench.stranger)
        hold(told["path"] == f"./elsewhere-report.{form}" and told["leaf"] is None, told)
        hold("no key of desk" in told["outside"], told)
        hold(bench.read(told["path"]) == before[f"reports/report.{form}"], f"a stranger's {form} differs")
        printed = call("report", "spot", "--format", form, "--out", "-", **bench.stranger)[0].encode()
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


def check_damaged(bench):
    """A run that does not hold is reported outside, without a figure."""
    call, hold = bench.call, bench.hold
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


def check_sequences(bench):
    """Reports of every form, by the desk, by strangers, with keys and without, and the run's own command, in any order."""
    hold = bench.hold
    generator = random.Random(17)
    key = bench.verifier("shadow")
    leaves = bench.object("verify", "shadow")["leaves"]
    bench.copy("shadow", "kept")
    filed = set()
    for _ in range(30):
        form = generator.choice(["html", "json", "csv"])
        further = generator.choice([[], ["--vkey", key], ["--out", "elsewhere." + form]])
        stranger = generator.random() < 0.3
        if generator.random() < 0.1:
            bench.call(*bench.options("shadow", "BINANCE", fills="shadow"))
        told = bench.object("report", "shadow", "--format", form, *further, **(bench.stranger if stranger else {}))
        outside = stranger or "--out" in further
        hold((told["leaf"] is None) == outside and (outside or told["new"] == (form not in filed)), told)
        filed |= set() if outside else {form}
    sound(bench, "shadow")
    hold(bench.object("verify", "shadow")["leaves"] == leaves + len(filed), filed)
    # What the run itself recorded is as it was.
    before, after = bench.tree("kept"), bench.tree("shadow")
    changed = [path for path in before if after.get(path) != before[path] and not path.startswith("ledger/")]
    hold(not changed, changed)
    bench.copy("kept", "shadow")
