# SPDX-License-Identifier: Apache-2.0
"""Volume, spread and toxicity per bucket of time of a Binance spot capture (lines of `<local ns> <json>`, gzip), read with
the standard library alone: trades and the best bid and ask as the streams `trade` and `bookTicker` tell them.

usage: local_signals.py CAPTURE START BUCKET BUCKETS VOLUME-QUANTUM SPREAD-QUANTUM TOXICITY-QUANTUM MAXIMUM

One JSON object: quanta per kind. START and BUCKET in nanoseconds; values are rounded to the nearest quantum, half to even,
and clipped to MAXIMUM.
"""
import gzip
import json
import sys
from fractions import Fraction as F


def main(path, start, bucket, buckets, volume_quantum, spread_quantum, toxicity_quantum, maximum):
    start, bucket, buckets, maximum = int(start), int(bucket), int(buckets), int(maximum)
    volume = [F(0)] * buckets
    taken = [[F(0), F(0)] for _ in range(buckets)]
    spread_time, seen = [F(0)] * buckets, [0] * buckets
    end, now, spread, since, ended = start + bucket * buckets, 0, None, start, True

    def settle(until):
        """Puts the spread that stood from `since` to `until` into its buckets."""
        at = max(since, start)
        while spread is not None and at < min(until, end):
            index = (at - start) // bucket
            to = min(start + bucket * (index + 1), until, end)
            spread_time[index] += spread * (to - at)
            seen[index] += to - at
            at = to

    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            time, _, text = line.partition(" ")
            now = max(now, int(time))
            if now >= end:
                ended = False
                break
            message = json.loads(text)
            data = message.get("data", message)
            if not isinstance(data, dict):
                continue
            if data.get("e") == "trade" and start <= now:
                index = (now - start) // bucket
                quantity = F(data["q"])
                volume[index] += quantity
                # `m`: the buyer was resting, so the seller took.
                taken[index][1 if data["m"] else 0] += quantity
            elif "e" not in data and {"b", "a", "B", "A", "u"} <= data.keys():
                settle(now)
                spread, since = F(data["a"]) - F(data["b"]), now
    settle(now if ended else end)

    def quanta(values, quantum):
        return [min(round(value / F(quantum)), maximum) for value in values]

    print(json.dumps({
        "volume": quanta(volume, volume_quantum),
        "spread": quanta([F(0) if not time else value / time for value, time in zip(spread_time, seen)], spread_quantum),
        "toxicity": quanta([abs(a - b) / (a + b) if a + b else F(0) for a, b in taken], toxicity_quantum)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
