# SPDX-License-Identifier: Apache-2.0
"""libvirt storage pools on the lab's storage server."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.wholekernel.machine import SERVER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.wholekernel.guest import Guest

TARGET = "iqn.2024-01.lab.wk:t1"
CHAP_USER = "rhv"
CHAP_SECRET = "correct-horse-1"  # of a server that lives as long as a test and is reached by nobody else

_SECRET = "<secret ephemeral='no' private='yes'><usage type='iscsi'><target>{name}</target></usage></secret>"


@contextmanager
def nfs_pool(host: Guest, name: str, version: str) -> Iterator[None]:
    """A pool ``name`` on the good export, running; stopped and forgotten at the end, what is on it stays."""
    _define(
        host,
        name,
        f"""<pool type='netfs'><name>{name}</name>
        <source><host name='server.wk.test'/><dir path='/srv/nfs/good'/><format type='nfs'/><protocol ver='{version}'/>
        </source><target><path>/var/lib/libvirt/{name}</path></target></pool>""",
    )
    try:
        host.run(f"virsh --quiet pool-build {name} && virsh --quiet pool-start {name}")
        yield
    finally:
        _remove(host, name)


@contextmanager
def local_pool(host: Guest, name: str) -> Iterator[None]:
    """A pool ``name`` in a folder of the host's own; it goes with the folder at the end."""
    path = f"/var/lib/libvirt/{name}"
    _define(host, name, f"<pool type='dir'><name>{name}</name><target><path>{path}</path></target></pool>")
    try:
        host.run(f"virsh --quiet pool-build {name} && virsh --quiet pool-start {name}")
        yield
    finally:
        _remove(host, name)
        host.run(f"rm -r {path}")


@contextmanager
def iscsi_pool(host: Guest, name: str, secret: str = CHAP_SECRET) -> Iterator[None]:
    """A pool ``name`` of the target's LUNs through its first portal, with CHAP; forgotten at the end."""
    host.run(f"cat > /tmp/{name}.xml", input=_SECRET.format(name=name))
    uuid = host.run(f"virsh secret-define /tmp/{name}.xml && rm /tmp/{name}.xml").stdout.split()[1]
    host.run(f"cat | virsh --quiet secret-set-value {uuid} --file /dev/stdin --plain", input=secret)
    _define(
        host,
        name,
        f"""<pool type='iscsi'><name>{name}</name>
        <source><host name='{SERVER.address}'/><device path='{TARGET}'/>
        <auth type='chap' username='{CHAP_USER}'><secret usage='{name}'/></auth></source>
        <target><path>/dev/disk/by-path</path></target></pool>""",
    )
    try:
        host.run(f"virsh --quiet pool-start {name}")
        yield
    finally:
        _remove(host, name)
        host.run(f"virsh --quiet secret-undefine {uuid}")


def _remove(host: Guest, name: str) -> None:
    # One that never started cannot be stopped.
    host.run(f"virsh --quiet pool-destroy {name}; virsh --quiet pool-undefine {name}")


def volumes(host: Guest, name: str) -> list[str]:
    """Names of the pool's volumes."""
    lines = host.run(f"virsh --quiet pool-refresh {name} && virsh --quiet vol-list {name}").stdout.splitlines()
    return sorted(line.split()[0] for line in lines if line.strip())


def upload(host: Guest, pool: str, volume: str, data: bytes) -> None:
    """Write ``data`` to the beginning of a volume."""
    host.run("cat > /tmp/upload", input=data)
    host.run(f"virsh --quiet vol-upload {volume} /tmp/upload --pool {pool} --length {len(data)} && rm /tmp/upload")


def _define(host: Guest, name: str, xml: str) -> None:
    host.run(f"cat > /tmp/{name}.xml && virsh --quiet pool-define /tmp/{name}.xml && rm /tmp/{name}.xml", input=xml)
