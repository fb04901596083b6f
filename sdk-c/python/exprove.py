# SPDX-License-Identifier: Apache-2.0
"""Runs of ExProve from Python, through libexprove.so (client.h): needs nothing but Python itself.

    import exprove
    with exprove.open("run-1") as run:
        verdict = run.verify("desk+5f1c...")
        for batch in run.events():
            for event in batch.events(): ...
        for plan in run.statements(exprove.PLAN): print(plan.subject, plan.body)

The library is found by the dynamic loader, or where the environment's EXPROVE_LIBRARY says. Everything that is handed
out is a copy.
"""
import collections
import ctypes as c
import json
import os
import struct

VERSION = 1 << 16
OK, NOT_FOUND = 0, 8
STATUS = {1: "not offered", 2: "invalid argument", 3: "invalid state", 4: "too small", 5: "bad data",
          6: "out of memory", 7: "internal", 8: "not found", 9: "input/output"}
FILLS = {1: "shadow", 2: "model", 3: "simulated"}
NO_INSTRUMENT = 0xFFFFFFFF
RUN, SHARED_CONTEXT, CONTEXT, PLAN, CONTROL, ORDER, CANCEL, DENIAL, REPORT, FILL, JOURNAL, SUMMARY = (
    f"https://exprove.dev/{kind}/v1" for kind in
    ("run", "shared-context", "context", "plan", "control", "order", "cancel", "denial", "report", "fill", "journal",
     "summary"))

# The canonical 64 bytes of an event and 32 bytes of a frame, as event.h lays them out.
EVENT, FRAME = struct.Struct("<qQQqqQIIBBHHH"), struct.Struct("<qQIIII")
Event = collections.namedtuple(
    "Event", "event_time venue_sequence order_id price quantity aux instrument frame kind side flags level reserved")
Frame = collections.namedtuple("Frame", "receive_time offset data length feed flags")
Feed = collections.namedtuple("Feed", "venue role source option container adapter adapter_version adapter_digest")
Instrument = collections.namedtuple("Instrument", "venue symbol quantity_scale")
Statement = collections.namedtuple("Statement", "index predicate_type subject subject_digest body payload in_objects")


class Error(Exception):
    """What a function of the library answered: `status` of abi.h, and its text."""

    def __init__(self, status, text):
        super().__init__(f"{STATUS.get(status, status)}: {text}")
        self.status = status


def _struct(name, *fields):
    return type(name, (c.Structure,), {"_fields_": fields})


_Text = _struct("Text", ("data", c.c_void_p), ("capacity", c.c_uint32), ("size", c.c_uint32))
_View = _struct("View", ("data", c.c_void_p), ("size", c.c_uint64))
_Facts = _struct(
    "Facts", ("struct_size", c.c_uint32), ("fills", c.c_uint32), ("started", c.c_int64), ("seed", c.c_uint64),
    ("feeds", c.c_uint32), ("reserved", c.c_uint32), ("program", _View), ("identity", _View), ("verifier", _View),
    ("origin", _View), ("fills_detail", _View), ("task", _View), ("policy", _View), ("description", _View),
    ("description_digest", c.c_uint8 * 32), ("reference_digest", c.c_uint8 * 32))
_Feed = _struct(
    "Feed", ("struct_size", c.c_uint32), ("role", c.c_uint32), ("venue", _View), ("source", _View), ("option", _View),
    ("container", _View), ("adapter", _View), ("adapter_version", _View), ("adapter_digest", c.c_uint8 * 32))
_Verification = _struct(
    "Verification", ("struct_size", c.c_uint32), ("verdict", c.c_uint32), ("finished", c.c_uint32),
    ("findings", c.c_uint32), ("tail", c.c_uint32), ("not_proven", c.c_uint32),
    ("finding_texts", c.POINTER(_View)), ("tail_texts", c.POINTER(_View)), ("not_proven_texts", c.POINTER(_View)),
    ("leaves", c.c_uint64), ("records", c.c_uint64), ("events", c.c_uint64), ("event_digest", c.c_uint8 * 32),
    ("report", _View))
_Batch = _struct(
    "Batch", ("struct_size", c.c_uint32), ("event_count", c.c_uint32), ("frame_count", c.c_uint32),
    ("instrument_count", c.c_uint32), ("sequence", c.c_uint64), ("bytes_size", c.c_uint64), ("events", c.c_void_p),
    ("frames", c.c_void_p), ("bytes", c.c_void_p), ("torn", c.c_uint64))
_Instrument = _struct(
    "Instrument", ("struct_size", c.c_uint32), ("quantity_scale", c.c_uint32), ("venue", _View), ("symbol", _View))
_Statement = _struct(
    "Statement", ("struct_size", c.c_uint32), ("flags", c.c_uint32), ("index", c.c_uint64), ("predicate_type", _View),
    ("subject", _View), ("subject_digest", c.c_uint8 * 32), ("body", _View), ("payload", _View))
_Statements = _struct(
    "Statements", ("struct_size", c.c_uint32), ("count", c.c_uint32), ("statements", c.c_void_p),
    ("ledger_size", c.c_uint64))

_library = c.CDLL(os.environ.get("EXPROVE_LIBRARY", "libexprove.so.1"))
_library.exprove_client_version.restype = c.c_uint32
for _name, _arguments in {
    "open": [c.c_uint32, c.c_char_p, c.POINTER(c.c_void_p)], "describe": [c.c_void_p, c.POINTER(_Facts)],
    "feed_at": [c.c_void_p, c.c_uint32, c.POINTER(_Feed)],
    "verify": [c.c_void_p, c.c_char_p, c.POINTER(_Verification)],
    "events_open": [c.c_void_p, c.POINTER(c.c_void_p)], "events_next": [c.c_void_p, c.POINTER(_Batch)],
    "events_instrument": [c.c_void_p, c.c_uint32, c.POINTER(_Instrument)],
    "events_text": [c.c_void_p, c.c_uint32, c.c_uint64, c.POINTER(_View)],
    "statements_open": [c.c_void_p, c.c_char_p, c.c_uint64, c.POINTER(c.c_void_p)],
    "statements_next": [c.c_void_p, c.POINTER(_Statements)],
}.items():
    getattr(_library, "exprove_" + _name).argtypes = _arguments + [c.POINTER(_Text)]
    getattr(_library, "exprove_" + _name).restype = c.c_int32
for _name in ("close", "events_close", "statements_close"):
    getattr(_library, "exprove_" + _name).argtypes = [c.c_void_p]
    getattr(_library, "exprove_" + _name).restype = None


def _call(name, *arguments, end=OK):
    """Calls a function; whether it gave something. `end` is a further status that is no error."""
    memory = c.create_string_buffer(4096)
    text = _Text(c.cast(memory, c.c_void_p), len(memory), 0)
    status = getattr(_library, "exprove_" + name)(*arguments, c.byref(text))
    if status not in (OK, end):
        raise Error(status, memory.raw[:text.size].decode())
    return status == OK


def _filled(kind):
    value = kind()
    value.struct_size = c.sizeof(kind)
    return value


def _bytes(view):
    return c.string_at(view.data, view.size)


def _texts(views, count):
    return [_bytes(views[i]).decode() for i in range(count)]


class Batch:
    """Some events and the frames that they came from. Event i is number `sequence` + i of the run."""

    def __init__(self, batch):
        self.sequence, self.torn = batch.sequence, batch.torn
        self.event_bytes = c.string_at(batch.events, batch.event_count * EVENT.size)
        self.frame_bytes = c.string_at(batch.frames, batch.frame_count * FRAME.size)
        self.bytes = c.string_at(batch.bytes, batch.bytes_size)

    def events(self):
        return map(Event._make, EVENT.iter_unpack(self.event_bytes))

    def frames(self):
        return map(Frame._make, FRAME.iter_unpack(self.frame_bytes))


class Events:
    """The events of a run in their order, batch by batch."""

    def __init__(self, run):
        self._handle = c.c_void_p()
        _call("events_open", run._handle, c.byref(self._handle))

    def __iter__(self):
        return self

    def __next__(self):
        batch = _filled(_Batch)
        if not _call("events_next", self._handle, c.byref(batch), end=NOT_FOUND):
            raise StopIteration
        return Batch(batch)

    def instrument(self, number):
        """An instrument whose definition the events have come to."""
        found = _filled(_Instrument)
        _call("events_instrument", self._handle, number, c.byref(found))
        return Instrument(_bytes(found.venue).decode(), _bytes(found.symbol).decode(), found.quantity_scale)

    def text(self, feed, number):
        view = _View()
        _call("events_text", self._handle, feed, number, c.byref(view))
        return _bytes(view)

    def __del__(self):
        _library.exprove_events_close(self._handle)


class Run:
    """A run directory. Facts of run.json: `facts`, a dictionary."""

    def __init__(self, directory):
        self._handle = c.c_void_p()
        _call("open", VERSION, os.fsencode(directory), c.byref(self._handle))
        facts = _filled(_Facts)
        _call("describe", self._handle, c.byref(facts))
        self.facts = {name: _bytes(getattr(facts, name)).decode() for name in
                      ("program", "identity", "verifier", "origin", "fills_detail", "description")}
        self.facts.update(
            fills=FILLS[facts.fills], started=facts.started, seed=facts.seed, task=json.loads(_bytes(facts.task)),
            policy=json.loads(_bytes(facts.policy)), description_digest=bytes(facts.description_digest).hex(),
            reference_digest=bytes(facts.reference_digest).hex())
        self.feeds = [self._feed(index) for index in range(facts.feeds)]

    def _feed(self, index):
        feed = _filled(_Feed)
        _call("feed_at", self._handle, index, c.byref(feed))
        texts = {name: _bytes(getattr(feed, name)).decode() for name in Feed._fields if name not in (
            "role", "adapter_digest")}
        return Feed(role={1: "routed", 2: "reference"}[feed.role],
                    adapter_digest=bytes(feed.adapter_digest).hex(), **texts)

    def verify(self, vkey=None):
        """What `exprove verify --json` says, as a dictionary. `vkey` is brought by the caller."""
        found = _filled(_Verification)
        _call("verify", self._handle, None if vkey is None else vkey.encode(), c.byref(found))
        return json.loads(_bytes(found.report))

    def events(self):
        return Events(self)

    def statements(self, predicate_type=None, first=0):
        """The ledger's statements from leaf `first` on, of one predicate type or all."""
        handle = c.c_void_p()
        kind = None if predicate_type is None else predicate_type.encode()
        _call("statements_open", self._handle, kind, first, c.byref(handle))
        try:
            batch = _filled(_Statements)
            while _call("statements_next", handle, c.byref(batch), end=NOT_FOUND):
                # The library's own structs may be longer than this one.
                size = c.cast(batch.statements, c.POINTER(c.c_uint32))[0] if batch.count else 0
                for index in range(batch.count):
                    item = _Statement.from_address(batch.statements + index * size)
                    yield Statement(item.index, _bytes(item.predicate_type).decode(), _bytes(item.subject).decode(),
                                    bytes(item.subject_digest).hex(), json.loads(_bytes(item.body)),
                                    _bytes(item.payload), bool(item.flags & 1))
        finally:
            _library.exprove_statements_close(handle)

    def close(self):
        _library.exprove_close(self._handle)
        self._handle = c.c_void_p()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __del__(self):
        self.close()


def open(directory):  # noqa: A001 - the module's own word, as in gzip.open
    return Run(directory)
