#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A desk's side of the marketplace: adapters are found, installed, pinned, upgraded and checked by `exprove adapter`, against
repositories that `exprove market` keeps; what must not be installed is not, and says why.

usage: install.py EXPROVE ADAPTERS
"""
import json
import os
import shutil
import subprocess

import product
from certificate import POLICY
from desk import Desk, Server, digest
from market_site import NAME, Site, certificate_of, template, version_of

ITCH = "acme/itch"


def publish(site, vendor, numbers, name=ITCH):
    """Versions 1.0.N of the shipped adapter under a name of the vendor's."""
    bench = site.bench
    home, identity, _ = site.vendor(vendor)
    for number in numbers:
        shipped = bench.adapters + "/libnasdaq-itch50.so"
        adapter = shutil.copy(
            shipped if number == 0 else version_of(bench, shipped, number), bench.path(f"{vendor}-{number}.so"))
        certificate = certificate_of(bench, adapter, identity, home)
        site.publish(0, vendor, adapter, name, "--certificate", certificate)


def founded(bench):
    """A repository with five versions of an adapter."""
    bench.site = site = Site(bench, "market")
    site.add("acme")
    publish(site, "acme", range(5))
    bench.root = site.path + "/metadata/1.root.json"
    bench.server = Server(site.path)


def installs(bench):
    """From a URL into an empty home; what the commands tell of it is so."""
    desk = Desk(bench, "desk")
    desk.refuses("no repository is known", "install", ITCH, code=66)
    desk.refuses("no repository is known", "search", "itch", code=66)
    for command in ("list", "verify", "outdated", "refresh", "upgrade"):
        desk.call(0, command)
    desk.refuses("root", "repository", "add", "main", bench.server.address, "--root",
                 bench.site.path + "/metadata/timestamp.json")
    bench.hold(desk.json("repository", "list")["repositories"] == [], "a repository stayed that does not verify")
    desk.trust("main", bench.server.address, bench.root)
    log = bench.json("identity", "show", NAME + "/log", "--json", EXPROVE_HOME=bench.site.online)["verifier"]
    bench.hold(desk.json("repository", "list")["repositories"][0]["log"] == log, log)
    bench.hold(log in desk.call(0, "repository", "list")[0], log)
    found = desk.json("search", "TOTALVIEW", "itch")
    bench.hold([entry["name"] for entry in found["adapters"]] == [ITCH] and found["adapters"][0]["latest"] == "1.0.4", found)
    out, _ = desk.call(0, "install", ITCH)
    bench.hold("acme/itch 1.0.4 from main" in out and "a key of the vendor's" in out, out)
    bench.hold("strictness 1" in out and "entry 4 of the log example.com/market/log" in out, out)
    desk.whole()
    entry = desk.installed()[ITCH]
    bench.hold(digest(desk.library()) == digest(bench.path("libnasdaq-itch50.so-4.so")), "other bytes are installed")
    bench.hold(entry["repository"] == "main" and not entry["pinned"] and entry["range"] == "*", entry)
    why = desk.json("why", ITCH)
    bench.hold(why["adapter"]["voucher"]["role"] == "acme" and why["problems"] == [] and why["upgrade"] is None, why)
    bench.hold({left["version"] for left in why["left_out"]} == {f"1.0.{n}" for n in range(4)}, why["left_out"])
    bench.hold("only @1.0.3 goes back to it" in desk.call(0, "why", ITCH)[0], "why")
    report = desk.json("verify")
    bench.hold(report["sound"] and report["adapters"][0]["problems"] == [], report)
    listed = desk.json("list")["installed"]
    bench.hold([adapter["name"] for adapter in listed] == [ITCH], listed)
    # The same again changes nothing and fetches no library.
    bench.server.asked.clear()
    before = desk.lock()
    desk.call(0, "install", ITCH)
    bench.hold(desk.lock() == before and not any(path.endswith(".so") for path, _ in bench.server.asked), bench.server.asked)
    # A refresh where nothing is new asks for the next root, the timestamp and the log's head.
    bench.server.asked.clear()
    refreshed = desk.json("refresh")["repositories"][0]
    bench.hold(not refreshed["news"] and len(bench.server.asked) == 3, bench.server.asked)


def names(bench):
    """What is no name, range or address is refused before anything else."""
    desk = Desk(bench, "desk")
    for text in ("itch", "acme/itch/1.0.0", "../itch", "acme/..", "Acme/itch", "acme/itch@", "acme/itch@newest", "acme/itch@1.x",
                 "acme/itch@../1", "acme/\x1b[31m", "root/itch", "acme/it ch", "", "/", "acme//itch", "acme/itch@1.0.0@2"):
        error = desk.call(64, "install", text)[1]
        bench.hold("\x1b" not in error, error)
    for name in ("../main", "Main", "", "a/b", "-", "a--b", "x" * 65, "a\nb"):
        bench.hold(desk.bench.call("adapter", "repository", "add", name, bench.server.address, "--root", bench.root,
                                   EXPROVE_HOME=desk.home)[0] != 0, f"the name {name!r} was taken")
    for address in ("ftp://example.com/x", "nowhere", "https://user@example.com", "file:///etc"):
        desk.call(66, "repository", "add", "other", address, "--root", bench.root)
    desk.refuses("no repository has the vendor nobody", "install", "nobody/itch", code=66)
    desk.refuses("it lists no version", "install", "acme/none")
    desk.refuses("not within 7", "install", "acme/itch@7")
    bench.hold(sorted(os.listdir(desk.store + "/repositories")) == ["main"], os.listdir(desk.store + "/repositories"))


def versions(bench):
    """Ranges, pins, upgrades, and going back only when it is said."""
    desk = Desk(bench, "ranges")
    desk.trust("main", bench.site.path, bench.root)
    for text, version in (("1.0.1", "1.0.1"), ("<1.0.3", "1.0.2"), ("~1.0.2", "1.0.4")):
        desk.call(0, "install", f"{ITCH}@{text}")
        bench.hold(desk.version() == version, f"@{text} installed {desk.version()}")
    desk.refuses("only @1.0.2 goes back to it", "install", f"{ITCH}@<1.0.3")
    desk.call(0, "install", f"{ITCH}@1.0.2")
    bench.hold(desk.installed()[ITCH]["pinned"], "a version named in full is not pinned")
    bench.hold("pinned at 1.0.2" in desk.call(0, "upgrade")[1] and desk.version() == "1.0.2", desk.version())
    bench.hold("pinned at 1.0.2" in desk.call(0, "install", ITCH)[1] and desk.version() == "1.0.2", desk.version())
    outdated = desk.json("outdated")["adapters"]
    bench.hold(len(outdated) == 1 and outdated[0]["latest"] == "1.0.4" and outdated[0]["wanted"] == "1.0.2", outdated)
    desk.call(0, "unpin", ITCH)
    desk.call(0, "upgrade", ITCH)
    bench.hold(desk.version() == "1.0.4", desk.version())
    desk.call(0, "pin", ITCH)
    bench.hold(desk.installed()[ITCH]["pinned"] and desk.version() == "1.0.4", desk.installed())
    desk.call(0, "pin", f"{ITCH}@1.0.3")
    bench.hold(desk.installed()[ITCH]["pinned"] and desk.version() == "1.0.3", desk.installed())
    desk.call(64, "pin", f"{ITCH}@^1")
    desk.refuses("not installed", "pin", "acme/none", code=66)
    desk.refuses("not installed", "upgrade", "acme/none", code=66)
    desk.whole()
    desk.call(0, "remove", ITCH)
    bench.hold(desk.installed() == {}, desk.installed())
    desk.refuses("not installed", "remove", ITCH, code=66)


def withdrawn(bench):
    """Yanked versions install only by their number, revoked ones never; what is installed is told of."""
    site, desk, other = bench.site, Desk(bench, "withdrawals"), Desk(bench, "late")
    home = site.vendor("acme")[0]
    keys = site.keys(home, site.online)
    for each in (desk, other):
        each.trust("main", site.path, bench.root)
    desk.call(0, "install", ITCH)
    bench.expect(0, "market", "yank", site.path, f"{ITCH}@1.0.4", "--reason", "slow", *keys)
    outdated = desk.call(0, "outdated")[0]
    bench.hold("yanked: slow" in outdated, outdated)
    other.call(0, "install", ITCH)
    bench.hold(other.version() == "1.0.3", other.version())
    other.call(0, "install", f"{ITCH}@1.0.4")
    bench.hold(other.version() == "1.0.4", other.version())
    bench.expect(0, "market", "revoke", site.path, f"{ITCH}@1.0.4", "--reason", "it drops cancels", *keys)
    error = desk.call(0, "refresh")[1]
    bench.hold("acme/itch 1.0.4 is revoked" in error, error)
    error = desk.call(1, "verify")[0]
    bench.hold("revoked by the vendor of main: it drops cancels" in error, error)
    error = desk.call(0, "upgrade")[1]
    bench.hold("is revoked and will not load" in error and desk.version() == "1.0.4", error)
    fresh = Desk(bench, "fresh")
    fresh.trust("main", site.path, bench.root)
    fresh.refuses("revoked by its vendor: it drops cancels", "install", f"{ITCH}@1.0.4")
    # By the operator: over all vendors' heads, and it stays although nobody says so any more.
    site.operator(0, "revoke", f"{ITCH}@1.0.1", "--reason", "a hole", "--as-operator")
    fresh.refuses("revoked by the operator of main: a hole", "install", f"{ITCH}@1.0.1")
    known = json.loads(product.read(fresh.store + "/revoked.json"))
    bench.hold({(entry["by"], entry["reason"]) for entry in known["revoked"]} ==
               {("vendor", "it drops cancels"), ("operator", "a hole")}, known)
    fresh.call(0, "repository", "remove", "main")
    bench.hold(json.loads(product.read(fresh.store + "/revoked.json"))["revoked"] == known["revoked"], "it was forgotten")
    publish(site, "acme", [5])
    desk.call(0, "upgrade")
    bench.hold(desk.version() == "1.0.5", desk.version())


def repositories(bench):
    """A vendor comes from one repository, and from no other without a word."""
    other = Site(bench, "second")
    home = bench.path("vendor-acme")
    shutil.move(home, home + "-first")  # the same name, other keys
    other.add("acme")
    publish(other, "acme", [9])
    shutil.move(home, home + "-second")
    shutil.move(home + "-first", home)
    other.add("zeta")
    publish(other, "zeta", [7], name="zeta/itch")
    root = other.path + "/metadata/1.root.json"
    desk = Desk(bench, "many")
    desk.trust("main", bench.site.path, bench.root)
    desk.trust("second", other.path, root, "--priority=-1")
    # The newer one in the second is never looked for, since the first has the vendor.
    desk.call(0, "install", ITCH, "zeta/itch")
    bench.hold(desk.version() == "1.0.5" and desk.installed()["zeta/itch"]["repository"] == "second", desk.installed())
    desk.refuses("not within 1.0.9", "install", f"{ITCH}@1.0.9")
    # One that is asked before, and has the vendor too, is told of.
    desk.trust("third", other.path, root, "--priority", "5")
    told = desk.refuses("acme is bound to the repository main, and third", "upgrade", ITCH)
    bench.hold("exprove adapter repository bind third acme" in told, told)
    desk.refuses("is bound to the repository main", "install", f"{ITCH}@1.0.2")
    desk.call(0, "repository", "bind", "main", "acme")
    desk.call(0, "upgrade", ITCH)
    bench.hold(desk.version() == "1.0.5", desk.version())
    desk.call(0, "repository", "bind", "third", "acme")
    desk.call(0, "upgrade", ITCH)
    bench.hold(desk.version() == "1.0.9" and desk.installed()[ITCH]["repository"] == "third", desk.installed())
    desk.refuses("exprove adapter remove", "repository", "remove", "third")
    desk.refuses("there is no repository", "repository", "bind", "fourth", "acme", code=66)
    desk.refuses("already", "repository", "add", "main", other.path, "--root", root)
    # One that was given a vendor is asked for no other.
    narrow = Desk(bench, "narrow")
    narrow.trust("house", other.path, root, "--priority", "9", "--vendor", "zeta")
    narrow.trust("main", bench.site.path, bench.root)
    narrow.call(0, "install", ITCH, "zeta/itch")
    bench.hold({name: entry["repository"] for name, entry in narrow.installed().items()} ==
               {ITCH: "main", "zeta/itch": "house"}, narrow.installed())
    narrow.refuses("was given to the repository house", "repository", "add", "more", other.path, "--root", root, "--vendor", "zeta")


def transparency(bench):
    """Without a proof of the log that everybody sees nothing installs, and a log that was cut or forked is told of."""
    def at(name, change, text, *arguments):
        desk = Desk(bench, "watch-" + name)
        place = bench.site.copy("watched-" + name)
        desk.trust("main", place, bench.root)
        desk.call(0, "install", f"{ITCH}@1.0.0")
        change(place)
        desk.refuses(text, *arguments)

    def proof(place, number):
        directory = f"{place}/targets/acme/itch/1.0.{number}"
        return next(f"{directory}/{name}" for name in os.listdir(directory) if name.endswith(".proof"))

    def swapped(place):
        shutil.copy(proof(place, 2), proof(place, 3))

    def cut(place):
        shutil.rmtree(place + "/log")
        shutil.copytree(early + "/log", place + "/log")

    def forked(place):
        shutil.rmtree(place + "/log")
        shutil.copytree(secret + "/log", place + "/log")

    early = bench.site.copy("early")
    # The operator shows another history: one release that only this log has, then those of everybody.
    secret, real = bench.site.path + "-secret", bench.site.path
    publish(bench.site, "acme", [6])
    shutil.move(real, secret)
    shutil.copytree(early, real)
    publish(bench.site, "acme", [7, 8])
    shutil.move(real, real + "-forked")
    shutil.move(secret, real)
    secret = real + "-forked"
    at("lost", lambda place: os.remove(proof(place, 3)), "the release is not published to everybody", "install", f"{ITCH}@1.0.3")
    at("swapped", swapped, "does not lead from this leaf", "install", f"{ITCH}@1.0.3")
    at("cut", cut, "it was cut back", "refresh")
    at("forked", forked, "does not go on from what it showed before", "refresh")
    at("gone", lambda place: os.remove(place + "/log/checkpoint"), "there is no such file", "refresh")


def judged(bench):
    """A policy says whose certificates count, and --recheck runs the harness here first."""
    desk = Desk(bench, "judge")
    desk.trust("main", bench.site.path, bench.root)
    stranger = bench.json("identity", "create", "stranger", "--json", EXPROVE_HOME=bench.path("strange"))["verifier"]
    key = bench.site.vendor("acme")[2]

    def policy(name, trusted, level, mode="require"):
        demand = {"mode": mode, "trusted": trusted, "level": level}
        return bench.write(name, json.dumps({**POLICY, "certificate": demand}))

    desk.refuses("signed by acme.example/release", "install", ITCH, "--policy", policy("a.json", [stranger], 1))
    desk.refuses("is of strictness 1, at least 5", "install", ITCH, "--policy", policy("b.json", [key], 5))
    error = desk.call(0, "install", ITCH, "--policy", policy("c.json", [stranger], 1, "warn"))[1]
    bench.hold("exprove: warning:" in error and desk.version() == "1.0.6", error)
    desk.call(0, "install", f"{ITCH}@1.0.3", "--policy", policy("d.json", [key], 1))
    error = desk.call(0, "install", f"{ITCH}@1.0.2", "--recheck")[1]
    bench.hold("conforms here too" in error and desk.version() == "1.0.2", error)
    # One that is published with a lenient certificate, and crashes when it is used.
    library = template(bench, "crashing")
    source = os.path.dirname(library) + "/adapter.c"
    text = product.read(source).decode()
    start = text.index("{", text.index("static exprove_status decode(")) + 1
    bench.write(source, text[:start] + "\n  __builtin_trap();" + text[start:])
    subprocess.run(["make", "-C", os.path.dirname(library)], check=True, capture_output=True)
    home, identity, _ = bench.site.vendor("acme")
    certificate = certificate_of(bench, library, identity, home)
    bench.site.publish(0, "acme", library, "acme/crashing", "--certificate", certificate)
    told = desk.refuses("does not conform here", "install", "acme/crashing", "--recheck")
    bench.hold("crash" in told.lower() or "signal" in told.lower() or "ends" in told, told)
    desk.call(0, "install", "acme/crashing")


if __name__ == "__main__":
    product.prove("install", founded, installs, names, versions, withdrawn, repositories, transparency, judged)
