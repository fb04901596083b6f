# SPDX-License-Identifier: Apache-2.0
"""Runs over the real Binance captures for the tests of reports: how each is made, and what else those tests share."""
import json
import os
import shutil
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


class Bench:
    """A working directory with the built command, its identities, and a count of what held."""

    def __init__(self, exprove, adapters, captures):
        self.exprove = exprove
        self.work = tempfile.mkdtemp(prefix="exprove-reports-")
        self.base = {"PATH": os.environ["PATH"], "EXPROVE_ADAPTERS": adapters, "HOME": self.work,
                     "EXPROVE_HOME": self.work + "/home"}
        # Who holds no key of the runs.
        self.stranger = {"EXPROVE_HOME": self.work + "/nobody"}
        self.captures = captures + "/binance"
        self.held = 0

    def close(self):
        shutil.rmtree(self.work, ignore_errors=True)

    def hold(self, condition, text):
        assert condition, text
        self.held += 1

    def start(self, *arguments, **environment):
        return subprocess.Popen([self.exprove, *arguments], cwd=self.work, env={**self.base, **environment},
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def call(self, *arguments, code=0, cwd=None, **environment):
        done = subprocess.run([self.exprove, *arguments], capture_output=True, cwd=cwd or self.work,
                              env={**self.base, **environment}, timeout=600)
        assert done.returncode == code, (arguments, done.returncode, done.stdout[-700:], done.stderr[-700:])
        return done.stdout.decode(), done.stderr.decode()

    def object(self, *arguments, code=0, **environment):
        return json.loads(self.call(*arguments, "--json", code=code, **environment)[0])

    def read(self, path):
        with open(f"{self.work}/{path}", "rb") as file:
            return file.read()

    def copy(self, path, to):
        shutil.rmtree(f"{self.work}/{to}", ignore_errors=True)
        subprocess.run(["cp", "-a", "--reflink=auto", f"{self.work}/{path}", f"{self.work}/{to}"], check=True)

    def tree(self, path):
        """Every file below a directory with its bytes."""
        found = {}
        for root, _, names in os.walk(f"{self.work}/{path}"):
            for name in names:
                full = os.path.join(root, name)
                with open(full, "rb") as file:
                    found[os.path.relpath(full, f"{self.work}/{path}")] = file.read()
        return found

    def verifier(self, run):
        return json.loads(self.read(f"{run}/run.json"))["verifier"]

    # Runs

    def task(self, name, venue, reference, side, quantity, clauses, account="DESK-1"):
        instrument = "BTCUSDT" if venue == "BINANCE" else "BTCUSDT-PERP"
        with open(f"{self.work}/{name}.exprove", "w", encoding="utf-8") as file:
            file.write(f"task {name} {{\n  account \"{account}\"  capacity agency\n"
                       f"  instrument {instrument}  currency USDT\n  side {side}  quantity {quantity} BTC\n"
                       + "".join(f"  {clause}\n" for clause in clauses)
                       + f"  venue {venue} as BTCUSDT\n  reference {reference} as BTCUSDT\n}}\n")

    def options(self, name, venue, *further, fills="model", reference=None):
        feeds = [f"BINANCE=binance:{self.captures}/spot_btcusdt_20240808.gz",
                 f"BINANCE-UM=binance:{self.captures}/usdm_btcusdt_20240808.gz,market=usdm"]
        feeds[1 if venue == "BINANCE" else 0] += ",role=reference"
        reference = reference or HERE + "/reference.json"
        return ["run", "--task", f"{name}.exprove", "--reference", reference, "--fills", fills,
                "--feed", feeds[0], "--feed", feeds[1], *further, "--out", name]

    def make(self):
        """Two runs as in the end-to-end tests; a sale that cannot end, with denials and fees in what is sold; a shadow."""
        whole = ['window 2024-08-08T23:55:00 .. 2024-08-08T23:59:00 zone "UTC"',
                 "objective is { risk-aversion 0.0001 }", "slices 8", "participation 20%", "limit 62500.00"]
        short = ['window 2024-08-08T23:55:00 .. 2024-08-08T23:55:50 zone "UTC"', "participation 20%"]
        self.task("spot", "BINANCE", "BINANCE-UM", "buy", "2", whole)
        self.task("usdm", "BINANCE-UM", "BINANCE", "buy", "3.5", whole)
        # An account that tries to be markup, and to turn the direction of what follows it.
        self.task("sale", "BINANCE", "BINANCE-UM", "sell", "1.6", short + ["objective twap", "slice 15s", "limit 61826"],
                  account="</td><script>alert(1)</script>\u202e&")
        self.task("shadow", "BINANCE", "BINANCE-UM", "buy", "1", short + ["objective twap", "slices 5"])
        self.call(*self.options("spot", "BINANCE"))
        self.call(*self.options("usdm", "BINANCE-UM"))
        with open(HERE + "/reference.json", encoding="utf-8") as file:
            reference = json.load(file)
        terms = reference["listings"][0]["terms"][0]
        terms.update(fee_currency="BTC", maker_fee={"rate": "-0.00015"}, taker_fee={"rate": "0.00075"})
        with open(self.work + "/fees.json", "w", encoding="utf-8") as file:
            json.dump(reference, file)
        with open(self.work + "/policy.json", "w", encoding="utf-8") as file:
            json.dump({"format": "exprove-policy/1", "name": "tight", "version": "1", "price_collar": None,
                       "maximum_order_value": None, "maximum_order_quantity": {"*": "10"}, "participation": None,
                       "restricted_list": [], "message_rate": {"messages": 1, "window": 6_000_000_000}, "own_crossing": True, "maximum_book_age": None}, file)
        self.call(*self.options("sale", "BINANCE", "--policy", "policy.json", reference="fees.json"))
        self.call(*self.options("shadow", "BINANCE", fills="shadow"))
