# SPDX-License-Identifier: Apache-2.0
"""OUCH 4.2 as the specification has it, written apart from the adapter: messages and the events they turn into."""

import struct

from abi import *
from itch_oracle import DAY, SIDE, is_field

# What clients send: behind the type. What the venue sends: behind type and 8-byte time stamp.
SENT = {"O": ">14scI8sII4scccIcc", "U": ">14s14sIIIccI", "X": ">14sI", "M": ">14scI", "N": ">14s"}
GOT = {"S": ">c", "A": ">14scI8sII4scQccIccc", "U": ">14scI8sII4scQccIcc14sc", "C": ">14sIc", "D": ">14sIcIIc",
       "E": ">14sIIcQ", "G": ">14sIIcQIc", "F": ">14sIIcQc", "B": ">14sQc", "J": ">14sc", "P": ">14s", "I": ">14s",
       "T": ">14sIcQ", "M": ">14scI"}
SENT_LENGTHS = {t: 1 + struct.calcsize(f) for t, f in SENT.items()}
GOT_LENGTHS = {t: 9 + struct.calcsize(f) for t, f in GOT.items()}
assert SENT_LENGTHS == dict(O=49, U=47, X=19, M=20, N=15)
assert GOT_LENGTHS == dict(S=10, A=66, U=80, C=28, D=37, E=40, G=45, F=41, B=32, J=24, P=23, I=23, T=36, M=28)
SIDES = {b"B": 1, b"S": 2, b"T": 2, b"E": 2}
MARKET = 0x7FFFFFFF
REQUESTED, EXPIRED, SELF_TRADE, WOULD_CROSS, HALTED, UNKNOWN_SYMBOL, PRICE, QUANTITY, _, RISK = range(1, 11)
SUPERVISORY = 12
CANCELS = dict(U=REQUESTED, I=EXPIRED, T=EXPIRED, C=EXPIRED, E=EXPIRED, Q=SELF_TRADE, F=WOULD_CROSS, G=WOULD_CROSS,
               H=HALTED, K=PRICE, X=PRICE, S=SUPERVISORY, Z=SUPERVISORY)
REJECTS = dict(H=HALTED, S=UNKNOWN_SYMBOL, X=PRICE, W=PRICE, N=QUANTITY, Z=QUANTITY)
ADDED, CROSSED = "AJWk78efj45gabcxy", "OMCLHKNI"
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def token(number):
    digits = ""
    for _ in range(13):
        number, digit = divmod(number, 36)
        digits = DIGITS[digit] + digits
    assert number == 0
    return b"X" + digits.encode()


def number_of(raw):
    if raw[:1] != b"X" or any(chr(b) not in DIGITS for b in raw[1:]):
        return 0
    value = int(raw[1:], 36)
    return value if value < 2**64 else 0


def sent(kind, *fields):
    return kind.encode() + struct.pack(SENT[kind], *fields)


def got(kind, time, *fields):
    return kind.encode() + struct.pack(">Q", time) + struct.pack(GOT[kind], *fields)


class Malformed(Exception):
    pass


class OuchOracle:
    def __init__(self, day_start):
        self.day_start, self.number, self.texts = day_start, 0, 0
        self.symbols, self.orders = {}, {}
        self.counts = {**{">" + k: 0 for k in SENT}, **{":" + k: 0 for k in GOT}}

    def message(self, m, flags, frame):
        self.out, self.frame, self.time, self.clock = [], frame, 0, NO_EVENT_TIME
        self.sequence = 0
        outbound = bool(flags & OUTBOUND)
        if not outbound:
            self.number += 1
            self.sequence = self.number
        try:
            self.understand(m, outbound)
        except Malformed as why:
            self.put(MALFORMED, level=why.args[0], aux=why.args[1])
        last = bytearray(self.out[-1])
        last[58] |= LAST
        return self.out[:-1] + [bytes(last)]

    def put(self, kind, flags=0, **fields):
        self.out.append(event(kind, self.time, self.sequence, frame=self.frame, flags=flags | self.clock, **fields))

    def understand(self, m, outbound):
        if not m:
            raise Malformed(SHORT, 0)
        kind = chr(m[0])
        lengths = SENT_LENGTHS if outbound else GOT_LENGTHS
        if kind not in lengths:
            self.put(UNKNOWN, aux=m[0])
            return
        length = 38 if kind == "D" and len(m) == 38 and not outbound else lengths[kind]
        if len(m) != length:
            raise Malformed(SHORT, len(m)) if len(m) < length else Malformed(LONG, length)
        self.counts[(">" if outbound else ":") + kind] += 1
        if outbound:
            getattr(self, "sent_" + kind)(m, *struct.unpack(SENT[kind], m[1:]))
            return
        stamp = int.from_bytes(m[1:9], "big")
        if stamp >= DAY:
            raise Malformed(RANGE, 1)
        self.time, self.clock = self.day_start + stamp, 0
        getattr(self, "got_" + kind)(m, *struct.unpack(GOT[kind], m[9:9 + struct.calcsize(GOT[kind])]))

    # Orders are dictionaries; "text" is the token's text id once it has one.
    def known(self, raw, at):
        if raw not in self.orders:
            raise Malformed(REFERENCE, at)
        return self.orders[raw]

    def text_of(self, order):
        if order["text"] is None:
            order["text"], self.texts = self.texts, self.texts + 1
            self.out.append(text(order["text"], order["token"].rstrip(b" "), self.time, self.frame, self.clock))

    def stock(self, raw, side, symbol, at):
        for good, where in ((is_field(raw), at[0]), (side in SIDES, at[1]), (is_field(symbol), at[2])):
            if not good:
                raise Malformed(FIELD, where)
        if symbol not in self.symbols:
            number = self.symbols[symbol] = len(self.symbols)
            self.out.append(text(self.texts, symbol.rstrip(b" "), self.time, self.frame, self.clock))
            self.put(INSTRUMENT, instrument=number, aux=self.texts)
            self.texts += 1
        return self.symbols[symbol]

    def take(self, raw, instrument, side):
        order = self.orders.setdefault(raw, dict(token=raw, text=None, remaining=0, executed=0, price=0, reference=0))
        order.update(instrument=instrument, side=side)
        if not number_of(raw):
            self.text_of(order)
        return order

    def own(self, kind, order, flags=0, price=None, ids=None, **fields):
        if price is not None:
            fields["price"] = 0 if price == MARKET else price * 100_000
            flags |= NO_PRICE if price == MARKET else 0
        if ids:
            fields["order_id"], fields["aux"], foreign = ids
        else:
            number = number_of(order["token"])
            fields["order_id"], foreign = number or order["text"], not number
        self.put(kind, flags | (TEXT_ID if foreign else 0), instrument=order["instrument"], side=order["side"],
                 **fields)

    def ids(self, order, previous_raw, previous_text):
        a, b = number_of(order["token"]), number_of(previous_raw)
        return (a, b, False) if a and b else (order["text"], previous_text, True)

    def sent_O(self, m, raw, side, shares, symbol, price, *rest):
        instrument = self.stock(raw, side, symbol, (1, 15, 20))
        again = raw in self.orders
        order = self.orders[raw] if again else self.take(raw, instrument, SIDES[side])
        if not again:
            order.update(remaining=shares, price=price)
        self.own(OWN_NEW, order, SNAPSHOT if again else 0, price, quantity=shares)

    def sent_U(self, m, old, new, shares, price, *rest):
        previous = self.known(old, 1)
        if not is_field(new) or new == old:
            raise Malformed(FIELD, 15)
        foreign = not (number_of(old) and number_of(new))
        if foreign:
            self.text_of(previous)
        again = new in self.orders
        order = self.take(new, previous["instrument"], previous["side"])
        if foreign:
            self.text_of(order)
        stay = max(0, shares - previous["executed"])
        if not again:
            order.update(executed=previous["executed"], remaining=stay, price=price)
        self.own(OWN_REPLACE_REQUEST, order, SNAPSHOT if again else 0, price, self.ids(order, old, previous["text"]),
                 quantity=stay)

    def sent_X(self, m, raw, shares):
        order = self.known(raw, 1)
        self.own(OWN_CANCEL_REQUEST, order, quantity=max(0, shares - order["executed"]))

    def sent_M(self, m, raw, side, shares):
        order = self.known(raw, 1)
        if SIDES.get(side) != order["side"]:
            raise Malformed(FIELD, 15)
        stay = max(0, shares - order["executed"])
        if stay >= order["remaining"]:
            self.own(NOTICE, order, aux=code("M"))
        else:
            self.own(OWN_CANCEL_REQUEST, order, quantity=stay)

    def sent_N(self, m, raw):
        self.own(NOTICE, self.known(raw, 1), aux=code("N"))

    def got_S(self, m, what):
        if what not in b"SE":
            raise Malformed(FIELD, 9)
        self.put(NOTICE, aux=code("S" + what.decode()))

    def settle(self, order, state):
        if state == b"D":
            self.own(OWN_CANCELLED, order, quantity=order["remaining"], aux=order["reference"])
            order["remaining"] = 0

    def got_A(self, m, raw, side, shares, symbol, price, tif, firm, display, reference, cap, sweep, minimum, cross,
              state, weight):
        if state not in (b"L", b"D"):
            raise Malformed(FIELD, 64)
        instrument = self.stock(raw, side, symbol, (9, 23, 28))
        order = self.take(raw, instrument, SIDES[side])
        order.update(remaining=shares, price=price, reference=reference)
        self.own(OWN_ACKNOWLEDGED, order, price=price, quantity=shares, aux=reference)
        self.settle(order, state)

    def got_U(self, m, raw, side, shares, symbol, price, tif, firm, display, reference, cap, sweep, minimum, cross,
              state, old, weight):
        if state not in (b"L", b"D"):
            raise Malformed(FIELD, 64)
        if not is_field(old) or old == raw:
            raise Malformed(FIELD, 65)
        instrument = self.stock(raw, side, symbol, (9, 23, 28))
        foreign = not (number_of(old) and number_of(raw))
        previous = self.orders.get(old)
        if previous is None and foreign:
            previous = self.take(old, instrument, SIDES[side])
        if previous and foreign:
            self.text_of(previous)
        if previous:
            previous["remaining"] = 0
        order = self.take(raw, instrument, SIDES[side])
        if foreign:
            self.text_of(order)
        order.update(executed=previous["executed"] if previous else 0, remaining=shares, price=price,
                     reference=reference)
        self.own(OWN_REPLACED, order, price=price, quantity=shares,
                 ids=self.ids(order, old, previous["text"] if previous else None))
        self.settle(order, state)

    def take_off(self, order, shares, reason):
        self.own(OWN_CANCELLED, order, quantity=shares, aux=order["reference"], level=reason)
        order["remaining"] = max(0, order["remaining"] - shares)

    def got_C(self, m, raw, shares, reason):
        self.take_off(self.known(raw, 9), shares, CANCELS.get(reason.decode("latin1"), 0))

    def got_D(self, m, raw, shares, *rest):
        self.take_off(self.known(raw, 9), shares, SELF_TRADE)

    def fill(self, order, shares, price, liquidity, match, flags=0):
        letter = liquidity.decode("latin1")
        flags |= MAKER if letter in ADDED else CROSS if letter in CROSSED else 0
        self.own(OWN_FILLED, order, flags, price, quantity=shares, aux=match)

    def got_E(self, m, raw, shares, price, liquidity, match, *rest):
        order = self.known(raw, 9)
        if order["executed"] + shares >= 2**32:
            raise Malformed(RANGE, 23)
        # Of an order that has ended it is late news.
        self.fill(order, shares, price, liquidity, match, CORRECTION if order["remaining"] == 0 else 0)
        order["executed"] += shares
        order["remaining"] = max(0, order["remaining"] - shares)

    got_G = got_E

    def got_F(self, m, raw, shares, price, liquidity, match, reason):
        order = self.known(raw, 9)
        self.own(OWN_BROKEN, order, CORRECTION, aux=match)
        self.fill(order, shares, price, liquidity, match, CORRECTION)

    def got_B(self, m, raw, match, reason):
        self.own(OWN_BROKEN, self.known(raw, 9), CORRECTION, aux=match)

    def got_J(self, m, raw, reason):
        order, letter = self.known(raw, 9), reason.decode("latin1")
        self.own(OWN_REJECTED, order, level=RISK if "a" <= letter <= "z" else REJECTS.get(letter, 0), aux=reason[0])
        order["remaining"] = 0

    def got_P(self, m, raw):
        self.own(NOTICE, self.known(raw, 9), aux=code("P"))

    def got_I(self, m, raw):
        self.own(OWN_CANCEL_REJECTED, self.known(raw, 9))

    def got_T(self, m, raw, price, display, reference):
        order = self.known(raw, 9)
        order.update(price=price, reference=reference)
        self.own(NOTICE, order, price=price, aux=code("T"))

    def got_M(self, m, raw, side, shares):
        order = self.known(raw, 9)
        if SIDES.get(side) != order["side"]:
            raise Malformed(FIELD, 23)
        if shares < order["remaining"]:
            self.take_off(order, order["remaining"] - shares, REQUESTED)
        else:
            self.own(NOTICE, order, aux=code("M"))
