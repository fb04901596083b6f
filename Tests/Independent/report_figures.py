# SPDX-License-Identifier: Apache-2.0
"""Figures of an execution report in Python's own fractions: their texts, the implementation shortfall from its definition
with the published example, and the comparison of a whole report with an expected one."""
import json
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction as F


class Figure:
    """A quotient with its leaves, as the report states it: numerator, denominator, and a text of so many places."""

    def __init__(self, value, places, leaves):
        self.value, self.places, self.leaves = value, places, leaves

    def text(self):
        # Wide enough that the division is exact where it ends within a few hundred digits, else far from any tie.
        wide = Context(prec=400, rounding=ROUND_HALF_EVEN)
        quotient = wide.divide(Decimal(self.value.numerator), Decimal(self.value.denominator))
        text = format(quotient.quantize(Decimal(1).scaleb(-self.places), ROUND_HALF_EVEN, wide), "f")
        return text[1:] if text.startswith("-") and not text.strip("-0.") else text


def text(value, places):
    """The shortest decimal of an integer at 10^-places."""
    if value is None:
        return None
    digits = str(abs(value)).rjust(places + 1, "0")
    whole, rest = digits[:len(digits) - places], digits[len(digits) - places:].rstrip("0")
    return ("-" if value < 0 else "") + whole + ("." + rest if rest else "")


def shortfall(sign, ordered, fills, decision, arrival, close, multiplier=F(1)):
    """Delay, trading, opportunity, fees and their sum, and it in basis points; mids are given doubled, fills as (price,
    quantity, fee). None where a mid or a fee that counts is not known."""
    filled = sum((quantity for _, quantity, _ in fills), F(0))

    def moved(quantity, start, end):
        if quantity == 0:
            return F(0)
        return None if start is None or end is None else sign * quantity * (end - start) / 2 * multiplier

    delay, opportunity = moved(filled, decision, arrival), moved(ordered - filled, decision, close)
    trading = F(0) if not fills else None if arrival is None else sum(
        (sign * quantity * (2 * price - arrival) / 2 * multiplier for price, quantity, _ in fills), F(0))
    fees = None if any(fee is None for _, _, fee in fills) else sum((fee for _, _, fee in fills), F(0))
    parts = [delay, trading, opportunity, fees]
    total = None if None in parts else sum(parts)
    points = None if total is None or decision is None or decision <= 0 else (
        10_000 * total / (ordered * decision / 2 * multiplier))
    return dict(delay=delay, trading=trading, opportunity=opportunity, fees=fees, total=total, basis_points=points)


def vector():
    """Q = 1000; D = 100.00, A = 100.02, C = 100.10; 600 at 100.05 and 200 at 100.03; fees 2.40."""
    fills = [(F("100.05"), F(600), F("2.00")), (F("100.03"), F(200), F("0.40"))]
    mids = F("200.00"), F("200.04"), F("200.20")
    buy, sell = shortfall(1, F(1000), fills, *mids), shortfall(-1, F(1000), fills, *mids)
    assert [buy[part] for part in ("delay", "trading", "opportunity", "fees", "total")] == [
        16, 20, 20, F("2.40"), F("58.40")], buy
    assert Figure(buy["basis_points"], 2, []).text() == "5.84" and sell["total"] == F("-53.60"), sell


def shortest_decimal(decimal):
    """A decimal string without the zeros at its end."""
    return decimal.rstrip("0").rstrip(".") if "." in decimal else decimal


def wide(digits):
    """An order's id as a fill record has it: a number where every reader keeps it exact."""
    return integer(int(digits))


def integer(value):
    """The encoding of an integer: beyond 2^53 a string of digits."""
    return value if abs(value) < 1 << 53 else str(value)


def differences(expected, stated, path=""):
    """A line for each value that is not as expected."""
    if isinstance(expected, Figure):
        if not isinstance(stated, dict) or set(stated) != {"numerator", "denominator", "text", "leaves"}:
            return [f"{path}: no figure is stated, {expected.text()} computed"]
        lines = differences(expected.leaves, stated["leaves"], path + ".leaves")
        value = F(int(stated["numerator"]), int(stated["denominator"]))
        if value != expected.value:
            lines.append(f"{path}: {value} is stated, {expected.value} computed")
        if stated["text"] != expected.text():
            lines.append(f"{path}.text: {stated['text']} is stated, {expected.text()} computed")
        return lines
    if isinstance(expected, dict) and isinstance(stated, dict):
        lines = [f"{path}.{key}: missing or too much" for key in sorted(set(expected) ^ set(stated))]
        for key in sorted(set(expected) & set(stated)):
            lines += differences(expected[key], stated[key], f"{path}.{key}")
        return lines
    if isinstance(expected, list) and isinstance(stated, list) and len(expected) == len(stated):
        lines = []
        for index, (one, other) in enumerate(zip(expected, stated)):
            lines += differences(one, other, f"{path}[{index}]")
        return lines
    if type(expected) is type(stated) and expected == stated:
        return []
    return [f"{path}: {json.dumps(stated)[:80]} is stated, {str(expected)[:80]} computed"]


def compare(expected, report):
    """The texts of the verdict are the verifier's own words."""
    verdict = {key: value for key, value in report["verdict"].items() if key not in ("text", "tail", "not_proven")}
    return differences(expected, {**report, "verdict": verdict})
