# SPDX-License-Identifier: Apache-2.0
"""Other appliances: the tree's own with a higher version and a migration more, a dead one, one that panics."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from typing import TYPE_CHECKING

from appliance.builder import base, disk
from appliance.builder.__main__ import build
from tests.testhost.build import version
from tests.testhost.root import BUILD

if TYPE_CHECKING:
    from pathlib import Path

NEWER = "99.1.0"
_PACKAGE = "usr/lib/rhv-engine/rhv_engine"


def engine_deb() -> Path:
    return BUILD / f"rhv-engine_{version()}_all.deb"


def build_newer(folder: Path) -> Path:
    """Build the appliance of version ``NEWER`` in ``folder`` (of the build folder's file system) and return that.

    Its database has one more table, which an engine of today's version refuses: data of the newer engine cannot pass
    for data of the older. Takes some ten seconds where the appliance has been built before.
    """
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    tree = folder / "deb"
    subprocess.run(["dpkg-deb", "--raw-extract", str(engine_deb()), str(tree)], check=True)
    _replace(tree / "DEBIAN/control", f"Version: {version()}\n", f"Version: {NEWER}\n")
    _replace(tree / _PACKAGE / "__init__.py", f'__version__ = "{version()}"', f'__version__ = "{NEWER}"')
    step = '    ("CREATE TABLE of_the_newer_engine (id INTEGER PRIMARY KEY)",),\n)\n\n\nclass SchemaTooNew'
    _replace(tree / _PACKAGE / "db/migrations.py", ")\n\n\nclass SchemaTooNew", step)
    deb = folder / "newer.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", str(tree), str(deb)], check=True)
    shutil.rmtree(tree)
    # Beside the base that `make appliance` has left.
    cache = BUILD / "cache/appliance"
    with base.locked(cache):
        build(folder, deb, cache)
    deb.unlink()
    return folder


def build_dead(folder: Path) -> Path:
    """An image that is whole and newer, and on which nothing starts."""
    folder.mkdir(parents=True, exist_ok=True)
    image = folder / "rhv-engine.qcow2"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", str(image), "3G"], check=True)
    _describe(image, "99.2.0")
    return image


def build_panicking(folder: Path) -> Path:
    """The appliance's own boot menu, kernel and initramfs on a disk that has lost its init: the kernel panics."""
    folder.mkdir(parents=True, exist_ok=True)
    image, tree = folder / "rhv-engine.qcow2", folder / "tree"
    for name in ("dev", "etc", "proc"):
        (tree / name).mkdir(parents=True)
    cache = BUILD / "cache/appliance"
    with base.locked(cache):
        boot = base.build(cache) / "boot"
        for target, pattern in (("vmlinuz", "vmlinuz-*"), ("initrd.img", "initrd.img-*")):
            shutil.copyfile(next(boot.glob(pattern)), tree / target)
    disk.write(tree, folder, image)
    shutil.rmtree(tree)
    _describe(image, "99.3.0")
    return image


def _describe(image: Path, stated: str) -> None:
    checksum = hashlib.sha256(image.read_bytes()).hexdigest()
    image.with_name(f"{image.name}.sha256").write_text(f"{checksum}  {image.name}\n")
    image.with_suffix(".json").write_text(json.dumps({"version": stated, "sha256": checksum}))


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1, f"{path}: {old!r} is there {text.count(old)} times"
    path.write_text(text.replace(old, new))
