#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves that one aggregator alone makes the exact sum: thirteen processes over TLS, of which some desks are killed in
different rounds and the aggregator in mid-run; that contexts verify, and that a desk says and keeps what it has unmasked.

usage: masked.py EXPROVE ADAPTERS
"""
import json
import os
import signal as signals
import subprocess
import threading
import time

from context_parties import PATIENCE, SECOND, Party, signal, sums, verified
from product import prove

DESKS = 12


class Desk:
    """A desk's process. It contributes powers of two, so that a sum tells who is in it."""

    def __init__(self, bench, contract, home, number, window, killed_at=None):
        self.number, self.killed_at, self.lines = number, killed_at, []
        values = bench.write(f"masked/{number}.json", json.dumps({"signals": [[1 << number] * 4, [number] * 4]}))
        self.process = subprocess.Popen(
            [bench.exprove, "context", "contribute", contract, "--identity", f"desk-{number}", "--window", str(window),
             "--values", values, "--patience", str(PATIENCE), "--json"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=bench.work, text=True,
            env={**bench.environment, "EXPROVE_HOME": home})
        self.watcher = threading.Thread(target=self.watch, daemon=True)
        self.watcher.start()

    def watch(self):
        for line in self.process.stderr:
            self.lines.append(line)
            if self.killed_at and self.killed_at in line:
                self.process.send_signal(signals.SIGKILL)

    def end(self):
        out = self.process.stdout.read()
        code = self.process.wait(PATIENCE)
        self.watcher.join(PATIENCE)
        return code, out, "".join(self.lines)


def exact(bench):
    hold = bench.hold
    os.makedirs(bench.path("masked"), exist_ok=True)
    sole, home = Party(bench, "masked", "sole"), bench.path("masked/desks-home")
    keys = bench.json("context", "desks", "desk", str(DESKS), EXPROVE_HOME=home)
    length = 60 * SECOND
    terms = {
        "version": 1, "name": "example.com/masked", "leader": sole.terms, "contributors": keys,
        "first": str(time.time_ns() - 3 * length), "period": str(length), "windows": 2, "bucket": str(length // 4),
        "buckets": 4, "minimum": 4, "closes_after": str(3600 * SECOND), "closes_at": DESKS - 1,
        "clock_tolerance": str(SECOND), "applies_after": str(24 * 3600 * SECOND),
        "holds_for": str(72 * 3600 * SECOND), "round_lasts": str(4 * SECOND),
        "signals": [signal(maximum=5000), signal("spread", maximum=20)]}
    contract = bench.write("masked/contract.json", json.dumps(terms))
    told = bench.expect(0, "context", "contract", contract)[0]
    for promise in ("promises less", "PRIVACY.md", "proven to be in range", "no noise", "9 of 12 desks"):
        hold(promise in told, told)
    noisy = {**terms, "signals": [signal(
        noise={"mechanism": "discrete_gaussian", "variance": "4"}, budget="5", delta_exponent=9)]}
    path = bench.write("masked/noisy.json", json.dumps(noisy))
    hold("adds no noise" in bench.expect(65, "context", "contract", path)[1], "noise with one aggregator")
    bench.expect(64, "context", "aggregate", contract, "--as", "leader", "--identity", sole.name, "--state", sole.state,
                 EXPROVE_HOME=sole.home)
    desks = []
    try:
        sole.start()
        for body in (b"", b"garbage", bytes(500)):
            hold(sole.ask("POST", "/v1/masked", body)[0] == 400, body)
        hold(sole.ask("GET", "/v1/masked")[0] == 405, "a question by GET")
        # One desk never comes, one is killed with its shares to be sent, one with its signature; nine are left.
        silent, killed = 11, {3: "the round of shares", 7: "the round of consistency"}
        desks = [Desk(bench, contract, home, number, 0, killed.get(number))
                 for number in range(DESKS) if number != silent]
        end = time.monotonic() + PATIENCE
        while "the round of shares is over" not in sole.said() and time.monotonic() < end:
            time.sleep(0.01)
        sole.kill()
        sole.start()
        found = {desk.number: desk.end() for desk in desks}
        context = sole.contexts()[0]
        inside = json.loads(context)["context"]
        included = [number for number in range(DESKS) if sums(context)[0][0] >> number & 1]
        hold(sums(context) == [[sum(1 << number for number in included)] * 4, [sum(included)] * 4], sums(context))
        hold(int(inside["contributors"]) == len(included), inside)
        hold(set(range(DESKS)) - {3, 7, silent} <= set(included) and silent not in included, included)
        hold(inside["method"] == "one_aggregator", inside["method"])
        digest = verified(context, json.loads(sole.ask("GET", "/v1/contract")[1]))
        for number, (code, out, error) in found.items():
            if number not in killed:
                hold(code == 0 and json.loads(out)["digest"] == digest, (number, code, out, error))
            else:
                hold(code == -signals.SIGKILL, (number, code, error))
        hold(sole.said().count("run 1 begins") == 1 and "run 2 begins" not in sole.said(), "the run was resumed")
        # Whoever asks again gets the same, the killed and the late too.
        for number in (0, 3, silent):
            code, out, error = Desk(bench, contract, home, number, 0).end()
            hold(code == 0 and json.loads(out)["digest"] == digest, (number, code, out, error))
        file = bench.path("masked/latest.json")
        bench.expect(0, "context", "fetch", contract, "--out", file)
        verdict = bench.json("context", "verify", file, "--contract", contract, "--json", "--vkey",
                             terms["leader"]["verifier"])
        hold(verdict["verdict"] == "verified" and verdict["digest"] == digest, verdict)
        # An aggregator that has forgotten the window asks for it anew: whoever has unmasked gives nothing away.
        sole.kill()
        for place in (sole.state, f"{sole.home}/aggregations"):
            os.rename(place, place + "-gone")
        sole.start()
        code, _, error = Desk(bench, contract, home, 0, 0).end()
        hold(code == 1 and "does not keep to the protocol" in error, (code, error))
        hold(sole.contexts() == [], "something was shown")
    finally:
        for desk in desks:
            if desk.process.poll() is None:
                desk.process.kill()
        if sole.process and sole.process.poll() is None:
            sole.kill()


def played(bench):
    command = ("context", "simulate", "--method", "one-aggregator", "--desks", "40", "--malicious", "3", "--dropouts",
               "5")
    out = bench.expect(0, *command)[0]
    for part in ("they are equal", "nobody notices", "nothing is shown"):
        bench.hold(part in out, out)
    told = bench.json(*command, "--json")
    bench.hold(told["is_exact"] is True and len(told["liars"]) == 3 and len(told["silent"]) == 5, told)
    bench.hold(all(liar["refused"] for liar in told["liars"]), told["liars"])
    bench.expect(1, "context", "simulate", "--method", "one-aggregator", "--desks", "12", "--malicious", "4")
    bench.expect(64, "context", "simulate", "--method", "one-aggregator", "--noise", "5")


if __name__ == "__main__":
    prove("masked", exact, played)
