# SPDX-License-Identifier: Apache-2.0
"""``python -m tests.bench [helper] [deploy] [jobs] [guests] [storage] [demo]``: measure all, or the parts named."""

from __future__ import annotations

import sys

from tests.bench import demo, deploy, guests, helper, jobs, storage
from tests.bench.report import Report
from tests.testhost.build import build_all
from tests.testhost.root import BUILD
from tests.testhost.steps import Steps

PARTS = {
    "helper": helper.measure,
    "deploy": deploy.measure,
    "jobs": jobs.measure,
    "guests": guests.measure,
    "storage": storage.measure,
    "demo": demo.measure,
}


def main() -> int:
    """Measure; the table comes last."""
    wanted = sys.argv[1:] or list(PARTS)
    unknown = [name for name in wanted if name not in PARTS]
    if unknown:
        print(f"no such measurement: {', '.join(unknown)}; there are {', '.join(PARTS)}", file=sys.stderr)
        return 2
    build_all(Steps(BUILD / "logs"), "trixie", whole_kernel="storage" in wanted)
    report = Report(BUILD / "bench.json")
    for name in wanted:
        print(f"measuring {name}", flush=True)
        PARTS[name](report)
    print(f"\n{report.table()}\n\nAll figures are in {report.path}.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
