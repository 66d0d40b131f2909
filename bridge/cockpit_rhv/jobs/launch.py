# SPDX-License-Identifier: Apache-2.0
"""How a job's runner comes to run outside of whoever started it: a transient systemd unit."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING, Protocol

from ..errors import RhvError
from ..messages import msg
from ..paths import data_dir

if TYPE_CHECKING:
    from pathlib import Path

_START_TIMEOUT_S = 60
#: Longer than ``TimeoutStopSec`` below, after which systemd kills whatever is left.
_STOP_TIMEOUT_S = 60
_UNLOAD_PATIENCE_S = 5


class Launcher(Protocol):
    """Starts and stops runners. Tests without systemd bring their own."""

    def launch(self, unit: str, folder: Path) -> None:
        """Start the runner of the job in ``folder``; returns when its process exists. Raises RhvError."""

    def stop(self, unit: str) -> None:
        """Stop the whole process tree of ``unit``; returns when nothing of it runs. Raises RhvError."""

    def is_active(self, unit: str) -> bool:
        """Whether anything of ``unit`` runs. Raises RhvError when that cannot be said."""


class SystemdLauncher:
    """Transient services of the system manager."""

    def launch(self, unit: str, folder: Path) -> None:
        """See :class:`Launcher`."""
        self._await_unloaded(unit)
        _call(launch_command(unit, folder), _START_TIMEOUT_S)

    def stop(self, unit: str) -> None:
        """See :class:`Launcher`; a unit that is already gone is stopped."""
        _call(["systemctl", "stop", unit], _STOP_TIMEOUT_S, also_fine=(5,))

    def is_active(self, unit: str) -> bool:
        """See :class:`Launcher`; a unit that is being started or stopped is active."""
        shown = _call(["systemctl", "show", "--property=ActiveState", "--value", unit], _START_TIMEOUT_S)
        return shown.strip() not in ("inactive", "failed", "")

    def _await_unloaded(self, unit: str) -> None:
        # A unit of an earlier attempt that has ended is forgotten a moment later; until then its name is taken.
        deadline = time.monotonic() + _UNLOAD_PATIENCE_S
        show = ["systemctl", "show", "--property=LoadState", "--value", unit]
        while _call(show, _START_TIMEOUT_S).strip() != "not-found" and time.monotonic() < deadline:
            time.sleep(0.05)


def launch_command(unit: str, folder: Path) -> list[str]:
    """The ``systemd-run`` call for the job in ``folder``. It carries paths only, never an answer or a secret."""
    # The job's own copy of our Python: an upgrade of the package while the job runs changes nothing under it.
    # It no longer lies where it could tell a source tree from an installation by itself.
    environment = {"PYTHONPATH": str(folder / "private" / "lib"), "COCKPIT_RHV_DATA": str(data_dir())}
    properties = {
        # With "exec", a program that cannot be started is an error here instead of a job that ends at once.
        "Type": "exec",
        "KillMode": "control-group",
        "TimeoutStopSec": "15s",
        "LimitCORE": "0",
        "RuntimeDirectory": f"cockpit-rhv/{folder.name}",
        "RuntimeDirectoryMode": "0700",
        # Runs after the whole tree is gone, however it went: the status must not go on saying "running".
        "ExecStopPost": f'"{sys.executable}" -m cockpit_rhv.jobs.stopped "{folder}"',
    }
    return [
        "systemd-run",
        "--quiet",
        "--collect",
        f"--unit={unit}",
        f"--description=cockpit-rhv job {folder.name}",
        *[f"--property={name}={value}" for name, value in properties.items()],
        *[f"--setenv={name}={value}" for name, value in environment.items()],
        "--",
        sys.executable,
        "-m",
        "cockpit_rhv.jobs.runner",
        str(folder),
    ]


def _call(command: list[str], timeout_s: float, also_fine: tuple[int, ...] = ()) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _systemd_failed(command, str(error)) from error
    if done.returncode != 0 and done.returncode not in also_fine:
        raise _systemd_failed(command, done.stderr.strip())
    return done.stdout


def _systemd_failed(command: list[str], detail: str) -> RhvError:
    return RhvError(
        "job.systemd",
        msg("job.systemd", "systemd did not do what the job needs: {command}.", command=" ".join(command[:2])),
        msg("job.systemd.hint", "Jobs run as systemd units and need root; the detail says what systemd answered."),
        detail,
    )
