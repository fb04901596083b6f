#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A party written with Python's standard library alone: it shows its certificate, trusts the server's by its pin, and
keeps one connection. Prints what the server answers to it, a JSON object per request.

    exchange_client.py PORT SERVER-PIN FILE-OF-CERTIFICATE-AND-KEY
"""
import hashlib
import http.client
import json
import ssl
import sys

port, pin, own = int(sys.argv[1]), sys.argv[2], sys.argv[3]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
context.minimum_version = ssl.TLSVersion.TLSv1_3
context.load_cert_chain(own)
connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=60)
connection.connect()
assert "sha256:" + hashlib.sha256(connection.sock.getpeercert(binary_form=True)).hexdigest() == pin
local = connection.sock.getsockname()
for method, path, body in [
    ("GET", "/who", None), ("POST", "/echo", b"hello"), ("PUT", "/echo?a=b", bytes(300000)),
    ("POST", "/echo", iter([b"in", b" ", b"chunks"])), ("DELETE", "/echo", None), ("GET", "/nothing", None),
]:
    connection.request(method, path, body)
    answer = connection.getresponse()
    content = answer.read()
    assert connection.sock.getsockname() == local, "the connection was not kept"
    print(json.dumps({"status": answer.status, "type": answer.getheader("Content-Type"), "length": len(content),
                      "text": content[:200].decode()}), flush=True)
