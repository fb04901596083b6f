#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads a run's journal without any code of this project: every record's chain, the events under every frame, and the
digest of the event stream. Written from the formats as they are described; needs Python's standard library.

    verify_journal.py DIRECTORY     the journal's position at its end, as one JSON object; exit code 1 on damage

A segment is "EXPJRNL1", its number (u64) and the chain before it (32 bytes), then records: length of the payload (u32),
kind (u32), ordinal (u64), payload, chain. All little-endian; a chain is SHA-256 of the chain before it and the record
up to its chain.
"""
import hashlib
import json
import os
import struct
import sys

MAGIC = b"EXPJRNL1"
ORIGIN = hashlib.sha256(b"exprove journal, version 1").digest()
BATCH, INPUT = 1, 2


class Damaged(Exception):
    pass


def need(condition, reason):
    if not condition:
        raise Damaged(reason)


def records(directory):
    """Kind, payload and chain of each record, in order; ends at the last whole one."""
    chain, ordinal = ORIGIN, 0
    names = sorted(os.listdir(directory))
    for number, name in enumerate(names):
        need(name == f"{number:06d}.seg", f"{name}: segment {number} is expected")
        with open(os.path.join(directory, name), "rb") as file:
            data = file.read()
        if len(data) < 48 and number == len(names) - 1:
            return
        need(data[:48] == MAGIC + struct.pack("<Q", number) + chain, f"{name}: its header")
        at = 48
        while True:
            length, kind, found = struct.unpack_from("<IIQ", data, at) if at + 16 <= len(data) else (0, 0, 0)
            end = at + 16 + length
            if at + 16 > len(data) or end + 32 > len(data):
                need(at == len(data) or number == len(names) - 1, f"{name}: a torn record within the journal")
                break
            chain = hashlib.sha256(chain + data[at:end]).digest()
            need(data[end : end + 32] == chain and found == ordinal, f"{name}: byte {at}: not the record of its chain")
            yield kind, data[at + 16 : end], chain
            ordinal += 1
            at = end + 32


def frames(payload):
    """Each frame of a batch with the bytes of its events."""
    frame_count, event_count, byte_count, zero = struct.unpack_from("<IIII", payload)
    need(zero == 0 and len(payload) == 16 + 32 * frame_count + 64 * event_count + byte_count, "size of a batch")
    events = payload[16 + 32 * frame_count :][: 64 * event_count]
    following = 0
    for index in range(frame_count):
        frame = struct.unpack_from("<qQIIII", payload, 16 + 32 * index)
        first = following
        while following < event_count and struct.unpack_from("<I", events, 64 * following + 52)[0] == index:
            following += 1
        yield frame, events[64 * first : 64 * following]
    need(following == event_count, "events of frames that are not there")


class Stream:
    """Counts of frames and events, and the digest that is the same however the stream was cut into batches."""

    def __init__(self):
        self.frames = self.events = 0
        self.digest = hashlib.sha256()

    def add(self, payload):
        for (time, offset, _, length, feed, flags), events in frames(payload):
            count = len(events) // 64
            entry = bytearray(events)
            for index in range(count):
                entry[64 * index + 52 : 64 * index + 56] = b"\0\0\0\0"
            self.digest.update(struct.pack("<qQIIII", time, offset, length, feed, flags, count) + entry)
            self.frames += 1
            self.events += count


def positions(directory):
    """What the ledger commits to at each place of the journal: after so many records, by their number."""
    stream, count = Stream(), 0
    for kind, payload, chain in records(directory):
        if kind == BATCH:
            stream.add(payload)
        else:
            need(kind == INPUT and json.loads(payload) is not None, "a record of an unknown kind")
        count += 1
        yield count, {
            "records": count, "chain": chain.hex(), "frames": stream.frames, "events": stream.events,
            "event_digest": stream.digest.hexdigest(),
        }


def main(arguments):
    try:
        last = None
        for _, last in positions(arguments[0]):
            pass
        print(json.dumps({"ok": True, **(last or {})}))
    except Damaged as error:
        print(json.dumps({"ok": False, "reason": str(error)}))
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
