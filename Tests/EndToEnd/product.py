# SPDX-License-Identifier: Apache-2.0
"""The built command as the proofs beside this file use it: started as a user would start it, over the shared captures
and small pieces of them, with a home and a working directory of its own.

Each proof is a program: PROOF.py EXPROVE ADAPTERS CAPTURES
"""
import concurrent.futures
import gzip
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "Independent"))

import verify_journal  # noqa: E402
import verify_ledger  # noqa: E402  (the path above leads to it)

WORKERS = 2
ITCH_KEYS = "date=2020-01-30,zone=America/New_York,time=venue+0ns"
ITCH_MIDNIGHT = 1_580_360_400_000_000_000  # 2020-01-30 00:00 in New York, in nanoseconds UTC


def scratch():
    """Where runs are made: in memory where there is room, since what a sync costs is not the matter here."""
    memory = "/dev/shm"
    if os.access(memory, os.W_OK):
        room = os.statvfs(memory)
        if room.f_bavail * room.f_frsize > 1 << 30:
            return memory
    return None


class Bench:
    """A proof at work: its directory, the command in an environment of its own, and what held."""

    def __init__(self, name):
        if len(sys.argv) not in (3, 4):
            sys.exit(f"usage: {sys.argv[0]} EXPROVE ADAPTERS [CAPTURES]")
        self.exprove, self.adapters = (os.path.abspath(path) for path in sys.argv[1:3])
        self.captures = os.path.abspath(sys.argv[3]) if len(sys.argv) == 4 else ""
        self.work = tempfile.mkdtemp(prefix=f"exprove-{name}-", dir=scratch())
        self.environment = {
            "PATH": os.environ["PATH"], "EXPROVE_ADAPTERS": self.adapters, "HOME": self.work,
            "EXPROVE_HOME": self.work + "/home",
        }
        self.spot = self.captures + "/binance/spot_btcusdt_20240808.gz"
        self.usdm = self.captures + "/binance/usdm_btcusdt_20240808.gz"
        self.itch = self.captures + "/itch50/aapl-20200130-10k.bin"
        self.held = self.failed = 0
        self.lock = threading.Lock()

    def start(self, *arguments, cwd=None, wrapper=(), **environment):
        return subprocess.Popen(
            [*wrapper, self.exprove, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, cwd=cwd or self.work, env={**self.environment, **environment})

    def call(self, *arguments, timeout=300, **how):
        """Exit code, standard output and standard error. A command that hangs is ended and counts as a failure."""
        process = self.start(*arguments, **how)
        try:
            out, error = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise AssertionError(f"{' '.join(arguments)}: not done after {timeout} s") from None
        return process.returncode, out.decode(errors="replace"), error.decode(errors="replace")

    def expect(self, code, *arguments, **how):
        """Standard output and standard error of a command that ends with `code`."""
        found, out, error = self.call(*arguments, **how)
        told = f"{' '.join(arguments)}: exit code {found}, expected {code}\n{out[-800:]}{error[-800:]}"
        self.hold(found == code, told)
        return out, error

    def json(self, *arguments, code=0, **how):
        return json.loads(self.expect(code, *arguments, **how)[0])

    def begun(self, arguments, out):
        """A run that has begun: its description lies there."""
        process = self.start(*arguments)
        while not os.path.exists(os.path.join(self.work, out, "run.json")) and process.poll() is None:
            time.sleep(0.001)
        return process

    def hold(self, condition, text):
        if not condition:
            raise AssertionError(text if isinstance(text, str) else repr(text))
        with self.lock:
            self.held += 1

    def attempt(self, check, *arguments):
        """Runs a check; what it raises is told and counted, and the others still run."""
        started = time.monotonic()
        try:
            check(self, *arguments)
        except Exception:  # every failure of a check is told below and makes the proof fail
            with self.lock:
                self.failed += 1
            print(f"FAILED {check.__name__}{arguments or ''}", flush=True)
            traceback.print_exc(limit=-3, file=sys.stdout)
        else:
            print(f"{check.__name__}: {time.monotonic() - started:.1f} s", flush=True)

    def parallel(self, work, items):
        """Results of `work` for each item, in order, from as many processes at a time as pays on two cores."""
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            return list(pool.map(work, items))

    def path(self, name):
        return os.path.join(self.work, name)

    def write(self, name, data):
        with open(self.path(name), "wb") as file:
            file.write(data if isinstance(data, bytes) else data.encode())
        return self.path(name)


def prove(name, *checks):
    """Runs the checks of a proof, ends with `N passed, N failed`, and leaves nothing behind."""
    bench = Bench(name)
    try:
        for check in checks:
            bench.attempt(check)
    finally:
        shutil.rmtree(bench.work, ignore_errors=True)
    print(f"{bench.held} passed, {bench.failed} failed")
    sys.exit(1 if bench.failed else 0)


# Tasks, reference data and the runs over them


def task(instrument, currency, unit, quantity, window, venues, references=(), slices=8, limit="62500.00", side="buy",
         objective="is { risk-aversion 0.0001 }"):
    lines = [f"  venue {name} as {symbol}" for name, symbol in venues]
    lines += [f"  reference {name} as {symbol}" for name, symbol in references]
    return "\n".join([
        "task work {", '  account "DESK-1"  capacity agency', f"  instrument {instrument}  currency {currency}",
        f"  side {side}  quantity {quantity} {unit}", f"  window {window}", f"  objective {objective}",
        f"  slices {slices}", "  participation 20%", f"  limit {limit}", *lines, "}", ""])


PAIR_WINDOW = '2024-08-08T23:55:00 .. 2024-08-08T23:59:00 zone "UTC"'


def spot_task(window=PAIR_WINDOW, **how):
    """Buys spot with the perpetual as reference."""
    how = {"quantity": "2", "references": [("BINANCE-UM", "BTCUSDT")], **how}
    return task("BTCUSDT", "USDT", "BTC", window=window, venues=[("BINANCE", "BTCUSDT")], **how)


def perpetual_task(window=PAIR_WINDOW, **how):
    """And the reverse."""
    how = {"quantity": "3.5", "references": [("BINANCE", "BTCUSDT")], **how}
    return task("BTCUSDT-PERP", "USDT", "BTC", window=window, venues=[("BINANCE-UM", "BTCUSDT")], **how)


def itch_task(**how):
    how = {"quantity": "2000", "limit": "330.00", "slices": 24, "venues": [("XNAS", "AAPL")],
           "window": '2020-01-30T04:00:00 .. 2020-01-30T07:50:00 zone "America/New_York"', **how}
    return task("AAPL", "USD", "AAPL", **how)


def reference():
    """The pair's reference data beside this file, and AAPL's."""
    with open(HERE + "/reference.json", encoding="utf-8") as file:
        data = json.load(file)
    data["instruments"].append({
        "name": "AAPL", "kind": "equity", "base": "AAPL", "quote": "USD", "settlement": "USD", "multiplier": "1",
        "variance": [{"from": "2020-01-01", "value": "0.0004", "source": "chosen for the tests"}]})
    data["listings"].append({
        "venue": "XNAS", "symbol": "AAPL", "instrument": "AAPL", "terms": [{
            "from": "2020-01-01", "ticks": [{"from": "0", "tick": "0.01"}], "lot": "1", "minimum_quantity": "1",
            "minimum_notional": "0", "zone": "America/New_York", "calendar": "always",
            "maker_fee": {"per_unit": "-0.0020"}, "taker_fee": {"per_unit": "0.0030"}, "fee_currency": "USD",
            "impact": {"coefficient": "0.5", "depth": "500", "source": "chosen for the tests", "date": "2020-01-01"}}]})
    return json.dumps(data)


def run_arguments(task_path, reference_path, feeds, out, fills):
    arguments = ["run", "--task", task_path, "--reference", reference_path, "--fills", fills, "--out", out]
    return arguments + [part for feed in feeds for part in ("--feed", feed)]


class Work:
    """A task over feeds: the arguments of its `run`, for any directory."""

    def __init__(self, bench, name, text, feeds, fills="model"):
        self.task = bench.write(name + ".exprove", text)
        self.reference = bench.write(name + "-reference.json", reference())
        self.feeds, self.fills = feeds, fills

    def arguments(self, out, feeds=None):
        return run_arguments(self.task, self.reference, feeds or self.feeds, out, self.fills)


def itch_feed(path):
    return f"XNAS=nasdaq-itch50:{path},{ITCH_KEYS}"


def pair_feeds(spot, usdm, routed):
    feeds = [f"BINANCE=binance:{spot}", f"BINANCE-UM=binance:{usdm},market=usdm"]
    feeds[1 if routed == "BINANCE" else 0] += ",role=reference"
    return feeds


def small_work(bench, name="small", fills="model", **how):
    return Work(bench, name, itch_task(**how), [itch_feed(bench.itch)], fills)


def bodies_work(bench, name="bodies", fills="model"):
    """A run over the capture's first minutes whose plans are too large for a statement and lie in objects/."""
    capture = bench.write(name + ".bin", itch_bytes(itch_messages(read(bench.itch))[:300]))
    return Work(bench, name, itch_task(slices=500), [itch_feed(capture)], fills)


def pair_work(bench, name="pair", routed="BINANCE", fills="model", spot=None, usdm=None, **how):
    text = (spot_task if routed == "BINANCE" else perpetual_task)(**how)
    return Work(bench, name, text, pair_feeds(spot or bench.spot, usdm or bench.usdm, routed), fills)


# Captures, record by record


def itch_messages(data):
    """The messages of a length-prefixed capture."""
    messages, at = [], 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 2], "big")
        messages.append(data[at + 2 : at + 2 + length])
        at += 2 + length
    return messages


def itch_bytes(messages):
    return b"".join(len(message).to_bytes(2, "big") + message for message in messages)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def lines_of(path):
    """The lines of a capture, unpacked, each with its newline."""
    with gzip.open(path, "rb") as file:
        return file.readlines()


# What a run recorded, read without any of its own code


def run_description(run):
    with open(run + "/run.json", encoding="utf-8") as file:
        return json.load(file)


def vkey(run):
    return run_description(run)["verifier"]


def log_key(run):
    """The run's key under its log's name, as C2SP's checkpoints have it: name and key give the key id."""
    description = run_description(run)
    return verify_ledger.Key.named(description["origin"], description["verifier"])


def leaves(run):
    """The ledger's leaves, as bytes, after the log was verified as a whole."""
    return verify_ledger.Log(run + "/ledger", log_key(run)).verified_leaves()


def statement(leaf):
    """The statement that an envelope carries."""
    return json.loads(verify_ledger.b64(json.loads(leaf)["payload"]))


def kind(found):
    return found["predicateType"].split("/")[-2]


def clock(run):
    """The engine's times that the journal holds, by the number of records up to each."""
    inputs = ((number, json.loads(payload)) for number, (kind, payload, _) in
              enumerate(verify_journal.records(run + "/journal"), 1) if kind == verify_journal.INPUT)
    return {number: int(value["clock"]) for number, value in inputs if "clock" in value}


def files_of(directory):
    """Every file and link below, by its path within."""
    found = []
    for base, _, names in os.walk(directory):
        found += [os.path.relpath(os.path.join(base, name), directory) for name in names]
    return sorted(found)


def chunks(items, count):
    """The items dealt out into `count` lists."""
    return [list(itertools.islice(items, start, None, count)) for start in range(count)]
