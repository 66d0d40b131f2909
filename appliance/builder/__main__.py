# SPDX-License-Identifier: Apache-2.0
"""Command line of the builder, see ``appliance/build``."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TextIO

from appliance.builder import base, compose, disk, mirror

NAME = "rhv-engine.qcow2"


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _deb_version(deb: Path) -> str:
    command = ["dpkg-deb", "--field", str(deb), "Version"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _installed(tree: Path) -> dict[str, str]:
    command = ["dpkg-query", f"--admindir={tree}/var/lib/dpkg", "-W", "-f", "${Package} ${Version}\n"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return dict(line.split(" ", 1) for line in output.splitlines())


def _say(text: str, stream: TextIO = sys.stdout) -> None:
    stream.write(f"appliance: {text}\n")
    stream.flush()


def build(output: Path, engine_deb: Path, cache: Path) -> dict[str, object]:
    """Build image, checksum and description in ``output``; returns the description."""
    began = time.monotonic()

    def step(text: str) -> None:
        _say(f"{time.monotonic() - began:5.1f} s  {text}")

    output.mkdir(parents=True, exist_ok=True)
    step("base root file system")
    root = base.build(cache)
    work = cache / "work"
    work.mkdir(exist_ok=True)
    step("engine and first-boot program")
    tree = compose.compose(root, work, engine_deb)
    step("disk image")
    image = work / NAME
    disk.write(tree, work, image)
    checksum = _sha256(image)
    description: dict[str, object] = {
        "version": _deb_version(engine_deb),
        "built": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "size_bytes": image.stat().st_size,
        "virtual_size_bytes": disk.VIRTUAL_SIZE,
        "sha256": checksum,
        "packages": _installed(tree),
    }
    shutil.rmtree(tree)
    # The image last: whoever finds it, finds its checksum beside it.
    (output / f"{NAME}.sha256").write_text(f"{checksum}  {NAME}\n")
    (output / "rhv-engine.json").write_text(json.dumps(description, indent=1) + "\n")
    image.replace(output / NAME)
    step(f"done: {output / NAME}, {(output / NAME).stat().st_size // 1_000_000} MB")
    return description


def main() -> int:
    """Build; 1 and a sentence when the machine lacks something."""
    parser = argparse.ArgumentParser(prog="appliance/build", description="Builds the engine VM's disk image.")
    parser.add_argument("--base-only", action="store_true", help="build only the root file system without the engine")
    parser.add_argument("output", type=Path, help="folder for rhv-engine.qcow2, its .sha256 and rhv-engine.json")
    parser.add_argument("engine_deb", type=Path, nargs="?", help="the rhv-engine package to put into it")
    arguments = parser.parse_args()
    if not arguments.base_only and arguments.engine_deb is None:
        parser.error("RHV-ENGINE.deb is needed, unless --base-only")
    if os.geteuid() != 0:
        _say("must run as root: it makes a root file system with mmdebstrap and chroot", sys.stderr)
        return 1
    cache = Path(__file__).resolve().parents[2] / "build/cache/appliance"
    try:
        with base.locked(cache):
            if arguments.base_only:
                base.build(cache)
            else:
                build(arguments.output.resolve(), arguments.engine_deb.resolve(), cache)
    except (disk.ImageError, mirror.MirrorError) as error:
        _say(str(error), sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        _say(f"{error.cmd[0]} failed with status {error.returncode}; its own words are above", sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
