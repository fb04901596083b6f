#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves that sums over desks are exact and stay so: three processes over TLS, a thousand desks of which some cheat and
some are silent, both aggregators killed a hundred times, strangers at both doors, and a budget that no restored backup
spends twice.

usage: context.py EXPROVE ADAPTERS [CAPTURES]
"""
import json
import os
import random
import shutil
import socket
import time

from context_parties import SECOND, Aggregation, signal, sums, verified
from product import ITCH_KEYS, ITCH_MIDNIGHT, prove

NOISE = {"noise": {"mechanism": "discrete_gaussian", "variance": "1000000"}, "delta_exponent": 9}


def thousand_desks(bench):
    hold = bench.hold
    group = Aggregation(bench, "thousand", desks=1000, windows=2, expected=900, signals=[
        signal(), signal("spread", maximum=255)], minimum=500)
    told = bench.json("context", "contract", group.contract, "--json")
    hold(told["contributors"] == 1000 and told["windows"] == 2, told)
    try:
        group.helper.start()
        group.leader.start()
        loaded = group.loaded(group.load(0, malicious=50, dropouts=100, seed=7))
        hold((loaded["sent"], loaded["honest"], loaded["silent"]) == (900, 850, 100), loaded)
        context = group.wait(1)[0]
        hold(sums(context) == [[int(value) for value in row] for row in loaded["sums"]], "the sum is not exact")
        found = json.loads(context)["context"]
        hold(found["contributors"] == "850" or found["contributors"] == 850, found["contributors"])
        hold(int(found["refused"]) == 50, found["refused"])
        # Every cheat is named with its reason, and nobody else.
        batch = group.leader.told()[0]
        refused = {item["contributor"]: item["reason"] for item in batch["refused"]}
        hold(refused == {item["contributor"]: item["reason"] for item in loaded["cheating"]}, refused)
        hold(len(set(refused.values())) >= 3, refused)
        hold(group.wait(1, group.helper)[0] == context, "the two aggregators have different contexts")
        # The same, through the command and with nothing of ours.
        file = bench.path("thousand/latest.json")
        fetched = bench.json("context", "fetch", group.contract, "--out", file, "--json")
        with open(file, "rb") as stored:
            hold(stored.read() == context, "fetch wrote something else")
        hold(fetched["file"] == file, fetched)
        digest = verified(context, {**group.terms, **json.loads(group.leader.ask("GET", "/v1/contract")[1])})
        verdict = bench.json("context", "verify", file, "--contract", group.contract, "--json")
        hold(verdict == {"verdict": "verified", "digest": digest, "revision": verdict["revision"], "findings": []}, verdict)
        hold(digest in bench.expect(0, "context", "show", file)[0] and fetched["digest"] == digest, "show")
        forged(bench, group, file)
    finally:
        group.end()


def forged(bench, group, file):
    """What is not as the contract has it does not verify."""
    with open(file, "rb") as stored:
        context = stored.read()
    for old, new in [(b'"late":"0"', b'"late":"1"'), (b'"late":0', b'"late":1')]:
        if old in context:
            path = bench.write("thousand/forged.json", context.replace(old, new))
            bench.expect(65, "context", "verify", path, "--contract", group.contract)
    other = {**json.loads(open(group.contract, encoding="utf-8").read()), "minimum": 501}
    path = bench.write("thousand/other.json", json.dumps(other))
    out = bench.expect(1, "context", "verify", file, "--contract", path)[0]
    bench.hold("does not hold: it is of the contract" in out, out)
    bench.expect(1, "context", "verify", file, "--contract", group.contract, "--previous", file)


def killed(bench, kills=100, windows=10):
    """Both aggregators are killed at random moments and started again, while desks report and batches are worked off."""
    hold = bench.hold
    desks, cheats, silent = 24, 3, 4
    group = Aggregation(bench, "killed", desks=desks, windows=windows, expected=desks - silent, signals=[signal()])
    generator = random.Random(20)
    expected = []
    try:
        group.helper.start()
        group.leader.start()
        done = 0
        for window in range(windows):
            load = group.load(window, malicious=cheats, dropouts=silent, seed=3)
            while done < kills * (window + 1) // windows:
                time.sleep(generator.uniform(0, 0.12))
                victim = generator.choice([group.leader, group.helper])
                victim.kill()
                victim.start()
                done += 1
            loaded = group.loaded(load)
            # A report that is sent again after its answer was lost may find its batch closed, with it inside.
            hold(set(loaded["refused"]) <= {"counted"}, loaded["refused"])
            expected.append([[int(value) for value in row] for row in loaded["sums"]])
            group.wait(window + 1)
        contexts = group.wait(windows)
        hold(done == kills, done)
        hold([sums(context) for context in contexts] == expected, "a sum is not exact")
        terms = json.loads(group.leader.ask("GET", "/v1/contract")[1])
        digest = None
        for context in contexts:
            digest = verified(context, terms, digest)
            found = json.loads(context)["context"]
            hold((int(found["contributors"]), int(found["refused"])) == (desks - silent - cheats, cheats), found)
        # Whom the news of a context has not reached asks with the next window; the last may be signed by one alone.
        theirs = group.wait(windows, group.helper)
        hold([json.loads(context)["context"] for context in theirs]
             == [json.loads(context)["context"] for context in contexts], "the two have different contexts")
        files = [bench.write(f"killed/{number}.json", context) for number, context in enumerate(contexts[:3])]
        verdict = bench.json("context", "verify", files[1], "--contract", group.contract, "--previous", files[0], "--json",
                             "--vkey", terms["leader"]["verifier"], "--vkey", terms["helper"]["verifier"])
        hold(verdict["verdict"] == "verified", verdict)
        bench.expect(1, "context", "verify", files[2], "--contract", group.contract, "--previous", files[0])
        bench.expect(1, "context", "verify", files[1], "--contract", group.contract, "--vkey", terms["contributors"][0])
        delta = bench.json("context", "delta", files[0], files[1])
        hold(delta["result"] == verdict["digest"], delta)
        bench.expect(1, "context", "delta", files[0], files[2])
        for party in (group.leader, group.helper):
            hold(party.stop() == 130, f"the {party.role} ends with {party.process.returncode}")
    finally:
        group.end()


def strangers(bench):
    hold = bench.hold
    group = Aggregation(bench, "strangers", desks=6, windows=2, expected=5, signals=[signal()])
    try:
        group.helper.start()
        group.leader.start()
        generator = random.Random(4)
        for party in (group.leader, group.helper):
            for _ in range(20):
                with socket.create_connection(("localhost", party.port)) as sock:
                    try:
                        sock.sendall(generator.randbytes(5000))
                    except OSError:
                        pass
            hold(party.ask("GET", "/nothing")[0] == 404, "an unknown path")
            hold(party.ask("DELETE", "/v1/keys")[0] == 405, "an unknown method")
            hold(party.ask("GET", "/v1/contexts/latest")[0] == 404, "a context before the first")
        leader_file = f"{group.leader.home}/example.com+leader.tls"
        helper_file = f"{group.helper.home}/example.com+helper.tls"
        for certificate in (None, helper_file):
            hold(group.helper.ask("POST", "/v1/peer", b"x", certificate)[0] == 403, "a stranger asks as the leader")
        status, answer = group.helper.ask("POST", "/v1/peer", b"garbage", leader_file)
        hold(status == 200 and b"no message" not in answer[:1], answer)
        for body in (b"", b"\0", b"\0\0\0\5abc", b"\xff\xff\xff\xffabc"):
            hold(group.leader.ask("POST", "/v1/reports", body)[0] == 400, body)
        status, answer = group.leader.ask("POST", "/v1/reports", b"\0\0\0\3abc\0\0\0\0")
        hold((status, answer) == (200, b"\1\1"), (status, answer))
        values = bench.write("strangers/values.json", json.dumps({"signals": [[1, 2, 3, 4000]]}))

        def contribute(desk, code=0, contract=group.contract, window=0, values=values):
            return bench.expect(
                code, "context", "contribute", contract, "--identity", f"desk-{desk}", "--window", str(window),
                "--values", values, "--patience", "30", EXPROVE_HOME=group.home)

        first = contribute(0)
        hold("leader" in first[0], first)
        # A repeat sends the same bytes, whatever the values are now, and counts once; so does a replay by somebody else.
        more = bench.write("strangers/more.json", json.dumps({"signals": [[9, 9, 9, 9]]}))
        hold("same bytes" in contribute(0, values=more)[1], "a repeat")
        digest = json.loads(bench.expect(0, "context", "contract", group.contract, "--json")[0])["digest"]
        with open(f"{group.home}/contributions/{digest}/0-desk-0", "rb") as file:
            kept = file.read()
        framed = len(kept).to_bytes(4, "big") + kept
        hold(group.leader.ask("POST", "/v1/reports", framed * 3) == (200, b"\0\0\0"), "a replay")
        damaged = framed[:-1] + bytes([framed[-1] ^ 1])
        hold(group.leader.ask("POST", "/v1/reports", damaged) == (200, b"\3"), "a damaged replay")
        # Values that are none, a window that is not there, a contributor who is none.
        wrong = bench.write("strangers/wrong.json", '{"signals": [[1, 2]]}')
        contribute(1, 1, values=wrong)
        contribute(1, 65, values=bench.write("strangers/text.json", '{"signals": "x"}'))
        contribute(1, 66, values="nowhere.json")
        contribute(1, 1, window=2)
        bench.expect(66, "context", "contribute", group.contract, "--identity", "nobody", "--window", "0", "--values",
                     values, EXPROVE_HOME=group.home)
        # Another certificate at the address than the contract's: nothing is sent.
        terms = json.loads(json.dumps(group.terms))
        terms["leader"]["certificate"] = terms["helper"]["certificate"]
        swapped = bench.write("strangers/swapped.json", json.dumps(terms))
        hold("shows the certificate" in contribute(1, 1, swapped)[1], "a wrong pin")
        for desk in range(1, 5):
            contribute(desk)
        context = group.wait(1)[0]
        hold(sums(context) == [[5, 10, 15, 5000]], sums(context))
        # Too late, and the replay of what is in.
        hold("is closed" in contribute(5, 1)[1], "a late report")
        hold(group.leader.ask("POST", "/v1/reports", framed) == (200, b"\15"), "a replay after the end")
        hold("in the closed batch" in contribute(0)[0], "a repeat after the end")
        hold(sums(group.wait(1)[0]) == [[5, 10, 15, 5000]], "a replay has changed the sum")
        status = json.loads(group.leader.ask("GET", "/v1/status")[1])
        hold(status["contexts"] == 1 and status["trouble"] is None, status)
        # Keys change in the midst of a batch: what was sealed to the old ones counts too.
        contribute(0, window=1)
        hold(group.helper.stop() == 130, "the helper's end")
        bench.expect(0, "context", "aggregator", "example.com/helper", "--rotate", EXPROVE_HOME=group.helper.home)
        group.helper.start()
        for desk in range(1, 5):
            contribute(desk, window=1)
        hold(sums(group.wait(2)[1]) == [[5, 10, 15, 5000]], "a rotation")
        # A second process on the same state, and one whose certificate is not the contract's.
        taken = bench.expect(74, "context", "aggregate", group.contract, "--as", "leader", "--identity",
                             "example.com/leader", "--state", group.leader.state, EXPROVE_HOME=group.leader.home)
        hold("another process" in taken[1], taken)
        bench.expect(65, "context", "aggregate", group.contract, "--as", "leader", "--identity", "example.com/helper",
                     "--state", bench.path("strangers/none"), EXPROVE_HOME=group.helper.home)
    finally:
        group.end()


def played(bench):
    """Everybody in one process."""
    hold = bench.hold
    out = bench.expect(0, "context", "simulate", "--desks", "40", "--malicious", "3", "--dropouts", "5")[0]
    hold("32 of 40 desks are in the sum; 3 refused, 5 absent" in out and "they are equal" in out, out)
    told = bench.json("context", "simulate", "--noise", "10000", "--json")
    hold(len(told["refused"]) == 3 and len(told["missing"]) == 5, told)
    hold(0 < int(told["largest_difference"]) < 1500, told["largest_difference"])
    bench.expect(1, "context", "simulate", "--desks", "6", "--malicious", "3")
    bench.expect(64, "context", "simulate", "--desks", "0")
    temporary = bench.path("temporary")
    os.mkdir(temporary)
    bench.expect(0, "context", "simulate", "--desks", "6", "--malicious", "1", "--dropouts", "1", TMPDIR=temporary)
    hold(os.listdir(temporary) == [], "something is left behind")


def captured(bench):
    """Desks that read their values from a capture, which stays with them."""
    if not bench.captures:
        return print("captured: skipped, no captures are given")
    hold = bench.hold
    hour = 3600 * SECOND
    first = ITCH_MIDNIGHT + 4 * hour
    group = Aggregation(
        bench, "captured", desks=4, windows=1, expected=4, signals=[signal(maximum=2**31, quantum="1"), signal(
            "spread", maximum=100000, quantum="0.0001")],
        first=str(first), period=str(4 * hour), bucket=str(hour),
        closes_after=str(time.time_ns() - first + hour), holds_for=str(time.time_ns() - first))
    try:
        group.helper.start()
        group.leader.start()
        for desk in range(4):
            bench.expect(
                0, "context", "contribute", group.contract, "--identity", f"desk-{desk}", "--latest", "--feed",
                f"XNAS=nasdaq-itch50:{bench.itch},{ITCH_KEYS}", EXPROVE_HOME=group.home)
        found = sums(group.wait(1)[0])
        hold(sum(found[0]) > 0 and sum(found[1]) > 0, found)
        hold(all(value % 4 == 0 for row in found for value in row), found)
    finally:
        group.end()


def budgets(bench):
    """Two batches are allowed. A restored backup of one aggregator's state, or of both's, does not allow a third."""
    hold = bench.hold
    price = budget_price(bench)
    group = Aggregation(bench, "budgets", desks=5, windows=5, expected=5, signals=[
        signal(**NOISE, budget=str(2 * price))])
    told = json.loads(bench.expect(0, "context", "contract", group.contract, "--json")[0])
    hold(int(told["signals"][0]["batches"]) == 2, told)

    def batch(window):
        return group.loaded(group.load(window))

    def start():
        group.helper.start()
        group.leader.start()

    def stop():
        for party in (group.leader, group.helper):
            hold(party.stop() == 130, party.said()[-300:])

    def refused(window):
        end = time.monotonic() + 60
        while time.monotonic() < end:
            for item in group.leader.told():
                if item["window"] == window:
                    return sorted({entry["reason"] for entry in item["refused"]}), item["contributors"]
            time.sleep(0.05)
        raise AssertionError(group.leader.said()[-1000:])

    try:
        start()
        batch(0)
        group.wait(1)
        stop()
        for party in (group.leader, group.helper):
            shutil.copytree(party.state, party.state + "-copy")
        start()
        batch(1)
        contexts = group.wait(2)
        spent = json.loads(contexts[1])["context"]["signals"][0]["privacy"]
        hold(int(spent["spent"]) == 2 * price, spent)
        batch(2)
        hold(refused(2) == (["budget_spent"], 0), group.leader.said()[-500:])
        # The leader alone is set back: the helper tells it what is spent.
        stop()
        restore(group.leader)
        start()
        batch(3)
        hold(refused(3) == (["budget_spent"], 0), group.leader.said()[-500:])
        hold(group.wait(2)[1] == contexts[1], "the leader has another context than before")
        # Both are set back: nobody knows what is spent, and nothing is shown.
        stop()
        restore(group.leader)
        restore(group.helper)
        start()
        batch(4)
        end = time.monotonic() + 60
        while "backup was restored" not in group.leader.said() and time.monotonic() < end:
            time.sleep(0.05)
        hold("backup was restored" in group.leader.said(), group.leader.said()[-500:])
        hold(len(group.leader.contexts()) == 1, "something was shown after all")
        status = json.loads(group.leader.ask("GET", "/v1/status")[1])
        hold("backup was restored" in status["trouble"], status)
    finally:
        group.end()


def restore(party):
    shutil.rmtree(party.state)
    shutil.copytree(party.state + "-copy", party.state)


def budget_price(bench):
    """What a batch costs, in 10^-12 of rho, as the command tells it."""
    group = Aggregation(bench, "price", desks=5, windows=1, expected=5, signals=[
        signal(**NOISE, budget="1000000000000000")])
    told = json.loads(bench.expect(0, "context", "contract", group.contract, "--json")[0])
    whole, _, fraction = told["signals"][0]["rho"].partition(".")
    return int(whole + fraction.ljust(12, "0"))


if __name__ == "__main__":
    prove("context", thousand_desks, killed, strangers, budgets, played, captured)
