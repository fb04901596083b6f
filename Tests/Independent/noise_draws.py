# SPDX-License-Identifier: Apache-2.0
"""Draws from the discrete Laplace and Gaussian distributions by Python's fractions, from the bytes that TurboSHAKE128 makes
of a seed: noise_draws.py SEED CONTEXT KIND NUMERATOR DENOMINATOR COUNT [KIND ...], one line of numbers for each KIND."""
import sys
from fractions import Fraction
from math import isqrt

from turboshake import expanded


class Source:
    def __init__(self, seed, context):
        self.stream = expanded(seed, b"exprove noise 1", context)

    def below(self, bound):
        bits = (bound - 1).bit_length()
        while True:
            number = int.from_bytes(bytes(next(self.stream) for _ in range((bits + 7) // 8)), "little")
            number &= (1 << bits) - 1
            if number < bound:
                return number

    def kept(self, numerator, denominator):
        """True with probability exp(-numerator/denominator)."""
        while numerator >= denominator and (numerator, denominator) != (1, 1):
            if not self.kept(1, 1):
                return False
            numerator -= denominator
        trial = 1
        while self.below(trial) == 0 and self.below(denominator) < numerator:
            trial += 1
        return trial % 2 == 1

    def laplace(self, scale):
        while True:
            remainder = self.below(scale.numerator)
            if not self.kept(remainder, scale.numerator):
                continue
            count = 0
            while self.kept(1, 1):
                count += 1
            magnitude = (remainder + scale.numerator * count) // scale.denominator
            negative = self.below(2) == 1
            if not (negative and magnitude == 0):
                return -magnitude if negative else magnitude

    def gaussian(self, variance):
        width = isqrt(variance.numerator // variance.denominator) + 1
        # In this form, not in lowest terms, the bound says how many bytes are drawn.
        bound = 2 * variance.numerator * variance.denominator * width ** 2
        while True:
            number = self.laplace(Fraction(width))
            exponent = (abs(number) - variance / width) ** 2 / (2 * variance)
            if self.kept((exponent * bound).numerator, bound):
                return number


def main():
    seed, context, rest = bytes.fromhex(sys.argv[1]), bytes.fromhex(sys.argv[2]), sys.argv[3:]
    source = Source(seed, context)
    for start in range(0, len(rest), 4):
        kind, numerator, denominator, count = rest[start:start + 4]
        ratio = Fraction(int(numerator), int(denominator))
        draw = {"laplace": source.laplace, "gaussian": source.gaussian}[kind]
        print(*(draw(ratio) for _ in range(int(count))))


main()
