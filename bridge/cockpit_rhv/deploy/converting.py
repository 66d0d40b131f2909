# SPDX-License-Identifier: Apache-2.0
"""A disk image copied into another form by qemu-img, which tells how far it is."""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING

from ..errors import RhvError
from ..messages import msg

if TYPE_CHECKING:
    from pathlib import Path

    from ..messages import Message
    from .progress import ProgressFile

_PROGRESS = re.compile(rb"\((\d+(?:\.\d+)?)/100%\)")


def convert_image(
    source: str | Path,
    source_format: str,
    target: Path,
    target_format: str,
    progress: ProgressFile,
    text: Message,
    total: int,
    *,
    into_existing: bool = False,
    program: str = "qemu-img",
) -> None:
    """Fill ``target`` with a flattened copy, durable when this returns. Raises RhvError ``disk.not_made``; OSError.

    ``total``: bytes, for the progress. ``into_existing``: the target has its size already, a device say, and keeps it.
    """
    argv = [program, "convert", "-p", *(["-n"] if into_existing else []), "-f", source_format, "-O", target_format]
    with subprocess.Popen(
        [*argv, str(source), str(target)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            progress.report(0, total, "bytes", text)
            while piece := os.read(process.stdout.fileno(), 4096):
                percents = _PROGRESS.findall(piece)
                if percents:
                    progress.report(total * float(percents[-1]) / 100, total, "bytes", text)
            said = process.stderr.read().decode("utf-8", "replace")
            if process.wait() != 0:
                raise not_made(target, said)
        finally:
            process.kill()
    descriptor = os.open(target, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def not_made(target: Path, said: str) -> RhvError:
    """qemu-img could not write the disk; ``said``: its own words."""
    return RhvError(
        "disk.not_made",
        msg("disk.not_made", "The disk {path} could not be written.", path=str(target)),
        msg("disk.not_made.hint", "Is there room in its directory? The technical details say what went wrong."),
        said.strip()[:4096],
    )
