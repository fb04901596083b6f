# SPDX-License-Identifier: Apache-2.0
"""Shared contexts in a run: written and signed by a program of our own in another language, demanded by a policy, refused
where they do not hold, recorded, used by decisions, accounted for by `verify` and told of by the report.

usage: shared_contexts.py EXPROVE ADAPTERS CAPTURES
"""
import base64
import hashlib
import json
import os

import product
from certificate import POLICY
import shared_context_files as shared  # noqa: E402  (product has put the path to it)
from recompute_report import Recomputation, compare, read  # noqa: E402

HOUR = 3600 * shared.SECOND
OPEN = product.ITCH_MIDNIGHT + 4 * HOUR  # when the task's window begins
SLICES = 23  # of ten minutes each


class Case:
    """Two revisions of a context over the window of a task, and the run that takes them."""

    def __init__(self, bench):
        self.bench = bench
        self.leader, self.helper = shared.Signer("leader", "a"), shared.Signer("helper", "b")
        bucket = 10 * 60 * shared.SECOND
        common = dict(applies=OPEN, bucket=bucket, expires=OPEN + 5 * HOUR)
        curve = [100 + 40 * index for index in range(SLICES)]
        self.first = shared.context(
            [shared.signal("volume", "XNAS", "AAPL", curve)], issued=OPEN - HOUR // 2, **common)
        self.second = shared.context(
            [shared.signal("volume", "XNAS", "AAPL", curve[::-1]),
             shared.signal("spread", "XNAS", "AAPL", [36 * 12] * SLICES, quantum="0.01"),
             shared.signal("toxicity", "XNAS", "AAPL", [300_000 * 12] * SLICES, quantum="0.000001")],
            issued=OPEN + HOUR, revision=2, previous=self.first, batch="second", **common)
        self.files = [self.file("r1", self.first), self.file("r2", self.second)]
        self.task = bench.write("vwap.exprove", product.itch_task(objective="vwap", slices=SLICES))
        self.reference = bench.write("reference.json", product.reference())

    def file(self, name, context, signers=None):
        return self.bench.write(name + ".context", shared.signed(context, signers or [self.leader, self.helper]))

    def policy(self, mode="require", keys=None, **changes):
        clause = {"mode": mode, "trusted": {"desks": keys or [self.leader.verifier, self.helper.verifier]},
                  "maximum_age": 2 * HOUR, "minimum_contributors": 5, "methods": ["two_aggregators"], **changes}
        return self.bench.write("policy.json", json.dumps({**POLICY, "participation": None, "shared_context": clause}))

    def run(self, out, files, policy=None):
        arguments = product.run_arguments(self.task, self.reference, [product.itch_feed(self.bench.itch)], out, "model")
        policy = ["--policy", policy] if policy else []
        return [*arguments, *policy, *(part for file in files for part in ("--shared-context", file))]

    def made(self):
        """The run that most checks look at."""
        if not os.path.exists(self.bench.path("run")):
            self.bench.expect(0, *self.run("run", self.files, self.policy()))
        return self.bench.path("run")


def recorded(bench):
    """In run.json, in objects/ and as leaves behind the run's own; verified, replayed, and the same when made again."""
    case = Case(bench)
    run = case.made()
    files = [product.read(file) for file in case.files]
    digests = [hashlib.sha256(data).hexdigest() for data in files]
    contexts = [shared.canonical_digest(context) for context in (case.first, case.second)]
    expected = [{"file": file, "context": context, "name": "desks", "revision": number + 1}
                for number, (file, context) in enumerate(zip(digests, contexts))]
    bench.hold(product.run_description(run)["shared_contexts"] == expected, product.run_description(run))
    bench.hold([product.read(f"{run}/objects/{digest}") for digest in digests] == files, "objects/")
    statements = [product.statement(leaf) for leaf in product.leaves(run)]
    kinds = [product.kind(statement) for statement in statements]
    bench.hold(kinds[:4] == ["run", "shared-context", "shared-context", "context"], kinds[:4])
    for number, context in enumerate((case.first, case.second)):
        found = statements[number + 1]
        bench.hold(found["predicate"]["batch"] == context["batch"], found)
        bench.hold([subject["digest"]["sha256"] for subject in found["subject"]] == [digests[number], contexts[number]], found)
    report = bench.json("verify", run, "--vkey", product.vkey(run), "--json")
    bench.hold(report["verdict"] == "verified", report)
    bench.hold(bench.json("replay", run, "--json")["identical"], "the replay")
    bench.hold(bench.json("replay", run, "--from", "events", "--json")["identical"], "the replay from events")
    # In another order it is the same run; without one of them it is another.
    bench.expect(0, *case.run("run", case.files[::-1], case.policy()))
    _, error = bench.expect(65, *case.run("run", case.files[:1], case.policy()))
    bench.hold("holds another run" in error, error)


def used(bench):
    """Each decision goes by the newest that had been issued, is denied where that is too old, and says what changed."""
    case = Case(bench)
    run = case.made()
    statements = [product.statement(leaf)["predicate"] for leaf in product.leaves(run)]
    kinds = [product.kind(product.statement(leaf)) for leaf in product.leaves(run)]
    of = lambda kind: [body for name, body in zip(kinds, statements) if name == kind]
    told = set()
    for plan, control in zip(of("plan"), of("control"), strict=True):
        at = int(plan["decided_at"])
        revision = 1 if at < OPEN + HOUR else 2
        issued = OPEN - HOUR // 2 if revision == 1 else OPEN + HOUR
        bench.hold(control["decision"] == shared.canonical_digest(plan), control)
        text = "\n".join(plan["explanation"])
        if at - issued > 2 * HOUR:
            told.add("old")
            bench.hold("shared" not in plan and control["verdict"] == "deny", plan)
            bench.hold("min old, the policy takes 2 h" in text, text)
            bench.hold("min old, the policy takes 2 h" in control["controls"][0]["reason"], control)
            continue
        context = case.first if revision == 1 else case.second
        digest = shared.canonical_digest(context)
        bench.hold(plan["shared"]["context"] == {
            "name": "desks", "revision": revision, "context": digest, "batch": context["batch"]}, plan["shared"])
        bench.hold(f"shared context: desks revision {revision}, {digest}" in text, text)
        bench.hold("without it this slice would get" in text and "it changes this slice by" in text, text)
        bench.hold(control["verdict"] == "allow", control)
        told.add(revision)
        if plan["shared"]["changes"]:
            told.add("changed")
    bench.hold(told == {1, 2, "old", "changed"}, told)
    for body in of("context"):
        venue = body["venues"][0]
        if "not_taken" in body["shared"]:
            bench.hold("shared" not in venue and venue["volume_source"]["kind"] != "shared", venue)
            continue
        first = body["shared"]["revision"] == 1
        curve = [100 + 40 * index for index in range(SLICES)]
        bench.hold(venue["volume"] == (curve if first else curve[::-1]), venue)
        bench.hold(venue["volume_source"]["context"] == body["shared"]["context"], venue)
        bench.hold(("spreads" in venue["shared"], "toxicity" in venue["shared"]) == (not first, not first), venue)
        if not first:
            bench.hold(set(venue["shared"]["spreads"]) == {360_000_000}, venue["shared"])
            bench.hold(set(venue["shared"]["toxicity"]) == {300_000}, venue["shared"])
    # The plan alone, from its context as the ledger has it.
    context = next(body for body in of("context") if body["shared"].get("revision") == 1)
    out, _ = bench.expect(
        0, "plan", "--task", case.task, "--context", bench.write("decision.json", json.dumps(context)), "--explain")
    bench.hold("shared context: desks revision 1" in out and "it changes this slice by" in out, out)


def reported(bench):
    """The report's rows, recomputed from the ledger by another program, and its page."""
    case = Case(bench)
    run = case.made()
    out, _ = bench.expect(0, "report", run, "--format", "json", "--out", bench.path("report.json"))
    with open(bench.path("report.json"), encoding="utf-8") as file:
        report = json.load(file)
    bench.expect(0, "report", run, "--format", "html", "--out", bench.path("report.html"))
    export, _ = bench.expect(0, "normalize", "--run", run, "--format", "jsonl")
    events = bench.write("events.jsonl", export)
    differences = compare(Recomputation(run, read(events)).report(), report)
    bench.hold(not differences, differences[:5])
    bench.hold([row["leaf"] for row in report["shared_contexts"]] == [1, 2], report["shared_contexts"])
    bench.hold(all(row["decisions"] for row in report["shared_contexts"]), report["shared_contexts"])
    bench.hold(len(report["shared_context_use"]) == SLICES, len(report["shared_context_use"]))
    page = product.read(bench.path("report.html")).decode()
    for text in ("Shared contexts", "desks r1", "desks r2", "old, the policy takes 2 h", "denied, leaf", "with desks r1, desks r2"):
        bench.hold(text in page, text)


def refused(bench):
    """What is unsigned, forged, untrusted, made too small or summed twice is never used: exit code 1 and the way out."""
    case = Case(bench)
    policy = case.policy()

    def refuses(code, text, files, policy):
        _, error = bench.expect(code, *case.run("r", files, policy))
        bench.hold(text in error, error)

    refuses(1, "add a clause \"shared_context\"", case.files, None)
    refuses(1, "leave --shared-context out", case.files, case.policy("off"))
    refuses(1, "the policy requires a shared context", [], case.policy())
    alone = case.file("alone", case.first, [case.leader])
    refuses(1, f"is not signed by {case.helper.id}", [alone], policy)
    stranger = shared.Signer("stranger", "c")
    refuses(1, f"is not signed by {stranger.id}", case.files,
            case.policy(keys=[case.leader.verifier, stranger.verifier]))
    refuses(1, "name both in shared_context.trusted", case.files, case.policy(keys=[case.leader.verifier]))
    # A key of the leader's name that is not the leader's.
    impostor = shared.Signer("leader", "other")
    refuses(1, "is not signed by", [case.file("impostor", case.first, [impostor, case.helper])], case.policy())
    forged = json.loads(product.read(case.files[0]))
    envelope = json.loads(base64.b64decode(forged["signed"]))
    signature = bytearray(base64.b64decode(envelope["signatures"][0]["sig"]))
    signature[5] ^= 1
    envelope["signatures"][0]["sig"] = base64.b64encode(signature).decode()
    forged["signed"] = base64.b64encode(shared.canonical(envelope)).decode()
    refuses(1, "is forged", [bench.write("forged.context", shared.canonical(forged))], policy)
    refuses(1, "sums 12 contributors, and the policy takes 13", case.files, case.policy(minimum_contributors=13))
    refuses(1, "summed by two_aggregators", case.files, case.policy(methods=["one_aggregator"]))
    policy = case.policy()
    others = {**case.first, "name": "others"}
    refuses(1, "trusts nobody", [case.file("others", others)], policy)
    # The same batch with another sum, the same revision of another batch, a chain that does not hold.
    signals = json.loads(json.dumps(case.first["signals"]))
    signals[0]["sums"][0] += 1
    refuses(1, "name the same batch", [case.files[0], case.file("other", {**case.first, "signals": signals})], policy)
    other = {**case.first, "signals": signals, "batch": "00" * 32}
    refuses(1, "are two contexts of one revision", [case.files[0], case.file("other", other)], policy)
    refuses(1, "names another context before it", [case.file("other", other), case.files[1]], policy)
    refuses(1, "is given twice", [case.files[0], case.files[0]], policy)
    # Bad data and missing files.
    data = product.read(case.files[0])
    swapped = json.loads(data)
    swapped["context"] = other
    refuses(1, "the signatures are over", [bench.write("swapped.context", shared.canonical(swapped))], policy)
    for number, bad in enumerate([b"", data[:-1], data + b"\n", data.replace(b"volume", b"volumf", 1)]):
        refuses(65, "is no shared market context", [bench.write(f"bad-{number}.context", bad)], policy)
    bench.expect(66, *case.run("r", [bench.path("nowhere")], policy))
    _, error = bench.expect(65, *case.run("r", case.files, case.policy(maximum_age=0)))
    bench.hold("shared_context.maximum_age" in error, error)
    bench.hold(not os.path.exists(bench.path("r/run.json")), "a run began with a context that does not hold")


def accounted_for(bench):
    """A context that is taken out of a run, altered or put beside it does not verify."""
    case = Case(bench)
    run = case.made()
    name = f"{run}/objects/{hashlib.sha256(product.read(case.files[1])).hexdigest()}"
    data = product.read(name)
    alone = shared.signed(case.second, [case.leader])
    for changed in (None, data[:-1], alone, product.read(case.files[0])):
        os.remove(name)
        if changed is not None:
            bench.write(name, changed)
        out, _ = bench.expect(1, "verify", run)
        bench.hold(os.path.basename(name) in out, out)
        if changed is not None:
            bench.expect(65, "replay", run)
        bench.write(name, data)
    extra = bench.write(f"{run}/objects/{'0' * 64}", data)
    bench.expect(1, "verify", run)
    os.remove(extra)
    # run.json that names one less is not what the first leaf commits to.
    text = product.read(run + "/run.json")
    less = json.loads(text)
    del less["shared_contexts"][1]
    bench.write(run + "/run.json", shared.canonical(less))
    out, _ = bench.expect(1, "verify", run)
    bench.hold("run.json" in out, out)
    bench.write(run + "/run.json", text)
    bench.expect(0, "verify", run)


def studied(bench):
    """A day of the study as a run with its report; that it tracks better is a matter of many days, and of another test."""
    told = bench.json("context", "study", "--seeds", "2", "--out", "day", "--json")
    bench.hold(told["simulated"] and told["seeds"] == 2 and len(told["days"]) == 2, told)
    run = bench.path("day")
    bench.hold(bench.json("verify", run, "--vkey", product.vkey(run), "--json")["verdict"] == "verified", run)
    bench.hold(bench.json("replay", run, "--json")["identical"], run)
    named = product.run_description(run)["shared_contexts"]
    bench.hold([one["context"] for one in named] == [told["days"][0]["context"]], named)
    page = product.read(bench.path(told["report"])).decode()
    for text in ("Average price against the interval VWAP of others: ", "bp, with study r1.", "SIMULATED"):
        bench.hold(text in page, text)
    # Given again, the same command goes on with the same run.
    bench.hold(bench.json("context", "study", "--seeds", "2", "--out", "day", "--json") == told, "the study again")
    bench.expect(64, "context", "study", "--seeds", "1")


if __name__ == "__main__":
    product.prove("shared-contexts", recorded, used, reported, refused, accounted_for, studied)
