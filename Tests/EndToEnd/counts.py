# SPDX-License-Identifier: Apache-2.0
"""Counts and books of the shared captures against figures that were taken without this project: every figure of the
captures' own description, the ITCH book order by order, the Binance books row by row.

usage: counts.py EXPROVE ADAPTERS CAPTURES
"""
import csv
import io
import json
import re
import subprocess
import sys
from decimal import Decimal

import product

ITCH_LETTERS = dict(A=4758, D=4083, E=849, P=240, L=52, U=7, X=6, F=2, R=1, H=1, Y=1)


def summary(bench, feed):
    found = bench.json("normalize", "--summary", "--json", "--feed", feed)
    bench.hold(found["malformed"] == found["unknown"] == found["gaps"] == 0, found)
    return found


def rows(bench, feed):
    """Every event of a capture, as the command lists it."""
    out, _ = bench.expect(0, "normalize", "--format", "csv", "--feed", feed)
    return csv.DictReader(io.StringIO(out))


def binance_summaries(bench):
    figures = [
        (f"BINANCE=binance:{bench.spot}", 41249,
         dict(depthUpdate=3451, bookTicker=28040, trade=9757, snapshot=1), 1723161253937085768, 1723161599999231384),
        (f"UM=binance:{bench.usdm},market=usdm", 93954,
         dict(depthUpdate=6551, bookTicker=66089, trade=21313, snapshot=1), 1723161255030314667, 1723161599833492584)]
    for feed, frames, messages, first, last in figures:
        found = summary(bench, feed)
        bench.hold(found["by_message"] == messages and found["frames"] == frames, found)
        bench.hold((found["first_time"], found["last_time"]) == (first, last), found)
    both = [summary(bench, feed) for feed, *_ in figures]
    merged = bench.json("normalize", "--summary", "--feed", figures[0][0], "--feed", figures[1][0])
    for member in ["frames", "bytes", "events", "malformed", "unknown", "gaps", "instruments"]:
        bench.hold(merged[member] == both[0][member] + both[1][member], f"{member}: {merged[member]}")


def binance_last_trades(bench):
    """(Feed, number of the last trade, its price and quantity, best bid and ask at the end.)"""
    figures = [
        (f"BINANCE=binance:{bench.spot}", "3735693015", "61685.99", "0.0014", "61685.99", "61686"),
        (f"UM=binance:{bench.usdm},market=usdm", "5266605247", "61659.8", "0.076", "61659.7", "61659.8")]
    for feed, number, price, quantity, bid, ask in figures:
        trade, quotes = None, {}
        for row in rows(bench, feed):
            if row["kind"] == "trade":
                trade = row
            elif row["kind"] == "quote":
                quotes[row["side"]] = row["price"]
        bench.hold((trade["price"], trade["quantity"]) == (price, quantity), trade)
        bench.hold((quotes["buy"], quotes["sell"]) == (bid, ask), quotes)
        # The event leads to its bytes in the unpacked capture.
        unpacked = b"".join(product.lines_of(feed.split(":", 1)[1].split(",")[0]))
        source = json.loads(unpacked[int(trade["offset"]) :][: int(trade["length"])])
        bench.hold(str(source["data"]["t"]) == number, source)


def itch_summary(bench):
    found = summary(bench, product.itch_feed(bench.itch))
    bench.hold(found["by_message"] == ITCH_LETTERS and found["frames"] == 10000, found)
    seconds = [found[member] - product.ITCH_MIDNIGHT for member in ("first_time", "last_time")]
    bench.hold(seconds == [11234_909934345, 28770_516505496], seconds)


class Orders:
    """An order book by order, from the text of TotalView-ITCH 5.0 alone."""

    def __init__(self):
        self.live = {}
        self.executions = self.executed = self.hidden = 0
        self.last = None

    def apply(self, message):
        """Whether the displayed book changed."""
        letter, number = chr(message[0]), int.from_bytes(message[11:19], "big")
        if letter in "AF":
            self.live[number] = [chr(message[19]), field(message, 32, 4), field(message, 20, 4)]
        elif letter in "EC":
            shares = field(message, 19, 4)
            self.executions += 1
            self.executed += shares
            self.last = (field(message, 32, 4) if letter == "C" else self.live[number][1], shares)
            self.take(number, shares)
        elif letter == "X":
            self.take(number, field(message, 19, 4))
        elif letter == "D":
            del self.live[number]
        elif letter == "U":
            side = self.live.pop(number)[0]
            self.live[field(message, 19, 8)] = [side, field(message, 31, 4), field(message, 27, 4)]
        else:
            if letter == "P":
                self.hidden += field(message, 20, 4)
            return False
        return True

    def take(self, number, shares):
        self.live[number][2] -= shares
        if self.live[number][2] <= 0:
            del self.live[number]

    def levels(self, side):
        sums = {}
        for order_side, price, shares in self.live.values():
            if order_side == side:
                sums[price] = sums.get(price, 0) + shares
        return sorted(sums.items(), reverse=side == "B")

    def row(self, time, count):
        asks, bids = self.levels("S"), self.levels("B")
        cells = [str(time)]
        for level in range(count):
            for side in (asks, bids):
                cells += [dollars(side[level][0]), str(side[level][1])] if level < len(side) else ["", ""]
        return ",".join(cells)

    def crossed(self):
        """1 where the best bid is above the best ask, 0 where they are equal, else nothing."""
        asks, bids = self.levels("S")[:1], self.levels("B")[:1]
        return (bids[0][0] > asks[0][0]) - (bids[0][0] < asks[0][0]) if asks and bids else -1


def field(message, start, length):
    return int.from_bytes(message[start : start + length], "big")


def dollars(price):
    """A price at 1e-4 without trailing zeros."""
    text = f"{price // 10000}.{price % 10000:04d}".rstrip("0")
    return text.rstrip(".")


def itch_end_state(bench):
    """All levels of the whole book at the end, and the description's own figures of it."""
    book = Orders()
    for message in product.itch_messages(product.read(bench.itch)):
        book.apply(message)
    bids, asks = book.levels("B"), book.levels("S")
    sides = [order[0] for order in book.live.values()]
    ours = (f"live {len(book.live)} bids {sides.count('B')} asks {sides.count('S')} best bid {dollars(bids[0][0])} "
            f"{bids[0][1]} best ask {dollars(asks[0][0])} {asks[0][1]} executions {book.executions} shares "
            f"{book.executed} nondisplayed shares {book.hidden} last exec {book.last}")
    stated = product.read(bench.captures + "/itch50/end-state.txt").decode().strip()
    bench.hold(ours == stated, f"{ours} is not {stated}")
    time = product.ITCH_MIDNIGHT + 86_400 * 10**9
    count = max(len(bids), len(asks)) + 5
    out, _ = bench.expect(0, "book", "--instrument", "AAPL", "--levels", str(count), "--at", str(time), "--feed",
                          product.itch_feed(bench.itch))
    bench.hold(out.splitlines()[1] == book.row(time, count), "the whole depth at the end")
    counted = {"order_execute": [0, 0], "trade": [0, 0]}
    for row in rows(bench, product.itch_feed(bench.itch)):
        if row["kind"] in counted:
            counted[row["kind"]][0] += 1
            counted[row["kind"]][1] += int(row["quantity"])
    bench.hold(counted == {"order_execute": [849, 56086], "trade": [240, 25470]}, counted)


def itch_rows(bench):
    """The book after every change, and how many of them are crossed: none is left out."""
    hold_rows(bench, bench.itch)


def crossed_rows(bench):
    """The same capture with some bids far above the asks: most of its rows are crossed, and all are there."""
    messages = product.itch_messages(product.read(bench.itch))
    for index, message in enumerate(messages):
        if message[:1] == b"A" and message[19:20] == b"B" and index % 50 == 0:
            messages[index] = message[:32] + (field(message, 32, 4) + 50_000).to_bytes(4, "big") + message[36:]
    crossed = hold_rows(bench, bench.write("crossed.bin", product.itch_bytes(messages)))
    bench.hold(crossed > 1000, f"{crossed} rows are crossed")


def hold_rows(bench, path):
    """Every row of the book against the independent one; how many are crossed."""
    levels = 8
    expected, crossed, locked, time = [], 0, 0, 0
    book = Orders()
    for message in product.itch_messages(product.read(path)):
        time = max(time, product.ITCH_MIDNIGHT + field(message, 5, 6))
        if book.apply(message):
            expected.append(book.row(time, levels))
            crossed += book.crossed() == 1
            locked += book.crossed() == 0
    feed = product.itch_feed(path)
    out, error = bench.expect(0, "book", "--instrument", "AAPL", "--levels", str(levels), "--feed", feed)
    compare(bench, "AAPL", out.splitlines()[1:], expected)
    told(bench, error, crossed, locked)
    return crossed


def compare(bench, what, found, expected):
    differing = next((i for i, (one, two) in enumerate(zip(found, expected)) if one != two), None)
    if differing is not None:
        raise AssertionError(f"{what}: row {differing}: {found[differing]}, independently {expected[differing]}")
    bench.hold(len(found) == len(expected), f"{what}: {len(found)} rows, {len(expected)} by the independent book")


def told(bench, error, crossed, locked):
    match = re.search(r"(\d+) rows are crossed, (\d+) locked", error)
    found = (int(match[1]), int(match[2])) if match else (0, 0)
    bench.hold(found == (crossed, locked), f"{error}: {crossed} crossed and {locked} locked by the independent book")


def binance_rows(bench):
    """Both Binance books, every row of the whole capture from the snapshot on. Before it, the command shows what the
    updates told so far; the independent book begins with the snapshot and the updates that were waiting for it."""
    levels = 10
    program = product.HERE + "/../Independent/l2_book.py"

    def joined(rows, path):
        """The rows behind the snapshot, and before them the last one up to it."""
        snapshot = next(line for line in product.lines_of(path) if b'{"lastUpdateId"' in line)
        early = sum(int(row.split(",", 1)[0]) <= int(snapshot[:19]) for row in rows)
        return [rows[early - 1].split(",", 1)[1], *rows[early:]]

    def one(feed):
        path = feed.split(":", 1)[1].split(",")[0]
        independent = subprocess.run([sys.executable, program, path, str(levels), "1"], capture_output=True, check=True)
        expected = independent.stdout.decode().splitlines()
        out, error = bench.expect(0, "book", "--instrument", "BTCUSDT", "--levels", str(levels), "--feed", feed)
        return feed, joined(out.splitlines()[1:], path), joined(expected[1:], path), error

    for feed, found, expected, error in bench.parallel(
            one, [f"B=binance:{bench.spot}", f"B=binance:{bench.usdm},market=usdm"]):
        compare(bench, feed, found, expected)
        cells = [row.split(",") for row in expected[1:]]
        above = [Decimal(cell[3]) - Decimal(cell[1]) for cell in cells if cell[1] and cell[3]]
        bench.hold(len(above) > 3000, f"{len(above)} rows with both sides")
        told(bench, error, sum(d > 0 for d in above), sum(d == 0 for d in above))


if __name__ == "__main__":
    product.prove(
        "counts", binance_summaries, binance_last_trades, itch_summary, itch_end_state, itch_rows, crossed_rows,
        binance_rows)
