# SPDX-License-Identifier: Apache-2.0
"""Reads run.json, the reference data and the ledger's statements of a run directory, from the public formats alone (C2SP
tlog-tiles, DSSE, in-toto). It verifies no signature: other programs here do."""
import base64
import hashlib
import json
from datetime import datetime, timezone
from fractions import Fraction as F


def tile_path(number, width):
    """The path of a bundle of entries: groups of three digits, all but the last with an x."""
    digits = f"{number:03d}"
    digits = digits.zfill((len(digits) + 2) // 3 * 3)
    groups = [digits[start:start + 3] for start in range(0, len(digits), 3)]
    path = "/".join(["x" + group for group in groups[:-1]] + groups[-1:])
    return path if width == 256 else f"{path}.p/{width}"


def root(hashes):
    """The Merkle tree hash of RFC 6962 over leaves that are hashed already."""
    if len(hashes) <= 1:
        return hashes[0] if hashes else hashlib.sha256().digest()
    half = 1
    while half * 2 < len(hashes):
        half *= 2
    return hashlib.sha256(b"\x01" + root(hashes[:half]) + root(hashes[half:])).digest()


class Run:
    def __init__(self, path):
        self.path = path
        with open(f"{path}/run.json", encoding="utf-8") as file:
            self.description = json.load(file)
        with open(f"{path}/objects/{self.description['reference']}", encoding="utf-8") as file:
            self.reference = json.load(file)
        with open(f"{path}/ledger/checkpoint", encoding="utf-8") as file:
            self.size = int(file.read().split("\n")[1])
        self.entries = []
        for start in range(0, self.size, 256):
            width = min(256, self.size - start)
            with open(f"{path}/ledger/tile/entries/{tile_path(start // 256, width)}", "rb") as file:
                bundle, at = file.read(), 0
            for _ in range(width):
                length = int.from_bytes(bundle[at:at + 2], "big")
                self.entries.append(bundle[at + 2:at + 2 + length])
                at += 2 + length
        self.statements = [json.loads(base64.b64decode(json.loads(entry)["payload"])) for entry in self.entries]

    def root(self, count):
        """Of the first `count` leaves, in base 64 as a checkpoint has it."""
        hashes = [hashlib.sha256(b"\x00" + entry).digest() for entry in self.entries[:count]]
        return base64.b64encode(root(hashes)).decode()

    def of(self, kind):
        """(leaf, body) of each statement of a kind, bodies from objects/ where they lie there. Reports that were filed in
        the run are of no kind."""
        found = []
        for leaf, statement in enumerate(self.statements):
            if statement["predicateType"] != f"https://exprove.dev/{kind}/v1" or self.is_filed(statement):
                continue
            body = statement["predicate"]
            if "object" in body:
                with open(f"{self.path}/objects/{body['object']}", "rb") as file:
                    data = file.read()
                assert hashlib.sha256(data).hexdigest() == body["object"]
                body = json.loads(data)
            found.append((leaf, body))
        return found

    @staticmethod
    def is_filed(statement):
        return statement["subject"][0]["name"].startswith("reports/")

    def filed(self):
        return [(leaf, statement["subject"][0]) for leaf, statement in enumerate(self.statements)
                if self.is_filed(statement)]

    # Reference data

    def instrument(self, listing):
        name = self.listing(listing)["instrument"]
        return next(found for found in self.reference["instruments"] if found["name"] == name)

    def listing(self, listing):
        return next(found for found in self.reference["listings"]
                    if (found["venue"], found["symbol"]) == (listing["venue"], listing["symbol"]))

    def terms(self, listing, time):
        return [terms for terms in self.listing(listing)["terms"] if nanoseconds(terms["from"]) <= time][-1]

    def fee(self, listing, time, price, quantity, maker):
        """(amount, currency): the rate on the value or on the quantity, and so much per unit, each rounded once, half to
        even, to 1e-18."""
        terms, instrument = self.terms(listing, time), self.instrument(listing)
        fee, currency = terms["maker_fee" if maker else "taker_fee"], terms["fee_currency"]
        value = F(fee.get("rate", "0")) * quantity * F(instrument["multiplier"])
        if currency == instrument["quote"]:
            value *= price
        unit = F(fee.get("per_unit", "0")) * quantity
        # Python rounds a fraction half to even.
        return F(round(value * 10**18) + round(unit * 10**18), 10**18), currency


def nanoseconds(date):
    time = datetime.strptime(date if "T" in date else date + "T00:00:00Z", "%Y-%m-%dT%H:%M:%SZ")
    return int(time.replace(tzinfo=timezone.utc).timestamp()) * 10**9
