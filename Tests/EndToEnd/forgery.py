# SPDX-License-Identifier: Apache-2.0
"""A forger who holds the right private key: rewrites a decision, builds the whole log again (entries, tiles,
checkpoint) and signs it. `verify` cannot tell; `replay` derives the decision again and names the leaf.

usage: forgery.py EXPROVE ADAPTERS CAPTURES
"""
import base64
import hashlib
import json
import os
import shutil
import struct

import product
import verify_ledger
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def b64(data):
    return base64.b64encode(data).decode()


class Forger:
    """The key of a run's identity, and what can be made with it."""

    def __init__(self, home, run, seed=None):
        description = product.run_description(run)
        name = description["identity"]
        with open(f"{home}/{name}.identity", encoding="utf-8") as file:
            secret = file.read().split("ed25519 ")[1]
        self.key = Ed25519PrivateKey.from_private_bytes(seed or base64.b64decode(secret))
        self.public = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.name, self.origin = name, description["origin"]

    def key_id(self, name):
        return hashlib.sha256(name.encode() + b"\n\x01" + self.public).digest()[:4]

    def leaf(self, statement):
        """The envelope of a statement, as the product writes it."""
        payload, kind = canonical(statement), "application/vnd.in-toto+json"
        signed = f"DSSEv1 {len(kind)} {kind} {len(payload)} ".encode() + payload
        signature = {"keyid": f"{self.name}+{self.key_id(self.name).hex()}", "sig": b64(self.key.sign(signed))}
        return canonical({"payload": b64(payload), "payloadType": kind, "signatures": [signature]})

    def checkpoint(self, size, root):
        body = f"{self.origin}\n{size}\n{b64(root)}\n"
        signature = b64(self.key_id(self.origin) + self.key.sign(body.encode()))
        return f"{body}\n— {self.origin} {signature}\n".encode()

    def write(self, directory, leaves):
        """A whole log of these leaves in place of the one in `directory`."""
        shutil.rmtree(directory)
        row = [verify_ledger.leaf_hash(leaf) for leaf in leaves]
        files = {"checkpoint": self.checkpoint(len(leaves), verify_ledger.mth(row))}
        for index, width in verify_ledger.widths(len(leaves), 0):
            entries = leaves[256 * index : 256 * index + width]
            files[verify_ledger.tile_path("entries", index, width)] = b"".join(
                struct.pack(">H", len(entry)) + entry for entry in entries)
        level = 0
        while row:
            for index, width in verify_ledger.widths(len(leaves), level):
                files[verify_ledger.tile_path(level, index, width)] = b"".join(row[256 * index :][:width])
            row = [verify_ledger.mth(row[i : i + 256]) for i in range(0, len(row) - 255, 256)]
            level += 1
        for path, data in files.items():
            os.makedirs(os.path.dirname(f"{directory}/{path}"), exist_ok=True)
            with open(f"{directory}/{path}", "wb") as file:
                file.write(data)


def rewritten(statement, change):
    """The statement with its body changed and its subject's digest made to fit again."""
    forged = json.loads(json.dumps(statement))
    change(forged["predicate"])
    assert forged != statement, "the forger changed nothing"
    forged["subject"][0]["digest"]["sha256"] = hashlib.sha256(canonical(forged["predicate"])).hexdigest()
    return forged


def raise_digit(text):
    """Another number of the same length."""
    index = max(i for i, letter in enumerate(text) if letter.isdigit())
    return text[:index] + str((int(text[index]) + 1) % 10) + text[index + 1 :]


def raise_member(*path):
    def change(body):
        for key in path[:-1]:
            body = body[key]
        value = body[path[-1]]
        body[path[-1]] = raise_digit(value) if isinstance(value, str) else value + 1

    return change


def first(statements, wanted, after=0):
    return next(i for i, found in enumerate(statements) if i > after and product.kind(found) == wanted)


def forge_and_judge(bench, forger, run, leaves, forged, named):
    """The log of the forged leaves passes `verify` and fails `replay`, which names the leaf."""
    forger.write(run + "/ledger", forged)
    bench.hold(product.leaves(run) == forged, "the forged log is no log")
    report = bench.json("verify", run, "--vkey", product.vkey(run), "--json")
    bench.hold(report["verdict"] == "verified" and not report["findings"] and not report["tail"], report)
    for source in ["frames", "events"]:
        found = bench.json("replay", run, "--from", source, "--json", code=1)
        bench.hold(not found["identical"] and found["difference"].startswith(named), found)
    bench.hold(named in bench.expect(1, "replay", run)[0], "the text does not name the leaf")


def forgeries(bench):
    work = product.small_work(bench)
    run = bench.path("run")
    bench.expect(0, *work.arguments(run))
    forger = Forger(bench.path("home"), run)
    leaves = product.leaves(run)
    statements = [product.statement(leaf) for leaf in leaves]
    # The forger's hand is good enough: without a change, all comes out byte for byte.
    bench.hold([forger.leaf(statement) for statement in statements] == leaves, "the product writes envelopes otherwise")
    size = len(leaves)
    signed = forger.checkpoint(size, verify_ledger.mth([verify_ledger.leaf_hash(leaf) for leaf in leaves]))
    bench.hold(product.read(run + "/ledger/checkpoint") == signed, "the product writes checkpoints otherwise")
    changes = {
        "order": raise_member("order", "quantity"), "plan": raise_member("terms", "impact"),
        "fill": raise_member("fill", "price"), "cancel": raise_member("open"), "context": raise_member("as_of"),
        "summary": raise_member("filled"),
    }
    for wanted, change in changes.items():
        index = first(statements, wanted, after=size // 3 if wanted != "summary" else 0)
        leaf = forger.leaf(rewritten(statements[index], change))
        subject = statements[index]["subject"][0]["name"]
        forge_and_judge(bench, forger, run, leaves, [*leaves[:index], leaf, *leaves[index + 1 :]],
                        f"leaf {index}: recorded is {subject}")
    # A decision that is left out, and one that was never made.
    index = first(statements, "cancel", after=size // 2)
    subject = statements[index + 1]["subject"][0]["name"]
    forge_and_judge(bench, forger, run, leaves, leaves[:index] + leaves[index + 1 :],
                    f"leaf {index}: recorded is {subject}")
    subject = statements[index]["subject"][0]["name"]
    forge_and_judge(bench, forger, run, leaves, leaves[: index + 1] + leaves[index:],
                    f"leaf {index + 1}: recorded is {subject}")
    # Another hand's forgery is found by `verify` already.
    index = first(statements, "order")
    stranger = Forger(bench.path("home"), run, seed=bytes(32))
    leaf = stranger.leaf(rewritten(statements[index], changes["order"]))
    forger.write(run + "/ledger", [*leaves[:index], leaf, *leaves[index + 1 :]])
    report = bench.json("verify", run, "--vkey", product.vkey(run), "--json", code=1)
    bench.hold(any(f"leaf {index}" in finding for finding in report["findings"]), report)
    # Put back, all holds again.
    forger.write(run + "/ledger", leaves)
    bench.hold(bench.json("verify", run, "--json")["verdict"].startswith("consistent"), "what was put back")
    bench.hold(bench.json("replay", run, "--json")["identical"], "what was put back")


if __name__ == "__main__":
    product.prove("forgery", forgeries)
