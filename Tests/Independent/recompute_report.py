# SPDX-License-Identifier: Apache-2.0
"""Recomputes an execution report from a run's exported events and its ledger, and compares every value of it.

usage: recompute_report.py RUN EVENTS.jsonl REPORT.json

EVENTS is what `exprove normalize --run RUN --format jsonl` prints, REPORT what `exprove report RUN --format json` writes.
Own books, own fractions, own formulas from their definitions: nothing of the report is taken as stated but the texts of its
verdict. The ledger's fills are held against the events that brought them, and their fees against the reference data. Exit
code 1 and a line for each value that differs.
"""
import json
import sys
from fractions import Fraction as F

from market_books import Market, fixed, read
from report_figures import Figure, compare, integer, shortest_decimal, shortfall, text, vector, wide
from run_directory import Run
from shared_context_files import canonical_digest

HORIZONS = [("50 ms", 50_000_000), ("1 s", 10**9), ("15 s", 15 * 10**9), ("1 min", 60 * 10**9), ("5 min", 300 * 10**9)]


class Samples:
    """Mids at places of the total order: before a time, through a time, or before the event of a number."""

    def __init__(self):
        self.timed, self.numbered, self.answers = [], [], []

    def ask(self, place, at, venue=None):
        index = len(self.answers)
        self.answers.append((None, "beyond the data", None))
        if place == "event":
            self.numbered.append((at, index, venue))
        else:
            self.timed.append(((at, place == "through"), index, venue))
        return index

    def sort(self):
        self.timed.sort(reverse=True)
        self.numbered.sort(reverse=True)

    def answer_before(self, number, time, show):
        """Answers what stands before event `number`, received at `time`."""
        while self.timed:
            (at, through), index, venue = self.timed[-1]
            if not (at < time if through else at <= time):
                break
            self.answers[index] = show(venue, number)
            self.timed.pop()
        while self.numbered and self.numbered[-1][0] == number:
            _, index, venue = self.numbered.pop()
            self.answers[index] = show(venue, number)

    def answer_rest(self, number, time, show):
        for (at, through), index, venue in self.timed:
            if through and at <= time:
                self.answers[index] = show(venue, number)


class Recomputation:
    def __init__(self, directory, events):
        self.run = Run(directory)
        self.description = self.run.description
        self.task = task = self.description["task"]
        self.sign = 1 if task["side"] == "buy" else -1
        self.start, self.end = int(task["window"]["start"]), int(task["window"]["end"])
        self.simulated = self.description["fills"] != "shadow"
        self.instrument = self.run.instrument(task["venues"][0])
        decimals = [self.run.terms(venue, self.start)["lot"] for venue in task["venues"]] + [task["quantity"]]
        self.scale = max(len(shortest_decimal(decimal).partition(".")[2]) for decimal in decimals)
        self.journal = self.run.of("journal")
        self.plans = self.run.of("plan")
        self.settle_fills()
        self.walk(events)

    def settle_fills(self):
        self.fills, self.broken = [(leaf, body["fill"]) for leaf, body in self.run.of("fill")], []
        for leaf, body in self.run.of("report"):
            if body["report"] != "broken":
                continue
            match = [fill for fill in self.fills if (fill[1]["order"], fill[1]["execution"]) == (
                wide(body["order"]), body["match"])]
            if match:
                self.fills.remove(match[0])
                self.broken.append((match[0][0], leaf, match[0][1]))
        self.fill_leaves = sorted([leaf for leaf, _ in self.fills] + [
            leaf for first, second, _ in self.broken for leaf in (first, second)])

    # What the market showed

    def walk(self, events):
        self.samples = samples = Samples()
        decided = int(self.plans[0][1]["decided_at"]) if self.plans else self.start
        self.mids = [("decision", decided, samples.ask("before", decided)),
                     ("arrival", self.start, samples.ask("before", self.start)),
                     ("close", self.end, samples.ask("through", self.end))]
        self.fill_samples = []
        for _, fill in self.fills:
            venue, received = self.task["venues"].index(fill["listing"]), int(fill["received_at"])
            self.fill_samples.append((samples.ask("event", int(fill["sequence"]), venue), [
                (name, received + length, samples.ask("through", received + length, venue))
                for name, length in HORIZONS]))
        samples.sort()
        # Own orders print on the tape only where a venue matched them.
        own = {(fill["listing"]["venue"], fill["listing"]["symbol"], int(fill["execution"]))
               for _, fill in self.fills + [(leaf, fill) for leaf, _, fill in self.broken]
               } if self.description["fills"] == "simulated" else set()
        names = [(venue["venue"], venue["symbol"]) for venue in self.task["venues"]]
        trades, self.trades = {}, []

        def on_trade(found, match, price, quantity, time):
            name = (found.venue, found.symbol)
            if name not in names:
                return
            if not self.start < time <= self.end or (*name, match) in own:
                return
            trade = [price, quantity, True]
            self.trades.append(trade)
            if match:
                trades.setdefault((*name, match), trade)

        def on_break(found, match):
            trade = trades.get((found.venue, found.symbol, match))
            if trade:
                trade[2] = False

        market = Market(on_trade, on_break)

        def show(venue, number):
            sides = [market.instruments[name].best() for name in (names if venue is None else [names[venue]])
                     if name in market.instruments]
            sides = [(bid, ask) for bid, ask in sides if bid is not None and ask is not None]
            if not sides:
                return None, "no two-sided book at this time", None
            mid = max(bid for bid, _ in sides) + min(ask for _, ask in sides)
            return mid, None, self.journal_leaf(number - 1) if number else None

        self.own_events, now, number, in_window = {}, -(1 << 63), 0, 0
        committed = int(self.journal[-1][1]["events"]) if self.journal else 0
        for event in events:
            if number == committed:
                break
            now = max(now, event["receive_time"])
            samples.answer_before(number, now, show)
            assert int(event["sequence"]) == number
            if event["kind"].startswith("own_"):
                self.own_events[number] = (event, now)
            market.event(event, now)
            number += 1
            in_window = number if now <= self.end else in_window
        assert number == committed, "the export is shorter than what the ledger commits to"
        samples.answer_rest(number, now, show)
        self.count, self.gaps = number, market.gaps
        self.interval_leaf = self.journal_leaf(in_window - 1) if in_window else None
        self.volume_scale = max([self.scale] + [
            market.instruments[name].scale for name in names if name in market.instruments])
        self.check_fills()

    def journal_leaf(self, sequence):
        return next((leaf for leaf, body in self.journal if int(body["events"]) > sequence), None)

    def check_fills(self):
        """Each fill of the ledger is the one that its event told of, and its fee follows from the reference data."""
        for leaf, fill in self.fills + [(leaf, fill) for leaf, _, fill in self.broken]:
            event, now = self.own_events[int(fill["sequence"])]
            told = (event["kind"], event["order_id"], event["aux"], F(event["price"]), F(event["quantity"]),
                    event["venue"], event["instrument"], now, "simulated" in event["flags"])
            said = ("own_filled", str(fill["order"]), fill["execution"], F(fill["price"]), F(fill["quantity"]),
                    fill["listing"]["venue"], fill["listing"]["symbol"], int(fill["received_at"]), fill["simulated"])
            assert told == said, (leaf, told, said)
            maker = "maker" in event["flags"]
            fee = self.run.fee(fill["listing"], now, F(fill["price"]), F(fill["quantity"]), maker)
            assert (F(fill["fee"]), fill["fee_currency"], fill["maker"]) == (*fee, maker), (leaf, fill, fee)

    # The report

    def mid(self, name, time, index):
        mid, reason, leaf = self.samples.answers[index]
        return dict(name=name, time=integer(time), doubled_mid=text(mid, 9), reason=reason, leaf=leaf)

    def quantity(self, value):
        return text(int(value * 10**self.scale), self.scale)

    def value_of(self, fill):
        """A fee in the task's currency; one in what is bought counts at the fill's price."""
        if F(fill["fee"]) == 0 or fill["fee_currency"] == self.task["currency"]:
            return F(fill["fee"])
        return F(fill["fee"]) * F(fill["price"]) if fill["fee_currency"] == self.instrument["base"] else None

    def report(self):
        fills = [(F(fill["price"]), F(fill["quantity"]), self.value_of(fill)) for _, fill in self.fills]
        self.filled = sum((quantity for _, quantity, _ in fills), F(0))
        mids = [self.mid(*mid) for mid in self.mids]
        doubled = [None if mid["doubled_mid"] is None else F(mid["doubled_mid"]) for mid in mids]
        parts = shortfall(self.sign, F(self.task["quantity"]), fills, *doubled, F(self.instrument["multiplier"]))
        both = self.fill_leaves + sorted({mid["leaf"] for mid in mids if mid["leaf"] is not None})
        cost = {name: None if value is None else Figure(value, 2, self.fill_leaves if name == "fees" else both)
                for name, value in parts.items()}
        unpriced = [fill["fee_currency"] for _, fill in self.fills if self.value_of(fill) is None]
        cost["fees_reason"] = f"a fee in {unpriced[-1]} has no price in {self.task['currency']}" if unpriced else None
        cost.update(currency=self.task["currency"], simulated=self.simulated)
        notional = sum((price * quantity for price, quantity, _ in fills), F(0))
        self.average = notional / self.filled if self.filled else None
        fill_rows = self.fill_rows()
        summaries = self.run.of("summary")
        filed = len(self.run.filed())
        return {
            **self.shared_contexts(),
            "format": "exprove-report/1",
            "verdict": {"leaves": self.run.size - filed, "root": self.run.root(self.run.size - filed),
                        "signer": self.description["verifier"], "holds": True, "findings": [],
                        "finished": bool(summaries)},
            "fills_are": self.description["fills"], "fills_detail": self.description["fills_detail"],
            "simulated": self.simulated, "task": self.task, "ordered": self.quantity(F(self.task["quantity"])),
            "filled": self.quantity(self.filled), "scale": self.scale, "multiplier": self.instrument["multiplier"],
            "mids": mids, "shortfall": cost,
            "average_price": None if self.average is None else Figure(self.average, 9, self.fill_leaves),
            "interval": self.interval(), "spreads": self.spreads(fill_rows), "slices": self.slices(),
            "filled_after_window": self.quantity(self.filled_where(lambda fill: int(fill["received_at"]) > self.end)),
            "venues": self.venues(), "fills": fill_rows,
            "broken_fills": [dict(leaf=leaf, broken_by=by, fill=fill, **self.marks()) for leaf, by, fill in self.broken],
            "decisions": [dict(leaf=leaf, plan=body) for leaf, body in self.plans],
            "denials": [dict(leaf=leaf, denial=body["denial"]) for leaf, body in self.run.of("denial")],
            "vendor_answers": [dict(leaf=leaf, body=body) for leaf, body in self.run.of("hook")],
            "cancels": [leaf for leaf, _ in self.run.of("cancel")],
            "summary": dict(leaf=summaries[0][0], body=summaries[0][1]) if summaries else None,
            "inputs": {"feeds": self.description["feeds"], "reference": self.description["reference"],
                       "events": self.count, "gaps": self.gaps},
        }

    def shared_contexts(self):
        """Which shared context informed which decision; nothing where the run was given none."""
        contexts, uses = self.run.of("shared-context"), [body["shared"] for _, body in self.run.of("context") if "shared" in body]
        if not contexts:
            return {}
        assert len(uses) == len(self.plans)
        controls = {body["decision"]: (leaf, body) for leaf, body in self.run.of("control")}
        told = []
        for (leaf, plan), use in zip(self.plans, uses):
            control = controls.get(canonical_digest(plan))
            assert plan.get("shared", {}).get("context") == (None if "not_taken" in use else use), leaf
            told.append(dict(
                leaf=leaf, slice=plan["current_slice"], context=use.get("context"), not_taken=use.get("not_taken"),
                changes=plan.get("shared", {}).get("changes", []),
                control=control and dict(leaf=control[0], verdict=control[1]["verdict"])))
        rows = []
        for leaf, body in contexts:
            subject = self.run.statements[leaf]["subject"][1]
            digest = subject["digest"]["sha256"]
            rows.append(dict(body, leaf=leaf, name=subject["name"], context=digest,
                             decisions=[one["leaf"] for one in told if one["context"] == digest]))
        return dict(shared_contexts=rows, shared_context_use=told)

    def marks(self):
        return dict(fills_are=self.description["fills"], simulated=self.simulated)

    def filled_where(self, wanted):
        return sum((F(fill["quantity"]) for _, fill in self.fills if wanted(fill)), F(0))

    def interval(self):
        counted = [(price, quantity) for price, quantity, counts in self.trades if counts]
        volume = sum(quantity for _, quantity in counted)
        vwap = F(sum(price * quantity for price, quantity in counted), volume * 10**9) if volume else None
        own = self.filled_where(lambda fill: int(fill["received_at"]) <= self.end)
        everything = own + F(volume, 10**18)
        leaves = [] if self.interval_leaf is None else [self.interval_leaf]
        both = self.fill_leaves + leaves
        known = self.average is not None and vwap is not None
        slippage = self.sign * (self.average - vwap) if known else None
        return dict(
            trades=len(counted), volume=text(volume, 18), vwap=None if vwap is None else Figure(vwap, 9, leaves),
            slippage=Figure(slippage, 9, both) if known else None,
            slippage_basis_points=Figure(10_000 * slippage / vwap, 2, both) if known and vwap > 0 else None,
            participation_ppm=Figure(1_000_000 * own / everything, 3, both) if everything else None,
            participation_cap_ppm=self.task["participation"], simulated=self.simulated)

    def fill_rows(self):
        rows = []
        for (leaf, fill), (at, horizons) in zip(self.fills, self.fill_samples):
            price = 2 * fixed(fill["price"], 9)
            mid = self.mid("fill", int(fill["received_at"]), at)
            now = self.samples.answers[at][0]
            later = []
            for name, time, index in horizons:
                then = self.samples.answers[index][0]
                later.append(dict(
                    horizon=name, mid=self.mid(name, time, index),
                    doubled_markout=text(None if then is None else self.sign * (then - price), 9),
                    realised_spread=text(None if then is None else self.sign * (price - then), 9),
                    impact=text(None if then is None or now is None else self.sign * (then - now), 9)))
            rows.append(dict(
                leaf=leaf, fill=fill, mid=mid, horizons=later, **self.marks(),
                effective_spread=text(None if now is None else self.sign * (price - now), 9)))
        return rows

    def spreads(self, rows):
        found = []
        for number, name in enumerate(["fill"] + [name for name, _ in HORIZONS]):
            sums, weight, count, mids = [F(0), F(0), F(0)], F(0), 0, set()
            for row in rows:
                effective = row["effective_spread"]
                realised = row["horizons"][number - 1]["realised_spread"] if number else effective
                if effective is None or realised is None:
                    continue
                quantity, count = F(row["fill"]["quantity"]), count + 1
                weight += quantity
                mids |= {row["mid"]["leaf"], (row["horizons"][number - 1]["mid"] if number else row["mid"])["leaf"]}
                sums[0] += quantity * F(effective)
                sums[1] += quantity * F(realised)
                sums[2] += quantity * (F(effective) - F(realised))
            leaves = self.fill_leaves + sorted(mids)
            figures = [Figure(value / weight, 9, leaves) if count else None for value in sums]
            found.append(dict(after=name, fills=count, effective=figures[0], realised=figures[1], impact=figures[2],
                              simulated=self.simulated))
        return found

    def slices(self):
        count, length = self.task.get("slices"), self.end - self.start
        if count is None:
            step = int(self.task["slice_duration"])
            count = -(-length // step)
            starts = [self.start + step * index for index in range(count)] + [self.end]
        else:
            starts = [self.start + length * index // count for index in range(count + 1)]
        cells, first, planned, leaves = {}, [0] * count, [0] * count, [[] for _ in range(count)]
        for number, (leaf, plan) in enumerate(self.plans):
            for change in plan["changes"]:
                key = change["slice"], change["venue"]
                cells[key] = cells.get(key, 0) + int(change["quantity"])
            totals = [sum(cells.get((index, venue), 0) for venue in range(len(self.task["venues"])))
                      for index in range(count)]
            first = totals if number == 0 else first
            planned[plan["current_slice"]] = totals[plan["current_slice"]]
            leaves[plan["current_slice"]].append(leaf)
        filled = [F(0)] * count
        for leaf, fill in self.fills:
            time = int(fill["received_at"])
            if time <= self.end:
                index = max(index for index in range(count) if starts[index] <= time)
                filled[index] += F(fill["quantity"])
                leaves[index].append(leaf)
        return [dict(start=integer(starts[index]), end=integer(starts[index + 1]), simulated=self.simulated,
                     first_plan=text(first[index], self.scale), planned=text(planned[index], self.scale),
                     filled=self.quantity(filled[index]), leaves=leaves[index]) for index in range(count)]

    def venues(self):
        orders = [body["order"]["listing"] for _, body in self.run.of("order")]
        rows = []
        for listing in self.task["venues"]:
            here = self.filled_where(lambda fill: fill["listing"] == listing)
            leaves = [leaf for leaf, fill in self.fills if fill["listing"] == listing]
            rows.append(dict(
                listing=listing, orders=orders.count(listing), fills=len(leaves), filled=self.quantity(here),
                share_percent=Figure(100 * here / self.filled, 2, self.fill_leaves) if self.filled else None,
                leaves=leaves, simulated=self.simulated))
        return rows


def main(directory, events, report):
    vector()
    with open(report, encoding="utf-8") as file:
        stated = json.load(file)
    lines = compare(Recomputation(directory, read(events)).report(), stated)
    for line in lines:
        print(line)
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
