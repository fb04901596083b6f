# SPDX-License-Identifier: Apache-2.0
"""Real runs of each kind, verified by programs that share no code with the product: envelopes by securesystemslib,
checkpoint, tiles and Merkle tree by a program written from the C2SP texts, the journal by one written from its format.
Damage that these find is damage; so they are also shown to find some.

usage: strangers.py EXPROVE ADAPTERS CAPTURES
"""
import hashlib
import json
import os
import subprocess
import sys

import product
import verify_journal

INDEPENDENT = os.path.join(os.path.dirname(product.HERE), "Independent")


def independent(program, *arguments):
    done = subprocess.run([sys.executable, f"{INDEPENDENT}/{program}", *arguments], capture_output=True, timeout=120)
    return done.returncode, [json.loads(line) for line in done.stdout.decode().splitlines()], done.stderr.decode()


def key_of_log(run):
    """The verifier key of the run's log: the same public key under the log's own name."""
    return product.log_key(run).vkey


def verified(bench, run):
    """All of a run's evidence, by others' programs."""
    code, results, error = independent("verify_ledger.py", "log", key_of_log(run), run + "/ledger")
    bench.hold(code == 0 and results[0]["ok"], (results, error))
    ours = bench.json("verify", run, "--json")
    bench.hold(ours["checkpoint"] == f"{results[0]['size']} leaves, root {results[0]['root']}", (ours, results))

    leaves = product.leaves(run)
    files = []
    for index, leaf in enumerate(leaves):
        files.append(bench.write(f"envelope-{index}", leaf))
    code, results, error = independent("verify_envelopes.py", product.vkey(run), *files)
    bench.hold(code == 0 and len(results) == len(leaves) and all(result["ok"] for result in results), (results, error))
    changed = bytearray(leaves[1])
    changed[len(changed) // 2] ^= 1
    code, results, _ = independent("verify_envelopes.py", product.vkey(run), bench.write("changed", bytes(changed)))
    bench.hold(code == 1 and not results[0]["ok"], "a changed envelope was taken")

    places = dict(verify_journal.positions(run + "/journal"))
    statements = [product.statement(leaf) for leaf in leaves]
    journal = [found["predicate"] for found in statements if product.kind(found) == "journal"]
    bench.hold(len(journal) > 3 and all(places[place["records"]] == place for place in journal), "the journal's places")
    bench.hold(journal[-1]["event_digest"] == ours["event_digest"], "the event digest")
    bench.hold(journal[-1]["records"] == max(places), "records that no leaf commits to")
    digests(bench, run, statements)
    flips(bench, run)


def flips(bench, run):
    """One bit, in each file of ledger and journal: the strangers see it."""
    for name in product.files_of(run):
        path = f"{run}/{name}"
        if name.startswith("ledger/"):
            program, arguments = "verify_ledger.py", ["log", key_of_log(run), run + "/ledger"]
        elif name.startswith("journal/"):
            program, arguments = "verify_journal.py", [run + "/journal"]
        else:
            continue
        data = bytearray(product.read(path))
        data[len(data) // 3] ^= 4
        with open(path, "r+b") as file:
            file.write(data)
        code, results, error = independent(program, *arguments)
        bench.hold(code == 1 and not results[0]["ok"], f"a flipped bit in {name} was not found: {results} {error}")
        data[len(data) // 3] ^= 4
        with open(path, "r+b") as file:
            file.write(data)
    bench.hold(product.leaves(run), "what was put back")


def digests(bench, run, statements):
    """What is named by digest has it: run.json, reference data, adapters, bodies, and what decisions name."""
    first = {subject["name"]: subject["digest"]["sha256"] for subject in statements[0]["subject"]}
    bench.hold(first.pop("run.json") == sha256(product.read(run + "/run.json")), "run.json")
    bench.hold(first.pop("reference") == product.run_description(run)["reference"], "the reference data")
    bench.hold(first and all(sha256(product.read(f"{run}/{name}")) == digest for name, digest in first.items()), first)
    names = os.listdir(run + "/objects")
    bench.hold(names and all(sha256(product.read(f"{run}/objects/{name}")) == name for name in names), names)
    known, plans, wrong = {}, set(), []
    for found in statements[1:]:
        subject, body = found["subject"][0], found["predicate"]
        encoded = product.read(f"{run}/objects/{body['object']}") if set(body) == {"object"} else canonical(body)
        if sha256(encoded) != subject["digest"]["sha256"]:
            wrong.append(f"the digest of {subject['name']}")
        known[subject["name"]] = subject["digest"]["sha256"]
        body = json.loads(encoded)
        if product.kind(found) == "plan":
            if body["context"] != known[f"context/{body['sequence']}"]:
                wrong.append(f"{subject['name']} is of another context")
            plans.add(subject["digest"]["sha256"])
        if product.kind(found) == "order" and body["order"]["decision"] not in plans:
            wrong.append(f"{subject['name']} follows from no plan")
    bench.hold(plans and not wrong, wrong)


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def run_of(name, make, **how):
    def check(bench):
        work = make(bench, name, **how)
        bench.expect(0, *work.arguments(name))
        verified(bench, bench.path(name))

    check.__name__ = name
    return check


def many_leaves(bench):
    """More than one full tile at level 0."""
    work = product.small_work(bench, "many", slices=100)
    bench.expect(0, *work.arguments("many"))
    bench.hold(len(product.leaves(bench.path("many"))) > 600, "too few leaves for two full tiles")
    verified(bench, bench.path("many"))


if __name__ == "__main__":
    product.prove(
        "strangers", run_of("itch-model", product.small_work),
        run_of("itch-shadow", product.small_work, fills="shadow"), run_of("bodies", product.bodies_work),
        run_of("pair-model", product.pair_work),
        run_of("pair-shadow", product.pair_work, routed="BINANCE-UM", fills="shadow"), many_leaves)
