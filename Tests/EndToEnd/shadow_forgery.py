# SPDX-License-Identifier: Apache-2.0
"""Records of shadows that a forger wrote, every digest and signature made to fit: what cannot be so is found without an
adapter, and what the streams do not bear by a replay. One of the checks of shadow.py."""
import hashlib
import json
import os

import product
from shadow_case import Case, forge, told


def a_forged_promotion_is_found(bench):
    """Another adapter in the place of the one that took over: `verify` has nothing to hold against it, and a replay
    decodes with it."""
    case = Case(bench)
    # So few decisions that their leaves fit into one tile, which is all that the forger knows to write.
    case.work = product.small_work(bench, "forged", fills="shadow", slices=4)
    honest = bench.path("honest")
    bench.expect(0, *case.arguments(honest, "equal", case.planted + 500))
    bench.hold(told(honest)[0][0]["what"] == "promoted", "it took over")

    def with_other(forgery):
        """The altered version, whose stream differs before the promotion."""
        old = forgery.run["feeds"][0]["shadow"]["adapter"]["digest"]
        data = product.read(case.version("altered"))
        new = hashlib.sha256(data).hexdigest()
        forgery.run["feeds"][0]["shadow"]["adapter"]["digest"] = new
        for subject in forgery.statements[0]["subject"]:
            if subject["digest"]["sha256"] == old:
                subject["name"], subject["digest"]["sha256"] = f"adapters/{new}.so", new
        rewrite(forgery, lambda body: body.update(shadow=new))
        return old, new, data

    def rewrite(forgery, change):
        """Changes what journal and ledger tell of the shadow, alike."""
        for index, (kind, payload) in enumerate(forgery.records):
            if kind == forge.INPUT and "shadow" in json.loads(payload):
                value = json.loads(payload)
                change(value["shadow"])
                forgery.records[index] = (kind, forge.canonical(value))
                leaf = next(one for one in forgery.statements if product.kind(one) == "shadow")
                digest = forge.digest(value["shadow"])
                leaf["predicate"] = value["shadow"]
                leaf["subject"] = [{"name": f"shadows/{digest}", "digest": {"sha256": digest}}]

    # The forger's hand is good enough: without a change all holds.
    forgery = forge.Forgery(honest)
    plain = forgery.write(bench.path("forged-none"))
    bench.hold(bench.json("verify", plain, "--json")["verdict"].startswith("consistent"), "an honest copy")
    bench.hold(bench.json("replay", plain, "--json")["identical"], "an honest copy")

    forgery = forge.Forgery(honest)
    old, new, data = with_other(forgery)
    run = forgery.write(bench.path("forged"))
    os.remove(f"{run}/adapters/{old}.so")
    bench.write(f"{run}/adapters/{new}.so", data)
    report = bench.json("verify", run, "--json")
    bench.hold(report["verdict"].startswith("consistent") and not report["findings"], report)
    for how in ("worker", "in-process"):
        found = bench.json("replay", run, "--json", "--isolation", how, code=1)
        place = f"frame {case.planted} (byte {case.offsets[case.planted]})"
        bench.hold(f"its shadow differs at {place}, which is not recorded" in found["difference"], found)

    # What cannot be so is found without any adapter: another frame, another adapter, no promotion where one was due.
    def other_frame(body):
        body["frame"]["ordinal"] -= 1

    def other_place(body):
        body["frame"]["offset"] += 1

    def other_adapter(body):
        body["adapter"] = "0" * 64

    for number, (change, reason) in enumerate((
            (other_frame, "where frame"), (other_place, "begins with another frame"),
            (other_adapter, "names other adapters"))):
        forgery = forge.Forgery(honest)
        rewrite(forgery, change)
        run = forgery.write(bench.path(f"forged-{number}"))
        found = bench.json("verify", run, "--json", code=1)
        bench.hold(any(reason in finding for finding in found["findings"]), found)
        found = bench.json("replay", run, "--json", "--from", "events", code=1)
        bench.hold(reason in found["difference"], found)
    forgery = forge.Forgery(honest)
    promise = forgery.run["feeds"][0]["shadow"]["promote_after"]
    forgery.run["feeds"][0]["shadow"]["promote_after"] = promise - 1000
    run = forgery.write(bench.path("forged-due"))
    found = bench.json("verify", run, "--json", code=1)
    bench.hold(any("at which its shadow takes over, and nothing says so" in one for one in found["findings"]), found)
    bench.expect(1, "replay", run)
    # The journal says so and the ledger does not.
    forgery = forge.Forgery(honest)
    forgery.statements = [one for one in forgery.statements if product.kind(one) != "shadow"]
    run = forgery.write(bench.path("forged-untold"))
    found = bench.json("verify", run, "--json", code=1)
    bench.hold(any("what became of a shadow that the ledger does not name" in one for one in found["findings"]), found)

    # A difference that is told otherwise than it is.
    honest = bench.path("honest-differs")
    bench.expect(1, *case.arguments(honest, "altered"))
    for number, change in enumerate((
            lambda body: body["shadow_gives"]["line"].update(quantity="7"), lambda body: body.update(event=1))):
        forgery = forge.Forgery(honest)
        rewrite(forgery, change)
        run = forgery.write(bench.path(f"forged-difference-{number}"))
        bench.hold(not bench.json("verify", run, "--json")["findings"], "verify runs no adapter")
        found = bench.json("replay", run, "--json", code=1)
        bench.hold("and otherwise than recorded" in found["difference"], found)
