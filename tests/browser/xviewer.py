# SPDX-License-Identifier: Apache-2.0
"""The real remote-viewer on a screen of its own, and whether a guest's picture is to be seen on it."""

from __future__ import annotations

import os
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: From this on a colour counts as lit.
LIT = 100


class Picture(NamedTuple):
    """``rows``: for each row a 1 where a pixel is lit, a 0 where it is not."""

    rows: list[bytes]

    @classmethod
    def of(cls, content: bytes) -> Picture:
        """From any picture that ImageMagick reads."""
        ppm = subprocess.run(["convert", "-", "-depth", "8", "gray:-"], input=content, capture_output=True, check=True)
        size = subprocess.run(["identify", "-format", "%w", "-"], input=content, capture_output=True, check=True)
        width = int(size.stdout)
        bits = bytes(value >= LIT for value in ppm.stdout)
        return cls([bits[start : start + width] for start in range(0, len(bits), width)])

    def holds(self, part: Picture) -> bool:
        """Whether the rows of ``part`` that have most to show stand in here, each as it is."""
        telling = sorted((row.strip(b"\0") for row in part.rows), key=lambda row: -row.count(1))[:5]
        assert telling[0].count(1) > 20, "there is nothing on the guest's screen"
        return all(any(wanted in row for row in self.rows) for wanted in telling)


@contextmanager
def screen(folder: Path) -> Iterator[dict[str, str]]:
    """A virtual screen; yields the environment for what is to be shown on it."""
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x1024x24", "-nolisten", "tcp"],
        pass_fds=(write,),
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    try:
        display = os.read(read, 16).decode().strip()
        assert display, "Xvfb did not start"
        yield {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "XDG_RUNTIME_DIR": str(folder),
            "DISPLAY": f":{display}",
            "GSETTINGS_BACKEND": "memory",
            "NO_AT_BRIDGE": "1",
        }
    finally:
        os.close(read)
        server.terminate()
        server.wait(10)


@contextmanager
def remote_viewer(environ: dict[str, str], file: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Open a .vv file."""
    viewer = subprocess.Popen(["remote-viewer", str(file)], env=environ, stderr=subprocess.DEVNULL)
    try:
        yield viewer
    finally:
        viewer.terminate()
        try:
            viewer.wait(5)
        except subprocess.TimeoutExpired:
            viewer.kill()
            viewer.wait()


def snapshot(environ: dict[str, str]) -> bytes:
    """What is to be seen on the screen, as PNG."""
    return subprocess.run(
        ["import", "-window", "root", "png:-"], env=environ, capture_output=True, check=True, timeout=20
    ).stdout


def appears(environ: dict[str, str], guest: Picture, limit_s: float) -> bool:
    """Whether the guest's picture comes to the screen in that time."""
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        if Picture.of(snapshot(environ)).holds(guest):
            return True
        time.sleep(0.3)
    return False
