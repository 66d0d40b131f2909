# SPDX-License-Identifier: Apache-2.0
"""``python3 -m tests.recording``, as root: records anew, in a Debian root.

All that is made lies in ``build/recording``; a root that is there is used again.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from appliance.builder import mirror
from tests.testhost.root import BUILD

_HERE = Path(__file__).parent
_RECORDED = _HERE.parent / "unit" / "recorded_programs"
WORK = BUILD / "recording"
ROOT, SHARE = WORK / "root", WORK / "share"

#: journald wants to know its control group.
_ENTER = """
mkdir -p "$1/share"
mount --bind "$2" "$1/share"
mount -t tmpfs none "$1/run"
mount -t proc proc "$1/proc"
mount -t sysfs sys "$1/sys"
mount -t cgroup2 none "$1/sys/fs/cgroup"
exec chroot "$1" /bin/bash /share/in_root.sh
"""
_PACKAGES = ["systemd", "systemd-coredump", "multipath-tools", "dnf", "createrepo-c", "rpm"]


def main() -> None:
    """Record all there is to record; what was recorded before and is not any more stays."""
    shutil.rmtree(SHARE, ignore_errors=True)
    SHARE.mkdir(parents=True)
    for script in _HERE.glob("*.sh"):
        shutil.copy(script, SHARE)
    first, *later = mirror.sources("trixie").splitlines(keepends=True)
    (SHARE / "later.list").write_text("".join(later))
    if not ROOT.exists():
        _build(first)
    # Processes, too, are its own and end with it.
    command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-euc", _ENTER, "sh"]
    subprocess.run([*command, str(ROOT), str(SHARE)], check=True)
    shutil.copytree(SHARE / "out", _RECORDED, dirs_exist_ok=True)


def _build(source: str) -> None:
    """The bare release, without what was published since."""
    unfinished = WORK / "unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    command = [
        *("mmdebstrap", "--variant=apt", "--mode=root", "--components=main", f"--include={','.join(_PACKAGES)}"),
        *("--dpkgopt=force-unsafe-io", "--dpkgopt=path-exclude=/usr/share/doc/*"),
        *('--aptopt=Acquire::Languages "none"', '--aptopt=Apt::Install-Recommends "false"'),
        *(f"--aptopt={option}" for option in mirror.apt_options()),
        *("trixie", str(unfinished), "-"),
    ]
    subprocess.run(command, input=source, text=True, check=True)
    unfinished.rename(ROOT)


if __name__ == "__main__":
    main()
