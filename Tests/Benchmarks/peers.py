#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The peers: peers.py CAPTURES WORK. Reads names of contestants from standard input and answers each with a line about one
pass, as the worker does. Where a library measures itself, its own figure is taken, without Python's share."""
import gzip
import json
import os
import sqlite3
import statistics
import sys
import tempfile
import time

# itchfeed as it is installed by default; its C++ backend is a contestant of its own.
os.environ["ITCH_NO_CPP"] = "1"

CAPTURES, WORK = sys.argv[1:3]
HOST = "127.0.0.1"


def read(name):
    with open(os.path.join(CAPTURES, name), "rb") as file:
        return file.read()


def timed(body):
    start = time.thread_time_ns()
    result = body()
    return time.thread_time_ns() - start, result


def frames_of(data):
    count, at = 0, 0
    while at + 2 <= len(data):
        at += 2 + int.from_bytes(data[at:at + 2], "big")
        count += 1
    return count


def itchfeed():
    """Each message becomes a Python object, whose fields are unpacked."""
    from itch.parser import MessageParser
    data = read("itch50/aapl-20200130-10k.bin")
    frames = frames_of(data)

    def one_pass():
        spent, parsed = timed(lambda: sum(1 for _ in MessageParser().parse_stream(data)))
        return frames, len(data), spent, "one event a message" if parsed == frames else f"{parsed} messages"
    return one_pass


def itchcpp():
    """The C++ parser goes through all messages; only the rare definitions become Python objects."""
    from itchcpp.parser import MessageParser
    once = read("itch50/aapl-20200130-10k.bin")
    data, frames = once * 20, frames_of(once) * 20

    def one_pass():
        spent, _ = timed(lambda: sum(1 for _ in MessageParser(b"R").parse_stream(data)))
        return frames, len(data), spent, ""
    return one_pass


def itchcpp_book():
    """From the capture's bytes to the book of single orders, all in C++, an empty book each time."""
    from itchcpp.book import BookManager
    data = read("itch50/aapl-20200130-10k.bin")
    frames, repeats = frames_of(data), 20

    def nanos(price):
        return round(price * 10_000) * 100_000

    def one_pass():
        spent, top = 0, None
        for _ in range(repeats):
            books = BookManager()
            books.track_symbol("AAPL")
            spent += timed(lambda: books.process_stream(data))[0]
            top = books.book_for_symbol("AAPL").bbo()
        answer = f"{top.bid_shares} at {nanos(top.bid_price)}, {top.ask_shares} at {nanos(top.ask_price)}"
        return frames * repeats, len(data) * repeats, spent, answer
    return one_pass


def lines_of(name):
    return [line.split(b" ", 1)[1] for line in gzip.decompress(read(name)).splitlines()]


def json_parser(decode, name):
    """Text to Python objects, numbers still as text: no prices, no checks, no events."""
    lines = lines_of(name)

    def one_pass():
        def body():
            for line in lines:
                decode(line)
        spent, _ = timed(body)
        return len(lines), sum(map(len, lines)), spent, f"{len(lines)} messages"
    return one_pass


def orjson(name):
    import orjson as library
    return json_parser(library.loads, name)


def msgspec(name):
    import msgspec as library
    return json_parser(library.json.Decoder().decode, name)


def simdjson(name):
    import simdjson as library
    # The document stays in the parser's own memory, and nothing of it becomes a Python object.
    parser = library.Parser()
    return json_parser(lambda line: parser.parse(line) and None, name)


def osqp_problem(name):
    """The continuous relaxation in the form that suits OSQP best, with what is still to do as variables of its own."""
    import numpy
    from scipy import sparse
    with open(os.path.join(CAPTURES, "solver", name + ".json"), encoding="utf-8") as file:
        problem = json.load(file)
    slices, venues, lots = problem["slices"], problem["venues"], problem["lots"]
    scale = 1e-12
    impact = numpy.array(problem["impact"], float).ravel() * scale
    fee, risk = numpy.tile(numpy.array(problem["fee"], float) * scale, slices), float(problem["risk"]) * scale
    cells = slices * venues
    left = sparse.eye(slices) - sparse.eye(slices, k=-1)
    flow = sparse.hstack([sparse.kron(sparse.eye(slices), numpy.ones((1, venues))), left])
    last = sparse.csc_matrix(([1.0], ([0], [cells + slices - 1])), shape=(1, cells + slices))
    start = numpy.zeros(slices)
    start[0] = lots
    cost = sparse.diags(numpy.concatenate([2 * impact, numpy.full(slices, 2 * risk)]), format="csc")
    linear = numpy.concatenate([fee, numpy.zeros(slices)])
    rows = sparse.vstack([flow, sparse.eye(cells, cells + slices), last], format="csc")
    low = numpy.concatenate([start, numpy.zeros(cells), [0.0]])
    high = numpy.concatenate([start, numpy.array(problem["cap"], float).ravel(), [0.0]])
    return (cost, linear, rows, low, high), problem["optimum"] * scale


def osqp(name, with_setup):
    """Its default settings and its own clock."""
    import osqp as library
    problem, optimum = osqp_problem(name)

    def one_pass():
        times = []
        for _ in range(20):
            solver = library.OSQP()
            solver.setup(*problem, verbose=False)
            result = solver.solve()
            info = result.info
            if info.status != "solved" or abs(info.obj_val - optimum) > 1e-2 * abs(optimum):
                sys.exit(f"osqp: {name}: {info.status}, objective {info.obj_val}, the optimum is {optimum}")
            times.append((info.setup_time if with_setup else 0.0) + info.solve_time)
        return 1, 0, round(statistics.median(times) * 1e9), ""
    return one_pass


def sqlite():
    """A row for each entry, a transaction for each 256, durable when it returns; no hashes, no signatures."""
    passes, entry = 0, bytes(1024)
    entries, group = 10_240, 256

    def one_pass():
        nonlocal passes
        passes += 1
        start = time.monotonic_ns()
        base = sqlite3.connect(os.path.join(WORK, f"sqlite-{passes}"), isolation_level=None)
        base.execute("PRAGMA journal_mode=WAL")
        base.execute("PRAGMA synchronous=FULL")
        base.execute("CREATE TABLE log (leaf BLOB)")
        for _ in range(entries // group):
            base.execute("BEGIN")
            base.executemany("INSERT INTO log VALUES (?)", [(entry,)] * group)
            base.execute("COMMIT")
        spent = time.monotonic_ns() - start
        count = base.execute("SELECT count(*) FROM log").fetchone()[0]
        base.close()
        return entries, entries * len(entry), spent, f"{count} entries"
    return one_pass


def catalog():
    """Each line of the marketplace's catalog becomes Python objects; then the words are looked for."""
    import glob
    import orjson as library
    with open(glob.glob(os.path.join(WORK, "market/targets/catalog/*"))[0], "rb") as file:
        data = file.read()
    words = ["itch", "venue 42 "]

    def one_pass():
        def body():
            hits = 0
            for line in data.splitlines():
                entry = library.loads(line)
                text = "\n".join([entry["name"], entry["summary"], entry["licence"], *entry["protocols"]]).lower()
                hits += all(word in text for word in words)
            return hits
        spent, hits = timed(body)
        return data.count(b"\n"), len(data), spent, f"{hits} hits"
    return one_pass


def tuf(part, clock=time.monotonic_ns):
    """A client of its own each time, and connections of its own; a new directory, or one that has all metadata already."""
    from tuf.ngclient import Updater
    target = "vendor-117/feed-31/1.13.0/linux-x86_64.so"
    with open(os.path.join(WORK, "market/metadata/1.root.json"), "rb") as file:
        root = file.read()
    with open(os.path.join(WORK, "market-port"), encoding="utf-8") as file:
        address = f"{HOST}:{file.read()}"

    def client(directory):
        return Updater(directory, f"http://{address}/metadata/", target_base_url=f"http://{address}/targets/", bootstrap=root)

    def found(updater):
        info = updater.get_targetinfo(target)
        return f"{info.length} bytes, {info.hashes['sha256']}"

    def refresh(directory):
        start = clock()
        updater = client(directory)
        updater.refresh()
        return clock() - start, f"snapshot {updater._trusted_set.snapshot.version}"

    def first(_):
        directory = tempfile.mkdtemp(dir=WORK)
        start = clock()
        updater = client(directory)
        updater.refresh()
        answer = found(updater)
        return clock() - start, answer

    def lookup(directory):
        updater = client(directory)
        updater.refresh()
        start = clock()
        answer = found(updater)
        return clock() - start, answer

    body, count = {"refresh": (refresh, 20), "first": (first, 3), "lookup": (lookup, 5), "idle": (None, 0)}[part]
    kept = None

    def one_pass():
        nonlocal kept
        if part in ("refresh", "lookup") and kept is None:
            kept = tempfile.mkdtemp(dir=WORK)
            found(client(kept))
        spent, answer = 0, ""
        for _ in range(count):
            took, answer = body(kept)
            spent += took
        return max(1, count), 0, spent, answer
    return one_pass


SPOT, USDM = "binance/spot_btcusdt_20240808.gz", "binance/usdm_btcusdt_20240808.gz"
MAKERS = {
    "itchfeed": itchfeed, "itchcpp": itchcpp, "itchcpp book": itchcpp_book, "sqlite": sqlite,
    "orjson spot": lambda: orjson(SPOT), "orjson usdm": lambda: orjson(USDM),
    "msgspec spot": lambda: msgspec(SPOT), "msgspec usdm": lambda: msgspec(USDM),
    "simdjson spot": lambda: simdjson(SPOT), "simdjson usdm": lambda: simdjson(USDM),
    "osqp 48x4": lambda: osqp("48x4", True), "osqp 48x4, solve": lambda: osqp("48x4", False),
    "orjson catalog": catalog, "tuf idle": lambda: tuf("idle"),
    "tuf refresh": lambda: tuf("refresh"), "tuf refresh, processor": lambda: tuf("refresh", time.process_time_ns),
    "tuf first": lambda: tuf("first"), "tuf first, processor": lambda: tuf("first", time.process_time_ns),
    "tuf lookup": lambda: tuf("lookup", time.process_time_ns),
    "osqp 13x3": lambda: osqp("13x3-caps", True), "osqp 13x3, solve": lambda: osqp("13x3-caps", False),
}


def main():
    contestants = {}
    for line in sys.stdin:
        name = line.rstrip("\n")
        if name not in contestants:
            contestants[name] = MAKERS[name]()
        units, size, spent, answer = contestants[name]()
        print(json.dumps({"units": units, "bytes": size, "nanoseconds": spent, "answer": answer}), flush=True)


if __name__ == "__main__":
    main()
