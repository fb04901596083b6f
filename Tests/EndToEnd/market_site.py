# SPDX-License-Identifier: Apache-2.0
"""A repository of adapters as the proofs beside this file keep it: its directory behind a loopback HTTP server, key homes of
those who keep it and of vendors, and python-tuf's client, which looks at it from outside."""
import contextlib
import functools
import hashlib
import http.server
import json
import os
import shutil
import subprocess
import threading

from tuf.ngclient import Updater

import product

NAME = "example.com/market"
LIBRARY = "acme/itch/1.0.0/linux-x86_64.so"
DESCRIPTION = {
    "name": "Acme ITCH", "summary": "Nasdaq TotalView-ITCH 5.0", "who": "Acme Ltd", "links": ["https://acme.example/itch"],
    "protocols": ["ITCH 5.0"], "example": "exprove run --feed XNAS=acme/itch:day.bin",
}


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass

    def copyfile(self, source, outputfile):
        # A client that was sent too much hangs up.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            super().copyfile(source, outputfile)


def serve(directory):
    """A static file server over a directory; its address."""
    server = http.server.ThreadingHTTPServer(("localhost", 0), functools.partial(Quiet, directory=directory))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://localhost:{server.server_port}"


class Stranger:
    """python-tuf's client with a cache of its own, begun with the first root."""

    def __init__(self, site, name):
        self.site, self.cache = site, site.bench.path(f"stranger-{name}")
        self.root = product.read(site.path + "/metadata/1.root.json")

    def refreshed(self, directory=None):
        base = f"{self.site.bench.address}/{os.path.basename(directory or self.site.path)}"
        os.makedirs(self.cache + "/targets", exist_ok=True)
        updater = Updater(self.cache + "/metadata", base + "/metadata/", self.cache + "/targets", base + "/targets/",
                          bootstrap=self.root)
        updater.refresh()
        return updater

    def find(self, target, directory=None):
        """What the repository says of a target, None when it has none. Its file is downloaded and verified."""
        updater = self.refreshed(directory)
        info = updater.get_targetinfo(target)
        if info is None:
            return None
        path = updater.download_target(info)
        data = product.read(path)
        os.remove(path)
        return info, data


class Site:
    """A repository: what the operator needs daily is in `online`, all else in `offline`."""

    def __init__(self, bench, name):
        self.bench, self.path = bench, bench.path(name)
        self.online, self.offline = self.path + "-online", self.path + "-offline"
        bench.expect(0, "market", "init", self.path, "--name", NAME, EXPROVE_HOME=self.online)
        os.makedirs(self.offline, mode=0o700)
        for role in ("root-1", "root-2", "root-3", "targets", "revocations"):
            self.move(role, self.online, self.offline)

    @staticmethod
    def file(role):
        return f"{NAME}/{role}".replace("/", "+") + ".identity"

    def move(self, role, source, target):
        os.makedirs(target, mode=0o700, exist_ok=True)
        shutil.move(f"{source}/{self.file(role)}", f"{target}/{self.file(role)}")

    def keys(self, *homes):
        return [part for home in homes for part in ("--key-home", home)]

    def operator(self, code, command, *arguments):
        """With all keys of the repository, but none of a vendor."""
        return self.bench.expect(code, "market", command, self.path, *arguments, *self.keys(self.online, self.offline))

    def daily(self, code, command, *arguments):
        return self.bench.expect(code, "market", command, self.path, *arguments, *self.keys(self.online))

    def vendor(self, name):
        """A vendor's key home, with one identity; its public key."""
        home = self.bench.path(f"vendor-{name}")
        identity = f"{name}.example/release"
        if not os.path.exists(home):
            self.bench.expect(0, "identity", "create", identity, EXPROVE_HOME=home)
        key = self.bench.json("identity", "show", identity, "--json", EXPROVE_HOME=home)["verifier"]
        return home, identity, key

    def add(self, name):
        self.operator(0, "add-vendor", name, "--vkey", self.vendor(name)[2])

    def publish(self, code, vendor, adapter, name, *more, homes=None, description=None, **how):
        home, identity, _ = self.vendor(vendor)
        about = description or self.bench.write("description.json", json.dumps(DESCRIPTION))
        return self.bench.expect(
            code, *self.publishing(adapter, name, identity, about), *more,
            *self.keys(home, *(homes if homes is not None else [self.online])), **how)

    def publishing(self, adapter, name, identity, about):
        return ["market", "publish", self.path, adapter, "--as", name, "--identity", identity, "--description", about]

    def sound(self):
        report = self.bench.json("market", "verify", self.path, "--json")
        self.bench.hold(report["verdict"] == "sound", report)
        return report

    def copy(self, name):
        path = self.bench.path(name)
        shutil.copytree(self.path, path)
        return path

    def metadata(self, role, version):
        return json.loads(product.read(f"{self.path}/metadata/{version}.{role}.json"))["signed"]

    def staged(self):
        with contextlib.suppress(FileNotFoundError):
            return sorted(name for name in os.listdir(self.path + "/incoming") if name.endswith(".json"))
        return []


def version_of(bench, adapter, number):
    """The adapter with another version in its manifest; all else is the same."""
    data = product.read(adapter)
    if data.count(b"version: 1.0.0") != 1:
        raise AssertionError("the manifest's version is not where it was")
    name = f"{os.path.basename(adapter)}-{number}.so"
    return bench.write(name, data.replace(b"version: 1.0.0", f"version: 1.0.{number}".encode()))


def certificate_of(bench, adapter, identity, home):
    """A certificate for an adapter, by the checks of the least strictness, which is not the matter here."""
    path = bench.path(os.path.basename(adapter) + ".certificate")
    if not os.path.exists(path):
        bench.expect(0, "conform", adapter, "--strictness", "1", "--certificate", path, "--identity", identity,
                     EXPROVE_HOME=home)
    return path


def template(bench, name):
    """A vendor's new adapter, as `adapter new` writes it, built."""
    directory = bench.path(name)
    if not os.path.exists(directory):
        bench.expect(0, "adapter", "new", name, "--language", "c", "--out", directory)
        subprocess.run(["make", "-C", directory], check=True, capture_output=True, env={**os.environ, "EXPROVE": bench.exprove})
    return f"{directory}/lib{name}.so"


def sha256(data):
    return hashlib.sha256(data).hexdigest()
