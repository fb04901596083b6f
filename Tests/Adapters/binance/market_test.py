# SPDX-License-Identifier: Apache-2.0
"""Synthetic market data: each message, the book procedure's corners, strictness, state."""

import json
import struct
import unittest

import binding as b

LIB = b.library()
T0 = 1700000000000


def depth(first, last, bids=(), asks=(), previous=None, symbol="BTCUSDT", time=T0):
    m = {"e": "depthUpdate", "E": time, "s": symbol, "U": first, "u": last, "b": list(bids), "a": list(asks)}
    if previous is not None:
        m.update(T=time - 1, pu=previous)
    return json.dumps(m)


def snapshot(last, bids=(), asks=(), **more):
    return json.dumps({"lastUpdateId": last, **more, "bids": list(bids), "asks": list(asks)})


def trade(**more):
    m = {"e": "trade", "E": T0 + 1, "s": "BTCUSDT", "t": 77, "p": "100.25", "q": "0.5", "T": T0, "m": True, "M": True}
    m.update(more)
    return json.dumps({k: v for k, v in m.items() if v is not None})


def kinds(events):
    return [e.kind for e in events]


def definitions(events):
    return [e for e in events if e.kind not in ("TEXT", "INSTRUMENT")]


class Messages(unittest.TestCase):
    def test_trade_sides_volume_and_definitions(self):
        s = LIB.session()
        text, instrument, t = s.one(trade())
        self.assertEqual((text.text, instrument.aux, instrument.level, instrument.price, instrument.quantity),
                         ("BTCUSDT", 0, 8, 0, 0))
        self.assertEqual((t.kind, t.side, t.price, t.quantity, t.aux, t.time, t.flags),
                         ("TRADE", b.SELL, 100_250_000_000, 50_000_000, 77, T0 * 1000000, b.LAST | b.VOLUME))
        (t,) = s.one(trade(m=False))
        self.assertEqual(t.side, b.BUY)
        a = s.one(json.dumps({"e": "aggTrade", "E": T0, "a": 5, "s": "BTCUSDT", "p": "1", "q": "2", "f": 1, "l": 3,
                              "T": T0, "m": False}))[0]
        self.assertEqual((a.aux, a.flags), (5, b.LAST | b.AGGREGATE))
        s = LIB.session(trades="aggTrade")
        self.assertEqual(s.one(trade())[-1].flags, b.LAST)
        a = s.one(json.dumps({"e": "aggTrade", "a": 5, "s": "BTCUSDT", "p": "1", "q": "2", "T": T0, "m": False}))[0]
        self.assertEqual(a.flags, b.LAST | b.AGGREGATE | b.VOLUME)

    def test_usdm_trades_outside_the_book(self):
        s = LIB.session(market="usdm")
        self.assertEqual(s.one(trade(X="MARKET"))[-1].flags, b.LAST | b.VOLUME)
        for kind in ("INSURANCE_FUND", "ADL", "NA"):
            e = s.one(trade(X=kind))[-1]
            self.assertEqual((e.kind, e.flags), ("TRADE", b.LAST))
        e = s.one(trade(X="NA", p="0", q="0"))[-1]
        self.assertEqual((e.kind, e.aux), ("NOTICE", int.from_bytes(b"NA", "little")))
        self.assertEqual(s.one(trade(X="MARKET", q="0.00"))[-1].kind, "MALFORMED")

    def test_quotes(self):
        s = LIB.session()
        ticker = {"u": 9, "s": "ETHBTC", "b": "0.05", "B": "1", "a": "0.06", "A": "2.5"}
        bid, ask = definitions(s.one(json.dumps(ticker)))
        self.assertEqual((bid.side, bid.price, bid.quantity, bid.sequence, bid.time, bid.flags),
                         (b.BUY, 50_000_000, 100_000_000, 9, 0, b.NO_TIME))
        self.assertEqual((ask.side, ask.price, ask.quantity, ask.flags), (b.SELL, 60_000_000, 250_000_000,
                                                                          b.NO_TIME | b.LAST))
        bid, ask = s.one(json.dumps({"stream": "ethbtc@bookTicker", "data": {**ticker, "e": "bookTicker", "T": 5,
                                                                             "E": 6}}))
        self.assertEqual((bid.time, bid.flags, ask.flags), (5000000, 0, b.LAST))

    def test_microseconds(self):
        (e,) = definitions(LIB.session().one(trade(T=T0 * 1000 + 123)))
        self.assertEqual(e.time, T0 * 1000000 + 123000)
        self.assertEqual(LIB.session().one(trade(T=T0 * 1000000))[-1].level, b.RANGE)

    def test_control_account_and_unknown(self):
        s = LIB.session()
        for frame in ('{"result":null,"id":1}', '{"id":"x","result":["btcusdt@depth"]}', '{"code":2,"msg":"no","id":3}',
                      '{"error":{"code":2,"msg":"no"},"id":3}'):
            (e,) = s.one(frame)
            self.assertEqual((e.kind, e.instrument), ("NOTICE", b.NO_INSTRUMENT))
        self.assertEqual(s.counters()["subscription"], 4)
        (e,) = s.one('{"e":"outboundAccountPosition","E":1,"u":1,"B":[{"a":"ETH","f":"1","l":"0"}]}')
        self.assertEqual(e.kind, "NOTICE")
        (e,) = s.one('{"stream":"x@kline_1m","data":{"e":"kline","E":1,"s":"X","k":{"a":[1,{"b":[[]]}]}}}')
        self.assertEqual((e.kind, e.aux), ("UNKNOWN", int.from_bytes(b"kline", "little")))
        for frame in ("{}", "[]", '[{"e":"trade"}]', '{"stream":"!ticker@arr","data":[{"a":1}]}', '"x"', "null",
                      '{"u":1,"s":"X","b":"1","B":"1","a":"1"}', '{"e":"x","a":[[1]],"b":[{}]}'):
            self.assertEqual(s.one(frame)[0].kind, "UNKNOWN", frame)
        (e,) = s.one('{"method":"SUBSCRIBE","params":["btcusdt@depth"],"id":1}', flags=b.OUTBOUND)
        self.assertEqual(e.kind, "NOTICE")
        (e,) = s.one(trade(), flags=b.OUTBOUND)
        self.assertEqual(e.kind, "UNKNOWN")

    def test_settings(self):
        for settings in ({"market": "coinm"}, {"trades": "both"}, {"symbol": "X" * 33}, {"unknown": "1"}):
            with self.assertRaises(ValueError):
                LIB.session(**settings)
        with self.assertRaises(ValueError):
            LIB.session(framing=1)
        with self.assertRaises(ValueError):
            LIB.session(channel=3)


class Books(unittest.TestCase):
    def test_snapshot_replays_what_it_lacks(self):
        s = LIB.session()
        s.decode(depth(10, 12, [["1", "1"]]), depth(13, 15, [["2", "1"]], [["5", "1"]]),
                 depth(16, 16, [], [["6", "3"]]))
        events = s.one(snapshot(14, [["1.5", "9"]], [["7", "1"]]))
        self.assertEqual(kinds(events), ["CLEAR"] + ["LEVEL"] * 5)
        self.assertEqual([e.sequence for e in events], [14, 14, 14, 15, 15, 16])
        self.assertEqual([e.price // 10**8 for e in events], [0, 15, 70, 20, 50, 60])
        self.assertTrue(all(e.flags & b.SNAPSHOT for e in events))
        self.assertEqual(kinds(s.one(depth(17, 18, [["1", "0"]]))), ["LEVEL"])

    def test_updates_older_than_the_snapshot(self):
        s = LIB.session(symbol="BTCUSDT")
        self.assertEqual(kinds(s.one(snapshot(100, [["1", "1"]]))), ["TEXT", "INSTRUMENT", "CLEAR", "LEVEL"])
        for frame in (depth(95, 98, [["1", "7"]]), depth(99, 100, [["1", "7"]])):
            (e,) = s.one(frame)
            self.assertEqual((e.kind, e.aux), ("NOTICE", int.from_bytes(b"STALE", "little")))
        self.assertEqual(kinds(s.one(depth(99, 103, [["1", "2"]]))), ["LEVEL"])  # straddles
        self.assertEqual(kinds(s.one(depth(104, 104, [["1", "2"]]))), ["LEVEL"])
        self.assertEqual(kinds(s.one(depth(104, 104, [["1", "3"]]))), ["NOTICE"])  # said twice
        self.assertEqual(kinds(s.one(depth(105, 105))), ["NOTICE"])  # nothing changed

    def test_gaps(self):
        s = LIB.session(symbol="BTCUSDT")
        s.decode(snapshot(100, [["1", "1"]]), depth(101, 102, [["1", "2"]]))
        gap, level = s.one(depth(106, 107, [["1", "3"]]))
        self.assertEqual((gap.kind, gap.sequence, gap.aux, gap.instrument), ("GAP", 103, 3, 0))
        self.assertEqual(level.flags, b.LAST)
        gap, nothing = s.one(depth(110, 110))
        self.assertEqual((gap.kind, gap.aux, nothing.kind), ("GAP", 2, "NOTICE"))
        # A snapshot after the gap heals it; one from before it would not reach, and says so.
        self.assertEqual(kinds(s.one(snapshot(108, [["1", "1"]]))), ["CLEAR", "LEVEL", "GAP"])
        self.assertEqual(kinds(s.one(snapshot(109, [["1", "1"]]))), ["CLEAR", "LEVEL"])
        self.assertEqual(kinds(s.one(depth(111, 111, [["1", "4"]]))), ["LEVEL"])
        (old,) = s.one(snapshot(50, [["1", "8"]]))
        self.assertEqual((old.kind, old.aux), ("NOTICE", int.from_bytes(b"OLD", "little")))

    def test_gap_right_after_the_snapshot(self):
        s = LIB.session(symbol="BTCUSDT")
        s.one(snapshot(100))
        gap, _ = s.one(depth(103, 104, [["1", "1"]]))
        self.assertEqual((gap.kind, gap.sequence, gap.aux), ("GAP", 101, 2))

    def test_snapshot_before_the_first_update(self):
        s = LIB.session()
        s.one(depth(50, 51, [["1", "1"]]))
        events = s.one(snapshot(40, [["2", "2"]]))
        self.assertEqual(kinds(events), ["CLEAR", "LEVEL", "GAP", "LEVEL"])
        self.assertEqual((events[2].sequence, events[2].aux), (41, 9))

    def test_usdm_continuity(self):
        s = LIB.session(market="usdm", symbol="BTCUSDT")
        s.one(depth(1000, 1010, [["1", "1"]], previous=990))
        self.assertEqual(kinds(s.one(depth(1050, 1060, [["1", "2"]], previous=1010))), ["LEVEL"])
        gap, _ = s.one(depth(1100, 1110, [["1", "3"]], previous=1070))
        self.assertEqual((gap.kind, gap.sequence, gap.aux), ("GAP", 1061, 0))
        # lastUpdateId between pu and U: nothing of this symbol lies between, so it joins.
        self.assertEqual(kinds(s.one(snapshot(1080, [["1", "9"]], E=T0, T=T0))), ["CLEAR", "LEVEL", "LEVEL"])
        self.assertEqual(s.one(depth(1120, 1130, [["1", "3"]]))[0].kind, "MALFORMED")  # pu is required

    def test_whose_snapshot(self):
        s = LIB.session()
        self.assertEqual(s.one(snapshot(1))[0].level, b.REFERENCE)
        s.decode(trade(), trade(s="ETHUSDT"))
        self.assertEqual(s.one(snapshot(1))[0].level, b.REFERENCE)
        wrapped = json.dumps({"stream": "ethusdt@depth20@100ms", "data": json.loads(snapshot(7, [["1", "1"]]))})
        clear, level = s.one(wrapped)
        self.assertEqual((clear.kind, clear.instrument), ("CLEAR", 1))
        s.one(depth(8, 9, [["1", "2"]], symbol="ETHUSDT"))
        self.assertEqual(kinds(s.one(wrapped)), ["NOTICE"])  # only the top of a book that is known whole
        partial = {"stream": "solusdt@depth5", "data": json.loads(depth(8, 9, [["1", "2"]], previous=7,
                                                                        symbol="SOLUSDT"))}
        self.assertEqual(kinds(s.one(json.dumps(partial)))[2:], ["CLEAR", "LEVEL"])
        partial["data"].update(U=20, u=21, pu=15)
        self.assertEqual(kinds(s.one(json.dumps(partial))), ["CLEAR", "LEVEL"])

    def test_what_is_kept_is_bounded(self):
        s = LIB.session()
        frames = [depth(i, i, [[str(i), "1"]]) for i in range(1, 2001)]
        s.decode(*frames)
        self.assertLess(len(s.save()), 200000)
        events = s.one(snapshot(1500))
        self.assertEqual(kinds(events), ["CLEAR"] + ["LEVEL"] * 500)
        s.decode(*[depth(i, i, [[str(i), "1"]]) for i in range(2001, 2200)])
        self.assertLess(len(s.save()), 5000)
        self.assertEqual(kinds(s.one(snapshot(2150)))[-1], "LEVEL")
        self.assertEqual(kinds(s.one(snapshot(1)))[0], "NOTICE")
        big = depth(2200, 2200, [[str(i), "1"] for i in range(1, 9001)])
        self.assertEqual(len(s.one(big)), 9000)
        self.assertLess(len(s.save()), 5000)

    def test_most_events(self):
        s = LIB.session(symbol="BTCUSDT")
        side = [[str(i), "1"] for i in range(1, 6001)]
        self.assertEqual(len(s.one(snapshot(1, side, side))), 12003)
        (e,) = s.one(snapshot(2, side, side + [["1", "1"]]))
        self.assertEqual((e.kind, e.level), ("MALFORMED", b.TOO_MANY))
        s = LIB.session()
        for i in range(1, 9):
            s.one(depth(i, i, [[str(k), "1"] for k in range(1, 1025)]))
        self.assertEqual(len(s.one(snapshot(0, side, side))), 1 + 12000 + 8192)

    def test_room(self):
        s = LIB.session()
        frames = [depth(i, i, [["1", str(i)], ["2", "1"]]) for i in range(1, 20001)]
        self.assertEqual(sum(map(len, s.decode(*frames))), 40002)


class Strictness(unittest.TestCase):
    def malformed(self, frame, level, at=None, settings=None):
        if isinstance(frame, str):
            frame = frame.encode()
        s = LIB.session(**(settings or {"symbol": "X"}))
        (e,) = s.one(frame)
        self.assertEqual((e.kind, e.level), ("MALFORMED", level), frame)
        if at is not None:
            self.assertEqual(e.aux, at, frame)
        self.assertEqual(s.save(), LIB.session(**(settings or {"symbol": "X"})).save())

    def test_syntax(self):
        good = trade().encode()
        for n in range(len(good)):
            self.malformed(good[:n], b.SHORT, n)
        for frame, at in (("{,}", 1), ('{"a" 1}', 5), ('{"a":1,}', 7), ('{"a":01}', 5), ('{"a":1.}', 7), ('{"a":-}', 6),
                          ('{"a":1e}', 7), ('{"a":tru}', 5), ('{"a":"\\x"}', 6), ('{"a":"\\u12g4"}', 6),
                          ('{"a":"\x01"}', 6), ("x", 0), ('{"a":[1,]}', 8), ('{"a":{"b"}}', 9), ("{'a':1}", 1),
                          (b'{"a":"\xff"}', 6), (b'{"a":"\xc0\x80"}', 6), (b'{"a":"\xed\xa0\x80"}', 6)):
            self.malformed(frame, b.SYNTAX, at)
        self.malformed("[" * 40 + "]" * 40, b.SYNTAX, 32)
        self.assertEqual(LIB.session().one("[" * 30 + "]" * 30)[0].kind, "UNKNOWN")
        self.malformed(trade() + "x", b.LONG, len(trade()))
        self.malformed("", b.SHORT, 0)
        self.assertEqual(LIB.session().one(" \t\r\n" + trade() + " \r")[-1].kind, "TRADE")

    def test_fields(self):
        for change in ({"t": "77"}, {"t": -1}, {"p": 1}, {"p": "-1"}, {"p": ""}, {"p": "1."}, {"p": ".1"}, {"p": "1e3"},
                       {"p": " 1"}, {"p": None}, {"q": None}, {"m": "true"}, {"m": None}, {"s": ""}, {"s": 5},
                       {"s": "X" * 40}, {"T": None}, {"T": "5"}, {"e": 5}, {"X": 1}, {"p": "0"}, {"p": "1.2.3"}):
            self.malformed(trade(**change), b.FIELD)
        for change in ({"p": "0.0000000001"}, {"p": "9223372036.854775808"}, {"p": "99999999999999999999"},
                       {"q": "0.000000001"}, {"q": "92233720368.54775808"}, {"T": 2**64}, {"t": 1.5}, {"t": 2**64},
                       {"T": 1e3}):
            self.malformed(trade(**change), b.RANGE)
        frame = trade(p="0.0000000001")
        self.malformed(frame, b.RANGE, frame.index("0.0000000001"))
        for p, value in (("9223372036.854775807", 2**63 - 1), ("0.1000000000000", 10**8), ("000012", 12 * 10**9),
                         ("12345678", 12345678 * 10**9), ("0.123456789", 123456789),
                         ("123456789.5", 1234567895 * 10**8)):
            self.assertEqual(LIB.session().one(trade(p=p))[-1].price, value)
        for q, value in (("92233720368.54775807", 2**63 - 1), ("1234567", 1234567 * 10**8), ("0.00000001", 1)):
            self.assertEqual(LIB.session().one(trade(q=q))[-1].quantity, value)

    def test_duplicates(self):
        self.malformed(trade()[:-1] + ',"p":"1"}', b.FIELD)
        self.malformed(trade()[:-1] + ',"\\u0070":"1"}', b.FIELD)
        self.malformed('{"stream":"x","stream":"x","data":{}}', b.FIELD)
        self.malformed('{"data":{"e":"x"},"event":{"e":"y"}}', b.FIELD)
        self.assertEqual(LIB.session().one(trade()[:-1] + ',"zz":1,"zz":[{"p":2}]}')[-1].kind, "TRADE")

    def test_levels(self):
        for levels in ([["1"]], [["1", 2]], [[1, "2"]], ["1"], [{}], [["1", "2"], 3], [["1", "x"]], [["-1", "2"]]):
            self.malformed(depth(1, 2, levels), b.FIELD)
            self.malformed(snapshot(1, levels), b.FIELD)
        self.malformed(depth(1, 2, [["1", "0.123456789"]]), b.RANGE)
        self.malformed(depth(1, 2).replace('"b": []', '"b": {}'), b.FIELD)
        self.malformed(depth(1, 2).replace('"b": []', '"bids": []'), b.FIELD)
        self.malformed(depth(3, 2), b.FIELD)
        self.malformed(depth(0, 2), b.FIELD)
        self.malformed(depth(1, 2, previous=2), b.FIELD)
        old = depth(1, 2).replace('"b": []', '"b": [["1.5","2",[]] , ["1" , "2", {"x":1} , 5]]')
        self.assertEqual(len(definitions(LIB.session().one(old))), 2)

    def test_any_order_and_escapes(self):
        m = json.loads(depth(1, 2, [["1", "2"]], [["3", "4"]]))
        want = [(e.price, e.quantity, e.side) for e in definitions(LIB.session().one(json.dumps(m)))]
        for order in (sorted(m), sorted(m, reverse=True)):
            frame = json.dumps({k: m[k] for k in order}, indent=1)
            got = definitions(LIB.session().one(frame))
            self.assertEqual([(e.price, e.quantity, e.side) for e in got], want)
        s = LIB.session()
        self.assertEqual(s.one(trade(s="币安USDT"))[0].text, "币安USDT")  # json.dumps writes \u escapes
        self.assertEqual(len(s.one(json.dumps(json.loads(trade(s="币安USDT")), ensure_ascii=False))), 1)
        self.malformed(trade().replace("BTCUSDT", "\\ud800X"), b.FIELD)
        frame = trade().replace('"e"', '"\\u0065"').replace('"trade"', '"tr\\u0061de"')
        self.assertEqual(LIB.session().one(frame)[-1].kind, "TRADE")


class State(unittest.TestCase):
    def busy(self):
        s = LIB.session(symbol="BTCUSDT")
        s.decode(trade(s="ETHUSDT"), depth(1, 3, [["1", "2"]], [["4", "5"]]), depth(4, 4, [["1", "3"]]))
        return s

    def test_round_trip_and_reset(self):
        s = self.busy()
        saved = s.save()
        t = LIB.session(symbol="BTCUSDT", seed=99)
        self.assertEqual(t.load(saved), b.OK)
        self.assertEqual(t.save(), saved)
        self.assertEqual(t.counters(), s.counters())
        self.assertEqual(s.table.reset(s.handle), b.OK)
        self.assertEqual(s.save(), LIB.session(symbol="BTCUSDT").save())
        s.texts = s.instruments = 0
        self.assertEqual(s.one(trade())[0].kind, "TEXT")

    def test_hostile_states(self):
        saved, fresh = self.busy().save(), LIB.session(symbol="BTCUSDT").save()
        t = LIB.session(symbol="BTCUSDT")
        for n in range(len(saved)):
            self.assertEqual(t.load(saved[:n]), b.BAD_DATA)
            self.assertEqual(t.save(), fresh)
        self.assertEqual(t.load(saved + b"\0"), b.BAD_DATA)
        self.assertEqual(LIB.session(symbol="ETHUSDT").load(saved), b.BAD_DATA)
        self.assertEqual(LIB.session(symbol="BTCUSDT", market="usdm").load(saved), b.BAD_DATA)
        refused = 0
        for i in range(len(saved)):
            for bit in (1, 0x80):
                changed = bytearray(saved)
                changed[i] ^= bit
                status = t.load(bytes(changed))
                self.assertIn(status, (b.OK, b.BAD_DATA))
                refused += status == b.BAD_DATA
                self.assertEqual(t.save(), bytes(changed) if status == b.OK else fresh)
        self.assertGreater(refused, 100)
        # Updates 1…3 and 4…4, each with bids 1 at 2 and 1 at 3: whatever contradicts itself is refused.
        first, second = struct.pack("<QQ", 0, 3), struct.pack("<QQ", 3, 4)
        level = struct.pack("<qq", 10**9, 3 * 10**8)
        for old, new in ((first, struct.pack("<QQ", 3, 3)), (second, struct.pack("<QQ", 4, 4)),
                         (second, struct.pack("<QQ", 3, 5)), (second, struct.pack("<QQ", 2, 3)),
                         (level, struct.pack("<qq", -1, 1)), (level, struct.pack("<qq", 1, -1)),
                         (b"\x07ETHUSDT", b"\x07BTCUSDT"), (b"\x07ETHUSDT", b"\x07\xffTHUSDT")):
            self.assertEqual(saved.count(old), 1)
            self.assertEqual(t.load(saved.replace(old, new)), b.BAD_DATA, (old, new))
        huge = bytearray(saved)
        struct.pack_into("<I", huge, 8 + 3 + 7 + 15 * 8, 65536)
        self.assertEqual(t.load(bytes(huge)), b.BAD_DATA)


if __name__ == "__main__":
    unittest.main()
