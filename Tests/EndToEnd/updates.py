# SPDX-License-Identifier: Apache-2.0
"""The same verdicts as another's client: python-tuf and `exprove adapter install` judge a repository that `exprove market`
wrote, and some fifty variants of it that an attacker, a mirror or its operator could make, each once by a client that knows the
honest repository and once by one that has only the first root. Then ExProve reads repositories that python-tuf wrote.

usage: updates.py EXPROVE ADAPTERS
"""
import json
import os
import shutil

import product
from market_editor import Editor, described, signer, stranger
from market_site import NAME, Site, certificate_of, serve, sha256, version_of
from market_variants import ABSENT, FUTURE, LIBRARY, REFUSED, STRICTER, TAKEN, VARIANTS
from tuf.api.exceptions import DownloadError, RepositoryError
from tuf.api.metadata import (
    DelegatedRole, Delegations, MetaFile, Metadata, Root, Snapshot, TargetFile, Targets, Timestamp,
)
from tuf.ngclient import Updater

ADAPTER = "acme/itch@1.0.0"
CERTIFICATE = LIBRARY.removesuffix(".so") + ".certificate"


class Judges:
    """Two clients of one repository, whatever lies behind its address at the moment."""

    def __init__(self, bench, name, directory, needed=(LIBRARY, CERTIFICATE), extra=()):
        self.bench, self.name, self.needed = bench, name, [*needed, *extra]
        self.root = product.read(directory + "/metadata/1.root.json")
        self.show(directory)
        self.home(f"{name}-fresh")
        self.strange(f"{name}-warm")
        os.makedirs(bench.path(f"{name}-fresh-cache"))
        code, out, error = self.exprove(f"{name}-warm", installs=False)
        bench.hold(code == 0, (out, error))

    def show(self, directory):
        """Puts a directory behind the address."""
        link = self.bench.path("live")
        if os.path.lexists(link):
            os.remove(link)
        os.symlink(directory, link)

    def home(self, name):
        os.makedirs(self.bench.path(name), mode=0o700, exist_ok=True)
        return self.bench.path(name)

    def strange(self, name):
        """python-tuf's word: None, or why it was refused, or that the target is not there."""
        cache = self.bench.path(name + "-cache")
        os.makedirs(cache + "/targets", exist_ok=True)
        base = f"{self.bench.address}/live/"
        try:
            updater = Updater(cache + "/metadata", base + "metadata/", cache + "/targets", base + "targets/",
                              bootstrap=self.root)
            updater.refresh()
            for target in self.needed:
                info = updater.get_targetinfo(target)
                if info is None:
                    return f"absent: {target}"
                updater.download_target(info)
        except (RepositoryError, DownloadError, ValueError) as error:
            return f"{type(error).__name__}: {error}".replace("\n", " ")
        return None

    def exprove(self, name, installs=True):
        """ExProve's word: exit code, output, error. A client that knows nothing yet is given the root first."""
        home = self.home(name)
        if not os.path.exists(home + "/adapters/repositories/main/repository.json"):
            root = self.bench.write(f"{self.name}.root.json", self.root)
            told = self.bench.call(
                "adapter", "repository", "add", "main", f"{self.bench.address}/live", "--root", root, EXPROVE_HOME=home)
            if told[0] != 0 or not installs:
                return told
        return self.bench.call("adapter", "install", ADAPTER, "--json", EXPROVE_HOME=home)

    def verdicts(self, label, directory, warm):
        """What both say; each works on copies of what its client knew before."""
        self.show(directory)
        name = f"{label}-{'warm' if warm else 'fresh'}"
        before = f"{self.name}-{'warm' if warm else 'fresh'}"
        shutil.copytree(self.bench.path(before), self.bench.path(name))
        shutil.copytree(self.bench.path(before + "-cache"), self.bench.path(name + "-cache"), symlinks=True)
        theirs = self.strange(name)
        code, _, error = self.exprove(name)
        for path in (name, name + "-cache"):
            shutil.rmtree(self.bench.path(path))
        return theirs, code, error.strip().replace("\n", " ")


def word(refusal):
    if refusal is None:
        return "taken"
    return "absent" if refusal.startswith("absent") else "refused"


def known_signers(site):
    """The signers of every role of a repository that `exprove market` keeps."""
    roles = {role: [signer(site.online, f"{NAME}/{role}")] for role in ("timestamp", "snapshot", "catalog")}
    roles |= {role: [signer(site.offline, f"{NAME}/{role}")] for role in ("targets", "revocations")}
    roles["root"] = [signer(site.offline, f"{NAME}/root-{number}") for number in (1, 2, 3)]
    for vendor in ("acme", "zeta"):
        home, identity, _ = site.vendor(vendor)
        roles[vendor] = [signer(home, identity)]
    return roles


def written(bench):
    """A repository with two vendors, one of which has two versions; python-tuf takes all of it."""
    bench.address = serve(bench.work)
    bench.site = site = Site(bench, "market")
    adapter = bench.adapters + "/libnasdaq-itch50.so"
    for vendor in ("acme", "zeta"):
        site.add(vendor)
        home, identity, _ = site.vendor(vendor)
        for library in [adapter] + [version_of(bench, adapter, 1)] * (vendor == "acme"):
            copied = bench.write(f"{vendor}-{os.path.basename(library)}", product.read(library))
            certificate = certificate_of(bench, copied, identity, home)
            site.publish(0, vendor, copied, f"{vendor}/itch", "--certificate", certificate)
    site.sound()
    bench.judges = Judges(bench, "judge", site.path, extra=("revocations/list.json", "catalog/adapters.jsonl"))


def judged(bench, number, name, change):
    """Both clients' verdicts over a variant: [with what was known before, from nothing]."""
    site = bench.site
    directory = site.copy(f"variant-{number}")
    change(Editor(directory, known_signers(site)))
    found = [bench.judges.verdicts(f"case-{number}", directory, warm) for warm in (True, False)]
    shutil.rmtree(directory)
    return found


def same_verdicts(bench):
    """Case by case, with why ExProve refused it."""
    print(f"{'':47}{'knows it':>18}{'new':>18}")
    print(f"{'':47}{'theirs':>9}{'ours':>9}{'theirs':>9}{'ours':>9}")
    wrong = []
    for number, (name, warm, fresh, change) in enumerate(VARIANTS):
        words, told = [], []
        for theirs, code, error in judged(bench, number, name, change):
            absent = "no repository has the vendor" in error or "nothing of acme/itch to install" in error
            words += [word(theirs), TAKEN if code == 0 else ABSENT if absent else REFUSED]
            told.append((theirs, code, error))
        same = words == [warm, warm, fresh, fresh]
        print(f"{name:47}" + "".join(f"{one:>9}" for one in words) + ("" if same else "  <---"))
        wrong += [] if same else [(name, words, told)]
        bench.hold(len(words) == 4, words)
    bench.hold(not wrong, wrong)


def stricter(bench):
    """Where ExProve refuses what python-tuf takes: JSON that two readers may read as two things."""
    for number, (name, change) in enumerate(STRICTER, len(VARIANTS)):
        for theirs, code, error in judged(bench, number, name, change):
            bench.hold(theirs is None and code != 0, f"{name}: {theirs}, {code}, {error}")
        print(f"{name:47}    taken  refused")


class Foreign:
    """A repository that python-tuf alone writes: its operator's keys, root of three versions, and a vendor's role."""

    def __init__(self, bench, name, consistent, described_hashes):
        self.path, self.consistent, self.hashes = bench.path(name), consistent, described_hashes
        os.makedirs(self.path + "/metadata")
        self.keys = {role: [stranger()] for role in ("timestamp", "snapshot", "targets", "acme")}
        self.keys["root"] = [stranger(), stranger()]
        self.files = {}

    def put(self, role, signed, signers=None):
        metadata = Metadata(signed)
        for one in signers or self.keys[role]:
            metadata.sign(one, append=True)
        data = metadata.to_bytes()
        versioned = role == "root" or (self.consistent and role != "timestamp")
        with open(f"{self.path}/metadata/{f'{signed.version}.' if versioned else ''}{role}.json", "wb") as file:
            file.write(data)
        found = described(signed.version, data)
        self.files[f"{role}.json"] = found if self.hashes else MetaFile(signed.version)

    def begin(self):
        self.root = Root(1, expires=FUTURE, consistent_snapshot=self.consistent)
        for role in ("root", "timestamp", "snapshot", "targets"):
            for one in self.keys[role]:
                self.root.add_key(one.public_key, role)
        self.root.roles["root"].threshold = 2
        self.put("root", self.root)

    def rotate(self, index):
        """One of the two keys of root is replaced; three sign."""
        old, fresh = self.keys["root"][index], stranger()
        self.root.version += 1
        self.root.revoke_key(old.public_key.keyid, "root")
        self.root.add_key(fresh.public_key, "root")
        self.keys["root"][index] = fresh
        self.put("root", self.root, [*self.keys["root"], old])

    def publish(self, version, targets):
        """All but root in a new version, with these targets: path, bytes, custom."""
        key = self.keys["acme"][0].public_key
        vendor = Targets(version, expires=FUTURE)
        for path, data, custom in targets:
            info = TargetFile.from_data(path, data, ["sha256", "sha512"])
            if custom is not None:
                info.unrecognized_fields["custom"] = custom
            vendor.targets[path] = info
            for place in info.get_prefixed_paths() if self.consistent else [path]:
                os.makedirs(os.path.dirname(f"{self.path}/targets/{place}"), exist_ok=True)
                with open(f"{self.path}/targets/{place}", "wb") as file:
                    file.write(data)
        top = Targets(version, expires=FUTURE, delegations=Delegations(
            {key.keyid: key}, {"acme": DelegatedRole("acme", [key.keyid], 1, True, paths=["acme/*/*/*"])}))
        self.put("acme", vendor)
        self.put("targets", top)
        listed = {name: self.files[name] for name in ("targets.json", "acme.json")}
        self.put("snapshot", Snapshot(version, expires=FUTURE, meta=listed))
        self.put("timestamp", Timestamp(version, expires=FUTURE, snapshot_meta=self.files["snapshot.json"]))


def read_from_python(bench, consistent, hashes):
    """Root is rotated twice while ExProve looks on; a library is installed, comes out byte for byte, and is revoked."""
    data = product.read(bench.adapters + "/libnasdaq-itch50.so")
    adapter = bench.write("foreign.so", data)
    home, identity, _ = bench.site.vendor("acme")
    certificate = product.read(certificate_of(bench, adapter, identity, home))
    custom = {
        "abi": {"minimum": "1.0", "maximum": "1.1"}, "contracts": {"produces": [], "requires": []},
        "capabilities": ["market-data"], "certificate": sha256(certificate), "licence": "Apache-2.0"}
    foreign = Foreign(bench, f"foreign-{consistent}-{hashes}", consistent, hashes)
    foreign.begin()
    foreign.publish(1, [(LIBRARY, data, custom), (CERTIFICATE, certificate, None)])
    judges = Judges(bench, f"foreign-judge-{consistent}-{hashes}", foreign.path)
    warm = f"foreign-judge-{consistent}-{hashes}-warm"
    foreign.rotate(0)
    code, out, error = judges.exprove(warm)
    bench.hold(code == 0, error)
    installed = json.loads(out)["installed"][0]
    bench.hold(installed["adapter"]["sha256"] == sha256(data), out)
    bench.hold(judges.strange(warm) is None, "python-tuf does not read its own")

    foreign.rotate(1)
    foreign.publish(2, [(LIBRARY, data, {**custom, "revoked": {"reason": "a fault", "at": 1_790_000_000}}),
                        (CERTIFICATE, certificate, None)])
    out, error = bench.expect(0, "adapter", "refresh", "--json", EXPROVE_HOME=bench.path(warm))
    told = json.loads(out)
    bench.hold(told["repositories"][0]["root"] == 3 and told["repositories"][0]["log"] is None, out)
    bench.hold(told["revoked"] == ["acme/itch"] and "is revoked" in error, (out, error))
    # A client that knows the first root alone follows both rotations, and gets no revoked version.
    for theirs, code, error in [judges.verdicts(f"foreign-{consistent}-{hashes}", foreign.path, False)]:
        bench.hold(theirs is None and code != 0 and "revoked" in error, (theirs, code, error))
    # One whose second rotation is by one of two keys only is refused by both.
    foreign.root.version += 1
    foreign.put("root", foreign.root, foreign.keys["root"][:1])
    theirs, code, error = judges.verdicts(f"foreign-half-{consistent}-{hashes}", foreign.path, True)
    bench.hold(word(theirs) == REFUSED and "signed by 1 of the 2 keys" in error, (theirs, error))


def consistent_with_digests(bench):
    read_from_python(bench, True, True)


def consistent_without_digests(bench):
    read_from_python(bench, True, False)


def plain_names(bench):
    read_from_python(bench, False, True)


if __name__ == "__main__":
    product.prove(
        "updates", written, same_verdicts, stricter, consistent_with_digests, consistent_without_digests, plain_names)
