#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Verifies DSSE envelopes of in-toto statements with the package `securesystemslib`, none of our code.

    verify_envelopes.py VKEY FILE...     each FILE holds one envelope; VKEY as in c2sp.org/signed-note

One JSON object per line on standard output, exit code 1 when an envelope does not hold.
"""

import base64
import json
import sys

from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey


def key_of(vkey):
    name, key_id, material = vkey.split("+", 2)
    public = base64.b64decode(material, validate=True)[1:]
    return SSlibKey(f"{name}+{key_id}", "ed25519", "ed25519", {"public": public.hex()})


def verify(key, path):
    with open(path, "rb") as file:
        envelope = Envelope.from_dict(json.load(file))
    envelope.verify([key], threshold=1)
    statement = json.loads(envelope.payload)
    if envelope.payload_type != "application/vnd.in-toto+json":
        raise ValueError(f"payload type {envelope.payload_type}")
    if statement["_type"] != "https://in-toto.io/Statement/v1":
        raise ValueError(f"statement type {statement['_type']}")
    if not all(len(bytes.fromhex(subject["digest"]["sha256"])) == 32 for subject in statement["subject"]):
        raise ValueError("digest")
    return {"predicateType": statement["predicateType"]}


def main(arguments):
    key = key_of(arguments[0])
    sound = True
    for path in arguments[1:]:
        try:
            result = {"ok": True, **verify(key, path)}
        except (VerificationError, ValueError, KeyError, TypeError) as error:
            result = {"ok": False, "reason": f"{type(error).__name__}: {error}"}
            sound = False
        print(json.dumps(result))
    sys.exit(0 if sound else 1)


if __name__ == "__main__":
    main(sys.argv[1:])
