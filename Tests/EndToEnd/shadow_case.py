# SPDX-License-Identifier: Apache-2.0
"""What the proofs of shadows share: second versions of the ITCH adapter, runs with them, and what those recorded."""
import hashlib
import json
import os
import re
import struct
import subprocess
import sys

import product
import verify_journal

sys.path.insert(0, os.path.join(os.path.dirname(product.HERE), "Client"))

import forge  # noqa: E402  (the path above leads to it)

PLANTED = 5000
PROMOTED = 3000
ROOT = os.path.dirname(os.path.dirname(product.HERE))

# What a version does before and after it decodes, by its name.
FAULT = "for (uint32_t i = 0; i < b->frame_count; i++) if (is_planted(b, i)%s) *(volatile int *)8 = 1;"
DEEDS = {
    "equal": ("", ""),
    # Asks for a sandbox that stands only after its start.
    "early": ("", ""),
    # The quantity of the planted message's event is one more.
    "altered": ("", "for (uint32_t i = 0; i < b->events_filled; i++)"
                    " if (is_planted(b, b->events[i].frame)) b->events[i].quantity++;"),
    # The planted message brings a fault out; in three of four processes, since a library lies at another place in each.
    "faulty": (FAULT % "", ""),
    "moody": (FAULT % " && ((uintptr_t)&exprove_adapter_entry >> 12 & 3)", ""),
}


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
        """The adapter as 1.0.1, with a deed of DEEDS; or Binance's, with none."""
        library = self.bench.path(f"{name}.so")
        if os.path.exists(library):
            return library
        plugin = ROOT + ("/Plugins/binance" if name == "binance" else "/Plugins/nasdaq")
        text = product.read(plugin + "/adapter.c").decode()
        adapter, count = re.subn(r'"version: .*\\n"', r'"version: 1.0.1\\n"', text)
        assert count == 1, adapter
        if name == "early":
            adapter = adapter.replace('"frame-time: yes\\n"', '"frame-time: yes\\nneeds: early-load\\n"')
        sources = [f"{plugin}/{file}" for file in sorted(os.listdir(plugin))
                   if file.endswith(".c") and file != "adapter.c"]
        sources.append(self.bench.write(f"{name}-adapter.c", adapter))
        wrap = [] if name == "binance" else ["-Wl,--wrap=nasdaq_decode_stream", self.deed(name)]
        subprocess.run(
            ["cc", "-std=c11", "-O2", "-fPIC", "-shared", "-fvisibility=hidden", f"-I{ROOT}/sdk-c/include",
             f"-I{plugin}", f"-I{plugin}/include", *wrap, *sources, "-o", library + ".new", "-lm"], check=True)
        os.rename(library + ".new", library)
        return library

    def deed(self, name):
        before, after = DEEDS[name]
        return self.bench.write(f"{name}-deed.c", """
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
            """ % (", ".join(map(str, self.messages[self.planted][5:11])), before, after))

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
        for one, adapter in (
                (shadow["adapter"], described["adapter"]), (shadow["shadow"], described["shadow"]["adapter"])):
            bench.hold(all(one[key] == adapter[key] for key in ("name", "version", "digest")), shadow)
            file = f"{run}/adapters/{adapter['digest']}.so"
            bench.hold(hashlib.sha256(product.read(file)).hexdigest() == adapter["digest"], file)
        self.replays(run)
        return shadow["record"]

    def replays(self, run):
        for how in (["--isolation", "worker"], ["--isolation", "in-process"], ["--from", "events"]):
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
