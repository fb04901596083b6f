# SPDX-License-Identifier: Apache-2.0
"""Repositories that python-tuf writes, as a desk of ours sees them: good ones, and such as a stranger might write."""
import datetime
import json
import os

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    DelegatedRole, Delegations, Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp)
from tuf.api.serialization.json import JSONSerializer

import product
from desk import Desk

ITCH = "acme/itch"


class Foreign:
    """A repository as python-tuf writes it: no log, and targets of whatever name."""

    def __init__(self, bench, name, days=2):
        self.path = bench.path(name)
        os.makedirs(self.path + "/metadata")
        self.keys = {role: CryptoSigner.generate_ed25519() for role in ("root", "timestamp", "snapshot", "targets", "acme")}
        expires = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) + datetime.timedelta(days=days)
        self.root = Root(consistent_snapshot=True, expires=expires)
        for role in ("root", "timestamp", "snapshot", "targets"):
            self.root.add_key(self.keys[role].public_key, role)
        key = self.keys["acme"].public_key
        delegated = DelegatedRole("acme", [key.keyid], 1, True, paths=["acme/*/*/*"])
        self.targets = Targets(expires=expires, delegations=Delegations({key.keyid: key}, roles={"acme": delegated}))
        self.acme, self.snapshot = Targets(expires=expires), Snapshot(expires=expires)
        self.snapshot.meta["acme.json"] = MetaFile(1)
        self.timestamp = Timestamp(expires=expires)

    def add(self, metadata, path, data, custom=None, write=True, length=None):
        file = TargetFile.from_data(path, data, ["sha256"])
        file.length = length or file.length
        if custom:
            file.unrecognized_fields["custom"] = custom
        metadata.targets[path] = file
        if write:
            folder, _, name = path.rpartition("/")
            os.makedirs(f"{self.path}/targets/{folder}", exist_ok=True)
            with open(f"{self.path}/targets/{folder}/{file.hashes['sha256']}.{name}", "wb") as out:
                out.write(data)

    def write(self):
        for role, body, name in (("root", self.root, "1.root"), ("targets", self.targets, "1.targets"), ("acme", self.acme, "1.acme"),
                                 ("snapshot", self.snapshot, "1.snapshot"), ("timestamp", self.timestamp, "timestamp")):
            metadata = Metadata(body)
            metadata.sign(self.keys[role])
            metadata.to_file(f"{self.path}/metadata/{name}.json", JSONSerializer(compact=True))


def newest(bench, role):
    directory = bench.site.path + "/metadata"
    versions = [int(name.split(".")[0]) for name in os.listdir(directory) if name.endswith(f".{role}.json")]
    return f"{directory}/{max(versions)}.{role}.json"


def foreign(bench):
    """Our desk installs from a repository that python-tuf wrote, is told that it has no log, and copies nothing that would lie
    outside a copy."""
    library = product.read(bench.path("acme-1.so"))
    certificate = product.read(bench.path("acme-1.so.certificate"))
    stem = "acme/itch/1.0.1/linux-x86_64"
    facts = json.loads(product.read(newest(bench, "acme")))["signed"]["targets"][stem + ".so"]["custom"]

    def repository(name, *odd):
        made = Foreign(bench, name)
        made.add(made.acme, stem + ".so", library, facts)
        made.add(made.acme, stem + ".certificate", certificate)
        for path in odd:
            made.add(made.targets if path.startswith("..") or "/" not in path else made.acme, path, library, facts, write=False)
        made.write()
        return made

    plain = repository("foreign")
    desk = Desk(bench, "foreigner")
    desk.trust("plain", plain.path, plain.path + "/metadata/1.root.json")
    out, _ = desk.call(0, "install", ITCH)
    bench.hold("the repository has no log" in out and desk.installed()[ITCH]["log"] is None, out)
    desk.call(0, "verify")
    desk.call(0, "mirror", bench.path("foreign-copy"))
    # Odd names are no releases, and harm nobody.
    odd = ["../../evil", "acme/itch/../x", "acme/itch/1.0.2/..", "acme/itch/1.0.02/linux-x86_64.so", "acme/itch/9.9.9/linux-mips.so",
           "acme//9.9.9/linux-x86_64.so", "acme/ITCH/9.9.9/linux-x86_64.so", "acme/itch/9.9.9/linux-x86_64.so\n", "evil\x1b[31m"]
    strange = repository("strange", *odd)
    other = Desk(bench, "stranger-desk")
    other.trust("strange", strange.path, strange.path + "/metadata/1.root.json")
    other.call(0, "install", ITCH)
    bench.hold(other.version() == "1.0.1", other.version())
    for place in ("copies/one", "copies/two"):
        code, _, error = bench.call("adapter", "mirror", bench.path(place), EXPROVE_HOME=other.home)
        bench.hold(code == 1 and "would lie outside the copy" in error and "\x1b" not in error, error)
    bench.hold(not os.path.exists(bench.path("evil")) and not os.path.exists(bench.path("copies/evil")), "it wrote outside")
    # Without a certificate nothing installs, nor with one for other bytes.
    bare = Foreign(bench, "bare")
    bare.add(bare.acme, stem + ".so", library, facts)
    bare.write()
    third = Desk(bench, "bare-desk")
    third.trust("bare", bare.path, bare.path + "/metadata/1.root.json")
    third.refuses("has no conformance certificate", "install", ITCH)
    swapped = Foreign(bench, "swapped")
    swapped.add(swapped.acme, stem + ".so", library + b"\0", facts)
    swapped.add(swapped.acme, stem + ".certificate", certificate)
    swapped.write()
    fourth = Desk(bench, "swapped-desk")
    fourth.trust("swapped", swapped.path, swapped.path + "/metadata/1.root.json")
    fourth.refuses("is for the adapter sha256:", "install", ITCH)
    # What is expired may hide what is newer; what is endless, or says nothing of itself, is left alone.
    expired = Foreign(bench, "expired", days=-1)
    expired.write()
    late = Desk(bench, "late-desk")
    late.refuses("freeze", "repository", "add", "expired", expired.path, "--root", expired.path + "/metadata/1.root.json")
    large = Foreign(bench, "large")
    large.add(large.acme, stem + ".so", library, facts, length=1 << 40)
    large.add(large.acme, stem + ".certificate", certificate)
    for version, custom in (("1.1.0", None), ("1.2.0", {"abi": 1}), ("1.3.0", {**facts, "more": True})):
        large.add(large.acme, f"acme/itch/{version}/linux-x86_64.so", library, custom, write=False)
    large.add(large.acme, "acme/itch/1.5.0/linux-x86_64.so", library,
              {**facts, "yanked": {"reason": "\x1b[31mred\n\u202e", "at": 5}}, write=False)
    large.write()
    fifth = Desk(bench, "large-desk")
    fifth.trust("large", large.path, large.path + "/metadata/1.root.json")
    fifth.refuses("an adapter has at most", "install", ITCH)
    told = fifth.refuses("yanked: \\u{1b}[31mred\\u{a}\\u{202e}", "install", f"{ITCH}@^1.5")
    bench.hold("\x1b" not in told and "\u202e" not in told, told)
    told = fifth.refuses("not within 1.4", "install", f"{ITCH}@1.4")
    bench.hold(told.count("its facts can't be read") == 3, told)
    # A revocation is heard though all else that is said of the release is of a later version.
    later = Foreign(bench, "later")
    later.add(later.acme, stem + ".so", library, facts)
    later.add(later.acme, stem + ".certificate", certificate)
    later.add(later.acme, "acme/itch/1.1.0/linux-x86_64.so", library,
              {**facts, "more": True, "revoked": {"reason": "it lies", "at": 5, "by": "acme"}}, write=False)
    later.write()
    sixth = Desk(bench, "later-desk")
    sixth.trust("later", later.path, later.path + "/metadata/1.root.json")
    sixth.refuses("it lies", "install", f"{ITCH}@1.0.1")
