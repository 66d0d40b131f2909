# SPDX-License-Identifier: Apache-2.0
"""Looks for the administrator's password everywhere it must not be, all the time a deployment runs.

Command lines and environments of every process of the host, files as they are written, and at the end the journal and
the whole writable layer of the host.
"""

from __future__ import annotations

import os
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from tests.conftest import ADMIN_PASSWORD

if TYPE_CHECKING:
    from types import TracebackType

    from tests.testhost.host import TestHost

_EVERY_S = 0.05


class SecretsWatch:
    """``found``: a line for each place it was seen; ``looks``: how often the processes were looked at."""

    def __init__(self, host: TestHost, marker: str = ADMIN_PASSWORD) -> None:
        self._host = host
        self._marker = marker.encode()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.found: list[str] = []
        self.looks = 0

    def __enter__(self) -> SecretsWatch:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        if kind is None:
            self._look_at_files()
            self._look_at_journal()
            assert self.looks > 10, "the processes were hardly looked at"

    def _watch(self) -> None:
        try:
            namespace = self._namespace()
            while not self._stop.wait(_EVERY_S):
                self.looks += 1
                for process in Path("/proc").glob("[0-9]*"):
                    self._look_at(process, namespace)
                self._look_at_new_files()
        except Exception as error:  # noqa: BLE001 - who does not look finds nothing; that is no good result
            self._add(f"the watch itself ended: {error!r}")

    def _namespace(self) -> str:
        return str(Path(f"/proc/{self._host.container.leader()}/ns/pid").readlink())

    def _look_at(self, process: Path, namespace: str) -> None:
        try:
            if str((process / "ns/pid").readlink()) != namespace:
                return
            seen = {name: (process / name).read_bytes() for name in ("cmdline", "environ")}
        except OSError:
            return  # it has ended
        for name, content in seen.items():
            if self._marker in content:
                self._add(f"{name} of a process: {seen['cmdline']!r}")

    def _look_at_new_files(self) -> None:
        for top in ("var/lib/cockpit-rhv", "run/cockpit-rhv", "tmp", "etc/cockpit-rhv"):
            # os.walk passes over a folder that is gone before it is read.
            # Through a process of the host: its /run is a file system of its own.
            for folder, _folders, names in os.walk(f"/proc/{self._host.container.leader()}/root/{top}"):
                for path in (Path(folder) / name for name in names):
                    try:
                        if path.is_file() and path.stat().st_size < 2**20 and self._marker in path.read_bytes():
                            self._add(f"file {path}")
                    except OSError:
                        continue  # it is gone already

    def _look_at_files(self) -> None:
        layer = self._host.container.folder / "upper"
        listed = subprocess.run(
            ["grep", "-rlaF", "--", self._marker.decode(), str(layer), str(self._host.images)],
            capture_output=True,
            text=True,
            check=False,
        )
        for line in listed.stdout.splitlines():
            self._add(f"file {line}")

    def _look_at_journal(self) -> None:
        # In the export format a field may hold any bytes.
        command = self._host.container.command("journalctl", "--no-pager", "--output=export")
        if self._marker in subprocess.run(command, capture_output=True, check=True).stdout:
            self._add("the journal")

    def _add(self, where: str) -> None:
        if where not in self.found:
            self.found.append(where)
