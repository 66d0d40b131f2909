# SPDX-License-Identifier: Apache-2.0
"""/run/cockpit-rhv/agent.json: who is connected, for the page and the checks."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from .server import AgentServer

logger = logging.getLogger(__name__)

_INTERVAL_S = 1.0


class StateFile:
    """Keeps the file true to within a second while :meth:`run` runs."""

    def __init__(self, path: Path, server: AgentServer, started_s: float) -> None:
        """``started_s``: epoch seconds of the agent's start."""
        self._path = path
        self._server = server
        self._started_s = started_s
        self._written = ""

    async def run(self) -> None:
        """Write whenever something has changed; runs until cancelled, and removes the file then."""
        try:
            while True:
                self.write()
                await asyncio.sleep(_INTERVAL_S)
        finally:
            self._path.unlink(missing_ok=True)

    def write(self) -> None:
        """Write if something has changed. A file that cannot be written is only logged: it serves a display."""
        text = json.dumps(
            {
                "started_s": self._started_s,
                "clients": [client._asdict() for client in self._server.clients],
                "last_request_s": self._server.last_request_s,
            }
        )
        if text == self._written:
            return
        self._written = text
        temporary = self._path.with_name(self._path.name + ".new")
        try:
            self._path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            temporary.write_text(text + "\n", "ascii")
            temporary.chmod(0o644)
            os.replace(temporary, self._path)
        except OSError as error:
            logger.warning("%s not written: %s", self._path, error)
