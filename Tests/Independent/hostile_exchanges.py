#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What strangers may do to a server of exchanges, with Python's ssl and sockets alone: each case says in one JSON object
what became of it, and whether the server answers an honest request afterwards.

    hostile_exchanges.py PORT LARGEST-BODY CONNECTIONS FILE-OF-CERTIFICATE-AND-KEY CASE...
"""
import json
import random
import re
import resource
import select
import socket
import ssl
import sys
import time

PORT, LARGEST, CONNECTIONS = (int(text) for text in sys.argv[1:4])
OWN = sys.argv[4]
PATIENCE = 60


def tls(version=ssl.TLSVersion.TLSv1_3):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.maximum_version = version
    return context


def plain():
    return socket.create_connection(("127.0.0.1", PORT), PATIENCE)


def connect():
    return tls().wrap_socket(plain())


def everything(sock):
    """All that comes until the other side ends; a reset ends too."""
    got = b""
    try:
        while True:
            part = sock.recv(65536)
            if not part:
                return got
            got += part
    except TimeoutError:
        raise
    except OSError:
        return got


def statuses(got):
    """The statuses of the answers in `got`, by their lengths."""
    found = []
    while got.startswith(b"HTTP/1.1 "):
        head, _, rest = got.partition(b"\r\n\r\n")
        found.append(int(head[9:12]))
        lengths = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        got = rest[int(lengths[0]) if lengths else 0:]
    return found


def answers(sock, got=b""):
    """All that comes, behind `got`, until an answer that says it is the last, or until the other side ends."""
    try:
        while not re.search(rb"(?i)\r\nconnection: close\r\n", got) or unended(got):
            part = sock.recv(65536)
            if not part:
                return got
            got += part
    except TimeoutError:
        raise
    except OSError:
        pass
    return got


def unended(got):
    """Whether the last answer is still to come in part."""
    head, _, body = got[got.rfind(b"HTTP/1.1 "):].partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
    return not length or len(body) < int(length.group(1))


def say(data):
    """What the server answers to these bytes."""
    with connect() as sock:
        try:
            sock.sendall(data)
        except OSError:
            pass
        return statuses(answers(sock))


def request(path="/echo", body=b"", method="POST", fields=()):
    lines = [f"{method} {path} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}", *fields]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


CLOSE = ("Connection: close",)


def honest():
    """Whether it answers, where it was full a moment ago after a while."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            if say(request(body=b"honest", fields=CLOSE)) == [200]:
                return True
        except OSError:
            pass
        time.sleep(0.05)
    return False


def timed_out():
    """How many connections the server has ended for their slowness."""
    with connect() as sock:
        sock.sendall(request("/timed-out", fields=CLOSE))
        return int(answers(sock).rpartition(b"\r\n\r\n")[2])


def refused_bytes(data):
    """Sent without TLS: whether the connection ends."""
    with plain() as sock:
        try:
            sock.sendall(data)
            sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        everything(sock)
        return "ended"


def old_tls():
    try:
        with tls(ssl.TLSVersion.TLSv1_2).wrap_socket(plain()) as sock:
            return sock.version()
    except OSError:
        return "ended"


def pipelined():
    bodies = [b"%d" % index * index for index in range(20)]
    with connect() as sock:
        sock.sendall(b"".join(request(body=body, fields=CLOSE if body is bodies[-1] else ()) for body in bodies))
        got = answers(sock)
    at = [got.find(b"POST /echo %d\n" % len(body) + body) for body in bodies]
    return statuses(got) == [200] * 20 and at == sorted(at) and at[0] > 0


def chunked(chunks, tail=b"0\r\n\r\n", fields=CLOSE):
    head = "\r\n".join(["POST /echo HTTP/1.1", "Host: x", "Transfer-Encoding: chunked", *fields]) + "\r\n\r\n"
    return head.encode() + b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + tail


def continued(expectation, size):
    """The body goes only after a 100."""
    with connect() as sock:
        sock.sendall(request(body=b"", fields=(f"Expect: {expectation}",) + CLOSE).replace(
            b"Content-Length: 0", b"Content-Length: %d" % size))
        first = sock.recv(65536)
        if first.startswith(b"HTTP/1.1 100 "):
            sock.sendall(b"x" * size)
        return statuses(answers(sock, first))


def dripped(data, drop):
    """Sends byte by byte without end; how the server ends it."""
    with connect() as sock:
        try:
            sock.sendall(data)
            end = time.monotonic() + PATIENCE
            while time.monotonic() < end:
                sock.sendall(drop)
                time.sleep(0.02)
        except OSError:
            return "cut off"
    return "still open"


def after_the_last():
    """A request behind one that says that it is the last."""
    with connect() as sock:
        sock.sendall(request(fields=CLOSE) + request())
        return statuses(everything(sock))


def deaf():
    """Asks for much and takes nothing."""
    before = timed_out()
    with connect() as sock:
        sock.sendall(request("/large", fields=CLOSE))
        end = time.monotonic() + PATIENCE
        while timed_out() == before and time.monotonic() < end:
            time.sleep(0.05)
        # What lay in the buffers comes; then the end, before all of it has come.
        return "cut off" if len(everything(sock)) < 32 << 20 else "all of it"


def silent():
    with connect() as sock:
        return "ended" if everything(sock) == b"" else "answered"


def unfinished():
    """Connects, and says nothing at all."""
    with plain() as sock:
        return "ended" if everything(sock) == b"" else "answered"


def half_closed(data):
    with connect() as sock:
        sock.sendall(data)
        raw = socket.socket(fileno=sock.detach())
        with raw:
            raw.settimeout(PATIENCE)
            raw.shutdown(socket.SHUT_WR)
            everything(raw)
            return "ended"


def abandoned():
    """Connections that are reset in mid-request."""
    for _ in range(100):
        with connect() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            sock.sendall(request(body=b"x" * 1000)[:-1])
    return "done"


def crowd():
    """More connections than it takes: those beyond are ended at once, and it recovers."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = 2000 if hard == resource.RLIM_INFINITY or hard > 2100 else hard - 100
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, count + 50), hard), hard))
    socks = []
    for _ in range(count):
        socks.append(plain())
    waiting = select.poll()
    for sock in socks:
        waiting.register(sock, select.POLLIN)
    ended, end = set(), time.monotonic() + PATIENCE
    while len(ended) < count - CONNECTIONS and time.monotonic() < end:
        for descriptor, _ in waiting.poll(1000):
            ended.add(descriptor)
            waiting.unregister(descriptor)
    for sock in socks:
        sock.close()
    return "turned away" if len(ended) >= count - CONNECTIONS else f"{count - len(ended)} open"


def resumed():
    """The client's certificate is known in a resumed session as in a full one."""
    context = tls()
    context.load_cert_chain(OWN)
    said = []
    session = None
    for _ in range(2):
        with context.wrap_socket(plain(), session=session) as sock:
            sock.sendall(request("/who", fields=CLOSE))
            said.append(answers(sock).rpartition(b"\r\n\r\n")[2].decode())
            again, session = sock.session_reused, sock.session
    return said + [again]


def mutated(seed):
    """Honest requests with random damage: it answers or ends, and stays."""
    generator = random.Random(seed)
    answered = 0
    for _ in range(200):
        data = bytearray(generator.choice([
            request(body=b"abcdefgh" * 10, fields=CLOSE), chunked([b"abc", b"d" * 100]),
            request("/who?x=1", method="GET", fields=CLOSE)]))
        for _ in range(generator.randrange(1, 6)):
            at = generator.randrange(len(data))
            kind = generator.randrange(3)
            if kind == 0:
                data[at] = generator.choice(b"\0\r\n :;,\t\x7f\xff09aZ-")
            elif kind == 1:
                del data[at:at + generator.randrange(1, 10)]
            else:
                data[at:at] = bytes(generator.randrange(256) for _ in range(generator.randrange(1, 10)))
        with connect() as sock:
            try:
                sock.sendall(bytes(data))
                # Says that nothing follows, for those whose length promises more.
                socket.socket.shutdown(sock, socket.SHUT_WR)
            except OSError:
                pass
            answered += bool(statuses(everything(sock)))
    return "answered" if answered > 20 else f"{answered} answered"


CASES = {
    "garbage": lambda: refused_bytes(random.Random(1).randbytes(65536)),
    "plain HTTP": lambda: refused_bytes(request(fields=CLOSE)),
    "TLS record of garbage": lambda: refused_bytes(b"\x16\x03\x01\x40\x00" + random.Random(2).randbytes(0x4000)),
    "TLS 1.2": old_tls,
    "garbage in TLS": lambda: say(random.Random(3).randbytes(65536)),
    "HTTP/2 preface": lambda: say(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(100)),
    "HTTP/3.7": lambda: say(b"POST /echo HTTP/3.7\r\nContent-Length: 0\r\n\r\n" + b"x" * 1000000),
    "huge field": lambda: say(request(fields=("X: " + "y" * (1 << 20),))),
    "huge field name": lambda: say(request(fields=("y" * (1 << 20) + ": x",))),
    "many fields": lambda: say(request(fields=("X: y",) * 1000)),
    "large fields": lambda: say(request(fields=("X: " + "y" * 1000,) * 60)),
    "huge target": lambda: say(request("/" + "x" * (1 << 20))),
    "absolute target": lambda: say(request("http://x/echo", fields=CLOSE)),
    "eight-bit target": lambda: say(request("/é", fields=CLOSE)),
    "CONNECT": lambda: say(b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n"),
    "HEAD": lambda: say(request(method="HEAD", fields=CLOSE)),
    "PATCH": lambda: say(request(method="PATCH", fields=CLOSE)),
    "upgrade": lambda: say(request(fields=("Connection: upgrade", "Upgrade: websocket")) + b"x" * 100000),
    "pipelined": pipelined,
    "chunked": lambda: say(chunked([b"a" * 1000] * 50)),
    "chunked beyond the limit": lambda: say(chunked([b"a" * 65536] * (LARGEST // 65536 + 1))),
    "chunk of no size": lambda: say(chunked([], b"zz\r\nabc\r\n0\r\n\r\n")),
    "chunk of 2^64": lambda: say(chunked([], b"10000000000000000\r\nabc")),
    "chunk longer than it says": lambda: say(chunked([], b"3\r\nabcdef\r\n0\r\n\r\n")),
    "huge trailer": lambda: say(chunked([b"abc"], b"0\r\nX: " + b"y" * (1 << 20) + b"\r\n\r\n")),
    "body beyond the limit": lambda: say(request(body=b"x" * (LARGEST + 1))),
    "body of the limit": lambda: say(request(body=b"x" * LARGEST, fields=CLOSE)),
    "length beyond the limit": lambda: say(b"POST /echo HTTP/1.1\r\nContent-Length: 99999999999999999\r\n\r\n"),
    "length beyond all": lambda: say(b"POST /echo HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n"),
    "negative length": lambda: say(b"POST /echo HTTP/1.1\r\nContent-Length: -1\r\n\r\n"),
    "length of letters": lambda: say(b"POST /echo HTTP/1.1\r\nContent-Length: abc\r\n\r\n"),
    "two lengths": lambda: say(b"POST /echo HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
    "length and chunks": lambda: say(chunked([b"abc"], fields=("Content-Length: 3",))),
    "more than its length": lambda: say(request(body=b"abc") + b"defghijk\r\n\r\n"),
    "space before the colon": lambda: say(request(fields=("X : y",) + CLOSE)),
    "nul in a field": lambda: say(request(fields=("X: \0y",) + CLOSE)),
    "bare line feeds": lambda: say(b"POST /echo HTTP/1.1\nContent-Length: 0\nConnection: close\n\n"),
    "expects and gets": lambda: continued("100-continue", 1000),
    "expects too much": lambda: continued("100-continue", LARGEST + 1),
    "expects wonders": lambda: continued("wonders", 10),
    "dripping fields": lambda: dripped(b"POST /echo HTTP/1.1\r\n", b"X"),
    "dripping body": lambda: dripped(b"POST /echo HTTP/1.1\r\nContent-Length: 10000\r\n\r\n", b"X"),
    "dripping chunks": lambda: dripped(chunked([], b""), b"1\r\nx\r\n"),
    "deaf": deaf,
    "after the last": after_the_last,
    "silent": silent,
    "no handshake": unfinished,
    "half closed in mid-request": lambda: half_closed(request(body=b"abc")[:-1]),
    "half closed before an answer": lambda: half_closed(request(body=b"abc")),
    "abandoned": abandoned,
    "crowd": crowd,
    "resumed": resumed,
    "mutated": lambda: mutated(7),
}

for name in sys.argv[5:]:
    start = time.monotonic()
    print(json.dumps({"case": name, "outcome": CASES[name](), "honest": honest(),
                      "seconds": round(time.monotonic() - start, 2)}), flush=True)
