# SPDX-License-Identifier: Apache-2.0
"""PITCH in text form as its specification has it, read apart from the adapter.

`PitchOracle.line` gives the events that a line must turn into, as 64-byte records, and keeps the books that follow.
"""

from collections import defaultdict

from abi import *

DAY_MS = 86_400_000
# Behind time and type: name and width of each field.
LAYOUT = {
    "A": "order 12 side 1 shares 6 symbol 6 price 10 display 1",
    "d": "order 12 side 1 shares 6 symbol 8 price 10 display 1 participant 4 customer 1",
    "E": "order 12 shares 6 execution 12",
    "X": "order 12 shares 6",
    "P": "order 12 side 1 shares 6 symbol 6 price 10 execution 12",
    "r": "order 12 side 1 shares 6 symbol 8 price 10 execution 12",
    "B": "execution 12",
    "s": "symbol 8",
    "H": "symbol 8 halt 1 test 1 reserved 2",
    "I": "symbol 8 auction 1 reference 10 buy 10 sell 10 near 10 far 10",
    "J": "symbol 8 auction 1 price 10 total 10",
    "R": "symbol 8 interest 1",
}
FIELDS = {t: list(zip(s.split()[::2], map(int, s.split()[1::2]))) for t, s in LAYOUT.items()}
LENGTHS = {t: 9 + sum(width for _, width in fields) for t, fields in FIELDS.items()}
assert LENGTHS == dict(A=45, d=52, E=39, X=27, P=56, r=58, B=21, s=17, H=21, I=68, J=38, R=18)
LETTERS = dict(side=b"BS", display=b"YN", halt=b"AHQST", test=b"01", interest=b"ABSN")
BASE36 = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
NUMBERS = ("time", "shares", "price", "reference", "buy", "sell", "near", "far", "total")
HALTS = dict(A=2, H=4, Q=6, S=4, T=3)  # pre-open, halted, quote-only, halted here, open
RESTRICTED = 9


class Wrong(Exception):
    """A reason and a byte offset."""


def read(name, raw, at):
    """A field's value, or Wrong."""
    if name in NUMBERS or name in ("order", "execution"):
        allowed = BASE36 if name in ("order", "execution") else b"0123456789"
        for i, byte in enumerate(raw):
            if byte not in allowed:
                raise Wrong(FIELD, at + i)
        value = int(raw, len(allowed))
        if name == "time" and value >= DAY_MS or name == "shares" and value == 0:
            raise Wrong(RANGE, at)
        return value
    for i, byte in enumerate(raw):
        if not 0x20 <= byte <= 0x7E:
            raise Wrong(FIELD, at + i)
    stripped = raw.rstrip(b" ")
    if name == "symbol" and (not stripped or b" " in stripped) or name in LETTERS and raw not in LETTERS[name]:
        raise Wrong(FIELD, at)
    return stripped.decode() if name == "symbol" else raw.decode()


class PitchOracle:
    def __init__(self, day_start):
        self.day_start = day_start
        self.numbers, self.orders, self.executions = {}, {}, {}
        self.counts = dict.fromkeys(LAYOUT, 0)
        self.books = defaultdict(lambda: {1: defaultdict(int), 2: defaultdict(int)})
        self.volume = defaultdict(int)

    def time(self, line):
        """Nanoseconds since 1970, or None."""
        letters = line[line[:1] == b"S":]
        if len(letters) < 9 or LENGTHS.get(chr(letters[8])) != len(letters):
            return None
        try:
            return self.day_start + read("time", letters[:8], 0) * 10**6
        except Wrong:
            return None

    def line(self, line, frame):
        start = int(line[:1] == b"S")
        body = line[start:]
        time = self.time(line)
        timing = dict(time=time or 0, flags=NO_EVENT_TIME if time is None else 0)
        kind = chr(body[8]) if len(body) >= 9 else None
        out = []
        try:
            if kind is None or kind in LAYOUT and len(body) < LENGTHS[kind]:
                raise Wrong(SHORT, len(line))
            if kind not in LAYOUT:
                return [event(UNKNOWN, aux=body[8], frame=frame, flags=LAST | NO_EVENT_TIME)]
            if len(body) > LENGTHS[kind]:
                raise Wrong(LONG, start + LENGTHS[kind])
            read("time", body[:8], start)
            values, offsets, at = {}, {}, 9
            for name, width in FIELDS[kind]:
                values[name], offsets[name] = read(name, body[at:at + width], start + at), start + at
                at += width
            if "symbol" in values and values["symbol"] not in self.numbers:
                number = self.numbers[values["symbol"]] = len(self.numbers)
                out += [text(number, values["symbol"].encode(), time, frame),
                        event(INSTRUMENT, time, instrument=number, aux=number, frame=frame)]
            out += self.meaning(kind, values, offsets, time, frame)
            self.counts[kind] += 1
        except Wrong as wrong:
            out.append(event(MALFORMED, aux=wrong.args[1], level=wrong.args[0], frame=frame, **timing))
        last = bytearray(out[-1])
        last[58] |= LAST
        return out[:-1] + [bytes(last)]

    def meaning(self, kind, v, at, time, frame):
        def one(kind, instrument, **more):
            return [event(kind, time, instrument=instrument, frame=frame, **more)]

        number = self.numbers.get(v.get("symbol"))
        if kind in "Ad":
            if v["order"] in self.orders:
                raise Wrong(FIELD, at["order"])
            side = 1 if v["side"] == "B" else 2
            self.orders[v["order"]] = [v["symbol"], side, v["price"], v["shares"]]
            self.books[v["symbol"]][side][v["price"]] += v["shares"]
            return one(ADD, number, order_id=v["order"], side=side, quantity=v["shares"], price=v["price"] * 10**5,
                       aux=code(v.get("participant", "").rstrip()))
        if kind in "EX":
            if v["order"] not in self.orders:
                raise Wrong(REFERENCE, at["order"])
            order = self.orders[v["order"]]
            symbol, side, price, left = order
            if v["shares"] > left:
                raise Wrong(RANGE, at["shares"])
            self.take(symbol, side, price, v["shares"])
            order[3] -= v["shares"]
            if order[3] == 0:
                del self.orders[v["order"]]
            number = self.numbers[symbol]
            if kind == "X":
                return one(REDUCE, number, order_id=v["order"], quantity=v["shares"])
            self.volume[symbol] += v["shares"]
            self.executions[v["execution"]] = symbol
            return one(EXECUTE, number, order_id=v["order"], quantity=v["shares"], aux=v["execution"],
                       flags=RESTING_PRICE | VOLUME)
        if kind in "Pr":
            self.volume[v["symbol"]] += v["shares"]
            self.executions[v["execution"]] = v["symbol"]
            return one(TRADE, number, order_id=v["order"], quantity=v["shares"], price=v["price"] * 10**5,
                       aux=v["execution"], flags=HIDDEN | VOLUME)
        if kind == "B":
            if v["execution"] not in self.executions:
                raise Wrong(REFERENCE, at["execution"])
            number = self.numbers[self.executions.pop(v["execution"])]
            return one(TRADE_BREAK, number, aux=v["execution"], flags=CORRECTION)
        if kind == "s":
            self.orders = {i: o for i, o in self.orders.items() if o[0] != v["symbol"]}
            self.books.pop(v["symbol"], None)
            return one(CLEAR, number)
        if kind == "H":
            level = RESTRICTED if (v["halt"], v["test"]) == ("T", "1") else HALTS[v["halt"]]
            return one(STATUS, number, level=level, aux=code(v["halt"] + v["test"]))
        if kind == "I":
            letter, paired, lack = code(v["auction"].rstrip()), min(v["buy"], v["sell"]), v["buy"] - v["sell"]
            out = []
            for level, name in enumerate(("near", "far", "reference")):
                out += one(AUCTION, number, price=v[name] * 10**5, quantity=paired, level=level, aux=letter,
                           flags=0 if v[name] else NO_PRICE)
            return out + one(IMBALANCE, number, side=(lack > 0) + 2 * (lack < 0), quantity=abs(lack), aux=letter)
        letters = kind + (v["auction"] if kind == "J" else v["interest"]).rstrip()
        return one(NOTICE, number, aux=code(letters), price=v.get("price", 0) * 10**5, quantity=v.get("total", 0))

    def take(self, symbol, side, price, shares):
        level = self.books[symbol][side]
        level[price] -= shares
        if level[price] == 0:
            del level[price]

    def depth(self, symbol):
        """Ask and bid levels, best first, as (price at 1e-4, shares)."""
        sides = self.books[symbol] if symbol in self.books else {1: {}, 2: {}}
        return sorted(sides[2].items()), sorted(sides[1].items(), reverse=True)
