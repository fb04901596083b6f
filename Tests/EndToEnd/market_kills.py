# SPDX-License-Identifier: Apache-2.0
"""`kill -9` of commands that change a repository: whenever it comes, python-tuf finds the old state or the new one, with the
cache it had and with none, and the next `market refresh` ends what was begun."""
import json
import os
import random
import shutil
import signal
import subprocess
import time

import product
from market_site import DESCRIPTION, LIBRARY, NAME, Site, Stranger, certificate_of, version_of

SEED = 5


class Lives:
    """A repository whose copies each live through one command that is killed."""

    def __init__(self, bench):
        self.bench = bench
        self.site = Site(bench, "killed")
        self.site.add("acme")
        home, identity, _ = self.site.vendor("acme")
        adapter = bench.adapters + "/libnasdaq-itch50.so"
        self.site.publish(0, "acme", adapter, "acme/itch", "--certificate", certificate_of(bench, adapter, identity, home))
        self.old = product.read(adapter)
        self.base = self.site.path
        self.library = bench.path("kill_at.so")
        subprocess.run(["gcc", "-std=c11", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", self.library,
                        product.HERE + "/kill_at.c"], check=True)

    def of(self, path, arguments):
        """A command over this repository, said of a copy."""
        return [path if part == self.base else part for part in arguments]

    def copy(self, name):
        path = f"{self.base}-{name}"
        shutil.copytree(self.base, path)
        return path

    def whole(self, name, arguments):
        """How long the command takes undisturbed, and how many of its calls change the file system."""
        count = self.bench.path("count")
        path = self.copy(name + "-whole")
        started = time.monotonic()
        self.bench.expect(0, *self.of(path, arguments), LD_PRELOAD=self.library, KILL_COUNT=count)
        seconds = time.monotonic() - started
        shutil.rmtree(path)
        return seconds, int(product.read(count))

    def at_a_time(self, moment):
        def end(arguments):
            process = self.bench.start(*arguments)
            try:
                process.communicate(timeout=moment)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
        return end

    def at_a_call(self, number):
        def end(arguments):
            process = self.bench.start(*arguments, LD_PRELOAD=self.library, KILL_AT=str(number))
            process.communicate()
            self.bench.hold(process.returncode == -signal.SIGKILL, f"call {number}: exit code {process.returncode}")
        return end

    def live(self, name, arguments, homes, end, look):
        """One copy: begun, killed by `end`, looked at by an old client and a new one, refreshed, looked at again. `look` says
        in which state a client finds it. The state, and the state that the refresh led to."""
        bench, path = self.bench, self.copy(name)
        stranger = Stranger(self.site, name)
        stranger.refreshed(path)
        end(self.of(path, arguments))
        states = set()
        for client in (stranger, Stranger(self.site, name + "-new")):
            bench.hold(client.find(LIBRARY, path)[1] == self.old, "the old release")
            states.add(look(client, path))
        bench.hold(len(states) == 1, (name, states))
        bench.expect(0, "market", "refresh", path, *self.site.keys(*homes))
        report = bench.json("market", "verify", path, "--json")
        bench.hold(report["verdict"] == "sound", report)
        for client in (stranger, Stranger(self.site, name + "-last")):
            bench.hold(client.find(LIBRARY, path)[1] == self.old, "the old release after the refresh")
        return path, states.pop(), look(stranger, path)

    def told(self, what, kills, calls, states):
        counts = ", ".join(f"{states.count(state)} {state}" for state in sorted(set(states)))
        print(f"  {what}: {kills} kills, {calls} calls change the file system; {counts}", flush=True)


def publish_killed(bench):
    """At random moments and at every other call: the release is there or it is not, and publishing again makes it be."""
    bench.lives = lives = Lives(bench)
    site = lives.site
    home, identity, _ = site.vendor("acme")
    adapter = version_of(bench, bench.adapters + "/libnasdaq-itch50.so", 1)
    certificate = certificate_of(bench, adapter, identity, home)
    about = bench.write("description.json", json.dumps(DESCRIPTION))
    homes = [home, site.online]
    arguments = [*site.publishing(adapter, "acme/itch", identity, about), "--certificate", certificate, *site.keys(*homes)]
    new = product.read(adapter)
    seconds, calls = lives.whole("publish", arguments)
    generator = random.Random(SEED)
    ends = [lives.at_a_time(generator.uniform(0, 1.1 * seconds)) for _ in range(32)]
    ends += [lives.at_a_call(number) for number in range(0, calls, 2)]

    def look(client, path):
        found = client.find("acme/itch/1.0.1/linux-x86_64.so", path)
        bench.hold(found is None or found[1] == new, "a third state")
        return "published" if found else "staged" if os.path.exists(path + "/incoming/acme.json") else "untouched"

    def life(item):
        path, state, after = lives.live(f"publish-{item[0]}", arguments, [site.online], item[1], look)
        bench.hold(after == ("untouched" if state == "untouched" else "published"), (state, after))
        bench.expect(0, *lives.of(path, arguments))
        bench.hold(look(Stranger(site, f"end-{item[0]}"), path) == "published", "publishing again")
        report = bench.json("market", "verify", path, "--json")
        bench.hold((report["verdict"], report["releases"], report["leaves"]) == ("sound", 2, 2), report)
        shutil.rmtree(path)
        return state

    states = bench.parallel(life, enumerate(ends))
    lives.told("publish", len(ends), calls, states)
    bench.hold(set(states) == {"untouched", "staged", "published"}, set(states))


def rotations_killed(bench):
    """At every third call of a rotation of each role: clients with the old root and with the new one go on."""
    lives = bench.lives
    site = lives.site
    homes = [site.online, site.offline, site.vendor("acme")[0]]
    for role in ("root", "targets", "snapshot", "timestamp", "catalog", "revocations", "acme"):
        names = [f"{NAME}/{role}-new-{number}" for number in range(3 if role == "root" else 1)]
        for name in names:
            bench.expect(0, "identity", "create", name, EXPROVE_HOME=site.offline)
        keys = [bench.json("identity", "show", name, "--json", EXPROVE_HOME=site.offline)["verifier"] for name in names]
        arguments = ["market", "rotate", lives.base, role, *(part for key in keys for part in ("--vkey", key)),
                     *site.keys(*homes)]
        _, calls = lives.whole(role, arguments)

        def look(client, path, role=role):
            kind = "root" if role in ("root", "targets", "snapshot", "timestamp") else "targets"
            client.refreshed(path)
            with open(f"{client.cache}/metadata/{kind}.json", "rb") as file:
                return f"{kind} {json.load(file)['signed']['version']}"

        def life(number, role=role, arguments=arguments, look=look):
            path, state, after = lives.live(f"{role}-{number}", arguments, homes, lives.at_a_call(number), look)
            shutil.rmtree(path)
            return f"{state} then {after}"

        states = bench.parallel(life, range(0, calls, 3))
        lives.told(f"rotate {role}", len(states), calls, states)
        bench.hold(len(set(states)) >= 2, set(states))
