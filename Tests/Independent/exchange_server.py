#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A server of exchanges, and bad ones, with Python's standard library alone. Prints its port, then serves until its input
ends. What it does is told by the path: see `answer`.

    exchange_server.py FILE-OF-CERTIFICATE-AND-KEY [TLS-VERSION]
"""
import hashlib
import os
import socket
import ssl
import sys
import threading

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1])
if len(sys.argv) > 2:
    context.maximum_version = ssl.TLSVersion[sys.argv[2]]
# Asks for a certificate; one that is shown must be this file's.
context.verify_mode = ssl.CERT_OPTIONAL
context.load_verify_locations(sys.argv[1])


def sized(body, status="200 OK", fields=""):
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{fields}\r\n".encode() + body


def answer(sock, path, body):
    """Whether the connection goes on."""
    if path == "/echo":
        sock.sendall(sized(body))
    elif path == "/who":
        shown = sock.getpeercert(binary_form=True)
        sock.sendall(sized(hashlib.sha256(shown).hexdigest().encode() if shown else b"nobody"))
    elif path == "/chunks":
        sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n1\r\n!\r\n0\r\nA: b\r\n\r\n")
    elif path == "/continue":
        sock.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + sized(b"after"))
    elif path == "/close":
        sock.sendall(sized(b"last", fields="Connection: close\r\n"))
        return False
    elif path == "/refuse":
        sock.sendall(sized(b"no \x1b[31mred\r\n\xff" + b"x" * 5000, "409 Conflict"))
    elif path == "/vanish":
        return False
    elif path == "/short":
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
        return False
    elif path == "/until-end":
        sock.sendall(b"HTTP/1.1 200 OK\r\n\r\nhow long is this")
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
        return False
    elif path == "/large-length":
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n")
        sock.recv(1)
    elif path == "/endless":
        sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            sock.sendall(b"10000\r\n" + bytes(65536) + b"\r\n")
    elif path == "/garbage":
        sock.sendall(os.urandom(1000))
        sock.recv(1)
    elif path == "/huge-field":
        sock.sendall(b"HTTP/1.1 200 OK\r\nX: " + b"y" * (1 << 20) + b"\r\n\r\n")
        sock.recv(1)
    elif path == "/twice":
        sock.sendall(sized(b"one") + sized(b"two"))
    elif path == "/silence":
        sock.recv(1)
    return True


def serve(sock):
    try:
        with context.wrap_socket(sock, server_side=True) as tls:
            got = b""
            while True:
                while b"\r\n\r\n" not in got:
                    part = tls.recv(65536)
                    if not part:
                        return
                    got += part
                head, _, got = got.partition(b"\r\n\r\n")
                lines = head.decode().split("\r\n")
                fields = dict(line.lower().split(": ", 1) for line in lines[1:])
                length = int(fields.get("content-length", "0"))
                while len(got) < length:
                    got += tls.recv(65536)
                body, got = got[:length], got[length:]
                if not answer(tls, lines[0].split(" ")[1], body):
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
