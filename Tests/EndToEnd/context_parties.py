# SPDX-License-Identifier: Apache-2.0
"""The parties of an aggregation as processes: who they are, the contract between them, how they are started and killed,
and what anybody can ask them over HTTPS."""
import base64
import hashlib
import http.client
import json
import os
import socket
import ssl
import subprocess
import time

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

SECOND = 10**9
PATIENCE = 120


def free_port():
    with socket.create_server(("localhost", 0)) as listener:
        return listener.getsockname()[1]


class Party:
    """An aggregator: a home of its own, a state directory, and at times a process."""

    def __init__(self, bench, folder, role):
        self.bench, self.role, self.name = bench, role, f"example.com/{role}"
        self.home, self.state = bench.path(f"{folder}/{role}-home"), bench.path(f"{folder}/{role}")
        self.contract = bench.path(f"{folder}/contract.json")
        self.port, self.process, self.log = free_port(), None, bench.path(f"{folder}/{role}.log")
        os.makedirs(bench.path(folder), exist_ok=True)
        self.terms = bench.json("context", "aggregator", self.name, "--address", f"https://localhost:{self.port}",
                                EXPROVE_HOME=self.home)

    def start(self, *options):
        """Returns when it answers."""
        with open(self.log, "ab") as log, open(self.log + ".json", "ab") as told:
            self.process = subprocess.Popen(
                [self.bench.exprove, "context", "aggregate", self.contract, "--as", self.role, "--identity", self.name,
                 "--state", self.state, "--json", *options],
                stdin=subprocess.DEVNULL, stdout=told, stderr=log, cwd=self.bench.work,
                env={**self.bench.environment, "EXPROVE_HOME": self.home})
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self.process.poll() is None:
            try:
                with socket.create_connection(("localhost", self.port), 1):
                    return
            except OSError:
                time.sleep(0.01)
        raise AssertionError(f"the {self.role} does not answer: {self.said()[-500:]}")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        """By its own end; its exit code."""
        self.process.terminate()
        return self.process.wait(PATIENCE)

    def said(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()

    def told(self):
        """What it has said of each batch; a line may be cut off where it was killed."""
        found = []
        with open(self.log + ".json", encoding="utf-8") as file:
            for line in file:
                try:
                    found.append(json.loads(line))
                except json.JSONDecodeError:
                    pass
        return [item for item in found if "window" in item]

    def ask(self, method, path, body=None, certificate=None):
        """Status and body of an answer; the certificate must be the contract's."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        if certificate:
            context.load_cert_chain(certificate)
        connection = http.client.HTTPSConnection("localhost", self.port, context=context, timeout=PATIENCE)
        connection.connect()
        shown = hashlib.sha256(connection.sock.getpeercert(binary_form=True)).hexdigest()
        assert shown == self.terms["certificate"], "another certificate"
        connection.request(method, path, body)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, content

    def contexts(self):
        """All contexts that it has, as their files' bytes."""
        status, listed = self.ask("GET", "/v1/contexts")
        assert status == 200, listed
        return [self.ask("GET", f"/v1/contexts/{item['revision']}")[1] for item in json.loads(listed)["contexts"]]


class Aggregation:
    """A contract and its parties. All its windows have ended; a batch closes when the reports that are expected are there."""

    def __init__(self, bench, folder, desks, windows, expected, signals, minimum=4, **terms):
        self.bench, self.folder, self.desks = bench, folder, desks
        self.leader, self.helper = Party(bench, folder, "leader"), Party(bench, folder, "helper")
        self.home = bench.path(f"{folder}/desks-home")
        keys = bench.json("context", "desks", "desk", str(desks), EXPROVE_HOME=self.home)
        length, buckets = 60 * SECOND, 4
        self.terms = {
            "version": 1, "name": f"example.com/{folder}", "leader": self.leader.terms, "helper": self.helper.terms,
            "contributors": keys, "first": str(time.time_ns() - (windows + 1) * length), "period": str(length),
            "windows": windows, "bucket": str(length // buckets), "buckets": buckets, "minimum": minimum,
            "closes_after": str(6 * 3600 * SECOND), "closes_at": expected, "clock_tolerance": str(SECOND),
            "applies_after": str(24 * 3600 * SECOND), "holds_for": str(72 * 3600 * SECOND), "signals": signals, **terms}
        self.contract = bench.write(f"{folder}/contract.json", json.dumps(self.terms))

    def load(self, window, malicious=0, dropouts=0, seed=1):
        """A process that plays the desks."""
        return self.bench.start(
            "context", "load", self.contract, "--prefix", "desk", "--desks", str(self.desks), "--malicious",
            str(malicious), "--dropouts", str(dropouts), "--seed", str(seed), "--window", str(window),
            EXPROVE_HOME=self.home)

    def loaded(self, process):
        out, error = process.communicate(timeout=PATIENCE * 2)
        self.bench.hold(process.returncode == 0, error.decode()[-500:])
        return json.loads(out)

    def wait(self, count, party=None):
        """The contexts of the leader, when there are as many."""
        party = party or self.leader
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            found = party.contexts()
            if len(found) >= count:
                return found
            time.sleep(0.05)
        raise AssertionError(f"{len(found)} contexts, {count} expected: {party.said()[-1000:]}")

    def end(self):
        for party in (self.leader, self.helper):
            if party.process and party.process.poll() is None:
                party.kill()


def signal(kind="volume", maximum=1000, **terms):
    return {"kind": kind, "listing": {"venue": "XNAS", "symbol": "AAPL"}, "quantum": "100", "maximum": str(maximum),
            "noise": {"mechanism": "none"}, **terms}


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sums(file):
    return [[int(value) for value in found["sums"]] for found in json.loads(file)["context"]["signals"]]


def verified(file, terms, previous=None):
    """Checks a context's file with nothing of ours: its encoding, its aggregators' signatures over the statement of its
    digest (DSSE), and its place in the chain. Gives the digest."""
    found = json.loads(file)
    assert canonical(found) == file, "not canonical"
    digest = hashlib.sha256(canonical(found["context"])).hexdigest()
    envelope = json.loads(base64.b64decode(found["signed"]))
    payload = base64.b64decode(envelope["payload"])
    kind = envelope["payloadType"].encode()
    signed = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
    by_name = {item["keyid"]: base64.b64decode(item["sig"]) for item in envelope["signatures"]}
    for role in [role for role in ("leader", "helper") if role in terms]:
        name, key_id, key = terms[role]["verifier"].split("+", 2)
        Ed25519PublicKey.from_public_bytes(base64.b64decode(key)[1:]).verify(by_name[f"{name}+{key_id}"], signed)
    statement = json.loads(payload)
    assert statement["subject"][0]["digest"] == {"sha256": digest}, "the statement is of another digest"
    contract = hashlib.sha256(canonical(terms)).hexdigest()
    assert found["context"]["contract"] == contract == statement["predicate"]["contract"], "another contract"
    assert found["context"].get("previous") == previous, "the chain is broken"
    return digest
