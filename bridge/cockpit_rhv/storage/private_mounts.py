# SPDX-License-Identifier: Apache-2.0
"""Mounts nobody else sees: a mount namespace that ends, with all its mounts, when whoever made it ends or is killed."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import RhvError
from ..messages import msg

if TYPE_CHECKING:
    from types import TracebackType

    from .programs import Programs

#: Empty, the same for every test: each mounts over it in a namespace of its own. It is never removed, because removing
#: a folder takes away what other namespaces have mounted there.
PLACE = Path("/run/cockpit-rhv/storage-test")


class PrivateMounts:
    """A namespace held open by a ``cat`` that reads from a pipe of ours: our end closes it, however we end."""

    def __init__(self, programs: Programs, place: Path = PLACE) -> None:
        self._outside = programs
        self.place = place
        self._keeper: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> PrivateMounts:
        """Raises RhvError ``storage.namespace``, OSError."""
        self.place.mkdir(mode=0o711, parents=True, exist_ok=True)
        self._keeper = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "--", "cat"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        assert self._keeper.stdin is not None
        assert self._keeper.stdout is not None
        assert self._keeper.stderr is not None
        try:
            self._keeper.stdin.write(b"\n")
            self._keeper.stdin.flush()
            ready = self._keeper.stdout.readline()
        except BrokenPipeError:
            ready = b""
        if not ready:
            said = self._keeper.stderr.read(500).decode(errors="replace").strip()
            self._end()
            raise RhvError(
                "storage.namespace",
                msg("storage.namespace", "A private place for the test's mounts could not be made."),
                msg("storage.namespace.hint", "Only root can do this, and some containers forbid it even to root."),
                said,
            )
        return self

    @property
    def programs(self) -> Programs:
        """Programs that see the mounts."""
        assert self._keeper is not None
        return self._outside.inside(["nsenter", f"--mount=/proc/{self._keeper.pid}/ns/mnt", "--"])

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        keeper, self._keeper = self._keeper, None
        if keeper is None:
            return
        keeper.kill()
        keeper.wait()
        for stream in (keeper.stdin, keeper.stdout, keeper.stderr):
            if stream is not None:
                stream.close()
