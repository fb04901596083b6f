# SPDX-License-Identifier: Apache-2.0
"""ITCH and MoldUDP64 against the oracle: the real capture, made-up messages of every type, and hostile ones."""

import os
import random
import struct
import unittest

import abi
from abi import *
from itch_oracle import DAY, LAYOUT, LENGTHS, STOCK, ItchOracle, build

ADAPTER = abi.load()
DAY_START = 1580360400 * 10**9  # 2020-01-30, midnight in New York
CAPTURE = os.path.join(os.environ.get("EXPROVE_DATA", ""), "itch50", "aapl-20200130-10k.bin")
SYMBOLS = [b"AAPL    ", b"MSFT    ", b"BRK.A   ", b"ZVZZT   ", b"ABCDEFGH"]


def capture():
    if not os.path.exists(CAPTURE):
        if os.environ.get("CI") == "true":
            raise AssertionError(f"{CAPTURE} is missing; set EXPROVE_DATA")
        raise unittest.SkipTest(f"{CAPTURE} is missing; set EXPROVE_DATA")
    with open(CAPTURE, "rb") as file:
        raw, at, out = file.read(), 0, []
    while at < len(raw):
        size = int.from_bytes(raw[at:at + 2], "big")
        out.append(raw[at + 2:at + 2 + size])
        at += 2 + size
    return out


def sample(rng, kind, locate, symbol):
    """A message of this type with fields that are allowed, and often at their ends."""
    u64 = lambda: rng.choice([0, 1, 2**63 - 1, rng.getrandbits(63)])
    u32 = lambda: rng.choice([0, 1, 2**32 - 1, rng.getrandbits(32), 100])
    one = lambda letters: rng.choice(letters).encode()
    fields = dict(
        S=lambda: (one("OSQMEC"),),
        R=lambda: (symbol, b"Q", b"N", u32(), b"N", b"C", b"Z ", b"P", b"N", b"1", b"N", b"N", u32(), b"N"),
        H=lambda: (symbol, one("HPQT"), b" ", rng.choice([b"    ", b"T1  ", b"LUDP", b"IPO1"])),
        Y=lambda: (symbol, one("012")),
        L=lambda: (rng.choice([b"GSCO", b"ABC "]), symbol, one("YN"), one("NPSRL"), one("AEWSD")),
        V=lambda: tuple(rng.choice([0, (2**63 - 1) // 10, rng.getrandbits(59)]) for _ in range(3)),
        W=lambda: (one("123"),),
        K=lambda: (symbol, u32(), one("AC"), u32()),
        J=lambda: (symbol, u32(), u32(), u32(), u32()),
        h=lambda: (symbol, one("QBX"), one("HT")),
        A=lambda: (rng.getrandbits(64), one("BS"), u32(), symbol, u32()),
        F=lambda: (rng.getrandbits(64), one("BS"), u32(), symbol, u32(), rng.choice([b"NITE", b"AB  ", b"    "])),
        E=lambda: (rng.getrandbits(64), u32(), rng.getrandbits(64)),
        C=lambda: (rng.getrandbits(64), u32(), rng.getrandbits(64), one("YN"), u32()),
        X=lambda: (rng.getrandbits(64), u32()),
        D=lambda: (rng.getrandbits(64),),
        U=lambda: (rng.getrandbits(64), rng.getrandbits(64), u32(), u32()),
        P=lambda: (rng.getrandbits(64), one("BS"), u32(), symbol, u32(), rng.getrandbits(64)),
        Q=lambda: (u64(), symbol, u32(), rng.getrandbits(64), one("OCHIA")),
        B=lambda: (rng.getrandbits(64),),
        I=lambda: (u64(), u64(), one("BSNOP"), symbol, u32(), u32(), u32(), one("OCHA"), one(" 123ABCL")),
        N=lambda: (symbol, one("BSAN")),
        O=lambda: (symbol, one("NY"), u32(), u32(), u32(), u64(), u32(), u32()),
    )[kind]()
    time = rng.choice([0, DAY - 1, rng.randrange(DAY)])
    return build(kind, time, *fields, locate=locate, tracking=rng.getrandbits(16))


def mixed(rng, count, hostile):
    """A stream of all types over a few stocks; a share of it is broken on purpose."""
    out = []
    for _ in range(count):
        locate = rng.choice([0, 1, 2, 3, 65535])
        symbol = SYMBOLS[(0, 1, 2, 3, 65535).index(locate)]
        if rng.random() < 0.02:
            symbol = rng.choice(SYMBOLS)  # contradicts the locate, or moves it with 'R'
        m = bytearray(sample(rng, rng.choice(list(LAYOUT)), locate, symbol))
        if rng.random() < hostile:
            what = rng.randrange(5)
            if what == 0:
                m = m[:rng.randrange(len(m) + 1)]
            elif what == 1:
                m += bytes(rng.randrange(1, 5))
            elif what == 2:
                m[rng.randrange(len(m))] ^= 1 << rng.randrange(8)
            elif what == 3:
                m[rng.randrange(len(m))] = rng.choice([0, 0x20, 0xFF, 0x7F, ord("B")])
            else:
                m = bytearray(rng.getrandbits(8) for _ in range(rng.randrange(60)))
        out.append(bytes(m))
    return out


class Comparing(unittest.TestCase):
    def same(self, got, expected):
        for i, (a, b) in enumerate(zip(got, expected)):
            if a != b:
                self.fail(f"event {i}\n   got {show(a)}\nexpect {show(b)}")
        self.assertEqual(len(got), len(expected))


class ItchTest(Comparing):
    def run_stream(self, frames, framing=LENGTH16, **options):
        session, oracle = Session(ADAPTER, framing), ItchOracle(DAY_START)
        expected = [e for i, m in enumerate(frames) for e in oracle.stream(m, i, framing)]
        got = session.decode(frames, **options)
        self.same(got, expected)
        self.assertEqual(session.counters()[:23], list(oracle.counts.values()))
        return session, expected

    def test_capture(self):
        frames = capture()
        session, events = self.run_stream(frames)
        counts = {k: v for k, v in zip(LAYOUT, session.counters()) if v}
        self.assertEqual(counts, dict(A=4758, D=4083, E=849, P=240, L=52, U=7, X=6, F=2, R=1, H=1, Y=1))
        self.assertFalse([e for e in events if e[56] in (MALFORMED, UNKNOWN, GAP)])
        self.assertEqual((session.texts, session.instruments), (1, 1))
        traded = sum(EVENT.unpack(e)[4] for e in events if e[56] == EXECUTE)
        self.assertEqual(traded, 56086)
        times = session.frame_times(frames)
        self.assertEqual((times[0] - DAY_START, times[-1] - DAY_START), (11234909934345, 28770516505496))
        self.assertEqual(times, [EVENT.unpack(e)[0] for e in events if e[58] & LAST])

    def test_capture_starting_in_the_middle(self):
        """Without the directory, the first add defines the stock; what names it by locate before is unknown."""
        for start in (1, 2, 60, 5000):
            self.run_stream(capture()[start:])

    def test_every_type(self):
        rng = random.Random(1)
        for kind in LAYOUT:
            for _ in range(60):
                first = build("R", 5, SYMBOLS[0], b"Q", b"N", 100, b"N", b"C", b"Z ", b"P", b"N", b"1", b"N",
                              b"N", 0, b"N")
                one = sample(rng, kind, 1, SYMBOLS[0])
                self.run_stream([first, one])
                self.run_stream([one, first, one])

    def test_every_length(self):
        """Each type one byte short and long, at every length, and at the very end of the bytes."""
        rng = random.Random(2)
        first = sample(rng, "A", 1, SYMBOLS[0])
        for kind in LAYOUT:
            m = sample(rng, kind, 1, SYMBOLS[0])
            for size in range(len(m) + 3):
                self.run_stream([first, (m + bytes(3))[:size]])
        for byte in range(256):
            self.run_stream([first, bytes([byte]), bytes([byte]) + bytes(35)])

    def test_streams(self):
        for seed in range(40):
            rng = random.Random(seed)
            frames = mixed(rng, 400, 0.3 if seed % 2 else 0.0)
            self.run_stream(frames, rng.choice([LENGTH16, MESSAGE]), size=rng.choice([1, 7, 399, 4096]))

    def test_every_field_byte(self):
        """Each byte of each type set to each value: the adapter and the oracle refuse the same ones."""
        rng = random.Random(3)
        first = sample(rng, "A", 1, SYMBOLS[0])
        for kind in LAYOUT:
            m = sample(rng, kind, 1, SYMBOLS[0])
            frames = [first]
            for at in range(len(m)):
                values = range(256) if 10 < at and LAYOUT[kind] and at < 40 else (0, 1, 255)
                frames += [m[:at] + bytes([v]) + m[at + 1:] for v in values]
            self.run_stream(frames)

    def test_many_instruments(self):
        """Every locate with a stock of its own: the last one finds no number left."""
        frames = [build("A", i, i, b"B", 1, b"%-8d" % i, 1, locate=i) for i in range(65536)]
        session = Session(ADAPTER)
        out = session.decode(frames, size=4096)
        self.assertEqual(session.instruments, 65535)
        self.assertEqual([EVENT.unpack(e)[8:12] for e in out if e[56] == MALFORMED], [(MALFORMED, 0, LAST, RANGE)])
        again = session.decode([build("D", 1, 9, locate=65534), build("D", 1, 9, locate=65535)])
        self.assertEqual([e[56] for e in again], [DELETE, MALFORMED])
        raw = session.save()
        other = Session(ADAPTER)
        self.assertEqual(other.load(raw), OK)
        self.assertEqual(other.save(), raw)

    def test_capacity_and_batches(self):
        """Neither batch size nor capacity changes an event, and a full buffer is used to the last place."""
        rng = random.Random(4)
        frames = mixed(rng, 6000, 0.1)
        _, expected = self.run_stream(frames)
        for size in (1, 2, 3, 64, 1023, 1024, 1025, 4095, 4096, 6000):
            for capacity in (MAX_EVENTS, MAX_EVENTS + 1, MAX_EVENTS + 6, 10000, 20000):
                self.same(Session(ADAPTER).decode(frames, size=size, capacity=capacity), expected)
        adds = [sample(rng, "A", 1, SYMBOLS[0])] + [sample(rng, "D", 1, SYMBOLS[0])] * 5000
        session = Session(ADAPTER)
        session.decode(adds[:1])
        calls = session.calls
        session.decode(adds[1:4097], size=4096)
        self.assertEqual(session.calls, calls + 1)

    def test_market_setting(self):
        halt = build("h", 1, SYMBOLS[0], b"B", b"H")
        for market, kind in (("Q", NOTICE), ("B", STATUS), ("X", NOTICE)):
            session = Session(ADAPTER, settings=[("market", market)])
            self.assertEqual(session.decode([halt])[-1][56], kind)
        self.assertEqual(Session(ADAPTER, settings=[("market", "Z")]).status, INVALID_ARGUMENT)
        self.assertEqual(Session(ADAPTER, settings=[("speed", "1")]).status, INVALID_ARGUMENT)


class MoldTest(Comparing):
    def pack(self, messages, sequence, session=b"SESSION001", count=None):
        blocks = b"".join(struct.pack(">H", len(m)) + m for m in messages)
        return session + struct.pack(">QH", sequence, len(messages) if count is None else count) + blocks

    def run_packets(self, packets, **options):
        session, oracle = Session(ADAPTER, PACKET), ItchOracle(DAY_START)
        items = [p if isinstance(p, tuple) else (p, 0) for p in packets]
        expected = [e for i, (p, flags) in enumerate(items) for e in oracle.packet(p, i, flags)]
        self.same(session.decode(packets, **options), expected)
        self.assertEqual(session.counters()[:23], list(oracle.counts.values()))
        return session, expected

    def test_capture(self):
        """The capture in packets gives the events of the capture, but for the frame numbers."""
        frames = capture()
        packets = [self.pack(frames[i:i + 23], i + 1) for i in range(0, len(frames), 23)]
        session, events = self.run_packets(packets)
        plain = Session(ADAPTER).decode(frames)
        strip = lambda e: e[:52] + e[56:]
        self.assertEqual([strip(e) for e in events], [strip(e) for e in plain])
        self.assertEqual(session.frame_times(packets)[:2],
                         [DAY_START + int.from_bytes(frames[i][5:11], "big") for i in (0, 23)])

    def test_gap_and_duplicates(self):
        frames = capture()[:100]
        packets = [self.pack(frames[i:i + 10], i + 1) for i in range(0, 100, 10)]
        _, events = self.run_packets(packets[:3] + packets[5:])
        gaps = [EVENT.unpack(e) for e in events if e[56] == GAP]
        self.assertEqual([(g[1], g[5]) for g in gaps], [(31, 20)])
        _, events = self.run_packets([packets[0], packets[0], packets[1], self.pack(frames[15:30], 16), packets[2]])
        dropped = [EVENT.unpack(e)[4] for e in events if e[56] == NOTICE and e[40:47] == b"MOLDDUP"]
        self.assertEqual(dropped, [10, 5, 10])
        self.assertEqual(len([e for e in events if e[56] not in (NOTICE, TEXT, INSTRUMENT)]),
                         len([m for m in frames[:30] if m[0] not in b"RLY"]))

    def test_headers(self):
        beat = lambda sequence, **o: self.pack([], sequence, **o)
        frames = capture()[:20]
        start = self.pack(frames[:5], 1)
        self.run_packets([beat(1), start, beat(6), beat(9), beat(4), beat(9, count=0xFFFF)])
        self.run_packets([start, self.pack(frames[5:6], 6, b"SESSION002"), self.pack(frames[:1], 1, b"SESSION003")])
        self.run_packets([start, self.pack(frames[5:6], 2**63), self.pack(frames[5:6], 0), self.pack(frames[5:6], 6)])
        self.run_packets([start, self.pack(frames[5:6], 2**64 - 1), self.pack(frames[5:6], 6 + 2**32 - 1)])
        self.run_packets([start, self.pack(frames[5:6], 6, b"SESS\0ON001"), (beat(2, count=3), OUTBOUND)])
        self.run_packets([start, self.pack(frames[5:8], 6) + b"xyz", beat(9) + b"\0", self.pack(frames[5:8], 6)[:-1]])
        whole = self.pack(frames[:5], 1)
        for size in range(len(whole)):
            self.run_packets([whole[:size], whole])

    def test_too_many(self):
        """A packet of tiny blocks ends where the manifest's bound is reached, and the rest becomes a gap."""
        for count in (4085, 4089, 4090, 4096, 5000, 30000):
            bomb = self.pack([b"D"] * min(count, 21000), 1, count=count)
            self.run_packets([bomb, self.pack([b"D"], 60000)])
        huge = self.pack([bytes(1400)] * 47, 1)
        self.assertGreater(len(huge), 65527)
        self.run_packets([huge])

    def test_streams(self):
        for seed in range(40):
            rng = random.Random(seed)
            frames, packets, at = mixed(rng, 600, 0.2), [], 0
            session, shift = b"SESSION001", 0
            while at < len(frames):
                n = rng.randrange(0, 30)
                p = self.pack(frames[at:at + n], max(0, at + 1 - shift), session)
                at += n
                action = rng.randrange(12)
                if action == 0:
                    continue  # lost
                if action == 1:
                    packets.append(p)
                if action == 2:
                    at = max(shift, at - rng.randrange(1, 40))
                if action == 3:
                    p = bytearray(p)
                    p[rng.randrange(len(p))] ^= 1 << rng.randrange(8)
                    p = bytes(p)
                if action == 4:
                    p = p[:rng.randrange(len(p) + 1)]
                if action == 5:
                    session, shift = b"SESSION%03d" % rng.randrange(4), at
                packets.append(p)
            self.run_packets(packets, size=rng.choice([1, 5, 1000]))


if __name__ == "__main__":
    unittest.main()
