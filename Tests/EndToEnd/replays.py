# SPDX-License-Identifier: Apache-2.0
"""One task buys spot with the perpetual as a reference feed, another the reverse: both verify, and both replay
identically in processes with different environment, time zone, locale, working directory and place of the run. A task
that names both as venues of one instrument is refused with the terms that differ.

usage: replays.py EXPROVE ADAPTERS CAPTURES
"""
import json
import os
import shutil

import product


def run_and_replay(bench, name, work):
    bench.expect(0, *work.arguments(name))
    run = bench.path(name)
    key = product.vkey(run)
    report = bench.json("verify", name, "--vkey", key, "--json")
    bench.hold(report["verdict"] == "verified" and report["finished"] and not report["findings"], report)
    report = bench.json("verify", name, "--json")
    bench.hold(report["verdict"].startswith("consistent") and "who signed" in report["not_proven"][0], report)
    # As many leaves of each kind as make a run what it is.
    kinds = [product.kind(product.statement(leaf)) for leaf in product.leaves(run)]
    needed = {"run": 1, "summary": 1, "plan": 8, "context": 8, "order": 8}
    bench.hold(all(kinds.count(kind) >= count for kind, count in needed.items()), kinds)
    bench.hold(("fill" in kinds) == (work.fills == "model"), kinds)

    one = bench.expect(0, "replay", name, "--json")[0]
    elsewhere = bench.path("else where é") + "/" + name
    shutil.copytree(run, elsewhere)
    two = bench.expect(
        0, "replay", elsewhere, "--json", cwd="/", TZ="Asia/Tokyo", LC_ALL="C", LANG="de_DE.UTF-8", NOISE="1" * 5000,
        HOME="/nonexistent", EXPROVE_HOME="/nonexistent", EXPROVE_ADAPTERS="/nonexistent")[0]
    three = bench.expect(0, "replay", "../" + name, "--json", cwd=bench.path("else where é"), TZ="America/St_Johns")[0]
    bench.hold(one == two == three and json.loads(one)["identical"], (one, two, three))
    bench.hold(json.loads(one)["leaves"] == len(kinds) and json.loads(one)["decoded_again"], one)
    events = bench.json("replay", name, "--from", "events", "--json")
    bench.hold(events["identical"] and not events["decoded_again"], events)
    bench.hold(events["event_digest"] == json.loads(one)["event_digest"], events)
    # The copy verifies as well: nothing in a run depends on where it lies.
    bench.hold(bench.json("verify", elsewhere, "--vkey", key, "--json")["verdict"] == "verified", elsewhere)
    # Made again in another place and another environment, the run decides the same.
    arguments = work.arguments(name + "-again")
    bench.expect(0, *arguments, TZ="Pacific/Apia", LC_ALL="C.UTF-8")
    bench.hold(product.leaves(run)[1:] == product.leaves(bench.path(name + "-again"))[1:], f"{name} made again differs")
    shutil.rmtree(bench.path("else where é"))


def spot_with_perpetual(bench):
    os.makedirs(bench.path("else where é"), exist_ok=True)
    run_and_replay(bench, "spot", product.pair_work(bench, "spot"))


def perpetual_with_spot(bench):
    run_and_replay(bench, "usdm", product.pair_work(bench, "usdm", "BINANCE-UM"))


def shadows(bench):
    run_and_replay(bench, "shadow", product.small_work(bench, "shadow", fills="shadow"))


def not_one_instrument(bench):
    """Spot and perpetual are two instruments."""
    work = product.pair_work(bench, "both", references=[])
    venues = [("BINANCE", "BTCUSDT"), ("BINANCE-UM", "BTCUSDT")]
    text = product.task("BTCUSDT", "USDT", "BTC", "1", product.PAIR_WINDOW, venues)
    bench.write("both.exprove", text)
    feeds = [feed.removesuffix(",role=reference") for feed in work.feeds]
    _, error = bench.expect(65, *work.arguments("both", feeds))
    bench.hold("BINANCE BTCUSDT and BINANCE-UM BTCUSDT are not one instrument" in error, error)
    bench.hold("kind is spot and perpetual" in error and "reference feed instead" in error, error)
    bench.hold(not os.path.exists(bench.path("both")), "a refused run was begun")


if __name__ == "__main__":
    product.prove("replays", spot_with_perpetual, perpetual_with_spot, shadows, not_one_instrument)
