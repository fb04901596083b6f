# SPDX-License-Identifier: Apache-2.0
"""Prints costs of zero-concentrated differential privacy by Python's fractions and decimals, one a line:
`gaussian SQUARES NUMERATOR DENOMINATOR RHO`, `laplace MAGNITUDES NUMERATOR DENOMINATOR RHO` and `epsilon RHO K EPSILON`; rho and
epsilon in units of 10^-12, rounded up. privacy_costs.py COUNT SEED."""
import random
import sys
from decimal import ROUND_CEILING, Context, Decimal
from fractions import Fraction
from math import ceil

UNIT, LARGEST = 10 ** 12, (1 << 64) - 1
WIDE = Context(prec=120, rounding=ROUND_CEILING)


def number(draw, bits):
    return max(1, draw.choice([draw.randint(1, 9), 10 ** draw.randint(0, 12), draw.getrandbits(draw.randint(1, bits)),
                               1 << draw.randint(0, bits - 1)]))


def main(count, seed):
    draw = random.Random(seed)
    for _ in range(count):
        variance = Fraction(number(draw, 60), min(number(draw, 32), 1 << 32))
        squares = number(draw, 80)
        rho = ceil(Fraction(squares) / (2 * variance) * UNIT)
        print("gaussian", squares, variance.numerator, variance.denominator, rho if rho <= LARGEST else "none")
        scale = Fraction(number(draw, 63), number(draw, 63))
        magnitudes = number(draw, 40)
        rho = ceil((Fraction(magnitudes) / scale) ** 2 / 2 * UNIT)
        if scale <= 1 << 40:
            print("laplace", magnitudes, scale.numerator, scale.denominator, rho if rho <= LARGEST else "none")
        units, exponent = number(draw, 64), draw.choice([1, 6, 9, 12, draw.randint(1, 1000), 1000])
        rho = WIDE.divide(Decimal(units), UNIT)
        root = WIDE.sqrt(WIDE.multiply(WIDE.multiply(rho, exponent), WIDE.ln(Decimal(10))))
        epsilon = WIDE.multiply(WIDE.add(rho, WIDE.multiply(2, root)), UNIT)
        print("epsilon", units, exponent, int(epsilon.to_integral_value(ROUND_CEILING)))


main(int(sys.argv[1]), int(sys.argv[2]))
