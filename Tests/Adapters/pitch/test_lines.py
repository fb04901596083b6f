# SPDX-License-Identifier: Apache-2.0
"""The example adapter against the oracle, record for record: the capture, made-up lines of every type, hostile ones."""

import os
import random
import unittest

import abi
from abi import *
from made_up import broken, stream
from pitch_oracle import LAYOUT, PitchOracle

ADAPTER = abi.load(os.environ["PITCH_SO"])
DAY_START = 1211256000 * 10**9  # a midnight in New York
CAPTURE = os.path.join(os.environ.get("EXPROVE_DATA", ""), "pitch", "bats-pitch.txt")


class LinesTest(unittest.TestCase):
    def compare(self, lines, **options):
        session, oracle = Session(ADAPTER, LINE, day_start=DAY_START), PitchOracle(DAY_START)
        expected = [e for i, line in enumerate(lines) for e in oracle.line(line, i)]
        got = session.decode(lines, **options)
        for i, (a, b) in enumerate(zip(got, expected)):
            if a != b:
                frame = EVENT.unpack(b)[7]
                self.fail(f"event {i}, line {lines[frame]!r}\n   got {show(a)}\nexpect {show(b)}")
        self.assertEqual(len(got), len(expected))
        self.assertEqual(session.counters(12), list(oracle.counts.values()))
        self.assertEqual(session.frame_times(lines), [oracle.time(line) or INT64_MIN for line in lines])
        # Each line is counted, or told not to be.
        refused = sum(e[56] in (MALFORMED, UNKNOWN) for e in got)
        self.assertEqual(sum(session.counters(12)) + refused, len(lines))
        return session, got

    @unittest.skipUnless(os.path.exists(CAPTURE) or os.environ.get("CI") == "true", "no capture")
    def test_capture(self):
        with open(CAPTURE, "rb") as file:
            lines = file.read().split(b"\r\n")[:-1]
        session, events = self.compare(lines)
        self.assertEqual({k: n for k, n in zip(LAYOUT, session.counters(12)) if n}, dict(A=10361, E=20, X=9592, P=27))
        self.assertFalse([e for e in events if e[56] in (MALFORMED, UNKNOWN)])

    def test_manifest(self):
        lines = abi.manifest(ADAPTER)
        self.assertEqual([v for k, v in lines if k == "message"], list(LAYOUT))
        self.assertEqual(dict(lines)["max-events"], "6")

    def test_streams(self):
        for seed in range(20):
            _, events = self.compare(stream(random.Random(seed), 1000), size=random.Random(seed).choice([1, 7, 999]))
            self.assertFalse([e for e in events if e[56] in (MALFORMED, UNKNOWN)])

    def test_broken_streams(self):
        for seed in range(40):
            rng = random.Random(seed)
            self.compare(broken(rng, stream(rng, 800), 0.3), size=rng.choice([1, 13, 800]))

    def test_every_length(self):
        rng = random.Random(1)
        lines = stream(rng, 300)
        for kind in LAYOUT:
            line = next(x for x in lines if chr(x[x[:1] == b"S":][8]) == kind)
            self.compare(lines + [(line + b"0000")[:n] for n in range(len(line) + 4)])

    def test_every_byte(self):
        rng = random.Random(2)
        lines = stream(rng, 300)
        values = bytes(range(0x1E, 0x22)) + b"/0159:;@ABCHIJNOPQRSTXYZ[`adrsyz|~\x7f\x80\xb0\xff\0\n"
        for kind in LAYOUT:
            line = next(x for x in lines if chr(x[x[:1] == b"S":][8]) == kind)
            for at in range(len(line)):
                self.compare([line[:at] + bytes([b]) + line[at + 1:] for b in values] + lines[:5])

    def test_capacity(self):
        rng = random.Random(3)
        lines = broken(rng, stream(rng, 2000), 0.1)
        _, expected = self.compare(lines)
        for size in (1, 2, 64, 2000):
            for capacity in (6, 7, 11, 100):
                self.assertEqual(Session(ADAPTER, LINE, day_start=DAY_START).decode(lines, size, capacity), expected)

    def test_state(self):
        """Saved at any line, taken up, it goes on alike, whatever the seed; two ways to one state save alike."""
        rng = random.Random(4)
        lines = broken(rng, stream(rng, 3000), 0.1)
        whole = Session(ADAPTER, LINE, day_start=DAY_START)
        expected = whole.decode(lines)
        for cut in (0, 1, 500, 2999, 3000):
            first = Session(ADAPTER, LINE, day_start=DAY_START)
            first.decode(lines[:cut])
            second = Session(ADAPTER, LINE, day_start=DAY_START, seed=99)
            self.assertEqual(second.load(first.save()), OK)
            self.assertEqual(second.save(), first.save())
            second.texts, second.instruments, second.seen = first.texts, first.instruments, cut
            self.assertEqual(second.decode(lines[cut:]), [e for e in expected if EVENT.unpack(e)[7] >= cut])
            self.assertEqual(second.save(), whole.save())

    def test_damaged_state(self):
        rng = random.Random(5)
        session = Session(ADAPTER, LINE, day_start=DAY_START)
        session.decode(stream(rng, 400))
        raw = session.save()
        fresh = Session(ADAPTER, LINE, day_start=DAY_START)
        empty = fresh.save()
        for size in range(0, len(raw), 7):
            if (size - len(empty)) % 16:
                self.assertEqual(fresh.load(raw[:size]), BAD_DATA)
                self.assertEqual(fresh.save(), empty)
        refused = 0
        for _ in range(3000):
            bad = bytearray(raw)
            bad[rng.randrange(len(bad))] ^= 1 << rng.randrange(8)
            status = fresh.load(bytes(bad))
            refused += status == BAD_DATA
            # What is taken is a state that decoding could have led to, and it is the one that was given.
            self.assertEqual(fresh.save(), bytes(bad) if status == OK else empty)
        self.assertGreater(refused, 1000)

    def test_many(self):
        """More symbols than there are numbers, and orders by the ten thousand that come and go."""
        lines = [b"%08dsS%-7d" % (i, i) for i in range(65540)]
        session = Session(ADAPTER, LINE, day_start=DAY_START)
        events = session.decode(lines)
        self.assertEqual(session.instruments, 65536)
        self.assertEqual([EVENT.unpack(e)[8:12] for e in events[-4:]], [(MALFORMED, 0, LAST, REFERENCE)] * 4)
        self.compare([line for i in range(20_000) for line in
                      (b"%08dA%012dB000100SPY   0000000001Y" % (i, i), b"%08dX%012d000100" % (i, max(0, i - 50)))])


if __name__ == "__main__":
    unittest.main()
