# SPDX-License-Identifier: Apache-2.0
"""The identities that sign: made once, shown by their public keys, refused where others could read them."""
import os
import re


def check_identities(bench):
    call, hold = bench.call, bench.hold
    home = {"EXPROVE_HOME": bench.work + "/people"}
    hold("exprove identity create" in call("identity", "list", **home)[1], "an empty home")
    key = call("identity", "create", "example.com/desk", **home)[0].strip()
    hold(re.fullmatch(r"example\.com/desk\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}", key), key)
    hold(call("identity", "show", "example.com/desk", **home)[0].strip() == key, key)
    hold(bench.object("identity", "show", "example.com/desk", **home) == {
        "name": "example.com/desk", "verifier": key}, key)
    bench.object("identity", "create", "risk", **home)
    names = [entry["name"] for entry in bench.object("identity", "list", **home)["identities"]]
    hold(sorted(names) == ["example.com/desk", "risk"], names)
    hold("already" in call("identity", "create", "risk", code=65, **home)[1], "an identity was made twice")
    hold("identity create nobody" in call("identity", "show", "nobody", code=66, **home)[1], "an unknown identity")
    call("identity", "create", "../escape", code=64, **home)
    call("identity", "show", "two words", code=64, **home)
    secrets = [open(f"{bench.work}/people/{name}", encoding="utf-8").read().split("ed25519 ")[1].strip()
               for name in os.listdir(bench.work + "/people")]
    hold(len(secrets) == 2, secrets)
    for arguments in [["list"], ["list", "--json"], ["show", "risk"], ["show", "risk", "--json"]]:
        out, error = call("identity", *arguments, **home)
        hold(not any(secret in out + error for secret in secrets), "a private key was printed")
    os.chmod(bench.work + "/people", 0o755)
    hold("chmod 700" in call("identity", "list", code=74, **home)[1], "an open home was used")
    # A key that must not be used is a failure, and no reason to write elsewhere.
    os.chmod(bench.work + "/home", 0o755)
    hold("chmod 700" in call("report", "sale", code=74)[1], "an open home was used")
    os.chmod(bench.work + "/home", 0o700)
