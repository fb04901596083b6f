# SPDX-License-Identifier: Apache-2.0
"""The adapter ABI as ctypes sees it, and a session that checks the ABI's rules on every call."""

import ctypes as c
import os
import struct

EVENT = struct.Struct("<qQQqqQIIBBHHH")
assert EVENT.size == 64
NONE = 0xFFFFFFFF
LENGTH16, LINE, PACKET, MESSAGE = 1, 2, 3, 4
MARKET_DATA, ORDER_ENTRY = 1, 2
OUTBOUND = 4
OK, NOT_IMPLEMENTED, INVALID_ARGUMENT, INVALID_STATE, TOO_SMALL, BAD_DATA = range(6)
MAX_EVENTS = 4096
INT64_MIN = -(1 << 63)

# Kinds, flags and enumerations of event.h.
(ADD, MODIFY, REDUCE, EXECUTE, DELETE, REPLACE, LEVEL, CLEAR, QUOTE, TRADE, TRADE_BREAK, STATUS, AUCTION, IMBALANCE,
 NOTICE, INSTRUMENT, TEXT) = range(1, 18)
(OWN_NEW, OWN_CANCEL_REQUEST, OWN_REPLACE_REQUEST, OWN_ACKNOWLEDGED, OWN_REJECTED, OWN_CANCELLED, OWN_FILLED,
 OWN_REPLACED, OWN_CANCEL_REJECTED, OWN_BROKEN) = range(32, 42)
GAP, MALFORMED, UNKNOWN = 48, 49, 50
LAST, SNAPSHOT, VOLUME, RESTING_PRICE, HIDDEN, CROSS, NO_EVENT_TIME, NO_PRICE = (1 << i for i in range(8))
MAKER, TEXT_ID, CORRECTION = 0x200, 0x400, 0x800
SHORT, LONG, FIELD, RANGE, SYNTAX, REFERENCE, TOO_MANY = range(1, 8)


class Text(c.Structure):
    _fields_ = [("data", c.c_char_p), ("capacity", c.c_uint32), ("size", c.c_uint32)]


class Host(c.Structure):
    _fields_ = [("struct_size", c.c_uint32), ("abi_version", c.c_uint32), ("cookie", c.c_void_p), ("log", c.c_void_p)]


class Setting(c.Structure):
    _fields_ = [("key", c.c_char_p), ("value", c.c_char_p)]


class Config(c.Structure):
    _fields_ = [("struct_size", c.c_uint32), ("framing", c.c_uint32), ("channel", c.c_uint32),
                ("settings_count", c.c_uint32), ("settings", c.POINTER(Setting)), ("day_start", c.c_int64),
                ("seed", c.c_uint64)]


class Frame(c.Structure):
    _fields_ = [("receive_time", c.c_int64), ("offset", c.c_uint64), ("data", c.c_uint32), ("length", c.c_uint32),
                ("feed", c.c_uint32), ("flags", c.c_uint32)]


class Batch(c.Structure):
    _fields_ = [("struct_size", c.c_uint32), ("frame_count", c.c_uint32), ("bytes", c.c_void_p),
                ("bytes_size", c.c_uint64), ("frames", c.POINTER(Frame)), ("events", c.c_void_p),
                ("event_capacity", c.c_uint32), ("frames_used", c.c_uint32), ("events_filled", c.c_uint32),
                ("reserved", c.c_uint32)]


class Request(c.Structure):
    _fields_ = [("struct_size", c.c_uint32), ("action", c.c_uint8), ("side", c.c_uint8), ("time_in_force", c.c_uint8),
                ("post_only", c.c_uint8), ("order_id", c.c_uint64), ("previous_id", c.c_uint64), ("price", c.c_int64),
                ("quantity", c.c_int64), ("quantity_scale", c.c_uint32), ("symbol_size", c.c_uint32),
                ("symbol", c.c_char * 32), ("firm", c.c_char * 8), ("capacity", c.c_uint8),
                ("reserved", c.c_uint8 * 7), ("time", c.c_int64)]


assert c.sizeof(Request) == 104 and c.sizeof(Frame) == 32

P = c.c_void_p
SLOTS = [
    ("init", c.CFUNCTYPE(c.c_int32, c.POINTER(Host), c.POINTER(Text))),
    ("deinit", c.CFUNCTYPE(None)),
    ("create", c.CFUNCTYPE(c.c_int32, c.POINTER(Config), c.POINTER(P), c.POINTER(Text))),
    ("destroy", c.CFUNCTYPE(None, P)),
    ("reset", c.CFUNCTYPE(c.c_int32, P)),
    ("decode", c.CFUNCTYPE(c.c_int32, P, c.POINTER(Batch))),
    ("counters", c.CFUNCTYPE(c.c_int32, P, c.POINTER(c.c_uint64), c.c_uint32)),
    ("save", c.CFUNCTYPE(c.c_int32, P, c.c_char_p, c.c_uint64, c.POINTER(c.c_uint64))),
    ("load", c.CFUNCTYPE(c.c_int32, P, c.c_char_p, c.c_uint64)),
    ("extension", c.CFUNCTYPE(P, c.c_char_p)),
    ("frame_time", c.CFUNCTYPE(c.c_int32, P, c.c_char_p, c.c_uint64, c.POINTER(Frame), c.c_uint32,
                               c.POINTER(c.c_int64))),
]


class Adapter(c.Structure):
    _fields_ = [("struct_size", c.c_uint32), ("abi_version", c.c_uint32), ("manifest", P),
                ("manifest_size", c.c_uint64)] + SLOTS


ENCODE = c.CFUNCTYPE(c.c_int32, P, c.POINTER(Request), c.c_char_p, c.c_uint32, c.POINTER(c.c_uint32), c.POINTER(Text))


class OrderEntry(c.Structure):
    _fields_ = [("struct_size", c.c_uint32), ("max_size", c.c_uint32), ("encode", ENCODE)]


def load(path=None):
    library = c.CDLL(path or os.environ["NASDAQ_SO"])
    library.exprove_adapter_entry.argtypes = [c.c_uint32, c.POINTER(Adapter)]
    library.exprove_adapter_entry.restype = c.c_int32
    table = Adapter(struct_size=c.sizeof(Adapter))
    status = library.exprove_adapter_entry(1 << 16, c.byref(table))
    assert status == OK and table.struct_size == c.sizeof(Adapter), status
    table.library = library
    return table


def manifest(table):
    lines = c.string_at(table.manifest, table.manifest_size).decode().split("\n")
    assert lines[0] == "exprove-manifest/1" and lines[-1] == ""
    return [tuple(line.split(": ", 1)) for line in lines[1:-1]]


def code(text):
    return int.from_bytes(text.encode(), "little")


def event(kind, time=0, sequence=0, order_id=0, price=0, quantity=0, aux=0, instrument=NONE, frame=0, side=0, flags=0,
          level=0):
    return EVENT.pack(time, sequence, order_id, price, quantity, aux, instrument, frame, kind, side, flags, level, 0)


def text(text_id, value, time, frame, flags=0):
    assert len(value) < 40
    return struct.pack("<q40sIIBBHHH", time, value, text_id, frame, TEXT, 0, flags, len(value), 0)


def show(raw):
    if raw[56] == TEXT:
        return f"TEXT id={int.from_bytes(raw[48:52], 'little')} {raw[8:48]!r} {raw.hex()}"
    names = "time sequence order price quantity aux instrument frame kind side flags level reserved".split()
    return " ".join(f"{n}={v}" for n, v in zip(names, EVENT.unpack(raw)))


class Session:
    """One session; `decode` gives the events with frames counted over the session's whole life."""

    def __init__(self, table, framing=LENGTH16, channel=MARKET_DATA, day_start=1580360400 * 10**9, seed=7, settings=()):
        self.table, self.handle, self.seen = table, P(), 0
        pairs = (Setting * max(1, len(settings)))(*[Setting(k.encode(), v.encode()) for k, v in settings])
        config = Config(c.sizeof(Config), framing, channel, len(settings), pairs, day_start, seed)
        self.error = c.create_string_buffer(200)
        report = Text(c.cast(self.error, c.c_char_p), 200, 0)
        self.status = table.create(c.byref(config), c.byref(self.handle), c.byref(report))
        self.report = self.error.raw[:report.size].decode()
        self.texts = self.instruments = self.calls = 0

    def __del__(self):
        if self.handle:
            self.table.destroy(self.handle)

    def decode(self, frames, size=1024, capacity=MAX_EVENTS):
        """`frames`: bytes, or (bytes, flags). Batches of `size` frames, room for `capacity` events."""
        out = []
        items = [f if isinstance(f, tuple) else (f, 0) for f in frames]
        events = c.create_string_buffer(64 * capacity + 64)
        done = 0
        while done < len(items):
            part = items[done:done + size]
            blob = b"".join(f for f, _ in part)
            table, at = (Frame * len(part))(), 0
            for i, (data, flags) in enumerate(part):
                table[i] = Frame(0, at, at, len(data), 0, flags)
                at += len(data)
            # The exact size, so that a sanitizer sees each read beyond the last frame.
            memory = (c.c_uint8 * max(1, len(blob))).from_buffer_copy(blob or b"\0")
            events[64 * capacity:] = b"\xA5" * 64
            batch = Batch(c.sizeof(Batch), len(part), c.addressof(memory), len(blob), table, c.addressof(events),
                          capacity, 0, 0, 0)
            status = self.table.decode(self.handle, c.byref(batch))
            self.calls += 1
            assert status == OK, status
            assert bytes(memory)[:len(blob)] == blob, "the input was written to"
            assert events[64 * capacity:] == b"\xA5" * 64, "written beyond the capacity"
            assert 0 < batch.frames_used <= len(part) and batch.events_filled <= capacity
            raw = events.raw[:64 * batch.events_filled]
            out += self.check(raw, batch.frames_used)
            done += batch.frames_used
        return out

    def check(self, raw, used):
        """The rules of the ABI: every frame gives events in order, its last one flagged; ids are dense."""
        out, at, ended = [], 0, True
        base = self.seen
        for i in range(0, len(raw), 64):
            one = raw[i:i + 64]
            kind, flags = one[56], int.from_bytes(one[58:60], "little")
            frame = int.from_bytes(one[52:56], "little")
            number = int.from_bytes(one[48:52], "little")
            assert frame < used and one[62:64] == b"\0\0" and not flags & ~0x1FFF and one[57] <= 2, show(one)
            if frame != at:
                assert frame == at + 1 and ended, show(one)
                at = frame
            elif i == 0:
                assert frame == 0
            ended = bool(flags & LAST)
            if kind == TEXT:
                assert number == self.texts
                self.texts += 1
            elif kind == INSTRUMENT:
                assert number == self.instruments and int.from_bytes(one[40:48], "little") < self.texts
                self.instruments += 1
            else:
                assert number == NONE or number < self.instruments, show(one)
            out.append(one[:52] + (base + frame).to_bytes(4, "little") + one[56:])
        assert at == used - 1 and ended
        self.seen += used
        return out

    def counters(self, count=64):
        values = (c.c_uint64 * count)(*[0xA5] * count)
        assert self.table.counters(self.handle, values, count) == OK
        return list(values)

    def save(self):
        size = c.c_uint64(0)
        assert self.table.save(self.handle, None, 0, c.byref(size)) == TOO_SMALL
        out = c.create_string_buffer(size.value)
        assert self.table.save(self.handle, out, size.value, c.byref(size)) == OK
        return out.raw[:size.value]

    def load(self, raw):
        return self.table.load(self.handle, raw, len(raw))

    def frame_times(self, frames):
        items = [f if isinstance(f, tuple) else (f, 0) for f in frames]
        table, at = (Frame * len(items))(), 0
        for i, (data, flags) in enumerate(items):
            table[i] = Frame(0, at, at, len(data), 0, flags)
            at += len(data)
        times = (c.c_int64 * len(items))()
        blob = b"".join(f for f, _ in items)
        assert self.table.frame_time(self.handle, blob, len(blob), table, len(items), times) == OK
        return list(times)
