# SPDX-License-Identifier: Apache-2.0
"""Steps of a long set-up: each is named, timed and logged, and says on the terminal how it goes."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Callable

from tests.testhost.root import BUILD

if TYPE_CHECKING:
    from pathlib import Path

TOP = BUILD.parent


class StepFailed(RuntimeError):
    """A step's command failed; the text names its log and shows the end of it."""


class Steps:
    """Runs steps, alone or side by side, and keeps their durations in ``seconds``."""

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self.seconds: dict[str, float] = {}
        self._say = threading.Lock()
        logs.mkdir(parents=True, exist_ok=True)

    def say(self, text: str) -> None:
        """Print one line, whole, whatever other threads print."""
        with self._say:
            print(text, flush=True)

    def do(self, name: str, title: str, action: Callable[[], None]) -> None:
        """Run ``action`` as step ``name``; its duration counts even when it fails."""
        self.say(f"  … {title}")
        started = time.monotonic()
        try:
            action()
        finally:
            self.seconds[name] = round(time.monotonic() - started, 1)
        self.say(f"  ✓ {title} ({self.seconds[name]:.1f} s)")

    def command(self, name: str, title: str, *argv: str) -> None:
        """Run a command as a step, its output in ``<logs>/<name>.log``."""

        def action() -> None:
            log = self.logs / f"{name}.log"
            with log.open("w") as output:
                result = subprocess.run(
                    argv, cwd=TOP, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, check=False
                )
            if result.returncode != 0:
                tail = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
                raise StepFailed(
                    f"{title}: '{' '.join(argv)}' ended with {result.returncode}. The whole log is {log}.\n\n{tail}"
                )

        self.do(name, title, action)

    def side_by_side(self, *branches: Callable[[], None]) -> None:
        """Run independent branches at the same time; the first failure is raised when all have ended."""
        failures: list[BaseException] = []

        def guarded(branch: Callable[[], None]) -> None:
            try:
                branch()
            except BaseException as error:  # noqa: BLE001 - carried to the calling thread below
                failures.append(error)

        threads = [threading.Thread(target=guarded, args=(branch,)) for branch in branches]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]


def fail(text: str) -> None:
    """Say why nothing was done, and end with status 1."""
    print(f"\n{text}", file=sys.stderr)
    raise SystemExit(1)
