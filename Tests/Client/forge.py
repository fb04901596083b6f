# SPDX-License-Identifier: Apache-2.0
"""Run directories that somebody else made: takes a run apart, lets anything be changed, and puts it together again under a key
of its own, with every hash and signature right. Written from the formats alone; needs the package `cryptography`."""
import base64
import copy
import hashlib
import json
import os
import shutil
import struct

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

BATCH, INPUT = 1, 2
ORIGIN_CHAIN = hashlib.sha256(b"exprove journal, version 1").digest()
JOURNAL = "https://exprove.dev/journal/v1"


def sha(data):
    return hashlib.sha256(data).digest()


def canonical(value):
    """RFC 8785 for values whose keys are ASCII and whose numbers are integers."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(value):
    return sha(canonical(value)).hex()


class Batch:
    """A batch as it lies in a record: frames of 32 bytes, events of 64, the frames' bytes."""

    def __init__(self, payload):
        frames, events, size, _ = struct.unpack_from("<IIII", payload)
        at = 16
        self.frames = [bytearray(payload[at + 32 * i:at + 32 * i + 32]) for i in range(frames)]
        at += 32 * frames
        self.events = [bytearray(payload[at + 64 * i:at + 64 * i + 64]) for i in range(events)]
        self.bytes = bytearray(payload[at + 64 * events:])
        assert len(self.bytes) == size

    def payload(self):
        head = struct.pack("<IIII", len(self.frames), len(self.events), len(self.bytes), 0)
        return head + b"".join(self.frames) + b"".join(self.events) + bytes(self.bytes)


class Stream:
    """Counts and the digest of an event stream, frame by frame: receive time, offset, length, feed, flags, count of events,
    then the events with their frame's number as 0."""

    def __init__(self):
        self.frames = self.events = 0
        self.hash = hashlib.sha256()

    def add(self, frames, events):
        counts = [0] * len(frames)
        for event in events:
            counts[struct.unpack_from("<I", event, 52)[0]] += 1
        at = 0
        for frame, count in zip(frames, counts):
            receive_time, offset, _, length, feed, flags = struct.unpack("<qQIIII", frame)
            self.hash.update(struct.pack("<qQIIII", receive_time, offset, length, feed, flags, count))
            for event in events[at:at + count]:
                self.hash.update(bytes(event[:52]) + bytes(4) + bytes(event[56:]))
            at += count
        self.frames += len(frames)
        self.events += len(events)


def node(hashes):
    if not hashes:
        return sha(b"")
    if len(hashes) == 1:
        return hashes[0]
    half = 1 << (len(hashes) - 1).bit_length() - 1
    return sha(b"\x01" + node(hashes[:half]) + node(hashes[half:]))


def statements(path):
    """The statements in a bundle of entries."""
    with open(path, "rb") as file:
        data = file.read()
    at = 0
    while at < len(data):
        length, = struct.unpack_from(">H", data, at)
        yield json.loads(base64.b64decode(json.loads(data[at + 2:at + 2 + length])["payload"]))
        at += 2 + length


class Forgery:
    """What may be changed: `run` (run.json), `records` [(kind, payload)], `statements` (of the ledger, at most 255),
    `objects` {name: bytes}. `bind` decides whether the ledger is made to commit to the rest as it now is."""

    def __init__(self, directory):
        self.base = directory
        with open(directory + "/run.json", "rb") as file:
            self.run = json.load(file)
        self.records = list(self._records(directory + "/journal/000000.seg"))
        folder = directory + "/ledger/tile/entries/000.p"
        self.statements = list(statements(f"{folder}/{os.listdir(folder)[0]}"))
        self.objects = {}
        self.bind = True
        self.size = self.root = None
        self.key = Ed25519PrivateKey.from_private_bytes(bytes([7] * 32))
        self.public = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.name, self.origin = self.run["identity"], self.run["origin"]
        self.run["verifier"] = self.vkey(self.name)

    def copy(self):
        other = copy.copy(self)
        other.run, other.statements = copy.deepcopy(self.run), copy.deepcopy(self.statements)
        other.records, other.objects = list(self.records), dict(self.objects)
        return other

    @staticmethod
    def _records(path):
        with open(path, "rb") as file:
            data = file.read()
        at = 48
        while at < len(data):
            length, kind, _ = struct.unpack_from("<IIQ", data, at)
            yield kind, data[at + 16:at + 16 + length]
            at += 16 + length + 32

    def key_id(self, name):
        return sha(name.encode() + b"\n\x01" + self.public)[:4]

    def vkey(self, name):
        return f"{name}+{self.key_id(name).hex()}+{base64.b64encode(b'%c' % 1 + self.public).decode()}"

    def change(self, index, change):
        """Changes a batch of the journal, the `index`th of them; what `change` returns, if anything, is its payload."""
        number = [i for i, record in enumerate(self.records) if record[0] == BATCH][index]
        batch = Batch(self.records[number][1])
        result = change(batch)
        self.records[number] = (BATCH, batch.payload() if result is None else result)
        return self

    def commit(self):
        """Makes the run's own statement and those of the journal say what the rest now is."""
        first = self.statements[0]
        first["subject"][0]["digest"]["sha256"] = digest(self.run)
        first["predicate"].update(
            task=digest(self.run["task"]), policy=digest(self.run["policy"]), fills=self.run["fills"],
            verifier=self.run["verifier"])
        positions = {s["predicate"]["records"]: s for s in self.statements
                     if isinstance(s, dict) and s["predicateType"] == JOURNAL}
        chain, stream = ORIGIN_CHAIN, Stream()
        for ordinal, (kind, payload) in enumerate(self.records):
            chain = sha(chain + struct.pack("<IIQ", len(payload), kind, ordinal) + payload)
            if kind == BATCH:
                batch = Batch(payload)
                stream.add(batch.frames, batch.events)
            if ordinal + 1 in positions:
                statement = positions[ordinal + 1]
                statement["predicate"] = {
                    "records": ordinal + 1, "chain": chain.hex(), "frames": stream.frames, "events": stream.events,
                    "event_digest": stream.hash.hexdigest()}
                statement["subject"][0]["digest"]["sha256"] = digest(statement["predicate"])

    def envelope(self, statement):
        payload = statement if isinstance(statement, bytes) else canonical(statement)
        kind = "application/vnd.in-toto+json"
        signed = b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload)
        name = self.name
        return canonical({
            "payload": base64.b64encode(payload).decode(), "payloadType": kind,
            "signatures": [{"keyid": f"{name}+{self.key_id(name).hex()}",
                            "sig": base64.b64encode(self.key.sign(signed)).decode()}]})

    def write(self, directory):
        shutil.rmtree(directory, ignore_errors=True)
        for folder in ("journal", "keys", "reports", "ledger/tile/0/000.p", "ledger/tile/entries/000.p"):
            os.makedirs(f"{directory}/{folder}")
        for folder in ("adapters", "objects"):
            shutil.copytree(f"{self.base}/{folder}", f"{directory}/{folder}", copy_function=os.link)
        if self.bind:
            self.commit()
        for name, data in self.objects.items():
            put(f"{directory}/objects/{name}", data)
        put(directory + "/run.json", canonical(self.run))
        put(directory + "/keys/ledger.vkey", (self.vkey(self.name) + "\n").encode())
        self._write_journal(directory + "/journal/000000.seg")
        self._write_ledger(directory + "/ledger")
        return directory

    def _write_journal(self, path):
        chain = ORIGIN_CHAIN
        parts = [b"EXPJRNL1" + struct.pack("<Q", 0) + chain]
        for ordinal, (kind, payload) in enumerate(self.records):
            record = struct.pack("<IIQ", len(payload), kind, ordinal) + payload
            chain = sha(chain + record)
            parts += [record, chain]
        put(path, b"".join(parts))

    def _write_ledger(self, directory):
        leaves = [self.envelope(statement) for statement in self.statements]
        count, hashes = len(leaves), [sha(b"\x00" + leaf) for leaf in leaves]
        put(f"{directory}/tile/entries/000.p/{count}", b"".join(struct.pack(">H", len(leaf)) + leaf for leaf in leaves))
        put(f"{directory}/tile/0/000.p/{count}", b"".join(hashes))
        size, root = self.size or count, self.root or node(hashes)
        origin = self.origin
        text = f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n".encode()
        signature = base64.b64encode(self.key_id(origin) + self.key.sign(text)).decode()
        put(directory + "/checkpoint", text + f"\n— {origin} {signature}\n".encode())


def put(path, data):
    with open(path, "wb") as file:
        file.write(data)
