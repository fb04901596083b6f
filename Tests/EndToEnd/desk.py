# SPDX-License-Identifier: Apache-2.0
"""A desk that installs adapters, as the proofs beside this file look at it: its store, what must always hold of it, and servers
between it and a repository that are slow, count what they are asked for, or are gone."""
import functools
import hashlib
import http.server
import json
import os
import re
import threading
import time

import product


def digest(path):
    return hashlib.sha256(product.read(path)).hexdigest()


class Desk:
    """A home with installed adapters."""

    def __init__(self, bench, name):
        self.bench, self.home = bench, bench.path(name)
        self.store = self.home + "/adapters"
        self.files = self.store + "/files"
        self.state = self.store + "/adapters.lock"

    def call(self, code, *arguments, **how):
        return self.bench.expect(code, "adapter", *arguments, EXPROVE_HOME=self.home, **how)

    def start(self, *arguments, **how):
        return self.bench.start("adapter", *arguments, EXPROVE_HOME=self.home, **how)

    def json(self, *arguments, code=0):
        return json.loads(self.call(code, *arguments, "--json")[0])

    def refuses(self, text, *arguments, code=1, **how):
        """The command ends with `code`, says why, and leaves what is installed as it was."""
        before = self.lock()
        error = self.call(code, *arguments, **how)[1]
        self.bench.hold(text in error and "mistake in exprove" not in error, f"“{text}” is not in: {error}")
        self.bench.hold(self.lock() == before, f"{arguments}: refused, and yet the lock changed")
        self.whole()
        return error

    def trust(self, name, address, root, *more):
        return self.call(0, "repository", "add", name, address, "--root", root, *more)

    def lock(self):
        if not os.path.exists(self.state):
            return None
        return product.read(self.state)

    def installed(self):
        lock = self.lock()
        return {entry["name"]: entry for entry in json.loads(lock)["adapters"]} if lock else {}

    def version(self, name="acme/itch"):
        return self.installed().get(name, {}).get("version")

    def library(self, name="acme/itch"):
        return f"{self.files}/{self.installed()[name]['sha256']}.so"

    def whole(self):
        """Everything that the lock names lies there, byte for byte."""
        for name, entry in self.installed().items():
            path = f"{self.files}/{entry['sha256']}.so"
            self.bench.hold(digest(path) == entry["sha256"], f"{name}: {path} is not what the lock says")
            self.bench.hold(os.path.getsize(path) == entry["length"], f"{name}: another length")
            certificate = f"{self.files}/{entry['certificate']}.certificate"
            self.bench.hold(digest(certificate) == entry["certificate"], f"{name}: another certificate")
            if entry["log"]:
                leaf = {"type": "https://exprove.dev/publication/v1", "target":
                        f"{name}/{entry['version']}/{entry['platform']}.so", "sha256": entry["sha256"],
                        "length": entry["length"], "certificate": entry["certificate"]}
                text = json.dumps(leaf, sort_keys=True, separators=(",", ":")).encode()
                self.bench.hold(os.path.exists(f"{self.files}/{hashlib.sha256(text).hexdigest()}.proof"), f"{name}: no proof")


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves files with ranges, as slowly as its server says, and notes what it was asked for."""

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        server = self.server
        path = self.translate_path(self.path)
        wanted = self.headers.get("Range")
        server.asked.append((self.path, wanted))
        if not os.path.isfile(path):
            return self.send_error(404)
        data = product.read(path)
        start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1]) if wanted else 0
        if start >= len(data) > 0 and wanted:
            return self.send_error(416)
        self.send_response(206 if wanted else 200)
        if wanted:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        try:
            for place in range(start, len(data), 16384):
                self.wfile.write(data[place:min(place + 16384, len(data))])
                if server.pause and path.endswith(".so"):
                    self.wfile.flush()
                    time.sleep(server.pause)
        except OSError:
            pass
        return None


class Server(http.server.ThreadingHTTPServer):
    """A repository over loopback HTTP."""
    daemon_threads = True

    def __init__(self, directory):
        super().__init__(("localhost", 0), functools.partial(Handler, directory=directory))
        self.pause, self.asked = 0, []
        self.address = f"http://localhost:{self.server_port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *arguments):
        pass

    def end(self):
        self.shutdown()
        self.server_close()
