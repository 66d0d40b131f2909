# SPDX-License-Identifier: Apache-2.0
"""Where measured figures go: one flat object of names and numbers, and a table against the goals."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# From the issues; a figure without a goal is shown without a verdict.
GOALS = {
    "helper_first_snapshot_ms": 350,
    "helper_rss_mb": 45,
    "wizard_js_kb_gz": 250,
    "demo_cold_s": 360,
    "demo_again_s": 15,
    "engine_boot_s": 60,
    "engine_rss_mb": 150,
    "appliance_mb": 250,
    "deploy_ratio": 1.25,
    "resume_overhead_s": 10,
    "cancel_s": 3,
    "guests_500_first_rows_s": 1.0,
    "guests_500_all_usage_s": 1.5,
    "guests_2000_first_rows_s_ratio": 2.5,
    "guests_2000_all_usage_s_ratio": 2.5,
    "event_to_screen_ms": 60,
    "tick_cpu_ms": 60,
    "tick_ratio": 1.3,
    "tick_bytes": 20_000,
    "page_js_kb_gz": 250,
    "storage_test_nfs_s": 3,
    "storage_test_iscsi_s": 3,
    "upload_ratio": 1.3,
    "pools_100_first_rows_s": 1.0,
}


class Report:
    """Collects figures; a part measured alone keeps what earlier runs wrote of the others."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.figures: dict[str, float] = json.loads(path.read_text()) if path.exists() else {}
        self.fresh: list[str] = []

    def put(self, name: str, value: float, digits: int = 2) -> None:
        """Keep a figure and write the file at once: a later part that fails loses nothing."""
        self.figures[name] = round(value, digits)
        self.fresh.append(name)
        self.path.write_text(json.dumps(self.figures, indent=1, sort_keys=True) + "\n")

    def table(self) -> str:
        """What was measured now, against its goals."""
        lines = [f"{'figure':34} {'measured':>10} {'goal':>8}"]
        for name in self.fresh:
            goal = GOALS.get(name)
            verdict = "" if goal is None else ("  ok" if self.figures[name] <= goal else "  MISSED")
            lines.append(f"{name:34} {self.figures[name]:>10g} {'' if goal is None else goal:>8}{verdict}")
        return "\n".join(lines)
