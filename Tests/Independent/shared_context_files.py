# SPDX-License-Identifier: Apache-2.0
"""Writes signed shared contexts from their description alone: canonical JSON (RFC 8785, for records without floating point),
an in-toto statement that names the context by digest, and a DSSE envelope signed with Ed25519. None of our code."""
import base64
import hashlib
import json

SAFE = 2**53 - 1
SECOND = 10**9


def wide(value):
    """An integer as the records have it: a string where a double could not hold it."""
    return value if -SAFE <= value <= SAFE else str(value)


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def canonical_digest(value):
    return hashlib.sha256(canonical(value)).hexdigest()


class Signer:
    """An aggregator's key, from a seed, with its verifier key as in c2sp.org/signed-note."""

    def __init__(self, name, seed):
        # Only those who sign need it.
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        self.name = name
        self.key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(seed.encode()).digest())
        material = b"\x01" + self.key.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        named = hashlib.sha256(name.encode() + b"\n" + material)
        self.id = f"{name}+{named.hexdigest()[:8]}"
        self.verifier = f"{self.id}+{base64.b64encode(material).decode()}"

    def signature(self, payload_type, payload):
        signed = f"DSSEv1 {len(payload_type)} {payload_type} {len(payload)} ".encode() + payload
        return {"keyid": self.id, "sig": base64.b64encode(self.key.sign(signed)).decode()}


def signal(kind, venue, symbol, sums, quantum="1", maximum=2**40):
    return {"kind": kind, "listing": {"venue": venue, "symbol": symbol}, "quantum": quantum, "maximum": maximum,
            "noise": {"mechanism": "none"}, "sums": [wide(value) for value in sums]}


def context(signals, *, issued, applies, bucket, expires, revision=1, previous=None, contributors=12, batch="batch",
            name="desks", method="two_aggregators"):
    buckets = len(signals[0]["sums"])
    made = {
        "version": 1, "name": name, "contract": hashlib.sha256(name.encode()).hexdigest(), "revision": revision,
        "method": method, "batch": hashlib.sha256(batch.encode()).hexdigest(), "contributors": contributors, "refused": 0,
        "late": 0, "shares": [{"aggregator": one, "digest": hashlib.sha256(one.encode()).hexdigest()}
                              for one in (["leader", "helper"] if method == "two_aggregators" else ["leader"])],
        "window_start": wide(issued - bucket * buckets), "bucket": wide(bucket), "buckets": buckets,
        "issued_at": wide(issued), "applies_from": wide(applies), "expires_at": wide(expires), "signals": signals}
    if previous is not None:
        made["previous"] = canonical_digest(previous)
    return made


def signed(made, signers):
    """The file: the context, and the envelope of the statement that names it."""
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": made["name"], "digest": {"sha256": canonical_digest(made)}}],
        "predicateType": "https://exprove.dev/shared-market-context/v1",
        "predicate": {"contract": made["contract"], "revision": made["revision"], "batch": made["batch"]}}
    kind, payload = "application/vnd.in-toto+json", canonical(statement)
    envelope = {"payload": base64.b64encode(payload).decode(), "payloadType": kind,
                "signatures": [signer.signature(kind, payload) for signer in signers]}
    return canonical({"context": made, "signed": base64.b64encode(canonical(envelope)).decode()})
