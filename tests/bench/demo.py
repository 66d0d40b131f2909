# SPDX-License-Identifier: Apache-2.0
"""``make demo`` from a fresh clone, and again; the clone's own build folder starts empty."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from typing import TYPE_CHECKING

from tests.testhost.root import BUILD
from tests.testhost.steps import TOP

if TYPE_CHECKING:
    from tests.bench.report import Report

CLONE = BUILD / "bench" / "clone"


def _demo(target: str) -> float:
    began = time.monotonic()
    subprocess.run(["make", "-C", str(CLONE), target], check=True, stdin=subprocess.DEVNULL)
    return time.monotonic() - began


def measure(report: Report) -> None:
    """demo_cold_s, demo_again_s and a figure for each of their steps."""
    if CLONE.exists():
        _demo("demo-down")
        shutil.rmtree(CLONE)
    CLONE.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["git", "clone", "--quiet", str(TOP), str(CLONE)], check=True)
    try:
        for run in ("cold", "again"):
            report.put(f"demo_{run}_s", _demo("demo"), 1)
            steps = json.loads((CLONE / "build/demo.json").read_text())["steps"]
            for step, seconds in steps.items():
                report.put(f"demo_{run}_{step}_s", seconds, 1)
    finally:
        _demo("demo-down")
    shutil.rmtree(CLONE)
