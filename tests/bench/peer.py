# SPDX-License-Identifier: Apache-2.0
"""cockpit-machines on the bench's host, from the host's own Debian release, to be measured beside us."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

from tests.testhost.root import BUILD

if TYPE_CHECKING:
    from tests.testhost.host import TestHost

# What its list needs; with recommended packages it would bring a second QEMU.
_PACKAGES = ["cockpit-machines", "libvirt-dbus"]

_RAISED_LIMITS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
<limit name="max_match_rules_per_connection">1000000</limit>
<limit name="max_replies_per_connection">1000000</limit>
</busconfig>
"""


def install(host: TestHost) -> str:
    """Install it with what it depends on; returns its version.

    This machine's apt fetches the packages, because the host may not reach the archive; the host's apt installs them.
    """
    root, cache = host.container.root, BUILD / "cache" / "peer"
    for folder in (cache / "lists" / "partial", cache / "archives" / "partial"):
        folder.mkdir(parents=True, exist_ok=True)
    options = {
        "Dir::Etc::sourcelist": str(root / "etc/apt/sources.list"),
        "Dir::Etc::sourceparts": "-",
        "Dir::State::lists": str(cache / "lists"),
        "Dir::State::status": str(root / "var/lib/dpkg/status"),
        "Dir::Cache::archives": str(cache / "archives"),
        "Dir::Cache::pkgcache": "",
        "Dir::Cache::srcpkgcache": "",
    }
    apt = ["apt-get", "-q", *[word for name, value in options.items() for word in ("-o", f"{name}={value}")]]
    subprocess.run([*apt, "update"], check=True, stdout=subprocess.DEVNULL)
    for deb in (cache / "archives").glob("*.deb"):
        deb.unlink()  # of an earlier state of the archive
    fetch = [*apt, "install", "-y", "--no-install-recommends", "--download-only", *_PACKAGES]
    subprocess.run(fetch, check=True, stdout=subprocess.DEVNULL)
    inside = root / "var/tmp/peer"
    shutil.copytree(cache / "archives", inside, ignore=shutil.ignore_patterns("partial", "lock"), dirs_exist_ok=True)
    debs = [f"/var/tmp/peer/{deb.name}" for deb in sorted(inside.glob("*.deb"))]
    host.container.run(
        "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "--no-install-recommends", *debs
    )
    return host.container.run("dpkg-query", "-f", "${Version}", "-W", "cockpit-machines").stdout


def raise_dbus_limits(host: TestHost) -> None:
    """Beyond what its list of some hundred guests asks of the message bus; Debian's are 512 and 128."""
    host.container.write("/etc/dbus-1/system-local.conf", _RAISED_LIMITS)
    host.container.run("systemctl", "reload", "dbus")
