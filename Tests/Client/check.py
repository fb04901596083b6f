# SPDX-License-Identifier: Apache-2.0
"""Holds libexprove.so and its examples against the command, the captures and an independent count.

usage: check.py EXPROVE ADAPTERS CAPTURES WORK EXAMPLE...
    WORK: an empty directory that is left to the caller, with the runs `whole` and `small` afterwards;
    EXAMPLE: the built examples, which must all say the same. EXPROVE_LIBRARY names the library.
DAMAGES (40) of the environment says how many damaged directories are tried. Ends with `N passed, N failed`.
"""
import collections
import gzip
import json
import os
import random
import shutil
import subprocess
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [here + "/../../sdk-c/python", here]
import exprove  # noqa: E402
import forge  # noqa: E402

command, adapters, captures, work = (os.path.abspath(a) for a in sys.argv[1:5])
examples = [os.path.abspath(a) for a in sys.argv[5:]]
environment = {"PATH": os.environ["PATH"], "EXPROVE_ADAPTERS": adapters, "EXPROVE_HOME": work + "/home", "HOME": work}
START = 1723161253937085768
passed = failed = 0


def hold(condition, *what):
    global passed, failed
    if condition:
        passed += 1
    else:
        failed += 1
        print("does not hold:", *[str(part)[-1500:] for part in what], flush=True)


def refused(status, call, *arguments):
    try:
        call(*arguments)
    except exprove.Error as error:
        return error.status == status and str(error)
    return False


def call(*arguments, code=0):
    done = subprocess.run([command, *arguments], capture_output=True, cwd=work, env=environment, timeout=300)
    assert done.returncode == code, (arguments, done.returncode, done.stdout[-500:], done.stderr[-500:])
    return done.stdout.decode()


def make_run(name, spot, usdm, window, quantity, slices):
    with open(f"{work}/{name}.exprove", "w") as file:
        file.write(f"""task buy {{
  account "DESK-1"  capacity agency
  instrument BTCUSDT  currency USDT
  side buy  quantity {quantity} BTC
  window {window} zone "UTC"
  objective is {{ risk-aversion 0.0001 }}
  slices {slices}
  participation 20%
  limit 62500.00
  venue BINANCE as BTCUSDT
  reference BINANCE-UM as BTCUSDT
}}
""")
    call("run", "--task", f"{name}.exprove", "--reference", here + "/../EndToEnd/reference.json", "--fills", "model",
         "--feed", f"BINANCE=binance:{spot}", "--feed", f"BINANCE-UM=binance:{usdm},market=usdm,role=reference",
         "--out", name)


def make_runs():
    paths = {name: f"{captures}/binance/{name}_btcusdt_20240808.gz" for name in ("spot", "usdm")}
    make_run("whole", paths["spot"], paths["usdm"], "2024-08-08T23:55:00 .. 2024-08-08T23:59:00", "2", 8)
    for name, path in paths.items():
        with gzip.open(path) as source, open(f"{work}/{name}", "wb") as short:
            for line in source:
                if int(line.split(b" ", 1)[0]) > START + 20_000_000_000:
                    break
                short.write(line)
    make_run("small", work + "/spot", work + "/usdm", "2024-08-08T23:54:20 .. 2024-08-08T23:54:30", "0.5", 2)
    return paths


def check_facts():
    with open(work + "/whole/run.json", "rb") as file:
        text = file.read()
    said = json.loads(text)
    with exprove.open(work + "/whole") as run:
        facts = run.facts
        hold(facts["description"].encode() == text and facts["description_digest"] == forge.sha(text).hex(), "run.json")
        hold(all(facts[key] == said[key] for key in ("program", "identity", "verifier", "origin", "fills", "seed", "task",
                                                     "policy", "fills_detail")), facts)
        hold(facts["started"] == int(said["started"]) and facts["reference_digest"] == said["reference"], facts)
        hold([(f.venue, f.role, f.source, f.option, f.container) for f in run.feeds]
             == [tuple(f[key] for key in ("venue", "role", "source", "option", "container")) for f in said["feeds"]],
             run.feeds)
        hold([f.adapter_digest for f in run.feeds]
             == [f["adapter"]["digest"] if f["adapter"] else "0" * 64 for f in said["feeds"]], run.feeds)


def check_events(paths):
    """What is read is the capture, byte for byte; and its digest, made here, is the run's."""
    unpacked = []
    for path in paths.values():
        with gzip.open(path) as file:
            unpacked.append(file.read())
    with exprove.open(work + "/whole") as run:
        events, stream, learned = run.events(), forge.Stream(), [[] for _ in run.feeds]
        trades, last, listed, next_number, from_capture, frames_of = [0, 0], [None, None], [], 0, True, [0] * len(run.feeds)
        for batch in events:
            frames = list(batch.frames())
            raw = [batch.frame_bytes[i:i + 32] for i in range(0, len(batch.frame_bytes), 32)]
            stream.add(raw, [batch.event_bytes[i:i + 64] for i in range(0, len(batch.event_bytes), 64)])
            next_number, same = next_number + len(batch.event_bytes) // 64, batch.sequence == next_number
            from_capture = from_capture and same
            for frame in frames:
                data = batch.bytes[frame.data:frame.data + frame.length]
                frames_of[frame.feed] += 1
                if frame.feed > 1:
                    continue
                from_capture = from_capture and unpacked[frame.feed][frame.offset:frame.offset + frame.length] == data
                if b'"e":"trade"' in data:
                    message = json.loads(data)
                    trades[frame.feed] += 1
                    message = message.get("data", message)
                    last[frame.feed] = (message["p"], message["q"])
            for event, data in zip(batch.events(), range(0, len(batch.event_bytes), 64)):
                feed = frames[event.frame].feed
                if event.kind == 17:
                    texts, used = learned[feed], min(event.level, 40)
                    if event.instrument == len(texts):
                        texts.append(b"")
                    texts[event.instrument] += batch.event_bytes[data + 8:data + 8 + used]
                elif event.kind == 16 and event.instrument == len(listed):
                    listed.append((run.feeds[feed].venue, learned[feed][event.aux].decode(), event.level))
        hold(from_capture, "frames are not the capture's bytes, or numbers are not dense")
        hold([tuple(events.instrument(i)) for i in range(len(listed))] == listed and len(listed) == 2, listed)
        hold(refused(exprove.NOT_FOUND, events.instrument, len(listed)), "an instrument beyond the last")
        hold(all(events.text(feed, number) == text for feed, texts in enumerate(learned)
                 for number, text in enumerate(texts)), learned)
        hold(refused(exprove.NOT_FOUND, events.text, 0, len(learned[0])), "a text beyond the last")
        return dict(events=stream.events, frames=stream.frames, digest=stream.hash.hexdigest(), trades=trades, last=last)


def decimal(text):
    return text.rstrip("0").rstrip(".") if "." in text else text


def check_examples(counted):
    vkey = json.load(open(work + "/whole/run.json"))["verifier"]
    verified = json.loads(call("verify", "whole", "--vkey", vkey, "--json"))
    outputs = [subprocess.run([example, work + "/whole", vkey], capture_output=True, timeout=120) for example in examples]
    hold(all(o.returncode == 0 and not o.stderr and o.stdout == outputs[0].stdout for o in outputs), outputs)
    lines = outputs[0].stdout.decode().splitlines()
    said = collections.defaultdict(list)
    for line in lines:
        key, _, value = line.partition(": ")
        said[key].append(value)
    hold(said["verdict"] == [verified["verdict"]] == ["verified"] and verified["finished"], said["verdict"])
    hold(said["not proven"] == verified["not_proven"] and not said["does not hold"], said["not proven"])
    hold(said["verified events"] == [str(verified["events"])] == said["events"] == [str(counted["events"])], said["events"])
    hold(said["event digest"] == [verified["event_digest"]] == [counted["digest"]], said["event digest"])
    hold(said["verified leaves"] == [str(verified["leaves"])] and said["frames"] == [str(counted["frames"])], said)
    for index, venue in enumerate(("BINANCE", "BINANCE-UM")):
        price, quantity = map(decimal, counted["last"][index])
        expected = f"{counted['trades'][index]} trades, the last at {price} x {quantity}"
        hold(said[f"{venue} BTCUSDT"] == [expected], venue, expected, said[f"{venue} BTCUSDT"])
    plans = [statement for statement in ledger(work + "/whole") if statement[1]["predicateType"] == exprove.PLAN]
    hold(said["plan deltas"] == [str(len(plans))] and len(plans) == 8, said["plan deltas"])
    for index, statement in plans:
        body = forge.canonical(statement["predicate"]).decode()
        hold(said[f"leaf {index}, {statement['subject'][0]['name']}"] == [body], index)
    wrong = forge.Forgery(work + "/small").vkey("desk")
    for example in examples:
        done = subprocess.run([example, work + "/whole", wrong], capture_output=True, timeout=120)
        hold(done.returncode == 1 and b"not by the key that was brought" in done.stdout, done)
        for arguments, code in [([], 64), ([work + "/nothing"], 66), ([work], 66), ([work + "/whole", "key"], 64)]:
            done = subprocess.run([example, *arguments], capture_output=True, timeout=120)
            hold(done.returncode == code and done.stderr, arguments, done)


def ledger(directory):
    """The statements of a ledger of any size, read without the library."""
    root, number, index = directory + "/ledger/tile/entries", 0, 0
    while True:
        whole = f"{root}/{number:03}"
        if os.path.isdir(whole + ".p"):
            whole = f"{whole}.p/{max(os.listdir(whole + '.p'), key=int)}"
        if not os.path.exists(whole):
            return
        for statement in forge.statements(whole):
            yield index, statement
            index += 1
        number += 1


def check_statements():
    for name in ("whole", "small"):
        with exprove.open(f"{work}/{name}") as run:
            expected = [(index, s["predicateType"], s["subject"][0]["name"], s["subject"][0]["digest"]["sha256"],
                         forge.canonical(s)) for index, s in ledger(f"{work}/{name}")]
            found = [(s.index, s.predicate_type, s.subject, s.subject_digest, s.payload) for s in run.statements()]
            hold(found == expected and len(found) > 40, name, len(found), len(expected))
            for kind in (exprove.RUN, exprove.PLAN, exprove.FILL, exprove.SUMMARY, "https://exprove.dev/pla/v1"):
                hold([s.index for s in run.statements(kind, 3)]
                     == [line[0] for line in expected if line[1] == kind and line[0] >= 3], kind)


def check_binding():
    """After a verification, what has changed in the directory is not handed out as what was verified."""
    base = forge.Forgery(work + "/small")
    directory = work + "/bound"

    def opened():
        run = exprove.open(base.write(directory))
        assert run.verify()["verdict"].startswith("consistent")
        hold(sum(len(b.event_bytes) for b in run.events()) > 0, "a run that did not change")
        return run

    other = base.copy()
    other.change(-1, lambda batch: batch.events[0].__setitem__(24, batch.events[0][24] ^ 1))
    run = opened()
    other.write(directory)
    hold(refused(5, list, run.events()), "another journal, under the same key")
    hold(refused(5, list, run.statements()), "another ledger, under the same key")
    hold(run.verify()["verdict"].startswith("consistent") and len(list(run.statements())) == 45, "verified again")
    run = opened()
    os.truncate(directory + "/journal/000000.seg", os.path.getsize(directory + "/journal/000000.seg") // 2)
    hold(refused(5, list, run.events()), "a journal that was cut")
    run = opened()
    other = base.copy()
    other.run["started"] = str(int(other.run["started"]) + 1)
    other.write(directory)
    report = run.verify()
    hold(report["verdict"] == "failed" and "has changed since" in report["findings"][-1], report)


def check_interrupted():
    """A run that did not end: verified it ends at its last checkpoint, not verified at the last whole record."""
    base = forge.Forgery(work + "/small")
    places = [i for i, statement in enumerate(base.statements) if statement["predicateType"] == exprove.JOURNAL]
    del base.statements[places[1] + 1:]
    directory = base.write(work + "/interrupted")
    with open(directory + "/journal/000000.seg", "ab") as file:
        file.write(b"unfinished")
    with exprove.open(directory) as run:
        whole = sum(len(batch.event_bytes) // 64 for batch in run.events())
        report = run.verify()
        events = run.events()
        covered = sum(len(batch.event_bytes) // 64 for batch in events)
        hold(not report["finished"] and report["verdict"].startswith("consistent") and report["tail"], report)
        hold(covered == report["events"] < whole, covered, report["events"], whole)
    done = subprocess.run([examples[0], directory], capture_output=True, timeout=120)
    hold(done.returncode == 0 and b"behind the last checkpoint: journal: " in done.stdout, done)


def damage(path, how, generator):
    with open(path, "rb") as file:
        data = bytearray(file.read())
    os.remove(path)
    if how == "flip":
        data[generator.randrange(len(data))] ^= 1 << generator.randrange(8)
    elif how == "cut":
        data = data[:generator.randrange(len(data))]
    if how != "missing":
        forge.put(path, data)


def check_damage():
    generator = random.Random(int(os.environ.get("SEED", "1")))
    files = [os.path.join(folder, name) for folder, _, names in os.walk(work + "/small") for name in sorted(names)]
    cases = [(path, how) for path in files for how in ("flip", "cut", "missing")]
    cases += [(generator.choice(files), generator.choice(("flip", "flip", "cut")))
              for _ in range(int(os.environ.get("DAMAGES", "40")))]
    for path, how in cases:
        copy = work + "/damaged"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(work + "/small", copy, copy_function=os.link)
        damage(path.replace(work + "/small", copy), how, generator)
        name = os.path.relpath(path, work + "/small")
        for example in (examples[0], examples[-1]):
            done = subprocess.run([example, copy], capture_output=True, timeout=120)
            found = done.stdout if done.returncode == 1 else done.stderr
            hold(done.returncode in (1, 65, 66) and (b"does not hold: " in found or b": " in found), name, how, done)
        told = subprocess.run([command, "verify", copy, "--json"], capture_output=True, env=environment, timeout=120)
        hold(told.returncode in (1, 66), name, how, told)
        if done.returncode == 1:
            report = json.loads(told.stdout)
            lines = [line[15:] for line in done.stdout.decode().splitlines() if line.startswith("does not hold: ")]
            hold(lines == report["findings"], name, how, lines, report["findings"])


paths = make_runs()
check_facts()
check_examples(check_events(paths))
for check in (check_statements, check_binding, check_interrupted, check_damage):
    check()
    print(f"{check.__name__}: {passed} passed", flush=True)
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed else 0)
