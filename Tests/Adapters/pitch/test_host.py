# SPDX-License-Identifier: Apache-2.0
"""What the command makes of the example adapter: conformance, and every figure of a capture against the oracle's reading.

EXPROVE: the command; PITCH_SO: the adapter; EXPROVE_DATA: the captures.
"""

import json
import os
import random
import re
import subprocess
import tempfile
import unittest
from collections import Counter

from abi import *
from made_up import broken, stream
from pitch_oracle import PitchOracle

EXPROVE, LIBRARY = os.environ["EXPROVE"], os.environ["PITCH_SO"]
CAPTURE = os.path.join(os.environ.get("EXPROVE_DATA", ""), "pitch", "bats-pitch.txt")
HAVE_CAPTURE = os.path.exists(CAPTURE) or os.environ.get("CI") == "true"
DAY_START = 1211256000 * 10**9  # 2008-05-20T00:00 in New York
KINDS = {ADD: "order_add", REDUCE: "order_reduce", EXECUTE: "order_execute", CLEAR: "clear", TRADE: "trade",
         TRADE_BREAK: "trade_break", STATUS: "status", AUCTION: "auction", IMBALANCE: "imbalance", NOTICE: "notice",
         INSTRUMENT: "instrument", TEXT: "text", MALFORMED: "malformed", UNKNOWN: "unknown"}


def call(*arguments):
    done = subprocess.run([EXPROVE, *arguments], capture_output=True, timeout=600)
    assert done.returncode == 0, (arguments, done.returncode, done.stdout[-2000:], done.stderr[-2000:])
    return done.stdout.decode()


def feed(path):
    return f"BATS={LIBRARY}:{path},date=2008-05-20,zone=America/New_York,time=venue+0ns"


def decimal(value, places):
    """An exact decimal without trailing zeros, as the command writes it."""
    whole, part = divmod(value, 10**places)
    return f"{whole}.{part:0{places}}".rstrip("0").rstrip(".")


class Reading:
    """A file of lines as the oracle reads it; `books` as of a moment of the venue's clock."""

    def __init__(self, path, until=None):
        with open(path, "rb") as file:
            raw = file.read()
        self.lines, self.offsets, at = [], [], 0
        for line in raw.split(b"\n")[:-1]:
            self.offsets.append(at)
            self.lines.append(line.removesuffix(b"\r"))
            at += len(line) + 1
        self.oracle, self.events, self.times = PitchOracle(DAY_START), [], []
        self.clock, now = [], -1  # the clock never goes back
        for i, line in enumerate(self.lines):
            time = self.oracle.time(line)
            now = max(now, time or -1)
            if until is not None and now > until:
                break
            self.clock.append(now)
            self.times += [time] if time else []
            self.events += self.oracle.line(line, i)


# It sends no orders, and its lines are not numbered.
NEVER = {
    "metadata.orders", "abi.request-size", "malformed.gaps", "threads.strays", "orders.state", "orders.quantity",
    "orders.executions", "orders.corrections", "orders.unknown",
}


class ConformanceTest(unittest.TestCase):
    def conforms(self, *captures):
        options = [word for path in captures for word in ("--capture", path)]
        report = json.loads(call("conform", LIBRARY, *options, "--json"))
        self.assertEqual(report["verdict"], "pass")
        return {c["id"]: (c["status"], c["detail"]) for c in report["checks"] if c["status"] != "pass"}

    def test_alone(self):
        # Nothing is skipped but what needs orders of its own or of a capture.
        self.assertEqual(set(self.conforms()), NEVER | {
            "metadata.messages", "events.orders", "events.executions", "events.books", "events.volume", "events.ticks",
            "events.snapshot", "metamorphic.rename", "metamorphic.shift", "metamorphic.interleave"})

    @unittest.skipUnless(HAVE_CAPTURE, "no capture")
    def test_capture(self):
        self.assertEqual(set(self.conforms(CAPTURE)), NEVER | {"metadata.messages"})

    def test_every_type(self):
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"\n".join(stream(random.Random(9), 2500)) + b"\n")
            file.flush()
            # Lines drawn by chance make no market.
            self.assertEqual(set(self.conforms(file.name)), NEVER | {"events.books"})


class Figures:
    """Compares the command's figures for `path` with those of the oracle."""

    def test_summary(self):
        found, reading = json.loads(call("normalize", "--summary", "--feed", feed(self.path))), self.reading
        kinds = Counter(KINDS[e[56]] for e in reading.events)
        self.assertEqual(found["by_message"], {k: n for k, n in reading.oracle.counts.items() if n})
        self.assertEqual(found["by_kind"], dict(kinds))
        self.assertEqual((found["frames"], found["bytes"]), (len(reading.lines), sum(map(len, reading.lines))))
        self.assertEqual((found["malformed"], found["unknown"]), (kinds["malformed"], kinds["unknown"]))
        self.assertEqual(found["instruments"], len(reading.oracle.numbers))
        # Lines of several units interleave, so that these need not be the first and the last.
        self.assertEqual((found["first_time"], found["last_time"]), (min(reading.times), max(reading.times)))

    def test_events(self):
        """Each event as it is listed: whose, what, how much, and from which bytes."""
        reading, symbols = self.reading, list(self.reading.oracle.numbers)
        rows = [json.loads(row) for row in call("normalize", "--feed", feed(self.path)).splitlines()]
        self.assertEqual(len(rows), len(reading.events))
        for row, raw in zip(rows, reading.events):
            time, _, order, price, quantity, _, number, frame, kind, side, flags, _, _ = EVENT.unpack(raw)
            self.assertEqual((row["kind"], row["source"]["offset"], row["source"]["length"]),
                             (KINDS[kind], reading.offsets[frame], len(reading.lines[frame])))
            self.assertEqual(row["event_time"], None if flags & NO_EVENT_TIME else time)
            if kind == TEXT:
                continue
            self.assertEqual(row["instrument"], None if number == NONE else symbols[number])
            self.assertEqual(row["side"], [None, "buy", "sell"][side])
            self.assertEqual(row["quantity"], decimal(quantity, 0))
            hidden = flags & (RESTING_PRICE | NO_PRICE)
            self.assertEqual(row["price"], None if hidden else decimal(price, 9))
            self.assertEqual(row["order_id"], str(order) if order else None)

    def test_volume(self):
        found = Counter()
        for row in map(json.loads, call("normalize", "--feed", feed(self.path)).splitlines()):
            if "volume" in row["flags"]:
                found[row["instrument"]] += int(row["quantity"])
        self.assertEqual(found, Counter(self.reading.oracle.volume))
        self.assertGreater(found.total(), 0)

    def book(self, symbol, at):
        header, row = call("book", "--instrument", symbol, "--levels", "400", "--at", str(at), "--feed",
                           feed(self.path)).splitlines()
        cells = row.split(",")[1:]
        self.assertEqual(len(cells), 1600)
        pairs = [tuple(cells[i:i + 2]) for i in range(0, 1600, 2)]
        return [[p for p in pairs[side::2] if p != ("", "")] for side in (0, 1)]

    def test_books(self):
        """All levels of the busiest symbols, of those that traded, and of those without orders; at the end and before."""
        orders = Counter(EVENT.unpack(e)[6] for e in self.reading.events if e[56] == ADD)
        names = list(self.reading.oracle.numbers)
        busiest = [names[number] for number, _ in orders.most_common(8)]
        traded = sorted(self.reading.oracle.volume)[:8]
        without = [name for i, name in enumerate(names) if i not in orders][:2]
        clock, levels = self.reading.clock, 0
        for at, symbols in [(clock[-1], busiest + traded + without), (clock[len(clock) // 3], busiest[:3]),
                            (clock[len(clock) // 2], busiest[:3])]:
            oracle = Reading(self.path, at).oracle
            for symbol in dict.fromkeys(symbols):
                expected = [[(decimal(p, 4), str(n)) for p, n in side] for side in oracle.depth(symbol)]
                self.assertEqual(self.book(symbol, at), expected, f"{symbol} at {at}")
                levels += len(expected[0]) + len(expected[1])
        self.assertGreater(levels, 20)


@unittest.skipUnless(HAVE_CAPTURE, "no capture")
class CaptureTest(Figures, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.path, cls.reading = CAPTURE, Reading(CAPTURE)

    def test_published_figures(self):
        """The counts that other scripts took of this file."""
        self.assertEqual({k: n for k, n in self.reading.oracle.counts.items() if n}, dict(A=10361, X=9592, E=20, P=27))
        self.assertEqual([(t - DAY_START) // 10**6 for t in (min(self.reading.times), max(self.reading.times))],
                         [28800011, 28963734])
        self.assertEqual(len({e[48:52] for e in self.reading.events if e[56] == ADD}), 286)


class MadeUpTest(Figures, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.file = tempfile.NamedTemporaryFile()
        rng = random.Random(6)
        # Without line ends, and without what the host would take for a time stamp of its own.
        lines = [line for line in broken(rng, stream(rng, 6000), 0.05) if not re.search(rb"[\r\n]|^\d+ ", line)]
        cls.file.write(b"\n".join(lines) + b"\n")
        cls.file.flush()
        cls.path, cls.reading = cls.file.name, Reading(cls.file.name)

    @classmethod
    def tearDownClass(cls):
        cls.file.close()


if __name__ == "__main__":
    unittest.main()
