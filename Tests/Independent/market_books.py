# SPDX-License-Identifier: Apache-2.0
"""Books and trades from the exported events of a run (`exprove normalize --run DIR --format jsonl`), by the meanings that
event.h gives: order by order, price levels and quotes, shown only when a group ends with LAST. Own dictionaries and sorting
by `max` and `min`; prices are integers at 1e-9, quantities at 1e-18."""
import json


def fixed(text, places):
    """A decimal string as an integer at 10^-places, exactly."""
    whole, _, fraction = text.partition(".")
    assert len(fraction) <= places, text
    return int(whole + fraction.ljust(places, "0"))


class Instrument:
    """One listing at one venue."""

    def __init__(self, venue, symbol, scale):
        self.venue, self.symbol, self.scale = venue, symbol, scale
        self.orders = {}  # id: (side, price, quantity)
        self.by_price = {"buy": {}, "sell": {}}
        self.levels = {"buy": {}, "sell": {}}
        self.quote = {"buy": None, "sell": None}
        self.shows_orders = self.has_quotes = False

    def put(self, order, side, price, quantity):
        self.orders[order] = (side, price, quantity)
        book = self.by_price[side]
        book[price] = book.get(price, 0) + quantity

    def drop(self, order):
        side, price, quantity = self.orders.pop(order)
        rest = self.by_price[side][price] - quantity
        if rest:
            self.by_price[side][price] = rest
        else:
            del self.by_price[side][price]

    def take(self, order, quantity):
        side, price, standing = self.orders[order]
        self.drop(order)
        if standing > quantity:
            self.put(order, side, price, standing - quantity)

    def clear(self):
        self.orders.clear()
        for side in ("buy", "sell"):
            self.by_price[side].clear()
            self.levels[side].clear()
            self.quote[side] = None

    def best(self):
        """Best bid and ask: of single orders where the venue shows them, else its quotes, else its levels."""
        if not self.shows_orders and self.has_quotes:
            return self.quote["buy"], self.quote["sell"]
        book = self.by_price if self.shows_orders else self.levels
        return (max(book["buy"]) if book["buy"] else None), (min(book["sell"]) if book["sell"] else None)


class Market:
    """What the venues have shown so far. `on_trade(instrument, match, price, quantity, time)` is told each eligible trade,
    `on_break(instrument, match)` each trade that was taken back."""

    def __init__(self, on_trade, on_break):
        self.instruments = {}
        self.group = []
        self.on_trade, self.on_break = on_trade, on_break
        self.gaps = 0

    def event(self, event, time):
        """Takes the next event. Nothing of it is seen before its group is complete."""
        self.group.append((event, time))
        if "last" in event["flags"]:
            for waiting, at in self.group:
                self.apply(waiting, at)
            self.group.clear()

    def apply(self, event, time):
        kind, name = event["kind"], (event["venue"], event["instrument"])
        if kind == "gap":
            self.gaps += 1
            return
        if event["instrument"] is None:
            return
        if kind == "instrument" and name not in self.instruments:
            self.instruments[name] = Instrument(*name, event["level"])
        found = self.instruments[name]
        if kind.startswith("order_"):
            self.order(found, kind[6:], event, time)
        elif kind == "level":
            book, price = found.levels[event["side"]], fixed(event["price"], 9)
            quantity = fixed(event["quantity"], 18)
            if quantity:
                book[price] = quantity
            else:
                book.pop(price, None)
        elif kind == "quote":
            found.has_quotes = True
            found.quote[event["side"]] = fixed(event["price"], 9) if fixed(event["quantity"], 18) else None
        elif kind == "clear":
            found.clear()
        elif kind == "trade":
            price = None if event["price"] is None else fixed(event["price"], 9)
            self.trade(found, event, price, time)
        elif kind == "trade_break":
            self.on_break(found, int(event["aux"]))

    def order(self, found, kind, event, time):
        found.shows_orders = True
        order, side, quantity = event["order_id"], event["side"], fixed(event["quantity"], 18)
        price = None if event["price"] is None else fixed(event["price"], 9)
        if kind == "add" and side and quantity > 0:
            if order in found.orders:
                found.drop(order)
            found.put(order, side, price, quantity)
        elif kind == "modify":
            if order in found.orders:
                side = found.orders[order][0]
                found.drop(order)
                if quantity:
                    found.put(order, side, price, quantity)
        elif kind == "replace":
            old = event["aux"]
            if old in found.orders:
                side = side or found.orders[old][0]
                found.drop(old)
            if side and quantity:
                if order in found.orders:
                    found.drop(order)
                found.put(order, side, price, quantity)
        elif kind == "delete":
            if order in found.orders:
                found.drop(order)
        elif kind == "reduce":
            if order in found.orders:
                found.take(order, quantity)
        elif kind == "execute":
            if "resting_price" in event["flags"]:
                price = found.orders[order][1] if order in found.orders else None
            if order in found.orders:
                found.take(order, quantity)
            self.trade(found, event, price, time)

    def trade(self, found, event, price, time):
        """Eligible: counts towards volume, is no auction, and has a price."""
        quantity, flags = fixed(event["quantity"], 18), event["flags"]
        if "volume" in flags and "cross" not in flags and price is not None and quantity > 0:
            self.on_trade(found, int(event["aux"]), price, quantity, time)


def read(path):
    """The exported events, one after the other."""
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)
