# SPDX-License-Identifier: Apache-2.0
"""ITCH 5.0 and MoldUDP64 as the specifications have them, written apart from the adapter.

`ItchOracle.message` gives the events that a message must turn into, as 64-byte records. Layouts are from "Nasdaq
TotalView-ITCH 5.0" (section 4) and "MoldUDP64 Protocol Specification V 1.00".
"""

import struct

from abi import *

DAY = 86_400 * 10**9
# Type: everything behind type, locate, tracking number and the 6-byte time stamp.
LAYOUT = {
    "S": ">c", "R": ">8sccIcc2scccccIc", "H": ">8scc4s", "Y": ">8sc", "L": ">4s8sccc", "V": ">QQQ", "W": ">c",
    "K": ">8sIcI", "J": ">8sIIII", "h": ">8scc", "A": ">QcI8sI", "F": ">QcI8sI4s", "E": ">QIQ", "C": ">QIQcI",
    "X": ">QI", "D": ">Q", "U": ">QQII", "P": ">QcI8sIQ", "Q": ">Q8sIQc", "B": ">Q", "I": ">QQc8sIIIcc", "N": ">8sc",
    "O": ">8scIIIQII",
}
LENGTHS = {t: 11 + struct.calcsize(f) for t, f in LAYOUT.items()}
assert LENGTHS == dict(S=12, R=39, H=25, Y=20, L=26, V=35, W=12, K=28, J=35, h=21, A=36, F=40, E=31, C=36, X=23, D=19,
                       U=35, P=44, Q=40, B=19, I=50, N=20, O=48)
# Where the stock symbol lies among the unpacked fields.
STOCK = dict(R=0, H=0, Y=0, L=1, K=0, J=0, h=0, A=3, F=3, P=3, Q=1, I=3, N=0, O=0)
SIDE = {b"B": 1, b"S": 2}
PRE_OPEN, OPEN, HALTED, PAUSED, QUOTE_ONLY, POST_CLOSE, RESTRICTED = 2, 3, 4, 5, 6, 8, 9


def build(kind, time, *fields, locate=1, tracking=0):
    head = kind.encode() + struct.pack(">HH", locate, tracking) + time.to_bytes(6, "big")
    return head + struct.pack(LAYOUT[kind], *fields)


def offset_of(kind, index):
    """Byte offset of a field within the message."""
    sizes, text, i = [], LAYOUT[kind][1:], 0
    while i < len(text):
        digits = ""
        while text[i].isdigit():
            digits, i = digits + text[i], i + 1
        sizes.append(struct.calcsize(">" + digits + text[i]))
        i += 1
    return 11 + sum(sizes[:index])


def plain(value):
    return all(0x20 <= b <= 0x7E for b in value)


def is_field(value):
    """Left-justified plain characters, then spaces."""
    stripped = value.rstrip(b" ")
    return bool(stripped) and all(0x20 < b < 0x7F for b in stripped)


class ItchOracle:
    def __init__(self, day_start, market="Q"):
        self.day_start, self.market = day_start, market
        self.locates, self.symbols, self.texts, self.state = {}, {}, 0, {}
        self.counts = dict.fromkeys(LAYOUT, 0)
        self.number = 0
        self.session, self.next = None, None

    def define(self, symbol, time, sequence, frame, lot, flags=0):
        number = self.symbols[symbol] = len(self.symbols)
        self.texts += 1
        return [text(self.texts - 1, symbol.rstrip(b" "), time, frame, flags),
                event(INSTRUMENT, time, sequence, aux=self.texts - 1, quantity=lot, instrument=number, frame=frame,
                      flags=flags)]

    def stream(self, message, frame, framing=LENGTH16):
        if not message and framing == LENGTH16:
            return [event(NOTICE, aux=code("END"), frame=frame, flags=LAST | NO_EVENT_TIME)]
        self.number += 1
        return self.message(message, frame, self.number)

    def message(self, m, frame, sequence, at=0):
        def malformed(why, where, time=None):
            return event(MALFORMED, time or 0, sequence, aux=at + where, frame=frame, level=why,
                         flags=LAST | (NO_EVENT_TIME if time is None else 0))

        if not m:
            return [malformed(SHORT, 0)]
        kind = chr(m[0])
        if kind not in LAYOUT:
            return [event(UNKNOWN, 0, sequence, aux=m[0], frame=frame, flags=LAST | NO_EVENT_TIME)]
        if len(m) != LENGTHS[kind]:
            return [malformed(SHORT, len(m)) if len(m) < LENGTHS[kind] else malformed(LONG, LENGTHS[kind])]
        self.counts[kind] += 1
        locate = int.from_bytes(m[1:3], "big")
        stamp = int.from_bytes(m[5:11], "big")
        if stamp >= DAY:
            return [malformed(RANGE, 5)]
        time = self.day_start + stamp
        f = struct.unpack(LAYOUT[kind], m[11:])

        bad = self.bad_field(kind, f)
        if bad:
            return [malformed(bad[0], offset_of(kind, bad[1]), time)]

        out, number, fresh = [], None, False
        if kind in STOCK:
            symbol, where = f[STOCK[kind]], offset_of(kind, STOCK[kind])
            number = self.locates.get(locate)
            if number is not None and self.symbols.get(symbol) != number and kind != "R":
                return [malformed(REFERENCE, where, time)]
            if number is None or self.symbols.get(symbol) != number:
                if not is_field(symbol):
                    return [malformed(FIELD, where, time)]
                if symbol not in self.symbols:
                    out += self.define(symbol, time, sequence, frame, f[3] if kind == "R" else 0)
                    fresh = True
                number = self.locates[locate] = self.symbols[symbol]
        elif kind not in "SVW":
            number = self.locates.get(locate)
            if number is None:
                return [malformed(REFERENCE, 1, time)]

        def put(what, **fields):
            fields.setdefault("flags", 0)
            out.append(event(what, time, sequence, instrument=NONE if number is None else number, frame=frame,
                             **fields))

        def priced(what, price, **fields):
            put(what, price=price * 100_000, flags=0 if price else NO_PRICE, **fields)

        getattr(self, "on_" + kind)(f, put, priced, number, fresh)
        last = bytearray(out[-1])
        last[58] |= LAST
        return out[:-1] + [bytes(last)]

    def bad_field(self, kind, f):
        """(reason, index of the field) of the first field that its type forbids."""
        allowed = dict(S={0: b"OSQMEC"}, H={1: b"HPQT"}, Y={1: b"012"}, W={0: b"123"}, K={2: b"AC"},
                       h={1: b"QBX", 2: b"HT"}, A={1: b"BS"}, F={1: b"BS"}, P={1: b"BS"}, C={3: b"YN"},
                       I={2: b"BSNOP"}, N={1: b"BSAN"}, O={1: b"NY"})
        for index, values in allowed.get(kind, {}).items():
            if f[index] not in values or f[index] == b"":
                return FIELD, index
        informal = dict(H=[3], L=[0, 2], F=[5], I=[7])
        for index in informal.get(kind, []):
            value = f[index]
            if kind == "L" and index == 2:
                value = f[2] + f[3] + f[4]
            if kind == "I":
                value = f[7] + f[8]
            if not plain(value):
                return FIELD, index
        most = dict(V={i: (2**63 - 1) // 10 for i in range(3)}, Q={0: 2**63 - 1}, I={0: 2**63 - 1, 1: 2**63 - 1},
                    O={5: 2**63 - 1})
        for index, limit in most.get(kind, {}).items():
            if f[index] > limit:
                return RANGE, index
        return None

    # What each message becomes.
    def on_S(self, f, put, priced, number, fresh):
        level = {b"S": PRE_OPEN, b"Q": OPEN, b"M": POST_CLOSE, b"E": 1}.get(f[0], 0)
        put(STATUS if level else NOTICE, aux=code("S" + f[0].decode()), level=level)

    def on_R(self, f, put, priced, number, fresh):
        if not fresh:
            put(NOTICE, aux=code("R"), quantity=f[3])

    def status(self, number):
        trading, halted, tested = self.state.get(number, (0, False, False))
        return HALTED if halted else RESTRICTED if tested and trading in (0, OPEN) else trading

    def on_H(self, f, put, priced, number, fresh):
        _, halted, tested = self.state.get(number, (0, False, False))
        trading = {b"H": HALTED, b"P": PAUSED, b"Q": QUOTE_ONLY, b"T": OPEN}[f[1]]
        self.state[number] = (trading, halted, tested)
        reason = f[3].rstrip(b" ") if is_field(f[3]) else b""
        put(STATUS, aux=code("H" + (f[1] + reason).decode()), level=self.status(number))

    def on_Y(self, f, put, priced, number, fresh):
        trading, halted, tested = self.state.get(number, (0, False, False))
        now = f[1] != b"0"
        self.state[number] = (trading, halted, now)
        if not now and not tested:
            put(NOTICE, aux=code("Y0"))
        else:
            put(STATUS, aux=code("Y" + f[1].decode()), level=self.status(number))

    def on_h(self, f, put, priced, number, fresh):
        aux = code("h" + (f[1] + f[2]).decode())
        if f[1].decode() != self.market:
            put(NOTICE, aux=aux)
            return
        trading, _, tested = self.state.get(number, (0, False, False))
        self.state[number] = (trading, f[2] == b"H", tested)
        put(STATUS, aux=aux, level=self.status(number))

    def on_L(self, f, put, priced, number, fresh):
        put(NOTICE, aux=code("L" + (f[0] + f[2] + f[3] + f[4]).decode()))

    def on_V(self, f, put, priced, number, fresh):
        for i in range(3):
            put(NOTICE, aux=code(f"V{i + 1}"), price=f[i] * 10)

    def on_W(self, f, put, priced, number, fresh):
        put(NOTICE, aux=code("W" + f[0].decode()))

    def on_K(self, f, put, priced, number, fresh):
        priced(NOTICE, f[3], aux=code("K" + f[2].decode()), quantity=f[1])

    def on_J(self, f, put, priced, number, fresh):
        priced(NOTICE, f[1], aux=code("JR"), quantity=f[4])
        priced(NOTICE, f[2], aux=code("JU"))
        priced(NOTICE, f[3], aux=code("JL"))

    def on_A(self, f, put, priced, number, fresh):
        put(ADD, order_id=f[0], side=SIDE[f[1]], quantity=f[2], price=f[4] * 100_000)

    def on_F(self, f, put, priced, number, fresh):
        mpid = f[5].rstrip(b" ") if is_field(f[5]) else b""
        put(ADD, order_id=f[0], side=SIDE[f[1]], quantity=f[2], price=f[4] * 100_000, aux=code(mpid.decode()))

    def on_E(self, f, put, priced, number, fresh):
        put(EXECUTE, order_id=f[0], quantity=f[1], aux=f[2], flags=RESTING_PRICE | VOLUME)

    def on_C(self, f, put, priced, number, fresh):
        put(EXECUTE, order_id=f[0], quantity=f[1], aux=f[2], price=f[4] * 100_000, flags=VOLUME * (f[3] == b"Y"))

    def on_X(self, f, put, priced, number, fresh):
        put(REDUCE, order_id=f[0], quantity=f[1])

    def on_D(self, f, put, priced, number, fresh):
        put(DELETE, order_id=f[0])

    def on_U(self, f, put, priced, number, fresh):
        put(REPLACE, order_id=f[1], aux=f[0], quantity=f[2], price=f[3] * 100_000)

    def on_P(self, f, put, priced, number, fresh):
        put(TRADE, order_id=f[0], quantity=f[2], price=f[4] * 100_000, aux=f[5], flags=HIDDEN | VOLUME)

    def on_Q(self, f, put, priced, number, fresh):
        put(TRADE, quantity=f[0], price=f[2] * 100_000, aux=f[3],
            flags=CROSS | VOLUME * (f[0] > 0) | NO_PRICE * (f[2] == 0))

    def on_B(self, f, put, priced, number, fresh):
        put(TRADE_BREAK, aux=f[0], flags=CORRECTION)

    def on_I(self, f, put, priced, number, fresh):
        aux = code("I" + (f[7] + f[2] + f[8]).decode())
        for level, price in enumerate((f[5], f[4], f[6])):  # near, far, reference
            priced(AUCTION, price, quantity=f[0], aux=aux, level=level)
        put(IMBALANCE, side=SIDE.get(f[2], 0), quantity=f[1], aux=aux)

    def on_N(self, f, put, priced, number, fresh):
        put(NOTICE, aux=code("N" + f[1].decode()))

    def on_O(self, f, put, priced, number, fresh):
        head = "O" + f[1].decode()
        priced(NOTICE, f[4], aux=code(head + "N"), quantity=f[5])
        for letter, price in (("m", f[2]), ("M", f[3]), ("l", f[6]), ("u", f[7])):
            priced(NOTICE, price, aux=code(head + letter))

    def packet(self, p, frame, flags=0):
        """A MoldUDP64 packet: what is missing, what was seen before, then the messages."""
        def note(name, sequence, **fields):
            return event(NOTICE, 0, sequence, aux=code(name), frame=frame, flags=LAST | NO_EVENT_TIME, **fields)

        def malformed(why, where, sequence=0):
            return event(MALFORMED, 0, sequence, aux=where, frame=frame, level=why, flags=LAST | NO_EVENT_TIME)

        if flags & OUTBOUND:
            return [note("MOLDREQ", 0)]
        if len(p) < 20:
            return [malformed(SHORT, len(p))]
        if len(p) > 65527:
            return [malformed(LONG, 65527)]
        session, sequence, count = struct.unpack(">10sQH", p[:20])
        for i, byte in enumerate(session):
            if not 0x20 <= byte <= 0x7E:
                return [malformed(FIELD, i)]
        out, new = [], session != self.session
        expected = sequence if self.session is None else 1 if new else self.next
        if sequence == 0 or sequence > 2**64 - 65536 or sequence - expected > 2**32 - 1:
            return [malformed(RANGE, 10)]
        if new and self.session is not None:
            out.append(note("MOLDSESS", sequence))
        self.session, self.next = session, max(expected, sequence)
        if sequence > expected:
            out.append(event(GAP, 0, expected, aux=sequence - expected, frame=frame, flags=LAST | NO_EVENT_TIME))
        if count in (0, 0xFFFF):
            out.append(note("MOLDEND" if count else "MOLDBEAT", sequence))
            count = 0
        skip = min(self.next - sequence, count)
        if skip:
            out.append(note("MOLDDUP", sequence, quantity=skip))
        at = 20
        for i in range(count):
            size = int.from_bytes(p[at:at + 2], "big") if at + 2 <= len(p) else len(p)
            if at + 2 + size > len(p):
                return out + [malformed(SHORT, len(p), sequence + i)]
            message, start = p[at + 2:at + 2 + size], at + 2
            at += 2 + size
            if i < skip:
                continue
            if len(out) > MAX_EVENTS - 8:
                return out + [malformed(TOO_MANY, start - 2, sequence + i)]
            out += self.message(message, frame, sequence + i, start)
            self.next = sequence + i + 1
        return out + ([malformed(LONG, at)] if at < len(p) else [])
