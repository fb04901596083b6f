# SPDX-License-Identifier: Apache-2.0
"""What an attacker, a mirror or a repository's operator could do to it, each as a change of a copy of it, and the verdict that a
client comes to: one that knows the honest repository, and one that has only the first root."""
import copy
import datetime
import json
import os

import product
from market_editor import stranger
from securesystemslib.formats import encode_canonical
from securesystemslib.signer import SSlibKey
from tuf.api.metadata import DelegatedRole, Delegations, Metadata, Targets

LIBRARY = "acme/itch/1.0.0/linux-x86_64.so"
NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
PAST, FUTURE = NOW - datetime.timedelta(minutes=1), NOW + datetime.timedelta(days=30)
REFUSED, TAKEN, ABSENT = "refused", "taken", "absent"


def flip(path, at=None):
    data = bytearray(product.read(path))
    data[len(data) // 2 if at is None else at] ^= 1
    with open(path, "wb") as file:
        file.write(data)


def library(editor):
    target = editor.read("acme").signed.targets[LIBRARY]
    return f"{editor.directory}/targets/acme/itch/1.0.0/{target.hashes['sha256']}.linux-x86_64.so"


def append(path, data):
    with open(path, "ab") as file:
        file.write(data)


def expired(signed):
    signed.expires = PAST


def rerooted(editor, change, signers, version=None):
    metadata = editor.read("root")
    metadata.signed.version = version or metadata.signed.version + 1
    change(metadata.signed)
    metadata.signatures.clear()
    for one in signers:
        metadata.sign(one, append=True)
    editor.put("root", editor.version("root") + 1 if version is None else max(version, 2), metadata.to_bytes())


def rotate_root(signers_of):
    def change(editor):
        first, second, third = editor.signers["root"]
        fresh = stranger()

        def replace(signed):
            signed.revoke_key(first.public_key.keyid, "root")
            signed.add_key(fresh.public_key, "root")
        rerooted(editor, replace, signers_of(first, second, third, fresh))
    return change


def new_timestamp_key(editor):
    """The stolen timestamp key gave out a very high version; root replaces it, and versions begin anew."""
    old, fresh = editor.signers["timestamp"][0], stranger()
    first, second, _ = editor.signers["root"]

    def replace(signed):
        signed.revoke_key(old.public_key.keyid, "timestamp")
        signed.add_key(fresh.public_key, "timestamp")
    rerooted(editor, replace, [first, second])
    metadata = editor.read("timestamp")
    metadata.signed.version = 1
    metadata.sign(fresh)
    editor.put("timestamp", None, metadata.to_bytes())


def undelegate(signed):
    del signed.delegations.roles["acme"]


def other_vendor_key(signed):
    key = stranger().public_key
    signed.delegations.roles["acme"].keyids = [key.keyid]
    signed.delegations.keys[key.keyid] = key


def foreign_claim(editor):
    """Another vendor lists the library that acme no longer has."""
    found = editor.read("acme").signed.targets[LIBRARY]
    editor.edit("acme", lambda signed: signed.targets.pop(LIBRARY))
    editor.edit("zeta", lambda signed: signed.targets.update({LIBRARY: found}))
    editor.close()


def circle(editor):
    """acme trusts itself, and a role below, for what it does not have."""
    key = editor.signers["acme"][0]

    def change(signed):
        signed.targets.pop(LIBRARY)
        signed.delegations = Delegations(
            {key.public_key.keyid: key.public_key},
            {name: DelegatedRole(name, [key.public_key.keyid], 1, False, paths=["acme/*/*/*"])
             for name in ("acme", "below")})
    editor.edit("acme", change)
    below = Metadata(Targets(1, expires=FUTURE))
    below.signed.delegations = copy.deepcopy(editor.read("acme").signed.delegations)
    below.sign(key)
    editor.put("below", 1, below.to_bytes())
    editor.list("below", 1, below.to_bytes())
    editor.close()


def moved_below(editor):
    """acme keeps its targets in a role below its own."""
    key, listed = stranger(), {}

    def change(signed):
        listed.update(signed.targets)
        signed.targets.clear()
        signed.delegations = Delegations(
            {key.public_key.keyid: key.public_key},
            {"acme-ci": DelegatedRole("acme-ci", [key.public_key.keyid], 1, True, paths=["acme/itch/*/*"])})
    editor.edit("acme", change)
    below = Metadata(Targets(1, expires=FUTURE, targets=listed))
    below.sign(key)
    editor.put("acme-ci", 1, below.to_bytes())
    editor.list("acme-ci", 1, below.to_bytes())
    editor.close()


def edited(role, change=lambda signed: None, signers=None):
    def work(editor):
        editor.edit(role, change, signers and signers(editor))
        editor.close()
    return work


def two_needed(second_signs):
    """acme needs two keys; the second signs, or the first signs twice."""
    def work(editor):
        own, other = editor.signers["acme"][0], stranger()

        def change(signed):
            signed.delegations.roles["acme"].keyids.append(other.public_key.keyid)
            signed.delegations.roles["acme"].threshold = 2
            signed.delegations.keys[other.public_key.keyid] = other.public_key
        editor.edit("targets", change)
        metadata = editor.edit("acme", signers=[own, other] if second_signs else [own])
        if not second_signs:
            data = json.loads(metadata.to_bytes())
            data["signatures"].append(data["signatures"][0])
            data = json.dumps(data).encode()
            editor.put("acme", metadata.signed.version, data)
            editor.list("acme", metadata.signed.version, data)
        editor.close()
    return work


def one_key_two_names(editor):
    """Both of two keys that are needed are the same one, under two ids."""
    own = editor.signers["acme"][0]
    twin = SSlibKey("ab" * 32, "ed25519", "ed25519", own.public_key.keyval)

    def change(signed):
        signed.delegations.roles["acme"].keyids.append(twin.keyid)
        signed.delegations.roles["acme"].threshold = 2
        signed.delegations.keys[twin.keyid] = twin
    editor.edit("targets", change)
    metadata = editor.edit("acme")
    data = json.loads(metadata.to_bytes())
    data["signatures"].append({**data["signatures"][0], "keyid": twin.keyid})
    data = json.dumps(data).encode()
    editor.put("acme", metadata.signed.version, data)
    editor.list("acme", metadata.signed.version, data)
    editor.close()


def rewritten(role, change):
    """A role's file with other text; snapshot and timestamp describe it as it is."""
    def work(editor):
        metadata = editor.edit(role)
        data = change(metadata.to_bytes())
        editor.put(role, metadata.signed.version, data)
        editor.list(role, metadata.signed.version, data)
        editor.close()
    return work


def resigned_dictionary(role, change):
    """A role whose signed part python-tuf's classes would not write, signed all the same."""
    def work(editor):
        metadata = editor.edit(role)
        data = json.loads(metadata.to_bytes())
        change(data["signed"])
        own = editor.signers[role][0]
        data["signatures"] = [own.sign(encode_canonical(data["signed"]).encode()).to_dict()]
        data = json.dumps(data).encode()
        editor.put(role, metadata.signed.version, data)
        editor.list(role, metadata.signed.version, data)
        editor.close()
    return work


def snapshot_again(change, signers=None):
    """A new snapshot, and a timestamp that leads to it."""
    return lambda editor: editor.close(change, signers and signers(editor))


def drop_acme(signed):
    del signed.meta["acme.json"]


def lower_acme(signed):
    signed.meta["acme.json"].version -= 1


def mixed_snapshot(editor):
    editor.close()
    editor.put("snapshot", editor.version("snapshot"), editor.bytes("snapshot", editor.version("snapshot") - 1))


def mixed_vendor(editor):
    editor.edit("acme")
    editor.close()
    editor.put("acme", editor.version("acme"), editor.bytes("acme", editor.version("acme") - 1))


def vendor_file_gone(editor):
    editor.edit("acme")
    editor.close()
    os.remove(editor.path("acme", editor.version("acme")))


def same_timestamp_version(editor):
    """Another timestamp of the version that is known, which leads to a snapshot that is not there."""
    editor.stamp(editor.version("snapshot"), lambda signed: setattr(signed.snapshot_meta, "version", 999), bump=0)


def unsigned_number(editor):
    data, version = editor.bytes("timestamp"), editor.version("timestamp")
    editor.put("timestamp", None, data.replace(b'"version":%d}' % version, b'"version":%d}' % (version + 1)))


def earlier_timestamp(editor):
    editor.stamp(editor.version("snapshot"), bump=-1)


def earlier_snapshot(editor):
    editor.stamp(editor.version("snapshot") - 1)


def all_anew(editor):
    for role in ("acme", "catalog", "revocations", "targets"):
        editor.edit(role)
    editor.close()


def signed_by_two_more(editor):
    editor.edit("acme", signers=[editor.signers["acme"][0], stranger(), stranger()])
    editor.close()


def deep(signed):
    value = []
    for _ in range(100):
        value = [value]
    signed["x-deep"] = value


# What, the verdict of a client that knows the honest repository, and of a new one.
VARIANTS = [
    ("nothing is changed", TAKEN, TAKEN, lambda editor: None),
    ("python-tuf signs everything anew", TAKEN, TAKEN, all_anew),
    ("library altered", REFUSED, REFUSED, lambda editor: flip(library(editor))),
    ("library longer", REFUSED, REFUSED, lambda editor: append(library(editor), b"\0" * 100_000)),
    ("library shorter", REFUSED, REFUSED, lambda editor: os.truncate(library(editor), 1000)),
    ("library gone", REFUSED, REFUSED, lambda editor: os.remove(library(editor))),
    ("timestamp altered", REFUSED, REFUSED, lambda editor: flip(editor.path("timestamp", None))),
    ("timestamp with another number, unsigned", REFUSED, REFUSED, unsigned_number),
    ("timestamp gone", REFUSED, REFUSED, lambda editor: os.remove(editor.path("timestamp", None))),
    ("timestamp endless", REFUSED, REFUSED, lambda editor: append(editor.path("timestamp", None), b" " * 16_384)),
    ("timestamp by a stranger", REFUSED, REFUSED, lambda editor: editor.stamp(
        editor.version("snapshot"), signers=[stranger()])),
    ("timestamp by the snapshot's key", REFUSED, REFUSED, lambda editor: editor.stamp(
        editor.version("snapshot"), signers=editor.signers["snapshot"])),
    ("timestamp expired", REFUSED, REFUSED, lambda editor: editor.stamp(editor.version("snapshot"), expired)),
    ("timestamp of an earlier version", REFUSED, TAKEN, earlier_timestamp),
    ("timestamp of the same version, another one", TAKEN, REFUSED, same_timestamp_version),
    ("a snapshot in the timestamp's place", REFUSED, REFUSED, lambda editor: editor.put(
        "timestamp", None, editor.bytes("snapshot"))),
    ("an earlier snapshot under a new timestamp", REFUSED, TAKEN, earlier_snapshot),
    ("snapshot mixed with an earlier one", REFUSED, REFUSED, mixed_snapshot),
    ("snapshot expired", REFUSED, REFUSED, snapshot_again(expired)),
    ("snapshot by a stranger", REFUSED, REFUSED, snapshot_again(lambda signed: None, lambda editor: [stranger()])),
    ("snapshot without a vendor", REFUSED, REFUSED, snapshot_again(drop_acme)),
    ("snapshot with an earlier vendor", REFUSED, REFUSED, snapshot_again(lower_acme)),
    ("targets expired", REFUSED, REFUSED, edited("targets", expired)),
    ("targets by a stranger", REFUSED, REFUSED, edited("targets", signers=lambda editor: [stranger()])),
    ("vendor no longer delegated to", ABSENT, ABSENT, edited("targets", undelegate)),
    ("vendor's key replaced, old metadata", REFUSED, REFUSED, edited("targets", other_vendor_key)),
    ("vendor by a stranger", REFUSED, REFUSED, edited("acme", signers=lambda editor: [stranger()])),
    ("vendor by another vendor", REFUSED, REFUSED, edited("acme", signers=lambda editor: editor.signers["zeta"])),
    ("vendor signed by nobody", REFUSED, REFUSED, edited("acme", signers=lambda editor: [])),
    ("vendor signed by two strangers too", TAKEN, TAKEN, signed_by_two_more),
    ("vendor expired", REFUSED, REFUSED, edited("acme", expired)),
    ("vendor mixed with an earlier version", REFUSED, REFUSED, mixed_vendor),
    ("vendor's file gone", REFUSED, REFUSED, vendor_file_gone),
    ("vendor takes its library back", ABSENT, ABSENT, edited("acme", lambda signed: signed.targets.pop(LIBRARY))),
    ("another vendor claims the library", ABSENT, ABSENT, foreign_claim),
    ("a circle of delegations", ABSENT, ABSENT, circle),
    ("a vendor's targets in a role below", TAKEN, TAKEN, moved_below),
    ("vendor needs two keys and has them", TAKEN, TAKEN, two_needed(True)),
    ("vendor needs two keys, one signed twice", REFUSED, REFUSED, two_needed(False)),
    ("vendor needs two keys, which are one", TAKEN, TAKEN, one_key_two_names),
    ("vendor's metadata with members of its own", TAKEN, TAKEN, edited(
        "acme", lambda signed: signed.unrecognized_fields.update({"x-own": {"a": [1, None, "é\n"]}}))),
    ("vendor's metadata of TUF 2", REFUSED, REFUSED, resigned_dictionary(
        "acme", lambda signed: signed.update(spec_version="2.0.0"))),
    ("vendor's metadata of another kind", REFUSED, REFUSED, resigned_dictionary(
        "acme", lambda signed: signed.update(_type="snapshot"))),
    ("vendor's metadata with version 0", REFUSED, REFUSED, resigned_dictionary(
        "acme", lambda signed: signed.update(version=0))),
    ("vendor's file no JSON", REFUSED, REFUSED, rewritten("acme", lambda data: data[:-1])),
    ("vendor's file nested without end", REFUSED, REFUSED, rewritten("acme", lambda data: b"[" * 200_000)),
    ("vendor's file with a fraction", REFUSED, REFUSED, rewritten(
        "acme", lambda data: data.replace(b'"signed":{', b'"signed":{"x":1.5,'))),
    ("root replaced by two of the old keys", TAKEN, TAKEN, rotate_root(lambda a, b, c, new: [a, b, new])),
    ("root replaced by one of the old keys", REFUSED, REFUSED, rotate_root(lambda a, b, c, new: [b, new])),
    ("root replaced by old keys alone", REFUSED, REFUSED, rotate_root(lambda a, b, c, new: [a, b])),
    ("root replaced by a stranger", REFUSED, REFUSED, rotate_root(lambda a, b, c, new: [new])),
    ("root with a version too high", REFUSED, REFUSED, lambda editor: rerooted(
        editor, lambda signed: setattr(signed, "version", 9), editor.signers["root"])),
    ("root of a later version alone", TAKEN, TAKEN, lambda editor: rerooted(
        editor, lambda signed: None, editor.signers["root"], version=editor.version("root") + 2)),
    ("root expired", REFUSED, REFUSED, lambda editor: rerooted(editor, expired, editor.signers["root"])),
    ("timestamp's key replaced, versions anew", TAKEN, TAKEN, new_timestamp_key),
]

# Where ExProve refuses what python-tuf takes; and why.
STRICTER = [
    ("a key twice in one object", rewritten(
        "acme", lambda data: data.replace(b'"signed":{', b'"signed":{"version":1,', 1))),
    ("a number beyond 2^53", edited("acme", lambda signed: signed.unrecognized_fields.update({"x": 2**60}))),
    ("nested a hundred levels deep", resigned_dictionary("acme", deep)),
]
