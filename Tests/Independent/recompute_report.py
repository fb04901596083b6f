# SPDX-License-Identifier: Apache-2.0
"""Recomputes from the fills, and the doubled mids that a report states, every figure that follows from them.

usage: recompute_report.py report.json

Own arithmetic (fractions), own formulas from their definitions: shortfall and its parts, basis points, average price,
venue shares, and per fill effective spread, markouts, realised spread and impact. It does not rebuild the books, so
the mids and the interval VWAP are taken as stated. Exit code 1 and a line for each figure that differs.
"""
import json
import sys
from fractions import Fraction as F


def main(path):
    with open(path, encoding="utf-8") as file:
        report = json.load(file)
    wrong = []

    def same(name, stated, computed):
        if stated is None:
            if computed is not None:
                wrong.append(f"{name}: null is stated, {computed} computed")
            return
        value = F(int(stated["numerator"]), int(stated["denominator"])) if isinstance(stated, dict) else F(stated)
        if computed is None or value != computed:
            wrong.append(f"{name}: {value} is stated, {computed} computed")

    sign = 1 if report["task"]["side"] == "buy" else -1
    ordered = F(report["task"]["quantity"])
    fills = [entry["fill"] for entry in report["fills"]]
    filled = sum((F(fill["quantity"]) for fill in fills), F(0))
    decision, arrival, close = (
        None if mid["doubled_mid"] is None else F(mid["doubled_mid"]) / 2 for mid in report["mids"])
    same("filled", report["filled"], filled)

    def product(quantity, start, end):
        if quantity == 0:
            return F(0)
        return None if start is None or end is None else sign * quantity * (end - start)

    delay = product(filled, decision, arrival)
    opportunity = product(ordered - filled, decision, close)
    trading = F(0) if not fills else None if arrival is None else sign * sum(
        F(fill["quantity"]) * (F(fill["price"]) - arrival) for fill in fills)
    fees = sum((F(fill["fee"]) for fill in fills), F(0))
    parts = [delay, trading, opportunity, fees]
    total = None if None in parts else sum(parts)
    stated = report["shortfall"]
    for name, value in zip(["delay", "trading", "opportunity", "fees", "total"], parts + [total]):
        same(name, stated[name], value)
    same("basis_points", stated["basis_points"],
         None if total is None or decision is None else 10_000 * total / (ordered * decision))
    same("average_price", report["average_price"],
         None if not filled else sum(F(fill["quantity"]) * F(fill["price"]) for fill in fills) / filled)
    own = filled - F(report["filled_after_window"])
    everything = own + F(report["others_volume"])
    same("participation", report["participation_ppm"], 1_000_000 * own / everything if everything else None)
    for venue in report["venues"]:
        here = sum((F(fill["quantity"]) for fill in fills if fill["listing"] == venue["listing"]), F(0))
        same(f"share of {venue['listing']}", venue["share"], 100 * here / filled if filled else None)
    for entry in report["fills"]:
        price = 2 * F(entry["fill"]["price"])
        mid = entry["mid"]["doubled_mid"]
        effective = None if mid is None else sign * (price - F(mid))
        same(f"leaf {entry['leaf']} effective", entry["effective_spread"], effective)
        for horizon in entry["horizons"]:
            later = horizon["mid"]["doubled_mid"]
            name = f"leaf {entry['leaf']} {horizon['horizon']}"
            same(name + " markout", horizon["doubled_markout"], None if later is None else sign * (F(later) - price))
            same(name + " realised", horizon["realised_spread"], None if later is None else sign * (price - F(later)))
            same(name + " impact", horizon["impact"],
                 None if later is None or mid is None else sign * (F(later) - F(mid)))
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
