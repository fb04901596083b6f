# SPDX-License-Identifier: Apache-2.0
"""TurboSHAKE128 of RFC 9861 from its definition, and the expansion of a seed with it; for the other programs here."""

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


def expanded(seed, tag, binder=b""):
    """The XOF of the VDAF draft: an endless stream of bytes."""
    return turboshake128(len(tag).to_bytes(2, "little") + tag + bytes([len(seed)]) + seed + binder, 1)
