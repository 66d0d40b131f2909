# SPDX-License-Identifier: Apache-2.0
"""The agent's certificate files: where they are, and whether they have changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..rpc.tls import server_context

if TYPE_CHECKING:
    import ssl
    from pathlib import Path


class PkiFiles(NamedTuple):
    """PEM files; written by the enrolment."""

    ca: Path
    certificate: Path
    key: Path

    @classmethod
    def in_folder(cls, folder: Path) -> PkiFiles:
        """The names of docs/architecture.md, below the configuration folder."""
        return cls(folder / "pki/ca.pem", folder / "pki/agent.pem", folder / "pki/agent.key")

    def load(self) -> ssl.SSLContext:
        """A context for new connections. Raises RhvError ``tls.files_missing`` or ``tls.files_unusable``."""
        return server_context(self.ca, self.certificate, self.key)

    def signature(self) -> tuple[tuple[int, int, int] | None, ...]:
        """Differs as soon as one of the files is replaced, rewritten or removed."""
        return tuple(_identity(path) for path in self)


def _identity(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
