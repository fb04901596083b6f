# SPDX-License-Identifier: Apache-2.0
"""Vendors' functions in a run: a policy's hooks deny decisions, a task's terms change them, and whatever becomes of a call is
an input that journal and ledger hold. A function that overruns, crashes or looks around denies. A run that was killed takes
what was answered; replay does too, and with --recheck-hooks asks again. A library that is not the one that was named is
refused, before anything of it runs.

usage: hooks.py EXPROVE ADAPTERS CAPTURES
"""
import hashlib
import json
import os
import random
import shutil
import subprocess
import time

import product
import verify_journal
from certificate import POLICY
from shadow_case import forge

SOURCE = """
#include <exprove/hooks.h>
#include <stdlib.h>
#include <time.h>
#define API __attribute__((visibility("default")))
API int32_t odd_ones(const exprove_plan_delta *d) { return d->sequence % 2 == 1 ? 7 : 0; }
API int64_t most(const exprove_task *t, const exprove_plan_delta *d, int64_t most) {
  int64_t sum = 0;
  for (uint32_t i = 0; i < d->route_count; i++) sum += d->routes[i].quantity;
  return t->quantity > 0 && sum > most;
}
API int64_t price_before(const exprove_plan_delta *d, int32_t slice, int64_t price) {
  return d->current_slice < (uint32_t)slice && d->route_count > 0 ? price : 0;
}
API int64_t fails_at(const exprove_plan_delta *d, int64_t spins, int64_t crashes, int64_t leaves) {
  if (d->sequence == spins) for (volatile int i = 0;; i++) {}
  if (d->sequence == crashes) return *(volatile int64_t *)8;
  if (d->sequence == leaves) exit(3);
  return 0;
}
API int64_t changes_its_mind(void) { static int64_t calls; return 0 * calls++; }
"""


def build(bench, source=SOURCE, name="desk-rules.so"):
    path = bench.path(name)
    root = os.path.dirname(os.path.dirname(product.HERE))
    subprocess.run(
        ["cc", "-std=c11", "-O2", "-fPIC", "-shared", "-fvisibility=hidden", f"-I{root}/sdk-c/include",
         bench.write(name + ".c", source), "-o", path], check=True)
    return path


def function(library, name, symbol, signature, *values, **other):
    digest = hashlib.sha256(product.read(library)).hexdigest()
    return {"name": name, "library": os.path.basename(library), "sha256": digest, "symbol": symbol,
            "signature": signature, "values": list(values), **other}


def policy(bench, name, *hooks, **other):
    return bench.write(name + "-policy.json", json.dumps({**POLICY, "participation": None, "hooks": list(hooks), **other}))


def term(library, name, symbol, signature, *values):
    digest = hashlib.sha256(product.read(library)).hexdigest()
    numbers = " values " + " ".join(map(str, values)) if values else ""
    return (f'  term {name} library "{os.path.basename(library)}" sha256 "{digest}" symbol {symbol}'
            f' signature "{signature}"{numbers}\n}}\n')


def work_with(bench, name, terms=(), **how):
    """The small ITCH run, with terms in its task."""
    work = product.small_work(bench, name, **how)
    text = product.read(work.task).decode()
    for one in terms:
        text = text.rstrip().removesuffix("}") + one
    bench.write(name + ".exprove", text)
    return work


def statements(run, kind):
    return [found for found in map(product.statement, product.leaves(run)) if product.kind(found) == kind]


def answers_of(run):
    inputs = (json.loads(payload) for kind, payload, _ in verify_journal.records(run + "/journal")
              if kind == verify_journal.INPUT)
    return [value["hook"] for value in inputs if "hook" in value]


def order_slices(run):
    return {int(found["predicate"]["order"]["slice"]) for found in statements(run, "order")}


def hold_whole(bench, run):
    """Journal and ledger tell the same of every question, and both hold."""
    report = bench.json("verify", run, "--json", "--vkey", product.vkey(run))
    bench.hold(report["verdict"] == "verified" and report["finished"], report)
    leaves = [found["predicate"] for found in statements(run, "hook")]
    told = [{"question": leaf["question"], "outcome": leaf["outcome"]} for leaf in leaves]
    bench.hold(told == answers_of(run), "journal and ledger tell of the same answers")
    bench.hold([leaf["question"]["number"] for leaf in leaves] == list(range(len(leaves))), "questions are numbered")
    return leaves


def hooks_deny(bench):
    library = build(bench)
    work = work_with(bench, "denied")
    plain, run = bench.path("plain"), bench.path("denied")
    bench.expect(0, *work.arguments(plain), "--policy", policy(bench, "plain"))
    hooked = policy(
        bench, "odd", function(library, "odd", "odd_ones", "int32(const exprove_plan_delta *)"),
        function(library, "size", "most", "int64(const exprove_task *, const exprove_plan_delta *, int64)", 10**9))
    bench.expect(0, *work.arguments(run), "--policy", hooked)
    leaves = hold_whole(bench, run)
    decided = len(statements(run, "plan"))
    bench.hold(decided == 24 and len(leaves) == 2 * decided, (decided, len(leaves)))
    digests = [found["subject"][0]["digest"]["sha256"] for found in statements(run, "plan")]
    for index, leaf in enumerate(leaves):
        name, sequence = leaf["question"]["function"]["name"], index // 2
        bench.hold(name == ("odd", "size")[index % 2], leaf)
        bench.hold(leaf["question"]["decision"] == digests[sequence], "an answer is about a decision of the ledger")
        denies = name == "odd" and sequence % 2 == 1
        bench.hold(leaf["outcome"] == {"answer": 7 if denies else 0}, leaf)
        bench.hold(leaf["verdict"] == ("deny" if denies else "allow"), leaf)
    bench.hold(any(number % 2 == 1 for number in order_slices(plain)), "without hooks odd slices send")
    bench.hold(order_slices(run) and all(number % 2 == 0 for number in order_slices(run)), order_slices(run))
    summary = statements(run, "summary")[0]["predicate"]
    bench.hold((summary["questions"], summary["denied_decisions"]) == (48, 12), summary)
    bench.hold("questions" not in statements(plain, "summary")[0]["predicate"], "plain runs say nothing of hooks")
    kept = f"{run}/adapters/{hashlib.sha256(product.read(library)).hexdigest()}.so"
    bench.hold(product.read(kept) == product.read(library), "the library's bytes lie in the run")
    worker = product.run_description(run)["functions"][0]["worker"]
    bench.hold(worker["before_load"] and worker["seccomp"] == 2, worker)

    report = bench.json("report", run, "--format", "json", "--out", "-")
    bench.hold([one["body"] for one in report["vendor_answers"]] == leaves, "the report tells of every answer")
    page = bench.expect(0, "report", run, "--out", "-")[0]
    bench.hold("48 times one was asked about a decision; 12 times" in page, "the page tells of them")
    told = bench.json("replay", run, "--json")
    bench.hold(told["identical"] and (told["questions"], told["asked_again"]) == (48, 0), told)
    os.remove(library)
    told = bench.json("replay", run, "--recheck-hooks", "--json")
    bench.hold(told["identical"] and told["asked_again"] == 48, told)
    bench.expect(0, "replay", run, "--from", "events")


def the_example_works(bench):
    """The library under sdk-c/examples, by what its own Makefile prints."""
    root = os.path.dirname(os.path.dirname(product.HERE))
    folder = bench.path("example")
    shutil.copytree(root + "/sdk-c/examples/hooks", folder)

    def make(*target):
        return subprocess.run(
            ["make", "-s", f"INCLUDE={root}/sdk-c/include", *target], cwd=folder, check=True, capture_output=True,
            text=True).stdout

    hooks = json.loads("{" + make("policy") + "}")["hooks"]
    bench.write("example/policy.json", json.dumps({**POLICY, "participation": None, "hooks": hooks}))
    work = product.small_work(bench, "example-task")
    text = product.read(work.task).decode().rstrip().removesuffix("}") + make("term") + "}\n"
    work.task = bench.write("example/task.exprove", text)
    run = bench.path("example-run")
    bench.expect(0, *work.arguments(run), "--policy", folder + "/policy.json")
    leaves = hold_whole(bench, run)
    asked = {(leaf["question"]["purpose"], leaf["question"]["function"]["name"]) for leaf in leaves}
    bench.hold(asked == {("policy", "size"), ("policy", "end"), ("term", "surcharge")}, asked)
    bench.hold(all("answer" in leaf["outcome"] for leaf in leaves), "each of them answers")
    bench.expect(0, "replay", run, "--recheck-hooks")


def terms_choose(bench):
    """A price on everything that is sent in the first ten slices moves it behind them."""
    library = build(bench)
    signature = "int64(const exprove_plan_delta *, int32, int64)"
    run = bench.path("priced")
    work = work_with(bench, "priced", [term(library, "quiet", "price_before", signature, 10, 10**17)])
    plain = bench.path("unpriced")
    bench.expect(0, *work_with(bench, "unpriced").arguments(plain), "--policy", policy(bench, "plain"))
    bench.expect(0, *work.arguments(run), "--policy", policy(bench, "plain"))
    bench.hold(min(order_slices(plain)) < 10, "without the term, the first slices send")
    bench.hold(order_slices(run) and min(order_slices(run)) >= 10, order_slices(run))
    hold_whole(bench, run)
    chosen = 0
    for found in statements(run, "plan"):
        plan = found["predicate"]
        totals = [int(one["objective"]) + sum(map(int, one["prices"])) for one in plan["alternatives"]]
        bench.hold(plan["chosen"] == totals.index(min(totals)), plan)
        objectives = [int(one["objective"]) for one in plan["alternatives"]]
        bench.hold(objectives[0] == min(objectives), "the objective's own plan is the cheapest without the terms")
        bench.hold(any(line.startswith("chosen: ") and "quiet" in line for line in plan["explanation"]), plan)
        chosen += plan["chosen"] > 0
    bench.hold(chosen >= 5, f"{chosen} decisions were changed")
    told = bench.json("replay", run, "--recheck-hooks", "--json")
    bench.hold(told["identical"] and told["asked_again"] == told["questions"] > 24, told)


def what_fails_denies(bench):
    library = build(bench)
    hook = function(
        library, "frail", "fails_at", "int64(const exprove_plan_delta *, int64, int64, int64)", 2, 4, 6)
    run = bench.path("frail")
    work = work_with(bench, "frail")
    bench.expect(0, *work.arguments(run), "--policy", policy(bench, "frail", hook))
    leaves = hold_whole(bench, run)
    failed = {index: leaf["outcome"] for index, leaf in enumerate(leaves) if "failed" in leaf["outcome"]}
    bench.hold({index: one["failed"] for index, one in failed.items()} == {2: "overdue", 4: "crashed", 6: "ended"}, failed)
    bench.hold("more than 1 s of processor time" in failed[2]["text"], failed)
    bench.hold(not order_slices(run) & {2, 4, 6}, order_slices(run))
    bench.hold(all(leaf["verdict"] == ("deny" if index in failed else "allow") for index, leaf in enumerate(leaves)), "")
    bench.expect(0, "replay", run, "--recheck-hooks")


def kills_keep_answers(bench):
    """`kill -9` of the run and of its workers: a run that goes on asks nothing twice."""
    library = build(bench)
    signature = "int64(const exprove_plan_delta *, int32, int64)"
    work = work_with(bench, "killed", [term(library, "quiet", "price_before", signature, 4, 10**17)])
    hooked = policy(bench, "odd", function(library, "odd", "odd_ones", "int32(const exprove_plan_delta *)"))
    whole = bench.path("undisturbed")
    started = time.monotonic()
    bench.expect(0, *work.arguments(whole), "--policy", hooked)
    seconds = time.monotonic() - started
    answers, decided = answers_of(whole), [product.statement(leaf) for leaf in product.leaves(whole)][1:]

    def life(number):
        generator = random.Random(f"hooks {number}")
        run = bench.path(f"killed-{number}")
        for _ in range(3):
            process = bench.start(*work.arguments(run), "--policy", hooked)
            try:
                process.communicate(timeout=generator.uniform(0.1, 1) * seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
            before = answers_of(run) if os.path.isdir(run + "/journal") else []
            bench.hold(before == answers[: len(before)], "what was answered stays")
        bench.expect(0, *work.arguments(run), "--policy", hooked)
        hold_whole(bench, run)
        bench.hold(answers_of(run) == answers, f"{run}: other answers")
        bench.hold([product.statement(leaf) for leaf in product.leaves(run)][1:] == decided, f"{run}: other leaves")
        shutil.rmtree(run)

    bench.parallel(life, range(20))


def a_recorded_answer_counts(bench):
    """A function that would answer otherwise now: the recorded answer is taken, and --recheck-hooks tells."""
    source = SOURCE + "API int64_t by_clock(void) { return time(NULL) % 2; }\n"
    library = build(bench, source.replace("0 * calls++", "calls++ == 3"), "moody.so")
    work = work_with(bench, "moody")
    run = bench.path("moody")
    hooked = policy(bench, "moody", function(library, "moody", "changes_its_mind", "int64(void)"))
    bench.expect(0, *work.arguments(run), "--policy", hooked)
    leaves = hold_whole(bench, run)
    bench.hold([index for index, leaf in enumerate(leaves) if leaf["verdict"] == "deny"] == [3], "the fourth is denied")
    # The same calls in the same order give the same answers, and so does a replay in one go.
    bench.expect(0, "replay", run, "--recheck-hooks")

    # A call that takes the time is stopped by the sandbox where the kernel is asked, and answers where it is not.
    clocked = policy(bench, "clocked", function(library, "clocked", "by_clock", "int64(void)"))
    by_clock = bench.path("by-clock")
    bench.expect(0, *work.arguments(by_clock), "--policy", clocked)
    recorded = [answer["outcome"] for answer in answers_of(by_clock)]
    bench.expect(0, "replay", by_clock)
    if all("answer" in outcome for outcome in recorded):
        # Taken up at a second at which the function would say otherwise: what was answered stands.
        while time.time() % 2 // 1 == recorded[0]["answer"] or time.time() % 1 > 0.3:
            time.sleep(0.01)
        bench.expect(0, *work.arguments(by_clock), "--policy", clocked)
        bench.hold([answer["outcome"] for answer in answers_of(by_clock)] == recorded, "it was asked once more")
        found = set()
        for _ in range(40):
            code, out, _ = bench.call("replay", by_clock, "--recheck-hooks", "--json")
            found.add(code)
            if code == 1:
                bench.hold("“clocked” was recorded with the answer" in json.loads(out)["difference"], out)
                break
            time.sleep(0.3)
        bench.hold(1 in found, "another answer was not told")


def wrong_ones_are_refused(bench):
    library = build(bench)
    work = work_with(bench, "refused")
    signature = "int32(const exprove_plan_delta *)"
    good = function(library, "odd", "odd_ones", signature)
    for name, hook, code, told in [
        ("digest", {**good, "sha256": "0" * 64}, 65, "“odd” asks for 0000"),
        ("symbol", {**good, "symbol": "odd_one"}, 65, "exports no function “odd_one”"),
        ("signature", {**good, "signature": "int32(exprove_plan_delta *)"}, 65, "hooks[0].signature: hook signature"),
        ("values", {**good, "values": [1]}, 65, "takes 0 integers beside the structs, and 1 are given"),
        ("place", {**good, "library": "../desk-rules.so"}, 65, "file name is expected here"),
        ("missing", {**good, "library": "nowhere.so"}, 66, "names the library nowhere.so"),
        ("key", {**good, "weight": 3}, 65, "unknown key"),
    ]:
        out = bench.path("refused-" + name)
        _, error = bench.expect(code, *work.arguments(out), "--policy", policy(bench, name, hook))
        bench.hold(told in error, error)
        bench.hold(not os.path.exists(out), "nothing is written")
    _, error = bench.expect(65, *work.arguments(bench.path("x")), "--policy", policy(bench, "twice", good, good))
    bench.hold("odd stands twice" in error, error)
    text = product.read(work.task).decode().rstrip().removesuffix("}")
    digest = "a" * 64
    for clause, place in [
        (f'term q library "desk-rules.so" sha256 "{digest}" symbol s signature "int64(x)"', "“x” is no type"),
        ('term q library "desk-rules.so" sha256 "12" symbol s signature "int64(void)"', "64 lower-case"),
        (f'term q library "desk-rules.so" sha256 "{digest}" symbol s signature "int64(int64)" values 1.5', "no integer"),
        (f'term q library "desk-rules.so" sha256 "{digest}" sign s', "expected 'symbol' and its function"),
    ]:
        broken = bench.write("broken.exprove", text + clause + "\n}\n")
        line = text.count("\n") + 1
        arguments = [broken if argument == work.task else argument for argument in work.arguments(bench.path("y"))]
        _, error = bench.expect(65, *arguments)
        bench.hold(place in error and f"broken.exprove:{line}:" in error, error)


def changed_records_are_found(bench):
    """What was answered cannot be changed afterwards, nor left out, nor the library's bytes."""
    library = build(bench)
    work = work_with(bench, "kept")
    run = bench.path("kept")
    bench.expect(0, *work.arguments(run), "--policy", policy(
        bench, "odd", function(library, "odd", "odd_ones", "int32(const exprove_plan_delta *)")))
    kept = next(name for name in os.listdir(run + "/adapters")
                if product.read(f"{run}/adapters/{name}") == product.read(library))
    segment = run + "/journal/000000.seg"
    for path, old, new in [
        (segment, b'"outcome":{"answer":7}', b'"outcome":{"answer":0}'),
        (run + "/adapters/" + kept, b"\x7fELF", b"\x7fELG"),
    ]:
        whole = product.read(path)
        bench.hold(old in whole, path)
        os.chmod(path, 0o644)
        with open(path, "wb") as file:
            file.write(whole.replace(old, new, 1))
        out, _ = bench.expect(1, "verify", run)
        bench.hold(os.path.relpath(path, run).split("/")[0] in out, out)
        with open(path, "wb") as file:
            file.write(whole)
    bench.expect(0, "verify", run, "--vkey", product.vkey(run))
    os.rename(f"{run}/adapters/{kept}", bench.path("elsewhere"))
    out, _ = bench.expect(1, "verify", run)
    bench.hold("is missing" in out, out)


def forged_answers_are_found(bench):
    """Records that the signer changed, every digest and signature made to fit: an answer in the ledger alone, one that is left
    out there, and one that journal and ledger tell alike and the decisions do not follow from."""
    library = build(bench)
    # So few decisions that their leaves fit into one tile, which is all that the forger knows to write.
    work = work_with(bench, "forged", fills="shadow", slices=4)
    honest = bench.path("honest")
    hook = function(library, "size", "most", "int64(const exprove_task *, const exprove_plan_delta *, int64)", 10**9)
    bench.expect(0, *work.arguments(honest), "--policy", policy(bench, "size", hook))
    bench.hold(1 in order_slices(honest), order_slices(honest))

    def deny(forgery, number):
        leaf = [one for one in forgery.statements if product.kind(one) == "hook"][number]
        leaf["predicate"].update(outcome={"answer": 1}, verdict="deny")
        leaf["subject"][0]["digest"]["sha256"] = forge.digest(leaf["predicate"])

    forgery = forge.Forgery(honest)
    plain = forgery.write(bench.path("forged-none"))
    bench.hold(bench.json("replay", plain, "--recheck-hooks", "--json")["identical"], "an honest copy")

    untold = "is a vendor's answer that the ledger does not name"
    forgery = forge.Forgery(honest)
    deny(forgery, 2)
    found = bench.json("verify", forgery.write(bench.path("forged-leaf")), "--json", code=1)
    bench.hold([untold in finding for finding in found["findings"]] == [True], found)
    forgery = forge.Forgery(honest)
    forgery.statements.remove([one for one in forgery.statements if product.kind(one) == "hook"][3])
    found = bench.json("verify", forgery.write(bench.path("forged-untold")), "--json", code=1)
    bench.hold(any(untold in finding for finding in found["findings"]), found)

    forgery = forge.Forgery(honest)
    deny(forgery, 1)
    places = [index for index, (kind, payload) in enumerate(forgery.records)
              if kind == forge.INPUT and "hook" in json.loads(payload)]
    value = json.loads(forgery.records[places[1]][1])
    value["hook"]["outcome"] = {"answer": 1}
    forgery.records[places[1]] = (forge.INPUT, forge.canonical(value))
    run = forgery.write(bench.path("forged-both"))
    bench.hold(not bench.json("verify", run, "--json")["findings"], "verify runs no engine")
    found = bench.json("replay", run, "--json", code=1)
    bench.hold("recorded is order/" in found["difference"], found)
    found = bench.json("replay", run, "--recheck-hooks", "--json", code=1)
    bench.hold("was recorded with the answer 1" in found["difference"], found)
    bench.hold("gives the answer 0 now" in found["difference"], found)


if __name__ == "__main__":
    product.prove(
        "hooks", hooks_deny, the_example_works, terms_choose, what_fails_denies, kills_keep_answers, a_recorded_answer_counts,
        wrong_ones_are_refused, changed_records_are_found, forged_answers_are_found)
