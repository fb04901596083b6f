# SPDX-License-Identifier: Apache-2.0
"""Writes the fuzzer's corpus, one frame a line: every synthetic message, and some of the captures where they are."""

import gzip
import json
import sys

import binding as b
import market_test as market
import orders_test as orders


def frames():
    yield from (market.trade(), market.trade(X="ADL"), market.trade(s="ETHUSDT"), '{"result":null,"id":1}')
    yield '{"e":"aggTrade","E":1,"a":5,"s":"BTCUSDT","p":"1","q":"2","f":1,"l":3,"T":5,"m":false}'
    yield '{"stream":"btcusdt@bookTicker","data":{"u":9,"s":"BTCUSDT","b":"1.5","B":"1","a":"1.6","A":"2"}}'
    yield '{"e":"bookTicker","u":9,"s":"BTCUSDT","b":"1.5","B":"1","a":"1.6","A":"2","T":5,"E":6}'
    for i in range(1, 12):
        yield market.depth(10 * i, 10 * i + 9, [[str(i), "1"], ["2", "0"]], [["5", "1"]] * i)
        yield market.depth(10 * i, 10 * i + 9, [["1", str(i)]], [["7.5", "1"]], previous=10 * i - 1)
        yield market.snapshot(10 * i + 4, [["1", "1"]] * i, [["3", "4"]])
    yield market.snapshot(3, [], [], E=5, T=4)
    yield '{"stream":"btcusdt@depth5","data":%s}' % market.snapshot(77, [["1", "1"]], [["3", "4"]])
    yield '{"stream":"ethusdt@depth5@100ms","data":%s}' % market.depth(8, 9, [["1", "2"]], previous=7, symbol="ETHUSDT")
    for x in ("NEW", "TRADE", "CANCELED", "EXPIRED", "REJECTED", "REPLACED", "TRADE_PREVENTION", "AMENDMENT"):
        fill = {"l": "0.1", "L": "5", "z": "0.1", "t": 8} if x == "TRADE" else {}
        yield orders.report(x=x, X=x, A="0.5", B="0.5", **fill)
        yield orders.report(x=x, X=x, C="xp-7", c="foreign", **fill)
        yield orders.update(x=x, X="FILLED" if fill else x, er=1, **fill)
    for name in ("spot", "usdm"):
        s = orders.session(name)
        for action in (1, 2, 3):
            yield s.encode(**orders.order(action)).decode()
            yield s.encode(**orders.order(action, order_id=43, previous_id=42 if action == 3 else 0)).decode()
    for code in (-2010, -1007):
        for name in ("xn2a", "xc2a", "xr2b-2a", "foreign"):
            yield orders.answer(name, code=code, msg="Order would immediately match and take.")
    yield orders.answer("xr2b-2a", 409, -2021, "x", {"cancelResult": "FAILURE", "newOrderResult": "NOT_ATTEMPTED",
                                                     "cancelResponse": {"code": -2011, "msg": "Unknown order sent."},
                                                     "newOrderResponse": None})
    yield '{"id":"xn2a","status":200,"result":{"orderId":1},"rateLimits":[]}'
    yield '{"e":"outboundAccountPosition","E":1,"u":1,"B":[{"a":"ETH","f":"1","l":"0"}]}'
    folder = b.data_folder()
    for name in ("spot", "usdm") if folder else ():
        with gzip.open(f"{folder}/{name}_btcusdt_20240808.gz") as f:
            for _, line in zip(range(80), f):
                yield line.decode().rstrip("\n").split(" ", 1)[1]


if __name__ == "__main__":
    with open(sys.argv[1], "w") as out:
        for frame in frames():
            out.write(json.dumps(json.loads(frame), separators=(",", ":")) + "\n")
