# SPDX-License-Identifier: Apache-2.0
"""Draws from the discrete Laplace and Gaussian distributions by Python's fractions, from the bytes that TurboSHAKE128 makes
of a seed: noise_draws.py SEED CONTEXT KIND NUMERATOR DENOMINATOR COUNT [KIND ...], one line of numbers for each KIND."""
import sys
from fractions import Fraction
from math import isqrt

MASK = (1 << 64) - 1


def round_constants():
    """Those of Keccak-f[1600], from its linear feedback shift register."""
    register, constants = 1, []
    for _ in range(24):
        constant = 0
        for bit in range(7):
            if register & 1:
                constant |= 1 << ((1 << bit) - 1)
            register = register << 1 ^ (0x171 if register & 0x80 else 0)
        constants.append(constant)
    return constants


CONSTANTS = round_constants()[12:]


def rotate(lane, distance):
    distance %= 64
    return (lane << distance | lane >> (64 - distance)) & MASK


def permute(lanes):
    """Keccak-p[1600, 12] on a table of columns."""
    for constant in CONSTANTS:
        parity = [lanes[x][0] ^ lanes[x][1] ^ lanes[x][2] ^ lanes[x][3] ^ lanes[x][4] for x in range(5)]
        for x in range(5):
            change = parity[x - 1] ^ rotate(parity[(x + 1) % 5], 1)
            lanes[x] = [lane ^ change for lane in lanes[x]]
        x, y, moved = 1, 0, lanes[1][0]
        for step in range(24):
            x, y = y, (2 * x + 3 * y) % 5
            moved, lanes[x][y] = lanes[x][y], rotate(moved, (step + 1) * (step + 2) // 2)
        for y in range(5):
            row = [lanes[x][y] for x in range(5)]
            for x in range(5):
                lanes[x][y] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5] & MASK)
        lanes[0][0] ^= constant


def turboshake128(message, domain):
    """An endless stream of bytes."""
    padded = bytearray(message + bytes([domain]))
    padded += bytes(-len(padded) % 168)
    padded[-1] ^= 0x80
    lanes = [[0] * 5 for _ in range(5)]
    for start in range(0, len(padded), 168):
        for index in range(21):
            lanes[index % 5][index // 5] ^= int.from_bytes(padded[start + 8 * index:start + 8 * index + 8], "little")
        permute(lanes)
    while True:
        for index in range(21):
            yield from lanes[index % 5][index // 5].to_bytes(8, "little")
        permute(lanes)


class Source:
    def __init__(self, seed, context):
        tag = b"exprove noise 1"
        self.stream = turboshake128(
            len(tag).to_bytes(2, "little") + tag + bytes([len(seed)]) + seed + context, 1)

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
