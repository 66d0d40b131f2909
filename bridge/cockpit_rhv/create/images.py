# SPDX-License-Identifier: Apache-2.0
"""Disk images: what a file is, what a copy of it takes, and the copy itself, by qemu-img."""

from __future__ import annotations

import errno
import json
import os
import stat
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..checks.tools import find_program
from ..deploy.converting import convert_image, not_made
from ..errors import RhvError
from ..host.space import read_space
from ..messages import msg
from ..storage.qcow2 import MAGIC, read_header
from .folder import unusable

if TYPE_CHECKING:
    from ..deploy.progress import ProgressFile

GIB = 1024**3
#: What must stay free beside a new disk; an empty one takes nearly nothing at first.
RESERVE = 64 * 1024**2
_MEASURE_LIMIT_S = 60
#: Beginnings of files that hold a disk in a form that libvirt cannot be given as it is, or that is no disk.
_FOREIGN = (
    b"\x1f\x8b",  # gzip
    b"\xfd7zXZ",
    b"\x28\xb5\x2f\xfd",  # zstd
    b"PK\x03\x04",
    b"BZh",
    b"KDMV",  # VMware
    b"# Disk Descr",
    b"<<< ",  # VirtualBox
    b"vhdxfile",
    b"conectix",
)


class Image(NamedTuple):
    """``kind``: file or block; ``format``: qcow2 or raw; ``virtual_size`` in bytes; ``backed``: it needs another."""

    path: str
    kind: str
    format: str
    virtual_size: int
    backed: bool


def inspect_image(path: str) -> Image:
    """What lies at ``path``. Raises RhvError ``image.bad_path``, ``image.not_found``, ``image.unsupported``.

    Only qcow2 and raw: other forms name further files in ways that could lead to any file of this host.
    """
    if not path.startswith("/") or any(ord(sign) < 32 for sign in path):
        raise RhvError(
            "image.bad_path",
            msg("image.bad_path", "A file is named by its whole path on this host, beginning with a slash."),
        )
    try:
        mode = os.stat(path).st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISBLK(mode):
            raise _not_found(path, "neither a file nor a block device")
        with open(path, "rb") as stream:
            start = stream.read(512)
            size = stream.seek(0, os.SEEK_END)
        kind = "file" if stat.S_ISREG(mode) else "block"
        if start[:4] == MAGIC:
            header = read_header(Path(path))
            if header.external_data or header.corrupt:
                raise _unsupported(path, "external data file" if header.external_data else "marked as corrupt")
            return Image(path, kind, "qcow2", header.virtual_size, header.backed)
    except OSError as error:
        raise _not_found(path, str(error)) from error
    if start.startswith(_FOREIGN) or size < 512:
        raise _unsupported(path, f"it begins with the bytes {start[:8].hex(' ')}, {size} bytes in all")
    return Image(path, kind, "raw", size, False)


def require_whole(image: Image) -> None:
    """Raises RhvError ``image.backed`` for one that needs another: its guest would read and follow that one."""
    if image.backed:
        raise RhvError(
            "image.backed",
            msg("image.backed", "The image is a layer over another and cannot be used without it."),
            msg("image.backed.hint", "Make a whole one of it with qemu-img convert -O qcow2."),
        )


def measure_copy(path: str, form: str) -> tuple[int, int]:
    """Most bytes that a qcow2 copy of the image takes, and its virtual size. Raises RhvError ``image.unreadable``."""
    measured = _ask(path, "measure", "--output=json", "-O", "qcow2", "-f", form, path)
    info = _ask(path, "info", "--output=json", "-f", form, path)
    return int(json.loads(measured)["required"]), int(json.loads(info)["virtual-size"])


def _ask(path: str, *argv: str) -> str:
    try:
        done = subprocess.run(
            [_qemu_img(), *argv],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            text=True,
            timeout=_MEASURE_LIMIT_S,
        )
    except subprocess.TimeoutExpired as error:
        raise _unreadable(path, f"qemu-img {argv[0]} did not answer within {_MEASURE_LIMIT_S} s") from error
    if done.returncode != 0:
        raise _unreadable(path, done.stderr)
    return done.stdout


def _unreadable(path: str, said: str) -> RhvError:
    return RhvError(
        "image.unreadable",
        msg("image.unreadable", "The image {path} cannot be read.", path=path),
        msg("image.unreadable.hint", "A running guest may be using it: shut that down first. The details say more."),
        said.strip()[:4096],
    )


def free_bytes(folder: str) -> int:
    """What is free there. Raises RhvError ``create.folder`` for what is no folder or does not answer."""
    try:
        free = read_space(Path(folder)).free_bytes  # first: it has a limit, and a dead file server answers nobody
        if not stat.S_ISDIR(os.stat(folder).st_mode):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), folder)
        return free
    except OSError as error:
        raise unusable(folder, error) from error


def require_space(folder: str, needed: int) -> None:
    """Raises RhvError ``create.no_space`` unless ``needed`` bytes and a reserve are free there."""
    free = free_bytes(folder)
    if free < needed + RESERVE:
        raise RhvError(
            "create.no_space",
            msg(
                "create.no_space",
                "{folder} has {free} MiB free; {needed} MiB are needed.",
                folder=folder,
                free=free // 1024**2,
                needed=(needed + RESERVE) // 1024**2,
            ),
            msg("create.no_space.hint", "Make room there, or choose another directory."),
        )


def create_empty(target: Path, size: int) -> None:
    """Make a reserved file an empty qcow2 disk. Raises RhvError ``disk.not_made``."""
    _run([_qemu_img(), "create", "-q", "-f", "qcow2", str(target), str(size)], target)


def copy_image(source: str, form: str, target: Path, size: int | None, progress: ProgressFile, total: int) -> None:
    """Fill a reserved file with a copy, flattened, and make it ``size`` bytes large, if given; durable when it returns.

    ``total``: bytes, for the progress. Raises RhvError ``disk.not_made``.
    """
    text = msg("create.copying", "The disk {path} is copied", path=source)
    convert_image(source, form, target, "qcow2", progress, text, total, program=_qemu_img())
    if size is not None:
        _run([_qemu_img(), "resize", "-q", "-f", "qcow2", str(target), str(size)], target)
    descriptor = os.open(target, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _run(argv: list[str], target: Path) -> None:
    done = subprocess.run(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, text=True
    )
    if done.returncode != 0:
        raise not_made(target, done.stdout)


def _qemu_img() -> str:
    path = find_program(("qemu-img",))
    if path is None:
        raise RhvError(
            "create.no_qemu_img",
            msg("create.no_qemu_img", "The program qemu-img is not installed."),
            msg("create.no_qemu_img.hint", "Install qemu-utils (Debian) or qemu-img (Enterprise Linux)."),
        )
    return path


def _not_found(path: str, detail: str) -> RhvError:
    return RhvError(
        "image.not_found",
        msg("image.not_found", "There is no file {path} that can be read on this host.", path=path),
        detail=detail,
    )


def _unsupported(path: str, detail: str) -> RhvError:
    return RhvError(
        "image.unsupported",
        msg("image.unsupported", "{path} is no disk image that can be used here: it must be qcow2 or raw.", path=path),
        msg("image.unsupported.hint", "Unpack a compressed one; convert another form with qemu-img convert -O qcow2."),
        detail,
    )
