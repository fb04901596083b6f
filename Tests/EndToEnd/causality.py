# SPDX-License-Identifier: Apache-2.0
"""No look-ahead: whatever is cut off or altered behind a place of the input, every leaf of a decision made before that
place stays byte-identical: statement, envelope and signature.

For each of 100 random places, and for 50 right at a decision's time, the input behind it is (a) cut off and (b)
replaced by other content, and the run is made again. Compared are the leaves from the first behind the run's own
statement up to the last whose time is before the place. Leaf 0 names run.json by digest, and run.json has the wall clock
of the start and the log's name made from it; so in place of leaf 0, run.json is compared without these two.

usage: causality.py EXPROVE ADAPTERS CAPTURES
"""
import bisect
import itertools
import os
import random
import shutil

import product

SEED = 20240808


class Capture:
    """A feed's records and the merge time of each: the running maximum of the receive times."""

    def __init__(self, name, records, time, stamp, pack, rewrite):
        self.name, self.records, self.stamp, self.pack, self.rewrite = name, records, stamp, pack, rewrite
        self.times = list(itertools.accumulate(map(time, records), max))

    def write(self, directory, records):
        with open(os.path.join(directory, self.name), "wb") as file:
            file.write(self.pack(records))


# How the records behind the cut are altered; each keeps its times unless it says otherwise.


def itch_rewrite(records, how, generator):
    if how == "shuffled":
        bodies = records[:]
        generator.shuffle(bodies)
        return [b[:5] + a[5:11] + b[11:] for a, b in zip(records, bodies)]
    if how == "noise":
        return [m[:11] + generator.randbytes(len(m) - 11) for m in records]
    if how == "frames":  # of any length and content, times too
        return [generator.randbytes(generator.randrange(1, 60)) for _ in records]
    # Another market: every added order has another size, price and side.
    return [
        m[:19] + (generator.choice(b"BS").to_bytes() + generator.randrange(1, 5000).to_bytes(4, "big") + m[24:32]
                  + generator.randrange(3_000_000, 3_400_000).to_bytes(4, "big") + m[36:])
        if m[:1] in (b"A", b"F") else m for m in records]


def line_rewrite(records, how, generator):
    pairs = [record.split(b" ", 1) for record in records]
    if how == "shuffled":
        bodies = [body for _, body in pairs]
        generator.shuffle(bodies)
    elif how == "noise":
        digits = bytes.maketrans(b"0123456789", bytes(generator.choice(b"0123456789") for _ in range(10)))
        bodies = [body.translate(digits) for _, body in pairs]
    elif how == "frames":
        bodies = [generator.randbytes(generator.randrange(0, 300)).replace(b"\n", b"") + b"\n" for _ in pairs]
        return [b"%d %s" % (int(time) + generator.randrange(10**9), body) for (time, _), body in zip(pairs, bodies)]
    else:
        bodies = [body.replace(b'"6', b'"5').replace(b'"b":[[', b'"b":[["61650.00","9.9"],[') for _, body in pairs]
    return [time + b" " + body for (time, _), body in zip(pairs, bodies)]


WAYS = ["shuffled", "noise", "frames", "market"]


def itch_capture(bench):
    return Capture(
        "capture.bin", product.itch_messages(product.read(bench.itch)),
        lambda message: product.ITCH_MIDNIGHT + int.from_bytes(message[5:11], "big"),
        lambda message, time: message[:5] + (time - product.ITCH_MIDNIGHT).to_bytes(6, "big") + message[11:],
        product.itch_bytes, itch_rewrite)


def line_capture(name, path, until):
    lines = itertools.takewhile(lambda line: int(line[:19]) < until, product.lines_of(path))
    return Capture(
        name, list(lines), lambda line: int(line[:19]), lambda line, time: b"%d" % time + line[19:], b"".join,
        line_rewrite)


class Scene:
    """A task over captures that can be cut: each run in a directory of its own, with the same names in it, so that
    run.json is the same but for its start."""

    def __init__(self, bench, name, captures, text, feeds, fills):
        self.bench, self.name, self.captures = bench, name, captures
        self.work = product.Work(bench, name, text, feeds, fills)
        self.clock = {}
        self.description, self.leaves = self.run("whole", {}, self.clock)
        self.statements = [product.statement(leaf) for leaf in self.leaves]
        self.times = times(self.statements, self.clock)

    def run(self, name, altered, clock=None):
        """The description and leaves of a run in which the named captures have other records; `clock` gets the times of
        the journal's places."""
        directory = self.bench.path(f"{self.name}-{name}")
        os.mkdir(directory)
        for capture in self.captures:
            capture.write(directory, altered.get(capture.name, capture.records))
        code, _, error = self.bench.call(*self.work.arguments("run"), cwd=directory)
        # A capture that ends before the window has begun, or holds nothing of the venue, is refused as it should be.
        if code != 0 and not (code == 65 and ("captures end" in error or "never seen" in error)):
            raise AssertionError(error)
        description = product.run_description(directory + "/run")
        del description["started"], description["origin"]
        result = description, product.leaves(directory + "/run")
        if clock is not None:
            clock.update(product.clock(directory + "/run"))
        shutil.rmtree(directory)
        return result

    def earlier(self, bound):
        """How many leaves were decided before the bound: decisions see what came before their time, and what a venue or
        model reports for a moment follows everything of that moment."""
        count = 1
        while count < len(self.leaves):
            reports = product.kind(self.statements[count]) in ("report", "fill")
            if self.times[count] > bound or (reports and self.times[count] == bound):
                break
            count += 1
        return count

    def compare(self, what, result, bound):
        """Whether the run differs from the whole one behind the bound; before it, it must not."""
        description, leaves = result
        count = self.earlier(bound)
        if description != self.description:
            raise AssertionError(f"{what}: run.json changed")
        changed = next((i for i in range(1, min(count, len(leaves))) if leaves[i] != self.leaves[i]), None)
        if changed is not None:
            raise AssertionError(f"{what}: leaf {changed} ({self.statements[changed]['subject'][0]['name']}) changed")
        self.bench.hold(
            len(leaves) >= count or count == 1, f"{what}: {len(leaves)} leaves, {count} were decided before the cut")
        return leaves[count:] != self.leaves[count:]


def times(statements, clock):
    """When each leaf was decided: its own time; of a place in the journal, the clock's there."""
    members = [("as_of",), ("decided_at",), ("order", "created_at"), ("denial", "denied_at"), ("at",), ("received",),
               ("fill", "received_at")]
    found = []
    for statement in statements:
        body = statement["predicate"]
        time = None
        for path in members:
            value = body
            for key in path:
                value = value.get(key) if isinstance(value, dict) else None
            if value is not None:
                time = int(value)
                break
        if product.kind(statement) == "journal":
            time = clock.get(body["records"])
        found.append(time)
    # A body that lies by digest in objects/ is a context, whose plan follows; at the input's end no clock is read.
    for index in range(len(found) - 2, 0, -1):
        if found[index] is None and product.kind(statements[index]) == "context":
            found[index] = found[index + 1]
    for index in range(1, len(found)):
        if found[index] is None:
            found[index] = found[index - 1]
    assert None not in found[1:], "a leaf without a time"
    assert found[1:] == sorted(found[1:]), "leaves out of the order of their times"
    return found


def cut(scene, number, at_decision, generator):
    """One place, in one or all feeds; (a) cut off, (b) replaced. Says of both whether the rest was felt."""
    captures = scene.captures
    chosen = captures if len(captures) == 1 or generator.random() < 0.6 else [generator.choice(captures)]
    if at_decision:
        moment = generator.choice(sorted(set(scene.clock.values())))
    else:
        lead = generator.choice(chosen)
        moment = lead.times[generator.randrange(1, len(lead.records))]
    # At least one record stays: an empty capture is refused.
    places = {c.name: max(1, bisect.bisect_left(c.times, moment)) for c in chosen}
    how = generator.choice(WAYS)
    ends = [c.times[places[c.name] - 1] for c in chosen]
    kept = {c.name: c.records[: places[c.name]] for c in chosen}
    shorter = scene.run(f"{number}-cut", kept)
    # The run ends with the last record of all feeds, though nothing that was cut off had come.
    bound = min(moment, max(ends + [c.times[-1] for c in captures if c not in chosen]))
    felt = [scene.compare(f"{scene.name} cut {number} off at {moment}", shorter, bound)]
    other = {}
    for capture in chosen:
        behind = capture.rewrite(capture.records[places[capture.name] :], how, generator)
        if at_decision and behind and how != "frames":
            # A record that comes at the very time of a decision is too late for it.
            behind[0] = capture.stamp(behind[0], moment)
        other[capture.name] = kept[capture.name] + behind
    # Frames of any content may claim any time, so they stand in the order right behind what precedes them.
    bound = min(moment, *ends) if how == "frames" else moment
    changed = scene.run(f"{number}-other", other)
    felt.append(scene.compare(f"{scene.name} cut {number} {how} from {moment}", changed, bound))
    return felt, scene.earlier(bound) > 1


def cuts(bench, scene, count):
    """`count` random places, and half as many at the times of decisions."""
    generators = [random.Random(f"{SEED} {scene.name} {number}") for number in range(count + count // 2)]
    results = bench.parallel(
        lambda number: cut(scene, number, number >= count, generators[number]), range(len(generators)))
    count = len(results)
    felt = [one for both, _ in results for one in both]
    covered = sum(decided for _, decided in results)
    print(f"  {scene.name}: {count} cuts, {covered} of them behind a decision; {sum(felt)} of {len(felt)} altered runs "
          f"differ behind the cut; {len(scene.leaves)} leaves", flush=True)
    # A comparison that never sees a difference would prove nothing.
    bench.hold(covered >= count * 3 // 4, f"only {covered} of {count} cuts lie behind a decision")
    bench.hold(sum(felt) >= len(felt) * 3 // 4, f"only {sum(felt)} of {len(felt)} altered runs differ behind the cut")


def itch_scene(bench, fills):
    text = product.itch_task()
    return Scene(bench, f"itch-{fills}", [itch_capture(bench)], text, [product.itch_feed("capture.bin")], fills)


def pair_scene(bench, name, routed, fills, until, window):
    captures = [line_capture("spot", bench.spot, until), line_capture("usdm", bench.usdm, until)]
    text = (product.spot_task if routed == "BINANCE" else product.perpetual_task)(window=window)
    return Scene(bench, name, captures, text, product.pair_feeds("spot", "usdm", routed), fills)


MINUTE = 1_723_161_300_000_000_000  # 2024-08-08T23:55:00Z
SHORT = '2024-08-08T23:54:20 .. 2024-08-08T23:54:50 zone "UTC"'


def itch_model(bench):
    cuts(bench, itch_scene(bench, "model"), 36)


def itch_shadow(bench):
    cuts(bench, itch_scene(bench, "shadow"), 24)


def short_pair(bench):
    cuts(bench, pair_scene(bench, "spot", "BINANCE", "model", MINUTE, SHORT), 20)
    cuts(bench, pair_scene(bench, "perpetual", "BINANCE-UM", "shadow", MINUTE, SHORT), 16)


def whole_pair(bench):
    cuts(bench, pair_scene(bench, "pair", "BINANCE", "model", 2**63, product.PAIR_WINDOW), 4)


def a_change_before_the_bound_is_seen(bench):
    """The comparison itself: an alteration held against a bound that lies behind it must be found."""
    scene = itch_scene(bench, "model")
    capture = scene.captures[0]
    place = len(capture.records) // 2
    generator = random.Random(SEED)
    altered = capture.records[:place] + capture.rewrite(capture.records[place:], "market", generator)
    result = scene.run("broken", {capture.name: altered})
    try:
        scene.compare("the comparison", result, scene.times[-1])
    except AssertionError as error:
        bench.hold("changed" in str(error), error)
    else:
        bench.hold(False, "a run whose input was altered before the bound was taken for the same")


if __name__ == "__main__":
    product.prove("causality", a_change_before_the_bound_is_seen, itch_model, itch_shadow, short_pair, whole_pair)
