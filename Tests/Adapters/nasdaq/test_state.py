# SPDX-License-Identifier: Apache-2.0
"""The entry, the manifest, the life of a session, and saved state."""

import ctypes as c
import random
import struct
import unittest

import abi
from abi import *
from itch_oracle import LAYOUT
from ouch_oracle import GOT, SENT
import test_itch
import test_ouch
from test_itch import ADAPTER, DAY_START, Comparing, mixed


def workloads():
    rng = random.Random(11)
    itch = mixed(rng, 400, 0.1)
    pack = test_itch.MoldTest().pack
    packets = [pack(itch[i:i + 5], i + 1 + (i > 200) * 3) for i in range(0, 400, 5)]
    yield LENGTH16, MARKET_DATA, itch
    yield PACKET, MARKET_DATA, packets
    yield MESSAGE, ORDER_ENTRY, test_ouch.OuchTest().orders(rng, 300, 0.1)


class EntryTest(unittest.TestCase):
    def entry(self, version, size):
        table = Adapter(struct_size=size)
        for name, _ in abi.SLOTS:
            c.memmove(c.addressof(table) + getattr(Adapter, name).offset, b"\xA5" * 8, 8)
        return ADAPTER.library.exprove_adapter_entry(version, c.byref(table)), table

    def test_versions(self):
        for version in (0, 1, 0x00010002, 0x00020000, 0xFFFFFFFF):
            self.assertEqual(self.entry(version, c.sizeof(Adapter))[0], NOT_IMPLEMENTED)

    def test_older_and_newer_hosts(self):
        """A slot is filled whole or not at all, and nothing beyond what the host knows is touched."""
        full = c.sizeof(Adapter)
        for size in list(range(0, full + 1)) + [full + 1, full + 64]:
            status, table = self.entry(0x10000, size)
            required = Adapter.load.offset + 8
            self.assertEqual(status, OK if size >= required else INVALID_ARGUMENT)
            if status != OK:
                self.assertEqual(bytes(table)[24:], b"\xA5" * (full - 24))
                continue
            self.assertTrue(required <= table.struct_size <= size and table.struct_size % 8 == 0)
            self.assertEqual(bytes(table)[table.struct_size:], b"\xA5" * (full - table.struct_size))

    def test_manifest(self):
        lines = abi.manifest(ADAPTER)
        get = lambda key: [v for k, v in lines if k == key]
        self.assertEqual((get("name"), get("version"), get("abi"), get("max-events")),
                         (["nasdaq-itch50"], ["1.0.0"], ["1.1"], ["4096"]))
        self.assertEqual(get("framing"), ["length16", "packet", "message"])
        self.assertEqual(get("channel"), ["market-data", "order-entry"])
        self.assertEqual(get("message"), list(LAYOUT) + ["ouch>" + k for k in SENT] + ["ouch:" + k for k in GOT])
        values = Session(ADAPTER).counters(64)
        self.assertEqual(values, [0] * len(get("message")) + [0xA5] * (64 - len(get("message"))))

    def test_init(self):
        for size, version, expected in ((24, 0x10000, OK), (8, 0x10000, OK), (4, 0x10000, INVALID_ARGUMENT),
                                        (24, 0x20000, NOT_IMPLEMENTED)):
            host = abi.Host(size, version, None, None)
            self.assertEqual(ADAPTER.init(c.byref(host), None), expected)
        ADAPTER.deinit()

    def test_config(self):
        for framing, channel, expected in ((PACKET, ORDER_ENTRY, NOT_IMPLEMENTED),
                                           (abi.LINE, MARKET_DATA, NOT_IMPLEMENTED),
                                           (0, MARKET_DATA, NOT_IMPLEMENTED), (MESSAGE, 3, NOT_IMPLEMENTED)):
            self.assertEqual(Session(ADAPTER, framing, channel).status, expected)
        for day, expected in ((-1, INVALID_ARGUMENT), (2**63 - 1, INVALID_ARGUMENT), (0, OK)):
            session = Session(ADAPTER, day_start=day)
            self.assertEqual(session.status, expected)
            self.assertEqual("day_start" in session.report, expected != OK)
        ADAPTER.destroy(None)


class StateTest(Comparing):
    def test_resuming_at_every_point(self):
        """Saved after any frame and taken up elsewhere, the rest gives the same events and the same state."""
        for framing, channel, frames in workloads():
            whole = Session(ADAPTER, framing, channel)
            events = [whole.decode([f]) for f in frames]
            final = whole.save()
            runner = Session(ADAPTER, framing, channel, seed=1)
            for i, frame in enumerate(frames):
                raw = runner.save()
                other = Session(ADAPTER, framing, channel, seed=99)
                self.assertEqual(other.load(raw), OK)
                self.assertEqual(other.save(), raw)
                other.texts, other.instruments, other.seen = runner.texts, runner.instruments, runner.seen
                if i % 40 == 0:
                    self.same([e for e in other.decode(frames[i:])], [e for part in events[i:] for e in part])
                    self.assertEqual(other.save(), final)
                    self.assertEqual(other.counters(), whole.counters())
                self.same(runner.decode([frame]), events[i])

    def test_reset(self):
        for framing, channel, frames in workloads():
            session = Session(ADAPTER, framing, channel)
            empty, first = session.save(), session.decode(frames)
            self.assertNotEqual(session.save(), empty)
            self.assertEqual(ADAPTER.reset(session.handle), OK)
            self.assertEqual(session.save(), empty)
            session.texts = session.instruments = session.seen = 0
            self.same(session.decode(frames), first)

    def test_hostile_state(self):
        """Cut, grown and altered state is refused and leaves nothing, or is a state that saves to the same bytes."""
        rng = random.Random(12)
        taken = 0
        for framing, channel, frames in workloads():
            session = Session(ADAPTER, framing, channel)
            empty = session.save()
            session.decode(frames[:80])
            raw = session.save()
            trials = [raw[:n] for n in range(len(raw))] + [raw + b"\0", b""]
            for _ in range(1200):
                broken = bytearray(raw)
                for _ in range(rng.choice([1, 1, 2, 5])):
                    broken[rng.randrange(len(raw))] = rng.choice([0, 1, 0xFF, rng.getrandbits(8)])
                trials.append(bytes(broken))
            for trial in trials:
                victim = Session(ADAPTER, framing, channel)
                victim.decode(frames[:3])
                status = victim.load(trial)
                if status == OK:
                    taken += 1
                    self.assertEqual(victim.save(), trial)
                    victim.texts = struct.unpack_from("<I", trial, 25 + 8 * 42 + 8)[0]
                    victim.instruments = struct.unpack_from("<I", trial, 25 + 8 * 42 + 8 + 4 + 19)[0]
                    victim.decode(frames[80:120])
                else:
                    self.assertEqual(status, abi.BAD_DATA)
                    self.assertEqual(victim.save(), empty)
        self.assertGreater(taken, 100)  # counters and the like may hold anything

    def test_one_text_id_for_two_texts(self):
        session = Session(ADAPTER, MESSAGE, ORDER_ENTRY)
        session.decode([test_ouch.enter(b"THEIRS%-8d" % i) for i in (1, 2)])
        raw = session.save()  # text 0 is the symbol, 1 and 2 are the tokens
        at = len(raw) - 43 + 14 + 1 + 4
        self.assertEqual(struct.unpack_from("<I", raw, at), (2,))
        for value, expected in ((2, OK), (0, abi.BAD_DATA), (1, abi.BAD_DATA), (3, abi.BAD_DATA), (NONE, abi.BAD_DATA)):
            altered = raw[:at] + struct.pack("<I", value) + raw[at + 4:]
            self.assertEqual(Session(ADAPTER, MESSAGE, ORDER_ENTRY).load(altered), expected)

    def test_state_of_another_configuration(self):
        for framing, channel, frames in workloads():
            session = Session(ADAPTER, framing, channel)
            session.decode(frames)
            raw = session.save()
            others = [dict(framing=f, channel=ch) for f, ch, _ in workloads() if (f, ch) != (framing, channel)]
            others += [dict(framing=framing, channel=channel, day_start=DAY_START + 1),
                       dict(framing=framing, channel=channel, settings=[("market", "B")])]
            for options in others:
                self.assertEqual(Session(ADAPTER, **options).load(raw), abi.BAD_DATA)

    def test_size_is_told(self):
        session = Session(ADAPTER)
        raw, size = session.save(), c.c_uint64(0)
        out = c.create_string_buffer(len(raw))
        self.assertEqual(ADAPTER.save(session.handle, out, len(raw) - 1, c.byref(size)), TOO_SMALL)
        self.assertEqual((size.value, out.raw), (len(raw), bytes(len(raw))))


if __name__ == "__main__":
    unittest.main()
