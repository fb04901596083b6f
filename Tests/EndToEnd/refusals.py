# SPDX-License-Identifier: Apache-2.0
"""Bad input: each ends with a message that names the place and the way out, the documented exit code, and nothing that
was already recorded lost.

usage: refusals.py EXPROVE ADAPTERS CAPTURES
"""
import json
import os
import shutil
import signal
import subprocess
import time

import product

ROOT = os.path.dirname(os.path.dirname(product.HERE))


def refused(bench, code, parts, *arguments, **how):
    """The command ends so, and says all of this on standard error, which speaks of no mistake of its own."""
    out, error = bench.expect(code, *arguments, **how)
    for part in parts:
        bench.hold(part in error, f"{' '.join(arguments)}: '{part}' is not in: {error}")
    bench.hold("exprove: " in error or "Usage:" in error, error)
    bench.hold("mistake in exprove itself" not in error, error)
    return out


def refused_run(bench, code, parts, arguments):
    """A run that is refused before it began: nothing of it lies there."""
    out = arguments[arguments.index("--out") + 1]
    refused(bench, code, parts, *arguments)
    bench.hold(not os.path.exists(bench.path(out)), f"{out} was begun: {arguments}")


# Adapters


def compiled(bench, name, text):
    source, library = bench.write(name + ".c", text), bench.path(name + ".so")
    subprocess.run(["gcc", "-std=c11", "-shared", "-fPIC", "-fvisibility=hidden", "-I", ROOT + "/sdk-c/include", "-I",
                    ROOT + "/Tests/BrokenAdapters/adapters", "-o", library, source], check=True)
    return library


NEWER = """#include "base.h"
#define MANIFEST_ABI "2.0"
static exprove_status newer(uint32_t version, exprove_adapter *adapter) {
  (void)adapter;
  return version < EXPROVE_ABI_VERSION(2, 0) ? EXPROVE_NOT_IMPLEMENTED : EXPROVE_INTERNAL;
}
#define ENTRY newer
#include "entry.h"
"""


def adapters(bench):
    real = product.read(bench.adapters + "/libnasdaq-itch50.so")
    foreign = bytearray(real)
    foreign[18:20] = (183).to_bytes(2, "little")  # e_machine: aarch64
    cases = [
        (bench.path("absent.so"), 66, ["absent.so", "there is no such file"]),
        (bench.write("foreign.so", bytes(foreign)), 65, ["foreign.so", "built for aarch64", "for this machine"]),
        (bench.write("cut.so", real[:90_000]), 65, ["cut.so", "ends at byte 90000", "copy it again"]),
        (bench.write("head.so", real[:40]), 65, ["head.so", "copy it again"]),
        (bench.write("empty.so", b""), 65, ["empty.so"]),
        (bench.write("text.so", b"no library\n"), 65, ["text.so", "no shared library"]),
        (compiled(bench, "bare", "int exprove_other;\n"), 65, ["bare.so", "does not export", "exprove/adapter.h"]),
    ]
    for path, code, parts in cases:
        refused(bench, code, parts, "adapter", "inspect", path)
        feed = product.itch_feed(bench.itch).replace("nasdaq-itch50", path)
        refused(bench, code, parts, "normalize", "--summary", "--feed", feed)
        refused_run(bench, code, parts, product.Work(bench, "adapter", product.itch_task(), [feed]).arguments("no-run"))
    refused(bench, 66, ["no adapter", "nasdaq-itch50", "EXPROVE_ADAPTERS"], "adapter", "inspect", "nobody")
    # What is declared can be read, but not loaded.
    newer = compiled(bench, "newer", NEWER)
    bench.hold(bench.json("adapter", "inspect", newer, "--json")["abi"] == "2.0", newer)
    feed = product.itch_feed(bench.itch).replace("nasdaq-itch50", newer)
    parts = ["newer.so", "ABI 2.0", "1.0", "update exprove"]
    refused(bench, 65, parts, "normalize", "--summary", "--feed", feed)
    refused_run(bench, 65, parts, product.Work(bench, "newer", product.itch_task(), [feed]).arguments("no-run"))


# Captures


def captures(bench):
    itch, packed = product.read(bench.itch), product.read(bench.spot)
    end = sum(2 + len(message) for message in product.itch_messages(itch)[:6000])
    flipped = bytearray(packed)
    flipped[-6] ^= 1
    spot = "BINANCE=binance:"
    cases = [
        # A frame that is cut in its midst, or in its length.
        (product.itch_feed(bench.write("cut.bin", itch[: end + 20])), 65,
         [f"cut.bin, unpacked byte {end}", "20 of 38 bytes"], 6000),
        (product.itch_feed(bench.write("length.bin", itch[: end + 1])), 65, [f"length.bin, unpacked byte {end}"], 6000),
        # gzip that ends early, whose check sum is wrong, or behind which something else lies.
        (spot + bench.write("cut.gz", packed[:600_000]), 65,
         ["cut.gz, compressed byte 600000", "the file again"], 19000),
        (spot + bench.write("sum.gz", bytes(flipped)), 65, ["sum.gz, compressed byte", "incorrect data check"], 41249),
        (spot + bench.write("more.gz", packed + b"more"), 65, ["more.gz, compressed byte", "the file again"], 41249),
        # Another venue's capture.
        (product.itch_feed(bench.spot), 65, ["spot_btcusdt", "no frame of it", "nasdaq-itch50", "framing="], 0),
        (spot + bench.itch, 64, ["aapl-20200130", "length-prefixed messages", "capture of this venue"], 0),
        (spot + bench.write("letters.txt", b"1723161253937085768 once upon a time\n" * 9), 65,
         ["letters.txt", "no frame of it", "binance", "framing="], 0),
        (spot + bench.captures + "/iex/DEEP10.pcap.gz,framing=line", 65, ["DEEP10"], None),
    ]
    for feed, code, parts, frames in cases:
        out = refused(bench, code, parts, "normalize", "--summary", "--feed", feed)
        # What lies before the damage is counted.
        if frames is not None and frames > 0:
            bench.hold(json.loads(out)["frames"] >= frames, out)
    for path, code, parts in [
        (bench.write("empty.bin", b""), 65, ["empty.bin", "is empty", "again"]),
        (bench.write("empty.gz", b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0"), 65, ["empty.gz"]),
        (bench.path("absent.bin"), 66, ["absent.bin", "check the path"]),
        (bench.work, 65, [bench.work, "directory"]),
    ]:
        feed = product.itch_feed(path)
        refused(bench, code, parts, "normalize", "--summary", "--feed", feed)
        refused_run(bench, code, parts, product.Work(bench, "capture", product.itch_task(), [feed]).arguments("no-run"))
    for feed, parts in [
        (f"XNAS=nasdaq-itch50:{bench.itch}", ["time=venue+0ns"]),
        (f"XNAS=nasdaq-itch50:{bench.itch},time=venue+0ns", ["date=", "zone="]),
        (f"XNAS:{bench.itch}", ["VENUE=ADAPTER:PATH"]),
        (product.itch_feed(bench.itch) + ",colour=red", ["colour"]),
    ]:
        refused(bench, 64, parts, "normalize", "--summary", "--feed", feed)


def damaged_capture_run(bench):
    """What came before the damage is worked and recorded; the exit code tells that it was not all."""
    short = bench.write("short.bin", product.read(bench.itch)[:200_001])
    work = product.Work(bench, "cut", product.itch_task(), [product.itch_feed(short)])
    refused(bench, 65, ["short.bin, unpacked byte", "all before it was used"], *work.arguments("cut"))
    report = bench.json("verify", "cut", "--json")
    bench.hold(report["finished"] and not report["findings"] and report["leaves"] > 100, report)
    bench.hold(bench.json("replay", "cut", "--json")["identical"], "the run over the cut capture")


# Tasks and reference data


def itch_run(bench, text, reference=None):
    work = product.Work(bench, "task", text, [product.itch_feed(bench.itch)])
    if reference is not None:
        bench.write("task-reference.json", reference)
    return work.arguments("no-run")


def tasks(bench):
    good = product.itch_task()
    other = json.loads(product.reference())
    listing = json.loads(json.dumps(other["listings"][-1]))
    listing["symbol"] = "MSFT"
    other["listings"].append(listing)
    late = 'zone "America/New_York"'
    cases = [
        (good.replace("2000 AAPL", "2000 APPL"), 65,
         ["task.exprove:4:27", "unknown unit 'APPL'", "did you mean 'AAPL'"]),
        (good.replace("slices 24", "slices many"), 65, ["task.exprove:7:10", "write it as: slices"]),
        (good.replace("New_York", "New_Yrok"), 65, ["task.exprove:5:58", "tz database"]),
        (good.replace("2000 AAPL", "2000.5 AAPL"), 65,
         ["2000.5 is no multiple of the lot 1 of XNAS AAPL", "state one"]),
        (product.itch_task(venues=[("XNAS", "MSFT")]), 65,
         ["task-reference.json", "no listing of MSFT on XNAS", "add one"]),
        (product.itch_task(venues=[("XNYS", "AAPL")]), 64, ["no --feed XNYS=ADAPTER:PATH", "venue XNYS"]),
        ("", 65, ["task.exprove:1:1", "no task"]),
        (product.itch_task(window=f"2020-01-29T04:00:00 .. 2020-01-29T07:50:00 {late}"), 65,
         ["captures begin at 1580371634909934345", "after the window ended at", "move the window"]),
    ]
    for text, code, parts in cases:
        refused_run(bench, code, parts, itch_run(bench, text))
    # Known only once the capture was read; what was written then is a run that says so.
    later = [
        (product.itch_task(window=f"2020-01-30T09:00:00 .. 2020-01-30T09:50:00 {late}"), None,
         ["captures end at 1580389170516505496", "before the window begins at 1580392800000000000", "move the window"]),
        (product.itch_task(venues=[("XNAS", "MSFT")]), json.dumps(other),
         ["MSFT was never seen on XNAS", "exprove normalize --summary"]),
    ]
    for text, reference, parts in later:
        refused(bench, 65, parts, *itch_run(bench, text, reference))
        shutil.rmtree(bench.path("no-run"))
    arguments = itch_run(bench, good)
    arguments[arguments.index("--task") + 1] = bench.path("absent.exprove")
    refused_run(bench, 66, ["absent.exprove", "check the path"], arguments)


def references(bench):
    """Each value that is needed and missing is named; none has a default."""
    def without(change):
        data = json.loads(product.reference())
        change(data)
        return json.dumps(data)

    def term(key):
        return lambda data: data["listings"][-1]["terms"][0].pop(key)

    cases = [(without(term(key)), [f"{key}: missing"]) for key in (
        "lot", "minimum_quantity", "minimum_notional", "maker_fee", "taker_fee", "fee_currency", "impact")]
    cases += [
        (without(lambda data: data["instruments"][-1].pop("variance")), ["variance of AAPL", "states none"]),
        (without(lambda data: data["instruments"][-1].pop("quote")), ["instruments[2].quote", "missing"]),
        (without(lambda data: data["listings"].pop()), ["no listing of AAPL on XNAS", "add one"]),
        (without(lambda data: data["listings"][-1]["terms"][0].update({"from": "2021-01-01"})), ["none hold at"]),
        (without(lambda data: data["listings"][-1]["terms"][0].update({"lot": 1})), ["listings[2].terms[0].lot"]),
        (without(lambda data: data["listings"][-1]["terms"][0].update({"lots": "1"})), ["lots"]),
        (product.reference()[:500], ["byte 495"]),
    ]
    for reference, parts in cases:
        refused(bench, 65, parts if "variance of AAPL" in parts else ["task-reference.json", *parts],
                *itch_run(bench, product.itch_task(), reference))
        shutil.rmtree(bench.path("no-run"), ignore_errors=True)


# Where runs are written


def directories(bench):
    work = product.small_work(bench, "directory", slices=4)
    os.mkdir(bench.path("strange"))
    bench.write("strange/letter", b"mine")
    refused(bench, 65, ["strange: holds 'letter'", "--out"], *work.arguments("strange"))
    bench.hold(os.listdir(bench.path("strange")) == ["letter"], "something was written beside the letter")
    bench.write("plain", b"")
    refused(bench, 65, ["plain: is not a directory", "--out"], *work.arguments("plain"))
    refused(bench, 74, ["plain/run: cannot create directory", "check the path"], *work.arguments("plain/run"))
    # An owner without write permission; root has the right to overlook it, unless it is taken away.
    os.mkdir(bench.path("closed"))
    os.chmod(bench.path("closed"), 0o500)
    wrapper = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    bench.hold(subprocess.run([*wrapper, "true"], check=False).returncode == 0, "root cannot give up its rights here")
    refused(bench, 74, ["closed/run: cannot create directory: Permission denied", "choose a directory"],
            *work.arguments("closed/run"), wrapper=wrapper)
    # A run of other options is not gone on with, and stays as it is.
    bench.expect(0, *work.arguments("first"))
    before = {name: product.read(bench.path("first/" + name)) for name in product.files_of(bench.path("first"))}
    other = product.small_work(bench, "another", slices=5)
    refused(bench, 65, ["first: holds another run", "--out"], *other.arguments("first"))
    # Nor is one whose input has changed.
    shorter = bench.write("shorter.bin", product.read(bench.itch))
    changing = product.Work(bench, "changing", product.itch_task(slices=4), [product.itch_feed(shorter)])
    bench.expect(0, *changing.arguments("second"))
    bench.write("shorter.bin", product.read(bench.itch)[: 200_000])
    refused(bench, 65, ["differs from what the same inputs give now", "new run"], *changing.arguments("second"))
    bench.hold(bench.json("verify", "second", "--json")["finished"], "the run whose capture was changed since")
    # A finished run that is run again stays as it is, to the last byte.
    bench.expect(0, *work.arguments("first"))
    after = {name: product.read(bench.path("first/" + name)) for name in product.files_of(bench.path("first"))}
    bench.hold(before == after, "a finished run was changed")
    refused(bench, 66, ["nowhere", "no such directory"], "verify", "nowhere")
    refused(bench, 66, ["strange", "no run.json"], "replay", "strange")
    refused(bench, 64, ["--vkey"], "verify", "first", "--vkey", "desk+00000000+AAAA")
    # Somebody else's key is not this run's.
    bench.expect(0, *work.arguments("theirs"), EXPROVE_HOME=bench.path("their-home"))
    report = bench.json("verify", "first", "--vkey", product.vkey(bench.path("theirs")), "--json", code=1)
    bench.hold(any("not by the key that was brought" in finding for finding in report["findings"]), report)


def homes(bench):
    """Private keys that others can read are not used."""
    work = product.small_work(bench, "home", slices=2)
    home = bench.path("open-home")
    os.mkdir(home)
    os.chmod(home, 0o755)
    refused(bench, 74, ["open-home has mode 755", "chmod 700"], *work.arguments("no-run"), EXPROVE_HOME=home)
    os.chmod(home, 0o700)
    bench.expect(0, *work.arguments("home-run"), EXPROVE_HOME=home)
    os.chmod(home + "/desk.identity", 0o644)
    refused(bench, 74, ["desk.identity has mode 644", "chmod 600"], *work.arguments("home-run"), EXPROVE_HOME=home)
    with open(home + "/desk.identity", encoding="utf-8") as file:
        secret = file.read().split("ed25519 ")[1].strip()
    for name in product.files_of(bench.path("home-run")):
        bench.hold(secret.encode() not in product.read(bench.path("home-run/" + name)), f"{name} holds the private key")


def two_at_once(bench):
    """One process at a time writes a run; the other is told, and the first is not disturbed."""
    work = product.pair_work(bench, "busy")
    first = bench.begun(work.arguments("busy"), "busy")
    first.send_signal(signal.SIGSTOP)
    refused(bench, 74, ["busy", "another exprove writes to this run", "wait"], *work.arguments("busy"))
    first.send_signal(signal.SIGCONT)
    _, error = first.communicate(timeout=60)
    bench.hold(first.returncode == 0, error)
    bench.hold(bench.json("verify", "busy", "--json")["finished"], "the first run")


# A full disk


def full_disk(bench):
    """The disk fills up at many places of a run: the error says so; what was recorded verifies; after room was made the
    same command goes on to the leaves of a run that had room from the start."""
    work = product.small_work(bench, "disk")
    bench.expect(0, *work.arguments("roomy"))
    leaves = product.leaves(bench.path("roomy"))
    mount = bench.path("disk")
    os.mkdir(mount)
    can_mount = os.geteuid() == 0 and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "none", mount], capture_output=True).returncode == 0
    if can_mount:
        subprocess.run(["umount", mount], check=True)
    for kilobytes in [32, 160, 240, 260, 300, 360, 440, 520, 700, 900, 1200]:
        (on_small_disk if can_mount else with_small_files)(bench, work, mount, kilobytes, leaves)


def on_small_disk(bench, work, mount, kilobytes, leaves):
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "none", mount], check=True)
    try:
        refused(bench, 74, [mount, "No space left on device", "make room there and run the same command again"],
                *work.arguments(mount + "/run"))
        held(bench, mount + "/run")
        subprocess.run(["mount", "-o", "remount,size=64m", mount], check=True)
        goes_on(bench, work, mount + "/run", leaves)
    finally:
        subprocess.run(["umount", mount], check=True)


def with_small_files(bench, work, mount, kilobytes, leaves):
    """Without the right to mount: a limit on the size of each file."""
    if kilobytes < 256:
        return  # less than the adapter's own file, whose sealed copy is limited too
    run = f"{mount}/run-{kilobytes}"
    code, _, error = bench.call(*work.arguments(run), wrapper=["prlimit", f"--fsize={kilobytes * 1024}"])
    if code == 0:
        return
    bench.hold(code == 74 and "File too large" in error and "run the same command again" in error, error)
    held(bench, run)
    goes_on(bench, work, run, leaves)


def held(bench, run):
    """What an interrupted run recorded holds; before its first checkpoint there is nothing, and that is said."""
    code, out, error = bench.call("verify", run, "--json")
    if code == 66:
        bench.hold("no run.json" in error, error)
        return
    report = json.loads(out)
    early = code == 1 and "covers no leaf yet" in report["findings"][0]
    bench.hold(early or code == 0 and not report["finished"], report)


def goes_on(bench, work, run, leaves):
    bench.expect(0, *work.arguments(run))
    bench.hold(product.leaves(run)[1:] == leaves[1:], f"{run} ended otherwise than a run with room")
    report = bench.json("verify", run, "--json")
    bench.hold(report["finished"] and not report["tail"] and not report["findings"], report)


def limited_files(bench):
    """A limit on file sizes is an error with a name, not a signal."""
    os.mkdir(bench.path("limits"))
    work = product.small_work(bench, "limits-work")
    refused(bench, 74, ["File too large", "ulimit -f"], *work.arguments("walled"), wrapper=["prlimit", "--fsize=800000"])
    # What a worker is told lies in a memory file, which such a limit concerns too.
    plain = work.arguments
    work.arguments = lambda out: [*plain(out), "--isolation", "in-process"]
    bench.expect(0, *work.arguments("unlimited"))
    for kilobytes in [300, 800]:
        with_small_files(bench, work, bench.path("limits"), kilobytes, product.leaves(bench.path("unlimited")))


def full_output(bench):
    """Results that cannot be written are an error too."""
    with open("/dev/full", "wb") as full:
        done = subprocess.run([bench.exprove, "normalize", "--format", "csv", "--feed", product.itch_feed(bench.itch)],
                              stdout=full, stderr=subprocess.PIPE, env=bench.environment, timeout=60)
    bench.hold(done.returncode == 74 and b"standard output: cannot write: No space left" in done.stderr, done)


def interrupted(bench):
    """Ctrl-C in the midst of a run: nothing recorded is lost, and the same command goes on."""
    work = product.pair_work(bench, "interrupted")
    for number in range(20):
        run = f"interrupted-{number}"
        process = bench.begun(work.arguments(run), run)
        time.sleep(0.02 * number)
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=60)
        if process.returncode == 130:
            break
    bench.hold(process.returncode == 130 and b"is valid, and the same command goes on from there" in error, error)
    held(bench, run)
    bench.expect(0, *work.arguments("undisturbed"))
    goes_on(bench, work, bench.path(run), product.leaves(bench.path("undisturbed")))


if __name__ == "__main__":
    product.prove(
        "refusals", adapters, captures, damaged_capture_run, tasks, references, directories, homes, two_at_once,
        full_disk, limited_files, full_output, interrupted)
