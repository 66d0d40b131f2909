# SPDX-License-Identifier: Apache-2.0
"""The appliance image: there, a disk, whole, small enough."""

from __future__ import annotations

import math
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import RhvError
from ..messages import msg
from ..storage.checksum import expected_sha256, found_sha256, sidecar, wrong_sum
from ..storage.qcow2 import read_header
from .model import ERROR, OK, UNKNOWN, Evidence, Outcome
from .registry import Check

if TYPE_CHECKING:
    from .context import Context

GIB = 2**30
#: Seconds the image is read for its checksum; less than a check's own limit, so that the answer says why.
SUM_LIMIT_S = 8.0


def check_image(context: Context) -> Outcome:
    """A regular, readable qcow2 file that stands on its own."""
    path = Path(context.answer("image.path"))
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            text = msg("checks.image.not_file", "{path} is not a file.", path=str(path))
            return Outcome(ERROR, text, [Evidence(f"stat {path}", stat.filemode(status.st_mode))], _GET_IT)
        header = read_header(path)
    except FileNotFoundError:
        text = msg("checks.image.missing", "There is no appliance image at {path}.", path=str(path))
        return Outcome(ERROR, text, [Evidence(f"stat {path}", "absent")], _GET_IT)
    except PermissionError as error:
        text = msg("checks.image.unreadable", "The appliance image {path} may not be read.", path=str(path))
        return Outcome(ERROR, text, [Evidence(str(path), str(error))], _GET_IT)
    except RhvError as error:
        return Outcome(ERROR, error.message, [Evidence(str(path), error.detail or "")], error.hint)
    evidence = [
        Evidence(
            str(path), f"qcow2 version {header.version}, {status.st_size} bytes, disk of {header.virtual_size} bytes"
        )
    ]
    if header.backed or header.external_data or header.corrupt:
        text = msg("checks.image.not_alone", "The image {path} is damaged or needs a second file.", path=str(path))
        return Outcome(ERROR, text, evidence, _GET_IT)
    if status.st_size < header.least_size:
        text = msg("checks.image.truncated", "The image {path} has been cut off: its end is missing.", path=str(path))
        return Outcome(ERROR, text, evidence, _GET_IT)
    return Outcome(
        OK,
        msg("checks.image.ok", "The appliance image is a qcow2 disk of {mib} MiB.", mib=status.st_size >> 20),
        evidence,
    )


def check_checksum(context: Context) -> Outcome:
    """The image is what its checksum file says, before anything is made of it. The copy proves it once more."""
    image = Path(context.answer("image.path"))
    try:
        expected = expected_sha256(image)
        found = found_sha256(image, SUM_LIMIT_S)
    except RhvError as error:
        return Outcome(ERROR, error.message, [Evidence(str(sidecar(image)), error.detail or "")], error.hint)
    evidence = [Evidence(str(sidecar(image)), expected)]
    if found is None:
        text = msg("checks.checksum.later", "The image is too large to verify now; it is verified while it is copied.")
        return Outcome(UNKNOWN, text, evidence)
    evidence.append(Evidence(f"SHA-256 of {image}", found))
    if found != expected:
        wrong = wrong_sum(image, expected, found)
        return Outcome(ERROR, wrong.message, evidence, wrong.hint)
    return Outcome(OK, msg("checks.checksum.ok", "The image is what its checksum file says."), evidence)


def check_disk_size(context: Context) -> Outcome:
    """A disk can grow, never shrink."""
    asked = int(context.answer("engine.disk_gib"))
    header = read_header(Path(context.answer("image.path")))
    evidence = [Evidence(str(context.answer("image.path")), f"disk of {header.virtual_size} bytes")]
    least = math.ceil(header.virtual_size / GIB)
    if asked < least:
        return Outcome(
            ERROR,
            msg(
                "checks.disk_size.small",
                "The image's disk has {least} GiB, {asked} GiB are asked for.",
                least=least,
                asked=asked,
            ),
            evidence,
            msg("checks.disk_size.remedy", "Ask for at least {least} GiB.", least=least),
        )
    return Outcome(OK, msg("checks.disk_size.ok", "The image fits into {asked} GiB.", asked=asked), evidence)


_GET_IT = msg("checks.image.remedy", "Install the appliance package, or put the image there with its .sha256 file.")

CHECKS = (
    Check(
        "image.file",
        msg("checks.image.title", "Appliance image"),
        msg("checks.image.why", "The engine VM's disk is a copy of it."),
        check_image,
        needs_answers=True,
        path="image.path",
    ),
    Check(
        "image.checksum",
        msg("checks.checksum.title", "Checksum of the image"),
        msg("checks.checksum.why", "A damaged or altered image would become the machine that rules all hosts."),
        check_checksum,
        needs_answers=True,
        path="image.path",
    ),
    Check(
        "image.size",
        msg("checks.disk_size.title", "Disk size"),
        msg("checks.disk_size.why", "A disk smaller than its image would lose the end of its file system."),
        check_disk_size,
        needs_answers=True,
        path="engine.disk_gib",
    ),
)
