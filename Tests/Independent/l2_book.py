# SPDX-License-Identifier: Apache-2.0
"""Builds a Binance book from its snapshot and depth updates with Python's own dict, Decimal and sort, and prints the CSV
rows that `exprove book` should give: l2_book.py FILE LEVELS EVERY."""
import gzip
import json
import sys
from decimal import Decimal


def text(value):
    result = format(value.normalize(), "f")
    return result


def main():
    path, levels, every = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    bids, asks = {}, {}
    snapshot, waiting, updates = None, [], 0
    names = ["time"]
    for level in range(1, levels + 1):
        names += [f"ask_price_{level}", f"ask_size_{level}", f"bid_price_{level}", f"bid_size_{level}"]
    print(",".join(names))

    def put(book, rows):
        for price, size in rows:
            price, size = Decimal(price), Decimal(size)
            if size == 0:
                book.pop(price, None)
            else:
                book[price] = size

    def update(time, data):
        nonlocal updates
        if data["u"] <= snapshot:
            return
        put(bids, data["b"])
        put(asks, data["a"])
        updates += 1
        if updates % every:
            return
        best_asks = sorted(asks)[:levels]
        best_bids = sorted(bids, reverse=True)[:levels]
        row = [time]
        for level in range(levels):
            for best, book in ((best_asks, asks), (best_bids, bids)):
                row += [text(best[level]), text(book[best[level]])] if level < len(best) else ["", ""]
        print(",".join(row))

    with gzip.open(path, "rt") as lines:
        for line in lines:
            time, body = line.rstrip("\n").split(" ", 1)
            message = json.loads(body)
            if "lastUpdateId" in message:
                snapshot = message["lastUpdateId"]
                bids.clear()
                asks.clear()
                put(bids, message["bids"])
                put(asks, message["asks"])
                for earlier in waiting:
                    update(*earlier)
                waiting = []
            elif message["data"].get("e") == "depthUpdate":
                if snapshot is None:
                    waiting.append((time, message["data"]))
                else:
                    update(time, message["data"])


main()
