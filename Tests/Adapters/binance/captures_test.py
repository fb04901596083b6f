# SPDX-License-Identifier: Apache-2.0
"""Both real captures, event by event, against an independent reading with json and decimal.

The model below follows the venue's text ("How to manage a local order book correctly") and shares nothing with the
adapter. Checked: every field of every event; the counts, last trade and last quote that the data's notes state; the
book built from LEVEL and CLEAR events after each depth update against the model's book; the best prices of that book against
the book tickers; the same bytes for every batch size; save, load and save again in the middle of a capture.
"""

import bisect
import gzip
import json
import struct
import sys
from decimal import Decimal

import binding as b

FIGURES = {
    "spot": (41249, {"depthUpdate": 3451, "bookTicker": 28040, "trade": 9757, "snapshot": 1},
             (3735693015, "61685.99", "0.0014"), ("61685.99", "61686.00")),
    "usdm": (93954, {"depthUpdate": 6551, "bookTicker": 66089, "trade": 21313, "snapshot": 1},
             (5266605247, "61659.80", "0.076"), ("61659.70", "61659.80")),
}


def scaled(text, places):
    value = Decimal(text).scaleb(places)
    assert value == int(value)
    return int(value)


def price(text):
    return scaled(text, 9)


def quantity(text):
    return scaled(text, 8)


class Model:
    """What the events should be; one symbol."""

    def __init__(self):
        self.seen, self.buffer, self.tip, self.snapshot = False, [], None, None

    def levels(self, m, names, time, sequence, flags):
        out = []
        for side, name in ((b.BUY, names[0]), (b.SELL, names[1])):
            for p, q in m[name]:
                out.append(("LEVEL", time, sequence, 0, price(p), quantity(q), 0, side, flags))
        return out

    def frame(self, text):
        outer = json.loads(text)
        m = outer.get("data", outer)
        kind = m.get("e") or ("snapshot" if "lastUpdateId" in m else "bookTicker")
        stamp = m.get("T", m.get("E"))
        time, flags = (0, b.NO_TIME) if stamp is None else (stamp * 1000000, 0)
        out = []
        if not self.seen:
            self.seen = True
            out.append(("TEXT", m["s"]))
            out.append(("INSTRUMENT", time, 0, 0, 0, 0, 0, 0, flags))
        if kind == "trade":
            assert m.get("X", "MARKET") == "MARKET"
            out.append(("TRADE", time, 0, 0, price(m["p"]), quantity(m["q"]), m["t"], b.SELL if m["m"] else b.BUY,
                        b.VOLUME))
        elif kind == "bookTicker":
            out.append(("QUOTE", time, m["u"], 0, price(m["b"]), quantity(m["B"]), 0, b.BUY, flags))
            out.append(("QUOTE", time, m["u"], 0, price(m["a"]), quantity(m["A"]), 0, b.SELL, flags))
        elif kind == "depthUpdate":
            if self.tip is not None:
                assert m["pu"] == self.tip if "pu" in m else m["U"] == self.tip + 1, "a gap in the capture"
            self.tip = m["u"]
            levels = self.levels(m, "ba", time, m["u"], 0)
            if self.snapshot is None:
                self.buffer.append((m, time))
            out += levels
        else:
            last = self.snapshot = m["lastUpdateId"]
            out.append(("CLEAR", time, last, 0, 0, 0, 0, 0, flags | b.SNAPSHOT))
            out += self.levels(m, ("bids", "asks"), time, last, flags | b.SNAPSHOT)
            kept = [(u, t) for u, t in self.buffer if u["u"] > last]
            first = kept[0][0]
            assert first["U"] <= last + 1 <= first["u"], "the snapshot does not join"
            for update, t in kept:
                out += self.levels(update, "ba", t, update["u"], b.SNAPSHOT)
        assert out
        out[-1] = out[-1][:-1] + (out[-1][-1] | b.LAST,)
        return kind, m, out


def observed(e):
    if e.kind == "TEXT":
        assert e.instrument == 0 and e.flags == 0
        return ("TEXT", e.text)
    assert e.instrument == 0 and e.level == (8 if e.kind == "INSTRUMENT" else 0)
    return (e.kind, e.time, e.sequence, e.order, e.price, e.quantity, e.aux, e.side, e.flags)


class Book:
    def __init__(self):
        self.sides = {b.BUY: {}, b.SELL: {}}

    def clear(self):
        self.sides = {b.BUY: {}, b.SELL: {}}

    def set(self, side, p, q):
        if q:
            self.sides[side][p] = q
        else:
            self.sides[side].pop(p, None)

    def best(self):
        bid, ask = max(self.sides[b.BUY]), min(self.sides[b.SELL])
        return bid, self.sides[b.BUY][bid], ask, self.sides[b.SELL][ask]


class Procedure:
    """The documented procedure on its own: buffer, snapshot, drop, apply."""

    def __init__(self):
        self.book, self.waiting, self.ready = Book(), [], False

    def apply(self, m):
        for side, name in ((b.BUY, "b"), (b.SELL, "a")):
            for p, q in m[name]:
                self.book.set(side, price(p), quantity(q))

    def take(self, kind, m):
        if kind == "depthUpdate":
            if self.ready:
                self.apply(m)
            else:
                self.waiting.append(m)
        elif kind == "snapshot":
            self.book.clear()
            self.apply({"b": m["bids"], "a": m["asks"]})
            for update in self.waiting:
                if update["u"] > m["lastUpdateId"]:
                    self.apply(update)
            self.ready = True


def check(library, folder, market):
    with gzip.open(f"{folder}/{market}_btcusdt_20240808.gz") as f:
        frames = [line.rstrip(b"\n").split(b" ", 1)[1] for line in f]
    count, kinds, trade, quote = FIGURES[market]
    assert len(frames) == count, len(frames)
    session = library.session(market=market)
    groups = session.raw(frames)
    model, procedure, book = Model(), Procedure(), Book()
    gaps, compared, last = 0, 0, {}
    tops, tickers = [], []
    for frame, group in zip(frames, groups):
        kind, m, expected = model.frame(frame)
        events = [b.Event(e) for e in group]
        assert [observed(e) for e in events] == expected, (frame, events[:3], expected[:3])
        for e in events:
            last[e.kind, e.side] = e
            gaps += e.kind == "GAP"
            if e.kind == "CLEAR":
                book.clear()
            elif e.kind == "LEVEL":
                book.set(e.side, e.price, e.quantity)
        procedure.take(kind, m)
        if kind == "bookTicker":
            tickers.append((m["u"], (price(m["b"]), quantity(m["B"]), price(m["a"]), quantity(m["A"]))))
        if procedure.ready and kind in ("depthUpdate", "snapshot"):
            assert book.sides == procedure.book.sides, f"the books part at {frame[:80]}"
            compared += 1
            tops.append((model.tip, book.best()))
    assert gaps == 0
    counters = session.counters()
    assert {k: v for k, v in counters.items() if v} == kinds, counters
    traded = max((e for (k, _), e in last.items() if k == "TRADE"), key=lambda e: e.aux)
    assert (traded.aux, traded.price, traded.quantity) == (trade[0], price(trade[1]), quantity(trade[2]))
    assert last["QUOTE", b.BUY].price == price(quote[0]) and last["QUOTE", b.SELL].price == price(quote[1])
    # A ticker is sent whenever the best prices change. So at the end of a depth update, the ticker with the largest id
    # at or below its `u` shows the best prices of the book, whichever of the two streams was faster. Each ticker within
    # the capture's reach is at hand only for updates older than the newest ticker.
    tickers.sort(key=lambda t: t[0])
    ids, agree = [t[0] for t in tickers], 0
    usable = [(u, top) for u, top in tops if ids[0] <= u <= ids[-1]]
    for u, top in usable:
        agree += tickers[bisect.bisect_right(ids, u) - 1][1] == top
    print(f"{market}: {count} frames, {sum(map(len, groups))} events equal in every field; {compared} books equal; "
          f"best prices agree with the tickers at {agree} of {len(usable)} updates")
    assert agree == len(usable) and len(usable) > 3000
    invariance(library, frames, groups, market)


def invariance(library, frames, groups, market):
    """Batch size, room for events and interruption by save and load must leave no trace."""
    def renumbered(group):
        return [e[:52] + struct.pack("<I", 0) + e[56:] for e in group]

    want = [renumbered(g) for g in groups]
    part = frames[:6000]
    for size in (1, 7, 1000):
        session, got = library.session(market=market, seed=size), []
        for i in range(0, len(part), size):
            got += session.raw(part[i:i + size])
        assert [renumbered(g) for g in got] == want[:len(part)], f"batches of {size} differ"
    session, got = library.session(market=market), []
    for i in range(0, 400, 25):
        got += session.raw(frames[i:i + 25])
        saved = session.save()
        session = library.session(market=market, seed=i)
        assert session.load(saved) == b.OK and session.save() == saved
    assert [renumbered(g) for g in got] == want[:400], "save and load left a trace"
    data, bounds, at = b"\n".join(part), [], 0
    for f in part:
        bounds.append((at, len(f)))
        at += len(f) + 1
    got = library.session(market=market).raw(None, capacity=2 * b.MAX_EVENTS, data=data, bounds=bounds)
    assert [renumbered(g) for g in got] == want[:len(part)], "neighbouring bytes had an effect"


def main():
    folder = b.data_folder()
    if folder:
        library = b.library()
        for market in FIGURES:
            check(library, folder, market)


if __name__ == "__main__":
    sys.exit(main())
