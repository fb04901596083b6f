# SPDX-License-Identifier: Apache-2.0
"""Alters a copy of a repository as somebody would who holds some of its keys, or none: with python-tuf's metadata classes and
signatures, not with ExProve's."""
import base64
import glob
import hashlib
import os

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import MetaFile, Metadata

import product


def signer(home, identity):
    """The private key in an identity's file, as securesystemslib signs with it."""
    lines = product.read(f"{home}/{identity.replace('/', '+')}.identity").split(b"\n")
    return CryptoSigner(Ed25519PrivateKey.from_private_bytes(base64.b64decode(lines[2].split(b" ")[1])))


def stranger():
    return CryptoSigner.generate_ed25519()


class Editor:
    """A repository's files, and the signers of each role."""

    def __init__(self, directory, signers):
        self.directory, self.signers, self.listed = directory, dict(signers), {}

    def path(self, role, version):
        name = "timestamp.json" if role == "timestamp" else f"{version}.{role}.json"
        return f"{self.directory}/metadata/{name}"

    def version(self, role):
        if role == "timestamp":
            return self.read(role).signed.version
        names = glob.glob(f"{self.directory}/metadata/*.{role}.json")
        return max(int(os.path.basename(name).split(".")[0]) for name in names)

    def read(self, role, version=None):
        if role != "timestamp" and version is None:
            version = self.version(role)
        return Metadata.from_bytes(product.read(self.path(role, version)))

    def bytes(self, role, version=None):
        return product.read(self.path(role, version or self.version(role)))

    def put(self, role, version, data):
        with open(self.path(role, version), "wb") as file:
            file.write(data)

    def edit(self, role, change=lambda signed: None, signers=None, bump=1):
        """A new version of a role, changed and signed. `close` makes snapshot and timestamp of it."""
        metadata = self.read(role)
        metadata.signed.version += bump
        change(metadata.signed)
        metadata.signatures.clear()
        for one in self.signers[role] if signers is None else signers:
            metadata.sign(one, append=True)
        data = metadata.to_bytes()
        self.put(role, metadata.signed.version, data)
        self.list(role, metadata.signed.version, data)
        return metadata

    def list(self, role, version, data):
        if role not in ("root", "timestamp", "snapshot"):
            self.listed[f"{role}.json"] = described(version, data)

    def close(self, change=lambda signed: None, signers=None):
        """Lists what was edited in a new snapshot, and that in a new timestamp."""
        def listing(signed):
            signed.meta.update(self.listed)
            change(signed)
        snapshot = self.edit("snapshot", listing, signers)
        self.stamp(snapshot.signed.version)

    def stamp(self, version, change=lambda signed: None, signers=None, bump=1):
        def points(signed):
            signed.snapshot_meta = described(version, self.bytes("snapshot", version))
            change(signed)
        return self.edit("timestamp", points, signers, bump)


def described(version, data):
    return MetaFile(version, len(data), {"sha256": hashlib.sha256(data).hexdigest()})
