# SPDX-License-Identifier: Apache-2.0
"""Lines that nobody sent: every type, in an order that makes sense, and broken on purpose where asked."""

SYMBOLS = ["SPY", "AAPL", "BRK.B", "ZVZZT", "A", "LONGNAME", "TEST8CH."]
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def base36(value):
    out = ""
    for _ in range(12):
        value, digit = divmod(value, 36)
        out = DIGITS[digit] + out
    return out


def stream(rng, count):
    """`count` lines without a contradiction: orders live until they are taken, cancelled or cleared."""
    lines, orders, executions = [], {}, []
    time, next_id = rng.randrange(80_000_000), rng.randrange(36**12 - 10**6)
    while len(lines) < count:
        time += rng.randrange(3)
        symbol = rng.choice(SYMBOLS)
        short = len(symbol) <= 6
        price = rng.choice([0, 1, 9_999_999_999, rng.randrange(10**7)])
        shares = rng.choice([1, 100, 999_999, rng.randrange(1, 1000)])
        kind = rng.choices("AEXPBsHIJR", [12, 4, 6, 3, 1, 1, 1, 2, 1, 1])[0]
        if kind in "EX" and not orders or kind == "B" and not executions:
            continue
        if kind in "AP":
            next_id += rng.randrange(1, 40)
            body = f"{base36(next_id)}{rng.choice('BS')}{shares:06}{symbol:{6 if short else 8}}{price:010}"
            if kind == "A":
                orders[next_id] = [symbol, shares]
                body += rng.choice("YN")
                body += "" if short else rng.choice(["NITE", "AB  ", "    "]) + rng.choice("CN ")
            else:
                next_id += 1
                executions.append(next_id)
                body += base36(next_id)
            kind = kind if short else {"A": "d", "P": "r"}[kind]
        elif kind in "EX":
            order = rng.choice(list(orders))
            taken = rng.choice([orders[order][1], rng.randrange(1, orders[order][1] + 1)])
            orders[order][1] -= taken
            if orders[order][1] == 0:
                del orders[order]
            body = f"{base36(order)}{taken:06}"
            if kind == "E":
                next_id += 1
                executions.append(next_id)
                body += base36(next_id)
        elif kind == "B":
            body = base36(executions.pop(rng.randrange(len(executions))))
        elif kind == "s":
            orders = {i: o for i, o in orders.items() if o[0] != symbol}
            body = f"{symbol:8}"
        elif kind == "H":
            body = f"{symbol:8}{rng.choice('AHQST')}{rng.choice('01')}{rng.choice(['  ', 'XY'])}"
        elif kind == "I":
            numbers = "".join(f"{rng.choice([0, 10**10 - 1, rng.randrange(10**6)]):010}" for _ in range(5))
            body = f"{symbol:8}{rng.choice('OCHI')}{numbers}"
        elif kind == "J":
            body = f"{symbol:8}{rng.choice('OCHI')}{price:010}{rng.randrange(10**10):010}"
        else:
            body = f"{symbol:8}{rng.choice('ABSN')}"
        lines.append(f"{rng.choice(['S', 'S', ''])}{time:08}{kind}{body}".encode())
    return lines


def broken(rng, lines, share):
    """The same lines, a share of them damaged, doubled, or out of their order."""
    out = []
    for line in lines:
        out.append(line)
        if rng.random() >= share:
            continue
        line, what = bytearray(line), rng.randrange(7)
        if what == 0:
            line = line[:rng.randrange(len(line))]
        elif what == 1:
            line += bytes(rng.choice(b"0 Z\n") for _ in range(rng.randrange(1, 4)))
        elif what == 2:
            line[rng.randrange(len(line))] = rng.randrange(256)
        elif what == 3:
            line[rng.randrange(len(line))] = rng.choice(b"09AZaz BSYN")
        elif what == 4:
            line = bytearray(rng.choice(lines))
        elif what == 5:
            line = bytearray(rng.randrange(256) for _ in range(rng.randrange(70)))
        out[-1] = bytes(line)
        if what == 6:
            out.append(bytes(line))
    return out
