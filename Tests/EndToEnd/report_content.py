# SPDX-License-Identifier: Apache-2.0
"""What a report says: every figure by another program, the page by another parser, the exported events."""
import copy
import json
import os
import re
import subprocess
from fractions import Fraction
from html.parser import HTMLParser

from market_books import read
from recompute_report import Recomputation, compare
from report_figures import vector


def events(bench, run):
    with open(f"{bench.work}/{run}.jsonl", "wb") as file:
        subprocess.run([bench.exprove, "normalize", "--run", run], cwd=bench.work, env=bench.base, stdout=file, check=True)
    return f"{bench.work}/{run}.jsonl"


def agree(bench, run, path):
    report = json.loads(bench.read(path))
    expected = Recomputation(f"{bench.work}/{run}", read(events(bench, run))).report()
    lines = compare(expected, report)
    bench.hold(not lines, (run, lines[:10]))
    return expected, report


def scalars(value, path=()):
    if isinstance(value, dict):
        for key in sorted(value):
            yield from scalars(value[key], path + (key,))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from scalars(item, path + (index,))
    else:
        yield path


def altered(value):
    if isinstance(value, bool) or value is None:
        return not value
    if isinstance(value, int):
        return value + 1
    return re.sub(r"\d", lambda digit: str((int(digit.group()) + 1) % 10), value, count=1) if re.search(r"\d", value) else (
        value + "x")


def check_recomputed(bench):
    """Every figure by another program, over runs of four kinds; and each value of two reports, altered, is found out."""
    hold = bench.hold
    vector()
    for run in ["spot", "usdm", "sale", "shadow"]:
        expected, report = agree(bench, run, bench.object("report", run, "--format", "json", "--out", run + ".json")["path"])
        if run == "sale":
            hold(report["denials"] and Fraction(report["filled"]) < Fraction(report["ordered"]), "the sale is too easy")
            hold(report["fills"][0]["fill"]["fee_currency"] == "BTC", "the sale's fees")
        if run in ("sale", "shadow"):
            alter(bench, expected, report)


def alter(bench, expected, report):
    # Of rows that are alike, a few are enough.
    report, expected = copy.deepcopy(report), copy.deepcopy(expected)
    report["fills"], expected["fills"] = report["fills"][:3], expected["fills"][:3]
    count = 0
    for path in scalars(report):
        if path[0] == "verdict" and path[1] in ("text", "tail", "not_proven"):
            continue
        place = report
        for key in path[:-1]:
            place = place[key]
        kept = place[path[-1]]
        place[path[-1]] = altered(kept)
        # Nothing over anything is nothing.
        if path[-1] != "denominator" or place["numerator"] != "0":
            assert compare(expected, report), f"an altered {path} is not found out"
        place[path[-1]] = kept
        count += 1
    bench.hold(count > 300 and not compare(expected, report), count)


class Elements(HTMLParser):
    VOID = {"meta", "br"}

    def __init__(self):
        super().__init__()
        self.open, self.found, self.text, self.drawings = [], [], [], []

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)
        if tag == "svg":
            self.drawings.append("")

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, tag

    def handle_data(self, data):
        self.text.append(data)
        if "svg" in self.open:
            self.drawings[-1] += data + "\n"


def check_page(bench):
    call, hold = bench.call, bench.hold
    for run in ["sale", "shadow", "spot"]:
        page = call("report", run, "--out", "-", **bench.stranger)[0]
        hold(page == call("report", run, "--out", "-", **bench.stranger)[0], "the page is not the same twice")
        found = Elements()
        found.feed(page)
        found.close()
        hold(not found.open and page.startswith("<!doctype html>"), found.open)
        tags = {tag for tag, _ in found.found}
        hold(not tags & {"script", "img", "link", "iframe", "object", "form", "base"}, tags)
        names = {attributes["id"] for _, attributes in found.found if "id" in attributes}
        for _, attributes in found.found:
            assert not any(name.startswith("on") or name in ("src", "style") for name in attributes), attributes
            if "href" in attributes:
                assert attributes["href"].startswith("#") and attributes["href"][1:] in names, attributes
        hold(len(found.found) > 100, found.found)
        hold("http" not in page and "url(" not in page and "@import" not in page, "the page loads something")
        words = "".join(found.text)
        hold(words.index("Verification") < words.index("Implementation shortfall"), "the verdict is not first")
        if run != "shadow":
            hold(found.drawings and all("SIMULATED" in drawing for drawing in found.drawings), "a drawing does not say so")
            rows = re.findall(r"<tr>(?:(?!</tr>).)*</tr>", page.split("Fills</h2>")[1].split("Decisions</h2>")[0], re.S)
            hold(len(rows) > 50 and all("simulated" in row for row in rows if "<td" in row), "a fill does not say so")
        else:
            hold("SHADOW" in words and "SIMULATED" not in words, "a shadow run that does not say so")
        report = json.loads(call("report", run, "--format", "json", "--out", "-", **bench.stranger)[0])
        for figure in [report["shortfall"]["total"], report["shortfall"]["basis_points"], report["average_price"],
                       report["interval"]["vwap"]]:
            hold(figure is None or figure["text"] in words, figure)
        for denial in report["denials"]:
            for reason in denial["denial"]["reasons"]:
                hold(f"{reason['control']}: {reason['measured']}, limit {reason['limit']}" in words, reason)
        if run == "sale":
            hold("<script>alert(1)</script>" in words and r"\u{202e}&" in words, "the account's name is not shown")


def check_exports(bench):
    call, hold = bench.call, bench.hold
    rows = call("normalize", "--run", "sale", "--format", "csv", "--limit", "500")[0].splitlines()
    lines = [json.loads(line) for line in call("normalize", "--run", "sale", "--limit", "500")[0].splitlines()]
    hold(len(rows) == 501 and len(lines) == 500, (len(rows), len(lines)))
    hold(rows[1].split(",")[0] == "0" and lines[499]["sequence"] == 499, rows[1])
    hold(sum(1 for _ in read(events(bench, "shadow"))) == bench.object("verify", "shadow")["events"], "events")
    call("normalize", "--run", "nothing", code=66)
    call("normalize", "--run", "sale", "--summary", code=64)
    call("normalize", "--run", "sale", "--feed", "X=binance:x", code=64)
    call("normalize", code=64)
    bench.copy("shadow", "bad")
    name = sorted(os.listdir(bench.work + "/bad/journal"))[0]
    with open(f"{bench.work}/bad/journal/{name}", "r+b") as file:
        file.seek(5000)
        byte = file.read(1)
        file.seek(5000)
        file.write(bytes([byte[0] ^ 1]))
    hold("does not match its hash" in call("normalize", "--run", "bad", code=65)[1], "a damaged journal was exported")
