# SPDX-License-Identifier: Apache-2.0
"""A vendor's whole way: a new adapter is begun, built, judged and published; a desk finds it, installs it, works a task with it,
upgrades, and is told of a revocation: at the next load, and in a run that goes on.

usage: vendor.py EXPROVE ADAPTERS
"""
import json
import os
import random
import shutil
import signal
import struct
import subprocess
import time

import product
from certificate import POLICY

MARKET = "example.com/market"
KEYS = "date=2024-08-08,zone=America/New_York,time=venue+0ns"


def description(summary):
    return json.dumps({
        "name": "my-venue", "summary": summary, "who": "Acme Markets", "links": ["https://acme.example/"],
        "protocols": ["my-venue feed 1"], "example": f"exprove normalize --feed MYV=acme/my-venue:day.bin,{KEYS}",
        "contracts": {"produces": [], "requires": []}})


def day(messages):
    """A day of the made-up venue of the templates, as long as is wanted: sdk-c/templates/every/sample says what the format is."""
    draw = random.Random(7)
    out = []
    clock, sequence = 34_200 * 10**9, 0

    def say(kind, body):
        nonlocal clock, sequence
        clock += 2_000_000
        sequence += 1
        message = kind + struct.pack(">QQH", sequence, clock, 7) + body
        out.append(struct.pack(">H", len(message)) + message)

    say(b"D", struct.pack(">BI8s", 0, 100, b"ACME    "))
    say(b"S", b"O")
    for order in range(1, messages // 2 + 1):
        side = draw.choice("BS")
        price = 1_000_000 + 100 * draw.randrange(1, 20) * (-1 if side == "B" else 1)
        say(b"A", struct.pack(">QcII", order, side.encode(), price, 100 * draw.randrange(1, 10)))
        if order > 50:
            say(b"X", struct.pack(">Q", order - 50))
    return b"".join(out)


def reference():
    return json.dumps({
        "format": "exprove-reference/1",
        "instruments": [{
            "name": "ACME", "kind": "equity", "base": "ACME", "quote": "USD", "settlement": "USD", "multiplier": "1",
            "variance": [{"from": "2024-01-01", "value": "0.0004", "source": "chosen for the tests"}]}],
        "listings": [{
            "venue": "MYV", "symbol": "ACME", "instrument": "ACME", "terms": [{
                "from": "2024-01-01", "ticks": [{"from": "0", "tick": "0.01"}], "lot": "1", "minimum_quantity": "1",
                "minimum_notional": "0", "zone": "America/New_York", "calendar": "always",
                "maker_fee": {"per_unit": "0"}, "taker_fee": {"per_unit": "0.0030"}, "fee_currency": "USD",
                "impact": {"coefficient": "0.5", "depth": "500", "source": "chosen for the tests",
                           "date": "2024-01-01"}}]}]})


class Way:
    """The vendor, the operator and the desk, each with a home of their own."""

    def __init__(self, bench):
        self.bench = bench
        self.repository = bench.path("repository")
        self.project = bench.path("my-venue")
        self.library = self.project + "/libmy-venue.so"
        self.homes = {who: bench.path(who) for who in ("vendor", "operator", "desk")}
        self.task = bench.write("way.exprove", product.task(
            "ACME", "USD", "ACME", quantity="500", limit="101.00", slices=12, venues=[("MYV", "ACME")],
            window='2024-08-08T09:30:02 .. 2024-08-08T10:20:00 zone "America/New_York"'))
        self.reference = bench.write("way-reference.json", reference())

    def call(self, who, code, *arguments, **how):
        return self.bench.expect(code, *arguments, EXPROVE_HOME=self.homes[who], **how)

    def json(self, who, *arguments, code=0):
        return json.loads(self.call(who, code, *arguments, "--json")[0])

    def build(self, version, summary):
        source = self.project + "/adapter.cpp"
        text = product.read(source).decode()
        start = text.index("version: ") + len("version: ")
        text = text[:start] + version + text[text.index("\\n", start):]
        with open(source, "w", encoding="utf-8") as file:
            file.write(text)
        subprocess.run(["make", "-s"], cwd=self.project, check=True, capture_output=True)
        self.bench.write("description.json", description(summary))
        self.call(
            "vendor", 0, "conform", self.library, "--capture", self.project + "/sample/day.bin", "--strictness", "3",
            "--identity", "acme/lab", "--certificate", self.bench.path(f"{version}.certificate"))

    def publish(self, version):
        self.call(
            "vendor", 0, "market", "publish", self.repository, self.library, "--as", "acme/my-venue", "--identity",
            "acme/release", "--certificate", self.bench.path(f"{version}.certificate"), "--certifier",
            self.json("vendor", "identity", "show", "acme/lab")["verifier"], "--description",
            self.bench.path("description.json"))
        self.call("operator", 0, "market", "refresh", self.repository)

    def policy(self, on_revocation, mode="require", maximum_age=None):
        log = self.json("operator", "identity", "show", MARKET + "/log")["verifier"]
        demand = {"mode": mode, "logs": [log], "maximum_age": maximum_age,
                  "on_revocation": on_revocation}
        # The certificate is found where the install put it.
        lab = self.json("vendor", "identity", "show", "acme/lab")["verifier"]
        certificate = {"mode": mode, "trusted": [lab], "level": 3}
        return self.bench.write(f"{mode}-{on_revocation}-{maximum_age}.json",
                                json.dumps({**POLICY, "marketplace": demand, "certificate": certificate}))

    def run(self, out, capture, *more, adapter="acme/my-venue"):
        return [*product.run_arguments(self.task, self.reference, [f"MYV={adapter}:{capture},{KEYS}"], out, "shadow"),
                *more]

    def start(self, *arguments):
        return self.bench.start(*arguments, EXPROVE_HOME=self.homes["desk"])


def the_whole_way(bench):
    way = Way(bench)
    bench.expect(0, "adapter", "new", "my-venue", "--language", "cpp", cwd=bench.work)
    # The operator founds a repository and lets the vendor in, by the vendor's public key.
    way.call("operator", 0, "market", "init", way.repository, "--name", MARKET)
    way.call("vendor", 0, "identity", "create", "acme/release")
    key = way.json("vendor", "identity", "show", "acme/release")["verifier"]
    way.call("operator", 0, "market", "add-vendor", way.repository, "acme", "--vkey", key)
    # The vendor builds, has it judged and publishes; nobody lends anybody a key.
    way.build("0.1.0", "Market data of my-venue.")
    way.publish("0.1.0")
    shutil.copy(way.library, bench.path("first.so"))
    # The desk trusts a root, finds the adapter and installs it.
    way.call("desk", 0, "adapter", "repository", "add", "market", way.repository, "--root",
             way.repository + "/metadata/1.root.json")
    found = way.call("desk", 0, "adapter", "search", "my-venue")[0]
    bench.hold("acme/my-venue" in found, found)
    out, error = way.call("desk", 0, "adapter", "install", "acme/my-venue")
    bench.hold("0.1.0" in out + error and "acme/lab" in out + error, out + error)
    # And works a task with it.
    capture = bench.write("way.bin", day(4_000))
    out, error = way.call("desk", 0, *way.run("way-1", capture, "--policy", way.policy("stop")))
    bench.hold("what is revoked was last asked of" in error, error)
    way.call("desk", 0, "replay", "way-1")
    recorded = json.loads(product.read(bench.path("way-1/run.json")))["feeds"][0]["adapter"]
    bench.hold(recorded["version"] == "0.1.0" and len(recorded["certificate"]) == 64, recorded)
    bench.hold("my-venue 0.1.0" in way.call("desk", 0, "adapter", "inspect", "acme/my-venue")[0], "not inspected by its name")


def an_upgrade(bench):
    way = Way(bench)
    way.build("0.2.0", "Market data of my-venue, now with more.")
    way.publish("0.2.0")
    way.call("desk", 0, "adapter", "refresh")
    out = way.call("desk", 0, "adapter", "outdated")[0]
    bench.hold("0.2.0" in out, out)
    way.call("desk", 0, "adapter", "upgrade")
    way.call("desk", 0, *way.run("way-2", bench.path("way.bin")))
    recorded = json.loads(product.read(bench.path("way-2/run.json")))["feeds"][0]["adapter"]
    bench.hold(recorded["version"] == "0.2.0", recorded)
    # An adapter that was not installed is none of the policy's, and a repository of another name is none either.
    shutil.copy(bench.path("my-venue/libmy-venue.so"), bench.path("elsewhere.so"))
    with open(bench.path("elsewhere.so"), "ab") as file:
        file.write(b"\0")
    error = way.call("desk", 1, *way.run("way-no", bench.path("way.bin"), "--policy", way.policy("stop"),
                                         adapter=bench.path("elsewhere.so")))[1]
    bench.hold("the policy takes installed adapters only" in error, error)
    error = way.call("desk", 1, *way.run("way-no", bench.path("way.bin"), "--policy",
                                         way.policy("stop", maximum_age=1)))[1]
    bench.hold("exprove adapter refresh" in error, error)


def a_run_that_goes_on(bench, action, code, shadow=False):
    """A run is halted in mid-way, its adapter or that one's shadow revoked and the desk told of it; then it goes on, and
    follows its policy."""
    way = Way(bench)
    store = bench.path("desk/adapters")
    shutil.copytree(store, bench.path("before-" + action))
    capture = bench.path("long.bin")
    if not os.path.exists(capture):
        bench.write("long.bin", day(3_000_000))
    out = f"going-{action}-{shadow}"
    adapters = {"adapter": bench.path("first.so")} if shadow else {}
    process = way.start(*way.run(out, capture, "--policy", way.policy(action, mode="warn"),
                                 *(("--shadow", "acme/my-venue") if shadow else ()), **adapters))
    journal = bench.path(out + "/journal")
    while process.poll() is None and not (os.path.isdir(journal) and sum(
            os.path.getsize(os.path.join(journal, name)) for name in os.listdir(journal)) > 1 << 20):
        time.sleep(0.001)
    process.send_signal(signal.SIGSTOP)
    bench.hold(process.poll() is None, "the run ended before it could be halted")
    if action == "finish":
        way.call("vendor", 0, "market", "revoke", way.repository, "acme/my-venue@0.2.0", "--reason",
                 "it drops cancels")
        way.call("operator", 0, "market", "refresh", way.repository)
    way.call("desk", 0, "adapter", "refresh")
    process.send_signal(signal.SIGCONT)
    _, error = process.communicate(timeout=120)
    error = error.decode()
    bench.hold(process.returncode == code, f"{action}: exit code {process.returncode}: {error[-600:]}")
    bench.hold("was revoked: it drops cancels" in error, error)
    report = way.json("desk", "verify", out)
    told = [incident for incident in report["incidents"] if incident["kind"] == "revoked"]
    bench.hold(len(told) == 1 and told[0]["quarantined"] == (action != "finish" and not shadow)
               and told[0].get("shadow", False) == shadow, report["incidents"])
    replayed = way.json("desk", "replay", out, "--from", "events")
    bench.hold(replayed["identical"], replayed)
    events = replayed["events"]
    # The next load is refused, whatever it is asked for by; the way out works.
    for adapter in ("acme/my-venue", bench.path("my-venue/libmy-venue.so")):
        error = way.call("desk", 1, *way.run("never", bench.path("way.bin"), adapter=adapter))[1]
        bench.hold("was revoked: it drops cancels" in error, error)
    error = way.call("desk", 1, "conform", "acme/my-venue", "--strictness", "1")[1]
    bench.hold("was revoked: it drops cancels" in error, error)
    error = way.call("desk", 1, "replay", out)[1]
    bench.hold("--from events" in error, error)
    way.call("desk", 1, "normalize", "--summary", "--feed", f"MYV=acme/my-venue:{capture},{KEYS}")
    # The desk is put back to where it knew nothing, for the next action.
    shutil.rmtree(store)
    shutil.move(bench.path("before-" + action), store)
    return events


def a_revocation(bench):
    finished = a_run_that_goes_on(bench, "finish", 0)
    quarantined = a_run_that_goes_on(bench, "quarantine", 1)
    stopped = a_run_that_goes_on(bench, "stop", 1)
    stopped = max(stopped, a_run_that_goes_on(bench, "quarantine", 1, shadow=True))
    bench.hold(quarantined < finished and stopped < finished, (finished, quarantined, stopped))


if __name__ == "__main__":
    product.prove("vendor", the_whole_way, an_upgrade, a_revocation)
