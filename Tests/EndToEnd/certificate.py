# SPDX-License-Identifier: Apache-2.0
"""The conformance certificate, from the harness to the ledger: made by `conform`, signed so that strangers' programs agree,
demanded by a run's policy, held against the bytes that are loaded, recorded, and accounted for by `verify`.

usage: certificate.py EXPROVE ADAPTERS CAPTURES
"""
import base64
import hashlib
import json
import os
import shutil
import sys

import product
import strangers

POLICY = {
    "format": "exprove-policy/1", "name": "certified", "version": "1",
    "price_collar": {"basis_points": 200, "reference": "mid"}, "maximum_order_value": {"USD": "10000000"},
    "maximum_order_quantity": {"*": "1000000"}, "participation": 250000, "restricted_list": None,
    "message_rate": {"messages": 100, "window": 1000000000}, "own_crossing": True, "maximum_book_age": None,
}


class Case:
    """An adapter of one's own, its certificate, and a task to run with it."""

    def __init__(self, bench):
        self.bench = bench
        self.adapter = bench.path("venue.so")
        if not os.path.exists(self.adapter):
            shutil.copy(bench.adapters + "/libnasdaq-itch50.so", self.adapter)
            self.head = bench.write("head.bin", product.itch_bytes(product.itch_messages(product.read(bench.itch))[:600]))
            self.certificate = bench.path("venue.certificate")
            bench.expect(0, *self.conform("--certificate", self.certificate, "--identity", "lab", "--valid-days", "30"))
        self.head, self.certificate = bench.path("head.bin"), bench.path("venue.certificate")
        self.lab = bench.json("identity", "show", "lab", "--json")["verifier"]

    def conform(self, *more):
        return ["conform", self.adapter, "--capture", self.head, "--strictness", "3", *more]

    def policy(self, mode="require", trusted=None, level=3):
        demand = {"mode": mode, "trusted": [self.lab] if trusted is None else trusted, "level": level}
        return self.bench.write(f"policy-{mode}-{level}.json", json.dumps({**POLICY, "certificate": demand}))

    def run(self, out, policy, *more, adapter=None):
        task = self.bench.write("work.exprove", product.itch_task())
        feed = f"XNAS={adapter or self.adapter}:{self.bench.itch},{product.ITCH_KEYS}"
        reference = self.bench.write("reference.json", product.reference())
        return [*product.run_arguments(task, reference, [feed], out, "shadow"), "--policy", policy, *more]


def made_and_read(bench):
    """What the certificate says, and that others' programs find its signature good, and a changed one false."""
    case = Case(bench)
    data = product.read(case.certificate)
    code, results, error = strangers.independent("verify_envelopes.py", case.lab, case.certificate)
    bench.hold(code == 0 and results[0]["ok"], (results, error))
    changed = bytearray(data)
    changed[len(changed) // 2] ^= 1
    code, results, _ = strangers.independent("verify_envelopes.py", case.lab, bench.write("changed", bytes(changed)))
    bench.hold(code == 1 and not results[0]["ok"], "a changed certificate was taken")

    statement = json.loads(base64.b64decode(json.loads(data)["payload"]))
    bench.hold(statement["predicateType"] == "https://exprove.dev/conformance/v1", statement["predicateType"])
    digest = hashlib.sha256(product.read(case.adapter)).hexdigest()
    bench.hold(statement["subject"] == [{"name": "nasdaq-itch50", "digest": {"sha256": digest}}], statement["subject"])
    said = statement["predicate"]
    bench.hold(said["verdict"] == "pass" and said["level"] == 3 and said["abi"] == "1.1", said)
    corpus = {"digest": hashlib.sha256(product.read(case.head)).hexdigest(), "size": os.path.getsize(case.head)}
    bench.hold(said["corpora"] == [corpus], said["corpora"])
    bench.hold(int(said["expires"]) - int(said["issued"]) == 30 * 86_400 * 10**9, said)
    report = bench.json(*case.conform("--json"))
    told = [{"check": check["id"], "status": check["status"]} for check in report["checks"]]
    bench.hold({tuple(x.values()) for x in told} == {tuple(x.values()) for x in said["findings"]}, said["findings"])
    bench.hold(all(check["severity"] in ("error", "warning", "note") for check in report["checks"]), "severities")


def none_is_earned(bench):
    """What does not conform, or was judged in part, gets no certificate."""
    case = Case(bench)
    out = bench.path("none.certificate")
    for more in (["--only", "static"], ["--sanitized", case.adapter]):
        bench.expect(64, *case.conform("--certificate", out, *more))
    bad = bench.write("bad.so", product.read(case.adapter)[:-4000])
    bench.expect(1, "conform", bad, "--certificate", out)
    bench.hold(not os.path.exists(out), "a certificate that was not earned")


def demanded(bench):
    """A run begins with the certificate that its policy requires, records it, and verifies."""
    case = Case(bench)
    _, error = bench.expect(1, *case.run("without", case.policy()))
    bench.hold("There is none" in error and "--certificate" in error, error)
    bench.hold(not os.path.exists(bench.path("without/run.json")), "a run began without its certificate")

    bench.expect(0, *case.run("with", case.policy(), "--certificate", case.certificate))
    run = bench.path("with")
    digest = hashlib.sha256(product.read(case.certificate)).hexdigest()
    bench.hold(product.run_description(run)["feeds"][0]["adapter"]["certificate"] == digest, "run.json")
    named = {subject["name"] for subject in product.statement(product.leaves(run)[0])["subject"]}
    bench.hold(f"objects/{digest}" in named, named)
    bench.hold(product.read(f"{run}/objects/{digest}") == product.read(case.certificate), "the certificate in objects/")
    bench.expect(0, "verify", run, "--vkey", product.vkey(run))
    bench.expect(0, "replay", run)
    strangers.verified(bench, run)
    # Given again, the same command goes on with the same run.
    bench.expect(0, *case.run("with", case.policy(), "--certificate", case.certificate))

    beside = case.adapter + ".certificate"
    shutil.copy(case.certificate, beside)
    bench.expect(0, *case.run("beside", case.policy()))
    os.remove(beside)

    _, error = bench.expect(0, *case.run("warned", case.policy("warn")))
    bench.hold("warning" in error and "There is none" in error, error)
    bench.hold("certificate" not in product.run_description(bench.path("warned"))["feeds"][0]["adapter"], "run.json")
    bench.expect(0, "verify", bench.path("warned"))
    bench.expect(0, *case.run("off", case.policy("off", [])))


def a_shadow_needs_one_too(bench):
    """A second version that runs along is held to the same policy, and what it brings is accounted for."""
    case = Case(bench)
    # Another adapter by its digest, and the same in what it does.
    data = product.read(case.adapter)
    at = data.index(b"summary: Nasdaq") + 9
    second = bench.write("second.so", data[:at] + b"n" + data[at + 1 :])
    with_it = ["--certificate", case.certificate, "--shadow", second]
    _, error = bench.expect(1, *case.run("shadow", case.policy(), *with_it))
    bench.hold(f"{second}: the policy asks for a conformance certificate" in error, error)
    bench.hold(not os.path.exists(bench.path("shadow/run.json")), "a run began without its shadow's certificate")

    bench.expect(0, *case.run("shadow-warned", case.policy("warn"), *with_it))
    described = product.run_description(bench.path("shadow-warned"))["feeds"][0]
    bench.hold("certificate" in described["adapter"] and "certificate" not in described["shadow"]["adapter"], described)
    bench.expect(0, "verify", bench.path("shadow-warned"))

    own = bench.path("second.certificate")
    bench.expect(0, "conform", second, "--capture", case.head, "--strictness", "3", "--certificate", own, "--identity", "lab")
    bench.expect(0, *case.run("shadow", case.policy(), *with_it, "--certificate", own))
    run = bench.path("shadow")
    digest = hashlib.sha256(product.read(own)).hexdigest()
    bench.hold(product.run_description(run)["feeds"][0]["shadow"]["adapter"]["certificate"] == digest, "run.json")
    bench.expect(0, "verify", run, "--vkey", product.vkey(run))
    bench.expect(0, "replay", run)
    os.remove(f"{run}/objects/{digest}")
    bench.hold(digest in bench.expect(1, "verify", run)[0], "a certificate that is missing")


def refused(bench):
    """Each certificate that does not hold, with its reason."""
    case = Case(bench)
    with_it = ["--certificate", case.certificate]

    def refuses(reason, *arguments):
        _, error = bench.expect(1, *arguments)
        bench.hold(reason in error, error)

    refuses("at least 9 is demanded", *case.run("r", case.policy(level=9), *with_it))
    other = bench.json("identity", "create", "stranger", "--json")["verifier"]
    refuses("by none of the keys given", *case.run("r", case.policy(trusted=[other]), *with_it))
    # One byte of the adapter, in its text, where nothing is broken by it.
    data = bytearray(product.read(case.adapter))
    at = data.index(b"summary: ") + 9
    data[at] = data[at] ^ 0x20
    changed = bench.write("changed.so", bytes(data))
    refuses("is for the adapter sha256:", *case.run("r", case.policy(), *with_it, adapter=changed))
    envelope = json.loads(product.read(case.certificate))
    signature = bytearray(base64.b64decode(envelope["signatures"][0]["sig"]))
    signature[5] ^= 1
    envelope["signatures"][0]["sig"] = base64.b64encode(signature).decode()
    forged = bench.write("forged", json.dumps(envelope, sort_keys=True, separators=(",", ":")))
    refuses("is forged", *case.run("r", case.policy(), "--certificate", forged))
    refuses("is no certificate", *case.run("r", case.policy(), "--certificate", bench.write("empty", "")))
    bench.expect(66, *case.run("r", case.policy(), "--certificate", bench.path("nowhere")))
    _, error = bench.expect(65, *case.run("r", case.policy(trusted=["lab"])))
    bench.hold("certificate.trusted[0]" in error, error)
    bench.hold(not os.path.exists(bench.path("r/run.json")), "a run began with a certificate that does not hold")


def accounted_for(bench):
    """A certificate that is taken out of a run, altered or put in the place of another does not verify."""
    case = Case(bench)
    if not os.path.exists(bench.path("with")):
        bench.expect(0, *case.run("with", case.policy(), "--certificate", case.certificate))
    run = bench.path("with")
    name = f"{run}/objects/{hashlib.sha256(product.read(case.certificate)).hexdigest()}"
    data = product.read(name)
    for changed in (None, data[:-1], data.replace(b"e", b"f", 1)):
        os.remove(name)
        if changed is not None:
            bench.write(name, changed)
        out, _ = bench.expect(1, "verify", run)
        bench.hold(os.path.basename(name) in out, out)
        bench.write(name, data)
    extra = bench.write(f"{run}/objects/{'0' * 64}", data)
    bench.expect(1, "verify", run)
    os.remove(extra)
    bench.expect(0, "verify", run)


def outputs(bench):
    """JUnit and HTML files, expected events blessed and compared, and another build."""
    case = Case(bench)
    junit, page = bench.path("report.xml"), bench.path("report.html")
    bench.expect(0, *case.conform("--only", "^(static|differential)", "--against", case.adapter, "--junit", junit, "--html", page))
    bench.hold(product.read(junit).count(b"<testcase ") == 12 and b"</html>" in product.read(page), "the reports")
    expected = case.head + ".expected"
    bench.expect(0, *case.conform("--only", "^events.expected", "--bless"))
    bench.expect(0, *case.conform("--only", "^events.expected"))
    text = product.read(expected)
    bench.write(expected, text.replace(b" order_add ", b" order_delete ", 1))
    out, _ = bench.expect(1, *case.conform("--only", "^events.expected"))
    bench.hold("bytes: 41" in out and "--bless" in out, out)
    os.remove(expected)


if __name__ == "__main__":
    product.prove("certificate", made_and_read, none_is_earned, demanded, a_shadow_needs_one_too, refused, accounted_for, outputs)
