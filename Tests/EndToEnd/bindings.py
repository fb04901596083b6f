# SPDX-License-Identifier: Apache-2.0
"""A library bound by declaration, as its vendor and an auditor use it: the tutorial's commands, a run with it as a feed
that replays after binding and library are gone, and what is refused.

usage: bindings.py EXPROVE ADAPTERS CAPTURES
"""
import gzip
import os
import re
import shutil
import subprocess

import product

ROOT = os.path.dirname(os.path.dirname(product.HERE))


def example(bench, name):
    """A copy of the example, built, as its README says."""
    place = bench.path(name)
    shutil.copytree(ROOT + "/sdk-c/examples/binding", place, ignore=shutil.ignore_patterns("*.so"))
    made = subprocess.run(["make", "-s", "-C", place], capture_output=True, text=True, check=False)
    bench.hold(made.returncode == 0, made.stderr)
    return place


def capture(bench):
    """The first packets of the real capture."""
    with gzip.open(bench.captures + "/iex/DEEP10.pcap.gz", "rb") as file:
        return bench.write("deep.pcap", whole_packets(file.read(1 << 20)))


def whole_packets(data):
    """Whole packets only."""
    at = 24
    while at + 16 <= len(data):
        after = at + 16 + int.from_bytes(data[at + 8 : at + 12], "little")
        if after > len(data):
            break
        at = after
    return data[:at]


def tutorial(bench):
    """What the README shows is what comes."""
    place = example(bench, "tutorial")
    with open(place + "/README.md", encoding="utf-8") as file:
        blocks = re.findall(r"^```console\n(.*?)^```", file.read(), flags=re.M | re.S)
    shown = blocks[0].split("deep.binding\n", 1)[1]
    told = bench.expect(0, "adapter", "inspect", "./deep.binding", cwd=place)[0]
    plain = [re.sub(r"[0-9a-f]{64}|…|\d+ bytes", "#", text) for text in (shown, told)]
    bench.hold(plain[0] == plain[1], f"README shows\n{shown}\ncame\n{told}")
    command, shown = blocks[1].split("\n")[0], blocks[1].split("wrong.binding\n")[2]
    subprocess.run(["sh", "-c", command[2:]], cwd=place, check=True)
    told = bench.expect(65, "adapter", "inspect", "./wrong.binding", cwd=place)[1]
    bench.hold(told.strip() == shown.strip(), f"README shows\n{shown}\ncame\n{told}")


def conforms(bench):
    place = example(bench, "conforms")
    packets = capture(bench)
    report = bench.json("conform", place + "/deep.binding", "--capture", packets, "--json")
    bench.hold(report["verdict"] == "pass", report)
    failed = [check["id"] for check in report["checks"] if check["status"] not in ("pass", "skip", "warn")]
    bench.hold(not failed, failed)


def replays(bench):
    """The run directory has all that a replay needs."""
    place = example(bench, "replays")
    work = product.pair_work(bench, "bound")
    feed = f"IEXG={place}/deep.binding:{capture(bench)},role=reference"
    bench.expect(0, *work.arguments("bound", [*work.feeds, feed]))
    shutil.rmtree(place)
    report = bench.json("replay", "bound", "--json")
    bench.hold(report["identical"] and report["decoded_again"], report)
    report = bench.json("verify", "bound", "--json")
    bench.hold(not report["findings"] and report["verdict"].startswith("consistent"), report)
    # One byte of the library in the bundle, and it is another adapter.
    feeds = product.run_description(bench.path("bound"))["feeds"]
    digest = next(feed["adapter"]["digest"] for feed in feeds if feed["venue"] == "IEXG")
    path = bench.path(f"bound/adapters/{digest.removeprefix('sha256:')}.so")
    data = bytearray(product.read(path))
    bench.hold(data.startswith(b"ExProve bundle 1\n"), data[:20])
    data[-1] ^= 1
    with open(path, "wb") as file:
        file.write(data)
    bench.hold(bench.call("replay", "bound")[0] != 0, "a changed library is taken")
    bench.hold(bench.call("verify", "bound")[0] == 1, "a changed library verifies")


def refusals(bench):
    place = example(bench, "refusals")
    for name, text, code, words in [
        ("empty", "", 65, "empty.binding:1:1: error: the file ends here, where “binding 1;” belongs"),
        ("gone", "binding 1;\nlibrary \"nothing.so\";\n", 65, "gone.binding:3:1: error: the manifest is missing"),
    ]:
        with open(f"{place}/{name}.binding", "w", encoding="utf-8") as file:
            file.write(text)
        error = bench.expect(code, "adapter", "inspect", f"./{name}.binding", cwd=place)[1]
        bench.hold(words in error, error)
    os.remove(place + "/libdeep.so")
    error = bench.expect(66, "adapter", "inspect", "./deep.binding", cwd=place)[1]
    bench.hold("deep.binding:6:9: error: there is no file ./libdeep.so" in error, error)
    bench.expect(66, "adapter", "inspect", "./nothing.binding", cwd=place)


if __name__ == "__main__":
    product.prove("bindings", tutorial, conforms, replays, refusals)
