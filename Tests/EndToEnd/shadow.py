# SPDX-License-Identifier: Apache-2.0
"""A second version of an adapter that runs along: an equal one takes over at its frame and changes nothing that is
decided; one that differs is told with the very frame, its bytes and both events; one that fails is left behind. A run
that is killed, or whose workers are, comes to the same journal; a replay needs both adapters and finds a promotion that
the streams do not bear.

usage: shadow.py EXPROVE ADAPTERS CAPTURES
"""
import json
import os
import random
import shutil
import signal
import struct
import subprocess
import threading
import time

import certificate
import isolation
import product
from shadow_case import PLANTED, PROMOTED, Case, decisions, is_told_in_place, records, told
from shadow_forgery import a_forged_promotion_is_found

SEED = 5


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


def a_failure_of_chance_is_kept(bench):
    """One that fails in some processes only. What was recorded of it stays, whatever becomes of it when the run is gone
    over once more; and where it went past before, it must go past again, or the run stops unharmed."""
    case = Case(bench)
    whole = case.alone()[1]
    runs = {}
    for number in range(100):
        run = bench.path(f"moody-{number}")
        code, out, error = bench.call(*case.arguments(run, "moody"))
        bench.hold(code in (0, 1), f"{code} {out} {error}")
        runs[code] = run
        if len(runs) == 2:
            break
    bench.hold(len(runs) == 2, "it fails always or never")
    passed, failed = runs[0], runs[1]
    before = records(failed, ())
    for _ in range(12):
        bench.expect(1, *case.arguments(failed, "moody"))
        bench.hold(records(failed, ()) == before, "what was recorded does not stay")
    bench.hold(told(failed)[0][0]["what"] == "failed", told(failed))
    bench.hold(bench.json("verify", failed, "--json")["event_digest"] == whole["event_digest"], "the stream")
    bench.hold(bench.json("replay", failed, "--json")["identical"], "a recorded failure is replayed")
    before, codes = records(passed, ()), set()
    for _ in range(100):
        code, out, error = bench.call(*case.arguments(passed, "moody"))
        bench.hold(code == 0 or code == 74 and "went past before" in error, f"{code} {out} {error}")
        bench.hold(records(passed, ()) == before, "what was recorded does not stay")
        codes.add(code)
        if codes == {0, 74}:
            break
    bench.hold(codes == {0, 74}, codes)


def each_feed_of_its_name(bench):
    """Without a venue a shadow is for every feed of the adapter of its name."""
    case = Case(bench)
    work = product.pair_work(bench, "pair")
    alone, run, shadow = bench.path("pair-alone"), bench.path("pair-run"), case.version("binance")
    bench.expect(0, *work.arguments(alone))
    out, _ = bench.expect(0, *work.arguments(run), "--shadow", shadow, "--promote-after", "1000")
    bench.hold(out.count(" took over from binance 1.0.0 at frame 1000 ") == 2, out)
    reports = [bench.json("verify", one, "--json") for one in (alone, run)]
    bench.hold(reports[0]["event_digest"] == reports[1]["event_digest"] and not reports[1]["findings"], reports[1])
    bench.hold(decisions(alone) == decisions(run), "other decisions than those of the run alone")
    bench.hold([one["feed"] for one in reports[1]["shadows"]] == [0, 1], reports[1])
    case.replays(run)
    _, error = bench.expect(64, *work.arguments(bench.path("none")), "--shadow", "BINANCE=nasdaq-itch50")
    bench.hold("have no date" in error, error)
    out, _ = bench.expect(0, *work.arguments(bench.path("one")), "--shadow", "BINANCE-UM=" + shadow)
    bench.hold(out.count("shadow: ") == 1 and "shadow: feed 1 (BINANCE-UM): binance 1.0.1 gives the same" in out, out)


def what_does_not_fit_is_refused(bench):
    case = Case(bench)
    out, feed = bench.path("none"), case.work.arguments(bench.path("none"))
    own = bench.adapters + "/libnasdaq-itch50.so"
    for code, reason, *more in (
            (64, "it is the very adapter of feed 0", "--shadow", own),
            (64, "it is the very adapter of feed 0", "--shadow", "nasdaq-itch50"),
            (64, "no feed's adapter is called binance", "--shadow", "binance"),
            (64, "no feed has the venue BATS", "--shadow", "BATS=" + own),
            (64, "has a shadow already", "--shadow", case.version("equal"), "--shadow",
             "XNAS=" + case.version("altered")),
            (64, "without a --shadow", "--promote-after", "5"),
            (64, "1 or more", "--promote-after", "0", "--shadow", case.version("equal")),
            (64, "does not tell them", "--shadow", "XNAS=binance"),
            (66, "no such file", "--shadow", "./nowhere.so")):
        _, error = bench.expect(code, *feed, *more)
        bench.hold(reason in error, error)
    bench.hold(not os.path.exists(out + "/run.json"), "a run began all the same")
    # A policy that demands a sandbox demands it of both.
    demand = bench.write("sandbox.json", json.dumps({**certificate.POLICY, "isolation": "sandbox"}))
    alone, told_ = bench.call(*case.work.arguments(bench.path("sandboxed")), "--policy", demand)[::2]
    if alone == 0:
        _, told_ = bench.expect(1, *feed, "--policy", demand, "--shadow", case.version("early"))
        bench.expect(0, *case.arguments(bench.path("sandboxed-too"), "early"))
        bench.expect(0, *case.arguments(bench.path("sandboxed-both"), "equal"), "--policy", demand)
    bench.hold("demands a whole sandbox" in told_, told_)
    bench.hold(not os.path.exists(out + "/run.json"), "a run began without the sandbox that its policy demands")
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


def kill_workers(process, generator, gap):
    """Kills workers at random moments, not so soon one after another that none gets on: that would be a quarantine."""
    while process.poll() is None:
        time.sleep(generator.uniform(gap, 3 * gap))
        workers = isolation.children(process.pid)
        if workers:
            try:
                os.kill(generator.choice(workers), signal.SIGKILL)
            except ProcessLookupError:
                pass


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
            # In some lives the run alone is killed, in some the workers, in some both.
            killer = threading.Thread(target=kill_workers, args=(process, generator, seconds / 8))
            if number % 3 > 0:
                killer.start()
            try:
                said = process.communicate(
                    timeout=None if number % 3 == 1 else generator.uniform(0.05, 1) * seconds)
                # On a machine that is busy elsewhere three kills may fall into one worker's start.
                if number % 3 > 0 and b"failed again and again" in b"".join(said):
                    killer.join()
                    shutil.rmtree(run)
                    return 0, 0, 0, 1
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                kills += 1
            if number % 3 > 0:
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
        return kills, len(incidents), sum(one.get("shadow", False) for one in incidents), 0

    results = []
    while len(results) < 300:
        results += bench.parallel(life, range(len(results), len(results) + 6))
        kills, incidents, of_shadows, spoilt = (sum(column) for column in zip(*results))
        if kills >= 20 and of_shadows >= 20:
            break
    print(f"  {kills} kills of runs; {incidents} of workers kept, {of_shadows} of them a shadow's; {len(results)} runs, "
          f"{spoilt} of them given up after a quarantine", flush=True)
    bench.hold(kills >= 20 and of_shadows >= 20 and spoilt <= len(results) // 4, results)


if __name__ == "__main__":
    product.prove(
        "shadow", an_equal_one_takes_over, another_stream_is_told, one_that_fails_is_left_behind,
        a_failure_of_chance_is_kept, each_feed_of_its_name, what_does_not_fit_is_refused, kills_change_nothing,
        a_forged_promotion_is_found)
