# SPDX-License-Identifier: Apache-2.0
"""A second version of an adapter that runs along: an equal one takes over at its frame and changes nothing that is
decided; one that differs is told with the very frame, its bytes and both events; one that fails is left behind. A run
that is killed, or whose workers are, comes to the same journal; a replay needs both adapters and finds a promotion that
the streams do not bear.

usage: shadow.py EXPROVE ADAPTERS CAPTURES
"""
import hashlib
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import threading
import time

import isolation
import product
import verify_journal

sys.path.insert(0, os.path.join(os.path.dirname(product.HERE), "Client"))

import forge  # noqa: E402  (the path above leads to it)

SEED = 5
PLANTED = 5000
PROMOTED = 3000
ROOT = os.path.dirname(os.path.dirname(product.HERE))

# What is put around the decoder of a version, by its name.
DEEDS = {
    "equal": "",
    # The quantity of the planted message's event is one more.
    "altered": "for (uint32_t i = 0; i < b->events_filled; i++)"
               " if (is_planted(b, b->events[i].frame)) b->events[i].quantity++;",
    # The planted message brings a fault out.
    "faulty": "",
}
BEFORE = {"faulty": "for (uint32_t i = 0; i < b->frame_count; i++) if (is_planted(b, i)) *(volatile int *)8 = 1;"}


def stamped(messages):
    """The first message behind PLANTED that adds an order and shares its time stamp with none."""
    stamps = [message[5:11] for message in messages]
    return next(i for i in range(PLANTED, len(messages)) if messages[i][:1] == b"A" and stamps.count(stamps[i]) == 1)


class Case:
    """A run over ITCH, its messages, and second versions of the adapter."""

    def __init__(self, bench):
        self.bench = bench
        self.messages = product.itch_messages(product.read(bench.itch))
        self.planted = stamped(self.messages)
        self.work = product.small_work(bench, "work")
        # Frames begin behind their length.
        self.offsets, at = [], 0
        for message in self.messages:
            self.offsets.append(at + 2)
            at += 2 + len(message)

    def version(self, name):
        """The adapter as 1.0.1, with a deed of DEEDS."""
        library = self.bench.path(f"{name}.so")
        if os.path.exists(library):
            return library
        plugin = ROOT + "/Plugins/nasdaq"
        with open(plugin + "/adapter.c", encoding="utf-8") as file:
            adapter = file.read()
        assert "version: 1.0.0" in adapter
        sources = [f"{plugin}/{file}" for file in sorted(os.listdir(plugin))
                   if file.endswith(".c") and file != "adapter.c"]
        sources.append(self.bench.write(f"{name}-adapter.c", adapter.replace("version: 1.0.0", "version: 1.0.1")))
        sources.append(self.bench.write(f"{name}-deed.c", """
            #include <string.h>
            #include <exprove/adapter.h>
            void __real_nasdaq_decode_stream(exprove_session *s, exprove_batch *b);
            void __wrap_nasdaq_decode_stream(exprove_session *s, exprove_batch *b);
            static inline int is_planted(const exprove_batch *b, uint32_t frame) {
              static const uint8_t stamp[] = {%s};
              return b->frames[frame].length > 10 && !memcmp(b->bytes + b->frames[frame].data + 5, stamp, 6);
            }
            void __wrap_nasdaq_decode_stream(exprove_session *s, exprove_batch *b) {
              (void)is_planted;
              %s
              __real_nasdaq_decode_stream(s, b);
              %s
            }
            """ % (", ".join(map(str, self.messages[self.planted][5:11])), BEFORE.get(name, ""), DEEDS[name])))
        subprocess.run(
            ["cc", "-std=c11", "-O2", "-fPIC", "-shared", "-fvisibility=hidden", f"-I{ROOT}/sdk-c/include",
             f"-I{plugin}", f"-I{plugin}/include", "-Wl,--wrap=nasdaq_decode_stream", *sources, "-o", library + ".new",
             "-lm"], check=True)
        os.rename(library + ".new", library)
        return library

    def arguments(self, out, name, promote=None):
        more = [] if promote is None else ["--promote-after", str(promote)]
        return [*self.work.arguments(out), "--shadow", self.version(name), *more]

    def alone(self):
        """The run without a shadow: its directory and what `verify` says of it."""
        run = self.bench.path("alone")
        if not os.path.exists(run):
            self.bench.expect(0, *self.work.arguments(run))
            self.bench.hold("shadow" not in product.run_description(run)["feeds"][0], "a key without a shadow")
        return run, self.bench.json("verify", run, "--json")

    def holds(self, run, outcome, frames):
        """What is common to all: it verifies, gives the events and decisions of the run alone, and replays."""
        bench = self.bench
        alone, whole = self.alone()
        report = bench.json("verify", run, "--json", "--vkey", product.vkey(run))
        bench.hold(report["verdict"] == "verified" and report["finished"], report)
        bench.hold((report["events"], report["event_digest"]) == (whole["events"], whole["event_digest"]), report)
        bench.hold(decisions(run) == decisions(alone), "other decisions than those of the run alone")
        shadow, = report["shadows"]
        bench.hold((shadow["outcome"], shadow["equal_frames"]) == (outcome, frames), shadow)
        described = product.run_description(run)["feeds"][0]
        for one, adapter in ((shadow["adapter"], described["adapter"]), (shadow["shadow"], described["shadow"]["adapter"])):
            bench.hold(all(one[key] == adapter[key] for key in ("name", "version", "digest")), shadow)
            file = f"{run}/adapters/{adapter['digest']}.so"
            bench.hold(hashlib.sha256(product.read(file)).hexdigest() == adapter["digest"], file)
        self.replays(run)
        return shadow["record"]

    def replays(self, run):
        for how in (["--isolation", "worker"], ["--isolation", "in-process"], ["--from", "events"]):
            # In this process a fault of the adapter's would be the program's own.
            found = self.bench.json("replay", run, "--json", *how)
            self.bench.hold(found["identical"], found)


def decisions(run):
    """The leaves that say what was decided."""
    found = [product.statement(leaf) for leaf in product.leaves(run)]
    return [one for one in found[1:] if product.kind(one) not in ("incident", "journal", "shadow")]


def records(run, without=("incident",)):
    """The journal's records but for some inputs."""
    found = [(kind, payload) for kind, payload, _ in verify_journal.records(run + "/journal")]
    return [(kind, payload) for kind, payload in found
            if kind != verify_journal.INPUT or not any(key in json.loads(payload) for key in without)]


def told(run):
    """What the journal tells of shadows, each with the place in the feed at which the batch behind it begins."""
    found, frames, waiting = [], 0, None
    for kind, payload in records(run):
        if kind == verify_journal.INPUT:
            body = json.loads(payload).get("shadow")
            assert waiting is None, "no batch follows what is told of a shadow"
            waiting = body
            continue
        batch = forge.Batch(payload)
        fields = [struct.unpack("<qQIIII", frame) for frame in batch.frames]
        if waiting:
            time_, offset, _, length, feed, _ = fields[0]
            found.append((waiting, {"ordinal": frames, "offset": offset, "length": length, "feed": feed}))
            waiting = None
        frames += sum(one[4] == 0 for one in fields)
    return found


def is_told_in_place(bench, case, run, frame):
    """What was told stands directly before the batch that begins with the frame, in journal, ledger and report."""
    (body, place), = told(run)
    message = case.messages[frame]
    bench.hold(place == {"ordinal": frame, "offset": case.offsets[frame], "length": len(message), "feed": 0}, place)
    bench.hold({key: body["frame"][key] for key in ("ordinal", "offset", "length")}
               == {key: place[key] for key in ("ordinal", "offset", "length")}, body)
    filed = [product.statement(leaf) for leaf in product.leaves(run)]
    bench.hold([one["predicate"] for one in filed if product.kind(one) == "shadow"] == [body], "the ledger")
    bench.hold([one["record"] for one in bench.json("verify", run, "--json")["shadows"]] == [body], "the report")
    return body


def an_equal_one_takes_over(bench):
    case = Case(bench)
    run = bench.path("promoted")
    out, _ = bench.expect(0, *case.arguments(run, "equal", PROMOTED))
    line = (f"shadow: feed 0 (XNAS): nasdaq-itch50 1.0.1 took over from nasdaq-itch50 1.0.0 at frame {PROMOTED} "
            f"(byte {case.offsets[PROMOTED]}), after {PROMOTED} equal frames\n")
    bench.hold(line in out, out)
    bench.hold(line in bench.expect(0, "verify", run)[0], "verify")
    case.holds(run, "promoted", PROMOTED)
    body = is_told_in_place(bench, case, run, PROMOTED)
    bench.hold(body["what"] == "promoted", body)
    # The same command goes on with the same run, and another one does not.
    bench.expect(0, *case.arguments(run, "equal", PROMOTED))
    _, error = bench.expect(65, *case.arguments(run, "equal", PROMOTED + 1))
    bench.hold("holds another run" in error, error)
    # Without the wish to promote, and with one for a frame that the capture does not have.
    for name, promote in (("along", None), ("late", len(case.messages) + 1)):
        run = bench.path(name)
        out, _ = bench.expect(0, *case.arguments(run, "equal", promote))
        frames = bench.json("verify", run, "--json")["shadows"][0]["equal_frames"]
        bench.hold(f"nasdaq-itch50 1.0.1 gives the same as nasdaq-itch50 1.0.0 over {frames} frames\n" in out, out)
        case.holds(run, "equal", frames)
        bench.hold(frames > PLANTED and told(run) == [], frames)
    report = json.loads(bench.expect(0, *case.arguments(bench.path("json"), "equal"), "--json")[0])
    bench.hold(report["shadows"][0]["outcome"] == "equal", report)


def another_stream_is_told(bench):
    case = Case(bench)
    run = bench.path("differs")
    out, _ = bench.expect(1, *case.arguments(run, "altered"))
    line = (f"shadow: feed 0 (XNAS): nasdaq-itch50 1.0.1 differs from nasdaq-itch50 1.0.0 at frame {case.planted} "
            f"(byte {case.offsets[case.planted]}), event 0")
    bench.hold(f"{line}; look at it with: exprove verify {run}\n" in out, out)
    message = case.messages[case.planted]
    case.holds(run, "differs", case.planted)
    body = is_told_in_place(bench, case, run, case.planted)
    bench.hold(body["what"] == "differs" and body["event"] == 0 and body["bytes"] == message.hex(), body)
    # The adapter's event is the one that `normalize` prints for this frame; the shadow's has one share more.
    lines = bench.expect(0, "normalize", "--feed", case.work.feeds[0])[0].splitlines()
    line_, = [one for one in map(json.loads, lines) if one["source"]["offset"] == case.offsets[case.planted]]
    given, shown = body["adapter_gives"]["line"], body["shadow_gives"]["line"]
    wide = {key: str(line_[key]) for key in ("event_time", "receive_time")}
    bench.hold(given == {**line_, **wide, "sequence": None}, (given, line_))
    bench.hold(shown == {**given, "quantity": str(int(given["quantity"]) + 1)}, shown)
    # And its 64 bytes are those of the journal, but for numbers that are the run's.
    ours, theirs = (bytes.fromhex(body[key]["record"]) for key in ("adapter_gives", "shadow_gives"))
    bench.hold(ours[:32] == theirs[:32] and ours[40:] == theirs[40:], body)
    bench.hold([struct.unpack_from("<q", one, 32)[0] for one in (ours, theirs)]
               == [int(given["quantity"]), int(shown["quantity"])], body)
    out, _ = bench.expect(0, "verify", run)
    for part in (line + "\n", f"  bytes: {message.hex()}\n", '"quantity":"%s"' % given["quantity"],
                 '"quantity":"%s"' % shown["quantity"]):
        bench.hold(part in out, out)
    bench.expect(1, *case.arguments(run, "altered"))
    # Told to take over before, it has no one to differ from.
    run = bench.path("differs-later")
    bench.expect(0, *case.arguments(run, "altered", PROMOTED))
    report = bench.json("verify", run, "--json")
    bench.hold(report["shadows"][0]["outcome"] == "promoted" and not report["findings"], report)
    bench.hold(report["event_digest"] != case.alone()[1]["event_digest"], "the altered event is not there")
    case.replays(run)


def one_that_fails_is_left_behind(bench):
    case = Case(bench)
    run = bench.path("fails")
    out, error = bench.expect(1, *case.arguments(run, "faulty", len(case.messages)))
    bench.hold("feed 0, its shadow: SIGSEGV at address 0x8" in error and "it runs along no further" in error, error)
    bench.hold(f"failed behind {case.planted} equal frames, at frame {case.planted}" in out, out)
    bench.hold("incident: feed 0, its shadow: SIGSEGV" in out and "the feed was quarantined" not in out, out)
    report = bench.json("verify", run, "--json")
    bench.hold(report["verdict"].startswith("consistent") and report["finished"], report)
    bench.hold(all(one["shadow"] for one in report["incidents"]) and report["incidents"][-1]["quarantined"], report)
    alone, whole = case.alone()
    bench.hold(report["event_digest"] == whole["event_digest"] and decisions(run) == decisions(alone), "the stream")
    body = is_told_in_place(bench, case, run, case.planted)
    bench.hold(body["what"] == "failed" and "SIGSEGV at address 0x8" in body["reason"], body)
    case.replays(run)
    # An attempt in which it would not fail keeps to what was recorded: cut behind the record, then taken up.
    bench.expect(1, *case.arguments(run, "faulty", len(case.messages)))
    bench.hold(told(run)[0][0] == body, "what was recorded stays")


def what_does_not_fit_is_refused(bench):
    case = Case(bench)
    out, feed = bench.path("none"), case.work.arguments(bench.path("none"))
    own = bench.adapters + "/libnasdaq-itch50.so"
    for code, reason, *more in (
            (64, "it is the very adapter of feed 0", "--shadow", own),
            (64, "it is the very adapter of feed 0", "--shadow", "nasdaq-itch50"),
            (64, "no feed's adapter is called binance", "--shadow", "binance"),
            (64, "no feed has the venue BATS", "--shadow", "BATS=" + own),
            (64, "has a shadow already", "--shadow", case.version("equal"), "--shadow", "XNAS=" + case.version("altered")),
            (64, "without a --shadow", "--promote-after", "5"),
            (64, "1 or more", "--promote-after", "0", "--shadow", case.version("equal")),
            (64, "does not take framing", "--shadow", "XNAS=binance"),
            (66, "no such file", "--shadow", "./nowhere.so")):
        _, error = bench.expect(code, *feed, *more)
        bench.hold(reason in error, error)
    bench.hold(not os.path.exists(out + "/run.json"), "a run began all the same")
    # A shadow's bytes are accounted for like all others.
    run = bench.path("files")
    bench.expect(0, *case.arguments(run, "equal", PROMOTED))
    file = f"{run}/adapters/{product.run_description(run)['feeds'][0]['shadow']['adapter']['digest']}.so"
    data = product.read(file)
    os.remove(file)
    bench.hold(os.path.basename(file) in bench.expect(1, "verify", run)[0], "a missing file")
    bench.write(file, data[:-1] + b"x")
    bench.hold(os.path.basename(file) in bench.expect(1, "verify", run)[0], "an altered file")
    bench.write(file, data)
    extra = bench.write(f"{run}/adapters/{'0' * 64}.so", data)
    bench.expect(1, "verify", run)
    os.remove(extra)
    bench.expect(0, "verify", run)


def kills_change_nothing(bench):
    """Kills of the run and of workers, the shadow's among them, at random moments; each run is taken up to its end."""
    case = Case(bench)
    cases = []
    for name, promote, code in (("equal", PROMOTED, 0), ("altered", None, 1)):
        first = bench.path(f"whole-{name}")
        started = time.monotonic()
        bench.expect(code, *case.arguments(first, name, promote))
        cases.append((name, promote, code, first, time.monotonic() - started))

    def life(number):
        name, promote, code, first, seconds = cases[number % 2]
        generator = random.Random(f"{SEED} {number}")
        run = bench.path(f"life-{number}")
        arguments = case.arguments(run, name, promote)
        kills = 0
        for _ in range(3):
            process = bench.start(*arguments)
            # In every other life the run alone is killed, so that nothing but the run's inputs is in the journal.
            killer = threading.Thread(target=isolation.kill_workers, args=(process, generator, seconds / 2))
            if number % 4 >= 2:
                killer.start()
            try:
                process.communicate(timeout=generator.uniform(0.05, 1) * seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                kills += 1
            if number % 4 >= 2:
                killer.join()
        out, error = bench.expect(code, *arguments)
        bench.hold(records(run) == records(first), f"{run}: another journal than the undisturbed run's: {error}")
        bench.hold(decisions(run) == decisions(first), f"{run}: other decisions")
        bench.hold(told(run) == told(first) and len(told(run)) == 1, told(run))
        incidents = isolation.incidents_of(run)
        if not incidents:
            bench.hold(product.leaves(run)[1:] == product.leaves(first)[1:], f"{run}: other leaves")
        reports = [bench.json("verify", one, "--json") for one in (run, first)]
        bench.hold(reports[0]["event_digest"] == reports[1]["event_digest"] and reports[0]["finished"], reports)
        bench.hold(reports[0]["shadows"] == reports[1]["shadows"] and not reports[0]["findings"], reports)
        bench.hold(bench.json("replay", run, "--json")["identical"], run)
        shutil.rmtree(run)
        return kills, len(incidents), sum(one.get("shadow", False) for one in incidents)

    results = bench.parallel(life, range(24))
    kills, incidents, of_shadows = (sum(column) for column in zip(*results))
    print(f"  {kills} kills of runs; {incidents} of workers kept, {of_shadows} of them a shadow's", flush=True)
    bench.hold(kills >= 20 and of_shadows > 0, results)


def a_forged_promotion_is_found(bench):
    """Another adapter in the place of the one that took over, every digest and signature made to fit: `verify` has nothing
    to hold against it; a replay decodes with it."""
    case = Case(bench)
    honest = bench.path("honest")
    bench.expect(0, *case.arguments(honest, "equal", len(case.messages) - 1000))
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
        bench.hold(f"its shadow differs at frame {case.planted} (byte {case.offsets[case.planted]}), which is not recorded"
                   in found["difference"], found)

    # What cannot be so is found without any adapter: another frame, another adapter, no promotion where one was due.
    def other_frame(body):
        body["frame"]["ordinal"] -= 1

    def other_place(body):
        body["frame"]["offset"] += 1

    def other_adapter(body):
        body["adapter"] = "0" * 64

    for number, (change, reason) in enumerate((
            (other_frame, "where frame"), (other_place, "begins with another frame"), (other_adapter, "names other adapters"))):
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
    bench.hold(any("what the ledger does not" in one for one in found["findings"]), found)

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


if __name__ == "__main__":
    product.prove(
        "shadow", an_equal_one_takes_over, another_stream_is_told, one_that_fails_is_left_behind,
        what_does_not_fit_is_refused, kills_change_nothing, a_forged_promotion_is_found)
