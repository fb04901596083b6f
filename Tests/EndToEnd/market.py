#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A repository of adapters from its first key to its last rotation, kept with `exprove market` and looked at by python-tuf over
HTTP: vendors publish, one of them offline; versions are yanked and revoked; every role gets new keys; `publish` is killed at any
moment. After each step python-tuf verifies what is served, with an old cache and with a new one.

usage: market.py EXPROVE ADAPTERS
"""
import fcntl
import glob
import html.parser
import json
import os
import random
import shutil
import signal
import subprocess
import time

from tuf.api.exceptions import RepositoryError

import product
from market_site import DESCRIPTION, NAME, Site, Stranger, certificate_of, serve, sha256, template, version_of

LIBRARY = "acme/itch/1.0.0/linux-x86_64.so"
SEED = 5


def begun(bench):
    """A repository begins; python-tuf verifies it; daily work needs no offline key, and what needs one says so."""
    bench.address = serve(bench.work)
    bench.site = site = Site(bench, "market")
    bench.stranger = Stranger(site, "old")
    info, data = bench.stranger.find("catalog/adapters.jsonl")
    bench.hold(data == b"" and info.length == 0, data)
    info, data = bench.stranger.find("revocations/list.json")
    bench.hold(json.loads(data) == {"revoked": []}, data)
    root = site.metadata("root", 1)
    bench.hold(root["roles"]["root"]["threshold"] == 2 and len(root["roles"]["root"]["keyids"]) == 3, root["roles"])
    bench.hold(root["x-exprove"]["name"] == NAME and "+" in root["x-exprove"]["log"], root["x-exprove"])
    bench.expect(1, "market", "init", site.path, "--name", NAME, EXPROVE_HOME=site.online)
    site.daily(0, "refresh")
    key = site.vendor("acme")[2]
    _, error = site.daily(66, "add-vendor", "acme", "--vkey", key)
    bench.hold("role targets" in error and site.online in error and "--key-home" in error, error)
    site.operator(0, "add-vendor", "acme", "--vkey", key)
    site.operator(0, "add-vendor", "acme", "--vkey", key)
    for name in ("root", "catalog", "Acme", "a--b", "../x"):
        site.operator(64, "add-vendor", name, "--vkey", key)
    bench.hold(bench.stranger.find(LIBRARY) is None if published(site, "acme") else True, "a library of nobody's")
    site.sound()


def published(site, role):
    return bool(glob.glob(f"{site.path}/metadata/*.{role}.json"))


def publishes(bench):
    """A vendor publishes where the repository is kept; the bytes come out as they went in, with certificate and proof."""
    site = bench.site
    adapter = bench.adapters + "/libnasdaq-itch50.so"
    out, _ = site.publish(0, "acme", adapter, "acme/itch", "--strictness", "3")
    bench.hold("acme/itch@1.0.0 for linux-x86_64" in out and "timestamp version" in out, out)
    data = product.read(adapter)
    for stranger in (bench.stranger, Stranger(site, "new")):
        info, found = stranger.find(LIBRARY)
        bench.hold(found == data, "other bytes")
    custom = info.custom
    certificate, _ = product.read, None
    _, certificate = bench.stranger.find("acme/itch/1.0.0/linux-x86_64.certificate")
    bench.hold(custom["certificate"] == sha256(certificate), custom)
    bench.hold(custom["licence"] == "Apache-2.0" and custom["abi"] == {"minimum": "1.0", "maximum": "1.1"}, custom)
    bench.hold("market-data" in custom["capabilities"], custom)
    _, about = bench.stranger.find("acme/itch/1.0.0/description.json")
    bench.hold(json.loads(about) == DESCRIPTION, about)
    line = json.loads(bench.stranger.find("catalog/adapters.jsonl")[1])
    bench.hold(line["name"] == "acme/itch" and line["latest"] == "1.0.0" and line["versions"] == 1, line)
    proof = f"{site.path}/targets/acme/itch/1.0.0/{sha256(data)}.linux-x86_64.proof"
    bench.proof = product.read(proof)
    bench.hold(bench.proof.startswith(b"c2sp.org/tlog-proof@v1\n"), bench.proof[:40])
    report = site.sound()
    bench.hold((report["releases"], report["leaves"]) == (1, 1), report)

    # The same bytes again change nothing; other bytes are refused, as is what has no certificate of its own.
    _, error = site.publish(0, "acme", adapter, "acme/itch")
    bench.hold("published or staged already" in error, error)
    other = bench.write("other.so", data.replace(b"summary: Nasdaq", b"summary: nasdaq"))
    _, error = site.publish(1, "acme", other, "acme/itch")
    bench.hold("other bytes" in error and "new version" in error, error)
    second = version_of(bench, adapter, 1)
    home, identity, key = site.vendor("acme")
    foreign = certificate_of(bench, adapter, identity, home)
    _, error = site.publish(1, "acme", second, "acme/itch", "--certificate", bench.write("first", product.read(foreign)))
    bench.hold("is for the adapter sha256" in error, error)
    own = certificate_of(bench, second, identity, home)
    changed = bytearray(product.read(own))
    changed[len(changed) // 2] ^= 1
    site.publish(1, "acme", second, "acme/itch", "--certificate", bench.write("changed", bytes(changed)))
    bench.expect(0, "identity", "create", "lab.example/lab")
    lab = bench.json("identity", "show", "lab.example/lab", "--json")["verifier"]
    _, error = site.publish(1, "acme", second, "acme/itch", "--certificate", own, "--certifier", lab)
    bench.hold("by none of the keys given" in error, error)
    broken = bench.write("broken.so", data[:-4000])
    site.publish(1, "acme", broken, "acme/broken", "--strictness", "3")
    site.publish(66, "acme", adapter, "zeta/itch")
    site.publish(0, "acme", second, "acme/itch", "--certificate", own, "--certifier", key)
    bench.hold(bench.stranger.find("acme/itch/1.0.1/linux-x86_64.so")[1] == product.read(second), "the second version")
    bench.hold(product.read(proof) == bench.proof, "an earlier proof changed")
    bench.hold(site.sound()["leaves"] == 2, "leaves")


def staged(bench):
    """A vendor publishes without the repository's keys: nobody sees it before the operator admits it, who checks it again."""
    site = bench.site
    site.add("zeta")
    adapter = template(bench, "zeta-venue")
    target = f"zeta/venue/{json.loads(bench.expect(0, 'adapter', 'inspect', adapter, '--json')[0])['version']}/linux-x86_64.so"
    out, error = site.publish(0, "zeta", adapter, "zeta/venue", "--strictness", "3", homes=[])
    bench.hold("staged in" in out and "market refresh" in error, (out, error))
    bench.hold(site.staged() == ["zeta.json"] and not published(site, "zeta"), site.staged())
    site.sound()

    # What was tampered with on the way is refused, and nothing else suffers.
    file = glob.glob(f"{site.path}/incoming/targets/zeta/venue/*/*.so")[0]
    data = product.read(file)
    bench.write(file, data[:-1] + bytes([data[-1] ^ 1]))
    _, error = site.daily(1, "refresh")
    bench.hold("refused: zeta" in error and "sha256" in error and not published(site, "zeta"), error)
    os.remove(file)
    _, error = site.daily(1, "refresh")
    bench.hold("there is no such file" in error, error)
    bench.write(file, data)
    # Metadata by another key than the vendor's are never admitted.
    signed = product.read(f"{site.path}/incoming/zeta.json")
    forged = json.loads(signed)
    forged["signed"]["expires"] = "2099-01-01T00:00:00Z"
    bench.write(f"{site.path}/incoming/zeta.json", json.dumps(forged))
    _, error = site.daily(0, "refresh")
    bench.hold("waiting: zeta version 1 is signed by 0 of the 1" in error and not published(site, "zeta"), error)
    bench.write(f"{site.path}/incoming/zeta.json", signed)
    bench.write(f"{site.path}/incoming/nobody.json", signed)
    _, error = site.daily(1, "refresh")
    bench.hold('there is no vendor "nobody"' in error, error)
    os.remove(f"{site.path}/incoming/nobody.json")

    site.daily(0, "refresh")
    bench.hold(site.staged() == [] and bench.stranger.find(target)[1] == data, site.staged())
    bench.hold(bench.stranger.find("acme/venue/0.1.0/linux-x86_64.so") is None, "zeta's is acme's")
    lines = bench.stranger.find("catalog/adapters.jsonl")[1].splitlines()
    bench.hold([json.loads(line)["name"] for line in lines] == ["acme/itch", "zeta/venue"], lines)
    site.sound()


def withdrawn(bench):
    """A vendor yanks and revokes what is its own, the operator revokes what is anybody's; nothing comes back."""
    site = bench.site
    home = site.vendor("acme")[0]
    bench.expect(0, "market", "yank", site.path, "acme/itch@1.0.0", "--reason", "a wrong side", *site.keys(home, site.online))
    info, _ = bench.stranger.find(LIBRARY)
    bench.hold(info.custom["yanked"]["reason"] == "a wrong side" and "revoked" not in info.custom, info.custom)
    line = json.loads(bench.stranger.find("catalog/adapters.jsonl")[1].splitlines()[0])
    bench.hold(line["latest"] == "1.0.1" and line["versions"] == 1, line)
    # Staged by the vendor alone, admitted by the operator.
    bench.expect(0, "market", "revoke", site.path, "acme/itch@1.0.0", "--reason", "worse than thought", *site.keys(home))
    bench.hold("revoked" not in bench.stranger.find(LIBRARY)[0].custom, "seen before it was admitted")
    site.daily(0, "refresh")
    bench.hold(bench.stranger.find(LIBRARY)[0].custom["revoked"]["reason"] == "worse than thought", "the revocation")
    bench.expect(66, "market", "yank", site.path, "acme/itch@9.0.0", "--reason", "x", *site.keys(home, site.online))
    bench.expect(64, "market", "yank", site.path, "acme/itch", "--reason", "x", *site.keys(home, site.online))
    bench.expect(64, "market", "yank", site.path, "acme/itch@1.0.1", "--reason", "a\nb", *site.keys(home, site.online))
    _, error = site.daily(66, "revoke", "acme/itch@1.0.1", "--reason", "stolen", "--as-operator")
    bench.hold("role revocations" in error, error)
    site.operator(0, "revoke", "acme/itch@1.0.1", "--reason", "acme's key was stolen", "--as-operator")
    revoked = json.loads(bench.stranger.find("revocations/list.json")[1])["revoked"]
    bench.hold(len(revoked) == 1 and revoked[0]["target"] == "acme/itch/1.0.1/linux-x86_64.so", revoked)
    lines = bench.stranger.find("catalog/adapters.jsonl")[1].splitlines()
    bench.hold([json.loads(line)["name"] for line in lines] == ["zeta/venue"], lines)

    # A vendor's metadata that take a withdrawal back are refused.
    path = sorted(glob.glob(f"{site.path}/metadata/*.acme.json"), key=lambda p: int(os.path.basename(p).split(".")[0]))
    earlier = json.loads(product.read(path[0]))["signed"]
    earlier["version"] = len(path) + 1
    resigned(bench, site, "acme", earlier)
    _, error = site.daily(1, "refresh")
    bench.hold("refused: acme" in error and "is gone" in error, error)
    later = json.loads(product.read(path[-1]))["signed"]
    later["version"] += 1
    del later["targets"][LIBRARY]["custom"]["revoked"]
    resigned(bench, site, "acme", later)
    _, error = site.daily(1, "refresh")
    bench.hold("changed by more than a withdrawal" in error, error)
    os.remove(f"{site.path}/incoming/acme.json")
    site.sound()


def private_key(home, identity):
    """The private key in an identity's file, as the independent signer takes it."""
    import base64

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    lines = product.read(f"{home}/{identity.replace('/', '+')}.identity").split(b"\n")
    return Ed25519PrivateKey.from_private_bytes(base64.b64decode(lines[2].split(b" ")[1]))


def resigned(bench, site, vendor, signed):
    """Metadata that a vendor's own key signs, whatever they say: python-tuf makes them."""
    from securesystemslib.signer import CryptoSigner
    from tuf.api.metadata import Metadata
    metadata = Metadata.from_dict({"signatures": [], "signed": signed})
    home, identity, _ = site.vendor(vendor)
    metadata.sign(CryptoSigner(private_key(home, identity)))
    os.makedirs(f"{site.path}/incoming", exist_ok=True)
    bench.write(f"{site.path}/incoming/{vendor}.json", metadata.to_bytes())


def rotated(bench):
    """Every role gets new keys. Clients from before and new ones go on; the old keys are worth nothing."""
    site = bench.site
    old_timestamp = private_key(site.online, f"{NAME}/timestamp")
    for role in ("timestamp", "snapshot", "catalog", "revocations", "targets"):
        out, error = site.operator(0, "rotate", role)
        bench.hold(f"{NAME}/{role}-2" in error, error)
        for stranger in (bench.stranger, Stranger(site, f"after-{role}")):
            bench.hold(stranger.find("revocations/list.json") is not None, role)
        site.operator(0, "refresh")
        bench.stranger.refreshed()
        site.sound()
    bench.hold(site.staged() == [], site.staged())

    # Root by turns: two of three old keys and two of three new ones, never in one place.
    for number in (1, 2, 3):
        site.move(f"root-{number}", site.offline, f"{site.path}-usb-{number}")
    usb = [f"{site.path}-usb-{number}" for number in (1, 2, 3)]
    _, error = bench.expect(0, "market", "rotate", site.path, "root", *site.keys(usb[0], site.online))
    bench.hold("root" in error and "sign" in error and site.staged() == ["root.json"], error)
    before = max(int(os.path.basename(p).split(".")[0]) for p in glob.glob(site.path + "/metadata/*.root.json"))
    site.daily(0, "refresh")
    bench.hold(not os.path.exists(f"{site.path}/metadata/{before + 1}.root.json"), "a root by one key")
    bench.stranger.refreshed()
    bench.expect(66, "market", "sign", site.path + "/incoming/root.json", *site.keys(site.online))
    out, _ = bench.expect(0, "market", "sign", site.path + "/incoming/root.json", *site.keys(usb[1]))
    bench.hold("signed in full" in out and "changed: roles.root" in out, out)
    site.daily(0, "refresh")
    bench.hold(os.path.exists(f"{site.path}/metadata/{before + 1}.root.json") and site.staged() == [], site.staged())
    for stranger in (bench.stranger, Stranger(site, "after-root")):
        stranger.refreshed()
    site.sound()

    # A vendor's key: the operator names the new one, the vendor signs with it.
    home, _, _ = site.vendor("acme")
    bench.expect(0, "identity", "create", "acme.example/second", EXPROVE_HOME=home + "-2")
    key = bench.json("identity", "show", "acme.example/second", "--json", EXPROVE_HOME=home + "-2")["verifier"]
    site.operator(64, "rotate", "acme")
    site.operator(0, "rotate", "acme", "--vkey", key)
    bench.hold(site.staged() == ["acme.json", "targets.json"], site.staged())
    bench.hold(bench.stranger.find(LIBRARY) is not None, "acme is gone while its key changes")
    bench.expect(0, "market", "sign", site.path + "/incoming/acme.json", *site.keys(home + "-2"))
    site.daily(0, "refresh")
    bench.hold(site.staged() == [], site.staged())
    for stranger in (bench.stranger, Stranger(site, "after-acme")):
        bench.hold(stranger.find(LIBRARY) is not None, "acme after its rotation")
    adapter = version_of(bench, bench.adapters + "/libnasdaq-itch50.so", 2)
    _, error = site.publish(66, "acme", adapter, "acme/itch", "--strictness", "1")
    bench.hold("role acme" in error, error)
    site.sound()

    # What the old timestamp key signs is refused, by python-tuf and by the audit.
    from securesystemslib.signer import CryptoSigner
    from tuf.api.metadata import Metadata
    name = os.path.basename(site.copy("forged"))
    path = bench.path(name)
    metadata = Metadata.from_file(path + "/metadata/timestamp.json")
    metadata.signatures.clear()
    metadata.signed.version += 1
    metadata.sign(CryptoSigner(old_timestamp))
    metadata.to_file(path + "/metadata/timestamp.json")
    try:
        bench.stranger.find(LIBRARY, path)
        bench.hold(False, "python-tuf took a timestamp by an old key")
    except RepositoryError:
        pass
    out, _ = bench.expect(1, "market", "verify", path)
    bench.hold("timestamp" in out, out)
    bench.hold(product.read(glob.glob(f"{site.path}/targets/acme/itch/1.0.0/*.proof")[0]) == bench.proof, "the proof")


def one_writer(bench):
    """While one process changes a repository, another is told so."""
    with open(bench.site.path + "/.lock", "rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        _, error = bench.site.daily(74, "refresh")
        bench.hold("another process" in error, error)
    bench.site.daily(0, "refresh")


def audited(bench):
    """Whatever is altered or taken away, the audit finds and names it."""
    site = bench.site
    out, _ = bench.expect(0, "market", "verify", site.path, "--root", site.path + "/metadata/1.root.json")
    bench.hold("from the root given" in out, out)
    other = Site(bench, "stranger-market")
    out, _ = bench.expect(1, "market", "verify", site.path, "--root", other.path + "/metadata/1.root.json")
    bench.hold("finding: " in out, out)
    copy = site.copy("altered")
    library = sorted(glob.glob(copy + "/targets/acme/itch/1.0.0/*.so"))[0]
    versions = sorted(int(os.path.basename(p).split(".")[0]) for p in glob.glob(copy + "/metadata/*.acme.json"))
    for path in (library, library.replace(".so", ".proof"), glob.glob(copy + "/targets/acme/itch/1.0.0/*.certificate")[0],
                 glob.glob(copy + "/targets/acme/itch/1.0.0/*.description.json")[0], copy + "/log/checkpoint",
                 glob.glob(copy + "/log/tile/entries/*.p/*")[0], copy + f"/metadata/{versions[-1]}.acme.json",
                 copy + "/metadata/2.root.json", copy + "/metadata/timestamp.json"):
        data = product.read(path)
        changed = bytearray(data)
        changed[len(changed) // 2] ^= 1
        for content in (bytes(changed), None):
            if content is None:
                os.remove(path)
            else:
                bench.write(path, content)
            code, out, error = bench.call("market", "verify", copy)
            bench.hold(code in ((1, 66) if content is None else (1, 65)) and (out + error).strip(), (path, code, out, error))
            bench.write(path, data)
    bench.expect(0, "market", "verify", copy)
    bench.write(copy + "/targets/acme/stray", b"x")
    out, _ = bench.expect(0, "market", "verify", copy)
    bench.hold("stray" in out, out)
    shutil.rmtree(copy)


class Reader(html.parser.HTMLParser):
    """What a page consists of."""

    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.words = set(), [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.words += data


def pages(bench):
    """Whatever a description holds, the pages show it and do not obey it."""
    site = bench.site
    hostile = {
        "name": "<script>alert(1)</script>", "summary": "\"><img src=x onerror=alert(1)> & 'x' \u202e\u0007", "who": "</main><h1>",
        "links": ["https://a.example/?a=1&b=%3C"], "protocols": ["</td><script>"], "example": "</pre>\n<script>\u2066"}
    for link in ("javascript:alert(1)", "https://a.example/\"onclick=x", "https://", "data:text/html,x", "HTTPS://x y"):
        about = bench.write("bad.json", json.dumps({**hostile, "links": [link]}))
        _, error = site.publish(65, "zeta", template(bench, "zeta-venue"), "zeta/hostile", description=about)
        bench.hold("links[0]" in error, error)
    about = bench.write("hostile.json", json.dumps(hostile))
    site.publish(0, "zeta", template(bench, "zeta-venue"), "zeta/hostile", "--strictness", "1", description=about)
    bench.stranger.refreshed()
    for path in ("index.html", "adapters/zeta/hostile.html", "adapters/acme/itch.html"):
        text = product.read(f"{site.path}/{path}").decode()
        reader = Reader()
        reader.feed(text)
        known = {"html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "p", "a", "table", "thead", "tbody", "tr",
                 "th", "td", "ul", "li", "pre"}
        bench.hold(reader.tags <= known, reader.tags - known)
        names = {name for name, _ in reader.attributes}
        bench.hold(names <= {"lang", "charset", "name", "content", "http-equiv", "scope", "href", "class", "rel"}, names)
        links = [value for name, value in reader.attributes if name == "href"]
        bench.hold(all(link.startswith("https://") or os.path.exists(os.path.join(os.path.dirname(f"{site.path}/{path}"), link))
                       for link in links), links)
        bench.hold("\u202e" not in text and "\u0007" not in text and "\u2066" not in text, "a character that does not show")
    bench.hold("<img src=x onerror=alert(1)>" in " ".join(page_words(site, "adapters/zeta/hostile.html")), "the words")
    site.sound()


def page_words(site, path):
    reader = Reader()
    reader.feed(product.read(f"{site.path}/{path}").decode())
    return [reader.words]


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


if __name__ == "__main__":
    product.prove("market", begun, publishes, staged, withdrawn, rotated, one_writer, audited, pages, killed)
