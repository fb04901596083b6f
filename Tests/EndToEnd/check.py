# SPDX-License-Identifier: Apache-2.0
"""Runs the built command over real captures as a user would: counts, runs, replays, damage, kills.

usage: check.py EXPROVE ADAPTERS CAPTURES
"""
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

exprove, adapters, captures = (os.path.abspath(a) for a in sys.argv[1:4])
here = os.path.dirname(os.path.abspath(__file__))
work = tempfile.mkdtemp(prefix="exprove-end-to-end-")
base = {"PATH": os.environ["PATH"], "EXPROVE_ADAPTERS": adapters, "EXPROVE_HOME": work + "/home", "HOME": work}
spot = captures + "/binance/spot_btcusdt_20240808.gz"
usdm = captures + "/binance/usdm_btcusdt_20240808.gz"
itch = captures + "/itch50/aapl-20200130-10k.bin"
checks = 0


def call(*arguments, code=0, cwd=work, **environment):
    done = subprocess.run([exprove, *arguments], capture_output=True, cwd=cwd, env={**base, **environment}, timeout=300)
    assert done.returncode == code, (arguments, done.returncode, done.stdout[-500:], done.stderr[-500:])
    return done.stdout.decode(), done.stderr.decode()


def hold(condition, text):
    global checks
    assert condition, text
    checks += 1


def task(path, venue, reference, quantity):
    with open(path, "w") as file:
        file.write(f"""task buy {{
  account "DESK-1"  capacity agency
  instrument {"BTCUSDT" if venue == "BINANCE" else "BTCUSDT-PERP"}  currency USDT
  side buy  quantity {quantity} BTC
  window 2024-08-08T23:55:00 .. 2024-08-08T23:59:00 zone "UTC"
  objective is {{ risk-aversion 0.0001 }}
  slices 8
  participation 20%
  limit 62500.00
  venue {venue} as BTCUSDT
{f"  venue {reference[1:]} as BTCUSDT" if reference.startswith("+") else f"  reference {reference} as BTCUSDT"}
}}
""")


def summary(feed):
    return json.loads(call("normalize", "--summary", "--feed", feed)[0])


def check_counts():
    found = summary(f"BINANCE=binance:{spot}")
    hold(found["by_message"] == {"depthUpdate": 3451, "bookTicker": 28040, "trade": 9757, "snapshot": 1}, found)
    hold(found["frames"] == 41249 and found["gaps"] == 0 and found["malformed"] == 0, found)
    hold((found["first_time"], found["last_time"]) == (1723161253937085768, 1723161599999231384), found)
    found = summary(f"UM=binance:{usdm},market=usdm")
    hold(found["by_message"] == {"depthUpdate": 6551, "bookTicker": 66089, "trade": 21313, "snapshot": 1}, found)
    hold(found["frames"] == 93954 and found["gaps"] == 0 and found["malformed"] == 0, found)
    hold((found["first_time"], found["last_time"]) == (1723161255030314667, 1723161599833492584), found)
    feed = f"XNAS=nasdaq-itch50:{itch},date=2020-01-30,zone=America/New_York,time=venue+0ns"
    found = summary(feed)
    letters = dict(A=4758, D=4083, E=849, P=240, L=52, U=7, X=6, F=2, R=1, H=1, Y=1)
    hold(found["by_message"] == letters and found["frames"] == 10000 and found["malformed"] == 0, found)
    row = call("book", "--instrument", "AAPL", "--levels", "1", "--at", "1580500000000000000", "--feed", feed)[0]
    hold(row.splitlines()[1].endswith(",320.3,100,320.14,25"), row)


def options(name, venue):
    feeds = [f"BINANCE=binance:{spot}", f"BINANCE-UM=binance:{usdm},market=usdm"]
    if venue:
        feeds[1 if venue == "BINANCE" else 0] += ",role=reference"
    arguments = ["run", "--task", f"{work}/{name}.exprove", "--reference", here + "/reference.json", "--fills", "model"]
    for feed in feeds:
        arguments += ["--feed", feed]
    return arguments + ["--out", f"{work}/{name}"]


def check_runs():
    task(work + "/spot.exprove", "BINANCE", "BINANCE-UM", "2")
    task(work + "/usdm.exprove", "BINANCE-UM", "BINANCE", "3.5")
    for name, venue in [("spot", "BINANCE"), ("usdm", "BINANCE-UM")]:
        call(*options(name, venue))
        run = json.load(open(f"{work}/{name}/run.json"))
        report = json.loads(call("verify", name, "--vkey", run["verifier"], "--json")[0])
        hold(report["verdict"] == "verified" and report["finished"] and not report["findings"], report)
        hold(json.loads(call("verify", name, "--json")[0])["verdict"].startswith("consistent"), name)
        one = call("replay", name, "--json")[0]
        two = call("replay", f"{work}/{name}", "--json", cwd="/", TZ="Asia/Tokyo", LC_ALL="C", NOISE="1")[0]
        hold(one == two and json.loads(one)["identical"], (one, two))
        hold(json.loads(call("replay", name, "--from", "events", "--json")[0])["identical"], name)


def check_refusals():
    task(work + "/both.exprove", "BINANCE", "+BINANCE-UM", "1")
    out, error = call(*options("both", ""), code=65)
    hold("kind is spot and perpetual" in error, error)
    hold(not os.path.exists(work + "/both/run.json"), "a refused run was begun")
    arguments = options("spot", "BINANCE")
    arguments[arguments.index(work + "/spot")] = here
    hold("no part of a run" in call(*arguments, code=65)[1], "a foreign directory was taken")
    with open(work + "/cut.gz", "wb") as file:
        file.write(open(spot, "rb").read()[:600_000])
    hold("compressed byte" in call("normalize", "--summary", "--feed", f"B=binance:{work}/cut.gz", code=65)[1], "cut")
    call("normalize", "--summary", "--feed", f"B=binance:{work}/nothing.gz", code=66)
    hold("date=" in call("normalize", "--summary", "--feed", f"X=nasdaq-itch50:{itch},time=venue+0ns", code=64)[1], "date")
    hold("no adapter" in call("adapter", "inspect", "nobody", code=66)[1], "an adapter that is not there")


def check_damage():
    generator = random.Random(7)
    files = [os.path.join(root, name) for root, _, names in os.walk(work + "/spot") for name in names]
    for number in range(int(os.environ.get("DAMAGES", "60"))):
        copy = work + "/damaged"
        shutil.rmtree(copy, ignore_errors=True)
        subprocess.run(["cp", "-a", "--reflink=auto", work + "/spot", copy], check=True)
        path = generator.choice(files).replace(work + "/spot", copy)
        how = generator.choice(["flip", "flip", "flip", "truncate", "delete", "add"])
        data = bytearray(open(path, "rb").read())
        if how == "flip" and data:
            data[generator.randrange(len(data))] ^= 1 << generator.randrange(8)
            open(path, "wb").write(data)
        elif how == "truncate" and data:
            open(path, "wb").write(data[: generator.randrange(len(data))])
        elif how == "delete":
            os.remove(path)
        else:
            open(path + "x", "wb").write(b"more")
        done = subprocess.run([exprove, "verify", copy, "--json"], capture_output=True, env=base, timeout=120)
        hold(done.returncode in (1, 66), (how, path, done.stdout[-300:]))


def check_kills():
    whole = json.loads(call("verify", "spot", "--json")[0])
    shutil.copy(work + "/spot.exprove", work + "/killed.exprove")
    generator = random.Random(11)
    kills = 0
    for _ in range(int(os.environ.get("KILLS", "20"))):
        shutil.rmtree(work + "/killed", ignore_errors=True)
        while True:
            process = subprocess.Popen([exprove, *options("killed", "BINANCE")], env=base, cwd=work,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            try:
                process.wait(generator.uniform(0.02, 1.2))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
                kills += 1
                continue
            hold(process.returncode == 0, process.stderr.read()[-500:])
            break
        found = json.loads(call("verify", "killed", "--json")[0])
        hold(found["finished"] and not found["findings"] and not found["tail"], found)
        hold((found["events"], found["event_digest"]) == (whole["events"], whole["event_digest"]), found)
    hold(kills > 0, "no process was killed")


start = time.monotonic()
try:
    for check in [check_counts, check_runs, check_refusals, check_damage, check_kills]:
        check()
        print(f"{check.__name__}: {time.monotonic() - start:.0f} s", flush=True)
    print(f"{checks} passed, 0 failed")
finally:
    shutil.rmtree(work, ignore_errors=True)
