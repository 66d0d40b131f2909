# SPDX-License-Identifier: Apache-2.0
"""The base root file system: Debian's packages, without anything of ours that changes from day to day.

It is kept between builds under a key of all that goes into it, so that a new engine costs seconds.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.builder import mirror
from appliance.builder.leftovers import remove_tree

if TYPE_CHECKING:
    from collections.abc import Iterator

APPLIANCE = Path(__file__).resolve().parents[1]
SUITE = "trixie"
# The source of the package, not the package: the base is built while there is no engine yet.
ENGINE_CONTROL = APPLIANCE.parent / "packaging/engine/control"

# In the appliance too, so that later upgrades leave out the same; read here, so that it is said once.
_LEFT_OUT = APPLIANCE / "overlay/etc/dpkg/dpkg.cfg.d/10-rhv-engine"


def packages() -> list[str]:
    """The packages to install: the list's, and what the engine's package depends on."""
    lines = (APPLIANCE / "packages.txt").read_text().splitlines()
    listed = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    control = ENGINE_CONTROL.read_text().splitlines()
    depends = next(line.partition(":")[2] for line in control if line.startswith("Depends:"))
    needed = [entry.split("|")[0].split("(")[0].strip() for entry in depends.split(",")]
    return sorted(set(listed + needed))


def _key(names: list[str]) -> str:
    digest = hashlib.sha256("\n".join(names).encode())
    for source in [Path(__file__), _LEFT_OUT, *sorted((APPLIANCE / "initramfs").iterdir())]:
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    return digest.hexdigest()[:16]


def _mmdebstrap(root: Path, names: list[str], cache: Path) -> None:
    archives = cache / "archives"
    archives.mkdir(parents=True, exist_ok=True)
    initramfs = cache / "rhv-engine-initramfs.deb"
    subprocess.run([APPLIANCE / "initramfs" / "build", initramfs], check=True)
    command = [
        "mmdebstrap",
        "--variant=minbase",
        "--mode=root",
        "--components=main",
        f"--include={','.join(names)}",
        # The tree is thrown away when anything goes wrong; syncing each file to disk buys nothing.
        "--dpkgopt=force-unsafe-io",
        f"--dpkgopt={_LEFT_OUT}",
        '--aptopt=Acquire::Languages "none"',
        '--aptopt=Apt::Install-Recommends "false"',
        *[f"--aptopt={option}" for option in mirror.apt_options()],
        # Packages are kept between builds, so that only what changed is fetched again.
        "--skip=download/empty",
        "--skip=essential/unlink",
        "--skip=cleanup/apt/cache",
        f'--setup-hook=mkdir -p "$1"/var/cache/apt/archives && cp -a {archives}/. "$1"/var/cache/apt/archives/',
        # Before the kernel's package, which would bring initramfs-tools otherwise.
        f'--essential-hook=cp {initramfs} "$1"/tmp/initramfs.deb',
        '--essential-hook=chroot "$1" dpkg --install /tmp/initramfs.deb && rm "$1"/tmp/initramfs.deb',
        f"--customize-hook=rm -rf {archives}",
        f'--customize-hook=cp -a "$1"/var/cache/apt/archives {archives}',
        SUITE,
        str(root),
        "-",
    ]
    subprocess.run(command, input=mirror.sources(SUITE), text=True, check=True)
    for leftover in ("archives", "pkgcache.bin", "srcpkgcache.bin"):
        path = root / "var/cache/apt" / leftover
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


@contextmanager
def locked(cache: Path) -> Iterator[None]:
    """One build at a time: a second one waits, and then finds the base there."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def build(cache: Path) -> Path:
    """Return the folder of the base root, built unless one of the same key is there. Call it ``locked``."""
    names = packages()
    root = cache / f"root-{_key(names)}"
    if root.is_dir():
        return root
    for old in cache.glob("root-*"):
        shutil.rmtree(old)
    unfinished = cache / "unfinished"
    if unfinished.exists():
        remove_tree(unfinished)
    _mmdebstrap(unfinished, names, cache)
    unfinished.rename(root)
    return root
