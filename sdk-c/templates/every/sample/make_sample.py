#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes day.bin, a made-up day of the made-up venue, and says with that what the format is: a file of messages, each
behind its length in two bytes. All numbers are big-endian; prices are at 1e-4, times nanoseconds after midnight.

    every message   type 1 · sequence 8 · time 8 · instrument 2
    D  definition   decimals of quantities 1 · tick 4 · symbol 8, padded with blanks
    A  add          order 8 · side 1 (B, S) · price 4 · quantity 4
    E  execute      order 8 · quantity 4 · match 8
    X  delete       order 8
    T  trade        aggressor's side 1 (B, S, or blank when not told) · price 4 · quantity 4 · match 8
    S  status       state 1 (P pre-open, O open, H halted, C closed)
"""
import os
import random
import struct


def day():
    draw = random.Random(1)
    clock = 34_200 * 10**9  # half past nine
    messages, orders = [], {}
    next_order = next_match = 1
    sequence = 0

    def say(kind, instrument, body):
        nonlocal clock, sequence
        clock += draw.randrange(1, 5_000_000)
        sequence += 1
        messages.append(kind + struct.pack(">QQH", sequence, clock, instrument) + body)

    listed = [(7, 0, 100, b"ACME"), (8, 0, 50, b"GLOBEX"), (300, 3, 1, b"INITECH")]
    for number, decimals, tick, symbol in listed:
        say(b"D", number, struct.pack(">BI8s", decimals, tick, symbol.ljust(8)))
        say(b"S", number, b"P")
    for number, _, _, _ in listed:
        say(b"S", number, b"O")
    for _ in range(600):
        number, _, tick, _ = draw.choice(listed)
        action = draw.choice("AAAAEEXT")
        mine = [order for order, (where, _) in orders.items() if where == number]
        if action == "A" or (action in "EX" and not mine):
            side = draw.choice("BS")
            price = 1_000_000 + tick * draw.randrange(1, 20) * (-1 if side == "B" else 1)
            quantity = 100 * draw.randrange(1, 10)
            say(b"A", number, struct.pack(">QcII", next_order, side.encode(), price, quantity))
            orders[next_order] = (number, quantity)
            next_order += 1
        elif action == "E":
            order = draw.choice(mine)
            quantity = min(orders[order][1], 100 * draw.randrange(1, 5))
            say(b"E", number, struct.pack(">QIQ", order, quantity, next_match))
            next_match += 1
            left = orders[order][1] - quantity
            orders[order] = (number, left)
            if left == 0:
                del orders[order]
        elif action == "X":
            order = draw.choice(mine)
            say(b"X", number, struct.pack(">Q", order))
            del orders[order]
        else:
            say(b"T", number, struct.pack(">cIIQ", draw.choice("BS ").encode(), 1_000_000, 100, next_match))
            next_match += 1
    for number, _, _, _ in listed:
        say(b"S", number, b"C")
    # Three messages are lost on the way, one comes twice: an adapter says so.
    del messages[300:303]
    messages.insert(400, messages[399])
    return b"".join(struct.pack(">H", len(message)) + message for message in messages)


if __name__ == "__main__":
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "day.bin"), "wb") as file:
        file.write(day())
