#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the benchmarks and prints one table: ours, whom it is compared with, and the ratio. Tests/Benchmarks/run.sh builds
what is needed and calls it.

Contestants take turns, pass by pass, so that a machine whose speed drifts is as fast for one as for the other; a ratio is
the median of the rounds' own ratios. Nothing here passes or fails but contestants that give different results."""
import argparse
import json
import os
import re
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
from importlib.metadata import version

from market import Marketplace
from memory import normalize, peak_memory

HERE = os.path.dirname(os.path.abspath(__file__))


def peer(package, words):
    return f"{package} {version(package)}, {words}"


# What is worked on, the unit, our contestant, and with whom it is compared: (words, contestant). Those of peers.py have
# `python` before their names.
COMPARISONS = [
    ("ITCH to events, decode", "messages", "itch decode", [
        ("memory bandwidth: memcpy of as many bytes", "itch copy"),
        ("bare frame walk in C", "itch walk"),
        ("C loop that only fills events", "itch fill"),
        (peer("itchfeed", "Python objects"), "python itchfeed"),
        (peer("itchcpp", "C++, hardly any objects"), "python itchcpp"),
    ]),
    ("ITCH to events, 8,000 stocks, decode", "messages", "itch decode, many symbols", [
        ("memory bandwidth: memcpy of as many bytes", "itch copy"),
        ("C loop that only fills events", "itch fill"),
    ]),
    ("ITCH to events, file read, frames, decode", "messages", "itch read and decode", [
        ("memory bandwidth: memcpy of as many bytes", "itch copy"),
        ("bare frame walk in C", "itch walk"),
        (peer("itchcpp", "C++, hardly any objects"), "python itchcpp"),
    ]),
    ("ITCH to events, decode in a worker, by the wall's clock", "messages", "itch decode, worker", [
        ("the same in process", "itch decode, wall"),
    ]),
    ("Adapter's bytes to first event, in a worker", "adapters", "first event, worker", [
        ("the same in process", "first event"),
    ]),
    ("Worker killed to next events, nothing lost", "restarts", "worker restart", [
        ("a worker's start to its first event", "first event, worker"),
    ]),
    ("ITCH file to counts and digest: exprove normalize", "messages", "exprove normalize", [
        ("the same without the merge of feeds", "itch summary"),
        ("SHA-256 of as many bytes", "itch digest"),
    ]),
    ("ITCH book, one stock, from events", "events", "itch book", [
        ("naive C++ book: std::map, std::unordered_map", "itch book, map"),
    ]),
    ("ITCH books, 200 stocks in turn, from events", "events", "itch books of 200", [
        ("naive C++ book: std::map, std::unordered_map", "itch books of 200, map"),
    ]),
    ("ITCH book, one stock, from bytes", "messages", "itch bytes to book", [
        (peer("itchcpp", "BookManager, C++"), "python itchcpp book"),
    ]),
    ("Binance books, spot and futures, from events", "events", "binance book", [
        ("naive C++ book: std::map", "binance book, map"),
    ]),
    ("Binance spot JSON to events, decode", "messages", "json spot", [
        ("memory bandwidth: memcpy of as many bytes", "json spot, copy"),
        (peer("orjson", "to Python objects"), "python orjson spot"),
        (peer("msgspec", "to Python objects"), "python msgspec spot"),
        (peer("pysimdjson", "simdjson, no objects"), "python simdjson spot"),
    ]),
    ("Binance futures JSON to events, decode", "messages", "json usdm", [
        ("memory bandwidth: memcpy of as many bytes", "json usdm, copy"),
        (peer("orjson", "to Python objects"), "python orjson usdm"),
        (peer("msgspec", "to Python objects"), "python msgspec usdm"),
        (peer("pysimdjson", "simdjson, no objects"), "python simdjson usdm"),
    ]),
    ("IEX DEEP to events by a library bound through libffi, 128 packets a call", "events", "deep bound", [
        ("the same library compiled into an adapter", "deep compiled"),
    ]),
    ("IEX DEEP to events by a library bound through libffi, 1 packet a call", "events", "deep bound, one", [
        ("the same library compiled into an adapter", "deep compiled, one"),
    ]),
    ("Log, 1 KiB entries, checkpoint every 256", "entries", "ledger log", [
        ("limit: same hashes, signatures, bytes, one sync", "ledger log, limit"),
        ("the same with as many syncs", "ledger log, same syncs"),
        (f"SQLite {sqlite3.sqlite_version}, WAL, synchronous=FULL", "python sqlite"),
    ]),
    ("Ledger, statements signed one by one", "entries", "ledger statements", [
        ("limit: same hashes, signatures, bytes, one sync", "ledger statements, limit"),
    ]),
    ("Plan, 48 slices at 4 venues, exact in lots", "plans", "plan 48x4", [
        (peer("osqp", "continuous, setup and solve"), "python osqp 48x4"),
    ]),
    ("Plan, 48 slices at 4 venues, solve only", "plans", "plan 48x4, solve", [
        (peer("osqp", "continuous, solve only"), "python osqp 48x4, solve"),
    ]),
    ("Plan, 13 slices at 3 venues, binding caps", "plans", "plan 13x3", [
        (peer("osqp", "continuous, setup and solve"), "python osqp 13x3"),
    ]),
    ("Plan, 13 slices at 3 venues, solve only", "plans", "plan 13x3, solve", [
        (peer("osqp", "continuous, solve only"), "python osqp 13x3, solve"),
    ]),
    ("Prio3SumVec, 100 numbers of 16 bits, split by the contributor", "reports", "sum vector split", [
        ("as many field multiplications", "sum vector split, products"),
        ("as many field multiplications and Keccak permutations", "sum vector split, limit"),
    ]),
    ("Prio3SumVec, 100 numbers of 16 bits, checked and added by both of two aggregators", "reports", "sum vector check", [
        ("as many field multiplications", "sum vector check, products"),
        ("as many field multiplications and Keccak permutations", "sum vector check, limit"),
    ]),
    ("Prio3Histogram, 1,000 buckets, split by the contributor", "reports", "histogram split", [
        ("as many field multiplications", "histogram split, products"),
        ("as many field multiplications and Keccak permutations", "histogram split, limit"),
    ]),
    ("Prio3Histogram, 1,000 buckets, checked and added by both of two aggregators", "reports", "histogram check", [
        ("as many field multiplications", "histogram check, products"),
        ("as many field multiplications and Keccak permutations", "histogram check, limit"),
    ]),
    ("Prio3SumVec, 390 numbers of 8 bits of 10,000 contributors, checked and added by both aggregators on two cores",
     "reports", "batch", [
         ("as many field multiplications", "batch, products"),
         ("as many field multiplications and Keccak permutations", "batch, limit"),
     ]),
    ("Marketplace of 10,000 adapters: nothing new, by the wall's clock", "refreshes", "market refresh", [
        (peer("tuf", "Updater"), "python tuf refresh"),
    ]),
    ("Marketplace of 10,000 adapters: nothing new, processor time", "refreshes", "market refresh, processor", [
        (peer("tuf", "Updater"), "python tuf refresh, processor"),
    ]),
    ("Marketplace of 10,000 adapters: trusted root to a target, by the wall's clock", "desks", "market first", [
        (peer("tuf", "Updater, which syncs nothing"), "python tuf first"),
    ]),
    ("Marketplace of 10,000 adapters: trusted root to a target, processor time", "desks", "market first, processor", [
        (peer("tuf", "Updater, which syncs nothing"), "python tuf first, processor"),
    ]),
    ("Marketplace of 10,000 adapters: a target of metadata on disk", "targets", "market lookup", [
        (peer("tuf", "Updater"), "python tuf lookup"),
    ]),
    ("Marketplace of 10,000 adapters: two words in the catalog", "lines", "market search", [
        (peer("orjson", "each line parsed"), "python orjson catalog"),
    ]),
]


class Worker:
    """A process that makes one pass for each name that it is told."""

    def __init__(self, command):
        self.command = command
        self.process = None

    def ask(self, name):
        if self.process is None:
            self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.process.stdin.write(name + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"benchmarks: the worker of \"{name}\" ended with status {self.process.wait()}")
        return json.loads(line)

    def close(self):
        if self.process is not None:
            self.process.stdin.close()
            self.process.wait()


def per_unit(answer):
    return answer["nanoseconds"] / answer["units"]


def compare(ask, comparison, rounds, note):
    """The comparison's rows."""
    work, unit, ours, others = comparison
    names = [ours] + [name for _, name in others]
    times, answers = {name: [] for name in names}, {}
    for name in names:
        ask(name)
    for number in range(rounds):
        note(f"{work}: round {number + 1} of {rounds}")
        for name in names:
            answers[name] = ask(name)
            times[name].append(per_unit(answers[name]))
    told = {name: answers[name]["answer"] for name in names if answers[name]["answer"]}
    if len(set(told.values())) > 1:
        sys.exit(f"benchmarks: {work}: the results differ: {told}")
    rows = []
    for words, name in others:
        ratios = [theirs / own for theirs, own in zip(times[name], times[ours])]
        rows.append({
            "work": work, "unit": unit, "ours_ns": statistics.median(times[ours]), "peer": words,
            "peer_ns": statistics.median(times[name]), "ratio": statistics.median(ratios),
            "ratio_least": min(ratios), "ratio_most": max(ratios),
            "bytes_per_unit": answers[ours]["bytes"] / answers[ours]["units"],
        })
    return rows


def speed(nanoseconds):
    rate = 1e9 / nanoseconds
    for size, letter in ((1e6, " M/s"), (1e3, " k/s")):
        if rate >= size:
            return f"{rate / size:.1f}{letter}"
    return f"{rate:.1f} /s"


def cost(nanoseconds):
    for size, unit in ((1e6, "ms"), (1e3, "µs")):
        if nanoseconds >= size:
            return f"{nanoseconds / size:.1f} {unit}"
    return f"{nanoseconds:.1f} ns"


def table(rows):
    head = ["work", "ours", "a unit", "compared with", "its speed", "ours/its", "least to most"]
    lines, before = [head], None
    for row in rows:
        bytes_too = row["bytes_per_unit"]
        rate = f", {1e3 * bytes_too / row['ours_ns']:.0f} MB/s" if bytes_too >= 100 else ""
        if row["unit"] == "reports" and bytes_too:
            rate = f", {bytes_too:,.0f} bytes each"
        first = ["", "", ""] if row["work"] == before else [
            row["work"], speed(row["ours_ns"]) + rate, cost(row["ours_ns"])]
        before = row["work"]
        lines.append(first + [row["peer"], speed(row["peer_ns"]), f"{row['ratio']:.2f}",
                              f"{row['ratio_least']:.2f} to {row['ratio_most']:.2f}"])
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines]
    return "\n".join([text[0], "-" * len(text[0])] + text[1:])


def noise(rows, load):
    found = []
    if load > 0.5:
        found.append(f"the machine is busy (load {load:.1f} before the start): trust the ratios, not the speeds")
    wild = sorted({row["work"] for row in rows if row["ratio_most"] > 1.5 * row["ratio_least"]})
    if wild:
        found.append("rounds differ by more than half, run again: " + "; ".join(wild))
    return found


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--build", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--captures", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    parser.add_argument("--rounds", type=int, default=9, help="turns of each contestant (9)")
    parser.add_argument("--only", default="", metavar="REGEX", help="only the work whose name this is found in")
    parser.add_argument("--large", action="store_true", help="peak memory on 10 GB of capture, some minutes")
    return parser.parse_args()


def main():
    options = arguments()
    load = os.getloadavg()[0]
    terminal = sys.stderr.isatty()

    def note(text, end="\r"):
        if terminal or end == "\n":
            print(("\r\x1b[K" if terminal else "") + text, end=end, file=sys.stderr, flush=True)

    for line in noise([], load):
        note("benchmarks: " + line, end="\n")
    rows, memory, crowd, market = [], None, None, None
    # On the disk that the build is on: what is held in memory alone is quickly synced.
    work = tempfile.mkdtemp(prefix="benchmarks-", dir=os.path.dirname(options.build))
    ours = Worker([os.path.join(options.build, "benchmarks"), options.captures, work])
    peers = Worker([sys.executable, os.path.join(HERE, "peers.py"), options.captures, work])
    marketplace = None

    def ask(name):
        if name == "exprove normalize":
            return normalize(options.build, os.path.join(work, "itch.bin"))
        return peers.ask(name[7:]) if name.startswith("python ") else ours.ask(name)

    try:
        for comparison in COMPARISONS:
            if re.search(options.only, comparison[0], re.IGNORECASE):
                if comparison[2].startswith("market ") and marketplace is None:
                    marketplace = Marketplace(ours.command, work, note)
                rows += compare(ask, comparison, options.rounds, note)
        if marketplace is not None:
            market = marketplace.memory(peers.command)
        if re.search(options.only, "peak memory", re.IGNORECASE):
            digest = ask("itch digest")
            told = ask("64 workers")
            crowd = {"workers": told["units"], "bytes": told["bytes"], "seconds": told["nanoseconds"] / 1e9, "text":
                     f"{told['units']} adapters in workers at once: {told['bytes'] / (1 << 20):.0f} MiB in all, started in "
                     f"{told['nanoseconds'] / 1e9:.2f} s (goal: below 256 MiB beyond the adapters' own)"}
            memory = peak_memory(options.build, work, digest["nanoseconds"] / digest["bytes"], options.large, note)
    finally:
        ours.close()
        peers.close()
        if marketplace is not None:
            marketplace.close()
        shutil.rmtree(work)
    note("", end="\r")
    warnings = noise(rows, load)
    if options.json:
        print(json.dumps({"load": load, "rows": rows, "memory": memory, "crowd": crowd, "market": market,
                          "warnings": warnings}, indent=2))
        return
    if rows:
        print(table(rows))
    for told in (market, crowd, memory):
        if told:
            print(told["text"])
    for line in warnings:
        print("note: " + line)


if __name__ == "__main__":
    main()
