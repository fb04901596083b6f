# SPDX-License-Identifier: Apache-2.0
"""Order entry both ways: requests as the venue documents them, their echo, reports and answers."""

import json
import random
import unittest
from decimal import Decimal

import binding as b

LIB = b.library()
T0 = 1700000000000
NEW, CANCEL, REPLACE = 1, 2, 3


def session(market="spot", **more):
    return LIB.session(channel=b.ORDER_ENTRY, framing=b.MESSAGE, market=market, **more)


def order(action=NEW, **more):
    fields = dict(action=action, side=b.BUY, order_id=42, price=61685_990_000_000, quantity=1400000, quantity_scale=9,
                  time=T0 * 1000000 + 999)
    if action == CANCEL:
        fields.update(quantity=0, price=0)
    if action == REPLACE:
        fields["previous_id"] = 41
    fields.update(more)
    return fields


def report(**more):
    """A spot executionReport with the fields that Binance documents."""
    m = {"e": "executionReport", "E": T0 + 1, "s": "ETHBTC", "c": "xp-42", "S": "BUY", "o": "LIMIT", "f": "GTC",
         "q": "1.00000000", "p": "0.10264410", "P": "0.00000000", "F": "0.00000000", "g": -1, "C": "", "x": "NEW",
         "X": "NEW", "r": "NONE", "i": 4293153, "l": "0.00000000", "z": "0.00000000", "L": "0.00000000", "n": "0",
         "N": None, "T": T0, "t": -1, "I": 8641984, "w": True, "m": False, "M": False, "O": T0, "Z": "0.00000000",
         "Y": "0.00000000", "Q": "0.00000000", "W": T0, "V": "NONE"}
    m.update(more)
    return json.dumps(m)


def update(**more):
    """A USD-M ORDER_TRADE_UPDATE."""
    o = {"s": "BTCUSDT", "c": "xp-42", "S": "SELL", "o": "LIMIT", "f": "GTC", "q": "0.500", "p": "61000.1", "ap": "0",
         "sp": "0", "x": "NEW", "X": "NEW", "i": 8886774, "l": "0", "z": "0", "L": "0", "N": "USDT", "n": "0",
         "T": T0, "t": 0, "b": "0", "a": "9.91", "m": False, "R": False, "wt": "CONTRACT_PRICE", "ot": "LIMIT",
         "ps": "BOTH", "cp": False, "rp": "0", "pP": False, "si": 0, "ss": 0, "V": "NONE", "pm": "NONE", "gtd": 0}
    o.update(more)
    return json.dumps({"e": "ORDER_TRADE_UPDATE", "E": T0 + 2, "T": T0 + 1, "o": o})


def answer(request_id, status=400, code=-2010, msg="", data=None):
    error = {"code": code, "msg": msg}
    if data is not None:
        error["data"] = data
    return json.dumps({"id": request_id, "status": status, "error": error, "rateLimits": [{"limit": 50}]})


class Encode(unittest.TestCase):
    def params(self, market, **fields):
        s = session(market)
        before = s.save()
        request = json.loads(s.encode(**fields))
        self.assertEqual(s.save(), before)
        self.assertEqual(set(request), {"id", "method", "params"})
        self.assertLessEqual(len(request["id"]), 36)
        return request["method"], request["params"]

    def test_new(self):
        want = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "price": "61685.99",
                "quantity": "0.0014", "newClientOrderId": "xp-42", "timestamp": T0}
        for market in ("spot", "usdm"):
            self.assertEqual(self.params(market, **order()), ("order.place", want))
            self.assertEqual(self.params(market, **order(time_in_force=1)),
                             ("order.place", {**want, "timeInForce": "IOC"}))
        self.assertEqual(self.params("usdm", **order(post_only=1, side=b.SELL)),
                         ("order.place", {**want, "timeInForce": "GTX", "side": "SELL"}))
        maker = {**want, "type": "LIMIT_MAKER"}
        del maker["timeInForce"]
        self.assertEqual(self.params("spot", **order(post_only=1)), ("order.place", maker))
        del want["timestamp"]
        self.assertEqual(self.params("spot", **order(time=0)), ("order.place", want))

    def test_cancel_and_replace(self):
        for market in ("spot", "usdm"):
            self.assertEqual(self.params(market, **order(CANCEL)), (
                "order.cancel", {"symbol": "BTCUSDT", "origClientOrderId": "xp-42", "timestamp": T0}))
        self.assertEqual(self.params("spot", **order(REPLACE)), ("order.cancelReplace", {
            "symbol": "BTCUSDT", "cancelReplaceMode": "STOP_ON_FAILURE", "cancelOrigClientOrderId": "xp-41",
            "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "price": "61685.99", "quantity": "0.0014",
            "newClientOrderId": "xp-42", "timestamp": T0}))
        self.assertEqual(self.params("usdm", **order(REPLACE)), ("order.modify", {
            "symbol": "BTCUSDT", "origClientOrderId": "xp-41", "side": "BUY", "price": "61685.99",
            "quantity": "0.0014", "timestamp": T0}))

    def test_what_the_venue_cannot_express(self):
        cases = [order(order_id=0), order(symbol=""), order(symbol='A"B'), order(symbol="A B"), order(side=0),
                 order(side=3), order(price=0), order(price=-1), order(price=1), order(quantity=0), order(quantity=-5),
                 order(quantity=1, quantity_scale=9), order(quantity_scale=19), order(time=-1), order(action=4),
                 order(action=0), order(time_in_force=4), order(post_only=2), order(post_only=1, time_in_force=1),
                 order(CANCEL, quantity=5), order(REPLACE, previous_id=0), order(REPLACE, previous_id=42),
                 order(symbol_size=33)]
        for fields in cases:
            with self.assertRaises(ValueError) as caught:
                session().encode(**fields)
            status, text = caught.exception.args
            self.assertEqual(status, b.INVALID)
            self.assertGreater(len(text), 10)
        with self.assertRaises(ValueError):
            session("usdm").encode(**order(REPLACE, time_in_force=1))

    def test_numbers_come_back(self):
        rng = random.Random(5)
        for market in ("spot", "usdm"):
            s = session(market)
            for i in range(3000):
                scale = rng.randrange(0, 19)
                quantity = rng.randrange(1, 10 ** rng.randrange(1, 17))
                if scale > 8:
                    quantity = quantity % 10**8 * 10 ** (scale - 8) or 10**scale
                price = rng.randrange(1, 10 ** rng.randrange(2, 18)) * 10 or 10
                if quantity >= 2**63 or Decimal(quantity).scaleb(8 - scale) >= 2**63 or price >= 2**63:
                    continue
                fields = order(rng.choice((NEW, REPLACE)), order_id=rng.randrange(1, 2**64), price=price,
                               previous_id=rng.randrange(1, 2**63), quantity=quantity, quantity_scale=scale,
                               side=rng.choice((1, 2)))
                frame = s.encode(**fields)
                params = json.loads(frame)["params"]
                self.assertEqual(Decimal(params["price"]).scaleb(9), price)
                self.assertEqual(Decimal(params["quantity"]).scaleb(scale), quantity)
                e = session(market).decode(frame, flags=b.OUTBOUND)[0][-1]
                replace = fields["action"] == REPLACE
                self.assertEqual(
                    (e.kind, e.order, e.aux, e.price, e.quantity, e.side, e.time, e.flags),
                    ("OWN_REPLACE_REQUEST" if replace else "OWN_NEW", fields["order_id"],
                     fields["previous_id"] if replace else 0, price, int(Decimal(quantity).scaleb(8 - scale)),
                     fields["side"], T0 * 1000000, b.LAST))

    def test_longest_request_fits(self):
        most = 2**64 - 1
        for market in ("spot", "usdm"):
            frame = session(market).encode(**order(REPLACE, order_id=most, previous_id=most - 1, symbol="X" * 32,
                                                   price=2**63 - 8, quantity=2**63 - 1, quantity_scale=0,
                                                   time=2**63 - 1))
            self.assertLess(len(frame), 512)
            self.assertLessEqual(len(json.loads(frame)["id"]), 36)


class Sent(unittest.TestCase):
    def test_signed_by_the_gateway(self):
        s = session()
        request = json.loads(s.encode(**order()))
        request["params"].update(apiKey="k" * 64, signature="f" * 64, recvWindow=5000)
        text, instrument, e = s.one(json.dumps(request), flags=b.OUTBOUND)
        self.assertEqual((text.text, e.kind, e.order, e.instrument), ("BTCUSDT", "OWN_NEW", 42, 0))
        self.assertEqual(s.counters()["order.place"], 1)

    def test_cancel(self):
        for market in ("spot", "usdm"):
            s = session(market)
            e = s.one(s.encode(**order(CANCEL)), flags=b.OUTBOUND)[-1]
            self.assertEqual((e.kind, e.order, e.quantity, e.side), ("OWN_CANCEL_REQUEST", 42, 0, 0))
        by_number = {"id": 1, "method": "order.cancel", "params": {"symbol": "BTCUSDT", "orderId": 5}}
        self.assertEqual(session().one(json.dumps(by_number), flags=b.OUTBOUND)[0].kind, "NOTICE")

    def test_foreign_orders(self):
        s = session()
        request = {"id": 5, "method": "order.place", "params": {
            "symbol": "BTCUSDT", "side": "SELL", "type": "MARKET", "quantity": "1", "newClientOrderId": "web_abc"}}
        symbol, instrument, name, e = s.one(json.dumps(request), flags=b.OUTBOUND)
        self.assertEqual((name.text, e.kind, e.order), ("web_abc", "OWN_NEW", name.instrument))
        self.assertEqual(e.flags, b.LAST | b.TEXT_ID | b.NO_PRICE | b.NO_TIME)
        (e,) = s.one(report(s="BTCUSDT", c="web_abc"))
        self.assertEqual((e.kind, e.order, e.flags), ("OWN_ACKNOWLEDGED", 1, b.LAST | b.TEXT_ID))
        for foreign in ("xp-042", "xp-", "xp-0", "xp-1x", "xp-18446744073709551616", "XP-1"):
            self.assertTrue(s.one(report(s="BTCUSDT", c=foreign))[-1].flags & b.TEXT_ID)
        self.assertFalse(s.one(report(s="BTCUSDT", c="xp-18446744073709551615"))[-1].flags & b.TEXT_ID)
        both = s.one(report(s="SAME", c="SAME"))
        self.assertEqual([e.kind for e in both], ["TEXT", "INSTRUMENT", "OWN_ACKNOWLEDGED"])

    def test_bad_requests(self):
        good = {"id": 5, "method": "order.place", "params": {"symbol": "B", "side": "BUY", "type": "LIMIT",
                                                              "price": "1",
                                                              "quantity": "1", "newClientOrderId": "xp-1"}}
        for key, value in (("symbol", None), ("side", "buy"), ("quantity", 1), ("price", 1), ("timestamp", "1"),
                           ("newClientOrderId", 7), ("newClientOrderId", "x" * 40)):
            bad = json.loads(json.dumps(good))
            bad["params"][key] = value
            self.assertEqual(session().one(json.dumps(bad), flags=b.OUTBOUND)[0].kind, "MALFORMED", key)
        self.assertEqual(session().one('{"id":1,"method":"order.place"}', flags=b.OUTBOUND)[0].kind, "MALFORMED")
        self.assertEqual(session().one('{"id":1,"method":"ping"}', flags=b.OUTBOUND)[0].kind, "NOTICE")
        self.assertEqual(session().one(json.dumps(good))[0].kind, "NOTICE")  # received, not sent: an answer at most


class Spot(unittest.TestCase):
    def last(self, s=None, **more):
        return (s or session()).one(report(**more))[-1]

    def test_acknowledged(self):
        e = self.last()
        self.assertEqual((e.kind, e.order, e.aux, e.price, e.quantity, e.side, e.time, e.flags),
                         ("OWN_ACKNOWLEDGED", 42, 4293153, 102644100, 10**8, b.BUY, T0 * 1000000, b.LAST))
        self.assertEqual(self.last(o="MARKET", p="0.00000000").flags, b.LAST | b.NO_PRICE)
        wrapped = json.dumps({"subscriptionId": 0, "event": json.loads(report())})
        self.assertEqual(session().one(wrapped)[-1].kind, "OWN_ACKNOWLEDGED")

    def test_filled(self):
        e = self.last(x="TRADE", X="PARTIALLY_FILLED", l="0.4", L="0.1", z="0.4", t=99, m=True, S="SELL")
        self.assertEqual((e.kind, e.order, e.aux, e.price, e.quantity, e.side, e.flags),
                         ("OWN_FILLED", 42, 99, 10**8, 4 * 10**7, b.SELL, b.LAST | b.MAKER))
        self.assertEqual(self.last(x="TRADE", X="FILLED", l="1", L="0.1", z="1", t=99).flags, b.LAST)
        for bad in ({"t": -1}, {"l": "0"}, {"m": None}):
            fields = {"x": "TRADE", "X": "FILLED", "l": "1", "L": "0.1", "z": "1", "t": 9, **bad}
            self.assertEqual(self.last(**fields).kind, "MALFORMED")

    def test_cancelled(self):
        e = self.last(x="CANCELED", X="CANCELED", c="random22characters", C="xp-42", z="0.25")
        self.assertEqual((e.kind, e.order, e.quantity, e.level, e.aux), ("OWN_CANCELLED", 42, 75 * 10**6, 1, 4293153))
        self.assertEqual(self.last(x="EXPIRED", X="EXPIRED", f="IOC").level, 2)
        self.assertEqual(self.last(x="EXPIRED", X="EXPIRED_IN_MATCH").level, 3)
        e = self.last(x="TRADE_PREVENTION", X="EXPIRED_IN_MATCH", z="0.25", A="0.5", B="0.5", v=3)
        self.assertEqual((e.kind, e.quantity, e.level), ("OWN_CANCELLED", 75 * 10**6, 3))
        e = self.last(x="TRADE_PREVENTION", X="PARTIALLY_FILLED", z="0.25", A="0.5", B="0.1", v=3)
        self.assertEqual(e.quantity, 10**7)
        self.assertEqual(self.last(x="CANCELED", X="CANCELED", z="1.5").kind, "MALFORMED")

    def test_rejected_and_replaced(self):
        for text, level in (("WOULD_MATCH_IMMEDIATELY", 4), ("INSUFFICIENT_BALANCES", 10), ("OCO_BAD_PRICES", 0)):
            e = self.last(x="REJECTED", X="REJECTED", r=text)
            self.assertEqual((e.kind, e.order, e.level, e.aux), ("OWN_REJECTED", 42, level,
                                                                 int.from_bytes(text[:8].encode(), "little")))
        e = self.last(x="REPLACED", X="PARTIALLY_FILLED", c="xp-43", C="xp-42", q="0.8", z="0.3")
        self.assertEqual((e.kind, e.order, e.aux, e.quantity, e.price), ("OWN_REPLACED", 43, 42, 5 * 10**7, 102644100))
        self.assertEqual(self.last(x="SOMETHING").kind, "UNKNOWN")

    def test_refused_requests(self):
        s = session()
        texts = {"Order would immediately match and take.": 4, "Duplicate order sent.": 9, "Market is closed.": 5,
                 "Account has insufficient balance for requested action.": 10, "Filter failure: PRICE_FILTER": 7,
                 "Filter failure: PERCENT_PRICE_BY_SIDE": 7, "Filter failure: LOT_SIZE": 8,
                 "Filter failure: NOTIONAL": 8,
                 "Filter failure: MAX_NUM_ORDERS": 10, "Something new.": 0}
        for text, level in texts.items():
            (e,) = s.one(answer(json.loads(s.encode(**order()))["id"], msg=text))
            self.assertEqual((e.kind, e.order, e.aux, e.level, e.instrument, e.flags),
                             ("OWN_REJECTED", 42, 2010, level, b.NO_INSTRUMENT, b.LAST | b.NO_TIME))
        (e,) = s.one(answer(json.loads(s.encode(**order(CANCEL)))["id"], code=-2011, msg="Unknown order sent."))
        self.assertEqual((e.kind, e.order, e.aux, e.level), ("OWN_CANCEL_REJECTED", 42, 2011, 11))
        self.assertEqual(s.one(answer("xn2a", code=-1121, msg="Invalid symbol."))[0].level, 6)
        # Nobody knows what became of these.
        for status, code in ((504, -1007), (400, -1006), (500, -1000)):
            self.assertEqual(s.one(answer("xn2a", status, code))[0].kind, "NOTICE")
        self.assertEqual(s.one(answer("xn2a", 503, -1008))[0].kind, "OWN_REJECTED")
        for foreign in ("xn", "xn02a", "xn2A", "xn2a-1", "xq2a", "xr2a", "xr2a-", "xn" + "f" * 17, "9ca10e58", 5, None):
            self.assertEqual(s.one(answer(foreign))[0].kind, "NOTICE", foreign)
        self.assertEqual(s.one('{"id":"xn2a","status":200,"result":{"orderId":1}}')[0].kind, "NOTICE")

    def test_refused_replacements(self):
        s = session()
        name = json.loads(s.encode(**order(REPLACE)))["id"]
        unknown, cross = {"code": -2011, "msg": "Unknown order sent."}, {
            "code": -2010, "msg": "Order would immediately match and take."}
        done = {"symbol": "BTCUSDT", "status": "CANCELED"}

        def events(status, code, cancel, new, old_answer, new_answer):
            data = {"cancelResult": cancel, "newOrderResult": new, "cancelResponse": old_answer,
                    "newOrderResponse": new_answer}
            return [(e.kind, e.order, e.aux, e.level) for e in s.one(answer(name, status, code, "x", data))]

        self.assertEqual(events(400, -2022, "FAILURE", "NOT_ATTEMPTED", unknown, None),
                         [("OWN_CANCEL_REJECTED", 41, 2011, 11), ("OWN_REJECTED", 42, 2011, 11)])
        self.assertEqual(events(409, -2021, "SUCCESS", "FAILURE", done, cross), [("OWN_REJECTED", 42, 2010, 4)])
        self.assertEqual(events(400, -2022, "FAILURE", "FAILURE", unknown, cross),
                         [("OWN_CANCEL_REJECTED", 41, 2011, 11), ("OWN_REJECTED", 42, 2010, 4)])
        self.assertEqual(events(409, -2021, "FAILURE", "SUCCESS", unknown, done),
                         [("OWN_CANCEL_REJECTED", 41, 2011, 11)])
        both = s.one(answer(name, 429, -1015, "Too many new orders; current limit is 50 orders per 10 SECOND."))
        self.assertEqual([(e.kind, e.aux) for e in both], [("OWN_CANCEL_REJECTED", 1015), ("OWN_REJECTED", 1015)])


class Usdm(unittest.TestCase):
    def last(self, s=None, **more):
        return (s or session("usdm")).one(update(**more))[-1]

    def test_reports(self):
        e = self.last()
        self.assertEqual((e.kind, e.order, e.aux, e.price, e.quantity, e.side, e.time),
                         ("OWN_ACKNOWLEDGED", 42, 8886774, 61000_100_000_000, 5 * 10**7, b.SELL, (T0 + 1) * 1000000))
        e = self.last(x="TRADE", X="FILLED", l="0.5", L="61000.2", z="0.5", t=7, m=True)
        self.assertEqual((e.kind, e.aux, e.quantity, e.flags), ("OWN_FILLED", 7, 5 * 10**7, b.LAST | b.MAKER))
        e = self.last(x="CANCELED", X="CANCELED", z="0.2")
        self.assertEqual((e.kind, e.quantity, e.level), ("OWN_CANCELLED", 3 * 10**7, 1))
        for more, level in (({}, 2), ({"er": 1}, 3), ({"er": "2"}, 2), ({"er": 5}, 10), ({"f": "GTX"}, 4),
                            ({"f": "GTX", "z": "0.1"}, 2), ({"er": "7"}, 5)):
            self.assertEqual(self.last(x="EXPIRED", X="EXPIRED", **more).level, level, more)
        self.assertEqual(self.last(x="EXPIRED", X="EXPIRED_IN_MATCH").level, 3)
        e = self.last(x="CALCULATED", X="FILLED", c="autoclose-123", l="0.5", L="61000.2", z="0.5", t=7)
        self.assertEqual((e.kind, e.flags), ("OWN_FILLED", b.LAST | b.TEXT_ID))
        self.assertEqual(session("usdm").one('{"e":"ORDER_TRADE_UPDATE","E":1,"T":1}')[0].kind, "MALFORMED")

    def test_refused(self):
        s = session("usdm")
        for code, level in ((-5022, 4), (-2019, 10), (-4014, 7), (-4164, 8), (-1121, 6), (-4116, 9), (-2011, 11)):
            self.assertEqual(s.one(answer("xn2a", code=code, msg="x"))[0].level, level)
        self.assertEqual(session().one(answer("xn2a", code=-2019, msg="x"))[0].level, 0)

    def send(self, s, **fields):
        return s.one(s.encode(**order(**fields)), flags=b.OUTBOUND)[-1]

    def test_a_modified_order_keeps_its_client_id(self):
        s = session("usdm")
        self.send(s, order_id=1)
        self.last(s, c="xp-1")
        e = self.send(s, action=REPLACE, order_id=2, previous_id=1)
        self.assertEqual((e.kind, e.order, e.aux), ("OWN_REPLACE_REQUEST", 2, 1))
        self.assertEqual(self.last(s, c="xp-1", x="TRADE", X="PARTIALLY_FILLED", l="0.1", L="1", z="0.1", t=1).order, 1)
        e = self.last(s, c="xp-1", x="AMENDMENT", X="PARTIALLY_FILLED", z="0.1")
        self.assertEqual((e.kind, e.order, e.aux, e.quantity), ("OWN_REPLACED", 2, 1, 4 * 10**7))
        self.assertEqual(self.last(s, c="xp-1", x="TRADE", X="PARTIALLY_FILLED", l="0.1", L="1", z="0.2", t=2).order, 2)
        # Two more at once; the first is refused.
        frame = s.encode(**order(REPLACE, order_id=3, previous_id=2))
        self.assertEqual(json.loads(frame)["params"]["origClientOrderId"], "xp-1")
        refused = json.loads(frame)["id"]
        s.one(frame, flags=b.OUTBOUND)
        self.send(s, action=REPLACE, order_id=4, previous_id=2)
        pair = s.one(answer(refused, code=-4014, msg="Price not increased by tick size."))
        self.assertEqual([(e.kind, e.order, e.level) for e in pair],
                         [("OWN_CANCEL_REJECTED", 2, 7), ("OWN_REJECTED", 3, 7)])
        saved = s.save()
        s.load(saved)
        self.assertEqual(s.save(), saved)
        e = self.last(s, c="xp-1", x="AMENDMENT", X="PARTIALLY_FILLED", z="0.2")
        self.assertEqual((e.kind, e.order, e.aux), ("OWN_REPLACED", 4, 2))
        frame = s.encode(**order(CANCEL, order_id=4))
        self.assertEqual(json.loads(frame)["params"]["origClientOrderId"], "xp-1")
        e = s.one(frame, flags=b.OUTBOUND)[-1]
        self.assertEqual((e.kind, e.order), ("OWN_CANCEL_REQUEST", 4))
        e = self.last(s, c="xp-1", x="CANCELED", X="CANCELED", z="0.2")
        self.assertEqual((e.kind, e.order), ("OWN_CANCELLED", 4))
        self.assertEqual(self.last(s, c="xp-1").order, 1)  # forgotten with the order
        self.assertEqual(self.last(s, c="xp-9", x="AMENDMENT").aux, 9)  # modified by somebody else


if __name__ == "__main__":
    unittest.main()
