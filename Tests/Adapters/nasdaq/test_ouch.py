# SPDX-License-Identifier: Apache-2.0
"""OUCH 4.2 against the oracle, and the order-entry extension against both."""

import ctypes as c
import random
import unittest

import abi
from abi import *
from itch_oracle import DAY
from ouch_oracle import ADDED, CANCELS, CROSSED, GOT, MARKET, SENT, OuchOracle, got, number_of, sent, token
from test_itch import ADAPTER, DAY_START, Comparing

SYMBOLS = [b"AAPL    ", b"MSFT    ", b"BRK.B   "]


def enter(raw, side=b"B", shares=100, symbol=SYMBOLS[0], price=3_200_000):
    return sent("O", raw, side, shares, symbol, price, 99998, b"    ", b"Y", b"P", b"N", 0, b"N", b" "), OUTBOUND


def replace(old, new, shares=100, price=3_200_100):
    return sent("U", old, new, shares, price, 99998, b"Y", b"N", 0), OUTBOUND


def accept(raw, side=b"B", shares=100, symbol=SYMBOLS[0], price=3_200_000, reference=77, state=b"L", time=1):
    return got("A", time, raw, side, shares, symbol, price, 99998, b"FIRM", b"Y", reference, b"P", b"N", 0, b"N", state,
               b"N")


def replaced(raw, old, side=b"B", shares=100, symbol=SYMBOLS[0], price=3_200_100, reference=78, state=b"L", time=2):
    return got("U", time, raw, side, shares, symbol, price, 99998, b"FIRM", b"Y", reference, b"P", b"N", 0, b"N", state,
               old, b"N")


class OuchTest(Comparing):
    def run_orders(self, frames, **options):
        session, oracle = Session(ADAPTER, LENGTH16, ORDER_ENTRY), OuchOracle(DAY_START)
        items = [f if isinstance(f, tuple) else (f, 0) for f in frames]
        expected = [e for i, (m, flags) in enumerate(items) for e in oracle.message(m, flags, i)]
        self.same(session.decode(frames, **options), expected)
        self.assertEqual(session.counters()[23:42], list(oracle.counts.values()))
        return session, expected

    def kinds(self, frames):
        return [e[56] for e in self.run_orders(frames)[1]]

    def test_life_of_an_order(self):
        a, b = token(1), token(2)
        frames = [enter(a), accept(a), got("E", 3, a, 30, 3_199_900, b"A", 555), replace(a, b, 100),
                  replaced(b, a, shares=70), (sent("X", b, 50), OUTBOUND), got("C", 4, b, 50, b"U"),
                  got("E", 5, b, 20, 3_200_100, b"R", 556)]
        _, events = self.run_orders(frames)
        kinds = [EVENT.unpack(e) for e in events if e[56] not in (TEXT, INSTRUMENT)]
        self.assertEqual([k[8] for k in kinds], [OWN_NEW, OWN_ACKNOWLEDGED, OWN_FILLED, OWN_REPLACE_REQUEST,
                                                 OWN_REPLACED, OWN_CANCEL_REQUEST, OWN_CANCELLED, OWN_FILLED])
        # 100 entered, 30 done; replaced to 100 in all leaves 70; cancelled to 50 in all leaves 20.
        self.assertEqual([k[4] for k in kinds], [100, 100, 30, 70, 70, 20, 50, 20])
        self.assertEqual([k[2] for k in kinds], [1, 1, 1, 2, 2, 2, 2, 2])
        self.assertEqual([k[1] for k in kinds], [0, 1, 2, 0, 3, 0, 4, 5])
        self.assertEqual([bool(k[10] & MAKER) for k in kinds][2], True)

    def test_foreign_tokens(self):
        old, new = b"their order 1 ".replace(b" ", b"_"), b"ABC           "
        frames = [enter(old), accept(old), replace(old, new), replaced(new, old), got("J", 5, new, b"m"),
                  accept(b"X-not-base-36!"), accept(b"XZZZZZZZZZZZZZ"), replace(new, token(9)),
                  replaced(token(9), new), got("E", 9, token(9), 1, 1, b"O", 1), replaced(b"late", b"unseen"),
                  replaced(token(11), token(10)), enter(b" lead"), enter(b"\xff" * 14), enter(bytes(14))]
        self.run_orders([tuple([f[0], f[1]]) if isinstance(f, tuple) else f for f in frames])

    def test_markets_and_states(self):
        a = token(2**64 - 1)
        self.run_orders([enter(a, price=MARKET), accept(a, price=MARKET, state=b"D"), accept(a, state=b"?"),
                         replaced(token(5), a, state=b"D", price=MARKET), replaced(a, a), replace(a, a)])

    def test_every_reason(self):
        """Reason and liquidity codes: every byte."""
        a = token(1)
        frames = [enter(a, shares=999999), accept(a, shares=999999)]
        for byte in range(256):
            one = bytes([byte])
            frames += [got("C", 1, a, 1, one), got("E", 1, a, 1, 5, one, 7), got("J", 1, a, one),
                       got("B", 1, a, 9, one), got("D", 1, a, 1, one, 1, 1, one), got("S", 1, one),
                       got("F", 1, a, 1, 5, one, 7, one), got("G", 1, a, 1, 5, one, 7, 3, one)]
        self.run_orders(frames)

    def test_lengths_and_types(self):
        a = token(1)
        base = [enter(a), accept(a)]
        rng = random.Random(5)
        for flags, layouts in ((OUTBOUND, SENT), (0, GOT)):
            for byte in range(256):
                self.run_orders(base + [(bytes([byte]) + bytes(8) + a + bytes(rng.randrange(70)), flags)])
            for kind in layouts:
                for size in range(85):
                    self.run_orders(base + [((kind.encode() + bytes(8) + a + bytes(70))[:size], flags)])
        self.run_orders(base + [b"", (b"", OUTBOUND), got("C", DAY, a, 1, b"U"), got("C", DAY - 1, a, 1, b"U")])

    def orders(self, rng, count, hostile):
        tokens = [token(i + 1) for i in range(12)] + [b"foreign%-7d" % i for i in range(4)]
        out = []
        for _ in range(count):
            a, b = rng.choice(tokens), rng.choice(tokens)
            side, symbol = rng.choice([b"B", b"S", b"T", b"E"]), rng.choice(SYMBOLS)
            shares = rng.choice([0, 1, 100, 999999, rng.getrandbits(32)])
            price, match = rng.choice([0, 1, MARKET, 2_000_000, rng.getrandbits(32)]), rng.getrandbits(64)
            time, one = rng.randrange(DAY), bytes([rng.choice(b"AURSTIQkOCHX01jm ")])
            state = rng.choice([b"L", b"L", b"D"])
            m = rng.choice([
                lambda: enter(a, side, shares, symbol, price), lambda: replace(a, b, shares, price),
                lambda: (sent("X", a, shares), OUTBOUND), lambda: (sent("M", a, side, shares), OUTBOUND),
                lambda: (sent("N", a), OUTBOUND), lambda: accept(a, side, shares, symbol, price, match, state, time),
                lambda: replaced(a, b, side, shares, symbol, price, match, state, time),
                lambda: got("C", time, a, shares, one), lambda: got("D", time, a, shares, one, 1, 2, one),
                lambda: got("D", time, a, shares, one, 1, 2, one) + b"S",
                lambda: got("E", time, a, shares, price, one, match),
                lambda: got("G", time, a, shares, price, one, match, 1, b"I"),
                lambda: got("F", time, a, shares, price, one, match, b"N"), lambda: got("B", time, a, match, one),
                lambda: got("J", time, a, one), lambda: got("P", time, a), lambda: got("I", time, a),
                lambda: got("T", time, a, price, b"Y", match), lambda: got("M", time, a, side, shares),
                lambda: got("S", time, b"S"),
            ])()
            data, flags = m if isinstance(m, tuple) else (m, 0)
            if rng.random() < hostile:
                data = bytearray(data)
                data[rng.randrange(len(data))] = rng.choice([0, 0x20, 0xFF, rng.getrandbits(8)])
                data = bytes(data[:rng.choice([len(data), rng.randrange(len(data) + 1)])])
            out.append((data, flags))
        return out

    def test_streams(self):
        for seed in range(60):
            rng = random.Random(seed)
            self.run_orders(self.orders(rng, 300, 0.3 if seed % 2 else 0), size=rng.choice([1, 13, 300]))

    def test_capacity_and_batches(self):
        frames = self.orders(random.Random(8), 9000, 0.05)
        _, expected = self.run_orders(frames, size=9000)
        for size, capacity in ((1, MAX_EVENTS), (4096, MAX_EVENTS), (9000, MAX_EVENTS + 5), (9000, 30000)):
            self.same(Session(ADAPTER, LENGTH16, ORDER_ENTRY).decode(frames, size, capacity), expected)

    def test_full_table(self):
        """262,144 live orders: one more is refused; once some are gone, they make room."""
        session = Session(ADAPTER, MESSAGE, ORDER_ENTRY)
        session.decode([enter(token(i + 1)) for i in range(262144)], size=4000)
        self.assertEqual([e[56] for e in session.decode([enter(token(262145))])], [MALFORMED])
        session.decode([got("J", 1, token(i + 1), b"O") for i in range(0, 262144, 2)], size=4000)
        self.assertEqual([e[56] for e in session.decode([enter(token(262145))])], [OWN_NEW])
        self.assertEqual([e[56] for e in session.decode([got("P", 1, token(i)) for i in (1, 2, 262144, 262145)])],
                         [MALFORMED, NOTICE, NOTICE, NOTICE])
        raw, other = session.save(), Session(ADAPTER, MESSAGE, ORDER_ENTRY)
        self.assertEqual(other.load(raw), OK)
        self.assertEqual(other.save(), raw)

    def test_times(self):
        session = Session(ADAPTER, MESSAGE, ORDER_ENTRY)
        frames = [enter(token(1)), accept(token(1), time=5), got("C", DAY, token(1), 1, b"U"), b"A", b"",
                  got("D", 6, token(1), 1, b"Q", 1, 1, b"R") + b"S"]
        self.assertEqual(session.frame_times(frames),
                         [INT64_MIN, DAY_START + 5, INT64_MIN, INT64_MIN, INT64_MIN, DAY_START + 6])


class OrderEntryTest(Comparing):
    def setUp(self):
        self.session = Session(ADAPTER, MESSAGE, ORDER_ENTRY)
        table = ADAPTER.extension(b"exprove.order_entry/1")
        self.table = c.cast(table, c.POINTER(OrderEntry)).contents

    def encode(self, room=64, session=None, **fields):
        defaults = dict(struct_size=104, action=1, side=1, order_id=42, price=320 * 10**9, quantity=100,
                        symbol=b"AAPL", symbol_size=4, capacity=ord("P"))
        request = Request(**{**defaults, **fields})
        out, size, error = c.create_string_buffer(80), c.c_uint32(99), c.create_string_buffer(200)
        report = Text(c.cast(error, c.c_char_p), 200, 0)
        status = self.table.encode((session or self.session).handle, c.byref(request), out, room, c.byref(size),
                                   c.byref(report))
        self.assertEqual(out.raw[room:], bytes(80 - room))
        return status, out.raw[:size.value], error.raw[:report.size].decode()

    def make(self, **fields):
        status, raw, error = self.encode(**fields)
        self.assertEqual((status, error), (OK, ""))
        return raw

    def test_bytes(self):
        self.assertEqual(self.table.max_size, 49)
        plain = sent("O", b"X0000000000016", b"B", 100, b"AAPL    ", 3_200_000, 99998, b"    ", b"Y", b"P", b"N", 0,
                     b"N", b" ")
        self.assertEqual(self.make(), plain)
        self.assertEqual(self.make(side=2, time_in_force=1, firm=b"ABCD", capacity=ord("A"), quantity=5_000,
                                   quantity_scale=3, symbol=b"BRK.B", symbol_size=5, price=100_000),
                         sent("O", b"X0000000000016", b"S", 5, b"BRK.B   ", 1, 0, b"ABCD", b"Y", b"A", b"N", 0, b"N",
                              b" "))
        self.assertEqual(self.make(post_only=1)[40:41], b"P")
        self.assertEqual(self.make(action=2, quantity=0), sent("X", b"X0000000000016", 0))
        self.assertEqual(self.make(action=3, previous_id=7),
                         sent("U", token(7), token(42), 100, 3_200_000, 99998, b"Y", b"N", 0))

    def test_refusals_name_field_and_value(self):
        cases = [
            (dict(price=1_234_560_001), "price: 1234560001e-9 is not a multiple of 0.0001"),
            (dict(price=0), "price: 0e-9"), (dict(price=-100_000), "price: -100000e-9"),
            (dict(price=200_000 * 10**9), "price: 200000000000000e-9"),
            (dict(symbol=b"TOOLONGXX", symbol_size=9), "symbol: 'TOOLONGXX' (9 bytes)"),
            (dict(symbol=b"A B", symbol_size=3), "symbol: 'A B'"), (dict(symbol_size=0), "symbol: ''"),
            (dict(symbol=b"A\xff", symbol_size=2), "symbol: 'A?'"), (dict(symbol_size=33), "(33 bytes)"),
            (dict(quantity=0), "quantity: 0 shares"), (dict(quantity=-1), "quantity: -1"),
            (dict(quantity=10**6), "quantity: 1000000 shares"),
            (dict(quantity=15, quantity_scale=1), "quantity: 15 at scale 1"),
            (dict(quantity_scale=19), "quantity_scale: 19"), (dict(side=0), "side: 0"), (dict(side=3), "side: 3"),
            (dict(time_in_force=3), "time_in_force: 3"), (dict(post_only=2), "post_only: 2"),
            (dict(post_only=1, time_in_force=1), "post_only: 1"), (dict(capacity=0), "capacity: byte 0x00"),
            (dict(firm=b"ABCDE"), "firm: 'ABCDE'"), (dict(order_id=0), "order_id: 0"), (dict(action=4), "action: 4"),
            (dict(action=3), "previous_id: 0"), (dict(action=3, previous_id=42), "previous_id: 42"),
            (dict(action=2, quantity=-1), "quantity: -1"), (dict(struct_size=103), "request:"),
        ]
        for fields, expected in cases:
            status, raw, error = self.encode(**fields)
            self.assertEqual((status, raw), (INVALID_ARGUMENT, b""), fields)
            self.assertIn(expected, error)

    def test_small_buffer_and_wrong_session(self):
        status, raw, _ = self.encode(room=48)
        self.assertEqual((status, len(raw)), (abi.TOO_SMALL, 49))
        status, _, error = self.encode(session=Session(ADAPTER))
        self.assertEqual(status, INVALID_STATE)
        self.assertIn("market data", error)
        self.assertIsNone(ADAPTER.extension(b"exprove.order_entry/2"))

    def test_round_trip(self):
        """Encoded requests come back, as frames, as the events that say the same; encoding alone changes nothing."""
        rng = random.Random(9)
        for _ in range(300):
            order, other = rng.randrange(1, 2**64), rng.randrange(1, 2**64)
            price, quantity, side = rng.randrange(1, 10**9) * 100_000, rng.randrange(1, 400_000), rng.choice([1, 2])
            before = self.session.save()
            raw = self.make(order_id=order, price=price, quantity=quantity, side=side)
            self.assertEqual(self.session.save(), before)
            e = EVENT.unpack(self.session.decode([(raw, OUTBOUND)])[-1])
            self.assertEqual((e[8], e[2], e[3], e[4], e[9]), (OWN_NEW, order, price, quantity, side))
            done = rng.randrange(0, quantity)
            self.session.decode([got("E", 1, token(order), done, 1, b"A", 1)])
            stay = rng.randrange(0, quantity)
            raw = self.make(action=2, order_id=order, quantity=stay)
            e = EVENT.unpack(self.session.decode([(raw, OUTBOUND)])[-1])
            self.assertEqual((e[8], e[2], e[4]), (OWN_CANCEL_REQUEST, order, stay))
            raw = self.make(action=3, order_id=other, previous_id=order, price=price, quantity=quantity)
            e = EVENT.unpack(self.session.decode([(raw, OUTBOUND)])[-1])
            self.assertEqual((e[8], e[2], e[5], e[3], e[4], e[9]),
                             (OWN_REPLACE_REQUEST, other, order, price, quantity, side))

    def test_tokens(self):
        numbers = sorted([1, 35, 36, 2**32, 2**63, 2**64 - 1] + [random.Random(3).getrandbits(64) for _ in range(200)])
        tokens = [self.make(order_id=n)[1:15] for n in numbers]
        self.assertEqual(tokens, sorted(tokens))
        self.assertEqual([number_of(t) for t in tokens], numbers)


if __name__ == "__main__":
    unittest.main()
