# SPDX-License-Identifier: Apache-2.0
"""Telling the host, on channels that only it has, who this Manager is (docs/architecture.md, "First contact")."""

from __future__ import annotations

import json
import logging
import os
import stat
from typing import TYPE_CHECKING

from . import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

logger = logging.getLogger(__name__)


def announce(ca_sha256: str, fqdn: str, addresses: Sequence[str], port: Path, console: Path | None) -> bool:
    """Write the JSON line to the virtio port and two lines for people to the console; whether the port took its line.

    A machine without one of them is no error (a Manager that was not deployed by us); that it was skipped is logged.
    The line is written without an address too: that the Manager lives but has none is half of a diagnosis.
    """
    document = {
        "version": 1, "ca_sha256": ca_sha256, "fqdn": fqdn, "addresses": list(addresses),
        "engine_version": __version__,
    }  # fmt: skip
    said = _write(port, json.dumps(document) + "\n")
    if console is None:
        return said
    fingerprint = ":".join(ca_sha256[index : index + 2] for index in range(0, len(ca_sha256), 2)).upper()
    shown = ", ".join(addresses) or "none yet"
    # getty may have left its prompt on the line.
    _write(console, f"\r\nRHV engine CA SHA-256: {fingerprint}\r\nRHV engine address: {shown}\r\n")
    return said


def _write(path: Path, text: str) -> bool:
    try:
        # Without O_NONBLOCK a port whose host end is not read would hold the Manager up for ever; without the check a
        # missing device would become a file.
        if not stat.S_ISREG(path.stat().st_mode):
            descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
        else:
            descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)
        try:
            data = text.encode("ascii")
            while data:
                data = data[os.write(descriptor, data) :]
        finally:
            os.close(descriptor)
    except OSError as error:
        logger.info("nothing said on %s: %s", path, error.strerror)
        return False
    return True
