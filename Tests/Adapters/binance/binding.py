# SPDX-License-Identifier: Apache-2.0
"""The adapter ABI through ctypes: load a library, decode frames, look at events. Standard library only."""

import ctypes as c
import os
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))

OK, TOO_SMALL, INVALID, BAD_DATA = 0, 4, 2, 5
LINE, MESSAGE = 2, 4
MARKET_DATA, ORDER_ENTRY = 1, 2
OUTBOUND = 4
NO_INSTRUMENT = 0xFFFFFFFF
MAX_EVENTS = 20480

KIND = {
    7: "LEVEL", 8: "CLEAR", 9: "QUOTE", 10: "TRADE", 15: "NOTICE", 16: "INSTRUMENT", 17: "TEXT", 32: "OWN_NEW",
    33: "OWN_CANCEL_REQUEST", 34: "OWN_REPLACE_REQUEST", 35: "OWN_ACKNOWLEDGED", 36: "OWN_REJECTED",
    37: "OWN_CANCELLED", 38: "OWN_FILLED", 39: "OWN_REPLACED", 40: "OWN_CANCEL_REJECTED", 48: "GAP",
    49: "MALFORMED", 50: "UNKNOWN",
}
FLAGS = {
    1: "LAST", 2: "SNAPSHOT", 4: "VOLUME", 0x40: "NO_EVENT_TIME", 0x80: "NO_PRICE", 0x200: "MAKER", 0x400: "TEXT_ID",
    0x1000: "AGGREGATE",
}
LAST, SNAPSHOT, VOLUME, NO_TIME, NO_PRICE, MAKER, TEXT_ID, AGGREGATE = 1, 2, 4, 0x40, 0x80, 0x200, 0x400, 0x1000
SHORT, LONG, FIELD, RANGE, SYNTAX, REFERENCE, TOO_MANY = 1, 2, 3, 4, 5, 6, 7
BUY, SELL = 1, 2
MESSAGES = ["depthUpdate", "trade", "aggTrade", "bookTicker", "snapshot", "executionReport", "ORDER_TRADE_UPDATE",
            "order.place", "order.cancel", "order.cancelReplace", "order.modify", "request", "response", "subscription",
            "account"]


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


class Batch(c.Structure):
    _fields_ = [("struct_size", c.c_uint32), ("frame_count", c.c_uint32), ("bytes", c.c_void_p),
                ("bytes_size", c.c_uint64), ("frames", c.c_void_p), ("events", c.c_void_p),
                ("event_capacity", c.c_uint32), ("frames_used", c.c_uint32), ("events_filled", c.c_uint32),
                ("reserved", c.c_uint32)]


class Request(c.Structure):
    _fields_ = [("struct_size", c.c_uint32), ("action", c.c_uint8), ("side", c.c_uint8), ("time_in_force", c.c_uint8),
                ("post_only", c.c_uint8), ("order_id", c.c_uint64), ("previous_id", c.c_uint64), ("price", c.c_int64),
                ("quantity", c.c_int64), ("quantity_scale", c.c_uint32), ("symbol_size", c.c_uint32),
                ("symbol", c.c_char * 32), ("firm", c.c_char * 8), ("capacity", c.c_uint8),
                ("reserved", c.c_uint8 * 7), ("time", c.c_int64)]


class OrderEntry(c.Structure):
    _fields_ = [("struct_size", c.c_uint32), ("max_size", c.c_uint32),
                ("encode", c.CFUNCTYPE(c.c_int32, c.c_void_p, c.POINTER(Request), c.c_char_p, c.c_uint32,
                                       c.POINTER(c.c_uint32), c.POINTER(Text)))]


S = c.c_void_p


class Adapter(c.Structure):
    _fields_ = [
        ("struct_size", c.c_uint32), ("abi_version", c.c_uint32), ("manifest", c.c_void_p),
        ("manifest_size", c.c_uint64), ("init", c.CFUNCTYPE(c.c_int32, c.POINTER(Host), c.POINTER(Text))),
        ("deinit", c.CFUNCTYPE(None)),
        ("create", c.CFUNCTYPE(c.c_int32, c.POINTER(Config), c.POINTER(S), c.POINTER(Text))),
        ("destroy", c.CFUNCTYPE(None, S)), ("reset", c.CFUNCTYPE(c.c_int32, S)),
        ("decode", c.CFUNCTYPE(c.c_int32, S, c.POINTER(Batch))),
        ("counters", c.CFUNCTYPE(c.c_int32, S, c.POINTER(c.c_uint64), c.c_uint32)),
        ("save", c.CFUNCTYPE(c.c_int32, S, c.c_char_p, c.c_uint64, c.POINTER(c.c_uint64))),
        ("load", c.CFUNCTYPE(c.c_int32, S, c.c_char_p, c.c_uint64)),
        ("extension", c.CFUNCTYPE(c.c_void_p, c.c_char_p)), ("frame_time", c.c_void_p)]


class Event:
    """One event with the names of event.h."""
    __slots__ = ("time", "sequence", "order", "price", "quantity", "aux", "instrument", "frame", "kind", "side",
                 "flags", "level", "text")

    def __init__(self, raw):
        (self.time, self.sequence, self.order, self.price, self.quantity, self.aux, self.instrument, self.frame, kind,
         self.side, self.flags, self.level, reserved) = struct.unpack("<qQQqqQIIBBHHH", raw)
        assert reserved == 0
        self.kind = KIND.get(kind, kind)
        self.text = raw[8:8 + self.level].decode() if kind == 17 else None

    def __repr__(self):
        flags = "|".join(n for b, n in FLAGS.items() if self.flags & b)
        if self.kind == "TEXT":
            return f"TEXT(#{self.instrument} {self.text!r} {flags})"
        return (f"{self.kind}(t={self.time} seq={self.sequence} id={self.order} p={self.price} q={self.quantity} "
                f"aux={self.aux} ins={self.instrument} f={self.frame} side={self.side} lvl={self.level} {flags})")


def build(compiler="gcc", flags=("-O3",)):
    """Compiles the adapter as a vendor would, unless $BINANCE_SO names a library."""
    if os.environ.get("BINANCE_SO"):
        return os.environ["BINANCE_SO"]
    source = os.path.join(ROOT, "Plugins", "binance")
    out = os.path.join(tempfile.mkdtemp(), "binance.so")
    files = sorted(os.path.join(source, f) for f in os.listdir(source) if f.endswith(".c"))
    subprocess.run([compiler, "-std=c11", "-shared", "-fPIC", *flags, "-fvisibility=hidden", "-Wall", "-Wextra",
                    "-Werror",
                    "-I" + os.path.join(ROOT, "sdk-c", "include"), *files, "-o", out], check=True)
    return out


class Library:
    def __init__(self, path):
        self.so = c.CDLL(path)
        self.so.exprove_adapter_entry.argtypes = [c.c_uint32, c.POINTER(Adapter)]
        self.table = Adapter(struct_size=c.sizeof(Adapter))
        assert self.so.exprove_adapter_entry(2 << 16, c.byref(self.table)) == 1
        assert self.so.exprove_adapter_entry(1 << 16, c.byref(self.table)) == OK
        self.manifest = c.string_at(self.table.manifest, self.table.manifest_size).decode()
        self.host = Host(struct_size=c.sizeof(Host), abi_version=1 << 16)
        assert self.table.init(c.byref(self.host), None) == OK

    def session(self, channel=MARKET_DATA, framing=LINE, seed=0, **settings):
        return Session(self, channel, framing, seed, settings)


class Session:
    def __init__(self, library, channel, framing, seed, settings):
        self.table = library.table
        pairs = (Setting * max(1, len(settings)))(*[Setting(k.encode(), v.encode()) for k, v in settings.items()])
        config = Config(struct_size=c.sizeof(Config), framing=framing, channel=channel, settings_count=len(settings),
                        settings=pairs, seed=seed)
        self.handle = S()
        message = c.create_string_buffer(200)
        error = Text(c.cast(message, c.c_char_p), 200, 0)
        status = self.table.create(c.byref(config), c.byref(self.handle), c.byref(error))
        if status != OK:
            raise ValueError(status, message.raw[:error.size].decode())
        self.texts, self.instruments = 0, 0
        self.buffer = c.create_string_buffer(64 * MAX_EVENTS * 2)

    def __del__(self):
        if getattr(self, "handle", None):
            self.table.destroy(self.handle)

    def raw(self, frames, flags=0, capacity=MAX_EVENTS, data=None, bounds=None):
        """Decodes frames (bytes objects) and yields (index of the frame, list of 64-byte events)."""
        if data is None:
            data, bounds, at = b"".join(frames), [], 0
            for f in frames:
                bounds.append((at, len(f)))
                at += len(f)
        memory = c.create_string_buffer(data, len(data)) if data else c.create_string_buffer(1)
        table = c.create_string_buffer(
            b"".join(struct.pack("<qQIIII", 0, a, a, n, 0, flags) for a, n in bounds), 32 * len(bounds) or 1)
        start, out = 0, []
        while start < len(bounds):
            batch = Batch(struct_size=c.sizeof(Batch), frame_count=len(bounds) - start, bytes=c.addressof(memory),
                          bytes_size=len(data), frames=c.addressof(table) + 32 * start,
                          events=c.addressof(self.buffer), event_capacity=capacity)
            status = self.table.decode(self.handle, c.byref(batch))
            assert status == OK, status
            used, filled = batch.frames_used, batch.events_filled
            assert 1 <= used <= batch.frame_count and filled <= capacity
            events = c.string_at(self.buffer, 64 * filled)
            groups = [[] for _ in range(used)]
            for i in range(0, len(events), 64):
                e = events[i:i + 64]
                groups[struct.unpack_from("<I", e, 52)[0]].append(e)
            out.extend(groups)
            start += used
        return out

    def decode(self, *frames, flags=0, capacity=MAX_EVENTS):
        """The events of each frame, after the rules that hold for every adapter were checked."""
        frames = [f if isinstance(f, bytes) else f.encode() for f in frames]
        result = []
        for group in self.raw(frames, flags, capacity):
            events = [Event(e) for e in group]
            assert events, "a frame without events"
            assert events[-1].flags & LAST and not any(e.flags & LAST for e in events[:-1]), events
            for e in events:
                if e.kind == "TEXT":
                    assert e.instrument == self.texts
                    self.texts += 1
                elif e.kind == "INSTRUMENT":
                    assert e.instrument == self.instruments and e.aux < self.texts
                    self.instruments += 1
                else:
                    assert e.instrument == NO_INSTRUMENT or e.instrument < self.instruments
                if e.flags & NO_TIME:
                    assert e.time == 0
                if e.flags & TEXT_ID:
                    assert e.order < self.texts
            result.append(events)
        return result

    def one(self, frame, flags=0):
        return self.decode(frame, flags=flags)[0]

    def counters(self):
        values = (c.c_uint64 * 32)()
        assert self.table.counters(self.handle, values, 32) == OK
        return dict(zip(MESSAGES, values))

    def save(self):
        size = c.c_uint64()
        assert self.table.save(self.handle, None, 0, c.byref(size)) == TOO_SMALL
        out = c.create_string_buffer(size.value)
        assert self.table.save(self.handle, out, size.value, c.byref(size)) == OK
        return out.raw

    def load(self, data):
        return self.table.load(self.handle, data, len(data))

    def encode(self, **fields):
        entry = c.cast(self.table.extension(b"exprove.order_entry/1"), c.POINTER(OrderEntry)).contents
        fields["symbol"] = fields.get("symbol", "BTCUSDT").encode()
        fields.setdefault("symbol_size", len(fields["symbol"]))
        request = Request(struct_size=c.sizeof(Request), **fields)
        size, message = c.c_uint32(), c.create_string_buffer(200)
        error = Text(c.cast(message, c.c_char_p), 200, 0)
        out = c.create_string_buffer(entry.max_size)
        status = entry.encode(self.handle, c.byref(request), out, entry.max_size, c.byref(size), c.byref(error))
        if status != OK:
            raise ValueError(status, message.raw[:error.size].decode())
        return out.raw[:size.value]


def library():
    return Library(build())


def data_folder():
    """Where the captures are; None after a note when they are not there. In CI that is a failure."""
    for folder in (os.environ.get("EXPROVE_DATA"), os.path.join(os.path.dirname(ROOT), "shared", "data")):
        if folder and os.path.isdir(os.path.join(folder, "binance")):
            return os.path.join(folder, "binance")
    if os.environ.get("CI") == "true":
        sys.exit("captures not found: set EXPROVE_DATA to the folder that holds binance/")
    print("skipped: captures not found; set EXPROVE_DATA to the folder that holds binance/")
    return None
