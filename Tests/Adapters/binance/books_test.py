# SPDX-License-Identifier: Apache-2.0
"""A simulated venue that loses, repeats and delays messages: whenever the adapter does not say otherwise, the book
built from its events must be the venue's own book, level for level."""

import json
import random
import unittest

import binding as b

LIB = b.library()


class Venue:
    """Books by update id. Spot counts ids one by one; on USD-M they belong to all symbols and jump."""

    def __init__(self, rng, usdm):
        self.rng, self.usdm = rng, usdm
        self.last, self.now = rng.randrange(1, 1000), {}
        self.books = {self.last: {}}

    def update(self):
        first = self.last + (self.rng.randrange(1, 50) if self.usdm else 1)
        last, previous, changes = first + self.rng.randrange(0, 5), self.last, {}
        for _ in range(self.rng.randrange(0, 5)):
            key = (self.rng.choice("ba"), self.rng.randrange(1, 12))
            changes[key] = self.rng.randrange(0, 4)
        for key, quantity in changes.items():
            if quantity:
                self.now[key] = quantity
            else:
                self.now.pop(key, None)
        self.last = last
        self.books[last] = dict(self.now)
        m = {"e": "depthUpdate", "E": 1, "s": "X", "U": first, "u": last}
        if self.usdm:
            m.update(T=1, pu=previous)
        for side in "ba":
            m[side] = [[str(p), str(q)] for (s, p), q in changes.items() if s == side]
        return m

    def snapshot(self):
        return {"lastUpdateId": self.last, **{name: [[str(p), str(q)] for (s, p), q in self.now.items() if s == side]
                                              for side, name in (("b", "bids"), ("a", "asks"))}}


class Simulation(unittest.TestCase):
    def run_one(self, seed, usdm):
        rng = random.Random(seed)
        venue = Venue(rng, usdm)
        session = LIB.session(market="usdm" if usdm else "spot", symbol="X")
        book, tip, healthy, lost, waiting = {}, None, False, False, []
        seen = {"checked": 0, "gaps": 0, "joined": 0, "stale": 0}
        trouble = rng.choice((0, 0.02, 0.2))
        for step in range(150):
            m = venue.update()
            frames = [m]
            if rng.random() < trouble:
                frames = rng.choice(([], [m, m]))
            lost |= not frames
            if rng.random() < 0.08:
                waiting.append((step + rng.randrange(0, 12), venue.snapshot()))
            frames += [w for at, w in waiting if at == step]
            for frame in frames:
                is_snapshot = "lastUpdateId" in frame
                events = [e for e in session.one(json.dumps(frame)) if e.kind not in ("TEXT", "INSTRUMENT")]
                kinds = [e.kind for e in events]
                gap = "GAP" in kinds
                seen["gaps"] += gap
                if not is_snapshot and healthy:
                    self.assertEqual(gap, lost, (seed, step))
                    if gap and not usdm:
                        self.assertEqual((events[0].sequence, events[0].aux), (tip + 1, frame["U"] - 1 - tip))
                for e in events:
                    key = ("b" if e.side == b.BUY else "a", e.price // 10**9)
                    if e.kind == "CLEAR":
                        book = {}
                    elif e.kind == "LEVEL" and e.quantity:
                        book[key] = e.quantity // 10**8
                    elif e.kind == "LEVEL":
                        book.pop(key, None)
                if not is_snapshot:
                    if tip is not None and frame["u"] <= tip:
                        self.assertEqual(kinds, ["NOTICE"])
                        seen["stale"] += 1
                    else:
                        tip, lost = frame["u"], False
                        healthy = healthy and not gap
                elif "CLEAR" in kinds:
                    healthy = not gap
                    seen["joined"] += healthy
                    if tip is None or frame["lastUpdateId"] >= tip:
                        tip, lost = frame["lastUpdateId"], venue.last > frame["lastUpdateId"] and lost
                        lost = False if frame["lastUpdateId"] == venue.last else lost
                if healthy:
                    self.assertEqual(book, venue.books[tip], (seed, step, frame))
                    seen["checked"] += 1
            if rng.random() < 0.02:
                saved = session.save()
                self.assertEqual(session.load(saved), b.OK)
        return seen

    def test_books(self):
        total = {}
        for usdm in (False, True):
            for seed in range(60):
                for key, n in self.run_one(seed, usdm).items():
                    total[key] = total.get(key, 0) + n
        print(total)
        self.assertGreater(total["checked"], 10000)
        self.assertGreater(total["gaps"], 300)
        self.assertGreater(total["stale"], 300)
        self.assertGreater(total["joined"], 700)


if __name__ == "__main__":
    unittest.main()
