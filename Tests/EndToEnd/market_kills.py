# SPDX-License-Identifier: Apache-2.0
"""`kill -9` of a command that changes a repository: python-tuf finds the old state or the new one, never a third."""
import json
import os
import random
import shutil
import signal
import subprocess
import time

import product
from market_site import DESCRIPTION, LIBRARY, Site, Stranger, certificate_of, version_of

SEED = 5


class Killed:
    """`publish` in a copy of a repository, killed; what is served stays good, and `refresh` ends what was begun."""

    def __init__(self, bench):
        self.bench = bench
        self.site = Site(bench, "killed")
        self.site.add("acme")
        home, identity, _ = self.site.vendor("acme")
        adapter = bench.adapters + "/libnasdaq-itch50.so"
        self.site.publish(0, "acme", adapter, "acme/itch", "--certificate", certificate_of(bench, adapter, identity, home))
        self.adapter = version_of(bench, adapter, 1)
        certificate = certificate_of(bench, self.adapter, identity, home)
        about = bench.write("description.json", json.dumps(DESCRIPTION))
        self.arguments = [
            *self.site.publishing(self.adapter, "acme/itch", identity, about), "--certificate", certificate,
            *self.site.keys(home, self.site.online)]
        self.old = product.read(adapter)
        self.new = product.read(self.adapter)
        self.base = self.site.path
        self.states = {}

    def life(self, number, end):
        """One copy: begun, killed by `end`, looked at, refreshed, published again."""
        bench, site = self.bench, self.site
        path = f"{self.base}-{number}"
        shutil.copytree(self.base, path)
        arguments = [path if part == self.base else part for part in self.arguments]
        stranger = Stranger(site, f"killed-{number}")
        stranger.refreshed(path)
        end(arguments)
        for client in (stranger, Stranger(site, f"killed-{number}-new")):
            bench.hold(client.find(LIBRARY, path)[1] == self.old, "the old release")
            found = client.find("acme/itch/1.0.1/linux-x86_64.so", path)
            bench.hold(found is None or found[1] == self.new, "a third state")
        begun = os.path.exists(path + "/incoming/acme.json")
        state = "published" if found else "staged" if begun else "untouched"
        self.states[state] = self.states.get(state, 0) + 1
        bench.expect(0, "market", "refresh", path, *site.keys(site.online))
        report = bench.json("market", "verify", path, "--json")
        bench.hold(report["verdict"] == "sound", report)
        found = stranger.find("acme/itch/1.0.1/linux-x86_64.so", path)
        bench.hold((found is not None) == (state != "untouched"), (state, found))
        bench.expect(0, *arguments)
        bench.hold(stranger.find("acme/itch/1.0.1/linux-x86_64.so", path)[1] == self.new, "published in the end")
        report = bench.json("market", "verify", path, "--json")
        bench.hold((report["verdict"], report["releases"], report["leaves"]) == ("sound", 2, 2), report)
        shutil.rmtree(path)


def killed(bench):
    """`kill -9` of `publish` at random moments, and at its calls that change the file system."""
    life = Killed(bench)
    started = time.monotonic()
    whole = f"{life.base}-whole"
    shutil.copytree(life.base, whole)
    library = bench.path("kill_at.so")
    subprocess.run(["gcc", "-std=c11", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", library,
                    product.HERE + "/kill_at.c"], check=True)
    count = bench.path("count")
    started = time.monotonic()
    bench.expect(0, *[whole if part == life.base else part for part in life.arguments], LD_PRELOAD=library, KILL_COUNT=count)
    seconds, calls = time.monotonic() - started, int(product.read(count))
    generator = random.Random(SEED)

    def at_a_time(moment):
        def end(arguments):
            process = bench.start(*arguments)
            try:
                process.communicate(timeout=moment)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
        return end

    def at_a_call(number):
        def end(arguments):
            process = bench.start(*arguments, LD_PRELOAD=library, KILL_AT=str(number))
            process.communicate()
            bench.hold(process.returncode == -signal.SIGKILL, f"call {number}: exit code {process.returncode}")
        return end

    moments = [at_a_time(generator.uniform(0, 1.1 * seconds)) for _ in range(32)]
    moments += [at_a_call(number) for number in range(0, calls, 2)]
    bench.parallel(lambda item: life.life(*item), enumerate(moments))
    print(f"  {len(moments)} kills, {calls} calls change the file system; "
          + ", ".join(f"{count} {state}" for state, count in sorted(life.states.items())), flush=True)
    bench.hold(set(life.states) == {"untouched", "staged", "published"}, life.states)
