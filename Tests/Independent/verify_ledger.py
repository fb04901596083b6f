#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Verifies a tiled transparency log without any code of this project.

Written from the texts c2sp.org/signed-note, tlog-checkpoint, tlog-tiles, tlog-cosignature, tlog-proof and RFC 6962 alone; needs
Python's standard library and the package `cryptography`. One JSON object per line on standard output, exit code 1
when something does not hold.

    verify_ledger.py log VKEY DIRECTORY...              everything in each directory
    verify_ledger.py proof VKEY LEAF_FILE PROOF_FILE    a .tlog-proof file over the bytes of LEAF_FILE
    verify_ledger.py consistency OLD_SIZE OLD_ROOT NEW_SIZE NEW_ROOT [PROOF_LINE...]
"""

import base64
import binascii
import hashlib
import json
import os
import re
import struct
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class Bad(Exception):
    pass


def need(condition, reason):
    if not condition:
        raise Bad(reason)


def b64(text):
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Bad(f"base64: {error}") from error
    need(base64.b64encode(data).decode() == text, "base64 is not canonical")
    return data


# RFC 6962 section 2.1


def leaf_hash(data):
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def split(n):
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def mth(hashes):
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = split(len(hashes))
    return node_hash(mth(hashes[:k]), mth(hashes[k:]))


def inclusion_root(leaf, index, size, proof):
    """The root that an audit path leads to, by the recursive definition of PATH (section 2.1.1)."""
    if size == 1:
        need(not proof and index == 0, "inclusion proof too long")
        return leaf
    need(proof, "inclusion proof too short")
    k = split(size)
    if index < k:
        return node_hash(inclusion_root(leaf, index, k, proof[:-1]), proof[-1])
    return node_hash(proof[-1], inclusion_root(leaf, index - k, size - k, proof[:-1]))


def consistency_roots(m, n, proof, whole, old_root):
    """The old and new root that a consistency proof leads to, by SUBPROOF (section 2.1.2)."""
    if m == n:
        if whole:
            need(not proof, "consistency proof too long")
            return old_root, old_root
        need(len(proof) == 1, "consistency proof of wrong length")
        return proof[0], proof[0]
    need(proof, "consistency proof too short")
    k = split(n)
    if m <= k:
        old, new = consistency_roots(m, k, proof[:-1], whole, old_root)
        return old, node_hash(new, proof[-1])
    old, new = consistency_roots(m - k, n - k, proof[:-1], False, old_root)
    return node_hash(proof[-1], old), node_hash(proof[-1], new)


# signed-note


class Key:
    def __init__(self, vkey):
        name, key_id, material = vkey.split("+", 2)
        data = b64(material)
        need(re.fullmatch("[0-9a-f]{8}", key_id), "key id")
        need(data[0] in (1, 4) and len(data) == 33, "not an Ed25519 key")
        self.vkey, self.name, self.kind, self.public = vkey, name, data[0], data[1:]
        self.id = hashlib.sha256(name.encode() + b"\n" + data).digest()[:4]
        need(self.id.hex() == key_id, "key id does not match name and key")

    @classmethod
    def named(cls, name, vkey):
        """The same public key under another name, whose key id is another."""
        data = b64(vkey.split("+", 2)[2])
        key_id = hashlib.sha256(name.encode() + b"\n" + data).digest()[:4]
        return cls(f"{name}+{key_id.hex()}+{base64.b64encode(data).decode()}")

    def verify(self, signature, message):
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except InvalidSignature as error:
            raise Bad(f"signature of {self.name} is false") from error


def open_note(data, key):
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Bad("note is not UTF-8") from error
    need(not re.search("[\x00-\x09\x0b-\x1f\x7f]", text), "control character in note")
    at = text.rfind("\n\n")
    need(at > 0 and text.endswith("\n"), "note has no signatures")
    body, lines = text[: at + 1], text[at + 2 :]
    need(lines, "note has no signatures")
    known = 0
    for line in lines[:-1].split("\n"):
        match = re.fullmatch(r"— ([^\s+]+) ([A-Za-z0-9+/=]+)", line)
        need(match, "malformed signature line")
        blob = b64(match[2])
        need(len(blob) > 4, "short signature")
        need(match[1] == key.name and blob[:4] == key.id, f"signature by unknown key {match[1]}")
        if key.kind == 1:
            key.verify(blob[4:], body.encode())
        else:
            seconds = struct.unpack(">Q", blob[4:12])[0]
            key.verify(blob[12:], f"cosignature/v1\ntime {seconds}\n{body}".encode())
        known += 1
    need(known, "no signature by the key")
    return body


def parse_checkpoint(body):
    lines = body.split("\n")
    need(len(lines) >= 4 and lines[-1] == "" and all(lines[:-1]), "malformed checkpoint")
    need(re.fullmatch("0|[1-9][0-9]*", lines[1]), "malformed size")
    root = b64(lines[2])
    need(len(root) == 32, "malformed root")
    return lines[0], int(lines[1]), root


# tlog-tiles


def tile_path(row, index, width):
    text = f"{index % 1000:03d}"
    index //= 1000
    while index:
        text = f"x{index % 1000:03d}/{text}"
        index //= 1000
    return f"tile/{row}/{text}" + (f".p/{width}" if width < 256 else "")


def widths(size, level):
    items = size >> (8 * level)
    for index in range(items >> 8):
        yield index, 256
    if items & 255:
        yield items >> 8, items & 255


class Log:
    def __init__(self, directory, key):
        self.directory, self.key, self.expected = directory, key, {"checkpoint"}

    def read(self, path):
        self.expected.add(path)
        full = os.path.join(self.directory, path)
        need(os.path.isfile(full) and not os.path.islink(full), f"{path}: missing")
        with open(full, "rb") as file:
            return file.read()

    def entries(self, index, width):
        path = tile_path("entries", index, width)
        data, at, found = self.read(path), 0, []
        for _ in range(width):
            need(at + 2 <= len(data), f"{path}: too short")
            length = struct.unpack_from(">H", data, at)[0]
            need(at + 2 + length <= len(data), f"{path}: too short")
            found.append(data[at + 2 : at + 2 + length])
            at += 2 + length
        need(at == len(data), f"{path}: bytes behind the last entry")
        return found

    def tile_node(self, height, index, size):
        """The hash of a complete subtree, read from the one tile that has it."""
        level, within = divmod(height, 8)
        first = index << within
        items = size >> (8 * level)
        number = first >> 8
        width = 256 if number < items >> 8 else items & 255
        data = self.read(tile_path(level, number, width))
        start = first & 255
        return mth([data[32 * i : 32 * i + 32] for i in range(start, start + (1 << within))])

    def range_hash(self, low, high, size):
        """The hash over a range, from complete subtrees."""
        peaks = []
        while low < high:
            height = (high - low).bit_length() - 1
            peaks.append(self.tile_node(height, low >> height, size))
            low += 1 << height
        result = peaks.pop()
        while peaks:
            result = node_hash(peaks.pop(), result)
        return result

    def inclusion(self, index, low, high, size):
        if high - low == 1:
            return []
        middle = low + split(high - low)
        if index < middle:
            return self.inclusion(index, low, middle, size) + [self.range_hash(middle, high, size)]
        return self.inclusion(index, middle, high, size) + [self.range_hash(low, middle, size)]

    def consistency(self, old, low, high, size, whole):
        if old == high:
            return [] if whole else [self.range_hash(low, high, size)]
        middle = low + split(high - low)
        if old <= middle:
            return self.consistency(old, low, middle, size, whole) + [self.range_hash(middle, high, size)]
        return self.consistency(old, middle, high, size, False) + [self.range_hash(low, middle, size)]

    def verify(self):
        origin, size, root, _ = self.check()
        return {"origin": origin, "size": size, "root": base64.b64encode(root).decode()}

    def verified_leaves(self):
        """Every leaf, in order, after all of the log was checked."""
        return self.check()[3]

    def check(self):
        origin, size, root = parse_checkpoint(open_note(self.read("checkpoint"), self.key))
        leaves, row = [], []
        for index, width in widths(size, 0):
            entries = self.entries(index, width)
            leaves += entries
            row += [leaf_hash(entry) for entry in entries]
        hashes = row
        level = 0
        while size >> (8 * level):
            for index, width in widths(size, level):
                path = tile_path(level, index, width)
                need(self.read(path) == b"".join(row[256 * index : 256 * index + width]), f"{path}: wrong hashes")
            row = [mth(row[i : i + 256]) for i in range(0, len(row) - 255, 256)]
            level += 1
        need(mth(hashes) == root, "root does not match the entries")
        samples = sorted({0, 1, 254, 255, 256, 257, 511, 512, size // 2, size // 3, size - 2, size - 1})
        for index in (i for i in samples if 0 <= i < size):
            proof = self.inclusion(index, 0, size, size)
            need(inclusion_root(hashes[index], index, size, proof) == root, f"leaf {index}: no inclusion")
            old = index + 1
            old_root = mth(hashes[:old])
            proof = self.consistency(old, 0, size, size, True)
            roots = consistency_roots(old, size, proof, True, old_root)
            need(roots == (old_root, root), f"size {old}: not consistent")
        self.verify_names()
        return origin, size, root, leaves

    def verify_names(self):
        for base, folders, files in os.walk(self.directory):
            for name in files:
                path = os.path.relpath(os.path.join(base, name), self.directory)
                need(path in self.expected, f"{path}: not part of the log")
            for name in folders:
                path = os.path.relpath(os.path.join(base, name), self.directory)
                need(any(e.startswith(path + "/") for e in self.expected), f"{path}: not part of the log")


def verify_proof(key, leaf, data):
    text = data.decode("utf-8")
    head, _, note = text.partition("\n\n")
    lines = head.split("\n")
    need(lines[0] == "c2sp.org/tlog-proof@v1", "not a proof")
    del lines[0]
    if lines[0].startswith("extra "):
        b64(lines.pop(0)[6:])
    match = re.fullmatch("index (0|[1-9][0-9]*)", lines[0])
    need(match, "no index")
    origin, size, root = parse_checkpoint(open_note(note.encode(), key))
    index = int(match[1])
    need(index < size, "index beyond the tree")
    proof = [b64(line) for line in lines[1:]]
    need(inclusion_root(leaf_hash(leaf), index, size, proof) == root, "the proof does not lead to the root")
    return {"origin": origin, "size": size, "index": index}


def answer(work):
    try:
        result = {"ok": True, **work()}
    except Bad as error:
        result = {"ok": False, "reason": str(error)}
    print(json.dumps(result))
    return result["ok"]


def main(arguments):
    command = arguments[0]
    if command == "log":
        key = Key(arguments[1])
        results = [answer(Log(directory, key).verify) for directory in arguments[2:]]
    elif command == "proof":
        with open(arguments[2], "rb") as leaf, open(arguments[3], "rb") as proof:
            leaf, proof = leaf.read(), proof.read()
        results = [answer(lambda: verify_proof(Key(arguments[1]), leaf, proof))]
    elif command == "consistency":
        old, new = int(arguments[1]), int(arguments[3])
        old_root, new_root = b64(arguments[2]), b64(arguments[4])
        proof = [b64(line) for line in arguments[5:]]

        def work():
            need(0 < old <= new, "sizes")
            need(consistency_roots(old, new, proof, True, old_root) == (old_root, new_root), "not consistent")
            return {}

        results = [answer(work)]
    else:
        sys.exit(__doc__)
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main(sys.argv[1:])
