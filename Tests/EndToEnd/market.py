#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A repository of adapters from its first key to its last rotation, kept with `exprove market` and looked at by python-tuf over
HTTP: vendors publish, one of them offline; versions are yanked and revoked; every role gets new keys; `publish` is killed at any
moment. After each step python-tuf verifies what is served, with an old cache and with a new one.

usage: market.py EXPROVE ADAPTERS
"""
import base64
import fcntl
import glob
import json
import os
import shutil

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import CryptoSigner
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata

import product
from market_kills import publish_killed, rotations_killed
from market_pages import pages
from market_site import DESCRIPTION, LIBRARY, NAME, Site, Stranger, certificate_of, serve, sha256, template, version_of


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
    site.publish(65, "acme", bench.write("torn.so", data[:-4000]), "acme/torn")
    broken = bench.write("broken.so", data.replace(b"max-events: 4096", b"max-events: 1   "))
    _, error = site.publish(1, "acme", broken, "acme/broken", "--strictness", "3")
    bench.hold("does not conform" in error, error)
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
    fewer = json.loads(product.read(path[-1]))["signed"]
    fewer["version"] += 1
    fewer["targets"] = {name: file for name, file in fewer["targets"].items() if "/1.0.1/" not in name}
    resigned(bench, site, "acme", fewer)
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
    lines = product.read(f"{home}/{identity.replace('/', '+')}.identity").split(b"\n")
    return Ed25519PrivateKey.from_private_bytes(base64.b64decode(lines[2].split(b" ")[1]))


def resigned(bench, site, vendor, signed):
    """Metadata that a vendor's own key signs, whatever they say: python-tuf makes them."""
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


if __name__ == "__main__":
    product.prove("market", begun, publishes, staged, withdrawn, rotated, one_writer, audited, pages, publish_killed,
                  rotations_killed)
