# SPDX-License-Identifier: Apache-2.0
"""Prints quotients a·b/(c·d) of 128-bit integers rounded half to even by Python's decimal: a line `a b c d places text`
each. Ties, near ties, carries over all digits and the limits among them: rounding_vectors.py COUNT SEED."""
import random
import sys
from decimal import ROUND_HALF_EVEN, Context, Decimal

LIMIT = (1 << 127) - 1
WIDE = Context(prec=2000, rounding=ROUND_HALF_EVEN)


def text(numerator, denominator, places):
    quotient = WIDE.divide(Decimal(numerator), Decimal(denominator))
    digits = format(quotient.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN, WIDE), "f")
    return digits[1:] if digits.startswith("-") and not digits.strip("-0.") else digits


def number(draw, largest):
    return draw.choice([draw.randint(0, 9), draw.randint(0, 10**9), draw.getrandbits(draw.randint(1, 126)) % largest,
                        10 ** draw.randint(0, 30), largest])


def main(count, seed):
    draw = random.Random(seed)
    for index in range(count):
        places = draw.randint(0, 18)
        a, b = number(draw, LIMIT), number(draw, LIMIT)
        # The product of the divisors stays below 2^252.
        c, d = max(1, number(draw, LIMIT >> 1)), max(1, number(draw, LIMIT >> 2))
        if index % 3 == 0:
            # A tie at the last place, or one beside it.
            unit = 10 ** places
            a, b = 2 * draw.randint(0, 10**12) + 1 + draw.choice([0, 0, 0, 1, -1]), 1
            c, d = 2, unit
        if index % 7 == 0:
            a, b, c, d = 10 ** 20 - 1, 1, 10 ** draw.randint(0, 20), 1
        if draw.random() < 0.4:
            a = -a
        print(a, b, c, d, places, text(a * b, c * d, places))


main(int(sys.argv[1]), int(sys.argv[2]))
