# SPDX-License-Identifier: Apache-2.0
"""Run directories by somebody who means harm: every hash and signature right where it matters, and nonsense within.

usage: hostile.py WALK RUN    WALK: walk.c, built with sanitizers; RUN: a small run with one segment and few leaves.
ROUNDS (150) and SEED (1) of the environment say how long to fuzz. Ends with `N passed, N failed`.
"""
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile

import forge

walk, base = os.path.abspath(sys.argv[1]), forge.Forgery(os.path.abspath(sys.argv[2]))
work = tempfile.mkdtemp(prefix="exprove-hostile-", dir=os.path.dirname(os.path.abspath(sys.argv[2])))
passed = failed = 0
END, BAD, MISSING, IO, OK = 8, 5, 8, 9, 0


def hold(condition, *what):
    global passed, failed
    if condition:
        passed += 1
    else:
        failed += 1
        print("does not hold:", *what, flush=True)


def look(directory):
    """What walk says: a list of (what, status), and its errors. It must end by itself and soon."""
    done = subprocess.run([walk, directory], capture_output=True, timeout=120, env={"ASAN_OPTIONS": "detect_leaks=1"})
    words = done.stdout.decode().split()
    return done.returncode, list(zip(words[::2], words[1::2])), done.stderr.decode(errors="replace")


def attempt(name, forgery, events=END, statements=END, says=""):
    code, told, errors = look(forgery.write(work + "/run"))
    seen = dict(reversed(told))
    hold(code == 0 and seen.get("open") == "0", name, code, told, errors[-2000:])
    hold((seen.get("events"), seen.get("statements")) == (str(events), str(statements)), name, told, errors[-500:])
    hold(says in errors, name, "says", errors[-500:])


def event_field(offset, form, value, index=0, batch=0):
    return base.copy().change(batch, lambda b: struct.pack_into(form, b.events[index], offset, value))


def frame_field(offset, form, value, index=0, batch=0):
    return base.copy().change(batch, lambda b: struct.pack_into(form, b.frames[index], offset, value))


def payload(bytes_):
    forgery = base.copy()
    forgery.bind = False
    return forgery.change(0, lambda _: bytes_)


def first_event(kind):
    batch = forge.Batch(next(payload for number, payload in base.records if number == forge.BATCH))
    return next(index for index, event in enumerate(batch.events) if event[56] == kind)


def check_journal():
    text, instrument = first_event(17), first_event(16)
    attempt("a feed beyond the last", frame_field(24, "<I", 3), BAD, says="is of feed 3; the run has 3")
    attempt("the largest feed", frame_field(24, "<I", 0xFFFFFFFF), BAD, says="is of feed 4294967295")
    attempt("an instrument beyond the last", event_field(48, "<I", 7, index=-1), BAD, says="is of instrument 7")
    attempt("an instrument before its definition", event_field(56, "<B", 10, index=instrument), BAD, says="of instrument 0")
    attempt("a scale beyond 18", event_field(60, "<H", 19, index=instrument), BAD, says="at a scale of 19")
    attempt("a symbol that no text introduces", event_field(40, "<Q", 1 << 63, index=instrument), BAD, says="of instrument 0")
    attempt("an instrument that skips a number", event_field(48, "<I", 1, index=instrument), BAD, says="of instrument 1")
    attempt("a text that is longer than its record", event_field(60, "<H", 65535, index=text), BAD, says="of instrument 0")
    attempt("a text out of turn", event_field(48, "<I", 0xFFFFFFFE, index=text), BAD, says="of instrument 0")
    attempt("a kind that nobody knows", event_field(56, "<B", 255, index=-1))
    attempt("a side that nobody knows", event_field(57, "<B", 200))
    attempt("flags that nobody knows", event_field(58, "<H", 0xFFFF))
    unbound = frame_field(20, "<I", 0xFFFFFFFF)
    attempt("a frame beyond the bytes", unbound, BAD, says="frame 0 lies beyond the bytes")
    attempt("bytes that overflow", frame_field(16, "<I", 0xFFFFFFFF), BAD, says="lies beyond the bytes")
    for name, bytes_, says in [
        ("a payload of nothing", b"", "shorter than a batch's header"),
        ("counts that overflow", struct.pack("<IIII", *[0xFFFFFFFF] * 3, 0), "in 16"),
        ("a reserved word", struct.pack("<IIII", 0, 0, 0, 1), "reserved"),
        ("too many frames", struct.pack("<IIII", 65537, 0, 0, 0) + bytes(65537 * 32), "larger than this version"),
        ("an event without a frame", struct.pack("<IIII", 0, 1, 0, 0) + bytes(64), "names no frame"),
    ]:
        attempt(name, payload(bytes_), BAD, says=says)
    attempt("a batch of nothing instead of the first", payload(bytes(16)), BAD, says="0 were defined")
    forgery = base.copy()
    forgery.records.insert(0, (forge.BATCH, bytes(16)))
    forgery.bind = False
    attempt("a batch of nothing more", forgery)
    for name, kind, bytes_, says in [
        ("an unknown type of record", 7, b"", "unknown type of record 7"),
        ("an input that is no JSON", forge.INPUT, b"nonsense", "expected null"),
        ("an input with white space", forge.INPUT, b'{ "clock":1}', "canonical"),
        ("an input nested without end", forge.INPUT, b"[" * 200_000, "nested deeper"),
        ("an input that is too large", forge.INPUT, b'"' + b"x" * (17 << 20) + b'"', "an input of more than"),
    ]:
        forgery = base.copy()
        forgery.bind = False
        forgery.records.append((kind, bytes_))
        attempt(name, forgery, BAD, says=says)


def statement(kind, predicate, subject=None, index=3):
    forgery = base.copy()
    forgery.statements[index] = {
        "_type": "https://in-toto.io/Statement/v1", "predicateType": f"https://exprove.dev/{kind}/v1", "predicate": predicate,
        "subject": subject or [{"name": "plan/0", "digest": {"sha256": forge.digest(predicate)}}]}
    return forgery


def check_ledger():
    for name in (".", "..", "", "/", "//", "../run.json", "x" * 300, "\u0000", "A" * 64):
        attempt(f"an object called {name[:20]!r}", statement("plan", {"object": name}), statements=BAD, says="no digest")
    attempt("an object that is missing", statement("plan", {"object": "ab" * 32}), statements=BAD, says="missing")
    for name, body, says in [("no JSON", b"\xff\xfe", "byte 0"), ("white space", b"{ }", "canonical"),
                             ("depth", b"[" * 100_000, "nested deeper")]:
        forgery = statement("plan", {"object": forge.sha(body).hex()})
        forgery.objects[forge.sha(body).hex()] = body
        attempt(f"an object of {name}", forgery, statements=BAD, says=says)
    forgery = statement("plan", {"object": "cd" * 32})
    forgery.objects["cd" * 32] = b"{}"
    attempt("an object under another digest", forgery, statements=BAD, says="digest of its name")
    for name, value, says in [
        ("no JSON", b"{", "not JSON"), ("white space", b'{"a": 1}', "exactly _type"), ("nothing", b"", "not JSON"),
        ("no subject", forge.canonical({**base.statements[3], "subject": []}), "at least one subject"),
        ("another type", forge.canonical({**base.statements[3], "_type": "x"}), "type"),
        ("no https", forge.canonical({**base.statements[3], "predicateType": "x"}), "no https URI"),
        ("40 KiB", forge.canonical({**base.statements[3], "predicate": "x" * 40_000}), "has at most"),
    ]:
        forgery = base.copy()
        forgery.statements[3] = value
        attempt(f"a statement of {name}", forgery, statements=BAD, says=says)
    for size in (46, 257, 1 << 32, (1 << 62) - 1, 1 << 62, (1 << 63) - 1, (1 << 64) - 1):
        forgery = base.copy()
        forgery.size = size
        attempt(f"a checkpoint of {size} leaves", forgery, statements=BAD)
    forgery = base.copy()
    forgery.root = bytes(32)
    attempt("another root", forgery, statements=BAD, says="not those of the checkpoint's tree")
    forgery = base.copy()
    forgery.run["verifier"] = forgery.vkey("somebody")
    attempt("another signer", forgery, statements=BAD)
    attempt("a journal statement of nonsense", statement("journal", {"records": "x"}))
    attempt("two runs", statement("run", {}))


def each_file(directory):
    for folder, _, names in os.walk(directory):
        for name in sorted(names):
            yield os.path.join(folder, name)


def check_files():
    """Each file in turn is something else than a file with its content: an answer comes, and soon."""
    def fifo(path):
        os.mkfifo(path)

    def sparse(path):
        with open(path, "wb") as file:
            file.truncate(1 << 42)

    kinds = {"a pipe": fifo, "a directory": os.mkdir, "a link to itself": lambda p: os.symlink(os.path.basename(p), p),
             "endless zeros": lambda p: os.symlink("/dev/zero", p), "4 TiB of nothing": sparse,
             "empty": lambda p: forge.put(p, b""), "missing": lambda p: None}
    whole = base.write(work + "/whole")
    for path in list(each_file(whole)):
        for kind, make in kinds.items():
            copy = work + "/run"
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(whole, copy, copy_function=os.link)
            other = path.replace(whole, copy)
            os.remove(other)
            make(other)
            code, told, errors = look(copy)
            seen = dict(told)
            hold(code == 0 and (seen.get("open") != "0" or seen.get("verdict") == "1"), kind, path, code, told, errors)


EXTREMES = ["", " ", "\u0000", "x" * 20_000, "é\u202e", 0, 1, -1, (1 << 53) - 1, -(1 << 53) + 1, str(2**63 - 1), str(-2**63),
            str(2**64 - 1), "0.000000000000000001", "-1", "1e9", None, True, [], {}, [[]], ["x"], {"object": "."}]


def change_json(value, generator):
    """Changes one thing somewhere in a JSON value."""
    places = []

    def find(parent, key, inner):
        places.append((parent, key))
        if isinstance(inner, (dict, list)):
            for part in list(inner) if isinstance(inner, dict) else range(len(inner)):
                find(inner, part, inner[part])

    for key in value:
        find(value, key, value[key])
    parent, key = generator.choice(places)
    how = generator.random()
    if how < 0.1:
        del parent[key]
    elif how < 0.2 and isinstance(parent, list):
        parent += [parent[key]] * generator.choice([1, 5000])
    else:
        parent[key] = generator.choice(EXTREMES)


def change_batch(batch, generator):
    how = generator.randrange(5)
    extreme = generator.choice([0, 1, 0x7F, 0x80, 0xFF, generator.randrange(256)])
    if how == 0 and batch.events:
        event = generator.choice(batch.events)
        start = generator.choice([0, 8, 16, 24, 32, 40, 48, 52, 56, 57, 58, 60, 62])
        event[start:start + generator.choice([1, 2, 4])] = bytes([extreme] * generator.choice([1, 2, 4]))
        del event[64:]
        event += bytes(64 - len(event))
    elif how == 1 and batch.frames:
        frame = generator.choice(batch.frames)
        start = generator.choice([0, 8, 16, 20, 24, 28])
        frame[start:start + 4] = bytes([extreme] * 4)
    elif how == 2 and batch.events:
        batch.events[generator.randrange(len(batch.events))][56] = generator.choice([16, 17])
    elif how == 3:
        data = bytearray(batch.payload())
        for _ in range(generator.randrange(1, 9)):
            data[generator.randrange(min(len(data), 4096))] = extreme
        return bytes(data)
    else:
        data = batch.payload()
        return data[:generator.randrange(len(data))]
    return None


def check_fuzz():
    seed = int(os.environ.get("SEED", "1"))
    batches = sum(kind == forge.BATCH for kind, _ in base.records)
    for number in range(int(os.environ.get("ROUNDS", "150"))):
        generator = random.Random(seed * 1_000_003 + number)
        forgery = base.copy()
        # Half of them with a ledger that commits to the nonsense, as far as it can be read.
        forgery.bind = generator.random() < 0.5
        for _ in range(generator.randrange(1, 4)):
            what = generator.randrange(3)
            if what == 0:
                forgery.bind = False
                forgery.change(generator.randrange(batches), lambda b: change_batch(b, generator))
            elif what == 1:
                change_json(forgery.statements[generator.randrange(len(forgery.statements))], generator)
            else:
                change_json(forgery.run, generator)
        try:
            directory = forgery.write(work + "/run")
        except (KeyError, TypeError, AttributeError, IndexError, struct.error):
            # Nothing can commit to this, or no leaf can hold it: with the ledger as it was.
            forgery.bind, forgery.statements = False, base.statements
            directory = forgery.write(work + "/run")
        code, told, errors = look(directory)
        hold(code == 0, "round", number, "seed", seed, code, told, errors[-2000:])


try:
    attempt("nothing", base.copy())
    for check in (check_journal, check_ledger, check_files, check_fuzz):
        check()
        print(f"{check.__name__}: {passed} passed", flush=True)
    print(f"{passed} passed, {failed} failed")
finally:
    shutil.rmtree(work, ignore_errors=True)
sys.exit(1 if failed else 0)
