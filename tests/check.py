# SPDX-License-Identifier: Apache-2.0
"""``make check``: lint, the tests that need no host, and the builds side by side; then the tests on real hosts.

The tests in whole-kernel guests follow the builds at once, beside what still runs.

Each part writes to ``build/logs/check-<part>.log`` and its end is shown when it is done, so that a failure is read at
once and the runners' own summaries are seen. Exit status 0 only when every part succeeded.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.testhost.build import build_all
from tests.testhost.root import BUILD
from tests.testhost.steps import TOP, StepFailed, Steps

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LOGS = BUILD / "logs"


@dataclass
class Part:
    """One command of the check. ``shown_lines``: how much of a good run's end is worth reading."""

    name: str
    argv: list[str]
    shown_lines: int = 4
    seconds: float = 0.0
    status: int | None = None

    @property
    def log(self) -> Path:
        return LOGS / f"check-{self.name}.log"

    def run(self, say: threading.Lock) -> None:
        started = time.monotonic()
        with self.log.open("w") as output:
            self.status = subprocess.run(
                self.argv, cwd=TOP, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, check=False
            ).returncode
        self.seconds = time.monotonic() - started
        lines = self.log.read_text(errors="replace").splitlines()
        shown = lines[-self.shown_lines :] if self.status == 0 else lines[-150:]
        with say:
            print(f"\n===== {self.name}: {'ok' if self.status == 0 else 'FAILED'} ({self.seconds:.0f} s)")
            print("\n".join(shown), flush=True)


def _pytest(name: str, *paths: str) -> Part:
    return Part(name, [sys.executable, "-m", "pytest", "-q", "--durations=10", "--color=no", *paths], shown_lines=20)


def without_a_host() -> list[list[Part]]:
    """What runs while the images are built: branches side by side, the parts of a branch one after the other."""
    return [
        [
            Part("lint", ["make", "--no-print-directory", "lint"]),
            Part("typescript", ["npm", "test", "--silent"], shown_lines=10),
            _pytest("browser", "tests/browser", "-m", "not host"),
        ],
        [_pytest("unit", "tests/unit", "tests/wire", "tests/engine", "-m", "not host")],
    ]


def in_guests() -> Part:
    """What needs a kernel of its own: it follows the builds, beside the branches that still run."""
    return _pytest("wholekernel", "tests/wholekernel", "-m", "not slow")


def on_hosts() -> list[Part]:
    """What needs test hosts; one after the other, because each of them uses both cores. conftest.py has their order."""
    return [_pytest("hosts", "tests/browser", "tests/host", "tests/engine", "-m", "host and not slow")]


def main() -> int:
    """Run everything; returns the exit status."""
    started = time.monotonic()
    LOGS.mkdir(parents=True, exist_ok=True)
    say = threading.Lock()
    branches = without_a_host()
    guests = in_guests()
    parts = [*(part for branch in branches for part in branch), guests]
    steps = Steps(LOGS)
    built = False

    def build() -> None:
        nonlocal built
        try:
            build_all(steps, "trixie", "bookworm", whole_kernel=True)
            built = True
        except StepFailed as error:
            steps.say(f"\n===== build: FAILED\n{error}")
            return
        guests.run(say)

    def in_turn(branch: list[Part]) -> Callable[[], None]:
        def run() -> None:
            for part in branch:
                part.run(say)

        return run

    steps.side_by_side(build, *map(in_turn, branches))
    if built:
        for part in on_hosts():
            parts.append(part)
            part.run(say)
    print(f"\nmake check took {(time.monotonic() - started) / 60:.1f} minutes")
    for part in parts:
        verdict = "ok" if part.status == 0 else "FAILED"
        print(f"  {part.name:12} {verdict:6} {part.seconds:6.0f} s   {part.log.relative_to(TOP)}")
    for name, seconds in steps.seconds.items():
        print(f"  build: {name:16} {seconds:6.1f} s")
    return 0 if built and all(part.status == 0 for part in parts) else 1


if __name__ == "__main__":
    raise SystemExit(main())
