# SPDX-License-Identifier: Apache-2.0
"""The aggregator's last step of a masked sum, from the contributors' messages alone: masked_sum.py RUN THRESHOLD LENGTH
MAXIMUM NAME=KEY... -- MESSAGE... in hexadecimal. Prints the contributors' places, then the sum. Signatures are not checked."""
import hashlib
import hmac
import sys

from turboshake import expanded

FIELD = 2 ** 128 - 28 * 2 ** 64 + 1
CURVE = 2 ** 255 - 19


def x25519(scalar, point):
    """RFC 7748, section 5."""
    k = bytearray(scalar)
    k[0] &= 248
    k[31] = k[31] & 127 | 64
    k, u = int.from_bytes(k, "little"), int.from_bytes(point, "little") % 2 ** 255
    x2, z2, x3, z3, swap = 1, 0, u, 1, 0
    for t in reversed(range(255)):
        bit = k >> t & 1
        if swap ^ bit:
            x2, x3, z2, z3 = x3, x2, z3, z2
        swap = bit
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        da, cb = d * a % CURVE, c * b % CURVE
        x3, z3 = (da + cb) ** 2 % CURVE, u * (da - cb) ** 2 % CURVE
        aa, bb = a * a % CURVE, b * b % CURVE
        e = aa - bb
        x2, z2 = aa * bb % CURVE, e * (aa + 121665 * e) % CURVE
    if swap:
        x2, z2 = x3, z3
    return (x2 * pow(z2, CURVE - 2, CURVE) % CURVE).to_bytes(32, "little")


def hkdf(secret, salt, info):
    extracted = hmac.new(salt, secret, hashlib.sha256).digest()
    return hmac.new(extracted, info + b"\x01", hashlib.sha256).digest()


def secret(shares):
    """Three numbers of 88, 88 and 80 bits at zero, of shares at the holders' places plus one."""
    joined = b""
    for part, size in enumerate((11, 11, 10)):
        number = 0
        for holder, share in shares.items():
            weight = 1
            for other in shares:
                if other != holder:
                    weight = weight * -(other + 1) * pow(holder - other, -1, FIELD) % FIELD
            number += weight * int.from_bytes(share[16 * part:16 * part + 16], "little")
        joined += (number % FIELD).to_bytes(size, "little")
    return joined


def mask(seed, length):
    stream = expanded(seed, b"exprove masked sum mask 1")
    return [int.from_bytes(bytes(next(stream) for _ in range(8)), "little") for _ in range(length)]


def main():
    split = sys.argv.index("--")
    run, threshold, length, maximum = bytes.fromhex(sys.argv[1]), *map(int, sys.argv[2:5])
    roster = [entry.split("=") for entry in sys.argv[5:split]]
    task = b"exprove masked sum task 1\n" + run + threshold.to_bytes(2, "little") + length.to_bytes(8, "little")
    task += maximum.to_bytes(8, "little") + len(roster).to_bytes(2, "little")
    for name, key in roster:
        task += bytes([len(name.encode())]) + name.encode() + bytes.fromhex(key)
    digest = hashlib.sha256(task).digest()
    keys, dealers, inputs, shares = {}, [], {}, {}
    for message in map(bytes.fromhex, sys.argv[split + 1:]):
        assert message[0] == 1 and message[2:34] == digest
        kind, place, body = message[1], int.from_bytes(message[34:36], "little"), message[36:-64]
        if kind == 1:
            keys[place] = body[32:64], body[64:]
        if kind == 2:
            dealers.append(place)
        if kind == 3:
            inputs[place] = [int.from_bytes(body[8 * i:8 * i + 8], "little") for i in range(length)]
        if kind == 5:
            for row in range(int.from_bytes(body[:2], "little")):
                row = body[2 + 51 * row:53 + 51 * row]
                of = int.from_bytes(row[:2], "little")
                assert row[2] == (0 if of in inputs else 1)
                shares.setdefault(of, {})[place] = row[3:]
    total = [sum(column) for column in zip(*inputs.values())]
    for dealer in dealers:
        rebuilt = secret(dict(list(shares[dealer].items())[-threshold:]))
        if dealer in inputs:
            bound = expanded(rebuilt, b"exprove masked sum commitment 1", digest + dealer.to_bytes(2, "little"))
            assert bytes(next(bound) for _ in range(32)) == keys[dealer][1]
            total = [number - part for number, part in zip(total, mask(rebuilt, length))]
            continue
        assert x25519(rebuilt, (9).to_bytes(32, "little")) == keys[dealer][0]
        for other in inputs:
            low, high = sorted((dealer, other))
            info = b"exprove masked sum pair" + low.to_bytes(2, "little") + high.to_bytes(2, "little")
            pair = mask(hkdf(x25519(rebuilt, keys[other][0]), digest, info), length)
            sign = -1 if other < dealer else 1
            total = [number + sign * part for number, part in zip(total, pair)]
    print(*sorted(inputs))
    print(*(number % 2 ** 64 for number in total))


main()
