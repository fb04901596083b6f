#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A server of files, good and bad, with Python's standard library alone. Prints its port, then serves until its input ends.
What it does is told by the path's last part: see `answer`. It is a proxy too: for CONNECT, and for targets of http://.

    repository_server.py [FILE-OF-CERTIFICATE-AND-KEY [TLS-VERSION]]
"""
import os
import re
import socket
import ssl
import sys
import threading
import time
from urllib.parse import unquote

context = None
if len(sys.argv) > 1:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1])
    if len(sys.argv) > 2:
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion[sys.argv[2]]
        context.set_ciphers("ALL:@SECLEVEL=0")

counts = {"connections": 0, "sent": 0, "tunnels": 0, "relayed": 0}
PATTERN = bytes(i * 7 % 251 for i in range(251))


def pattern(start, end):
    """Byte i of every file is i * 7 % 251."""
    turn = start % 251
    return (PATTERN * ((end - start) // 251 + 2))[turn:turn + end - start]


def sized(body, status="200 OK", fields=""):
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{fields}\r\n".encode() + body


def send_pattern(sock, start, end):
    while start < end:
        piece = pattern(start, min(end, start + (1 << 20)))
        sock.sendall(piece)
        counts["sent"] += len(piece)
        start += len(piece)


def part(sock, start, end, length, shown):
    sock.sendall(f"HTTP/1.1 206 Partial Content\r\nContent-Length: {end - start}\r\n{shown}\r\n".encode())
    send_pattern(sock, start, end)


def answer(sock, target, head, turn):
    """Whether the connection goes on."""
    path = unquote(target.partition("?")[0])
    name = path.rsplit("/", 1)[-1]
    found = re.search(r"\r\nRange: bytes=(\d+)-", head)
    start = int(found.group(1)) if found else 0
    size = int(name.rpartition("-")[2]) if re.fullmatch(r"[a-z-]+-\d+", name) else 0
    if name.startswith("file-"):
        if start >= size and found:
            sock.sendall(sized(b"", "416 Range Not Satisfiable", f"Content-Range: bytes */{size}\r\n"))
        elif found:
            part(sock, start, size, size, f"Content-Range: bytes {start}-{size - 1}/{size}\r\n")
        else:
            sock.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n".encode())
            send_pattern(sock, 0, size)
    elif name.startswith("whole-"):
        sock.sendall(sized(pattern(0, size)))
    elif name.startswith("other-part-"):
        part(sock, start, size, size, f"Content-Range: bytes {start + 1}-{size}/{size + 1}\r\n")
    elif name.startswith("short-part-"):
        part(sock, start, size - 1, size, f"Content-Range: bytes {start}-{size - 2}/{size}\r\n")
    elif name.startswith("odd-part-"):
        part(sock, start, size, size, "Content-Range: bytes whatever\r\n")
    elif name.startswith("nameless-part-"):
        part(sock, start, size, size, "")
    elif name.startswith("unasked-part-"):
        part(sock, 0, size, size, f"Content-Range: bytes 0-{size - 1}/{size}\r\n")
    elif name.startswith("chunks-"):
        sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for at in range(0, size, 1000):
            piece = pattern(at, min(size, at + 1000))
            sock.sendall(b"%x;a=b\r\n%s\r\n" % (len(piece), piece))
        sock.sendall(b"0\r\nA: b\r\n\r\n")
    elif name.startswith("until-end-"):
        sock.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + pattern(0, size))
        sock.shutdown(socket.SHUT_WR)
        return False
    elif name.startswith("last-"):
        sock.sendall(sized(pattern(0, size), fields="Connection: close\r\n"))
        return False
    elif name.startswith("fickle-"):
        # Serves each connection once, and says nothing of it.
        if turn > 0:
            return False
        sock.sendall(sized(pattern(0, size)))
    elif name == "vanish":
        return False
    elif name == "truncated":
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + pattern(0, 60))
        return False
    elif name == "truncated-chunk":
        sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n" + pattern(0, 64) + b"\r\n")
        return False
    elif name == "two-lengths":
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd")
    elif name == "large-length":
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\n")
        sock.recv(1)
    elif name in ("endless", "endless-plain"):
        chunked = name == "endless"
        sock.sendall(b"HTTP/1.1 200 OK\r\n" + (b"Transfer-Encoding: chunked\r\n\r\n" if chunked else b"\r\n"))
        while True:
            sock.sendall((b"10000\r\n" if chunked else b"") + bytes(65536) + (b"\r\n" if chunked else b""))
    elif name == "endless-extension":
        sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;")
        while True:
            sock.sendall(b"x" * 65536)
    elif name == "endless-trailer":
        sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n")
        while True:
            sock.sendall(b"X: y\r\n" * 1000)
    elif name == "endless-fields":
        sock.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            sock.sendall(b"X: y\r\n" * 1000)
    elif name == "endless-continue":
        while True:
            sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            time.sleep(0.01)
    elif name == "huge-field":
        sock.sendall(b"HTTP/1.1 200 OK\r\nX: " + b"y" * (1 << 20) + b"\r\n\r\n")
        sock.recv(1)
    elif name == "many-fields":
        sock.sendall(sized(b"x", fields="A: b\r\n" * 100))
    elif name == "drip":
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        for _ in range(100000):
            sock.sendall(b"x")
            time.sleep(0.02)
    elif name == "drip-fields":
        sock.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        for _ in range(100000):
            sock.sendall(b"x")
            time.sleep(0.02)
    elif name == "silence":
        sock.recv(1)
    elif name == "garbage":
        sock.sendall(b"\x00" + os.urandom(1000))
        sock.recv(1)
    elif name == "twice":
        sock.sendall(sized(b"one") + sized(b"two"))
    elif name == "packed":
        sock.sendall(sized(b"not what it seems", fields="Content-Encoding: gzip\r\n"))
    elif name.startswith("status-"):
        sock.sendall(sized(b"an explanation", f"{size} Because"))
    elif name.startswith("hops-"):
        # To the next, and to the file at last.
        to = f"hops-{size - 1}" if size > 1 else "/elsewhere/./x/../file-1000?signed=yes"
        sock.sendall(sized(b"over there", "302 Found", f"Location: {to}\r\n"))
    elif name == "round":
        sock.sendall(sized(b"", "301 Moved Permanently", "Location: round\r\n"))
    elif name == "nowhere":
        sock.sendall(sized(b"", "302 Found"))
    elif name == "to":
        sock.sendall(sized(b"", "307 Temporary Redirect", f"Location: {unquote(target.partition('?')[2])}\r\n"))
    elif name == "counts":
        sock.sendall(sized(" ".join(f"{key}={counts[key]}" for key in sorted(counts)).encode()))
    else:
        sock.sendall(sized(head.encode()))
    return True


def relay(a, b):
    try:
        while data := a.recv(65536):
            b.sendall(data)
        b.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def tunnel(sock, target):
    host, _, port = target.rpartition(":")
    counts["tunnels"] += 1
    if host == "forbidden.example":
        sock.sendall(sized(b"", "403 Forbidden"))
    elif host == "silent.example":
        sock.recv(1)
    elif host == "babbling.example":
        sock.sendall(b"HTTP/1.1 " + b"2" * 100000)
    elif host == "eager.example":
        sock.sendall(b"HTTP/1.1 200 OK\r\n\r\nhello")
        sock.recv(1)
    else:
        # Every name leads here.
        far = socket.create_connection(("127.0.0.1", int(port)))
        sock.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        threading.Thread(target=relay, args=(far, sock), daemon=True).start()
        relay(sock, far)


def serve(sock):
    counts["connections"] += 1
    try:
        with context.wrap_socket(sock, server_side=True) if context else sock as plain:
            got = b""
            for turn in range(1 << 30):
                while b"\r\n\r\n" not in got:
                    piece = plain.recv(65536)
                    if not piece:
                        return
                    got += piece
                head, _, got = got.partition(b"\r\n\r\n")
                method, target, _ = head.decode().split("\r\n")[0].split(" ")
                if method == "CONNECT":
                    return tunnel(plain, target)
                if target.startswith("http://"):
                    counts["relayed"] += 1
                if not answer(plain, target, head.decode(), turn):
                    return
    except OSError:
        pass


listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)


def accept():
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()


threading.Thread(target=accept, daemon=True).start()
sys.stdin.read()
