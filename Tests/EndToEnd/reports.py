# SPDX-License-Identifier: Apache-2.0
"""Reports of runs over real captures: what is filed and what is not, that every figure can be recomputed by another
program, that nothing which a report does harms a run, and the identities that sign.

usage: reports.py EXPROVE ADAPTERS CAPTURES [CHECK...]
"""
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, HERE + "/../Independent"]

import identities  # noqa: E402
import report_content  # noqa: E402
import report_filing  # noqa: E402
import report_stops  # noqa: E402
from report_runs import Bench  # noqa: E402

CHECKS = [
    identities.check_identities, report_content.check_recomputed, report_filing.check_filed,
    report_filing.check_strangers, report_filing.check_damaged, report_filing.check_sequences, report_stops.check_concurrency,
    report_stops.check_every_stop, report_stops.check_kills, report_stops.check_unfinished, report_content.check_page,
    report_content.check_exports,
]


def main(exprove, adapters, captures, *names):
    start = time.monotonic()
    bench = Bench(*(os.path.abspath(path) for path in (exprove, adapters, captures)))
    try:
        bench.make()
        for check in CHECKS:
            if names and check.__name__ not in names:
                continue
            check(bench)
            print(f"{check.__name__}: {time.monotonic() - start:.0f} s", flush=True)
        print(f"{bench.held} passed, 0 failed")
    finally:
        bench.close()


main(*sys.argv[1:])
